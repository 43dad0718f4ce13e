"""Diagnostics as GitHub workflow commands, which annotate the lines of a pull request.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions and
escapeData, escapeProperty of https://github.com/actions/toolkit.
"""

from collections.abc import Iterable

from slimgen.diagnostics import Diagnostic
from slimgen.render.location import locate

DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY = DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render_github(found: Iterable[Diagnostic]) -> str:
    """Return one command a diagnostic, a line each."""
    return "".join(_command(one) + "\n" for one in found)


def _command(one: Diagnostic) -> str:
    settings: dict[str, object] = {}
    if one.span is not None:
        place = locate(one.span)
        settings |= {"file": place.file, "line": place.line, "endLine": place.end_line}
        if place.line == place.end_line:  # GitHub takes columns within one line only
            settings |= {"col": place.column}
            settings |= {"endColumn": max(place.column, place.end_column - 1)}
    settings["title"] = one.code
    pairs = ",".join(
        f"{key}={str(value).translate(PROPERTY)}" for key, value in settings.items()
    )
    return f"::{one.severity.value} {pairs}::{_message(one).translate(DATA)}"


def _message(one: Diagnostic) -> str:
    parts = [one.message if not one.label else f"{one.message}: {one.label}"]
    for note in one.notes:
        place = locate(note.span)
        parts.append(f"{place.file}:{place.line}:{place.column}: {note.label}")
    if one.help:
        parts.append(f"help: {one.help}")
    return "\n".join(parts)
