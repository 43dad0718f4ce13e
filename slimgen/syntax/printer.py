"""The canonical text of a source: `slimgen fmt`.

Lines stay lines, and each comment stays where it stands. The printer decides about the blanks
between tokens, the indentation, the blank lines and how a number is written.
"""

import heapq
from dataclasses import dataclass

from slimgen.diagnostics import Diagnostics
from slimgen.frozen import Frozen
from slimgen.source import Source
from slimgen.syntax import numbers
from slimgen.syntax.lexer import Lexer
from slimgen.syntax.parser import parse
from slimgen.syntax.tokens import VALUE_ENDS, Token
from slimgen.syntax.tree import Comment

INDENT = 2

OPENERS = frozenset({"CALL", "LPAR", "INDEX", "LSQB", "LANGLE", "LBRACE", "LINTERP"})
CLOSERS = frozenset({"RPAR", "RSQB", "RANGLE", "RBRACE", "RINTERP"})

# No blank stands after the first, none before the second.
TIGHT_AFTER = frozenset(
    {"CALL", "LPAR", "INDEX", "LSQB", "TOPEN", "TEXT", "LINTERP", "RINTERP"}
    | {"DOTDOT", "POWER"}
)
TIGHT_BEFORE = frozenset(
    {"CALL", "RPAR", "INDEX", "RSQB", "TEXT", "LINTERP", "RINTERP", "TCLOSE"}
    | {"DOTDOT", "POWER", "COMMA"}
)


def format_source(source: Source, diagnostics: Diagnostics) -> str | None:
    """Return the canonical text; None, and why, when the text cannot be read."""
    found = Diagnostics()
    parse(source, found)
    for diagnostic in found:
        diagnostics.report(diagnostic)
    return None if found.has_errors else Printer(source).print()


@dataclass
class PrintedRow:
    """A line of the canonical text."""

    indent: int
    blank_before: bool
    text: str = ""
    comment: str = ""
    opens: bool = False  # its last token is a bracket that continues

    @property
    def width(self) -> int:
        """Where its text ends."""
        return self.indent + len(self.text)


class PrintedBracket(Frozen):
    """A bracket that is open: its terminal, its line's indentation, what it holds."""

    kind: str
    indent: int
    parameters: bool


class Printer:
    """One source on its way to its canonical text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows: list[PrintedRow] = []
        self._brackets: list[PrintedBracket] = []
        self._end = 0  # of what was written last
        self._before = "SEP"  # the terminal that was written last
        self._tight = False  # nothing separates it from the next one
        self._path = False  # it is a name with slashes or braces
        self._first = ""  # the terminal that the statement begins with
        self._complete = True  # the statement before has ended
        self._assigned = False  # the statement has had its `=`

    def print(self) -> str:
        """Return the canonical text."""
        lexer = Lexer(self._source, Diagnostics())
        tokens: list[Token | Comment] = list(lexer.tokens())
        comments: list[Token | Comment] = list(lexer.comments)
        for piece in heapq.merge(tokens, comments, key=start_of):
            if isinstance(piece, Comment):
                self._comment(piece)
            elif piece.type == "SEP":
                self._complete = True
            elif piece.type != "$END":
                self._token(piece)
        align_comments(self._rows)
        return "".join(text_of(row) for row in self._rows)

    def _comment(self, comment: Comment) -> None:
        """Put a comment behind its line, or on one of its own."""
        self._begin_row(comment.span.start, closes=False)
        self._rows[-1].comment = comment.text.rstrip()
        self._end = comment.span.end

    def _token(self, token: Token) -> None:
        """Write a token."""
        kind = token.type
        begun = self._begin_row(token.start, kind in CLOSERS)
        blank = "" if begun else self._blank(token)
        if kind == "RBRACE" or self._complete:
            self._first, self._assigned = kind, False
        row = self._rows[-1]
        if kind in CLOSERS:
            opener = self._brackets.pop()
            if not row.text.strip(")]}>"):
                row.indent = opener.indent
        self._tight = kind in TIGHT_AFTER or self._is_tight(kind)
        if kind in OPENERS:
            self._brackets.append(
                PrintedBracket(kind, row.indent, self._declares(kind))
            )
        row.text += blank + written(token)
        row.opens = kind in OPENERS
        self._path = kind == "TCLOSE" or "/" in token.text
        self._assigned |= kind == "EQ" and not self._inside()
        self._before, self._end, self._complete = kind, token.end, kind == "LBRACE"

    def _begin_row(self, start: int, closes: bool) -> bool:
        """Begin a line if the source has one here."""
        breaks = self._source.text.count("\n", self._end, start)
        if self._rows and not breaks:
            return False
        blank = breaks > 1 and bool(self._rows) and not (closes or self._rows[-1].opens)
        indent = self._brackets[-1].indent + INDENT if self._brackets else 0
        if not (self._complete or self._inside()):
            indent += INDENT
        self._rows.append(PrintedRow(indent, blank))
        return True

    def _inside(self) -> bool:
        """Whether a bracket of this statement is open."""
        return bool(self._brackets) and self._brackets[-1].kind != "LBRACE"

    def _declares(self, kind: str) -> bool:
        """Whether a bracket holds parameters: those of a declaration, or a job's."""
        job = self._first == "NAME" and not self._brackets
        declaration = self._first in ("NETWORK", "BLOCK", "LET") and not self._inside()
        return kind == "CALL" and (job or declaration) and not self._assigned

    def _is_tight(self, kind: str) -> bool:
        """Whether the next token touches a sign or an `=`."""
        if kind == "EQ":
            if self._inside():
                return not self._brackets[-1].parameters
            return self._first != "LET"
        return kind == "SIGN" and self._before not in VALUE_ENDS

    def _blank(self, token: Token) -> str:
        """Return what stands between the last token and this one on their line."""
        kind = token.type
        if self._before == "LBRACE":
            return "" if kind == "RBRACE" else " "
        if self._complete and kind != "RBRACE":
            return "; "
        if kind == "DOTDOT" and self._path:
            return " "
        if (
            self._tight
            or kind in TIGHT_BEFORE
            or (kind == "EQ" and self._is_tight(kind))
        ):
            return ""
        return " "


def start_of(piece: Token | Comment) -> int:
    """Return where a token or comment begins."""
    return piece.start if isinstance(piece, Token) else piece.span.start


def written(token: Token) -> str:
    """Return the canonical text of a token."""
    if token.type == "LITERAL" and token.text[0] in "0123456789.-?":
        return numbers.canonical(token.text)
    return token.text


def align_comments(rows: list[PrintedRow]) -> None:
    """Put the comments behind neighbouring lines below each other."""
    group: list[PrintedRow] = []
    for row in [*rows, PrintedRow(0, False)]:
        behind = bool(row.text and row.comment)
        if group and (not behind or row.blank_before):
            width = max(other.width for other in group)
            for other in group:
                other.text += " " * (width - other.width)
            group = []
        if behind:
            group.append(row)


def text_of(row: PrintedRow) -> str:
    """Return a line of the canonical text, with the blank line before it."""
    between = "  " if row.text and row.comment else ""
    line = " " * row.indent + row.text + between + row.comment
    return f"{chr(10) * row.blank_before}{line}\n"
