"""Diagnostics about jobs, and about what the networks of one built file share: E1xx."""

from collections.abc import Iterable, Sequence

from slimgen.diagnostics import Diagnostic
from slimgen.messages.foreign import JOB_LINES
from slimgen.messages.names import counted, listed, suggestion, unknown_word
from slimgen.source import Span


def unknown_network_of_job(
    span: Span, name: str, known: Iterable[str], used: bool
) -> Diagnostic:
    """Report a job of a network that its file does not have, or only uses."""
    hint = f"write a network here that has the word `{name}`" if used else ""
    return unknown_word(span, name, known, hint, "network of this file")


def unknown_job_line(span: Span, word: str, known: Sequence[str]) -> Diagnostic:
    """Report a line of a job that the job does not know."""
    return Diagnostic(
        "E130",
        f"a job has no line `{word}`",
        span,
        "unknown line",
        JOB_LINES.get(word.lower(), "")
        or suggestion(word, known)
        or f"its lines are {listed(known, 30)}",
    )


def labels_do_not_fit(span: Span, names: int, classes: int, offset: int) -> Diagnostic:
    """Report a file of labels with more or fewer names than the network needs."""
    return Diagnostic(
        "E132",
        f"the file has {counted(names, 'label')}, the network needs {classes + offset}",
        span,
        f"{classes} for its classes and {offset} before them",
        "write one name for each class, and for each label before the first class",
    )


def networks_differ(span: Span, what: str, name: str, first: str) -> Diagnostic:
    """Report networks that one built file cannot hold, since it has one set of labels."""
    return Diagnostic(
        "E133",
        f"the {what} of `{name}` and of `{first}` differ",
        span,
        "built into the same file",
        f"build them into files of their own with `--network {name}`",
    )
