"""Lines and columns of spans, and the number of errors and warnings, for all formats."""

from collections.abc import Iterable

from slimgen.diagnostics import Diagnostic, Severity
from slimgen.frozen import Frozen
from slimgen.source import Span


class Location(Frozen):
    """A span in lines and columns from 1, in code points; the end is not included."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


def locate(span: Span) -> Location:
    """Return the place of a span.

    A span at the end of the text points behind the last line that has text: the empty line
    after the last line end is not shown by editors.
    """
    text = span.source.text
    limit = len(text.rstrip())
    start, end = span.start, min(span.end, len(text))
    if start >= len(text):
        start = end = limit
    if end > start and span.source.position(end)[1] == 1:
        end -= 1  # the line end belongs to the line that it ends
    line, column = span.source.position(start)
    end_line, end_column = span.source.position(end)
    return Location(span.source.name, line, column, end_line, end_column)


def count(found: Iterable[Diagnostic]) -> tuple[int, int]:
    """Return the numbers of errors and of warnings."""
    severities = [one.severity for one in found]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)
