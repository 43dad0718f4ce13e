"""Where the lexer stands: in a line, in a statement, in brackets."""

import re
from collections import deque
from dataclasses import dataclass

from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.messages import syntax as messages
from slimgen.source import Source, Span
from slimgen.syntax.tokens import OPERATORS, VALUE_ENDS, VALUE_STARTS, Token

# Both are so small that no later stage runs out of stack on a tree.
MAX_NESTING = 64  # braces and brackets that are open at once
MAX_DEPTH = 100  # operators in one expression: no less than the depth of its tree
MAX_ERRORS = 100  # mistakes that are reported

BLANKS = re.compile(r"[ \t]*")
# The indentation of the next line that is neither empty nor a comment.
NEXT_LINE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*([ \t]*)")

# Words before the name of a scope or a tensor, at the start of a statement.
NAMING = frozenset({"TAP", "FROM", "OUTPUT", "VARIABLE", "BRANCH", "IN"})


@dataclass(slots=True)
class OpenBracket:
    """A bracket that is open; `kind` is its character, or `i` for the `{` of a name."""

    kind: str
    start: int
    indent: int  # of its line
    depth: int  # of the expression around it, up to here
    deepest: int  # of the finished items beside it
    path: bool = False  # the name may continue with `.`, `-`, `/`
    missing: bool = False  # it is a `{` that should stand here; indentation ends it


class Layout:
    """The state of the lexer, and the tokens that it has found."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.source = source
        # Set while the parser skips the rest of a statement that it could not read.
        self.skipping = False
        # Set while lines stand outside of all braces, as after a `}` too many.
        self.outside = False
        self._diagnostics = diagnostics
        self._text = source.text
        self._position = 0
        self._out: deque[Token] = deque()
        self._brackets: list[OpenBracket] = []
        self._suspect: OpenBracket | None = (
            None  # a `{` that a `}` further left has closed
        )
        self._stopped = False
        self.errors = 0
        # Where we stand in the line.
        self._line_start = self._indent = 0
        self._last = "SEP"  # the type of the last token
        self._last_end = -1
        # Where we stand in the statement.
        self._fresh = True  # at its start
        self._expression = False  # it is an expression line
        self._angles = False  # a `<` opens its settings
        self._naming = ""  # the word that a name of its own form follows
        self._depth = self._deepest = 0
        self._started = 0  # the indentation of its first line

    # Mistakes.

    def report(self, diagnostic: Diagnostic) -> None:
        """Report a mistake; after too many of them the text is read no further."""
        if self._stopped:
            return
        self._diagnostics.report(diagnostic)
        self.errors += 1
        if self.errors == MAX_ERRORS and diagnostic.span is not None:
            self.stop(messages.too_many_errors(diagnostic.span, MAX_ERRORS))

    def stop(self, diagnostic: Diagnostic) -> None:
        """Report a limit that is passed, and read no further."""
        self._fail(diagnostic)
        self._stopped = True
        self._position = len(self._text)
        self._naming = ""

    def _fail(self, diagnostic: Diagnostic, soft: bool = False) -> None:
        """Report, and make the parser skip the rest of the statement.

        A `soft` error may be a consequence of an earlier mistake in the statement.
        """
        if not (soft and (self.skipping or self.outside)):
            self.report(diagnostic)
        self._add("ERROR", self._position, self._position)

    def _span(self, start: int, end: int) -> Span:
        """Return the place of some characters."""
        return Span(self.source, start, end)

    # Tokens and statements.

    def _emit(self, kind: str, start: int, end: int) -> None:
        """Add a token."""
        if kind in VALUE_STARTS and not self._in_expression():
            if start != self._last_end:
                self._depth = 0
            elif self._last in VALUE_ENDS:
                self._fail(messages.missing_blank(self._span(start, end)), soft=True)
                return
        elif kind in OPERATORS:
            self._deepen(1, start, end)
        self._add(kind, start, end)

    def _add(self, kind: str, start: int, end: int) -> None:
        """Add a token."""
        if self._fresh and kind != "SEP":
            self._begin_statement(kind)
        self._out.append(Token(kind, self._text[start:end], start, end, self.source))
        self._last = kind
        self._last_end = end

    def _begin_statement(self, kind: str) -> None:
        """Choose how the statement is read, by its first token."""
        self._fresh = False
        self._started = self._indent
        self._expression = kind in ("LET", "IF", "FOR")
        self._angles = kind == "SCOPE"
        self._depth = self._deepest = 0
        self._naming = kind if kind in NAMING else ""

    def _separate(self, start: int, end: int) -> None:
        """End the statement, if there is one."""
        if self._last not in ("SEP", "LBRACE"):
            self._add("SEP", start, end)
        self._fresh = True

    def _start_line(self, start: int) -> None:
        """Remember where a line starts and how far it is indented."""
        self._line_start = start
        blanks = BLANKS.match(self._text, start)
        self._indent = blanks.end() - start if blanks else 0

    def _top(self) -> str:
        """Return the innermost open bracket; `{` also outside of all."""
        return self._brackets[-1].kind if self._brackets else "{"

    def _in_expression(self) -> bool:
        """Whether operators are operators here."""
        kind = self._brackets[-1].kind if self._brackets else "{"
        return self._expression if kind == "{" else kind != "<"

    def _deepen(self, levels: int, start: int, end: int) -> None:
        """Make the expression deeper."""
        before = self._depth
        self._depth += levels
        if before <= MAX_DEPTH < self._depth:
            where = self._span(start, end)
            self._fail(messages.expression_too_deep(where, MAX_DEPTH), soft=True)

    # Brackets and expressions.

    def open_missing_body(self) -> bool:
        """Open a body where the `{` is missing, if the next line is indented as its first."""
        if self._position != self._line_start:  # a brace or `;` ends the statement
            return False
        following = NEXT_LINE.match(self._text, self._position)
        if following is None or len(following[1]) <= self._started:
            return False
        if self._stopped or not self._has_room(self._position):
            return False
        bracket = OpenBracket("{", self._position, self._started, 0, 0, missing=True)
        self._brackets.append(bracket)
        self._last = "LBRACE"
        return True

    def _close_missing(self, indent: int) -> None:
        """Close the bodies without `{` that a line of this indentation ends."""
        while self._brackets and self._brackets[-1].missing:
            if indent > self._brackets[-1].indent:
                return
            self._close_body(self._position)

    def _close_bodies(self, end: int) -> None:
        """Close what is open where the file, or the next network, stands."""
        self._close_brackets()
        written = [bracket for bracket in self._brackets if not bracket.missing]
        if written and not self._stopped:
            self.report(self._never_closed(self._suspect or written[-1]))
        self._suspect = None
        while self._brackets:
            self._close_body(end)

    def _close_body(self, start: int) -> None:
        """Close a body whose `}` does not stand in the text."""
        self._separate(start, start)
        self._brackets.pop()
        self._add("RBRACE", start, start)
        self._separate(start, start)

    def _has_room(self, start: int) -> bool:
        """Whether one more bracket may open; if not, that is reported."""
        if len(self._brackets) < MAX_NESTING:
            return True
        where = self._span(start, start + 1)
        self.stop(messages.nested_too_deep(where, MAX_NESTING))
        return False

    def _push(self, kind: str, start: int, path: bool = False) -> None:
        """Open a bracket."""
        depth, deepest = self._depth, self._deepest
        bracket = OpenBracket(kind, start, self._indent, depth, deepest, path)
        self._brackets.append(bracket)
        self._depth = self._deepest = 0

    def _pop(self) -> OpenBracket:
        """Close the innermost bracket."""
        bracket = self._brackets.pop()
        inner = max(self._depth, self._deepest) + 1
        self._depth, self._deepest = bracket.depth, bracket.deepest
        if bracket.kind != "{":
            self._deepen(inner, bracket.start, bracket.start + 1)
        return bracket

    def _never_closed(self, bracket: OpenBracket) -> Diagnostic:
        """Say that a bracket lacks its partner."""
        where = self._span(bracket.start, bracket.start + 1)
        return messages.never_closed(where, self._text[bracket.start])

    def _close_brackets(self, keep: str = "{") -> None:
        """Close what should have been closed before a statement, a body or a text ends."""
        reported = self._stopped
        while self._brackets and self._brackets[-1].kind not in keep:
            bracket = self._pop()
            if not reported:
                self._fail(self._never_closed(bracket))
                reported = True
