"""The fully connected layer."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Integer
from slimgen.layers.declaration import ShapeError, TensorType, VariableSpec, parameter
from slimgen.layers.parametrised import Parametrised
from slimgen.layers.shape_arithmetic import require_float


class FullyConnected(Parametrised):
    """Multiply each example's features by a matrix of weights.

    Shape: [batch, features] -> [batch, num_outputs]. Inputs of higher rank are refused:
    TF-Slim multiplies along their last axis while its documentation says that they are
    flattened.
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
        """Infer the output; only an input of rank 2 is taken."""
        source = inputs[0]
        if source.rank != 2:
            help = "write `flatten` before it" if source.rank > 2 else ""
            raise ShapeError(
                f"`fc` takes one row of features for each example, this input is {source}",
                help,
            )
        require_float(source)
        if source.shape[1] is None:
            raise ShapeError("the number of features is not known here")
        return (TensorType((source.shape[0], self.num_outputs), source.dtype),)

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the matrix: [features, num_outputs]."""
        shape = (inputs[0].channels, self.num_outputs)
        return (self.weights("weights", shape, inputs[0].dtype),)

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count one for each weight."""
        return inputs[0].channels * self.num_outputs
