"""Activations as statements: `relu`, `leaky_relu 0.1`, `softmax`."""

from collections.abc import Sequence

from slimgen.layers.argument_types import FunctionKind, Integer
from slimgen.layers.declaration import Layer, ShapeError, TensorType, parameter
from slimgen.layers.functions import ACTIVATIONS
from slimgen.layers.literals import NamedFunction
from slimgen.layers.shape_arithmetic import axis_of, require_float


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
        if inputs[0].rank < 2:
            raise ShapeError(
                f"`softmax` needs an axis of classes, the input is {inputs[0]}"
            )
        if axis_of(self.axis, inputs[0].rank, self.word) == 0:
            raise ShapeError("`softmax` is within an example: axis 0 is the batch")
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
        if self.axis % len(shape) == 0 or not -len(shape) <= self.axis < len(shape):
            raise ShapeError(f"{self.axis} is no axis of {inputs[0]} behind the batch")
        length = shape[self.axis]
        shape[self.axis] = None if length is None else 2 * length
        return (TensorType(tuple(shape), inputs[0].dtype),)
