"""Warnings about statements and arguments without an effect: W3xx."""

from slimgen.diagnostics import Diagnostic, Severity
from slimgen.source import Span


def unused_parameter(span: Span, name: str, owner: str) -> Diagnostic:
    """Warn of a parameter that nothing reads."""
    return Diagnostic(
        "W301",
        f"nothing in `{owner}` uses its parameter `{name}`",
        span,
        "unused",
        "remove it, or use it",
        severity=Severity.WARNING,
    )


def unused_scope_key(span: Span, key: str) -> Diagnostic:
    """Warn of a default that no line can take."""
    return Diagnostic(
        "W302",
        f"no line takes the default `{key}`",
        span,
        "each line overrides it",
        "remove it, here or on the lines",
        severity=Severity.WARNING,
    )


def unused_scope_word(span: Span, word: str) -> Diagnostic:
    """Warn of a word in a scope's list that no line uses."""
    return Diagnostic(
        "W303",
        f"no line uses `{word}`",
        span,
        "unused in this scope",
        "remove it from the list",
        severity=Severity.WARNING,
    )


def unused_file(span: Span, path: str) -> Diagnostic:
    """Warn of a `use` from which nothing is taken."""
    return Diagnostic(
        "W304",
        f"nothing of `{path}` is used",
        span,
        "unused",
        "remove the line",
        severity=Severity.WARNING,
    )


def branch_without_effect(span: Span) -> Diagnostic:
    """Warn of a side branch without a named tensor."""
    return Diagnostic(
        "W305",
        "this branch has no effect",
        span,
        "nothing in it has a name",
        "name it by `as`, `tap` or `output`, or put it into `add` or `concat`",
        severity=Severity.WARNING,
    )


def job_left_out(span: Span, job: str, reason: str) -> Diagnostic:
    """Warn of a job that does not fit a network that `-D` changed."""
    return Diagnostic(
        "W306",
        f"this build has no `{job}`: {reason}",
        span,
        "left out",
        "`-D` changed the network; without that option the build has the job",
        severity=Severity.WARNING,
    )


def unused_result(span: Span, word: str) -> Diagnostic:
    """Warn of a layer whose result no other statement reads."""
    return Diagnostic(
        "W307",
        f"nothing reads the result of this `{word}`",
        span,
        "computed for nothing",
        "remove it, or keep its result: `tap NAME` or `output NAME` on the next line",
        severity=Severity.WARNING,
    )


def other_range(span: Span, label: str, highest: int, given: str) -> Diagnostic:
    """Warn of a label that is the image of an input, with other values."""
    return Diagnostic(
        "W308",
        f"the label `{label}` is the image of `{given}` with other values",
        span,
        f"from 0 to {highest}, and from 0 to 1 in `{given}`",
        f"`label={given}` in the loss compares with the image that the network takes",
        severity=Severity.WARNING,
    )
