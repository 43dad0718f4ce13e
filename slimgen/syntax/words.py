"""Words and names: plain, reserved, with slashes, with values in them."""

from slimgen.messages import syntax as messages
from slimgen.source import Span
from slimgen.syntax.layout import Layout
from slimgen.syntax.lexemes import (
    KEY,
    NAME_TAIL,
    PATH,
    PATH_GOES_ON,
    SCOPING,
    SPACED_SIZE,
)
from slimgen.syntax.tokens import CONSTANTS, RESERVED, STATEMENT_WORDS, VALUE_ENDS


class WordScanner:
    """Takes words; what they are depends on the layout around them.

    Attributes:
        spaced_sizes: Each `x` between two numbers, as in `3 x 3`.
        x_is_name: `x` stands elsewhere in the file, so that it is a name.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.spaced_sizes: list[Span] = []
        self.x_is_name = False

    def word(self, start: int, end: int) -> None:
        """Take a word: a name, a reserved word, or the beginning of a longer name."""
        layout = self._layout
        text = layout.text
        word = text[start:end]
        kind = RESERVED.get(word, "NAME")
        following = text[end : end + 1]
        if following == "{" and (
            word in CONSTANTS or (kind == "NAME" and layout.fresh)
        ):
            layout.report(messages.brace_touches_word(layout.span(end, end + 1)))
            following = ""
        if following == "{" and (
            kind == "NAME" or not (layout.fresh or kind == "ELSE")
        ):
            self._open_template(start, end, path=False)
        elif (
            following == "/"
            and not layout.in_expression()
            and PATH_GOES_ON.match(text, end)
        ):
            self._long_name(start, "LITERAL")
        elif kind == "NAME":
            self._add_name(word, start, end)
        elif KEY.match(text, end) and not layout.fresh:
            layout.emit("WORD", start, end)
        else:
            self._reserved_word(word, kind, start, end)

    def _add_name(self, word: str, start: int, end: int) -> None:
        """Take a plain word; one of another language is reported where it is meant so."""
        layout = self._layout
        kind = "NAME"
        if word == "x":
            self._note_x(start, end)
        if word in messages.FOREIGN_CONSTANTS:
            kind = "WORD"
        elif word in messages.FOREIGN_WORDS and (
            layout.fresh or layout.last == "RBRACE"
        ):
            kind = "ERROR"
        if kind != "NAME":
            where = layout.span(start, end)
            layout.report(messages.foreign_word(where, word))
        layout.emit(kind, start, end)

    def _note_x(self, start: int, end: int) -> None:
        """Remember an `x` between two numbers, or that `x` is a name in this file."""
        layout = self._layout
        spaced = layout.last == "LITERAL" and SPACED_SIZE.match(layout.text, end)
        if spaced and not layout.in_expression():
            self.spaced_sizes.append(layout.span(start, end))
        else:
            self.x_is_name = True

    def _reserved_word(self, word: str, kind: str, start: int, end: int) -> None:
        """Take a reserved word; one that opens a statement shows an unclosed bracket."""
        layout = self._layout
        first = start == layout.line_start + layout.indent
        names = word == "as" and layout.last in VALUE_ENDS
        opens = word in STATEMENT_WORDS and (first or names)
        if first and layout.indent == 0 and kind in ("NETWORK", "USE"):
            layout.close_bodies(start)
        elif opens and layout.top() in "([<":
            layout.close_brackets()
            if first:
                layout.separate(start, start)
        if kind == "IF" and layout.last == "ELSE" and layout.top() == "{":
            layout.expression = True
        layout.emit(kind, start, end)
        if kind == "AS" and not layout.in_expression():
            layout.naming = kind

    def own_name(self, word: str, start: int) -> bool:
        """Take the name of a scope or a tensor, if one stands here."""
        layout = self._layout
        text = layout.text
        if text[start] == "{" and word != "BRANCH":
            self._open_template(start, start, path=True)
            return True
        end = self._path_end(start)
        if end == start or text.startswith(("//", "/*"), start):
            return False
        whole = text[end : end + 1] != "{"  # and not the beginning of `block{n}`
        if word not in SCOPING and whole and text[start:end] in RESERVED:
            layout.position = end
            where = layout.span(start, end)
            layout.fail(messages.reserved_word(where, text[start:end]))
        else:
            self._long_name(start, "PATH")
        return True

    def _path_end(self, start: int) -> int:
        """Return where a name with slashes ends."""
        layout = self._layout
        match = PATH.match(layout.text, start)
        return match.end() if match else start

    def _long_name(self, start: int, kind: str) -> None:
        """Take a name with slashes, in which `{expr}` may follow."""
        layout = self._layout
        end = self._path_end(start)
        layout.position = end
        if self._check_path(start, end):
            if layout.text[end : end + 1] == "{":
                self._open_template(start, end, path=True)
            else:
                layout.emit(kind, start, end)

    def _check_path(self, start: int, end: int) -> bool:
        """Report an empty part of a name with slashes."""
        layout = self._layout
        text = layout.text
        written = text[start:end]
        inner = start > 0 and text[start - 1] == "}"
        goes_on = text[end : end + 1] == "{"
        if (
            "//" in written
            or (written.startswith("/") and not inner)
            or (written.endswith("/") and not goes_on)
        ):
            layout.fail(messages.empty_part(layout.span(start, end)))
            return False
        return True

    def _open_template(self, start: int, end: int, path: bool) -> None:
        """Begin a name with `{expr}` in it; the brace stands at `end`."""
        layout = self._layout
        layout.emit("TOPEN", start, start)
        if end > start:
            layout.add("TEXT", start, end)
        self._interpolate(end, path)

    def _interpolate(self, start: int, path: bool) -> None:
        """Open the `{` of a name."""
        layout = self._layout
        if not layout.has_room(start):
            return
        layout.position = start + 1
        layout.add("LINTERP", start, start + 1)
        layout.push("i", start, path)

    def go_on(self, path: bool) -> None:
        """Take what touches the `}` of a name."""
        layout = self._layout
        start = layout.position
        tail = (PATH if path else NAME_TAIL).match(layout.text, start)
        end = tail.end() if tail else start
        path = path or (
            not layout.in_expression()
            and PATH_GOES_ON.match(layout.text, end) is not None
        )
        if path:
            end = self._path_end(start)
        layout.position = end
        if path and end > start and not self._check_path(start, end):
            return
        if end > start:
            layout.add("TEXT", start, end)
        if layout.text[end : end + 1] == "{":
            self._interpolate(end, path)
        else:
            layout.add("TCLOSE", end, end)
