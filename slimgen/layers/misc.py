"""Layers that are none of the other families."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from slimgen.layers.argument_types import (
    ArgumentError,
    BareWord,
    Boolean,
    Choice,
    Integer,
    ListOf,
    Optional,
    Real,
)
from slimgen.layers.declaration import (
    Layer,
    ShapeError,
    TensorType,
    VariableSpec,
    parameter,
)
from slimgen.layers.functions import ACTIVATION, INITIALIZER, PYTHON, REGULARIZER
from slimgen.layers.literals import NamedFunction
from slimgen.layers.normalization import (
    DATA_FORMAT,
    channel_axis_length,
    channels_first,
)
from slimgen.layers.parametrised import COLLECTIONS, ZEROS
from slimgen.layers.shape_arithmetic import axis_of, require_float


def _data_format() -> Any:
    return parameter(
        DATA_FORMAT, "order of the axes; `NC…`: channels first", "NHWC",
        positional=False, neutral=None,
    )  # fmt: skip


class BiasAdd(Layer):
    """Add a learned number to each channel.

    Shape: [batch, …, channels] -> the same.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/bias_add
    """

    word = "bias_add"
    slim = "bias_add"
    tensorflow = "tf.nn.bias_add"
    family = "Other layers"
    default_scope = "BiasAdd"
    example = "bias_add activation=relu as shift"
    traps = COLLECTIONS

    activation: NamedFunction | None = parameter(
        ACTIVATION, "what is applied last", None, slim="activation_fn", neutral=None
    )
    initializer: NamedFunction = parameter(
        INITIALIZER, "first values of the biases", ZEROS
    )
    regularizer: NamedFunction | None = parameter(
        REGULARIZER, "term of the loss for the biases", None, neutral=None
    )
    trainable: bool = parameter(
        Boolean(), "whether training changes the biases", True,
        positional=False, neutral=True,
    )  # fmt: skip
    data_format: str | None = _data_format()

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, data_format=channels_first(self.data_format))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        channel_axis_length(inputs[0], self.data_format)
        return (inputs[0],)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        shape = (channel_axis_length(inputs[0], self.data_format),)
        return (
            VariableSpec(
                "biases", shape, self.initializer, self.regularizer,
                self.trainable, inputs[0].dtype,
            ),
        )  # fmt: skip


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


class Maxout(Layer):
    """Take the largest of each group of neighbouring channels.

    Shape: [batch, …, channels] -> [batch, …, num_units].
    Source: Goodfellow et al., arXiv:1302.4389; tf_slim/layers/layers.py, maxout. Along
    another axis than the last, TF-Slim takes the groups from neighbouring values in memory,
    and so does this; `transpose` first to have groups along that axis.
    """

    word = "maxout"
    slim = "maxout"
    tensorflow = "tf.reduce_max"
    family = "Other layers"
    default_scope = "MaxOut"
    example = "maxout 2"
    traps = COLLECTIONS

    num_units: int = parameter(Integer(1), "channels that remain")
    axis: int = parameter(Integer(), "the axis of the channels", -1, neutral=-1)

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        rank = inputs[0].rank
        return replace(self, axis=axis_of(self.axis, rank, self.word) - rank)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        axis = axis_of(self.axis, tensor.rank, self.word)
        size = tensor.shape[axis]
        if size is None:
            raise ShapeError("the number of channels is not known here")
        if size % self.num_units:
            raise ShapeError(
                f"{size} channels cannot be parted into {self.num_units} groups"
            )
        sizes = (*tensor.shape[:axis], self.num_units, *tensor.shape[axis + 1 :])
        return (TensorType(sizes, tensor.dtype),)


class SpatialSoftmax(Layer):
    """Find where each channel is strongest: the mean place under a softmax.

    Places run from -1 to 1 along the height and along the width.

    Shape: [batch, height, width, channels] -> [batch, 2 * channels], row and column in turn.
    Source: Levine et al., arXiv:1504.00702; tf_slim/layers/layers.py, spatial_softmax.
    """

    word = "spatial_softmax"
    slim = "spatial_softmax"
    tensorflow = "tf.nn.softmax"
    family = "Other layers"
    default_scope = "spatial_softmax"
    example = "spatial_softmax as places"
    traps = COLLECTIONS

    temperature: float | None = parameter(
        Optional(Real(above=0)),
        "first value of the learned temperature; `none`: 1",
        None,
    )
    trainable: bool = parameter(
        Boolean(), "whether training changes the temperature", True,
        positional=False, neutral=True,
    )  # fmt: skip
    data_format: str | None = _data_format()

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        first = 1.0 if self.temperature is None else self.temperature
        form = channels_first(self.data_format)
        return replace(self, temperature=first, data_format=form)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        require_float(tensor)
        if tensor.rank != 4:
            raise ShapeError(f"an input of rank 4 is needed, this one is {tensor}")
        channels = channel_axis_length(tensor, self.data_format)
        return (TensorType((tensor.shape[0], 2 * channels), tensor.dtype),)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        first = 1.0 if self.temperature is None else self.temperature
        initial = NamedFunction("constant", (("value", first),))
        return (VariableSpec("temperature", (), initial, trainable=self.trainable),)


class ScaleGradient(Layer):
    """Leave values as they are and multiply their gradient.

    Shape: [batch, …] -> the same.
    Source: tf_slim/layers/layers.py, scale_gradient.
    """

    word = "scale_gradient"
    slim = "scale_gradient"
    tensorflow = "tf.custom_gradient"
    family = "Other layers"
    varies = False
    example = "scale_gradient 0.1"

    gradient_multiplier: float = parameter(Real(), "factor of the gradient")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        return (inputs[0],)


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


@dataclass(frozen=True)
class ModuleFunction:
    """`"module:function"`, of the user's own."""

    expected: str = 'a function of yours such as `"my_ops:swish"`'
    words: tuple[str, ...] = ()

    def coerce(self, value: Any) -> NamedFunction:
        if not isinstance(value, str):
            raise ArgumentError(self.expected)
        try:
            return PYTHON.bind(BareWord("python", (value,), called=True))
        except ArgumentError:
            raise ArgumentError(self.expected) from None


class Python(Layer):
    """Apply a function of yours, imported by the emitted file, to the tensor.

    Shape: [batch, …] -> [batch, shape]; the same without `shape`.
    Source: https://www.tensorflow.org/guide/tensor
    """

    word = "python"
    tensorflow = "tf.Module"
    family = "Other layers"
    varies = False
    example = 'python "my_ops:swish" shape=[32, 32, 4] as mine'

    op: NamedFunction = parameter(ModuleFunction(), "module and function")
    shape: tuple[int | None, ...] | None = parameter(
        Optional(ListOf(Optional(Integer(0)))),
        "size of the result, without the batch; `none`: that of the input", None,
    )  # fmt: skip
    dtype: str | None = parameter(
        Optional(Choice(DTYPES)), "type of the result; `none`: that of the input", None,
        positional=False,
    )  # fmt: skip

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        rest = tensor.shape[1:] if self.shape is None else self.shape
        return (TensorType((tensor.shape[0], *rest), self.dtype or tensor.dtype),)
