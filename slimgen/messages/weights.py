"""Diagnostics about weights of other sources: maps (E14x, E207) and files (E95x)."""

from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic, Note
from slimgen.messages.names import listed
from slimgen.source import Span


def bad_pattern(span: Span, text: str, reason: str) -> Diagnostic:
    """Report a rule whose names cannot be read, or have no value."""
    return Diagnostic(
        "E141",
        f"`{text[:60]}` matches no names: {reason}",
        span,
        "these names",
        "`{b}` is a part of a name, `{weights,biases}` and `{1..3}` are lists, `*` is "
        "anything; in the source's name `{b + 1}` is computed",
    )


def no_source(span: Span, what: str, names: Sequence[str]) -> Diagnostic:
    """Report variables that no rule of a map fits."""
    return Diagnostic(
        "E142",
        f"the map to {what} has no rule for {listed(names, 3)}",
        span,
        "no rule fits",
        f'add `rename "{names[0]}" "…"`, or `new "{names[0]}"` if the source has none',
    )


def source_used_twice(
    span: Span, source: str, names: tuple[str, str], first: Span
) -> Diagnostic:
    """Report two variables that take the same value of a source."""
    again = first == span
    notes = () if again else (Note(first, f"`{names[0]}` takes it here"),)
    return Diagnostic(
        "E143",
        f"`{source}` is the source of `{names[0]}` and of `{names[1]}`",
        span,
        "taken twice by this rule" if again else "taken again here",
        "let the source's name count with the pattern's, as in "
        '`rename "conv{i}/weights" "conv_{i}/kernel"`',
        notes,
    )


def unused_rule(
    span: Span, pattern: str, taken: bool, known: Sequence[str]
) -> Diagnostic:
    """Report a rule of a map that decides about no variable."""
    help = "a rule above fits the same variables first" if taken else ""
    return Diagnostic(
        "E144",
        (
            f"no variable is left for `{pattern[:60]}`"
            if taken
            else f"no variable fits `{pattern[:60]}`"
        ),
        span,
        "this rule is not used",
        help or f"the names are those below the network's scope: {listed(known, 3)}",
    )


def wrong_transform(
    span: Span, key: str, variable: str, shape: Sequence[int], found: str
) -> Diagnostic:
    """Report a slice, reshape or transpose that does not give the variable's shape."""
    return Diagnostic(
        "E207",
        f"`{key}` gives {found}, `{variable}` is {list(shape)}",
        span,
        "this shape" if key != "transpose" else "these axes",
        "the source's value is sliced, then reshaped, then transposed; "
        "one length of `reshape` may be -1",
    )


# Files.


def unreadable_weights(file: str, reason: str) -> Diagnostic:
    """Report a file that holds no weights, or is damaged."""
    return Diagnostic(
        "E950",
        f"no weights can be read from `{file}`: {reason}",
        help="it may be a checkpoint of TensorFlow, .h5 or .keras of Keras, .npy with a "
        "dictionary of arrays, or safetensors; a checkpoint is named without `.index`",
    )


def reader_missing(file: str, package: str) -> Diagnostic:
    """Report a package that is needed to read a file."""
    return Diagnostic(
        "E951",
        f"to read `{file}`, `{package}` is missing",
        help="`pip install 'slimgen[weights]'` installs it",
    )


def one_network(source: str, names: Sequence[str]) -> Diagnostic:
    """Report a source that does not have exactly one network."""
    found = listed(names) if names else "no network"
    return Diagnostic(
        "E952",
        f"weights are for one network, `{source}` has {found}",
        help="`--network` picks one" if names else "",
    )
