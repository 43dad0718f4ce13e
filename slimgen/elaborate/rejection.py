"""Errors of this stage: raised inside a statement, reported where the statement ends."""

from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.source import Source, Span


class Rejected(Exception):
    """A statement cannot be understood; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class TooMuch(Rejected):
    """A limit is exceeded: the whole compilation stops."""


# Errors that a line has by itself, whatever stands in the lines that were lost.
LOCAL = frozenset(
    ("E103", "E105", "E106", "E107", "E108", "E109", "E111", "E123", "E126", "E134")
)


class Reporter:
    """Collects diagnostics, one for each place and code.

    A block is evaluated at each call; an error in it is reported once.

    Attributes:
        tolerated: Codes of findings that are no errors and are not kept.
        lost: True after a syntax error: errors that may be its consequence are suppressed.
        muted: Findings are counted and not kept.
        found: How many findings there were, kept or not.
    """

    def __init__(
        self, diagnostics: Diagnostics, tolerated: frozenset[str] = frozenset()
    ) -> None:
        self.diagnostics = diagnostics
        self.tolerated = tolerated
        self.lost = False
        self.muted = False
        self.found = 0
        self._seen: set[tuple[str, Span | None]] = set()

    def report(self, diagnostic: Diagnostic) -> None:
        """Report a finding unless its place has one of the same code."""
        if diagnostic.code in self.tolerated:
            return
        self.found += 1
        if self.muted or (self.lost and diagnostic.code not in LOCAL):
            return
        key = (diagnostic.code, diagnostic.span)
        if key not in self._seen:
            self._seen.add(key)
            self.diagnostics.report(diagnostic)

    def places(self, source: Source) -> list[int]:
        """Return where in a source the findings begin, in order."""
        spans = (span for _, span in self._seen)
        return sorted(span.start for span in spans if span and span.source is source)
