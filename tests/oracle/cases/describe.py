"""How a case is written down, and the shapes that most of them share."""

from typing import Any

Case = dict[str, Any]


def case(
    name: str, line: str, function: str, inputs: list[int], /, *args: Any, **kwargs: Any
) -> Case:
    """Return the case that `line` is `function(inputs, *args, **kwargs)`.

    `dtype` and `steps` among the keywords are the case's own.
    """
    dtype, steps = kwargs.pop("dtype", "float32"), kwargs.pop("steps", 1)
    return {
        "id": name,
        "line": line,
        "function": function,
        "inputs": inputs,
        "dtype": dtype,
        "steps": steps,
        "args": list(args),
        "kwargs": kwargs,
    }


def call(function: str, *args: Any, **kwargs: Any) -> Case:
    """Return the description of `slim.function(*args, **kwargs)`."""
    return {"$call": {"$slim": function}, "args": list(args), "kwargs": kwargs}


def constant(value: float) -> Case:
    """Return the description of TensorFlow's constant initializer."""
    return {"$call": {"$tf": "constant_initializer"}, "args": [value]}


RELU6, TANH = {"$tf": "nn.relu6"}, {"$tf": "nn.tanh"}
BATCH_NORM = {"$slim": "batch_norm"}
L1, L2 = call("l1_regularizer", 0.1), call("l2_regularizer", 0.25)

MAP = [2, 9, 10, 4]  # height, width and channels all differ
ROW, LINE, BOX = [6, 4], [2, 9, 4], [2, 5, 6, 7, 3]
