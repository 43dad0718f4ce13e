"""Text to tree: our lexer's tokens through the grammar, and on after a mistake."""

from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.lexer import Lexer
from slimgen.syntax.machine import Machine
from slimgen.syntax.slips import Slip, explain, is_outside
from slimgen.syntax.tables import paused_collector
from slimgen.syntax.tokens import Token
from slimgen.syntax.tree_builder import UNREADABLE

# Words that begin a statement with a body.
HEADS = frozenset({"NETWORK", "BLOCK", "IF", "FOR", "BRANCH", "IN"})


def parse(source: Source, diagnostics: Diagnostics) -> tree.File:
    """Return what could be read of `source`; what is wrong with it is reported."""
    lexer = Lexer(source, diagnostics)
    with paused_collector():
        items = Reader(lexer).read()
    return tree.File(source, items, tuple(lexer.comments))


def parse_expression(
    text: str, name: str, diagnostics: Diagnostics
) -> tree.Expression | None:
    """Return the value that `-D name=text` gives, or None if it is no value.

    Only what is wrong with a word or a sign is reported.
    """
    machine = Machine("setting")
    tokens = Lexer(Source(name, text), diagnostics).tokens()
    if not all(machine.feed(token) for token in tokens) or len(diagnostics) > 0:
        return None
    value: tree.Expression = machine.result
    return value


class Reader:
    """One text on its way through the parser.

    A statement that cannot be read is left out: the parser's stack is cut back to where the
    statement began. If it has a body, the body is read as that of an unreadable statement.
    """

    def __init__(self, lexer: Lexer) -> None:
        self._lexer = lexer
        self._layout = lexer.layout
        self._machine = Machine("file")
        # The statement that is being read, and those around it, the file's first.
        self._statement: list[Token] = []
        self._outer: list[list[Token]] = []
        # For each of them: how high the stack was at its start.
        self._starts: list[int] = [1]
        # An error in a bracket, and the number of errors reported before it.
        self._held: Diagnostic | None = None
        self._errors = 0
        # Whether the last line was an incomplete statement.
        self._headless = False

    def read(self) -> tuple[tree.Item, ...]:
        """Return the items that could be read."""
        for token in self._lexer.tokens():
            if self._layout.skipping:
                self._skip(token)
            elif not self._feed(token):
                self._recover(token)
        items: tuple[tree.Item, ...] = self._machine.result
        return items

    def _feed(self, token: Token) -> bool:
        """Give the machine a token; False when no rule allows it here."""
        if not self._machine.feed(token):
            return False
        if not self._statement:
            self._starts[-1] = self._machine.height - 1
        kind = token.type
        if kind == "SEP":
            if not self._outer and self._statement[0].text != UNREADABLE:
                self._layout.outside = False
            self._statement = []
        elif kind == "LBRACE":
            self._statement.append(token)
            self._outer.append(self._statement)
            self._statement = []
            self._starts.append(0)
        elif kind == "RBRACE":
            self._starts.pop()
            self._statement = self._outer.pop()
            self._statement.append(token)
        else:
            self._statement.append(token)
        return True

    def _recover(self, token: Token) -> None:
        """Report an unexpected token, and begin to skip its statement."""
        if not self._is_consequence(token) and not self._lexer.abandon_brackets(token):
            slip = self._slip(token)
            self._held = explain(slip)
            self._errors = self._layout.errors
            if slip.bracket is None:
                self._report_held()
            self._headless = token.type == "SEP"
            self._layout.outside |= is_outside(slip)
        if not self._statement:
            self._starts[-1] = self._machine.height
        self._layout.skipping = True
        self._skip(token)

    def _is_consequence(self, token: Token) -> bool:
        """Whether an unexpected token follows from a mistake that has been reported."""
        if token.type == "ERROR":
            return True
        if self._statement:
            unreadable = self._statement[0].text == UNREADABLE
            return unreadable or self._is_outside(self._statement[0])
        # A brace on the line after the one that lacks it.
        headless, self._headless = self._headless, False
        return (token.type == "LBRACE" and headless) or self._is_outside(token)

    def _is_outside(self, token: Token) -> bool:
        """Whether a statement is one of lines that are known to stand outside of braces."""
        return self._layout.outside and not self._outer and token.span.column > 1

    def _report_held(self) -> None:
        """Report what went wrong in a bracket, unless the bracket itself did."""
        if self._held is not None and self._layout.errors == self._errors:
            self._layout.report(self._held)
        self._held = None

    def _slip(self, token: Token) -> Slip:
        """Return what is known about an unexpected token."""
        accepted = self._machine.accepted()
        opener = self._outer[-1][-1] if self._outer else None
        return Slip(token, self._statement, accepted, opener)

    def _skip(self, token: Token) -> None:
        """Leave out a token, up to the end of its statement or to its body."""
        if token.type not in ("SEP", "LBRACE"):
            return
        self._report_held()
        self._layout.skipping = False
        self._machine.cut(self._starts[-1])
        headed = bool(self._statement) and self._statement[0].type in HEADS
        self._statement = []
        if token.type == "LBRACE" or (headed and self._layout.open_missing_body()):
            start = token.start
            for kind in ("NAME",) if self._outer else ("NETWORK", "NAME"):
                self._feed(Token(kind, UNREADABLE, start, start, token.source))
            self._feed(Token("LBRACE", "{", start, token.end, token.source))
