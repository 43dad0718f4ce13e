"""Diagnostics about a source as data: no wording and no printing."""

import enum
from collections.abc import Iterator
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.source import Span

LONGEST_TEXT = 500  # characters of a message


class Severity(enum.Enum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


class Note(Frozen):
    """A second place that belongs to a diagnostic, and what it is."""

    span: Span
    label: str


class Diagnostic(Frozen):
    """One finding.

    `message` says what is wrong in one clause, `label` what the marked text is,
    `help` what to do about it.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    help: str = ""
    notes: tuple[Note, ...] = ()
    severity: Severity = Severity.ERROR

    @property
    def order(self) -> tuple[str, int, str]:
        """Sort key: by place, then by code."""
        if self.span is None:
            return ("", -1, self.code)
        return (self.span.source.name, self.span.start, self.code)


def _shortened(one: Diagnostic) -> Diagnostic:
    """Cut texts that quote something endless of the source's."""
    if max(len(one.message), len(one.label), len(one.help)) <= LONGEST_TEXT:
        return one
    return replace(
        one, message=_cut(one.message), label=_cut(one.label), help=_cut(one.help)
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


class Diagnostics:
    """The diagnostics of one compilation, collected over its stages."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}  # in order; quick to look up

    def report(self, diagnostic: Diagnostic) -> None:
        """Add a finding; an equal one is kept once."""
        self._found[_shortened(diagnostic)] = None

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._found, key=lambda found: found.order))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def has_errors(self) -> bool:
        """Whether one of the findings is an error."""
        return any(found.severity is Severity.ERROR for found in self._found)

    def with_warnings_as_errors(self) -> "Diagnostics":
        """Return the same findings with every warning an error (`--strict`)."""
        strict = Diagnostics()
        for found in self._found:
            strict.report(replace(found, severity=Severity.ERROR))
        return strict
