"""The tokens of a text, and the words that are more than names."""

from dataclasses import dataclass

from slimgen.source import Source, Span

# The words that no file may use as a name, and their terminals in grammar/slim.lark.
RESERVED = {
    "use": "USE",
    "network": "NETWORK",
    "block": "BLOCK",
    "input": "INPUT",
    "let": "LET",
    "scope": "SCOPE",
    "repeat": "REPEAT",
    "stack": "STACK",
    "for": "FOR",
    "in": "IN",
    "if": "IF",
    "else": "ELSE",
    "branch": "BRANCH",
    "from": "FROM",
    "tap": "TAP",
    "output": "OUTPUT",
    "require": "REQUIRE",
    "variable": "VARIABLE",
    "local_variable": "VARIABLE",
    "as": "AS",
    "and": "AND",
    "or": "OR",
    "not": "NOT",
    "true": "WORD",
    "false": "WORD",
    "none": "WORD",
    "net": "WORD",
    "channels": "WORD",
    "height": "WORD",
    "width": "WORD",
}

CONSTANTS = {"true": True, "false": False, "none": None}

# Reserved words that can open a statement, or follow one, and never stand in an expression.
STATEMENT_WORDS = frozenset(RESERVED) - {
    "in",
    "if",
    "else",
    "and",
    "or",
    "not",
    *CONSTANTS,
    "net",
    "channels",
    "height",
    "width",
}

# Terminals that a value begins or ends with.
VALUE_STARTS = frozenset({"NAME", "WORD", "LITERAL", "STRING", "LPAR", "LSQB", "TOPEN"})
VALUE_ENDS = frozenset({"NAME", "WORD", "LITERAL", "STRING", "RPAR", "RSQB", "TCLOSE"})

# Terminals that make an expression one level deeper.
OPERATORS = frozenset(
    {"SIGN", "FACTOR", "POWER", "COMPARE", "DOTDOT", "AND", "OR", "NOT", "IN"}
    | {"IF", "ELSE"}
)


@dataclass(slots=True)
class Token:
    """A terminal of the grammar, its text and its place.

    ERROR is a terminal that no rule takes: what is wrong there has been reported.
    """

    type: str
    text: str
    start: int
    end: int
    source: Source

    @property
    def span(self) -> Span:
        """The token's characters."""
        return Span(self.source, self.start, self.end)
