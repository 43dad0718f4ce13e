"""The comments that document a file, its networks and its blocks."""

from slimgen.source import Span
from slimgen.syntax import tree


def leading_comment(file: tree.File, node: tree.Network | None) -> str:
    """Return the comment lines right before a network, or at the top of the file."""
    by_line = {comment.span.line: comment for comment in file.comments}
    if node is None:
        line = 1
        while line in by_line:
            line += 1
        lines = range(1, line)
    else:
        first = node.span.line
        while first - 1 in by_line and by_line[first - 1].span.column == 1:
            first -= 1
        lines = range(first, node.span.line)
    return "\n".join(by_line[n].text.lstrip("#").strip() for n in lines if n in by_line)


def comment_above(span: Span) -> str:
    """Return the comment on the lines right above a place, as one text."""
    found: list[str] = []
    number = span.line - 1
    while number and (line := span.source.line(number).strip()).startswith("#"):
        found.append(line.lstrip("#").strip())
        number -= 1
    return " ".join(reversed(found))
