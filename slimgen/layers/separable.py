"""Convolutions that treat each channel apart: depthwise, separable, in-plane."""

import math
from collections.abc import Sequence
from dataclasses import fields, replace

from slimgen.layers.argument_types import Integer, Optional, Window
from slimgen.layers.convolution import (
    DATA_FORMAT,
    FORMAT_DOC,
    PADDING,
    PADDING_DOC,
    RATE_DOC,
    emitted_format,
)
from slimgen.layers.declaration import Layer, Shape, TensorType, VariableSpec, parameter
from slimgen.layers.functions import INITIALIZER
from slimgen.layers.literals import NamedFunction
from slimgen.layers.parametrised import Parametrised
from slimgen.layers.shape_arithmetic import (
    channels_last,
    elements,
    in_format,
    product,
    require_float,
    spatial_axes,
    spread,
    uniform,
    window_sizes,
)

Windows = int | tuple[int, ...]


def pair(value: Windows, what: str) -> tuple[int, ...]:
    """Give a window, stride or rate its two sizes."""
    return spread(value, 2, what)


def depthwise_sizes(
    source: TensorType, kernel: Windows, stride: Windows, rate: Windows, padding: str
) -> Shape:
    """Return height and width after a window that treats each channel apart."""
    return window_sizes(
        source.shape[1:-1],
        pair(kernel, "the window"),
        pair(stride, "the stride"),
        pair(rate, "the rate"),
        padding,
    )


class DepthwiseConv(Parametrised):
    """Convolve each channel with kernels of its own; slim's separable_conv2d without outputs.

    Shape: [batch, height, width, channels] ->
    [batch, height', width', channels · depth_multiplier].
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/depthwise_conv2d
    """

    word = "depthwise_conv"
    slim = "separable_conv2d"
    tensorflow = "tf.nn.depthwise_conv2d"
    family = "Convolutions"
    default_scope = "SeparableConv2d"
    example = "depthwise_conv 3x3 2 as depthwise1"

    kernel_size: Windows = parameter(Window(), "size of the window")
    stride: Windows = parameter(Window(), "step of the window", 1)
    padding: str = parameter(PADDING, PADDING_DOC, "SAME")
    data_format: str | None = parameter(DATA_FORMAT, FORMAT_DOC, None, neutral=None)
    rate: Windows = parameter(Window(), RATE_DOC, 1, neutral=1)
    depth_multiplier: int = parameter(
        Integer(1), "kernels for each channel", 1, positional=False, neutral=1
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the window, and write one number where both are equal."""
        spatial_axes(inputs, 2, 2)
        return replace(
            self,
            kernel_size=pair(self.kernel_size, "the window"),
            stride=uniform(self.stride),
            rate=uniform(self.rate),
            data_format=emitted_format(self.data_format, 2),
            **self.emitted_tail(inputs),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output; stride and rate above 1 exclude each other."""
        spatial_axes(inputs, 2, 2)
        require_float(inputs[0])
        source = channels_last(inputs[0], self.data_format)
        sizes = depthwise_sizes(
            source, self.kernel_size, self.stride, self.rate, self.padding
        )
        channels = source.channels * self.depth_multiplier
        output = TensorType((source.shape[0], *sizes, channels), source.dtype)
        return (in_format(output, self.data_format),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the kernels: [height, width, channels, depth_multiplier]."""
        source = channels_last(inputs[0], self.data_format)
        kernel = pair(self.kernel_size, "the window")
        shape = (*kernel, source.channels, self.depth_multiplier)
        return (self.weights("depthwise_weights", shape, source.dtype),)

    def output_channels(self, output: TensorType) -> int:
        """Return the length of the biases."""
        return channels_last(output, self.data_format).channels

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count the window's values for each value of the output."""
        return elements(outputs[0]) * math.prod(pair(self.kernel_size, "the window"))


class SeparableConv(Parametrised):
    """Convolve each channel apart, then mix the channels; one tail after both.

    Shape: [batch, height, width, channels] -> [batch, height', width', num_outputs].
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/separable_conv2d
    """

    word = "separable_conv"
    slim = "separable_conv2d"
    tensorflow = "tf.nn.separable_conv2d"
    family = "Convolutions"
    default_scope = "SeparableConv2d"
    example = "separable_conv 16 3x3 as separable1"

    num_outputs: int | None = parameter(
        Optional(Integer(1)), "number of output channels; `none`: `depthwise_conv`"
    )
    kernel_size: Windows = parameter(Window(), "size of the window")
    depth_multiplier: int = parameter(
        Integer(1), "kernels for each channel", 1, neutral=1
    )
    stride: Windows = parameter(Window(), "step of the window", 1)
    padding: str = parameter(PADDING, PADDING_DOC, "SAME")
    data_format: str | None = parameter(DATA_FORMAT, FORMAT_DOC, None, neutral=None)
    rate: Windows = parameter(Window(), RATE_DOC, 1, neutral=1)
    pointwise_initializer: NamedFunction | None = parameter(
        Optional(INITIALIZER),
        "first values of the second kernel; `none`: as `initializer`",
        None,
        positional=False,
        neutral=None,
    )

    def _depthwise(self) -> DepthwiseConv:
        tail = {field.name: getattr(self, field.name) for field in fields(Parametrised)}
        return DepthwiseConv(
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            data_format=self.data_format,
            rate=self.rate,
            depth_multiplier=self.depth_multiplier,
            **tail,
        )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the window; without outputs it is a depthwise convolution."""
        if self.num_outputs is None:
            return self._depthwise().canonical(inputs)
        spatial_axes(inputs, 2, 2)
        return replace(
            self,
            kernel_size=pair(self.kernel_size, "the window"),
            stride=uniform(self.stride),
            rate=uniform(self.rate),
            data_format=emitted_format(self.data_format, 2),
            **self.emitted_tail(inputs),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output from the depthwise stage's."""
        made = self._depthwise().outputs(inputs)[0]
        if self.num_outputs is None:
            return (made,)
        made = channels_last(made, self.data_format)
        output = replace(made, shape=(*made.shape[:-1], self.num_outputs))
        return (in_format(output, self.data_format),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return both kernels, the second [1, 1, channels · depth_multiplier, num_outputs]."""
        (depthwise,) = self._depthwise().kernel_variables(inputs)
        if self.num_outputs is None:
            return (depthwise,)
        shape = (1, 1, math.prod(depthwise.shape[2:]), self.num_outputs)
        second = replace(
            self, initializer=self.pointwise_initializer or self.initializer
        )
        pointwise = second.weights("pointwise_weights", shape, depthwise.dtype)
        return (depthwise, pointwise)

    def output_channels(self, output: TensorType) -> int:
        """Return the length of the biases."""
        return channels_last(output, self.data_format).channels

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count both stages."""
        positions = product(channels_last(outputs[0], self.data_format).shape[1:-1])
        kernels = self.kernel_variables(inputs)
        return sum(math.prod(kernel.shape) for kernel in kernels) * (positions or 0)


class ConvInPlane(Parametrised):
    """Convolve all channels with one and the same kernel.

    Shape: [batch, height, width, channels] -> [batch, height', width', channels].
    Source: tf_slim/layers/layers.py, convolution2d_in_plane.
    """

    word = "conv_in_plane"
    slim = "conv2d_in_plane"
    tensorflow = "tf.nn.depthwise_conv2d"
    family = "Convolutions"
    default_scope = "ConvInPlane"
    example = "conv_in_plane 3x3 as blur1"

    kernel_size: Windows = parameter(Window(), "size of the window")
    stride: Windows = parameter(Window(), "step of the window", 1)
    padding: str = parameter(PADDING, PADDING_DOC, "SAME")

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the window, and write one number where both are equal."""
        spatial_axes(inputs, 2, 2)
        return replace(
            self,
            kernel_size=pair(self.kernel_size, "the window"),
            stride=uniform(self.stride),
            **self.emitted_tail(inputs),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output: as many channels as the input has."""
        spatial_axes(inputs, 2, 2)
        require_float(inputs[0])
        source = inputs[0]
        sizes = depthwise_sizes(source, self.kernel_size, self.stride, 1, self.padding)
        shape = (source.shape[0], *sizes, source.channels)
        return (TensorType(shape, source.dtype),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the kernel: [height, width, 1, 1]."""
        shape = (*pair(self.kernel_size, "the window"), 1, 1)
        return (self.weights("weights", shape, inputs[0].dtype),)

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count the window's values for each value of the output."""
        return elements(outputs[0]) * math.prod(pair(self.kernel_size, "the window"))
