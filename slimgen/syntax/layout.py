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
        self.text = source.text
        self.position = 0
        self.out: deque[Token] = deque()
        self.brackets: list[OpenBracket] = []
        self.suspect: OpenBracket | None = (
            None  # a `{` that a `}` further left has closed
        )
        self.stopped = False
        self.errors = 0
        # Where we stand in the line.
        self.line_start = self.indent = 0
        self.last = "SEP"  # the type of the last token
        self.last_end = -1
        # Where we stand in the statement.
        self.fresh = True  # at its start
        self.expression = False  # it is an expression line
        self.angles = False  # a `<` opens its settings
        self.naming = ""  # the word that a name of its own form follows
        self.depth = self.deepest = 0
        self.started = 0  # the indentation of its first line

    # Mistakes.

    def report(self, diagnostic: Diagnostic) -> None:
        """Report a mistake; after too many of them the text is read no further."""
        if self.stopped:
            return
        self._diagnostics.report(diagnostic)
        self.errors += 1
        if self.errors == MAX_ERRORS and diagnostic.span is not None:
            self.stop(messages.too_many_errors(diagnostic.span, MAX_ERRORS))

    def stop(self, diagnostic: Diagnostic) -> None:
        """Report a limit that is passed, and read no further."""
        self.fail(diagnostic)
        self.stopped = True
        self.position = len(self.text)
        self.naming = ""

    def fail(self, diagnostic: Diagnostic, soft: bool = False) -> None:
        """Report, and make the parser skip the rest of the statement.

        A `soft` error may be a consequence of an earlier mistake in the statement.
        """
        if not (soft and (self.skipping or self.outside)):
            self.report(diagnostic)
        self.add("ERROR", self.position, self.position)

    def span(self, start: int, end: int) -> Span:
        """Return the place of some characters."""
        return Span(self.source, start, end)

    # Tokens and statements.

    def emit(self, kind: str, start: int, end: int) -> None:
        """Add a token."""
        if kind in VALUE_STARTS and not self.in_expression():
            if start != self.last_end:
                self.depth = 0
            elif self.last in VALUE_ENDS:
                self.fail(messages.missing_blank(self.span(start, end)), soft=True)
                return
        elif kind in OPERATORS:
            self.deepen(1, start, end)
        self.add(kind, start, end)

    def add(self, kind: str, start: int, end: int) -> None:
        """Add a token."""
        if self.fresh and kind != "SEP":
            self.begin_statement(kind)
        self.out.append(Token(kind, self.text[start:end], start, end, self.source))
        self.last = kind
        self.last_end = end

    def begin_statement(self, kind: str) -> None:
        """Choose how the statement is read, by its first token."""
        self.fresh = False
        self.started = self.indent
        self.expression = kind in ("LET", "IF", "FOR")
        self.angles = kind == "SCOPE"
        self.depth = self.deepest = 0
        self.naming = kind if kind in NAMING else ""

    def separate(self, start: int, end: int) -> None:
        """End the statement, if there is one."""
        if self.last not in ("SEP", "LBRACE"):
            self.add("SEP", start, end)
        self.fresh = True

    def start_line(self, start: int) -> None:
        """Remember where a line starts and how far it is indented."""
        self.line_start = start
        blanks = BLANKS.match(self.text, start)
        self.indent = blanks.end() - start if blanks else 0

    def top(self) -> str:
        """Return the innermost open bracket; `{` also outside of all."""
        return self.brackets[-1].kind if self.brackets else "{"

    def in_expression(self) -> bool:
        """Whether operators are operators here."""
        kind = self.brackets[-1].kind if self.brackets else "{"
        return self.expression if kind == "{" else kind != "<"

    def deepen(self, levels: int, start: int, end: int) -> None:
        """Make the expression deeper."""
        before = self.depth
        self.depth += levels
        if before <= MAX_DEPTH < self.depth:
            where = self.span(start, end)
            self.fail(messages.expression_too_deep(where, MAX_DEPTH), soft=True)

    # Brackets and expressions.

    def open_missing_body(self) -> bool:
        """Open a body where the `{` is missing, if the next line is indented as its first."""
        if self.position != self.line_start:  # a brace or `;` ends the statement
            return False
        following = NEXT_LINE.match(self.text, self.position)
        if following is None or len(following[1]) <= self.started:
            return False
        if self.stopped or not self.has_room(self.position):
            return False
        bracket = OpenBracket("{", self.position, self.started, 0, 0, missing=True)
        self.brackets.append(bracket)
        self.last = "LBRACE"
        return True

    def close_missing(self, indent: int) -> None:
        """Close the bodies without `{` that a line of this indentation ends."""
        while self.brackets and self.brackets[-1].missing:
            if indent > self.brackets[-1].indent:
                return
            self.close_body(self.position)

    def close_bodies(self, end: int) -> None:
        """Close what is open where the file, or the next network, stands."""
        self.close_brackets()
        written = [bracket for bracket in self.brackets if not bracket.missing]
        if written and not self.stopped:
            self.report(self.never_closed(self.suspect or written[-1]))
        self.suspect = None
        while self.brackets:
            self.close_body(end)

    def close_body(self, start: int) -> None:
        """Close a body whose `}` does not stand in the text."""
        self.separate(start, start)
        self.brackets.pop()
        self.add("RBRACE", start, start)
        self.separate(start, start)

    def has_room(self, start: int) -> bool:
        """Whether one more bracket may open; if not, that is reported."""
        if len(self.brackets) < MAX_NESTING:
            return True
        where = self.span(start, start + 1)
        self.stop(messages.nested_too_deep(where, MAX_NESTING))
        return False

    def push(self, kind: str, start: int, path: bool = False) -> None:
        """Open a bracket."""
        depth, deepest = self.depth, self.deepest
        bracket = OpenBracket(kind, start, self.indent, depth, deepest, path)
        self.brackets.append(bracket)
        self.depth = self.deepest = 0

    def pop(self) -> OpenBracket:
        """Close the innermost bracket."""
        bracket = self.brackets.pop()
        inner = max(self.depth, self.deepest) + 1
        self.depth, self.deepest = bracket.depth, bracket.deepest
        if bracket.kind != "{":
            self.deepen(inner, bracket.start, bracket.start + 1)
        return bracket

    def never_closed(self, bracket: OpenBracket) -> Diagnostic:
        """Say that a bracket lacks its partner."""
        where = self.span(bracket.start, bracket.start + 1)
        return messages.never_closed(where, self.text[bracket.start])

    def close_brackets(self, keep: str = "{") -> None:
        """Close what should have been closed before a statement, a body or a text ends."""
        reported = self.stopped
        while self.brackets and self.brackets[-1].kind not in keep:
            bracket = self.pop()
            if not reported:
                self.fail(self.never_closed(bracket))
                reported = True
