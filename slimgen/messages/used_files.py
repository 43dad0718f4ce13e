"""Diagnostics about the files that a source names: `use`, `labels`."""

from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic
from slimgen.messages.names import suggestion
from slimgen.source import Span


def no_such_file(span: Span, path: str, known: Sequence[str]) -> Diagnostic:
    """Report a `use` of a file that cannot be read."""
    slashes = path.replace("\\", "/")
    absolute = path.startswith("/")
    return Diagnostic(
        "E123",
        (
            f"the path `{path}` is absolute"
            if absolute
            else f"the file `{path}` does not exist"
        ),
        span,
        "begins with `/`" if absolute else "not found",
        (f'a path has slashes: `use "{slashes}"`' if slashes != path else "")
        or suggestion(path, known)
        or "a path is relative to this file; slimgen's own files begin with `std/` or `zoo/`",
    )


def path_is_reserved(span: Span, path: str) -> Diagnostic:
    """Report a path of slimgen's own where a file of that path lies beside the source."""
    tree = path.partition("/")[0]
    return Diagnostic(
        "E134",
        f"`{path}` is a path of slimgen's own, and a file of that path lies beside this one",
        span,
        "which of the two?",
        f'`use "./{path}"` takes the file beside; rename its folder to use slimgen\'s `{tree}/`',
    )
