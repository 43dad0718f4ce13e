"""How this stage says what is wrong: raise in the middle, report at the statement."""

from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.source import Span


class Rejected(Exception):
    """A statement cannot be understood; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class TooMuch(Rejected):
    """A limit is exceeded: the whole compilation stops."""


# What is wrong with a line by itself, whatever stands in the lines that were lost.
LOCAL = frozenset(
    ("E103", "E105", "E106", "E107", "E108", "E109", "E111", "E123", "E126")
)


class Reporter:
    """Collects diagnostics, one for each place and code.

    A block is evaluated at each call; what is wrong in it is said once.

    Attributes:
        tolerated: Codes of what is not said, and is no error.
        lost: Lines were lost to mistakes in the text: what may follow from that is not
            said.
        found: How many findings there were, those counted that are not said.
    """

    def __init__(
        self, diagnostics: Diagnostics, tolerated: frozenset[str] = frozenset()
    ) -> None:
        self.diagnostics = diagnostics
        self.tolerated = tolerated
        self.lost = False
        self.found = 0
        self._seen: set[tuple[str, Span | None]] = set()

    def report(self, diagnostic: Diagnostic) -> None:
        """Report a finding unless its place has one of the same code."""
        if diagnostic.code in self.tolerated:
            return
        self.found += 1
        if self.lost and diagnostic.code not in LOCAL:
            return
        key = (diagnostic.code, diagnostic.span)
        if key not in self._seen:
            self._seen.add(key)
            self.diagnostics.report(diagnostic)
