"""Activations as statements: `relu`, `leaky_relu 0.1`, `softmax`; layers that choose by value."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import (
    Boolean,
    FunctionKind,
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
from slimgen.layers.functions import ACTIVATIONS, INITIALIZER, REGULARIZER
from slimgen.layers.literals import NamedFunction
from slimgen.layers.normalization import (
    DATA_FORMAT,
    channel_axis_length,
    channels_first,
)
from slimgen.layers.parametrised import COLLECTIONS, ZEROS, check_initializer
from slimgen.layers.shape_arithmetic import axis_of, axis_within, require_float


class Activate(Layer):
    """Apply an activation to every value: what `relu` or `leaky_relu 0.1` stands for.

    Shape: any -> the same.
    """

    word = "activate"
    family = "Activations"
    varies = False
    opens_variable_scope = False
    example = "leaky_relu 0.1"

    activation: NamedFunction = parameter(
        FunctionKind("an activation", ACTIVATIONS), "the activation"
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Return the shape of the input."""
        require_float(inputs[0])
        return (inputs[0],)


class Softmax(Layer):
    """Turn an axis, the last one, into probabilities.

    Shape: [batch, …, classes] -> the same.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/softmax
    """

    word = "softmax"
    slim = "softmax"
    tensorflow = "tf.nn.softmax"
    family = "Activations"
    varies = False
    default_scope = "softmax"
    example = "softmax as Predictions"

    axis: int = parameter(
        Integer(), "the axis whose values add up to 1", -1, positional=False
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        if not inputs[0].example:
            raise ShapeError(
                f"`softmax` needs an axis of classes, the input is {inputs[0]}"
            )
        axis_within(self.axis, inputs[0], self.word)
        return (inputs[0],)


class Crelu(Layer):
    """Keep the positive and the negative parts of each value, one behind the other.

    Shape: [batch, …, channels] -> [batch, …, 2 · channels].
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/crelu
    """

    word = "crelu"
    tensorflow = "tf.nn.crelu"
    family = "Activations"
    varies = False
    opens_variable_scope = False
    example = "crelu"

    axis: int = parameter(Integer(), "the axis that is doubled", -1)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output: twice as long along one axis."""
        require_float(inputs[0])
        shape = list(inputs[0].shape)
        axis = axis_within(self.axis, inputs[0], self.word)
        length = shape[axis]
        shape[axis] = None if length is None else 2 * length
        return (TensorType(tuple(shape), inputs[0].dtype),)


class Prelu(Layer):
    """Multiply negative values by learned numbers: `relu` with a slope on the left side.

    There is a number for each value of an example, or one along each of `shared_axes`:
    `prelu [1, 2]` has one a channel.

    Shape: [batch, …] -> the same.
    Source: He et al., arXiv:1502.01852; tf.keras.layers.PReLU.
    """

    word = "prelu"
    tensorflow = "tf.keras.layers.PReLU"
    family = "Activations"
    default_scope = "PReLU"
    example = "prelu [1, 2] as slope1"
    traps = COLLECTIONS

    shared_axes: tuple[int, ...] = parameter(
        ListOf(Integer()), "axes along which one number holds", (), neutral=()
    )
    initializer: NamedFunction = parameter(
        INITIALIZER, "first values of the numbers", ZEROS, positional=False
    )
    regularizer: NamedFunction | None = parameter(
        REGULARIZER, "term of the loss for them", None, positional=False, neutral=None
    )
    trainable: bool = parameter(
        Boolean(),
        "whether training changes them",
        True,
        positional=False,
        neutral=True,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, shared_axes=self._axes(inputs[0]))

    def _axes(self, tensor: TensorType) -> tuple[int, ...]:
        axes = {axis_of(axis, tensor.rank, self.word) for axis in self.shared_axes}
        if 0 in axes:
            raise ShapeError("`prelu` is within an example: axis 0 is the batch")
        return tuple(sorted(axes))

    def _numbers(self, tensor: TensorType) -> tuple[int, ...]:
        shared = self._axes(tensor)
        lengths = [
            1 if i in shared else n for i, n in enumerate(tensor.shape[1:], start=1)
        ]
        known = tuple(n for n in lengths if n is not None)
        if len(known) < len(lengths):
            raise ShapeError(
                f"`prelu` needs a number for each value, the size of {tensor} is free",
                "share the numbers along the free axes: `prelu [1, 2]`",
            )
        return known

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        if inputs[0].rank < 2:
            raise ShapeError(f"`prelu` needs an axis of values, found {inputs[0]}")
        self._numbers(inputs[0])
        return (inputs[0],)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        shape = self._numbers(inputs[0])
        check_initializer(self.initializer, shape)
        return (
            VariableSpec(
                "alpha",
                shape,
                self.initializer,
                self.regularizer,
                self.trainable,
                inputs[0].dtype,
            ),
        )


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
        Boolean(),
        "whether training changes the temperature",
        True,
        positional=False,
        neutral=True,
    )
    data_format: str | None = parameter(
        DATA_FORMAT,
        "order of the axes; `NC…`: channels first",
        "NHWC",
        positional=False,
        neutral=None,
    )

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
