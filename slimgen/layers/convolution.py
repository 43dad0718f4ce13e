"""Convolutions, as TF-Slim's: kernel layouts, fans and padding are TensorFlow's."""

import math
from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import Choice, Integer, Optional, Window
from slimgen.layers.declaration import (
    Layer,
    ShapeError,
    TensorType,
    VariableSpec,
    parameter,
)
from slimgen.layers.parametrised import Parametrised
from slimgen.layers.shape_arithmetic import (
    FORMATS,
    channels_first,
    channels_last,
    elements,
    in_format,
    require_float,
    spatial_axes,
    spread,
    uniform,
    window_sizes,
)

PADDING = Choice(("SAME", "VALID"))
DATA_FORMAT = Optional(Choice(tuple(text for pair in FORMATS for text in pair)))
PADDING_DOC = "`SAME`: ceil(size / stride) positions, `VALID`: whole windows only"
FORMAT_DOC = "order of the axes; `NC…`: channels first"
RATE_DOC = "distance between the window's values (atrous convolution)"


def emitted_format(data_format: str | None, axes: int) -> str | None:
    """Return the format as it is emitted: None where the channels are last."""
    return data_format if channels_first(data_format, axes) else None


class Conv(Parametrised):
    """Slide a window over the spatial axes and sum its weighted values.

    Shape: [batch, height, width, channels] -> [batch, height', width', num_outputs],
    likewise with one or three spatial axes.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/convolution
    """

    word = "conv"
    slim = "conv2d"
    tensorflow = "tf.nn.convolution"
    family = "Convolutions"
    default_scope = "Conv"
    example = "conv 64 3x3 2 padding=VALID as conv1"

    num_outputs: int = parameter(Integer(1), "number of output channels")
    kernel_size: int | tuple[int, ...] = parameter(Window(), "size of the window")
    stride: int | tuple[int, ...] = parameter(
        Window(), "step of the window", 1, neutral=1
    )
    padding: str = parameter(PADDING, PADDING_DOC, "SAME")
    data_format: str | None = parameter(DATA_FORMAT, FORMAT_DOC, None, neutral=None)
    rate: int | tuple[int, ...] = parameter(Window(), RATE_DOC, 1, neutral=1)
    groups: int = parameter(
        Integer(1),
        "groups of channels that are convolved apart",
        1,
        positional=False,
        neutral=1,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Spread the window, and write one number where all are equal."""
        axes = spatial_axes(inputs, 1, 3)
        return replace(
            self,
            kernel_size=spread(self.kernel_size, axes, "the window"),
            stride=uniform(self.stride),
            rate=uniform(self.rate),
            data_format=emitted_format(self.data_format, axes),
            **self.emitted_tail(inputs),
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output; stride and rate above 1 exclude each other, as in TensorFlow."""
        axes = spatial_axes(inputs, 1, 3)
        require_float(inputs[0])
        source = channels_last(inputs[0], self.data_format)
        check_groups(self.groups, source.channels, self.num_outputs)
        sizes = window_sizes(
            source.shape[1:-1],
            spread(self.kernel_size, axes, "the window"),
            spread(self.stride, axes, "the stride"),
            spread(self.rate, axes, "the rate"),
            self.padding,
        )
        output = TensorType((source.shape[0], *sizes, self.num_outputs), source.dtype)
        return (in_format(output, self.data_format),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the kernel: [height, width, channels / groups, num_outputs]."""
        source = channels_last(inputs[0], self.data_format)
        kernel = spread(self.kernel_size, source.rank - 2, "the window")
        shape = (*kernel, source.channels // self.groups, self.num_outputs)
        return (self.weights("weights", shape, source.dtype),)

    def output_channels(self, output: TensorType) -> int:
        """Return the length of the biases."""
        return self.num_outputs

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count the window's values for each value of the output."""
        kernel = self.kernel_variables(inputs)[0].shape
        return elements(outputs[0]) * math.prod(kernel[:-1])


def check_groups(groups: int, *channels: int) -> None:
    """Raise ShapeError unless input and output channels fall into `groups`."""
    for count, what in zip(channels, ("input", "output"), strict=True):
        if count % groups:
            raise ShapeError(
                f"{count} {what} channels are not a multiple of {groups} groups"
            )
