"""Products of matrices that are tensors."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Boolean
from slimgen.layers.declaration import ShapeError, TensorType, parameter
from slimgen.layers.literals import Literal, Operand
from slimgen.layers.merge import Merge, OperandList, require_two
from slimgen.layers.shape_arithmetic import broadcast, product, require_float


class Matmul(Merge):
    """Multiply matrices: the last two axes of each tensor; the axes before broadcast.

    Shape: [batch, …, rows, inner], [batch, …, inner, columns] -> [batch, …, rows, columns].
    Source: https://www.tensorflow.org/api_docs/python/tf/linalg/matmul
    """

    word = "matmul"
    tensorflow = "tf.linalg.matmul"
    example = "matmul [net, net] transpose_b=true as similarity"

    operands: tuple[Literal, ...] = parameter(
        OperandList(numbers=False),
        "what is multiplied, when no braces follow",
        (),
        emitted=False,
    )
    transpose_a: bool = parameter(
        Boolean(), "whether the first is transposed", False, positional=False
    )
    transpose_b: bool = parameter(
        Boolean(), "whether the second is transposed", False, positional=False
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_two(self, len(inputs))
        self.check_dtypes(inputs)
        first, second = self._factors(inputs)
        for tensor in (first, second):
            require_float(tensor)
            if tensor.rank < 2:
                raise ShapeError(f"`matmul` takes matrices, found {tensor}")
        self._check_batch(first, second)
        (rows, inner), (other, columns) = self._matrices(first, second)
        if None not in (inner, other) and inner != other:
            raise ShapeError(
                f"`matmul` of {first} and {second}: {inner} columns meet {other} rows",
                "`transpose_b=true` multiplies by the rows of the second",
            )
        before = broadcast(first.shape[:-2], second.shape[:-2])
        return (TensorType((*before, rows, columns), first.dtype),)

    def _factors(self, inputs: Sequence[TensorType]) -> tuple[TensorType, TensorType]:
        places = [
            one.index for one in self.chosen(len(inputs)) if isinstance(one, Operand)
        ]
        first, second = (inputs[place] for place in places)
        return first, second

    def _matrices(
        self, first: TensorType, second: TensorType
    ) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
        a, b = first.shape[-2:], second.shape[-2:]
        return a[::-1] if self.transpose_a else a, b[::-1] if self.transpose_b else b

    def _check_batch(self, first: TensorType, second: TensorType) -> None:
        """Refuse a product along the batch, or one that would not have it first."""
        flat_first = first.has_batch and first.rank == 2
        flat_second = second.has_batch and second.rank == 2
        if flat_second or (flat_first and (self.transpose_a or second.rank > 2)):
            raise ShapeError(
                f"`matmul` of {first} and {second} would mix the examples of a batch",
                "give each example a matrix: `expand_dims 1` before it",
            )

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Count one for each value of a row with a column."""
        first, second = self._factors(inputs)
        inner = self._matrices(first, second)[0][1]
        return (product(outputs[0].example) or 0) * (inner or 0)
