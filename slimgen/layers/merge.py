"""Layers that make one tensor of several: branches, or a list of tensors and numbers."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.layers.argument_types import ArgumentError, Integer, ListOf
from slimgen.layers.declaration import Layer, Shape, ShapeError, TensorType, parameter
from slimgen.layers.functions import ACTIVATION
from slimgen.layers.literals import Hole, Literal, NamedFunction, Operand
from slimgen.layers.shape_arithmetic import broadcast, require_float


class UnlikeInputs(ShapeError):
    """Inputs of a merge that do not go together.

    Attributes:
        needs: The rule that they break; `{inputs}` stands for their name in a message.
        found: How the two inputs differ.
        differing, against: Positions among the merge's inputs.
    """

    def __init__(
        self,
        word: str,
        needs: str,
        found: tuple[object, object],
        positions: tuple[int, int],
    ) -> None:
        self.needs = needs
        self.against, self.differing = positions
        super().__init__(
            f"`{word}` {self.rule('inputs')}, found {found[0]} and {found[1]}"
        )

    def rule(self, inputs: str) -> str:
        """Return the rule, with a name for the inputs."""
        return self.needs.format(inputs=inputs)


class OperandList(Frozen):
    """A list of tensors, in which numbers may stand too."""

    numbers: bool = True
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        if self.numbers:
            return "a list of tensors and numbers such as `[net, 0.17]`"
        return "a list of tensors such as `[net, skip]`"

    def coerce(self, value: object) -> tuple[Literal, ...]:
        if not isinstance(value, tuple) or not value:
            raise ArgumentError(self.expected)
        if not all(self._fits(item) for item in value):
            raise ArgumentError(self.expected)
        if not any(isinstance(item, Operand) for item in value):
            raise ArgumentError(f"{self.expected}, one of them a tensor")
        return value

    def _fits(self, item: object) -> bool:
        if isinstance(item, Operand):
            return True
        return (
            self.numbers
            and isinstance(item, int | float | Hole)
            and not isinstance(item, bool)
        )


class Merge(Layer):
    """The arguments of all merges: operands first, an activation last.

    `operands` is () for the branches of braces: then each input is one, in order.
    """

    family = "Merging"
    varies = False
    inputs = (1, None)
    merges = True

    operands: tuple[Literal, ...] = parameter(
        OperandList(), "what is merged, when no braces follow", (), emitted=False
    )
    activation: NamedFunction | None = parameter(
        ACTIVATION,
        "what is applied to the result",
        None,
        positional=False,
        slim="activation_fn",
        neutral=None,
    )

    def chosen(self, count: int) -> tuple[Literal, ...]:
        """The operands in order; all inputs when no list was given."""
        return self.operands or tuple(Operand(i) for i in range(count))

    def check_dtypes(self, inputs: Sequence[TensorType]) -> None:
        """Raise UnlikeInputs unless all inputs have one type of element."""
        for index, tensor in enumerate(inputs):
            if tensor.dtype != inputs[0].dtype:
                types = inputs[0].dtype, tensor.dtype
                needs = "needs one type of element"
                raise UnlikeInputs(self.word, needs, types, (0, index))


class Elementwise(Merge):
    """A merge of values at the same place; shapes broadcast as in TensorFlow."""

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        self.check_dtypes(inputs)
        shape: Shape = ()
        for index, tensor in enumerate(inputs):
            try:
                shape = broadcast(shape, tensor.shape)
            except ShapeError:
                raise self._unlike(inputs, index) from None
        return (TensorType(shape, inputs[0].dtype),)

    def _unlike(self, inputs: Sequence[TensorType], index: int) -> UnlikeInputs:
        against = next(
            (i for i in range(index) if not _go_together(inputs[i], inputs[index])), 0
        )
        types = inputs[against], inputs[index]
        needs = "needs {inputs} of one shape"
        return UnlikeInputs(self.word, needs, types, (against, index))


def _go_together(first: TensorType, second: TensorType) -> bool:
    try:
        broadcast(first.shape, second.shape)
    except ShapeError:
        return False
    return True


class Add(Elementwise):
    """Add tensors, as the shortcut of a residual unit.

    Shape: [batch, …] several times -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/add
    """

    word = "add"
    tensorflow = "tf.math.add"
    example = "add [net, net] activation=relu as sum"


class Multiply(Elementwise):
    """Multiply tensors value by value.

    Shape: [batch, …] several times -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/multiply
    """

    word = "multiply"
    tensorflow = "tf.math.multiply"
    example = "multiply [net, 0.17]"


class PairMerge(Elementwise):
    """A merge of exactly two operands, the order of which matters."""

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_two(self, len(inputs))
        return super().outputs(inputs)


def require_two(layer: Merge, inputs: int) -> None:
    """Raise ShapeError unless a merge has two operands."""
    count = len(layer.chosen(inputs))
    if count != 2:
        raise ShapeError(f"`{layer.word}` takes two operands, found {count}")


class Subtract(PairMerge):
    """Subtract the second tensor or number from the first.

    Shape: [batch, …] twice -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/subtract
    """

    word = "subtract"
    tensorflow = "tf.math.subtract"
    example = "subtract [1.0, net]"


class Divide(PairMerge):
    """Divide the first tensor or number by the second.

    Shape: [batch, …] twice -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/divide
    """

    word = "divide"
    tensorflow = "tf.math.divide"
    example = "divide [net, 255.0]"

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        for tensor in inputs:
            require_float(tensor)
        return super().outputs(inputs)


class Maximum(Elementwise):
    """Take the largest value at each place.

    Shape: [batch, …] several times -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/maximum
    """

    word = "maximum"
    tensorflow = "tf.math.maximum"
    example = "maximum [net, 0]"


class Minimum(Elementwise):
    """Take the smallest value at each place.

    Shape: [batch, …] several times -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/minimum
    """

    word = "minimum"
    tensorflow = "tf.math.minimum"
    example = "minimum [net, 6]"


class Average(Elementwise):
    """Take the mean at each place.

    Shape: [batch, …] several times -> the same, broadcast.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/add
    """

    word = "average"
    tensorflow = "tf.keras.layers.average"
    example = "average [net, net]"


class Concat(Merge):
    """Join tensors along an axis: the last one, so the channels, unless `axis` is given.

    A variable or a constant, which has no batch, is repeated for each example: one of shape
    [a] or [1, a] beside [batch, b].

    Shape: [batch, …, a], [batch, …, b] -> [batch, …, a + b].
    Source: https://www.tensorflow.org/api_docs/python/tf/concat
    """

    word = "concat"
    tensorflow = "tf.concat"
    example = "concat [net, net] as joined"

    operands: tuple[Literal, ...] = parameter(
        OperandList(numbers=False),
        "what is joined, when no braces follow",
        (),
        emitted=False,
    )
    axis: int = parameter(Integer(), "the axis that grows", -1, positional=False)

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Say which operands the emitted form repeats for each example."""
        beside = _with_batch(inputs)
        places = [
            operand.index
            for operand in self.chosen(len(inputs))
            if isinstance(operand, Operand)
        ]
        repeated = tuple(
            place for place, i in enumerate(places) if inputs[i] != beside[i]
        )
        if not repeated:
            return self
        batched = [n for n, i in enumerate(places) if inputs[i].has_batch]
        if not batched:
            return self
        rank = beside[0].rank
        lower = tuple(n for n in repeated if inputs[places[n]].rank < rank)
        return RepeatingConcat(
            operands=self.operands,
            axis=self.axis,
            activation=self.activation,
            batched=batched[0],
            repeated=repeated,
            lower=lower,
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        self.check_dtypes(inputs)
        inputs = _with_batch(inputs)
        first = inputs[0]
        if not -first.rank <= self.axis < first.rank:
            raise ShapeError(f"`concat` along axis {self.axis}: the input is {first}")
        axis = self.axis % first.rank
        if axis == 0 and any(tensor.shape[:1] == (None,) for tensor in inputs):
            raise ShapeError("`concat` leaves the batch, axis 0, as it is")
        for index, tensor in enumerate(inputs):
            if not _join(first.shape, tensor.shape, axis):
                needs = f"needs {{inputs}} that differ in axis {axis} alone"
                raise UnlikeInputs(self.word, needs, (first, tensor), (0, index))
        chosen = [
            inputs[operand.index].shape
            for operand in self.chosen(len(inputs))
            if isinstance(operand, Operand)
        ]
        return (TensorType(_joined(chosen, axis), first.dtype),)


class RepeatingConcat(Concat):
    """`concat` with operands that have no batch: the form that is emitted.

    Numbers count the operands: `batched` is one with a batch, `repeated` have none, those
    in `lower` no axis for it either.
    """

    batched: int = parameter(Integer(0), "an operand with a batch", 0)
    repeated: tuple[int, ...] = parameter(ListOf(Integer(0)), "those without", ())
    lower: tuple[int, ...] = parameter(ListOf(Integer(0)), "those without its axis", ())

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return self


def _with_batch(inputs: Sequence[TensorType]) -> list[TensorType]:
    """Return the types once what has no batch is repeated beside what has one."""
    batched = [tensor for tensor in inputs if tensor.has_batch]
    if not batched:
        return list(inputs)
    rank = batched[0].rank
    types = []
    for tensor in inputs:
        shape = tensor.shape
        if not tensor.has_batch and len(shape) == rank and shape[0] == 1:
            shape = (None, *shape[1:])
        elif not tensor.has_batch and len(shape) == rank - 1:
            shape = (None, *shape)
        types.append(replace(tensor, shape=shape))
    return types


def _join(first: Shape, second: Shape, axis: int) -> bool:
    # A batch and a length are never one, free sizes may be.
    return len(first) == len(second) and all(
        i == axis or a == b or (i > 0 and (a is None or b is None))
        for i, (a, b) in enumerate(zip(first, second, strict=True))
    )


def _joined(shapes: Sequence[Shape], axis: int) -> Shape:
    result: list[int | None] = []
    for i, sizes in enumerate(zip(*shapes, strict=True)):
        known = [size for size in sizes if size is not None]
        if i != axis:
            result.append(known[0] if known else None)
        else:
            result.append(sum(known) if len(known) == len(sizes) else None)
    return tuple(result)
