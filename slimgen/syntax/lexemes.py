"""The forms that the lexer knows: one expression for all lexemes, and what may follow them."""

import re

from slimgen.syntax import numbers

LEXEME = re.compile(
    rf"""
    [ \t]*(?:
    (?P<newline>\r?\n)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>{numbers.PATTERN})
  | (?P<comment>\#[^\r\n]*)
  | (?P<string>"[^"\r\n]*")
  | (?P<dots>\.{{2,}})
  | (?P<opener>[(\[])
  | (?P<closer>[)\]])
  | (?P<left_brace>\{{)
  | (?P<right_brace>\}})
  | (?P<comma>,)
  | (?P<semicolon>;)
  | (?P<operator>\*\*|//|[=!<>]=|[-+*/%<>])
  | (?P<equals>=)
  | (?P<double_quote>"[^\r\n]*)
  | (?P<single_quote>'(?:[^'\r\n]*')?)
  | (?P<end>\Z)
  | (?P<foreign>[^\x00-\x7f]+|.))
    """,
    re.VERBOSE | re.DOTALL,
)
KEY = re.compile(r"[ \t]*=(?!=)")
REST_OF_LINE = re.compile(r"[^\r\n]*")
STAR_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NAME_TAIL = re.compile(r"[A-Za-z0-9_]*")
PATH = re.compile(r"[A-Za-z0-9_.\-/]*")
PATH_GOES_ON = re.compile(r"/[A-Za-z0-9_.{-]")
LINE_BEGINS = re.compile(r"[A-Za-z_]\w*[ \t]+[A-Za-z0-9_(\[\"?]")
# Characters that neither a string nor a comment may hide: control characters, halves of
# surrogate pairs, and those that change the direction in which a line is shown.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

OPERATOR_TYPES = {
    **dict.fromkeys(("+", "-"), "SIGN"),
    **dict.fromkeys(("*", "/", "//", "%"), "FACTOR"),
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), "COMPARE"),
    "**": "POWER",
}
CLOSERS = {")": ("(", "RPAR"), "]": ("[", "RSQB")}
# Lexemes that do not end a body which has no braces.
UNINDENTED = frozenset({"newline", "comment", "right_brace", "end"})
# After these a reserved word may be a name: it is the text of a scope's name.
SCOPING = frozenset({"AS", "IN", "BRANCH"})
# The `x` of `3 x 3`, from its end on.
SPACED_SIZE = re.compile(r"[ \t]+[0-9?]")
