"""The tensor of an end point inside of a block or a used network, which has ended."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Integer, ListOf, Optional, Text
from slimgen.layers.declaration import Layer, TensorType, parameter


class Recall(Layer):
    """Take the tensor that was kept as the end point of this node's scope.

    No line of a source is this layer: `from NAME` and the results of a block become it.
    """

    word = "recall"
    family = "Variables"
    varies = False
    inputs = (0, 0)

    shape: tuple[int | None, ...] = parameter(
        ListOf(Optional(Integer(1))), "length of each axis"
    )
    dtype: str = parameter(Text(), "type of its values")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (TensorType(self.shape, self.dtype),)
