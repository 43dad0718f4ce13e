"""Definitions of the emitted file that are ordinary Python in modules under `templates/`.

Code of the emitted file that needs no decision is a module there (`templates/runtime/*.py`):
formatted, linted, importable and tested by itself. The emitter takes the definitions that a
file reaches. The contract of such a module:

- Its docstring is the heading of its section: `Weights.` becomes `# Weights.` One that
  begins with `…` has no heading: it continues the section above.
- Imports stand at the top, one statement a line (or in parentheses). Those of other modules
  under `templates/` connect them; in the emitted file all definitions stand in one module.
  Imports of `templates/runtime/stand_ins.py` name what each file defines for itself.
- Below are functions, classes and constants (`NAME = …`). A comment directly above one
  belongs to it. Nothing runs on import.
- A local variable, parameter or keyword does not have the name of a definition: uses are
  read by words, without a syntax tree, because that is fast. tests/test_library.py
  compares them with Python's own symbol tables.
- Tests of the flags in `templates/runtime/flags.py` are folded: see `folding`.
- A word of the file (`NETWORK`: the class's name) replaces the stand-in of that name.

A file reaches the names in the text that it renders, and names in definitions reached.
"""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence

from slimgen.emit.folding import Flags, fold
from slimgen.emit.templates import source_text
from slimgen.frozen import Frozen

THIRD_PARTY = ("numpy", "tensorflow")  # every emitted file imports them
FLAGS_MODULE = "runtime/flags.py"
# Strings, comments and names; an attribute's name is read with its dot.
LEXEME = re.compile(
    r'[rbfRBF]{0,2}"""[\s\S]*?"""'
    r'|[rbfRBF]{0,2}"(?:\\.|[^"\\\n])*"'
    r"|[rbfRBF]{0,2}'(?:\\.|[^'\\\n])*'"
    r"|\#[^\n]*"
    r"|\.?[^\W\d]\w*(?:=(?!=))?"
    r"|\d\w*"
)
FIELD = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}")
STATEMENT = re.compile(r"^(def |class |)(\w+)", re.MULTILINE)
IMPORT = re.compile(
    r"^(?:from (\S+) )?import (?:\(([^)]*)\)|([^\n(]+?))(?:  #[^\n]*)?$", re.MULTILINE
)


class LibraryDefinition(Frozen):
    """A function, class or constant of a library module.

    Attributes:
        text: Its lines, with comments and decorators above.
        block: It is a function or class, between two blank lines.
        gap: Blank lines above it in its module.
        uses: The names in it.
    """

    name: str
    text: str
    block: bool
    gap: int
    uses: frozenset[str]


class LibraryModule(Frozen):
    """A module under `templates/`: its section's heading and its definitions, in order."""

    heading: str
    definitions: tuple[LibraryDefinition, ...]

    def text(self, reached: frozenset[str]) -> str:
        """Write the section with the definitions `reached`; "" when there are none."""
        lines = [f"# {self.heading}"] if self.heading else []
        after_block = True
        for definition in self.definitions:
            if definition.name not in reached:
                continue
            first = len(lines) == bool(self.heading)
            apart = definition.block or (after_block and not first)
            gap = 2 if apart else 1 if first else min(definition.gap, 1)
            lines += [""] * gap * bool(lines) + [definition.text]
            after_block = definition.block
        return "\n".join(lines) + "\n" if len(lines) > bool(self.heading) else ""


class Library(Frozen):
    """The library modules of one file, its flags folded and its words filled in."""

    modules: Mapping[str, LibraryModule]

    def reached(
        self, roots: Iterable[str], defined: frozenset[str] = frozenset()
    ) -> frozenset[str]:
        """Return the definitions that `roots` reach.

        Args:
            roots: Names that are used outside the library.
            defined: Names that the file defines itself, before any of the library.
        """
        known = self.definitions
        found: set[str] = set()
        waiting = [name for name in roots if name in known and name not in defined]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                uses = known[name].uses - defined
                waiting += [used for used in uses if used in known]
        return frozenset(found)

    def imports(self, reached: Iterable[str]) -> frozenset[str]:
        """Return the imports of the definitions reached: `re`, `typing.ClassVar`."""
        used = {
            name
            for module in self.modules.values()
            for definition in module.definitions
            if definition.name in reached
            for name in definition.uses
        }
        return imported(used, self.modules)

    @functools.cached_property
    def definitions(self) -> Mapping[str, LibraryDefinition]:
        """All definitions by name."""
        modules = self.modules.values()
        return {d.name: d for module in modules for d in module.definitions}

    @property
    def names(self) -> frozenset[str]:
        """All names that the library defines."""
        return frozenset(self.definitions)


def open_library(
    parts: Sequence[str], flags: Flags, words: Mapping[str, str] | None = None
) -> Library:
    """Return the library modules `parts`, such as `runtime/weights.py`, for one file.

    Args:
        parts: Names of modules below `templates/`.
        flags: The value of each flag that differs from `templates/runtime/flags.py`.
        words: The text that replaces a stand-in.
    """
    known = declared_flags()
    if unknown := flags.keys() - known.keys():
        raise KeyError(f"{sorted(unknown)} not in {FLAGS_MODULE}")
    key = tuple(sorted({**known, **flags}.items()))
    filled = tuple(sorted((words or {}).items()))
    return Library({part: _library_module(part, key, filled) for part in parts})


@functools.cache
def declared_flags() -> Flags:
    """Return the flags with the values of the general form, which is the library's own."""
    lines = re.findall(
        r"^([A-Z_]+) = (True|False)", source_text(FLAGS_MODULE), re.MULTILINE
    )
    return {name: value == "True" for name, value in lines}


@functools.lru_cache(maxsize=64)
def _library_module(
    part: str, flags: tuple[tuple[str, bool], ...], words: tuple[tuple[str, str], ...]
) -> LibraryModule:
    text = fold(source_text(part), dict(flags))
    if words:
        names = "|".join(re.escape(name) for name, _ in words)
        text = re.sub(rf"\b({names})\b", lambda found: dict(words)[found[1]], text)
    heading = re.match(r'"""([^…\n][^\n]*?)(?:"""|\n)', text)
    body = IMPORT.sub("", re.sub(r'\A"""[\s\S]*?"""\n', "", text))
    return LibraryModule(heading[1] if heading else "", tuple(_definitions(body)))


def _definitions(text: str) -> Iterable[LibraryDefinition]:
    """Part the statements at the left margin, each with what stands directly above it."""
    above: list[str] = []  # comments and decorators
    lines: list[str] = []
    gap = 0
    for line in [*text.splitlines(), "#"]:
        if not line or line[0] in " )]}":
            if lines or line:
                (lines or above).append(line)
            else:
                above = []  # a comment that stands alone
            continue
        if lines:
            yield _definition("\n".join(lines), gap)
            gap = next(n for n, text in enumerate(reversed(lines)) if text)
            lines = []
        if line[0] in "#@":
            above.append(line)
        else:
            lines, above = [*above, line], []


def _definition(text: str, gap: int) -> LibraryDefinition:
    found = STATEMENT.search(text)
    assert found is not None, text
    block = bool(found[1])
    uses = used_names(text) - {found[2]}
    return LibraryDefinition(found[2], text.rstrip(), block, gap, uses)


def used_names(text: str) -> frozenset[str]:
    """Return the names that Python text uses: no attributes, keywords or strings."""
    return frozenset(_names(text))


def _names(text: str) -> Iterable[str]:
    for lexeme in LEXEME.findall(text):
        if lexeme[-1] in "\"'":
            if lexeme[0] in "fF" or lexeme[1] in "fF":
                for field in FIELD.findall(lexeme.replace("{{", "")):
                    yield from _names(field)
        elif lexeme[0] not in ".#0123456789" and lexeme[-1] != "=":
            yield lexeme


@functools.cache
def _importable(parts: tuple[str, ...]) -> Mapping[str, str]:
    """Return the imports of Python's own modules in `parts` by the name they bind."""
    found: dict[str, str] = {}
    for part in parts:
        for module, inner, names in IMPORT.findall(source_text(part)):
            if module.startswith("slimgen."):
                continue
            for name in filter(None, map(str.strip, (inner or names).split(","))):
                member, _, alias = name.partition(" as ")
                if member not in THIRD_PARTY:
                    found[alias or member] = f"{module}.{member}" if module else member
    return found


def import_lines(names: Iterable[str]) -> list[str]:
    """Write imports of modules, then of members with a dot, as isort orders them."""
    members: dict[str, list[str]] = {}
    names = sorted(names, key=isort_key)
    for name in names:
        module, dot, member = name.rpartition(".")
        if dot:
            members.setdefault(module, []).append(member)
    lines = [f"import {name}" for name in sorted(names) if "." not in name]
    return lines + [
        f"from {module} import {', '.join(members[module])}"
        for module in sorted(members)
    ]


def isort_key(name: str) -> tuple[int, str]:
    """Return the place of a member in an import: constants, classes, functions."""
    name = name.rpartition(".")[2]
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def imported(names: Iterable[str], parts: Iterable[str]) -> frozenset[str]:
    """Return what binds those of `names` that the modules `parts` import.

    A member of a module is written with it: `collections.abc.Callable`.
    """
    importable = _importable(tuple(parts))
    return frozenset(importable[name] for name in names if name in importable)
