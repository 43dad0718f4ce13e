"""One call of a TF-Slim layer, described in JSON, with all that it gives.

A case is a dict:

    id          its name
    function    of TF-Slim, with dots: "conv2d", "group_norm"
    inputs      shape of the input, the batch first
    dtype       of the input, "float32" if absent; integers are class numbers from -1 to 5
    args        further positional arguments
    kwargs      keyword arguments
    seed        of every random value, 0 if absent
    steps       how often it runs, 1 if absent; what the last run gives is kept

What JSON cannot say stands in `args` and `kwargs` as a dict with one key:

    {"$slim": "batch_norm"}             an attribute of `tf_slim`, with dots
    {"$tf": "nn.relu"}                  an attribute of `tensorflow.compat.v1`
    {"$call": F, "args": [], "kwargs": {}}    what F gives
    {"$tensor": [1.0, 2.0]}             a constant tensor
    {"$late": true}                     a boolean tensor that is known only when it runs
    {"$always": X}                      a function of anything that gives X
    {"$pair": [X, Y]}                   a tuple
"""

import functools
import operator
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Case = dict[str, Any]


@dataclass
class Outcome:
    """The result of a case: JSON facts and arrays, or the error that TF-Slim raised."""

    id: str
    error: str | None = None
    variables: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def run_case(case: Case) -> Outcome:
    """Run `case` in a graph of its own; an error of TF-Slim becomes part of the outcome."""
    import tensorflow.compat.v1 as tf

    outcome = Outcome(case["id"])
    try:
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(case.get("seed", 0))
            _measure(case, session, outcome)
    except Exception as error:
        outcome.error = f"{type(error).__name__}: {str(error)[:400]}"
    return outcome


def _measure(case: Case, session: Any, outcome: Outcome) -> None:
    import tensorflow.compat.v1 as tf

    value = _input(case)
    inputs = tf.placeholder_with_default(value, value.shape)
    args = [decode(argument) for argument in case.get("args", [])]
    kwargs = {key: decode(argument) for key, argument in case.get("kwargs", {}).items()}
    output = decode({"$slim": case["function"]})(inputs, *args, **kwargs)
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    outcome.variables = [_described(variable) for variable in variables.values()]

    session.run(tf.global_variables_initializer())
    _record(outcome, "initial", session.run(variables))
    values = {name: _value(case, name, v) for name, v in variables.items()}
    for name, variable in variables.items():
        if values[name] is not None:
            variable.load(values[name], session)
    _record(outcome, "value", session.run(variables))

    wanted = {"output": output, "terms": _terms(variables)}
    wanted |= _gradients(case, inputs, output)
    for _ in range(case.get("steps", 1)):
        found, _ = session.run([wanted, _updates(kwargs)])
    outcome.arrays |= {"input": value, "output": found["output"]}
    outcome.arrays |= {key: v for key, v in found.items() if key.startswith("input_")}
    outcome.arrays |= {key: v for key, v in found.items() if key == "cotangent"}
    _record(outcome, "regularization", found["terms"])
    _record(outcome, "gradient", found.get("gradients", {}))
    _record(outcome, "after", session.run(variables))


def _gradients(case: Case, inputs: Any, output: Any) -> dict[str, Any]:
    """Return the gradients of sum(output * cotangent), where there are any."""
    import tensorflow.compat.v1 as tf

    if not (output.dtype.is_floating and inputs.dtype.is_floating):
        return {}
    shape = output.shape.as_list()
    cotangent = _random(case, "cotangent").standard_normal(shape)
    cotangent = tf.constant(cotangent, output.dtype)
    trainable = tf.trainable_variables()
    found = tf.gradients(output, [inputs, *trainable], cotangent)
    named = {v.op.name: g for v, g in zip(trainable, found[1:], strict=True)}
    present = {
        name: gradient for name, gradient in named.items() if gradient is not None
    }
    wanted = {"cotangent": cotangent, "gradients": present}
    return wanted if found[0] is None else {**wanted, "input_gradient": found[0]}


def _updates(kwargs: dict[str, Any]) -> list[Any]:
    """Return the moving averages' updates, also those in a collection of the case's own."""
    import tensorflow.compat.v1 as tf

    parameters = kwargs.get("normalizer_params") or {}
    own = kwargs.get("updates_collections") or parameters.get("updates_collections")
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    if own not in (None, tf.GraphKeys.UPDATE_OPS):
        updates += tf.get_collection(own)
    return updates


def _terms(variables: dict[str, Any]) -> dict[str, Any]:
    """Return the regularisation losses by the variable that each is computed from."""
    import tensorflow.compat.v1 as tf

    terms = {}
    for term in tf.losses.get_regularization_losses():
        found, pending = [], [term.op]
        while pending:
            operation = pending.pop()
            found += [operation.name] if operation.name in variables else []
            pending += [source.op for source in operation.inputs]
        terms[found[0]] = term
    return terms


def decode(value: Any) -> Any:
    """Return what `value` stands for; see the head of this module."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    match value:
        case {"$slim": name}:
            return operator.attrgetter(name)(slim)
        case {"$tf": name}:
            return operator.attrgetter(name)(tf)
        case {"$call": function, **rest}:
            kwargs = decode(rest.get("kwargs", {}))
            return decode(function)(*decode(rest.get("args", [])), **kwargs)
        case {"$tensor": constant}:
            return tf.constant(constant)
        case {"$late": constant}:
            return tf.placeholder_with_default(constant, [])
        case {"$always": constant}:
            return functools.partial(lambda found, *_: found, decode(constant))
        case {"$pair": items}:
            return tuple(decode(items))
        case dict():
            return {key: decode(item) for key, item in value.items()}
        case list():
            return [decode(item) for item in value]
    return value


def _input(case: Case) -> np.ndarray:
    dtype = np.dtype(case.get("dtype", "float32"))
    random = _random(case, "input")
    if dtype.kind == "i":
        return random.integers(-1, 6, case["inputs"]).astype(dtype)
    return random.standard_normal(case["inputs"]).astype(dtype)


def _value(case: Case, name: str, variable: Any) -> np.ndarray | None:
    """Return a random value for a variable, None for those that only count or average."""
    shape, random = variable.shape.as_list(), _random(case, name)
    leaf = name.rpartition("/")[2]
    if leaf in ("biased", "local_step"):
        return None
    if leaf == "gamma" or leaf.endswith(("variance", "stddev", "temperature")):
        value = random.uniform(0.5, 1.5, shape)
    else:
        value = random.normal(0.0, 0.5, shape)
    return value.astype(variable.dtype.base_dtype.as_numpy_dtype)


def _random(case: Case, purpose: str) -> np.random.Generator:
    return np.random.default_rng([case.get("seed", 0), zlib.crc32(purpose.encode())])


def _described(variable: Any) -> dict[str, Any]:
    return {
        "name": variable.op.name,
        "shape": variable.shape.as_list(),
        "trainable": variable.trainable,
    }


def _record(outcome: Outcome, kind: str, arrays: dict[str, Any]) -> None:
    for name, array in arrays.items():
        outcome.arrays[f"{kind}:{name}"] = np.asarray(array)
