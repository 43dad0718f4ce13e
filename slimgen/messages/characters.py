"""The diagnostic of a character that the language does not have: E001."""

import re
import unicodedata

from slimgen.diagnostics import Diagnostic
from slimgen.messages.foreign import member_line
from slimgen.source import Span

LOOK_ALIKES = {
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‘": '"',
    "’": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "…": "..",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "÷": "/",
    "∗": "*",
}

SIGNS = {
    "&": "write `and`",
    "&&": "write `and`",
    "|": "write `or`",
    "||": "write `or`",
    "!": "write `not`",
    "\\": "a statement continues after a comma and inside parentheses; a string has no escapes",
    "`": 'a string stands in double quotes: `"text"`',
    "^": "a power is `**`",
    "@": "",
    "$": "a value in a name is `{expression}`",
    "~": "",
    ".": "a number is written `0.5`, a range `1..3`",
}

MEMBER = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)", re.ASCII)


def foreign_character(span: Span) -> Diagnostic:
    """Report a character that the language does not have, or that hides in a text."""
    text = span.text
    ascii_text = "".join(LOOK_ALIKES.get(c, c) for c in text)
    ascii_text = unicodedata.normalize("NFKC", ascii_text).strip()
    remedy = SIGNS.get(
        text, "names are made of the letters a-z and A-Z, digits and `_`"
    )
    if text == "." and (member := MEMBER.match(span.source.text, span.end)):
        before = span.source.text[max(span.start - 1, 0)]
        if before.isalpha() or before == "_":
            line = member_line(member[1])
            remedy = f"a word stands without a module before it: `{line}`"
    elif text.isspace():
        remedy = "write a plain blank"
    elif ascii_text.isascii() and ascii_text.isprintable() and ascii_text != text:
        remedy = f"write `{ascii_text}`" if ascii_text else "leave it out"
    elif not text.isprintable():
        remedy = "leave it out"
    return Diagnostic(
        "E001",
        f"{character_name(text[0])} does not belong here",
        span,
        label="not a character of the language",
        help=remedy,
    )


def character_name(character: str) -> str:
    """Return a character as the message names it."""
    shown = f"`{character}`" if character.isprintable() and character != "`" else ""
    code = f"U+{ord(character):04X}"
    if shown and character.isascii():
        return shown
    name = unicodedata.name(character, "")
    return f"{shown} ({code} {name})" if shown else f"{code} {name}".strip()
