"""Diagnostics about shapes (E2xx): each layer has its own sentence for its own facts."""

import re
from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic, Note
from slimgen.source import Span


def does_not_fit(
    span: Span, word: str, reason: str, inputs: Sequence[str], help: str
) -> Diagnostic:
    """Report inputs that a layer cannot take."""
    batch = re.fullmatch(
        r"\[batch, \?, (\d+), (\d+), (\d)\]", inputs[0] if inputs else ""
    )
    if batch and not help:
        help = (
            f"the size of an input leaves out the batch: `{'x'.join(batch.groups())}`"
        )
    label = f"on {' and '.join(inputs[:4])}" if inputs else "here"
    return Diagnostic("E201", _about(word, reason), span, label, help)


def _about(word: str, reason: str) -> str:
    """Put the layer's word before a sentence that does not begin with it."""
    return reason if reason.startswith(f"`{word}`") else f"`{word}`: {reason}"


def parts_differ(
    span: Span,
    word: str,
    reason: str,
    parts: Sequence[tuple[Span, int, str]],
    help: str = "",
) -> Diagnostic:
    """Report branches whose shapes cannot be merged.

    Args:
        span: The merging layer.
        word: Its word.
        reason: A sentence about the shapes that it needs.
        parts: Place, number from 0 and shape of the branches in question.
        help: The cause of the difference.
    """
    noun = " branch"
    branches = []
    for _, index, shape in parts:
        branches.append(f"{shape} from the {ordinal(index)}{noun}")
        noun = ""
    label = ", ".join(branches)
    notes = tuple(Note(place, shape) for place, _, shape in parts)
    return Diagnostic("E203", _about(word, reason), span, label, help, notes)


def shrinking_branches(parts: Sequence[tuple[int, int, int]]) -> str:
    """Write by which factor each branch divides the size.

    Args:
        parts: The branch's number from 0, its factor, and the line of the first stride;
            the factor is 1 and the line 0 where the branch keeps the size.
    """
    found: list[str] = []
    for index, factor, line in parts:
        branch = f"the {ordinal(index)}{'' if found else ' branch'}"
        if factor > 1:
            found.append(f"{branch} subsamples by {factor} (line {line})")
        else:
            found.append(f"{branch} does not" if found else f"{branch} keeps the size")
    return ", ".join(found)


def ordinal(index: int) -> str:
    """Write 0 as `first`."""
    names = ("first", "second", "third", "fourth", "fifth", "sixth")
    return names[index] if index < len(names) else f"{index + 1}th"


def reused_shape_differs(
    span: Span, name: str, needed: str, found: str, first: Span | None
) -> Diagnostic:
    """Report shared variables of another shape."""
    notes = (Note(first, f"{found} from here"),) if first else ()
    return Diagnostic(
        "E204",
        f"`{name}` is {found}, this layer needs {needed}",
        span,
        "reused here",
        "layers share variables only when their inputs have the same channels",
        notes,
    )


def wrong_input_size(span: Span, name: str, expected: str, found: str) -> Diagnostic:
    """Report an input size that is not a list of lengths."""
    return Diagnostic(
        "E205",
        f"the size of `{name}` is {expected}, found {found}",
        span,
        "this size",
        "a size leaves out the batch: `224x224x3`, `?x?x3`, `[100]`",
    )
