"""Shapes of a block in symbols, true for each of its calls.

`[h, w, c] -> [h / 2, w / 2, 4 * filters]`: a length that all calls agree on is a number.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from slimgen.frozen import Frozen
from slimgen.ir.graph import Function, Signature
from slimgen.layers.declaration import TensorType

AXES = {1: "c", 2: "nc", 3: "hwc", 4: "thwc"}
Lengths = Sequence[int | None]
Values = tuple[int, ...]


class _Symbol(Frozen):
    """A name and what it stands for in each call."""

    name: str
    values: tuple[int, ...]


def shapes_text(function: Function, names: Mapping[str, str]) -> str:
    """Return the shapes of the first input and the result; `names` are the parameters'."""
    calls = function.signatures or (
        Signature(
            tuple(value.type for value in function.inputs), function.output.type, ()
        ),
    )
    outputs = [_lengths(call.output) for call in calls]
    if not function.inputs or any(len(o) != len(outputs[0]) for o in outputs):
        return ""
    inputs = [_lengths(call.inputs[0]) for call in calls]
    letters = AXES.get(len(inputs[0]), "")
    if any(len(i) != len(letters) for i in inputs):
        letters = ""
    symbols = list(_symbols(calls, inputs, letters, names))
    before = [
        _constant(axis) or (letters[place] if letters else "?")
        for place, axis in enumerate(zip(*inputs, strict=letters != ""))
    ]
    after = []
    for place, axis in enumerate(zip(*outputs, strict=True)):
        letter = letters[place] if place < len(letters) else ""
        is_last = place == len(outputs[0]) - 1  # the channels, which a parameter gives
        after.append(_formula(axis, _ordered(symbols, letter, is_last)))
    return f"[{', '.join(before)}] -> [{', '.join(after)}]"


def _lengths(type_: TensorType) -> Lengths:
    return type_.shape[1:]


def _symbols(
    calls: Sequence[Signature],
    inputs: Sequence[Lengths],
    letters: str,
    names: Mapping[str, str],
) -> Iterator[_Symbol]:
    """Yield the axes of the first input that vary, then the parameters that are numbers."""
    if letters:
        for letter, axis in zip(letters, zip(*inputs, strict=True), strict=True):
            if _constant(axis) is None and letter not in names.values():
                values = tuple(-1 if length is None else length for length in axis)
                yield _Symbol(letter, values)
    for name, shown in names.items():
        values = tuple(dict(call.arguments).get(name) for call in calls)
        numbers = tuple(int(v) for v in values if isinstance(v, int))
        if len(numbers) == len(values) and not isinstance(values[0], bool):
            yield _Symbol(shown, numbers)


def _ordered(symbols: Sequence[_Symbol], letter: str, is_last: bool) -> list[_Symbol]:
    """Put the symbols first that an axis is likely to depend on."""

    def order(symbol: _Symbol) -> int:
        if len(symbol.name) > 1 or symbol.name not in "thwnc":
            return 0 if is_last else 1
        return int(is_last) if symbol.name == letter else 2

    return sorted(symbols, key=order)


def _constant(axis: Lengths) -> str | None:
    """Return the length that an axis has in every call; None where it varies."""
    return str(axis[0]) if axis[0] is not None and len(set(axis)) == 1 else None


def _formula(axis: Lengths, symbols: Sequence[_Symbol]) -> str:
    """Return a number, a symbol, or a simple term that gives a length in every call."""
    constant = _constant(axis)
    if constant is not None:
        return constant
    wanted = tuple(-1 if length is None else length for length in axis)
    for symbol in symbols:
        if symbol.values == wanted:
            return symbol.name
    if -1 in wanted:
        return "?"
    return next(_terms(wanted, symbols), "?")


def _terms(wanted: Values, symbols: Sequence[_Symbol]) -> Iterator[str]:
    """Yield terms of a few symbols and numbers that give `wanted`."""
    usable = [symbol for symbol in symbols if min(symbol.values) > 0]
    for one in usable:
        yield from _terms_of_one(wanted, one)
        yield from _quotients(wanted, one, [s for s in usable if s is not one])
    for first, second in _pairs(usable):
        rows = list(zip(wanted, first.values, second.values, strict=True))
        if all(a * b == length for length, a, b in rows):
            yield f"{first.name} * {second.name}"
        if all(a + b == length for length, a, b in rows):
            yield f"{first.name} + {second.name}"
        factor = (wanted[0] - first.values[0]) // second.values[0]
        if factor and all(a + factor * b == length for length, a, b in rows):
            yield f"{first.name} + {factor} * {second.name}"
    for count in range(3, 6):  # branches side by side
        for parts in combinations(usable, count):
            sums = zip(*(part.values for part in parts), strict=True)
            if tuple(map(sum, sums)) == wanted:
                yield " + ".join(part.name for part in parts)


def _terms_of_one(wanted: Values, one: _Symbol) -> Iterator[str]:
    """Yield a multiple of a symbol, and its sum with a number."""
    pairs = list(zip(wanted, one.values, strict=True))
    factor = wanted[0] // one.values[0]
    if all(value * factor == length for length, value in pairs):
        yield f"{factor} * {one.name}"
    more = wanted[0] - one.values[0]
    if all(value + more == length for length, value in pairs):
        yield f"{one.name} {'+' if more > 0 else '-'} {abs(more)}"


def _quotients(
    wanted: Values, one: _Symbol, others: Sequence[_Symbol]
) -> Iterator[str]:
    """Yield a symbol divided by a number or by another symbol."""
    numbers = [_Symbol(str(n), (n,) * len(wanted)) for n in (2, 4, 8)]
    for divisor in (*numbers, *others):
        rows = list(zip(wanted, one.values, divisor.values, strict=True))
        if all(length * n == value for length, value, n in rows):
            yield f"{one.name} / {divisor.name}"
        if all(length == -(-value // n) for length, value, n in rows):
            yield f"ceil({one.name} / {divisor.name})"
        if all(length == value // n for length, value, n in rows):
            yield f"{one.name} // {divisor.name}"


def _pairs(symbols: Sequence[_Symbol]) -> Iterator[tuple[_Symbol, _Symbol]]:
    for first in symbols:
        for second in symbols:
            if first is not second:
                yield first, second
