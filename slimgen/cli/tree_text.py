"""A tree as indented text: kind, place and fields of every node."""

import dataclasses

from slimgen.syntax.tree import File, SyntaxNode

INDENT = "  "


def tree_text(tree: File) -> str:
    """Return one line a node, with its place, and one a field."""
    rows = ["File"]
    for item in tree.items:
        rows += _node(item, 1)
    for comment in tree.comments:
        rows.append(f"{INDENT}Comment {_place(comment)} {comment.text!r}")
    return "\n".join(rows) + "\n"


def _node(node: SyntaxNode, depth: int) -> list[str]:
    fields = [
        (field.name, getattr(node, field.name))
        for field in dataclasses.fields(node)
        if field.name != "span"
    ]
    head = f"{INDENT * depth}{type(node).__name__} {_place(node)}"
    if len(fields) == 1 and not _has_nodes(fields[0][1]):
        return [f"{head} {fields[0][1]!r}"]
    rows = [head]
    for name, value in fields:
        rows += _field(name, value, depth + 1)
    return rows


def _field(name: str, value: object, depth: int) -> list[str]:
    head = f"{INDENT * depth}{name}:"
    if not _has_nodes(value):
        return [f"{head} {value!r}"]
    return [head, *_value(value, depth + 1)]


def _value(value: object, depth: int) -> list[str]:
    if isinstance(value, SyntaxNode):
        return _node(value, depth)
    if isinstance(value, tuple) and _has_nodes(value):
        return [row for item in value for row in _value(item, depth)]
    return [f"{INDENT * depth}{value!r}"]


def _has_nodes(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_nodes(item) for item in value)
    return isinstance(value, SyntaxNode)


def _place(node: object) -> str:
    span = getattr(node, "span")  # noqa: B009
    return f"{span.line}:{span.column}"
