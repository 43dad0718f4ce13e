"""Source text and places in it."""

import bisect
from dataclasses import field
from functools import cached_property

from slimgen.frozen import Frozen


class Source(Frozen):
    """A text and the name that diagnostics show for it."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line."""
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of `offset`, both from 1, in code points."""
        line = bisect.bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return line `number`, counted from 1, without its end."""
        start = self.line_starts[number - 1]
        end = (
            self.line_starts[number]
            if number < len(self.line_starts)
            else len(self.text)
        )
        return self.text[start:end].rstrip("\r\n")


class Span(Frozen):
    """The characters `start` to `end` (not included) of a source."""

    source: Source
    start: int
    end: int

    def __post_init__(self) -> None:
        assert 0 <= self.start <= self.end

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1, in code points."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def to(self, other: "Span") -> "Span":
        """Return the span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, max(self.end, other.end))
