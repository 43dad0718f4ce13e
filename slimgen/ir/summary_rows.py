"""Rows of a summary; turns of a loop that differ only in their count become one row."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from itertools import groupby

from slimgen.frozen import Frozen
from slimgen.ir.graph import Step
from slimgen.layers.declaration import TensorType

COUNTS = re.compile(r"(\{\d+\.\.\d+\}|\d+)")
"""The countable parts of a name: numbers, and ranges of an inner loop that is folded."""


class SummaryRow(Frozen):
    """A layer, a block, or the body of a loop; the figures are of all `count` of them.

    Attributes:
        name: Scope, `{1..3}` for what counts in it; "" for a layer without a name.
        word: The layer or block; "" for the turns of a loop.
        output: Its result; of a loop that of the last turn.
        multiply_adds, activation_bytes: None where a free size leaves them open.
        count: How many layers or blocks it stands for.
        rows: The rows of a block or a turn.
        likeness: Other facts that must be equal in folded rows.
    """

    name: str
    word: str
    output: TensorType
    parameters: int
    multiply_adds: int | None
    activation_bytes: int | None
    count: int = 1
    rows: "tuple[SummaryRow, ...]" = ()
    likeness: object = field(default=None, repr=False, compare=False)
    steps: tuple[Step, ...] = field(default=(), repr=False, compare=False)

    @property
    def is_loop(self) -> bool:
        """True if it only groups the rows of a loop's turns."""
        return not self.word

    def within(self, steps: tuple[Step, ...]) -> "SummaryRow":
        """Return the row as one of a call that stands in `steps` itself."""
        return replace(self, steps=steps + self.steps) if steps else self


def fold(rows: Sequence[SummaryRow], depth: int = 0) -> tuple[SummaryRow, ...]:
    """Fold neighbouring turns of the loops that begin at `depth` of the rows' steps."""
    result: list[SummaryRow] = []
    for loop, group in groupby(rows, lambda row: _step(row, depth, "loop")):
        members = list(group)
        if loop is None:
            result += members
        elif not members[0].steps[depth].name:
            result += fold(members, depth + 1)
        else:
            turns = [
                fold(list(turn), depth + 1)
                for _, turn in groupby(members, lambda r: _step(r, depth, "index"))
            ]
            result += _runs(turns, depth)
    return tuple(result)


def _step(row: SummaryRow, depth: int, field: str) -> object:
    return getattr(row.steps[depth], field) if depth < len(row.steps) else None


Turn = tuple[SummaryRow, ...]


def _runs(turns: Sequence[Turn], depth: int) -> list[SummaryRow]:
    result: list[SummaryRow] = []
    start = 0
    while start < len(turns):
        end = start + 1
        names: list[str] | None = None
        while end < len(turns):
            found = _names(turns[start], turns[end], depth)
            if found is None or names not in (None, found):
                break
            names = found
            end += 1
        result += _folded(turns[start:end], depth)
        start = end
    return result


def _names(first: Turn, other: Turn, depth: int) -> list[str] | None:
    """The names of two turns' rows with `#` for the count; None if they differ elsewhere."""
    one, two = first[0].steps[depth].index, other[0].steps[depth].index
    return _names_of(first, other, (str(one), str(two)))


def _names_of(first: Turn, other: Turn, counts: tuple[str, str]) -> list[str] | None:
    if len(first) != len(other):
        return None
    found: list[str] = []
    for a, b in zip(first, other, strict=True):
        name = _name_of(a.name, b.name, counts)
        inner = _names_of(a.rows, b.rows, counts)
        alike = (a.word, a.count, a.likeness) == (b.word, b.count, b.likeness)
        if not alike or name is None or inner is None:
            return None
        found += [name, *inner]
    return found


def _name_of(a: str, b: str, counts: tuple[str, str]) -> str | None:
    left, right = COUNTS.split(a), COUNTS.split(b)
    if len(left) != len(right):
        return None
    parts = []
    for p, q in zip(left, right, strict=True):
        if p != q and (p, q) != counts:
            return None
        parts.append(p if p == q else "#")
    return "".join(parts)


def _folded(run: Sequence[Turn], depth: int) -> Turn:
    if len(run) == 1:
        return run[0]
    first, last = run[0][0].steps[depth], run[-1][0].steps[depth]
    columns = zip(*run, strict=True)
    rows = tuple(_merged(column, (first.index, last.index)) for column in columns)
    if len(rows) == 1:
        return rows
    turns = SummaryRow(
        f"{first.name} = {first.index}..{last.index}",
        "",
        rows[-1].output,
        sum(row.parameters for row in rows),
        total(row.multiply_adds for row in rows),
        total(row.activation_bytes for row in rows),
        len(run),
        rows,
        steps=rows[0].steps[:depth],
    )
    return (turns,)


def _merged(rows: Sequence[SummaryRow], ends: tuple[int, int]) -> SummaryRow:
    """The row for rows that follow each other; figures are added, names count."""
    first, last = rows[0], rows[-1]
    name = _name_of(first.name, last.name, (str(ends[0]), str(ends[1]))) or ""
    inner = zip(*(row.rows for row in rows), strict=True)
    return replace(
        last,
        name=name.replace("#", f"{{{ends[0]}..{ends[1]}}}"),
        parameters=sum(row.parameters for row in rows),
        multiply_adds=total(row.multiply_adds for row in rows),
        activation_bytes=total(row.activation_bytes for row in rows),
        count=sum(row.count for row in rows),
        rows=tuple(_merged(column, ends) for column in inner),
    )


def total(figures: Iterable[int | None]) -> int | None:
    """Add figures; None when one of them is not known."""
    result = 0
    for figure in figures:
        if figure is None:
            return None
        result += figure
    return result
