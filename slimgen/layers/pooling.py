"""Pools: the largest or the mean value of a window, or of a whole map."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from slimgen.layers.argument_types import Boolean, Choice, Window
from slimgen.layers.convolution import (
    DATA_FORMAT,
    FORMAT_DOC,
    PADDING,
    PADDING_DOC,
    RATE_DOC,
    emitted_format,
)
from slimgen.layers.declaration import Layer, ShapeError, TensorType, parameter
from slimgen.layers.shape_arithmetic import (
    channels_last,
    in_format,
    require_float,
    spatial_axes,
    spread,
    uniform,
    window_sizes,
)

OUTPUTS_COLLECTIONS = {
    "outputs_collections": "every named layer is an end point already",
}


class WindowPool(Layer):
    """The common part of `max_pool` and `avg_pool`."""

    family = "Pools"
    opens_variable_scope = False
    traps = OUTPUTS_COLLECTIONS

    kernel_size: int | tuple[int, ...] = parameter(Window(), "size of the window")
    stride: int | tuple[int, ...] = parameter(Window(), "step of the window", 2)
    padding: str = parameter(PADDING, PADDING_DOC, "VALID")
    data_format: str | None = parameter(DATA_FORMAT, FORMAT_DOC, None, neutral=None)

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the window, and write one number where all are equal."""
        axes = spatial_axes(inputs, 1, 3)
        return replace(
            self,
            kernel_size=spread(self.kernel_size, axes, "the window"),
            stride=uniform(self.stride),
            data_format=emitted_format(self.data_format, axes),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output: as many channels, fewer positions."""
        axes = spatial_axes(inputs, 1, 3)
        require_float(inputs[0])
        source = channels_last(inputs[0], self.data_format)
        sizes = window_sizes(
            source.shape[1:-1],
            spread(self.kernel_size, axes, "the window"),
            spread(self.stride, axes, "the stride"),
            (1,) * axes,
            self.padding,
        )
        output = replace(source, shape=(source.shape[0], *sizes, source.shape[-1]))
        return (in_format(output, self.data_format),)


class MaxPool(WindowPool):
    """Take the largest value of each window and channel; padding never wins.

    Shape: [batch, height, width, channels] -> [batch, height', width', channels],
    likewise with one or three spatial axes.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/max_pool2d
    """

    word = "max_pool"
    slim = "max_pool2d"
    tensorflow = "tf.nn.max_pool2d"
    default_scope = "MaxPool2D"
    scopes_by_rank: ClassVar[dict[int, str]] = {3: "MaxPool1D", 5: "MaxPool3D"}
    example = "max_pool 2x2 as pool1"


class AvgPool(WindowPool):
    """Take the mean of each window and channel, padding not counted.

    Shape: [batch, height, width, channels] -> [batch, height', width', channels],
    likewise with one or three spatial axes.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/avg_pool2d
    """

    word = "avg_pool"
    slim = "avg_pool2d"
    tensorflow = "tf.nn.avg_pool2d"
    default_scope = "AvgPool2D"
    scopes_by_rank: ClassVar[dict[int, str]] = {3: "AvgPool1D", 5: "AvgPool3D"}
    example = "avg_pool 3x3 1 SAME as pool1"


class Pool(Layer):
    """Take the largest value or the mean of each window, whose values may lie apart.

    Shape: [batch, height, width, channels] -> [batch, height', width', channels],
    likewise with one or three spatial axes.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/pool
    """

    word = "pool"
    slim = "pool"
    tensorflow = "tf.nn.pool"
    family = "Pools"
    default_scope = "pool"
    opens_variable_scope = False
    traps = OUTPUTS_COLLECTIONS
    example = "pool 3x3 MAX as pool1"

    kernel_size: int | tuple[int, ...] = parameter(Window(), "size of the window")
    pooling_type: str = parameter(Choice(("MAX", "AVG")), "largest value or mean")
    padding: str = parameter(PADDING, PADDING_DOC, "VALID")
    data_format: str | None = parameter(DATA_FORMAT, FORMAT_DOC, None, neutral=None)
    dilation_rate: int | tuple[int, ...] = parameter(Window(), RATE_DOC, 1, neutral=1)
    stride: int | tuple[int, ...] = parameter(
        Window(), "step of the window", 1, neutral=1
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the windows."""
        axes = spatial_axes(inputs, 1, 3)
        rate, stride = uniform(self.dilation_rate), uniform(self.stride)
        return replace(
            self,
            kernel_size=spread(self.kernel_size, axes, "the window"),
            dilation_rate=1 if rate == 1 else spread(rate, axes, "the rate"),
            stride=1 if stride == 1 else spread(stride, axes, "the stride"),
            data_format=emitted_format(self.data_format, axes),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output; what TensorFlow cannot do is an error."""
        axes = spatial_axes(inputs, 1, 3)
        require_float(inputs[0])
        source = channels_last(inputs[0], self.data_format)
        kernel = spread(self.kernel_size, axes, "the window")
        stride = spread(self.stride, axes, "the stride")
        rate = spread(self.dilation_rate, axes, "the rate")
        if any(s > k for s, k in zip(stride, kernel, strict=True)):
            word = f"{self.pooling_type.lower()}_pool"
            raise ShapeError("the stride is larger than the window", f"use `{word}`")
        if self.padding == "SAME" and max(rate) > 1:
            raise ShapeError("TensorFlow cannot pad a pool with a rate", "use `VALID`")
        sizes = window_sizes(source.shape[1:-1], kernel, stride, rate, self.padding)
        output = replace(source, shape=(source.shape[0], *sizes, source.shape[-1]))
        return (in_format(output, self.data_format),)


class GlobalPool(Layer):
    """The common part of `global_max_pool` and `global_avg_pool`."""

    family = "Pools"
    opens_variable_scope = False
    traps = OUTPUTS_COLLECTIONS

    keepdims: bool = parameter(
        Boolean(), "whether the spatial axes stay, with length 1", True, neutral=False
    )
    data_format: str | None = parameter(
        DATA_FORMAT, FORMAT_DOC, None, positional=False, neutral=None
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Leave out a format whose channels come last."""
        axes = spatial_axes(inputs, 1, 3)
        return replace(self, data_format=emitted_format(self.data_format, axes))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output: one value for each channel."""
        axes = spatial_axes(inputs, 1, 3)
        require_float(inputs[0])
        source = channels_last(inputs[0], self.data_format)
        batch, channels = source.shape[0], source.shape[-1]
        if not self.keepdims:
            return (replace(source, shape=(batch, channels)),)
        output = replace(source, shape=(batch, *(1,) * axes, channels))
        return (in_format(output, self.data_format),)


class GlobalMaxPool(GlobalPool):
    """Take the largest value of each channel over all positions.

    Shape: [batch, height, width, channels] -> [batch, 1, 1, channels], or
    [batch, channels] with `keepdims=false`; likewise with one or three spatial axes.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/reduce_max
    """

    word = "global_max_pool"
    tensorflow = "tf.math.reduce_max"
    example = "global_max_pool as global_pool"


class GlobalAvgPool(GlobalPool):
    """Take the mean of each channel over all positions, as research/slim's `global_pool`.

    Shape: [batch, height, width, channels] -> [batch, 1, 1, channels], or
    [batch, channels] with `keepdims=false`; likewise with one or three spatial axes.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/reduce_mean
    """

    word = "global_avg_pool"
    tensorflow = "tf.math.reduce_mean"
    example = "global_avg_pool as global_pool"
