"""Brackets: parentheses, square brackets, and the braces of bodies and names."""

from slimgen.messages import syntax as messages
from slimgen.syntax.layout import Layout
from slimgen.syntax.lexemes import CLOSERS
from slimgen.syntax.tokens import VALUE_ENDS
from slimgen.syntax.words import WordScanner


class BracketScanner:
    """Takes brackets, and mends the layout where one is missing."""

    def __init__(self, layout: Layout, words: WordScanner) -> None:
        self._layout = layout
        self._words = words

    def opener(self, start: int, end: int) -> None:
        """Take `(` or `[`."""
        layout = self._layout
        if not layout.has_room(start):
            return
        touches = start == layout.last_end
        if layout.text[start] == "(":
            kind = "CALL" if touches and layout.last == "NAME" else "LPAR"
        else:
            kind = "INDEX" if touches and layout.last in VALUE_ENDS else "LSQB"
        layout.emit(kind, start, end)
        layout.push(layout.text[start], start)

    def closer(self, start: int, end: int) -> None:
        """Take `)` or `]`."""
        layout = self._layout
        opener, kind = CLOSERS[layout.text[start]]
        if layout.top() == opener:
            layout.pop()
            layout.add(kind, start, end)
            return
        inner = []
        for bracket in reversed(layout.brackets):
            if bracket.kind == "{":
                break
            inner.append(bracket.kind)
        if opener in inner:
            layout.close_brackets(keep="{" + opener)
            layout.pop()
            return
        if layout.top() in "([":
            layout.pop()
        where = layout.span(start, end)
        layout.fail(messages.never_opened(where, layout.text[start]))

    def left_brace(self, start: int, end: int) -> None:
        """Take the `{` of a body."""
        layout = self._layout
        layout.close_brackets()
        if not layout.has_room(start):
            return
        layout.emit("LBRACE", start, end)
        layout.push("{", start)
        layout.fresh = True

    def right_brace(self, start: int, end: int) -> None:
        """Take `}`, of a body or of a name."""
        layout = self._layout
        layout.close_brackets(keep="{i")
        first = start == layout.line_start + layout.indent
        if first:
            layout.close_missing(layout.indent + 1)
        if not layout.brackets:
            where = layout.span(start, end)
            layout.fail(messages.never_opened(where, "}"), soft=layout.outside)
            return
        bracket = layout.brackets[-1]
        if bracket.kind == "i":
            layout.pop()
            layout.add("RINTERP", start, end)
            self._words.go_on(bracket.path)
            return
        if first and layout.indent < bracket.indent and layout.suspect is None:
            layout.suspect = bracket
        layout.separate(start, start)
        layout.pop()
        layout.add("RBRACE", start, end)

    def brace_touches_name(self) -> None:
        """Take the `{` of a name that ends its line for that of a body."""
        layout = self._layout
        bracket = layout.pop()
        rest = layout.text[bracket.start + 1 : layout.position].lstrip()
        if rest and not rest.startswith("#"):
            layout.fail(layout.never_closed(bracket))
            return
        where = layout.span(bracket.start, bracket.start + 1)
        words = layout.text[layout.line_start : bracket.start].split()
        if layout.text[bracket.start - 1] in " \t" and words:
            layout.fail(messages.missing_name(where, words[-1]))
        else:
            layout.fail(messages.brace_touches_name(where))
        layout.add("LBRACE", bracket.start, bracket.start + 1)
        layout.push("{", bracket.start)
        layout.fresh = True
