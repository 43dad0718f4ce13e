"""Text to tokens: blanks, line ends, and what touches what.

A *word line* is a layer line, a job's line or a `scope`: blanks separate its arguments, and
`/ - + * <` are no operators. After `let`, `if` and `for`, and inside `( )`, `[ ]` and the
`{ }` of a name, everything is an expression. One pass, linear in the length of the text.
"""

from collections.abc import Iterator

from slimgen.diagnostics import Diagnostics
from slimgen.messages import characters
from slimgen.messages import syntax as messages
from slimgen.source import Source
from slimgen.syntax import numbers
from slimgen.syntax.lexemes import (
    CLOSERS,
    HIDDEN,
    LEXEME,
    LINE_BEGINS,
    OPERATOR_TYPES,
    REST_OF_LINE,
    STAR_COMMENT,
    UNINDENTED,
)
from slimgen.syntax.names import NameLexer
from slimgen.syntax.tokens import (
    VALUE_ENDS,
    Token,
)
from slimgen.syntax.tree import Comment

MAX_FILE = 16 * 1024 * 1024  # characters
MAX_TOKEN = 100_000  # characters


class Lexer(NameLexer):
    """The tokens of one source; what is wrong is reported as it is met."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        super().__init__(source, diagnostics)
        self.comments: list[Comment] = []
        self._hides = HIDDEN.search(source.text) is not None
        self._scanners = {
            kind: getattr(self, f"_{kind}")
            for kind in LEXEME.groupindex
            if kind != "end"
        }

    def tokens(self) -> Iterator[Token]:
        """Return the tokens; every brace gets closed, and the last token is $END."""
        out = self._out
        if self._text.startswith("\ufeff"):
            self._position = 1
        self._start_line(self._position)
        if len(self._text) > MAX_FILE:
            self.stop(messages.file_too_long(self._span(0, 0), MAX_FILE))
        while self._position < len(self._text):
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
        top = self._brackets[-1] if self._brackets else None
        if top is None or top.kind not in "([<" or top.start >= self._line_start:
            return False
        if token.start != self._line_start + self._indent:
            return False
        if not LINE_BEGINS.match(self._text, token.start):
            return False
        self._position = token.start
        self._out.clear()
        self._close_brackets()
        self._separate(token.start, token.start)
        return True

    # One lexeme after the other.

    def _scan(self) -> None:
        """Take one lexeme and the blanks before it."""
        match = LEXEME.match(self._text, self._position)
        assert match is not None, "`foreign` takes every character"
        kind = match.lastgroup or ""
        start, end = match.span(kind)
        if kind == "end":
            self._position = end
            return
        if end - start > MAX_TOKEN:
            where = self._span(start, start + 1)
            self.stop(messages.token_too_long(where, MAX_TOKEN))
            return
        if self._naming:
            word, self._naming = self._naming, ""
            if self._own_name(word, start):
                return
        if self._fresh and self._last != "LBRACE" and kind not in UNINDENTED:
            self._close_missing(self._indent)
        self._position = end
        self._scanners[kind](start, end)

    # Lines and statements.

    def _newline(self, start: int, end: int) -> None:
        """End a line, which ends the statement unless a bracket or a comma continues it."""
        if any(bracket.kind == "i" for bracket in self._brackets[-1:]):
            self._brace_touches_name()
        if self._top() == "{" and self._last != "COMMA":
            self._separate(start, end)
        self._start_line(end)

    def _semicolon(self, start: int, end: int) -> None:
        """End a statement."""
        self._close_brackets()
        self._separate(start, end)

    def _comment(self, start: int, end: int) -> None:
        """Keep a comment."""
        self._check_hidden(start, end)
        self.comments.append(Comment(self._span(start, end), self._text[start:end]))

    def _finish(self) -> None:
        """Close what is open at the end of the text."""
        end = len(self._text)
        self._close_bodies(end)
        before = 0
        for span in [] if self._x_is_name else self._spaced_sizes:
            if not self._text[before : span.start].strip(" \t").isdecimal():
                self.report(messages.spaced_size(span))  # one for `3 x 3 x 3`
            before = span.end
        self._separate(end, end)
        self._add("$END", end, end)

    # Brackets.

    def _opener(self, start: int, end: int) -> None:
        """Take `(` or `[`."""
        if not self._has_room(start):
            return
        touches = start == self._last_end
        if self._text[start] == "(":
            kind = "CALL" if touches and self._last == "NAME" else "LPAR"
        else:
            kind = "INDEX" if touches and self._last in VALUE_ENDS else "LSQB"
        self._emit(kind, start, end)
        self._push(self._text[start], start)

    def _closer(self, start: int, end: int) -> None:
        """Take `)` or `]`."""
        opener, kind = CLOSERS[self._text[start]]
        if self._top() == opener:
            self._pop()
            self._add(kind, start, end)
            return
        inner = []
        for bracket in reversed(self._brackets):
            if bracket.kind == "{":
                break
            inner.append(bracket.kind)
        if opener in inner:
            self._close_brackets(keep="{" + opener)
            self._pop()
            return
        if self._top() in "([":
            self._pop()
        where = self._span(start, end)
        self._fail(messages.never_opened(where, self._text[start]))

    def _left_brace(self, start: int, end: int) -> None:
        """Take the `{` of a body."""
        self._close_brackets()
        if not self._has_room(start):
            return
        self._emit("LBRACE", start, end)
        self._push("{", start)
        self._fresh = True

    def _right_brace(self, start: int, end: int) -> None:
        """Take `}`, of a body or of a name."""
        self._close_brackets(keep="{i")
        first = start == self._line_start + self._indent
        if first:
            self._close_missing(self._indent + 1)
        if not self._brackets:
            where = self._span(start, end)
            self._fail(messages.never_opened(where, "}"), soft=self.outside)
            return
        bracket = self._brackets[-1]
        if bracket.kind == "i":
            self._pop()
            self._add("RINTERP", start, end)
            self._go_on_with_name(bracket.path)
            return
        if first and self._indent < bracket.indent and self._suspect is None:
            self._suspect = bracket
        self._separate(start, start)
        self._pop()
        self._add("RBRACE", start, end)

    def _brace_touches_name(self) -> None:
        """Take the `{` of a name that ends its line for that of a body."""
        bracket = self._pop()
        rest = self._text[bracket.start + 1 : self._position].lstrip()
        if rest and not rest.startswith("#"):
            self._fail(self._never_closed(bracket))
            return
        where = self._span(bracket.start, bracket.start + 1)
        words = self._text[self._line_start : bracket.start].split()
        if self._text[bracket.start - 1] in " \t" and words:
            self._fail(messages.missing_name(where, words[-1]))
        else:
            self._fail(messages.brace_touches_name(where))
        self._add("LBRACE", bracket.start, bracket.start + 1)
        self._push("{", bracket.start)
        self._fresh = True

    # Signs, numbers, strings.

    def _comma(self, start: int, end: int) -> None:
        """Take a comma, after which the expression is as deep as at its start."""
        self._add("COMMA", start, end)
        self._deepest = max(self._deepest, self._depth)
        self._depth = 0

    def _equals(self, start: int, end: int) -> None:
        """Take `=`."""
        self._add("EQ", start, end)

    def _dots(self, start: int, end: int) -> None:
        """Take the `..` of a range."""
        if end - start > 2:
            self._fail(messages.too_many_dots(self._span(start, end)))
        else:
            self._emit("DOTDOT", start, end)

    def _operator(self, start: int, end: int) -> None:
        """Take an operator, or what looks like one outside an expression."""
        sign = self._text[start:end]
        if self._text.startswith("/*", start):
            self._foreign_comment(start)
        elif self._in_expression():
            self._emit(OPERATOR_TYPES[sign], start, end)
        elif sign == "//":
            self._foreign_comment(start)
        elif sign == "<" and self._angles and self._top() == "{":
            if self._has_room(start):
                self._angles = False
                self._add("LANGLE", start, end)
                self._push("<", start)
        elif sign == ">" and self._top() == "<":
            self._pop()
            self._add("RANGLE", start, end)
        elif not (sign == "-" and self._negative_number(start, end)):
            self._fail(messages.operator_on_line(self._span(start, end), sign), True)

    def _negative_number(self, start: int, end: int) -> bool:
        """Take a number whose sign touches it and nothing else."""
        if start == self._last_end and self._last in VALUE_ENDS:
            return False
        match = numbers.NUMBER.match(self._text, end)
        if match is None:
            return False
        self._position = match.end()
        self._number(start, match.end())
        return True

    def _number(self, start: int, end: int) -> None:
        """Take a number or a size."""
        run_on = numbers.RUN_ON.match(self._text, end)
        written = self._text[start:end]
        negative_size = written[0] == "-" and numbers.is_size(written)
        if run_on or negative_size or numbers.BARE_DOT.search(written):
            self._position = run_on.end() if run_on else end
            where = self._span(start, self._position)
            self._fail(messages.malformed_number(where, written))
        elif not numbers.fits(written):
            where = self._span(start, end)
            self._fail(messages.number_out_of_range(where, numbers.MAX_DIGITS))
        else:
            self._emit("LITERAL", start, end)

    def _string(self, start: int, end: int) -> None:
        """Take a string."""
        self._check_hidden(start, end)
        self._emit("STRING", start, end)

    def _check_hidden(self, start: int, end: int) -> None:
        """Report characters that a string or comment must not hold."""
        found = HIDDEN.search(self._text, start, end) if self._hides else None
        if found is not None:
            self.report(characters.foreign_character(self._span(*found.span())))

    # Characters that the language does not have.

    def _double_quote(self, start: int, end: int) -> None:
        """Report a string that its line does not end."""
        self._fail(messages.unterminated_string(self._span(start, end)))

    def _single_quote(self, start: int, end: int) -> None:
        """Report a string in single quotes."""
        self._fail(messages.single_quotes(self._span(start, end)))

    def _foreign_comment(self, start: int) -> None:
        """Report a comment of another language, and leave it out."""
        comment = STAR_COMMENT.match(self._text, start)
        comment = comment or REST_OF_LINE.match(self._text, start)
        self._position = comment.end() if comment else start + 2
        self._start_line(self._text.rfind("\n", 0, self._position) + 1)
        self.report(messages.foreign_comment(self._span(start, start + 2)))

    def _foreign(self, start: int, end: int) -> None:
        """Report a character that means nothing here; one that is blank is left out."""
        if self._text[start : start + 2] in ("&&", "||"):
            end = self._position = start + 2
        where = self._span(start, end)
        if self._text[start] == ":":
            self._fail(messages.colon(where), soft=True)
        elif self._text[start:end].isspace() and self._text[start] != "\r":
            self.report(characters.foreign_character(where))
        else:
            self._fail(characters.foreign_character(where))
