"""Words and names: plain, reserved, with slashes, with values in them."""

from slimgen.diagnostics import Diagnostics
from slimgen.messages import syntax as messages
from slimgen.source import Source, Span
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


class NameLexer(Layout):
    """The part of the lexer that takes words."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        super().__init__(source, diagnostics)
        self._spaced_sizes: list[Span] = []
        self._x_is_name = False

    def _name(self, start: int, end: int) -> None:
        """Take a word: a name, a reserved word, or the beginning of a longer name."""
        text = self._text
        word = text[start:end]
        kind = RESERVED.get(word, "NAME")
        following = text[end : end + 1]
        if following == "{" and (word in CONSTANTS or (kind == "NAME" and self._fresh)):
            self.report(messages.brace_touches_word(self._span(end, end + 1)))
            following = ""
        if following == "{" and (kind == "NAME" or not (self._fresh or kind == "ELSE")):
            self._open_template(start, end, path=False)
        elif (
            following == "/"
            and not self._in_expression()
            and PATH_GOES_ON.match(text, end)
        ):
            self._long_name(start, "LITERAL")
        elif kind == "NAME":
            self._add_name(word, start, end)
        elif KEY.match(text, end) and not self._fresh:
            self._emit("WORD", start, end)
        else:
            self._reserved_word(word, kind, start, end)

    def _add_name(self, word: str, start: int, end: int) -> None:
        """Take a plain word; one of another language is reported where it is meant so."""
        kind = "NAME"
        if word == "x":
            self._note_x(start, end)
        if word in messages.FOREIGN_CONSTANTS:
            kind = "WORD"
        elif word in messages.FOREIGN_WORDS and (self._fresh or self._last == "RBRACE"):
            kind = "ERROR"
        if kind != "NAME":
            where = self._span(start, end)
            self.report(messages.foreign_word(where, word))
        self._emit(kind, start, end)

    def _note_x(self, start: int, end: int) -> None:
        """Remember an `x` between two numbers, or that `x` is a name in this file."""
        spaced = self._last == "LITERAL" and SPACED_SIZE.match(self._text, end)
        if spaced and not self._in_expression():
            self._spaced_sizes.append(self._span(start, end))
        else:
            self._x_is_name = True

    def _reserved_word(self, word: str, kind: str, start: int, end: int) -> None:
        """Take a reserved word; one that opens a statement shows an unclosed bracket."""
        first = start == self._line_start + self._indent
        names = word == "as" and self._last in VALUE_ENDS
        opens = word in STATEMENT_WORDS and (first or names)
        if first and self._indent == 0 and kind in ("NETWORK", "USE"):
            self._close_bodies(start)
        elif opens and self._top() in "([<":
            self._close_brackets()
            if first:
                self._separate(start, start)
        if kind == "IF" and self._last == "ELSE" and self._top() == "{":
            self._expression = True
        self._emit(kind, start, end)
        if kind == "AS" and not self._in_expression():
            self._naming = kind

    def _own_name(self, word: str, start: int) -> bool:
        """Take the name of a scope or a tensor, if one stands here."""
        text = self._text
        if text[start] == "{" and word != "BRANCH":
            self._open_template(start, start, path=True)
            return True
        end = self._path_end(start)
        if end == start or text.startswith(("//", "/*"), start):
            return False
        whole = text[end : end + 1] != "{"  # and not the beginning of `block{n}`
        if word not in SCOPING and whole and text[start:end] in RESERVED:
            self._position = end
            where = self._span(start, end)
            self._fail(messages.reserved_word(where, text[start:end]))
        else:
            self._long_name(start, "PATH")
        return True

    def _path_end(self, start: int) -> int:
        """Return where a name with slashes ends."""
        match = PATH.match(self._text, start)
        return match.end() if match else start

    def _long_name(self, start: int, kind: str) -> None:
        """Take a name with slashes, in which `{expr}` may follow."""
        end = self._path_end(start)
        self._position = end
        if self._check_path(start, end):
            if self._text[end : end + 1] == "{":
                self._open_template(start, end, path=True)
            else:
                self._emit(kind, start, end)

    def _check_path(self, start: int, end: int) -> bool:
        """Report an empty part of a name with slashes."""
        text = self._text
        written = text[start:end]
        inner = start > 0 and text[start - 1] == "}"
        goes_on = text[end : end + 1] == "{"
        if (
            "//" in written
            or (written.startswith("/") and not inner)
            or (written.endswith("/") and not goes_on)
        ):
            self._fail(messages.empty_part(self._span(start, end)))
            return False
        return True

    def _open_template(self, start: int, end: int, path: bool) -> None:
        """Begin a name with `{expr}` in it; the brace stands at `end`."""
        self._emit("TOPEN", start, start)
        if end > start:
            self._add("TEXT", start, end)
        self._interpolate(end, path)

    def _interpolate(self, start: int, path: bool) -> None:
        """Open the `{` of a name."""
        if not self._has_room(start):
            return
        self._position = start + 1
        self._add("LINTERP", start, start + 1)
        self._push("i", start, path)

    def _go_on_with_name(self, path: bool) -> None:
        """Take what touches the `}` of a name."""
        start = self._position
        tail = (PATH if path else NAME_TAIL).match(self._text, start)
        end = tail.end() if tail else start
        path = path or (
            not self._in_expression()
            and PATH_GOES_ON.match(self._text, end) is not None
        )
        if path:
            end = self._path_end(start)
        self._position = end
        if path and end > start and not self._check_path(start, end):
            return
        if end > start:
            self._add("TEXT", start, end)
        if self._text[end : end + 1] == "{":
            self._interpolate(end, path)
        else:
            self._add("TCLOSE", end, end)
