"""Conditions that tell the calls of one case of a decision from those of the others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slimgen.frozen import Frozen
from slimgen.ir.graph import Condition, Length, Value
from slimgen.layers.declaration import TensorType
from slimgen.layers.literals import Hole


class Member(Frozen):
    """One call of a block: the arguments that the source gives, and the inputs' types."""

    bound: Mapping[str, Any]
    inputs: tuple[TensorType, ...]


def conditions(
    cases: Sequence[Sequence[Member]], inputs: Sequence[Value]
) -> list[tuple[int, Condition | None]] | None:
    """Return the cases in an order in which conditions select them; None without.

    The first cases are tried first; the last has no condition.
    """
    waiting = list(range(len(cases)))
    found: list[tuple[int, Condition | None]] = []
    while len(waiting) > 1:
        first = _first(waiting, cases, inputs)
        if first is None:
            return None
        found.append(first)
        waiting.remove(first[0])
    return [*found, (waiting[0], None)]


def _first(
    waiting: Sequence[int], cases: Sequence[Sequence[Member]], inputs: Sequence[Value]
) -> tuple[int, Condition] | None:
    """Return the first case that a condition tells from the others; negations come last."""
    for is_negated in (False, True):
        for case in waiting:
            others = [m for other in waiting if other != case for m in cases[other]]
            for condition in _candidates(cases[case], others, inputs):
                if is_negated or not _is_negated(condition):
                    return case, condition
    return None


def _is_negated(condition: Condition) -> bool:
    return condition.sign == "==" and condition.right in (False, 1)


def _candidates(
    those: Sequence[Member], others: Sequence[Member], inputs: Sequence[Value]
) -> Iterator[Condition]:
    """Yield what is true of `those` and of no other, best first."""
    names = list(those[0].bound)
    for name in names:
        left = Hole(name, _literals(name, [*those, *others]))
        yield from _plain(left, _values(name, those), _values(name, others))
    for name in names:
        values = [_values(name, one) for one in (those, others)]
        lengths = [
            [member.inputs[0].shape[-1] for member in one] for one in (those, others)
        ]
        if all(type(v) is int for v in (*values[0], *values[1])):
            right = Hole(name, _literals(name, [*those, *others]))
            yield from _compared(Length(inputs[0], -1), right, lengths, values)


def _values(name: str, members: Sequence[Member]) -> list[Any]:
    return [_plain_int(member.bound.get(name, ...)) for member in members]


def _plain_int(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if is_number else value


def _literals(name: str, members: Sequence[Member]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(_values(name, members)))


def _plain(
    left: Hole, those: Sequence[Any], others: Sequence[Any]
) -> Iterator[Condition]:
    """Yield tests of an argument for true, none or the usual 1 of strides and rates."""
    if all(value is True for value in those) and all(v is False for v in others):
        yield Condition(left, "==", True)
    if all(value is False for value in those) and all(v is True for v in others):
        yield Condition(left, "==", False)
    if all(value is None for value in those) and all(v is not None for v in others):
        yield Condition(left, "is", None)
    if all(value is not None for value in those) and all(v is None for v in others):
        yield Condition(left, "is not", None)
    if all(type(value) is int for value in (*those, *others)):
        if min(those) > 1 and set(others) == {1}:
            yield Condition(left, ">", 1)
        if set(those) == {1} and min(others) > 1:
            yield Condition(left, "==", 1)


def _compared(
    left: Length,
    right: Hole,
    lengths: Sequence[Sequence[int | None]],
    values: Sequence[Sequence[int | None]],
) -> Iterator[Condition]:
    """Yield a comparison of a length; `lengths` and `values` are those and the others'."""
    if any(None in one for one in (*lengths, *values)):
        return
    those, others = (
        {a == b for a, b in zip(*pair, strict=True)}
        for pair in zip(lengths, values, strict=True)
    )
    if those == {False} and others == {True}:
        yield Condition(left, "!=", right)
    if those == {True} and others == {False}:
        yield Condition(left, "==", right)
