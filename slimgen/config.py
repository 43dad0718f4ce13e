"""`[tool.slimgen]` of pyproject.toml: what a project builds, and with which parameters."""

import difflib
import re
import sys
from collections.abc import Mapping

from slimgen.diagnostics import Diagnostics
from slimgen.frozen import Frozen
from slimgen.messages import commands
from slimgen.source import Source, Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = "tool.slimgen"
BUILD = "tool.slimgen.build"
KEYS = ("source", "output", "define", "network", "split")
KINDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


class Build(Frozen):
    """One file to build; paths as they stand in the settings."""

    source: str
    output: str | None
    defines: tuple[tuple[str, str], ...]
    networks: tuple[str, ...]
    split: bool = False


def read_config(source: Source, diagnostics: Diagnostics) -> tuple[Build, ...] | None:
    """Return the builds of a pyproject.toml; None when it has no `[tool.slimgen]`.

    With a mistake in the settings nothing is built: which entry it spoils is not known.
    """
    try:
        document = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        place, reason = _toml_place(source, str(error))
        diagnostics.report(commands.settings_not_toml(place, reason))
        return ()
    tool = document.get("tool")
    table = tool.get("slimgen") if isinstance(tool, dict) else None
    if table is None:
        return None
    builds = _Reader(source, diagnostics).builds(table)
    return () if diagnostics.has_errors else builds


def _toml_place(source: Source, message: str) -> tuple[Span, str]:
    """Return where tomllib stopped, which it says in words, and why."""
    match = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if match is None:
        end = len(source.text)
        return Span(source, end, end), re.sub(r" \(at end of document\)$", "", message)
    start = source.line_starts[int(match[1]) - 1] + int(match[2]) - 1
    return Span(source, start, start), message[: match.start()]


class _Reader:
    """Checks the table's keys and types, and finds where each stands in the text."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self._source = source
        self._diagnostics = diagnostics

    def builds(self, table: object) -> tuple[Build, ...]:
        """Return the builds of `[tool.slimgen]`."""
        whole = self._table_span(TABLE, 0)
        if not isinstance(table, dict):
            self._mistyped(whole, TABLE, "a table", table)
            return ()
        self._check_keys(table, ("build", "split"), TABLE, whole)
        split = self._flag(table, "split", whole)
        entries = table.get("build", [])
        if isinstance(entries, dict):
            entries = [entries]
        if not isinstance(entries, list):
            self._mistyped(self._key_span(whole, "build"), "build", "tables", entries)
            return ()
        builds = [self._build(entry, i, split) for i, entry in enumerate(entries)]
        return tuple(build for build in builds if build is not None)

    def _build(self, entry: object, index: int, split: bool) -> Build | None:
        where = self._table_span(BUILD, index)
        if not isinstance(entry, dict):
            self._mistyped(where, BUILD, "a table", entry)
            return None
        self._check_keys(entry, KEYS, BUILD, where)
        if "source" not in entry:
            self._diagnostics.report(commands.missing_setting(where, "source", BUILD))
        source = self._text(entry, "source", where)
        output = self._text(entry, "output", where)
        defines = self._defines(entry, where)
        networks = self._texts(entry, "network", where)
        split = self._flag(entry, "split", where, split)
        if source is None:
            return None
        return Build(source, output, defines, networks, split)

    def _defines(
        self, entry: Mapping[str, object], where: Span
    ) -> tuple[tuple[str, str], ...]:
        table = entry.get("define", {})
        if not isinstance(table, dict):
            self._mistyped(self._key_span(where, "define"), "define", "a table", table)
            return ()
        pairs = []
        for key, value in table.items():
            text = _as_text(value)
            if text is None:
                what = "a number, text, true, false or a list of them"
                self._mistyped(self._key_span(where, key), key, what, value)
            else:
                pairs.append((key, text))
        return tuple(pairs)

    def _flag(
        self,
        entry: Mapping[str, object],
        key: str,
        where: Span,
        default: bool = False,
    ) -> bool:
        value = entry.get(key, default)
        if isinstance(value, bool):
            return value
        self._mistyped(self._key_span(where, key), key, "true or false", value)
        return default

    def _text(self, entry: Mapping[str, object], key: str, where: Span) -> str | None:
        value = entry.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        self._mistyped(self._key_span(where, key), key, "text", value)
        return None

    def _texts(
        self, entry: Mapping[str, object], key: str, where: Span
    ) -> tuple[str, ...]:
        value = entry.get(key, [])
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list) and all(isinstance(item, str) for item in values):
            return tuple(values)
        self._mistyped(self._key_span(where, key), key, "a list of names", value)
        return ()

    def _check_keys(
        self,
        table: Mapping[str, object],
        known: tuple[str, ...],
        name: str,
        where: Span,
    ) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                place = self._key_span(where, key)
                self._diagnostics.report(
                    commands.unknown_setting(place, key, name, next(iter(near), None))
                )

    def _mistyped(self, where: Span, key: str, expected: str, found: object) -> None:
        kind = KINDS.get(type(found), "a date or a time") if found != "" else "empty"
        self._diagnostics.report(commands.mistyped_setting(where, key, expected, kind))

    # tomllib tells no places; the text is searched, and a miss points at the table.

    def _table_span(self, name: str, index: int) -> Span:
        pattern = r"^[ \t]*(\[\[?[ \t]*" + r"[ \t]*\.[ \t]*".join(name.split(".")) + ")"
        found = list(re.finditer(pattern, self._source.text, re.MULTILINE))
        if not found:
            return Span(self._source, 0, 0)
        match = found[min(index, len(found) - 1)]
        line = self._source.position(match.start(1))[0]
        end = match.start(1) + len(self._source.line(line).strip())
        return Span(self._source, match.start(1), end)

    def _key_span(self, table: Span, key: str) -> Span:
        pattern = re.compile(rf"""(?<![\w-])["']?({re.escape(key)})["']?\s*[=.\]]""")
        match = pattern.search(self._source.text, table.start)
        if match is None:
            return table
        return Span(self._source, match.start(1), match.end(1))


def _as_text(value: object) -> str | None:
    """Return a value of TOML as `-D` takes it; None when the language has no such value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        items = [_as_text(item) for item in value]
        if all(item is not None for item in items):
            return f"[{', '.join(str(item) for item in items)}]"
    return None
