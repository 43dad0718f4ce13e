"""Normalization within each example: the same in training and in use, no moving averages."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import (
    Boolean,
    Either,
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
from slimgen.layers.functions import ACTIVATION, INITIALIZER
from slimgen.layers.literals import NamedFunction
from slimgen.layers.normalization import (
    DATA_FORMAT,
    ONES,
    NamedValues,
    channel_axis_length,
    channels_first,
    values_by_name,
    without_empty,
)
from slimgen.layers.parametrised import COLLECTIONS, ZEROS
from slimgen.layers.shape_arithmetic import axis_of, axis_within, require_float


def _center() -> bool:
    found: bool = parameter(
        Boolean(), "add a learned offset `beta`", True, neutral=True
    )
    return found


def _scale() -> bool:
    found: bool = parameter(
        Boolean(), "multiply by a learned `gamma`", True, neutral=True
    )
    return found


def _activation() -> NamedFunction | None:
    found: NamedFunction | None = parameter(
        ACTIVATION,
        "what is applied last",
        None,
        positional=False,
        slim="activation_fn",
        neutral=None,
    )
    return found


def _param_initializers() -> NamedFunction | None:
    found: NamedFunction | None = parameter(
        Optional(NamedValues(("beta", "gamma"), INITIALIZER)),
        "first values of the variables",
        None,
        positional=False,
        neutral=None,
    )
    return found


def _trainable() -> bool:
    found: bool = parameter(
        Boolean(),
        "whether training changes the variables",
        True,
        positional=False,
        neutral=True,
    )
    return found


class LayerNorm(Layer):
    """Normalize each example over all its axes.

    Shape: [batch, …] -> the same.
    Source: Ba et al., arXiv:1607.06450; tf_slim/layers/layers.py, layer_norm.
    """

    word = "layer_norm"
    slim = "layer_norm"
    tensorflow = "tf.nn.batch_normalization"
    family = "Normalization"
    default_scope = "LayerNorm"
    normalizer_scope = "LayerNorm"
    example = "layer_norm activation=relu as norm1"
    traps = COLLECTIONS

    center: bool = _center()
    scale: bool = _scale()
    activation: NamedFunction | None = _activation()
    trainable: bool = _trainable()
    begin_norm_axis: int = parameter(
        Integer(), "the first axis of the moments", 1, positional=False, neutral=1
    )
    begin_params_axis: int = parameter(
        Integer(),
        "the first axis of `beta` and `gamma`",
        -1,
        positional=False,
        neutral=-1,
    )
    epsilon: float | None = parameter(
        Optional(Real(at_least=0)),
        "added to the variance; `none`: 1e-12, and 1e-3 for float16",
        None,
        positional=False,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        rank = inputs[0].rank
        params = axis_of(self.begin_params_axis, rank, self.word)
        usual = 1e-3 if inputs[0].dtype == "float16" else 1e-12
        return replace(
            self,
            begin_norm_axis=axis_of(self.begin_norm_axis, rank, self.word),
            begin_params_axis=-1 if params == rank - 1 else params,
            epsilon=usual if self.epsilon is None else self.epsilon,
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        axis_of(self.begin_norm_axis, inputs[0].rank, self.word)
        self._parameter_shape(inputs[0])
        return (inputs[0],)

    def _parameter_shape(self, tensor: TensorType) -> tuple[int, ...]:
        first = axis_of(self.begin_params_axis, tensor.rank, self.word)
        known = tuple(size for size in tensor.shape[first:] if size is not None)
        if len(known) < tensor.rank - first:
            raise ShapeError(
                f"the sizes of {tensor} from axis {first} on are not known"
            )
        return known

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        return _learned(self, self._parameter_shape(inputs[0]), inputs[0].dtype)


def _learned(
    layer: "LayerNorm | InstanceNorm | GroupNorm", shape: tuple[int, ...], dtype: str
) -> tuple[VariableSpec, ...]:
    """`beta`, then `gamma`."""
    first = values_by_name(getattr(layer, "param_initializers", None))
    wanted = (("beta", layer.center, ZEROS), ("gamma", layer.scale, ONES))
    return tuple(
        VariableSpec(
            name,
            shape,
            first.get(name, initial),
            None,
            layer.trainable,
            dtype,
        )
        for name, present, initial in wanted
        if present
    )


class InstanceNorm(Layer):
    """Normalize each channel of each example over its spatial axes.

    Shape: [batch, height, width, channels] -> the same.
    Source: Ulyanov et al., arXiv:1607.08022; tf_slim/layers/normalization.py.
    """

    word = "instance_norm"
    slim = "instance_norm"
    tensorflow = "tf.nn.batch_normalization"
    family = "Normalization"
    default_scope = "InstanceNorm"
    normalizer_scope = "InstanceNorm"
    example = "instance_norm epsilon=1e-5 as norm1"
    traps = COLLECTIONS

    center: bool = _center()
    scale: bool = _scale()
    epsilon: float = parameter(Real(at_least=0), "added to the variance", 1e-6)
    activation: NamedFunction | None = _activation()
    param_initializers: NamedFunction | None = _param_initializers()
    trainable: bool = _trainable()
    data_format: str | None = parameter(
        DATA_FORMAT,
        "order of the axes; `NC…`: channels first",
        "NHWC",
        positional=False,
        neutral=None,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(
            self,
            data_format=channels_first(self.data_format),
            param_initializers=without_empty(self.param_initializers),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        channel_axis_length(inputs[0], self.data_format)
        if inputs[0].rank < 3:
            raise ShapeError(
                f"`{self.word}` needs spatial axes, the input is {inputs[0]}"
            )
        return (inputs[0],)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        shape = (channel_axis_length(inputs[0], self.data_format),)
        return _learned(self, shape, inputs[0].dtype)


class GroupNorm(Layer):
    """Normalize groups of channels of each example over its spatial axes.

    Shape: [batch, height, width, channels] -> the same.
    Source: Wu & He, arXiv:1803.08494; tf_slim/layers/normalization.py.
    """

    word = "group_norm"
    slim = "group_norm"
    tensorflow = "tf.nn.moments"
    family = "Normalization"
    default_scope = "GroupNorm"
    normalizer_scope = "GroupNorm"
    example = "group_norm 2 as norm1"
    traps = COLLECTIONS

    groups: int = parameter(Integer(1), "number of groups of channels", 32)
    channels_axis: int = parameter(
        Integer(), "the axis of the channels", -1, neutral=-1
    )
    reduction_axes: tuple[int, ...] = parameter(
        ListOf(Integer()), "the other axes of the moments", (-3, -2), neutral=(-3, -2)
    )
    center: bool = _center()
    scale: bool = _scale()
    epsilon: float = parameter(Real(at_least=0), "added to the variance", 1e-6)
    activation: NamedFunction | None = _activation()
    param_initializers: NamedFunction | None = _param_initializers()
    trainable: bool = _trainable()
    mean_close_to_zero: bool = parameter(
        Boolean(),
        "the variance as mean of squares less squared mean",
        False,
        positional=False,
        neutral=False,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Axes count from the end."""
        rank = inputs[0].rank
        channels, axes = self._axes(inputs[0])
        return replace(
            self,
            channels_axis=channels - rank,
            reduction_axes=tuple(axis - rank for axis in axes),
            param_initializers=without_empty(self.param_initializers),
        )

    def _axes(self, tensor: TensorType) -> tuple[int, tuple[int, ...]]:
        channels = axis_of(self.channels_axis, tensor.rank, self.word)
        axes = {axis_of(a, tensor.rank, self.word) for a in self.reduction_axes}
        if channels in axes:
            raise ShapeError("`reduction_axes` holds the axis of the channels")
        if 0 in axes or channels == 0:
            raise ShapeError("`group_norm` is within an example: axis 0 is the batch")
        return channels, tuple(sorted(axes))

    def _channels(self, tensor: TensorType) -> int:
        size = tensor.shape[self._axes(tensor)[0]]
        if size is None:
            raise ShapeError("the number of channels is not known here")
        return size

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        channels = self._channels(inputs[0])
        if channels % self.groups:
            raise ShapeError(
                f"{channels} channels cannot be parted into {self.groups} groups",
                "the number of channels has to be a multiple of `groups`",
            )
        return (inputs[0],)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        return _learned(self, (self._channels(inputs[0]),), inputs[0].dtype)


class LocalResponseNorm(Layer):
    """Divide by a power of the squares of neighbouring channels.

    Shape: [batch, height, width, channels] -> the same.
    Source: Krizhevsky et al., 2012;
    https://www.tensorflow.org/api_docs/python/tf/nn/local_response_normalization
    """

    word = "lrn"
    tensorflow = "tf.nn.local_response_normalization"
    family = "Normalization"
    varies = False
    example = "lrn 4 1.0 0.0001 0.75 as norm1"

    depth_radius: int = parameter(Integer(0), "channels on either side", 5)
    bias: float = parameter(Real(), "added to the sum of squares", 1.0)
    alpha: float = parameter(Real(), "factor of the sum of squares", 1.0)
    beta: float = parameter(Real(), "the power", 0.5)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        if inputs[0].rank != 4:
            raise ShapeError(f"an input of rank 4 is needed, this one is {inputs[0]}")
        return (inputs[0],)


class UnitNorm(Layer):
    """Scale the values along an axis to length 1.

    Shape: [batch, …] -> the same.
    Source: tf_slim/layers/layers.py, unit_norm: x / sqrt(epsilon + Σ x²).
    """

    word = "unit_norm"
    slim = "unit_norm"
    tensorflow = "tf.math.rsqrt"
    family = "Normalization"
    default_scope = "UnitNorm"
    example = "unit_norm 3"
    traps = COLLECTIONS

    dim: int = parameter(Integer(0), "the axis; 0 is the batch")
    epsilon: float = parameter(Real(at_least=0), "added to the squared length", 1e-7)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        axis_of(self.dim, inputs[0].rank, self.word)
        return (inputs[0],)


class L2Normalize(Layer):
    """Scale the values along axes to length 1, as embeddings of faces; short ones less.

    Shape: [batch, …] -> the same.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/l2_normalize:
    x / sqrt(max(Σ x², epsilon)). TF-Slim's `unit_norm` adds its epsilon instead.
    """

    word = "l2_normalize"
    tensorflow = "tf.math.l2_normalize"
    family = "Normalization"
    varies = False
    example = "flatten; l2_normalize epsilon=1e-10 as embeddings"

    axis: int | tuple[int, ...] = parameter(
        Either((Integer(), ListOf(Integer()))), "the axes of what has length 1", -1
    )
    epsilon: float = parameter(
        Real(at_least=0), "the least squared length that is scaled to 1", 1e-12
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        for axis in self.axis if isinstance(self.axis, tuple) else (self.axis,):
            axis_within(axis, inputs[0], self.word)
        return (inputs[0],)
