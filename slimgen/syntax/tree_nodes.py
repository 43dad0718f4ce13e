"""The nodes of a tree in the order of the text, without recursion."""

import dataclasses
from collections.abc import Iterator, Sequence

from slimgen.syntax import tree

LEAVES = (tree.Name, tree.Number, tree.String, tree.Constant, tree.Size)
_PARTS: dict[type[tree.SyntaxNode], tuple[str, ...]] = {}


def parts_of(kind: type[tree.SyntaxNode]) -> tuple[str, ...]:
    """Return the fields of a kind of node that may hold nodes, the last first."""
    if issubclass(kind, LEAVES):
        return ()
    if kind not in _PARTS:
        names = [field.name for field in dataclasses.fields(kind)]
        _PARTS[kind] = tuple(name for name in reversed(names) if name != "span")
    return _PARTS[kind]


def children_of(node: tree.SyntaxNode) -> Iterator[tree.SyntaxNode]:
    """Yield the nodes right below one, the last first."""
    waiting: list[object] = [
        getattr(node, name) for name in reversed(parts_of(type(node)))
    ]
    while waiting:
        here = waiting.pop()
        if isinstance(here, tuple | list):
            waiting.extend(here)
        elif isinstance(here, tree.SyntaxNode):
            yield here


def nodes_of(
    node: tree.SyntaxNode | Sequence[object] | None,
) -> Iterator[tree.SyntaxNode]:
    """Yield all nodes of a tree, or of several."""
    waiting: list[object] = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, tuple | list):
            waiting.extend(reversed(here))
        elif isinstance(here, tree.SyntaxNode):
            yield here
            waiting.extend(getattr(here, name) for name in parts_of(type(here)))


def lines_of(node: tree.SyntaxNode | Sequence[object] | None) -> Iterator[tree.Line]:
    """Yield all lines of a tree, or of several."""
    for found in nodes_of(node):
        if isinstance(found, tree.Line):
            yield found
