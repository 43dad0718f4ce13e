"""Transposed convolutions."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from slimgen.layers.argument_types import Integer, Window
from slimgen.layers.convolution import (
    DATA_FORMAT,
    FORMAT_DOC,
    PADDING,
    emitted_format,
)
from slimgen.layers.declaration import Layer, TensorType, VariableSpec, parameter
from slimgen.layers.parametrised import Parametrised
from slimgen.layers.shape_arithmetic import (
    channels_last,
    elements,
    in_format,
    require_float,
    spatial_axes,
    spread,
    transposed_size,
    uniform,
)


class ConvTranspose(Parametrised):
    """Spread each value over a window: the gradient of a convolution.

    Shape: [batch, height, width, channels] -> [batch, height', width', num_outputs],
    likewise with three spatial axes; `SAME` gives height · stride, `VALID`
    height · stride + max(kernel - stride, 0).
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/conv2d_transpose
    """

    word = "conv_transpose"
    slim = "conv2d_transpose"
    tensorflow = "tf.nn.conv2d_transpose"
    family = "Convolutions"
    default_scope = "Conv2d_transpose"
    scopes_by_rank: ClassVar[dict[int, str]] = {5: "Conv3d_transpose"}
    example = "conv_transpose 16 4x4 2 as up1"

    num_outputs: int = parameter(Integer(1), "number of output channels")
    kernel_size: int | tuple[int, ...] = parameter(Window(), "size of the window")
    stride: int | tuple[int, ...] = parameter(
        Window(), "distance between the windows of neighbouring values", 1
    )
    padding: str = parameter(
        PADDING, "`SAME`: size · stride positions, `VALID`: whole windows", "SAME"
    )
    data_format: str | None = parameter(DATA_FORMAT, FORMAT_DOC, None, neutral=None)

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the window, and write one number where all are equal."""
        axes = spatial_axes(inputs, 2, 3)
        return replace(
            self,
            kernel_size=spread(self.kernel_size, axes, "the window"),
            stride=uniform(self.stride),
            data_format=emitted_format(self.data_format, axes),
            **self.emitted_tail(inputs),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output; a size that is free stays free."""
        axes = spatial_axes(inputs, 2, 3)
        require_float(inputs[0])
        source = channels_last(inputs[0], self.data_format)
        windows = zip(
            source.shape[1:-1],
            spread(self.kernel_size, axes, "the window"),
            spread(self.stride, axes, "the stride"),
            strict=True,
        )
        sizes = [transposed_size(n, k, s, self.padding) for n, k, s in windows]
        output = TensorType((source.shape[0], *sizes, self.num_outputs), source.dtype)
        return (in_format(output, self.data_format),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the kernel: [height, width, num_outputs, channels]."""
        source = channels_last(inputs[0], self.data_format)
        kernel = spread(self.kernel_size, source.rank - 2, "the window")
        shape = (*kernel, self.num_outputs, source.channels)
        return (self.weights("weights", shape, source.dtype),)

    def output_channels(self, output: TensorType) -> int:
        """Return the length of the biases."""
        return self.num_outputs

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count the window's values for each value of the input."""
        kernel = self.kernel_variables(inputs)[0].shape
        return elements(inputs[0]) * math.prod(kernel[:-1])
