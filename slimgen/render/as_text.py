"""Diagnostics as a person reads them: a sentence, the place, the marked line, the help."""

from collections.abc import Iterable

from slimgen.diagnostics import Diagnostic, Note
from slimgen.render.location import count, locate
from slimgen.render.snippet import ELLIPSIS, Mark, lines_of, snippet, visible
from slimgen.render.style import PLAIN, Style
from slimgen.source import Source, Span

LONGEST = 600  # characters of a sentence; a name in it may have a million


def render_text(found: Iterable[Diagnostic], style: Style = PLAIN) -> str:
    """Return all diagnostics and the line that counts them; "" without diagnostics."""
    shown = list(found)
    if not shown:
        return ""
    return "\n".join([_render(one, style) for one in shown] + [summary(shown)]) + "\n"


def summary(found: Iterable[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`."""
    numbers = zip(count(found), ("error", "warning"), strict=True)
    return ", ".join(
        f"{number} {word}{'s' * (number != 1)}" for number, word in numbers if number
    )


def _render(one: Diagnostic, style: Style) -> str:
    title = style.paint(style.of(one.severity), f"{one.severity.value}[{one.code}]")
    rows = [title + style.paint(style.message, f": {_clip(visible(one.message))}")]
    spans = [note.span for note in one.notes]
    if one.span is not None:
        spans.insert(0, one.span)
    gutter = max(
        (len(str(line)) for span in spans for line in lines_of(span)), default=1
    )
    if one.span is not None:
        rows += _snippets(one, one.span, gutter, style)
    rows += _afterwords(one, gutter, style)
    return "\n".join(rows) + "\n"


def _snippets(one: Diagnostic, span: Span, gutter: int, style: Style) -> list[str]:
    """Return the marked lines: of the diagnostic's own source, then of the notes' others."""
    main = Mark(span, _clip(one.label), "^", style.of(one.severity))
    rows: list[str] = []
    for source in dict.fromkeys([span.source, *(n.span.source for n in one.notes)]):
        own = source == span.source
        marks = [main] if own else []
        marks += _note_marks(one.notes, source, style)
        place = locate(marks[0].span)
        arrow = style.paint(style.frame, " -->" if own else " :::")
        rows.append(f"{arrow} {visible(place.file)}:{place.line}:{place.column}")
        rows += snippet(source, marks, gutter, style)
    return rows


def _note_marks(notes: Iterable[Note], source: Source, style: Style) -> list[Mark]:
    return [
        Mark(note.span, _clip(note.label), "-", style.note)
        for note in notes
        if note.span.source == source
    ]


def _afterwords(one: Diagnostic, gutter: int, style: Style) -> list[str]:
    """Return the lines after the snippet, each behind a `=`."""
    if not one.help:
        return []
    first, *others = one.help.splitlines()
    indent = " " * (gutter + 1) if one.span is not None else "  "
    rows = [style.paint(style.frame, " " * gutter + " |")] if one.span else []
    rows.append(
        indent
        + style.paint(style.frame, "=")
        + style.paint(style.message, " help:")
        + f" {_clip(visible(first))}"
    )
    rows += [
        f"{indent}  {' ' * len('help: ')}{_clip(visible(line))}" for line in others
    ]
    return rows


def _clip(text: str) -> str:
    """Return `text` with the middle left out where it is too long to be read."""
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST // 2] + f" {ELLIPSIS} " + text[-LONGEST // 2 :]
