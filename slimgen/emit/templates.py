"""The Jinja environment: templates hold layout, Python holds meaning."""

import functools
import re
from collections.abc import Iterable
from typing import Any

import jinja2

from slimgen.emit.tensorflow.values import python


@functools.cache
def environment() -> jinja2.Environment:
    """Return the environment; every value is written through the filter `py`."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("slimgen.templates", ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters["py"] = python
    # The lines of a macro, joined to a piece of a line.
    made.filters["oneline"] = lambda text: text.replace("\n", "")
    return made


def render(template: str, /, **context: Any) -> str:
    """Render one template; one without a tag is its text, and not worth compiling."""
    source = source_text(template)
    if not TAG.search(source):
        return source
    return environment().get_template(template).render(**context)


TAG = re.compile(r"\{[{%#]")
IMPORTS = re.compile(r"\{# imports: (.*?) #\}")
ASSIGNED = re.compile(r"^ *(\w+) = | as (\w+):", re.MULTILINE)
MEMBER = re.compile(r"^    (?:def )?(\w+)(?:: \w+ =| =|\()", re.MULTILINE)
WORD = re.compile(r"[^\W\d]\w*")
TOP_LEVEL = re.compile(r"^(?:def|class) (\w+)|^(\w+) = ", re.MULTILINE)


@functools.cache
def source_text(template: str) -> str:
    """Return a file below `templates/` as it is."""
    loader = environment().loader
    assert loader is not None
    return loader.get_source(environment(), template)[0]


def imports_of(template: str) -> set[str]:
    """The modules that a template says it needs: `{# imports: math, re #}`."""
    found = IMPORTS.match(source_text(template))
    return {name.strip() for name in found[1].split(",")} if found else set()


def top_level_names(parts: Iterable[str]) -> frozenset[str]:
    """The names that templates define."""
    names: set[str] = set()
    for part in parts:
        names |= defined_names(source_text(f"{part}.py.j2"))
    return frozenset(names)


def defined_names(text: str) -> frozenset[str]:
    """The names that a text defines at its left margin."""
    return frozenset(m[1] or m[2] for m in TOP_LEVEL.finditer(text))


def assigned_names(template: str) -> frozenset[str]:
    """The names that a template assigns at any margin, or binds by `with`."""
    found = ASSIGNED.finditer(source_text(template))
    return frozenset(m[1] or m[2] for m in found)


def member_names(text: str) -> frozenset[str]:
    """The names that the bodies of a text's classes define."""
    return frozenset(MEMBER.findall(text))


def words_of(template: str) -> frozenset[str]:
    """All words of a template; its local names are among them."""
    return frozenset(WORD.findall(source_text(template)))
