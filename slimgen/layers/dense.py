"""The fully connected layer."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Integer
from slimgen.layers.declaration import ShapeError, TensorType, VariableSpec, parameter
from slimgen.layers.parametrised import Parametrised
from slimgen.layers.shape_arithmetic import elements, require_float


class FullyConnected(Parametrised):
    """Multiply features, the last axis, by a matrix of weights.

    Shape: [batch, …, features] -> [batch, …, num_outputs]. As in TF-Slim, each row of an
    input of higher rank is multiplied by itself; its documentation says that such an input
    is flattened, so write `flatten` before `fc` where that is meant.
    Source: tf_slim/layers/layers.py, fully_connected.
    """

    word = "fc"
    slim = "fully_connected"
    tensorflow = "tf.linalg.matmul"
    family = "Dense"
    default_scope = "fully_connected"
    example = "flatten; fc 10 activation=none as logits"

    num_outputs: int = parameter(Integer(1), "number of outputs")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the output: another length of the last axis."""
        source = inputs[0]
        if source.rank < 2:
            raise ShapeError(f"`fc` takes rows of features, this input is {source}")
        require_float(source)
        if source.shape[-1] is None:
            raise ShapeError("the number of features is not known here")
        return (TensorType((*source.shape[:-1], self.num_outputs), source.dtype),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the matrix: [features, num_outputs]."""
        shape = (inputs[0].channels, self.num_outputs)
        return (self.weights("weights", shape, inputs[0].dtype),)

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count one for each weight and row."""
        return elements(outputs[0]) * inputs[0].channels
