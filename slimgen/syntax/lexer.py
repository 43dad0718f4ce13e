"""Text to tokens: blanks, line ends, and what touches what.

A *word line* is a layer line, a job's line or a `scope`: blanks separate its arguments, and
`/ - + * <` are no operators. After `let`, `if` and `for`, and inside `( )`, `[ ]` and the
`{ }` of a name, everything is an expression. One pass, linear in the length of the text.
"""

from collections.abc import Callable, Iterator

from slimgen.diagnostics import Diagnostics
from slimgen.messages import syntax as messages
from slimgen.source import Source
from slimgen.syntax.brackets import BracketScanner
from slimgen.syntax.layout import Layout
from slimgen.syntax.lexemes import (
    LEXEME,
    LINE_BEGINS,
    UNINDENTED,
)
from slimgen.syntax.signs import SignScanner
from slimgen.syntax.tokens import (
    Token,
)
from slimgen.syntax.tree import Comment
from slimgen.syntax.words import WordScanner

MAX_FILE = 16 * 1024 * 1024  # characters
MAX_TOKEN = 100_000  # characters


class Lexer:
    """The tokens of one source; mistakes are reported as they are met.

    Words, brackets and signs have a scanner each, all on one layout.
    """

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.layout = Layout(source, diagnostics)
        self.comments: list[Comment] = []
        self._words = WordScanner(self.layout)
        self._brackets = BracketScanner(self.layout, self._words)
        self._signs = SignScanner(self.layout)
        self._scanners: dict[str, Callable[[int, int], None]] = {
            "newline": self._newline,
            "semicolon": self._semicolon,
            "comment": self._comment,
            "name": self._words.word,
            "opener": self._brackets.opener,
            "closer": self._brackets.closer,
            "left_brace": self._brackets.left_brace,
            "right_brace": self._brackets.right_brace,
            "comma": self._signs.comma,
            "equals": self._signs.equals,
            "dots": self._signs.dots,
            "operator": self._signs.operator,
            "number": self._signs.number,
            "string": self._signs.string,
            "double_quote": self._signs.double_quote,
            "single_quote": self._signs.single_quote,
            "foreign": self._signs.foreign,
        }

    def tokens(self) -> Iterator[Token]:
        """Return the tokens; every brace gets closed, and the last token is $END."""
        layout = self.layout
        out = layout.out
        if layout.text.startswith("\ufeff"):
            layout.position = 1
        layout.start_line(layout.position)
        if len(layout.text) > MAX_FILE:
            layout.stop(messages.file_too_long(layout.span(0, 0), MAX_FILE))
        while layout.position < len(layout.text):
            self._scan()
            while out:
                yield out.popleft()
        self._finish()
        while out:
            yield out.popleft()

    def abandon_brackets(self, token: Token) -> bool:
        """Take `token` for the first one of a statement, if it looks so.

        It stands in a bracket that an earlier line has opened; the bracket counts as
        closed then, which is reported, and reading continues with the token.
        """
        layout = self.layout
        top = layout.brackets[-1] if layout.brackets else None
        if top is None or top.kind not in "([<" or top.start >= layout.line_start:
            return False
        if token.start != layout.line_start + layout.indent:
            return False
        if not LINE_BEGINS.match(layout.text, token.start):
            return False
        layout.position = token.start
        layout.out.clear()
        layout.close_brackets()
        layout.separate(token.start, token.start)
        return True

    def _scan(self) -> None:
        """Take one lexeme and the blanks before it."""
        layout = self.layout
        match = LEXEME.match(layout.text, layout.position)
        assert match is not None, "`foreign` takes every character"
        kind = match.lastgroup or ""
        start, end = match.span(kind)
        if kind == "end":
            layout.position = end
            return
        if end - start > MAX_TOKEN:
            where = layout.span(start, start + 1)
            layout.stop(messages.token_too_long(where, MAX_TOKEN))
            return
        if layout.naming:
            word, layout.naming = layout.naming, ""
            if self._words.own_name(word, start):
                return
        if layout.fresh and layout.last != "LBRACE" and kind not in UNINDENTED:
            layout.close_missing(layout.indent)
        layout.position = end
        self._scanners[kind](start, end)

    def _newline(self, start: int, end: int) -> None:
        """End a line, which ends the statement unless a bracket or a comma continues it."""
        layout = self.layout
        if any(bracket.kind == "i" for bracket in layout.brackets[-1:]):
            self._brackets.brace_touches_name()
        if layout.top() == "{" and layout.last != "COMMA":
            layout.separate(start, end)
        layout.start_line(end)

    def _semicolon(self, start: int, end: int) -> None:
        """End a statement."""
        layout = self.layout
        layout.close_brackets()
        layout.separate(start, end)

    def _comment(self, start: int, end: int) -> None:
        """Keep a comment."""
        layout = self.layout
        self._signs.check_hidden(start, end)
        self.comments.append(Comment(layout.span(start, end), layout.text[start:end]))

    def _finish(self) -> None:
        """Close what is open at the end of the text."""
        layout = self.layout
        end = len(layout.text)
        layout.close_bodies(end)
        before = 0
        for span in [] if self._words.x_is_name else self._words.spaced_sizes:
            if not layout.text[before : span.start].strip(" \t").isdecimal():
                layout.report(messages.spaced_size(span))  # one for `3 x 3 x 3`
            before = span.end
        layout.separate(end, end)
        layout.add("$END", end, end)
