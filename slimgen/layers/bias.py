"""A learned number for each channel."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import Boolean
from slimgen.layers.declaration import Layer, TensorType, VariableSpec, parameter
from slimgen.layers.functions import ACTIVATION, INITIALIZER, REGULARIZER
from slimgen.layers.literals import NamedFunction
from slimgen.layers.normalization import (
    DATA_FORMAT,
    channel_axis_length,
    channels_first,
)
from slimgen.layers.parametrised import COLLECTIONS, ZEROS
from slimgen.layers.shape_arithmetic import require_float


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
        Boolean(),
        "whether training changes the biases",
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
        return replace(self, data_format=channels_first(self.data_format))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        channel_axis_length(inputs[0], self.data_format)
        return (inputs[0],)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        shape = (channel_axis_length(inputs[0], self.data_format),)
        return (
            VariableSpec(
                "biases",
                shape,
                self.initializer,
                self.regularizer,
                self.trainable,
                inputs[0].dtype,
            ),
        )
