"""Patterns of variables' names, and the source's names of the variables that fit one.

In a pattern `{b}` stands for a part of a name without `/`, `{1..3}` and `{weights,biases}`
for one of several texts, `*` for anything. In a source's name `{b + 1}` is an expression
over those parts, and the lists stand for the texts at the same place of the pattern's. A
list with a name, `{kind=weights,biases}`, is a part too; the source's list of that name
stands for its texts, in any order of lists.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.syntax.tokens import RESERVED

NTH = "nth"
MOST_WILD = 6  # parts of a pattern that may be anything: matching is no search
PARTS = re.compile(r"\{([^{}]*)\}|([*]+)|([^{}*]+)|(.)", re.DOTALL)
RANGE = re.compile(r"(\d{1,6})\.\.(\d{1,6})")
LONGEST = 1_000  # texts that a range may stand for
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)

Captures = dict[str, int | str]


class PatternError(Exception):
    """A text that is no pattern; the message completes "…: "."""


class Pattern(Frozen):
    """Names of variables; `lists` are the texts of each list in it, `labels` their names."""

    regex: re.Pattern[str]
    captures: tuple[str, ...]
    lists: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]

    def fit(self, name: str) -> "PatternFit | None":
        """Return the parts of a name that fits, else None."""
        found = self.regex.fullmatch(name)
        if found is None:
            return None
        parts = {name: _value(found[name]) for name in self.captures}
        for index, label in enumerate(self.labels):
            if label:
                parts[label] = _value(found[f"_{index}"])
        chosen = tuple(
            texts.index(found[f"_{index}"]) for index, texts in enumerate(self.lists)
        )
        return PatternFit(parts, chosen)


class PatternFit(Frozen):
    """The parts of a name that fits a pattern: by name, and the place in each list."""

    parts: Captures
    chosen: tuple[int, ...]


class SourceName(Frozen):
    """Names of a source: text, expressions (None: text) and lists, in order."""

    parts: tuple["PatternPart", ...]

    def name(self, fit: PatternFit, evaluate: Callable[[str, Captures], str]) -> str:
        """Return the source's name of the variable that fits."""
        texts = []
        for part in self.parts:
            if part.texts:
                texts.append(part.texts[fit.chosen[part.list]])
            elif part.is_expression:
                texts.append(evaluate(part.text, fit.parts))
            else:
                texts.append(part.text)
        return "".join(texts)


class PatternPart(Frozen):
    """A piece of a name: text, an expression, or the texts for one of the pattern's lists."""

    text: str
    is_expression: bool = False
    texts: tuple[str, ...] = ()
    list: int = 0


def read_pattern(text: str) -> Pattern:
    """Return the pattern that a text writes, or raise PatternError."""
    written: list[str] = []
    captures: list[str] = []
    lists: list[tuple[str, ...]] = []
    labels: list[str] = []
    wild = 0
    before = ""
    for inside, stars, plain in _pieces(text):
        if before.endswith(("+)", ".*")) and not plain:
            raise PatternError("two of its parts touch: nothing tells them apart")
        label, listed = labelled(inside or "")
        if inside is None:
            wild += bool(stars)
            written.append(".*" if stars else re.escape(plain))
        elif (texts := list_of(listed)) is not None:
            if label:
                _check_name(label, {*captures, *labels})
            choices = "|".join(map(re.escape, texts))
            written.append(f"(?P<_{len(lists)}>{choices})")
            lists.append(texts)
            labels.append(label)
        elif inside in captures:
            written.append(f"(?P={inside})")
        else:
            _check_name(inside, labels)
            wild += 1
            captures.append(inside)
            written.append(f"(?P<{inside}>[^/]+)")
        before = written[-1]
    if not text:
        raise PatternError("it is empty")
    if wild > MOST_WILD:
        raise PatternError(f"it has more than {MOST_WILD} parts that may be anything")
    regex = re.compile("".join(written))
    return Pattern(regex, tuple(captures), tuple(lists), tuple(labels))


def labelled(inside: str) -> tuple[str, str]:
    """Return the name of a list, or "", and the list."""
    label, sign, texts = inside.partition("=")
    label = label.strip()
    return (label, texts) if sign and NAME.fullmatch(label) else ("", inside)


def _check_name(name: str, taken: Collection[str]) -> None:
    if NAME.fullmatch(name) is None or name.startswith("_"):
        raise PatternError(
            f"`{{{name}}}` is neither a name, a list `{{a,b}}` nor a range `{{1..3}}`"
        )
    if name in RESERVED or name == NTH:
        raise PatternError(f"`{name}` has a meaning of its own; choose another name")
    if name in taken:
        raise PatternError(f"it has two parts called `{name}`")


def read_source_name(text: str, pattern: Pattern) -> SourceName:
    """Return the source's names that a text writes for a pattern's, or raise PatternError."""
    parts: list[PatternPart] = []
    for inside, stars, plain in _pieces(text):
        label, listed = labelled(inside or "")
        if inside is None:
            parts.append(PatternPart(stars or plain))
        elif (texts := list_of(listed)) is not None:
            parts.append(PatternPart(label, texts=texts))
        else:
            parts.append(PatternPart(inside, is_expression=True))
    if not text:
        raise PatternError("it is empty")
    return SourceName(_placed(parts, pattern))


def _placed(parts: Sequence[PatternPart], pattern: Pattern) -> tuple[PatternPart, ...]:
    """Return the parts with the places of their lists in the pattern."""
    places = {label: place for place, label in enumerate(pattern.labels) if label}
    unnamed = (place for place, label in enumerate(pattern.labels) if not label)
    found: list[PatternPart] = []
    wanted: list[int] = []
    for part in parts:
        if not part.texts:
            found.append(part)
            continue
        place = places.get(part.text) if part.text else next(unnamed, None)
        if place is None and part.text:
            raise PatternError(f"the pattern has no list called `{part.text}`")
        found.append(part if place is None else replace(part, list=place))
        wanted += [] if place is None else [len(pattern.lists[place])]
    lists = [part.texts for part in found if part.texts]
    left = [*unnamed]
    if [len(texts) for texts in lists] != wanted or left:
        raise PatternError(
            f"it has {_lengths(lists)}, the pattern has {_lengths(pattern.lists)}"
        )
    return tuple(found)


def _lengths(lists: Sequence[Sequence[str]]) -> str:
    counts = " and ".join(str(len(texts)) for texts in lists)
    return f"lists of {counts} texts" if counts else "no list"


def list_of(inside: str) -> tuple[str, ...] | None:
    """Return the texts of `a,b` or `1..3` between braces; None for anything else."""
    if any(sign in inside for sign in "[("):
        return None  # an expression with commas of its own
    pieces = [piece.strip() for piece in inside.split(",")]
    texts: list[str] = []
    for piece in pieces:
        counted = RANGE.fullmatch(piece)
        if counted is None:
            texts.append(piece)
            continue
        first, last = int(counted[1]), int(counted[2])
        if not first <= last < first + LONGEST:
            raise PatternError(f"`{piece}` counts up from the first to the last number")
        texts += map(str, range(first, last + 1))
    if len(pieces) == 1 and (len(texts) == 1 and texts == pieces):
        return None
    if len(set(texts)) < len(texts):
        raise PatternError(f"`{{{inside}}}` has a text twice")
    return tuple(texts)


def _pieces(text: str) -> Iterator[tuple[str | None, str, str]]:
    """Yield the text between braces, or stars, or plain text."""
    for found in PARTS.finditer(text):
        inside, stars, plain, other = found.groups()
        if other is not None:
            raise PatternError("a brace is open, or closes nothing")
        yield inside.strip() if inside is not None else None, stars or "", plain or ""


def _value(text: str) -> int | str:
    """A number for digits that a number would be written with, so that it can count."""
    if text.isascii() and text.isdigit() and str(int(text[:18])) == text:
        return int(text)
    return text
