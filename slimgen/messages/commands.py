"""What is wrong with files, with the project's settings and with built files: E9xx."""

from slimgen.diagnostics import Diagnostic, Severity
from slimgen.source import Span

# Files.


def unreadable_file(name: str, reason: str) -> Diagnostic:
    """`name` cannot be read; `reason` is the system's, in our words."""
    return Diagnostic("E901", f"`{name}` cannot be read: {reason}")


def not_utf8(span: Span, byte: int) -> Diagnostic:
    """A source holds a byte that is no UTF-8 text."""
    return Diagnostic(
        "E902",
        f"`{span.source.name}` is not text in UTF-8",
        span,
        label=f"byte 0x{byte:02x}",
        help="save the file as UTF-8",
    )


def unwritable_file(name: str, reason: str, remedy: str = "") -> Diagnostic:
    """`name` cannot be written."""
    return Diagnostic("E903", f"`{name}` cannot be written: {reason}", help=remedy)


def output_is_source(name: str) -> Diagnostic:
    """What is built would replace what it is built from."""
    return Diagnostic(
        "E904",
        f"`{name}` is both source and output",
        help="name another output with `-o`",
    )


def output_not_ours(name: str, command: str) -> Diagnostic:
    """The output exists and its head says nothing of slimgen."""
    return Diagnostic(
        "E905",
        f"`{name}` exists and was not built by slimgen",
        help=f"`{command} --force` replaces it",
    )


def output_twice(name: str, first: str, second: str) -> Diagnostic:
    """Two builds write the same file."""
    what = f"`{first}` twice" if first == second else f"`{first}` and `{second}`"
    return Diagnostic(
        "E906",
        f"`{name}` is the output of {what}",
        help="give each an output of its own",
    )


def edits_replaced(name: str) -> Diagnostic:
    """An output that was edited by hand is built anew."""
    return Diagnostic(
        "W907",
        f"`{name}` was edited by hand, and the edits are replaced",
        help="what should stay belongs into the source, or into a file of its own",
        severity=Severity.WARNING,
    )


# Settings of the project.


def settings_not_toml(span: Span, reason: str) -> Diagnostic:
    """pyproject.toml is not TOML."""
    return Diagnostic("E910", f"`{span.source.name}` is not TOML", span, label=reason)


def unknown_setting(span: Span, key: str, table: str, near: str | None) -> Diagnostic:
    """A key of the settings means nothing; `near` is the likely intention."""
    return Diagnostic(
        "E911",
        f"`{table}` has no key `{key}`",
        span,
        label="unknown key",
        help=f"did you mean `{near}`?" if near else "",
    )


def mistyped_setting(span: Span, key: str, expected: str, found: str) -> Diagnostic:
    """A key of the settings has a value of another type."""
    return Diagnostic(
        "E912",
        f"`{key}` takes {expected}",
        span,
        label=f"this is {found}",
    )


def missing_setting(span: Span, key: str, table: str) -> Diagnostic:
    """A table of the settings lacks a key."""
    return Diagnostic("E913", f"`{table}` needs a `{key}`", span, label="in this table")


# Built files: `build --check` and `fmt --check`.


def output_stale(name: str, reason: str, command: str) -> Diagnostic:
    """What would be built is not what was; `reason` is a clause."""
    return Diagnostic(
        "E920",
        f"`{name}` is stale: {reason}",
        help=f"`{command}` brings it up to date",
    )


def output_missing(name: str, command: str) -> Diagnostic:
    """The output has never been built, or was removed."""
    return Diagnostic("E921", f"`{name}` is missing", help=f"`{command}` builds it")


def output_edited(name: str, command: str) -> Diagnostic:
    """The body is not the one that was built."""
    return Diagnostic(
        "E922",
        f"`{name}` was edited by hand",
        help=f"`{command}` replaces the edits",
    )


def output_of_other_format(name: str, old: int, new: int, command: str) -> Diagnostic:
    """The output was made by a slimgen that wrote otherwise."""
    return Diagnostic(
        "E923",
        f"`{name}` has emission format {old}, and this slimgen writes format {new}",
        help=(
            f"`{command}` brings it up to date"
            if old < new
            else "install the slimgen that built it, or a newer one"
        ),
    )


def not_formatted(name: str) -> Diagnostic:
    """`fmt --check` found another form than the canonical one."""
    return Diagnostic(
        "E924",
        f"`{name}` is not in the canonical form",
        help=f"`slimgen fmt {name}` rewrites it",
    )
