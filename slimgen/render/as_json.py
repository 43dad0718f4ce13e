"""Diagnostics as one JSON document, described by docs/schemas/diagnostics.json."""

import json
from collections.abc import Iterable

from slimgen.diagnostics import Diagnostic
from slimgen.render.location import count, locate
from slimgen.source import Span

SCHEMA = 1


def render_json(found: Iterable[Diagnostic]) -> str:
    """Return the document; it has the same shape when nothing was found."""
    shown = list(found)
    errors, warnings = count(shown)
    document = {
        "schema": SCHEMA,
        "errors": errors,
        "warnings": warnings,
        "diagnostics": [_diagnostic(one) for one in shown],
    }
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(one: Diagnostic) -> dict[str, object]:
    return {
        "code": one.code,
        "severity": one.severity.value,
        "message": one.message,
        "label": one.label,
        "help": one.help,
        "place": None if one.span is None else _place(one.span),
        "notes": [
            {"label": note.label, "place": _place(note.span)} for note in one.notes
        ],
    }


def _place(span: Span) -> dict[str, object]:
    place = locate(span)
    return {
        "file": place.file,
        "start": {"line": place.line, "column": place.column},
        "end": {"line": place.end_line, "column": place.end_column},
    }
