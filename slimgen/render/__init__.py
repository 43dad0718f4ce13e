"""Diagnostics as text, JSON, GitHub workflow commands and SARIF: pure functions to strings."""

from slimgen.render.as_github import render_github
from slimgen.render.as_json import SCHEMA, render_json
from slimgen.render.as_sarif import render_sarif
from slimgen.render.as_text import render_text
from slimgen.render.location import count
from slimgen.render.style import COLOR, PLAIN, Style

__all__ = [
    "COLOR",
    "PLAIN",
    "SCHEMA",
    "Style",
    "count",
    "render_github",
    "render_json",
    "render_sarif",
    "render_text",
]
