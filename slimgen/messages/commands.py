"""Diagnostics about files, the project's settings and built files: E9xx."""

from slimgen.diagnostics import Diagnostic, Severity
from slimgen.source import Span

UTF_16 = (0xFE, 0xFF)  # a byte of its mark, which no text in UTF-8 has

# Files.


def unreadable_file(name: str, reason: str) -> Diagnostic:
    """Report a file that cannot be read; `reason` is a clause."""
    return Diagnostic("E901", f"`{name}` cannot be read: {reason}")


def not_utf8(span: Span, byte: int) -> Diagnostic:
    """Report a source that is not UTF-8; the span marks the first wrong byte."""
    return Diagnostic(
        "E902",
        f"`{span.source.name}` is not text in UTF-8",
        span,
        label=f"byte 0x{byte:02x}",
        help=f"save the file as UTF-8{', it is UTF-16' if byte in UTF_16 else ''}",
    )


def unwritable_file(name: str, reason: str, remedy: str = "") -> Diagnostic:
    """Report a file that cannot be written; `reason` is a clause."""
    return Diagnostic("E903", f"`{name}` cannot be written: {reason}", help=remedy)


def output_is_source(name: str) -> Diagnostic:
    """Report an output that would overwrite its own source."""
    return Diagnostic(
        "E904",
        f"`{name}` is both source and output",
        help="name another output with `-o`",
    )


def output_not_ours(name: str, command: str) -> Diagnostic:
    """Report an existing output whose head does not name slimgen."""
    return Diagnostic(
        "E905",
        f"`{name}` exists and was not built by slimgen",
        help=f"`{command} --force` replaces it",
    )


def output_twice(name: str, first: str, second: str) -> Diagnostic:
    """Report two builds that would write the same file."""
    sources = f"`{first}` twice" if first == second else f"`{first}` and `{second}`"
    return Diagnostic(
        "E906",
        f"`{name}` is the output of {sources}",
        help="give each an output of its own",
    )


def edits_replaced(name: str) -> Diagnostic:
    """Warn that a build overwrites an output that was edited by hand."""
    return Diagnostic(
        "W907",
        f"`{name}` was edited by hand, and the edits are lost",
        help="change the source instead, or keep the edits in a file of their own",
        severity=Severity.WARNING,
    )


def copy_replaces(name: str, command: str) -> Diagnostic:
    """Report a file that stands where a source of the zoo would be copied to."""
    return Diagnostic(
        "E908",
        f"`{name}` exists and differs from the zoo's source",
        help=f"`{command} --force` replaces it, another `-o` keeps both",
    )


# Settings of the project.


def settings_not_toml(span: Span, reason: str) -> Diagnostic:
    """Report a pyproject.toml that is not TOML."""
    return Diagnostic("E910", f"`{span.source.name}` is not TOML", span, label=reason)


def unknown_setting(span: Span, key: str, table: str, near: str | None) -> Diagnostic:
    """Report an unknown key of the settings; `near` is the most similar known key."""
    return Diagnostic(
        "E911",
        f"`{table}` has no key `{key}`",
        span,
        label="unknown key",
        help=f"did you mean `{near}`?" if near else "",
    )


def mistyped_setting(span: Span, key: str, expected: str, found: str) -> Diagnostic:
    """Report a setting whose value has the wrong type."""
    return Diagnostic(
        "E912",
        f"`{key}` takes {expected}",
        span,
        label=f"this is {found}",
    )


def missing_setting(span: Span, key: str, table: str) -> Diagnostic:
    """Report a table of the settings that lacks a required key."""
    return Diagnostic("E913", f"`{table}` needs a `{key}`", span, label="in this table")


# Built files: `build --check` and `fmt --check`.


def output_stale(name: str, reason: str, command: str) -> Diagnostic:
    """Report an output that differs from a new build; `reason` is a clause."""
    return Diagnostic(
        "E920",
        f"`{name}` is stale: {reason}",
        help=f"`{command}` brings it up to date",
    )


def output_missing(name: str, command: str) -> Diagnostic:
    """Report an output that does not exist."""
    return Diagnostic("E921", f"`{name}` is missing", help=f"`{command}` builds it")


def output_edited(name: str, command: str) -> Diagnostic:
    """Report an output whose body does not have the digest in its head."""
    return Diagnostic(
        "E922",
        f"`{name}` was edited by hand",
        help=f"`{command}` replaces the edits",
    )


def output_of_other_format(name: str, old: int, new: int, command: str) -> Diagnostic:
    """Report an output in another emission format."""
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
    """Report a source that `slimgen fmt` would rewrite."""
    return Diagnostic(
        "E924",
        f"`{name}` is not in the canonical form",
        help=f"`slimgen fmt {name}` rewrites it",
    )
