"""Names for the tensors of a function, best first.

A tensor is called as the source calls it (`let`, `from`, a branch, a scope); one that is
needed beyond the next of its name is called after its end point, scope or layer.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import TypeGuard

from slimgen.emit.identifiers import identifier
from slimgen.ir.graph import Call, Decision, EndPoint, Item, Loop, Node, Value


def tensor_names(
    items: Sequence[Item], last: Mapping[int, int]
) -> dict[int, tuple[str, ...]]:
    """Return the names that suit each value; `last` is the place of its last use."""
    found: dict[int, tuple[str, ...]] = {}
    following: dict[str, int] = {}
    named = Counter(
        item.output.names[0]
        for item in items
        if not isinstance(item, EndPoint) and item.output.names
    )
    for place in range(len(items) - 1, -1, -1):
        item = items[place]
        if isinstance(item, EndPoint):
            continue
        value = item.output
        usual = value.names[:1] or (value.hint,)
        sole = len(value.names) > 1 or named[usual[0]] == 1
        outlived = following.get(usual[0], len(items)) < last.get(value.index, -1)
        own = tuple(_own_names(items, place))
        first_own = outlived and not sole and own
        found[value.index] = (*own, *usual) if first_own else (*usual, *own)
        following[usual[0]] = place
    return found


def _own_names(items: Sequence[Item], place: int) -> Iterator[str]:
    """Yield what sets an item apart: its end point, its scope, its layer or block."""
    item = items[place]
    assert not isinstance(item, EndPoint)
    following = items[place + 1] if place + 1 < len(items) else None
    if _taps(following, item.output):
        yield _leaf(following, 1)
    if isinstance(item, Loop | Decision):
        return
    yield _leaf(item, 1)
    yield _leaf(item, 2)
    if not item.scope and place:
        yield _around(items[place - 1])
    word = type(item.layer).__name__ if isinstance(item, Node) else item.function
    yield word
    yield f"{item.output.hint}_{word}"


def _around(item: Item) -> str:
    """Return the outer part of an item's scope, which the next item stands in too."""
    if isinstance(item, Loop | Decision) or not item.scope:
        return ""
    outer, _, inner = "".join(map(str, item.scope)).partition("/")
    return outer if inner else ""


def _leaf(item: Node | Call | EndPoint, parts: int) -> str:
    text = "".join(part for part in item.scope or () if isinstance(part, str))
    return "_".join(text.split("/")[-parts:])


def _taps(item: Item | None, value: Value) -> TypeGuard[EndPoint]:
    return isinstance(item, EndPoint) and item.value.index == value.index


def choices(names: Sequence[str]) -> Iterator[str]:
    """Yield identifiers for `names`, then the first of them with a letter."""
    yield from (identifier(name) for name in names if name and not name[0].isdigit())
    stem = re.sub(r"_\d+$", "", identifier(names[0] if names else "net"))
    yield from (f"{stem}_{letter}" for letter in ascii_lowercase[1:])
    yield from (f"{stem}_{a}{b}" for a in ascii_lowercase for b in ascii_lowercase)
