"""Syntax errors, found before any word is looked up: E002 to E023."""

import re

from slimgen.diagnostics import Diagnostic, Note
from slimgen.source import Span

# Strings and numbers.


def unterminated_string(span: Span) -> Diagnostic:
    """A string has no closing quote on its line."""
    return Diagnostic(
        "E002",
        'a string lacks its closing `"`',
        span,
        label="begins here, and the line ends",
        help="a string ends on the line on which it begins, and has no escapes",
    )


def single_quotes(span: Span) -> Diagnostic:
    """A string stands in single quotes."""
    inner = span.text.strip("'")
    return Diagnostic(
        "E003",
        "a string stands in single quotes",
        span,
        label="not a string of the language",
        help=f'write `"{inner}"`' if '"' not in inner else "",
    )


def malformed_number(span: Span, written: str) -> Diagnostic:
    """A number is malformed."""
    text = span.text
    remedy = "a number is written `3`, `0.5` or `1e-3`, a size `3x3`"
    if text == written and text.endswith("."):
        remedy = f"write `{text}0`, or `{text[:-1]}`"
    elif "_" in text and text.replace("_", "").isdigit():
        remedy = f"write `{text.replace('_', '')}`"
    elif "x" in text:
        parts = ", ".join(part for part in text.split("x") if part) or "height, width"
        remedy = f"a size from variables is a list: `[{parts}]`"
    return Diagnostic(
        "E004",
        f"`{shorten(text)}` is not a number",
        span,
        label="neither a number nor a size",
        help=remedy,
    )


def spaced_size(span: Span) -> Diagnostic:
    """A size is written with blanks, and the file does not define `x`."""
    return Diagnostic(
        "E004",
        "a size is written with blanks",
        span,
        label="an `x` between two numbers",
        help="write `3x3`",
    )


def too_many_dots(span: Span) -> Diagnostic:
    """A range is written with three dots or more."""
    return Diagnostic(
        "E004",
        "a range is written with more than two dots",
        span,
        label=f"{span.end - span.start} dots",
        help="write `1..3`, which is 1, 2, 3",
    )


def number_out_of_range(span: Span, digits: int) -> Diagnostic:
    """A number is too large or too small to be represented."""
    return Diagnostic(
        "E005",
        f"`{shorten(span.text)}` cannot be represented",
        span,
        label="too many digits, or too large or small an exponent",
        help=f"whole numbers have at most {digits} digits, others lie between 1e-307 and 1e308",
    )


# Brackets.


def never_closed(span: Span, bracket: str) -> Diagnostic:
    """A bracket is still open where its statement must have ended."""
    closer = {"(": ")", "[": "]", "<": ">", "{": "}"}[bracket]
    return Diagnostic(
        "E006",
        f"`{bracket}` is never closed",
        span,
        label=f"`{closer}` is missing for this one",
    )


def never_opened(span: Span, bracket: str) -> Diagnostic:
    """A closing bracket has no partner."""
    return Diagnostic(
        "E007",
        f"`{bracket}` closes nothing",
        span,
        label="no bracket of this kind is open here",
    )


# Words and operators.


def operator_on_line(span: Span, operator: str) -> Diagnostic:
    """An operator stands between the arguments of a line."""
    remedy = "an expression stands in parentheses: `(depth - 1)`"
    if operator.isalpha():
        remedy = "an expression stands in parentheses: `(64 if deep else 32)`"
    elif operator in ("<", ">"):
        remedy = (
            "settings in `< >` belong to `scope`; a comparison stands in parentheses"
        )
    return Diagnostic(
        "E008",
        f"`{operator}` stands between the arguments of a line",
        span,
        label="an operator, outside parentheses",
        help=remedy,
    )


def reserved_word(span: Span, word: str) -> Diagnostic:
    """A word of the language stands where a name is expected."""
    return Diagnostic(
        "E009",
        f"`{word}` is a word of the language and cannot be a name",
        span,
        label="reserved",
        help="choose another name",
    )


def expected(span: Span, wanted: str, found: str, remedy: str = "") -> Diagnostic:
    """Another token is expected here."""
    return Diagnostic(
        "E010",
        f"expected {wanted}, found {found}",
        span,
        label=f"expected {wanted}",
        help=remedy,
    )


def missing_name(span: Span, word: str, string: str = "") -> Diagnostic:
    """A name is missing after a word such as `as` or `tap`; a `string` stands there."""
    help = "`as none` opens no scope" if word == "as" else ""
    if re.fullmatch(r'"[\w{}./-]+"', string):
        help = f"a name stands without quotes: `{word} {string[1:-1]}`"
    return Diagnostic(
        "E011",
        f"`{word}` needs a name",
        span,
        label="expected a name",
        help=help,
    )


def empty_part(span: Span) -> Diagnostic:
    """A scope's name begins or ends with a slash, or has two in a row."""
    return Diagnostic(
        "E011",
        f"`{shorten(span.text)}` has an empty part",
        span,
        label="a name stands on either side of each `/`",
    )


def repeat_without_count(span: Span) -> Diagnostic:
    """`repeat` lacks its count or its layer."""
    return Diagnostic(
        "E012",
        "`repeat` needs a count and a layer",
        span,
        label="here",
        help="as in `repeat 3 conv 256 3x3 as conv3`; several lines stand in `for i in 1..3 { … }`",
    )


def lonely_else(span: Span) -> Diagnostic:
    """`else` does not follow the brace of its `if`."""
    return Diagnostic(
        "E013",
        "`else` stands apart from its `if`",
        span,
        label="begins a statement",
        help="write `} else {`, on the line of the brace that closes the `if`",
    )


def missing_body(span: Span, word: str) -> Diagnostic:
    """A statement lacks the braces with its lines."""
    return Diagnostic(
        "E014",
        f"`{word}` needs braces",
        span,
        label="expected ` {`",
        help=f"as in `{word} … {{` with its lines and a closing `}}`",
    )


def colon(span: Span) -> Diagnostic:
    """A colon, as before a body in Python."""
    return Diagnostic(
        "E014",
        "`:` opens no body",
        span,
        label="expected ` {`",
        help="lines that belong together stand in braces: `{ … }`",
    )


def line_as_call(span: Span, word: str, line: str) -> Diagnostic:
    """A layer line is written like a call of Python; `line` is how it is written."""
    return Diagnostic(
        "E015",
        f"the line of `{word}` is written like a call",
        span,
        label="parentheses and commas of a call",
        help=f"write `{line}`" + ", with blanks between the arguments" * (" " in line),
    )


def chained_comparison(span: Span) -> Diagnostic:
    """A comparison has three sides."""
    return Diagnostic(
        "E016",
        "a comparison has more than two sides",
        span,
        label="a second comparison",
        help="join two of them with `and`: `1 < n and n < 5`",
    )


def assignment(span: Span, word: str) -> Diagnostic:
    """A line assigns without `let`."""
    return Diagnostic(
        "E017",
        f"`{word}` gets a value without `let`",
        span,
        label="an assignment",
        help=f"write `let {word} = …`; `tap {word}` after a layer names its result",
    )


def assignment_to_net(span: Span) -> Diagnostic:
    """The current tensor is assigned, as in TF-Slim."""
    return Diagnostic(
        "E017",
        "`net` cannot be assigned: each line reads it and replaces it",
        span,
        label="the current tensor",
        help="write the layer alone: `conv 64 3x3`",
    )


def equals_in_condition(span: Span) -> Diagnostic:
    """`=` stands where values are compared."""
    return Diagnostic(
        "E017",
        "`=` does not compare",
        span,
        label="an assignment",
        help="values are compared by `==`",
    )


FOREIGN_CONSTANTS = {"True": "true", "False": "false", "None": "none"}
FOREIGN_WORDS = {
    **FOREIGN_CONSTANTS,
    "elif": "else if",
    "def": "block",
    "while": "for",
    "import": "use",
    "return": "",
}


def foreign_word(span: Span, word: str) -> Diagnostic:
    """A word of Python stands where the language has another word."""
    ours = FOREIGN_WORDS[word]
    return Diagnostic(
        "E018",
        f"`{word}` is not a word of the language",
        span,
        label="a word of Python",
        help=f"write `{ours}`" if ours else "a block's last line is its result",
    )


def foreign_comment(span: Span) -> Diagnostic:
    """A comment of another language."""
    return Diagnostic(
        "E018",
        f"`{span.text}` does not begin a comment",
        span,
        label="a comment of another language",
        help="a comment begins with `#`; a whole division stands in parentheses: `(a // b)`",
    )


def statement_continues(span: Span, found: str, remedy: str) -> Diagnostic:
    """Something follows a statement that is complete."""
    return Diagnostic(
        "E019",
        f"expected the end of the statement, found {found}",
        span,
        label="the statement is complete before this",
        help=remedy or "another statement stands on its own line, or after `;`",
    )


def brace_touches_name(span: Span) -> Diagnostic:
    """The `{` of a body touches a name, or that of a name is not closed."""
    return Diagnostic(
        "E020",
        "a `{` that touches a name puts a value into the name",
        span,
        label="its `}` is not on this line",
        help="leave a blank before the brace that opens a body",
    )


def brace_touches_word(span: Span) -> Diagnostic:
    """The `{` of a body touches a word that no value can be put into."""
    return Diagnostic(
        "E020",
        "a `{` that touches a name puts a value into the name",
        span,
        label="touches the word before it",
        help="leave a blank before the brace that opens a body",
    )


def empty_braces(span: Span) -> Diagnostic:
    """`{}` touches a name."""
    return Diagnostic(
        "E020",
        "a `{` that touches a name puts a value into the name",
        span,
        label="these braces are empty",
        help="leave a blank before the brace that opens a body",
    )


def missing_blank(span: Span) -> Diagnostic:
    """Two arguments of a line touch."""
    return Diagnostic(
        "E021",
        "two arguments of a line touch",
        span,
        label="touches the argument before it",
        help="leave a blank between them",
    )


def detached_parenthesis(span: Span, word: str) -> Diagnostic:
    """A blank stands between a name and the parenthesis of its call."""
    return Diagnostic(
        "E021",
        f"a blank separates `{word}` from its parenthesis",
        span,
        label="stands apart from the name",
        help=f"write `{word}(`",
    )


# Limits and places.


def limit(span: Span, message: str, label: str, remedy: str) -> Diagnostic:
    """The text exceeds a limit of the compiler."""
    return Diagnostic("E022", message, span, label=label, help=remedy)


def file_too_long(span: Span, characters: int) -> Diagnostic:
    """The file exceeds the limit of characters."""
    return limit(
        span,
        f"the file has more than {characters:,} characters",
        "the file was not read",
        "split it, and join the parts by `use`",
    )


def token_too_long(span: Span, characters: int) -> Diagnostic:
    """A name, number, string or comment exceeds the limit of characters."""
    return limit(
        span,
        f"this is longer than {characters:,} characters",
        "begins here; the rest of the file was not read",
        "",
    )


def nested_too_deep(span: Span, levels: int) -> Diagnostic:
    """Too many brackets are open at once."""
    return limit(
        span,
        f"more than {levels} braces and brackets are open at once",
        "one too many; the rest of the file was not read",
        "move the inner part into a `block` or a `let`",
    )


def expression_too_deep(span: Span, operators: int) -> Diagnostic:
    """An expression has too many operators."""
    return limit(
        span,
        f"an expression has more than {operators} operators",
        "one too many",
        "give a part of it a name by `let`",
    )


def too_many_errors(span: Span, errors: int) -> Diagnostic:
    """The number of errors exceeds the limit; the text is probably not a source."""
    return limit(
        span,
        f"more than {errors} mistakes in the text",
        "the rest of the file was not read",
        "",
    )


def wrong_place(span: Span, message: str, remedy: str) -> Diagnostic:
    """A statement stands where its kind is not allowed."""
    return Diagnostic("E023", message, span, label="not here", help=remedy)


def line_outside(span: Span, word: str) -> Diagnostic:
    """A line that is not a job stands outside of all braces."""
    return wrong_place(
        span,
        f"a line of `{word}` stands outside of all braces",
        "a layer stands in a network or a block; a job names its network: `train vgg_16 {`",
    )


def statement_outside(span: Span, word: str) -> Diagnostic:
    """A statement of a network stands outside of all braces."""
    return wrong_place(
        span,
        f"`{word}` stands outside of all braces",
        "it belongs in a network or a block",
    )


def item_inside(span: Span, word: str, opener: Span) -> Diagnostic:
    """`use` or `network` stands inside of braces."""
    return Diagnostic(
        "E023",
        f"`{word}` stands inside of braces",
        span,
        label="not here",
        help="it stands at the top of a file",
        notes=(Note(opener, "inside of these; is their `}` missing?"),),
    )


def shorten(text: str) -> str:
    """Return `text` so that it fits a message."""
    return text if len(text) <= 40 else text[:36] + "…"
