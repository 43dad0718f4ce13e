"""Layers that write values as another type of number, or as rows with one value on."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Choice, Integer, Real
from slimgen.layers.declaration import Layer, ShapeError, TensorType, parameter
from slimgen.layers.parametrised import COLLECTIONS

DTYPES = (
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "int32",
    "int64",
    "uint8",
    "bool",
)


class OneHot(Layer):
    """Turn class numbers into rows with one value on; a number out of range has none.

    Shape: [batch] -> [batch, num_classes].
    Source: https://www.tensorflow.org/api_docs/python/tf/one_hot
    """

    word = "one_hot"
    slim = "one_hot_encoding"
    tensorflow = "tf.one_hot"
    family = "Other layers"
    varies = False
    default_scope = "OneHotEncoding"
    opens_variable_scope = False
    example = "cast int32; one_hot 5"
    traps = COLLECTIONS

    num_classes: int = parameter(Integer(1), "number of classes")
    on_value: float = parameter(Real(), "value at the class", 1.0)
    off_value: float = parameter(Real(), "value at the others", 0.0)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        if not inputs[0].dtype.startswith(("int", "uint")):
            raise ShapeError(
                f"`one_hot` takes whole numbers, the input is {inputs[0].dtype}",
                "declare it so: `input labels [] dtype=int64`",
            )
        return (TensorType((*inputs[0].shape, self.num_classes)),)


class Cast(Layer):
    """Turn values into another type of number.

    Shape: [batch, …] -> the same.
    Source: https://www.tensorflow.org/api_docs/python/tf/cast
    """

    word = "cast"
    tensorflow = "tf.cast"
    family = "Other layers"
    varies = False
    example = "cast float16"

    dtype: str = parameter(Choice(DTYPES), "the type")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (TensorType(inputs[0].shape, self.dtype),)
