"""The numbers that count the turns of a loop: in scopes, and as literals."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from slimgen.ir.graph import Path
from slimgen.layers.literals import Hole
from slimgen.passes.literal_slots import same

TOKENS = re.compile(r"(\d+)")
UNCOUNTED = object()  # the literal of no loop


def counted_literal(x: Any, y: Any, index: int) -> Any:
    """The literal whose value is `x` at `index` and `y` at the next; UNCOUNTED without one."""
    if same(x, y):
        return x
    if isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y):
        parts = [counted_literal(p, q, index) for p, q in zip(x, y, strict=True)]
        return UNCOUNTED if UNCOUNTED in parts else tuple(parts)
    if type(x) is int and type(y) is int and min(x, y) >= 0:
        factor = y - x
        return Hole("", (), factor, x - factor * index)
    return UNCOUNTED


def with_count(value: Any, count: Hole) -> Any:
    """A counted literal by the name of the loop's variable, with its values."""
    if isinstance(value, Hole) and not value.name:
        values = tuple(
            value.factor * number + value.offset
            for number in count.values
            if isinstance(number, int)
        )
        return replace(value, name=count.name, values=values)
    if isinstance(value, tuple):
        return tuple(with_count(part, count) for part in value)
    return value


def counted_path(a: Path | None, b: Path | None, index: int) -> Path | None:
    """The path with a hole where `a` has `index` and `b` the next; None if they differ."""
    if a is None or b is None or len(a) != len(b):
        return None
    parts: list[str | Hole] = []
    for x, y in zip(a, b, strict=True):
        if isinstance(x, Hole) or isinstance(y, Hole):
            if x != y:
                return None
            parts.append(x)
            continue
        left, right = TOKENS.split(x), TOKENS.split(y)
        if len(left) != len(right):
            return None
        for p, q in zip(left, right, strict=True):
            if p == q:
                parts.append(p)
            elif (p, q) == (str(index), str(index + 1)):
                parts.append(Hole(""))
            else:
                return None
    return tuple(_joined(parts))


def _joined(parts: Iterable[str | Hole]) -> list[str | Hole]:
    joined: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined
