"""Lines of source with marks under them, as a terminal shows them."""

import unicodedata
from collections.abc import Sequence

from slimgen.frozen import Frozen
from slimgen.render.location import locate
from slimgen.render.style import Style
from slimgen.source import Source, Span

TAB = 4
WIDTH = 100  # columns of source that are shown of a line
LEAD = 30  # of them before the mark, at most
ELLIPSIS = "…"


class Mark(Frozen):
    """A span to underline with `sign`, and what stands beside it."""

    span: Span
    label: str
    sign: str
    color: str


class Stroke(Frozen):
    """The part of a mark on one line: columns from 1, `last` not included."""

    line: int
    first: int
    last: int
    mark: Mark
    label: str


def visible(text: str) -> str:
    """Return `text` with what would steer the terminal, or hide in it, spelled out."""
    if text.isprintable():
        return text
    return "".join(_spell(character) for character in text)


def _spell(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) in ("Co", "Cn"):
        return character
    return f"<U+{ord(character):04X}>"


def width(text: str) -> int:
    """Return the number of terminal columns that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def snippet(
    source: Source, marks: Sequence[Mark], gutter: int, style: Style
) -> list[str]:
    """Return the marked lines of `source`, each with its marks, under a `|` each."""
    strokes = [stroke for mark in marks for stroke in _strokes(mark)]
    strokes.sort(key=lambda stroke: stroke.line)
    bar = style.paint(style.frame, " " * gutter + " |")
    rows = [bar]
    previous = None
    for number in dict.fromkeys(stroke.line for stroke in strokes):
        if previous is not None and number > previous + 1:
            rows.append(style.paint(style.frame, "..."))
        here = [stroke for stroke in strokes if stroke.line == number]
        shown = _Window(source.line(number), min(stroke.first for stroke in here))
        head = style.paint(style.frame, f"{number:<{gutter}} |")
        rows.append(f"{head} {shown.text}".rstrip())
        rows.extend(f"{bar} {_underline(shown, stroke, style)}" for stroke in here)
        previous = number
    return rows


def lines_of(span: Span) -> list[int]:
    """Return the numbers of the lines that a mark on `span` shows."""
    place = locate(span)
    return sorted({place.line, place.end_line})


def _strokes(mark: Mark) -> list[Stroke]:
    """Return the strokes of a mark: one, or first and last line of several."""
    place = locate(mark.span)
    if place.line == place.end_line:
        return [Stroke(place.line, place.column, place.end_column, mark, mark.label)]
    first = mark.span.source.line(place.line).rstrip()
    last = mark.span.source.line(place.end_line)
    indent = len(last) - len(last.lstrip())
    return [
        Stroke(place.line, place.column, len(first) + 1, mark, ""),
        Stroke(place.end_line, indent + 1, place.end_column, mark, mark.label),
    ]


def _underline(shown: "_Window", stroke: Stroke, style: Style) -> str:
    start = shown.column(stroke.first)
    length = max(1, shown.column(stroke.last) - start)
    text = stroke.mark.sign * length
    if stroke.label:
        text += f" {visible(stroke.label)}"
    return " " * start + style.paint(stroke.mark.color, text)


class _Window:
    """The part of a line that is shown, and where its characters stand."""

    def __init__(self, line: str, focus: int) -> None:
        """Show `line` around its column `focus`, counted from 1."""
        # Only what can be shown is measured: a line may have millions of characters.
        skip = max(0, focus - 1 - WIDTH)
        cells = _cells(line[skip : skip + 3 * WIDTH])
        begin, end = _choose(cells, focus - 1 - skip, skip > 0)
        cut_left = skip + begin > 0
        cut_right = skip + end < len(line)
        lead = ELLIPSIS if cut_left else ""
        self.text = lead + "".join(cells[begin:end]) + (ELLIPSIS if cut_right else "")
        self._skip = skip + begin
        self._stops = [width(lead)]
        for cell in cells[begin:end]:
            self._stops.append(self._stops[-1] + width(cell))

    def column(self, number: int) -> int:
        """Return where column `number` of the line begins on the terminal, from 0."""
        index = min(max(number - 1 - self._skip, 0), len(self._stops) - 1)
        return self._stops[index]


def _cells(line: str) -> list[str]:
    """Return what the terminal is given for each character of `line`."""
    cells: list[str] = []
    column = 0
    for character in line:
        cell = " " * (TAB - column % TAB) if character == "\t" else _spell(character)
        cells.append(cell)
        column += width(cell)
    return cells


def _choose(cells: list[str], focus: int, more_before: bool) -> tuple[int, int]:
    """Return which of `cells` to show so that `focus` is seen and the width is kept."""
    sizes = [width(cell) for cell in cells]
    begin = 0
    if more_before or sum(sizes) > WIDTH:
        lead = 0
        begin = min(focus, len(cells))
        while begin > 0 and lead + sizes[begin - 1] <= LEAD:
            begin -= 1
            lead += sizes[begin]
        if not more_before and sum(sizes[: focus + 1]) <= WIDTH - LEAD:
            begin = 0
    end, used = begin, 0
    while end < len(cells) and used + sizes[end] <= WIDTH:
        used += sizes[end]
        end += 1
    return begin, end
