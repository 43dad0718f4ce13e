"""Numbers of the source as a tensor."""

from collections.abc import Iterable, Iterator, Sequence

from slimgen.frozen import Frozen
from slimgen.layers.argument_types import ArgumentError, Choice
from slimgen.layers.declaration import Layer, ShapeError, TensorType, parameter
from slimgen.layers.literals import literals

Numbers = tuple["int | float | Numbers", ...]

LARGEST: dict[str, float] = {
    "float64": 1.7976931348623157e308,
    "float32": 3.4028234663852886e38,
    "bfloat16": 3.3895313892515355e38,
    "float16": 65504.0,
    "int64": 2**63 - 1,
    "int32": 2**31 - 1,
    "uint8": 255,
}


class NestedNumbers(Frozen):
    """A list of numbers, or of lists of numbers that are equally long, and so on."""

    expected: str = "a list of numbers such as `[0.5, 1]`, or of equally long lists"
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> Numbers:
        if not isinstance(value, tuple) or not value:
            raise ArgumentError(self.expected)
        if any(isinstance(item, tuple) for item in value):
            found = tuple(self.coerce(item) for item in value)
            if len({shape_of(item) for item in found}) > 1:
                raise ArgumentError(self.expected)
            return found
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int | float):
                raise ArgumentError(self.expected)
        return value


def shape_of(values: Numbers) -> tuple[int, ...]:
    """Return the length of each axis of nested lists."""
    first = values[0]
    return (len(values), *(shape_of(first) if isinstance(first, tuple) else ()))


def _flat(values: Iterable[object]) -> Iterator[int | float]:
    for value in literals(values):
        if isinstance(value, tuple):
            yield from _flat(value)
        elif isinstance(value, int | float):
            yield value


class ConstantTensor(Layer):
    """Make a tensor of numbers; it has no batch.

    Shape: that of the nested lists: `[[1, 2, 3], [4, 5, 6]]` is [2, 3].
    Source: https://www.tensorflow.org/api_docs/python/tf/constant
    """

    word = "constant"
    tensorflow = "tf.constant"
    family = "Other layers"
    varies = False
    inputs = (0, 0)
    example = "constant [0.5, 0.3, 0.2, 1]; let shares = net; multiply [images, shares]"
    sizes = ("value",)

    value: Numbers = parameter(NestedNumbers(), "the numbers, in lists for the axes")
    dtype: str = parameter(Choice(tuple(LARGEST)), "type of the numbers", "float32")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        for number in _flat(self.value):
            self._check(number)
        return (TensorType(shape_of(self.value), self.dtype),)

    def _check(self, number: int | float) -> None:
        whole = "float" not in self.dtype
        if whole and not isinstance(number, int):
            raise ShapeError(f"`{number}` is no whole number, the type is {self.dtype}")
        most = LARGEST[self.dtype]
        least = 0 if self.dtype == "uint8" else -most - whole
        if not least <= number <= most:
            raise ShapeError(f"`{number}` is beyond the numbers of {self.dtype}")
