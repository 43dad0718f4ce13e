"""Which mistake an unexpected token is: the usual slips first, then what was expected."""

import re

from slimgen.diagnostics import Diagnostic
from slimgen.frozen import Frozen
from slimgen.messages import syntax as messages
from slimgen.messages.foreign import called_line
from slimgen.source import Span
from slimgen.syntax.tokens import RESERVED, VALUE_ENDS, VALUE_STARTS, Token

BRACKETS = {"RPAR": ("CALL", "LPAR"), "RSQB": ("INDEX", "LSQB")} | {
    "RANGLE": ("LANGLE",),
    "RINTERP": ("LINTERP",),
}
OPENING = frozenset(kind for kinds in BRACKETS.values() for kind in kinds)

# Words that join values, and statements that need a name after their word.
JOINING = frozenset({"IF", "ELSE", "AND", "OR", "NOT", "IN"})
NAMED = frozenset({"NETWORK", "BLOCK", "LET", "SCOPE", "INPUT", "FOR"})

# Names of tokens that the grammar would take, in the order of a message.
WORDS = {
    "LITERAL": "a value",
    "NAME": "a name",
    "PATH": "a name",
    "STRING": "a string",
    "SIGN": "an operator",
    "EQ": "`=`",
    "LANGLE": "`<`",
    "LPAR": "`(`",
    "IN": "`in`",
    "ELSE": "`else`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RANGLE": "`>`",
    "RINTERP": "`}`",
    "LBRACE": "`{`",
    "SEP": "the end of the line",
}
# Tokens that a message omits when it names the first.
COVERS = {
    "LITERAL": {"NAME", "STRING", "LPAR", "PATH", "SIGN"},
    "NAME": {"PATH"},
    "SIGN": {"IN", "ELSE", "LPAR"},
}

CALL = re.compile(r"([^()\n]*)\)")  # what follows the parenthesis of a call

# How statements of a fixed form are written.
REMEDIES = {
    "SCOPE": "as in `scope conv, fc < stride=1 padding=SAME >`",
    "FOR": "as in `for i in 1..3 {` and `for (a, b) in pairs {`",
    "REQUIRE": 'as in `require (depth > 0) "depth is too small"`',
    "INPUT": "as in `input images 224x224x3`",
    "USE": 'as in `use "std/blocks.slim"`',
}


class Slip(Frozen):
    """An unexpected token, what stands before it, and what the grammar would take."""

    found: Token
    before: list[Token]  # of the same statement
    accepted: frozenset[str]
    opener: Token | None  # the innermost `{` that is open

    @property
    def first(self) -> str:
        """The terminal that the statement begins with."""
        return self.before[0].type if self.before else ""

    @property
    def last(self) -> str:
        """The terminal before the unexpected one."""
        return self.before[-1].type if self.before else ""

    @property
    def span(self) -> Span:
        """Where it is: the end of a line stands right after its last token."""
        if self.found.type == "SEP" and self.before:
            end = self.before[-1].end
            return Span(self.found.source, end, end)
        return self.found.span

    @property
    def assigns(self) -> bool:
        """Whether it begins its statement, and `=` follows."""
        rest = self.found.source.text[self.found.end : self.found.end + 80].lstrip(
            " \t"
        )
        return not self.before and rest.startswith("=") and not rest.startswith("==")

    @property
    def bracket(self) -> Token | None:
        """The innermost bracket of the statement that is open."""
        depth = 0
        for token in reversed(self.before):
            if token.type in BRACKETS:
                depth += 1
            elif token.type in OPENING:
                depth -= 1
                if depth < 0:
                    return token
        return None


def explain(slip: Slip) -> Diagnostic:
    """Return what to tell the user."""
    for check in CHECKS:
        diagnostic = check(slip)
        if diagnostic is not None:
            return diagnostic
    found = describe(slip.found)
    return messages.expected(slip.span, wanted(slip), found, remedy(slip))


def start_of_statement(slip: Slip) -> Diagnostic | None:
    """`else` on its own line, an item inside of braces, a statement outside."""
    word, span = slip.found, slip.found.span
    if slip.before:
        return None
    if word.type == "ELSE":
        return messages.lonely_else(span)
    if word.type in ("USE", "NETWORK") and slip.opener is not None:
        return messages.item_inside(span, word.text, slip.opener.span)
    if slip.opener is None and RESERVED.get(word.text) == word.type:
        return messages.statement_outside(span, word.text)
    return None


def line_outside(slip: Slip) -> Diagnostic | None:
    """A layer's line outside of all braces."""
    kinds = [token.type for token in slip.before]
    alone = len(kinds) == 1
    follows = VALUE_STARTS | {"CALL", "SEP"} if alone else VALUE_STARTS - {"LPAR"}
    names = kinds in (["NAME"], ["NAME", "NAME"])
    if alone and slip.found.text in RESERVED:
        return None  # a job of a network whose name is a word of the language
    if slip.opener is None and names and slip.found.type in follows:
        return messages.line_outside(slip.before[0].span, slip.before[0].text)
    return None


def is_outside(slip: Slip) -> bool:
    """Whether a line stands outside of all braces, as those after it probably do."""
    outside = slip.opener is None and start_of_statement(slip) is not None
    return outside or line_outside(slip) is not None


def call_as_line(slip: Slip) -> Diagnostic | None:
    """`conv(64, 3x3)`."""
    if slip.found.type == "CALL" and slip.first in ("NAME", "REPEAT", "STACK"):
        word = slip.before[-1].text
        inside = CALL.match(slip.found.source.text, slip.found.end)
        line = called_line(word, inside[1] if inside else "…")
        return messages.line_as_call(slip.found.span, word, line)
    return None


def detached_parenthesis(slip: Slip) -> Diagnostic | None:
    """`min (a, b)` where a value cannot be followed by another one."""
    if slip.found.type == "LPAR" and slip.last == "NAME":
        return messages.detached_parenthesis(slip.found.span, slip.before[-1].text)
    return None


def repeat_without_count(slip: Slip) -> Diagnostic | None:
    """`repeat conv 64`, `repeat 3`."""
    needs_line = "NAME" in slip.accepted and not slip.accepted & {"SEP", "EQ"}
    if slip.first == "REPEAT" and slip.bracket is None and needs_line:
        return messages.repeat_without_count(slip.before[0].span)
    return None


def joining_word(slip: Slip) -> Diagnostic | None:
    """`conv 64 if deep else 32`, a third side of a comparison."""
    kind = slip.found.type
    if slip.last not in VALUE_ENDS:
        return None
    if kind in ("COMPARE", "IN", "NOT") and "AND" in slip.accepted:
        return messages.chained_comparison(slip.found.span)
    if kind in JOINING and "LITERAL" in slip.accepted:
        return messages.operator_on_line(slip.found.span, slip.found.text)
    return None


def reserved_word(slip: Slip) -> Diagnostic | None:
    """A word of the language for a name."""
    word = slip.found.text
    if word not in RESERVED or "NAME" not in slip.accepted:
        return None
    if "LITERAL" in slip.accepted and slip.found.type in JOINING | {"AS"}:
        return None
    if slip.last == "FOR" and slip.found.type == "IN":
        return None
    if word == "net" and slip.assigns:
        return messages.assignment_to_net(slip.found.span)
    return messages.reserved_word(slip.found.span, word)


def missing_name(slip: Slip) -> Diagnostic | None:
    """`as`, `tap`, `network` and nothing after it."""
    named = slip.last in NAMED and "NAME" in slip.accepted
    if named or ("PATH" in slip.accepted and slip.last != "BRANCH"):
        string = slip.found.text if slip.found.type == "STRING" else ""
        return messages.missing_name(slip.span, slip.before[-1].text, string)
    return None


def equals_sign(slip: Slip) -> Diagnostic | None:
    """`x = 3` without `let`; `=` in a condition."""
    if slip.found.type != "EQ":
        return None
    if slip.first == "NAME" and len(slip.before) == 1:
        return messages.assignment(slip.found.span, slip.before[0].text)
    if slip.first in ("IF", "REQUIRE") and "COMPARE" in slip.accepted:
        return messages.equals_in_condition(slip.found.span)
    return None


def missing_body(slip: Slip) -> Diagnostic | None:
    """The line ends where a body should begin."""
    if slip.found.type == "SEP" and "LBRACE" in slip.accepted:
        braces = [token for token in slip.before if token.type == "LINTERP"]
        if braces and slip.last == "TCLOSE":
            return messages.brace_touches_word(braces[-1].span)
        return messages.missing_body(slip.span, slip.before[0].text)
    return None


def brace_of_name(slip: Slip) -> Diagnostic | None:
    """`branch Branch_0{ conv 64 3x3 }`."""
    bracket = slip.bracket
    if bracket is not None and bracket.type == "LINTERP":
        if slip.last == "LINTERP" and slip.found.type == "RINTERP":
            return messages.empty_braces(bracket.span)
        if slip.found.type in VALUE_STARTS and slip.last in VALUE_ENDS:
            opening = slip.before.index(bracket)
            if slip.before[opening - 1].type == "TOPEN" and opening > 1:
                word = slip.before[opening - 2].text
                return messages.missing_name(bracket.span, word)
            return messages.brace_touches_word(bracket.span)
    return None


def statement_goes_on(slip: Slip) -> Diagnostic | None:
    """Something follows a complete statement."""
    if "SEP" not in slip.accepted or slip.found.type in ("EQ", "COMMA", "DOTDOT"):
        return None
    help_text = ""
    if any(token.type == "AS" for token in slip.before[-5:]):
        help_text = "the name comes last: arguments stand before `as`"
        if slip.found.type == "STRING" and slip.before[-1].end == slip.found.start:
            name = slip.found.text[1:-1]
            help_text = f"a name stands without quotes: `as {name}`"
    if slip.first == "LET" and [t.type for t in slip.before[2:]] == ["EQ", "NAME"]:
        help_text = (
            f"a layer has a line of its own; `tap {slip.before[1].text}` on the next "
            "line names its result"
        )
    return messages.statement_continues(slip.span, describe(slip.found), help_text)


CHECKS = (
    start_of_statement,
    equals_sign,
    line_outside,
    detached_parenthesis,
    call_as_line,
    repeat_without_count,
    joining_word,
    reserved_word,
    missing_name,
    missing_body,
    brace_of_name,
    statement_goes_on,
)


def remedy(slip: Slip) -> str:
    """Return advice for what has no message of its own."""
    found = slip.found
    if slip.first in REMEDIES and slip.bracket is None:
        return REMEDIES[slip.first]
    if found.text == "is":
        return "values are compared by `==`"
    if found.text == "x" and slip.last == "LITERAL":
        return "a size is written without blanks: `3x3`"
    if found.type in VALUE_STARTS and slip.last in VALUE_ENDS:
        if "COMMA" in slip.accepted:
            return "inside of parentheses and brackets commas separate"
        if any(token.text == "//" for token in slip.before):
            return "a comment begins with `#`"
    return ""


def wanted(slip: Slip) -> str:
    """Return what the grammar would take, in the language's words."""
    if not slip.before:
        if slip.opener is None:
            return "`use`, `let`, `block`, `network` or a job"
        return "a layer or another statement"
    left_out: set[str] = set()
    expected: list[str] = []
    for kind, words in WORDS.items():
        if kind in slip.accepted and kind not in left_out:
            expected.append(words)
            left_out |= COVERS.get(kind, set())
    if len(expected) < 2:
        return expected[0] if expected else "something else"
    return f"{', '.join(expected[:-1])} or {expected[-1]}"


def describe(token: Token) -> str:
    """Return a token as a message names it."""
    if token.type == "SEP":
        if token.text == ";":
            return "`;`"
        at_end = token.start >= len(token.source.text)
        brace = token.source.text[token.start : token.start + 1] == "}"
        return (
            "the end of the file"
            if at_end
            else "`}`" if brace else "the end of the line"
        )
    if token.type == "STRING":
        return "a string"
    if token.type == "TOPEN":
        return "a name"
    return f"`{messages.shorten(token.text)}`"
