"""Layers that change gradients alone."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Real
from slimgen.layers.declaration import Layer, TensorType, parameter
from slimgen.layers.shape_arithmetic import require_float


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
