"""Diagnostics as SARIF 2.1.0, which code scanning services take.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from urllib.parse import quote

from slimgen.diagnostics import Diagnostic
from slimgen.render.location import locate
from slimgen.source import Span

SARIF = "2.1.0"
SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(
    found: Iterable[Diagnostic], version: str, titles: Mapping[str, str]
) -> str:
    """Return the log of one run.

    Args:
        found: The diagnostics of the run.
        version: The version of slimgen.
        titles: The title of each code.
    """
    shown = list(found)
    codes = sorted({one.code for one in shown})
    run = {
        "tool": {
            "driver": {
                "name": "slimgen",
                "version": version,
                "rules": [_rule(code, titles) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes) for one in shown],
    }
    log = {"$schema": SCHEMA_URI, "version": SARIF, "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(code: str, titles: Mapping[str, str]) -> dict[str, object]:
    if code not in titles:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": titles[code]}}


def _result(one: Diagnostic, codes: list[str]) -> dict[str, object]:
    text = [one.message if not one.label else f"{one.message}: {one.label}"]
    if one.help:
        text.append(f"help: {one.help}")
    result: dict[str, object] = {
        "ruleId": one.code,
        "ruleIndex": codes.index(one.code),
        "level": one.severity.value,
        "message": {"text": "\n".join(text)},
    }
    if one.span is not None:
        result["locations"] = [{"physicalLocation": _location(one.span)}]
    if one.notes:
        result["relatedLocations"] = [
            {
                "physicalLocation": _location(note.span),
                "message": {"text": note.label},
            }
            for note in one.notes
        ]
    return result


def _location(span: Span) -> dict[str, object]:
    place = locate(span)
    return {
        "artifactLocation": {"uri": _uri(place.file)},
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    }


def _uri(name: str) -> str:
    path = PurePath(name)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), errors="surrogateescape")
