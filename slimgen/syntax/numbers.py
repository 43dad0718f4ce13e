"""How numbers and sizes are written, what they are worth, and their canonical form."""

import math
import re

# A size (`3x3`, `?x?x3`) or a number without its sign; a number leaves the dots of `1..3`.
PATTERN = (
    r"(?:[0-9]+|\?)(?:x(?:[0-9]+|\?))+|\?"
    r"|(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
NUMBER = re.compile(PATTERN)
# Characters that touch a number and make it malformed.
RUN_ON = re.compile(r"(?:[A-Za-z0-9_?]|\.(?!\.))+")
BARE_DOT = re.compile(r"\.(?![0-9])")

MAX_DIGITS = 18  # of a whole number: any that many fit 64 bits


def value_of(text: str) -> int | float | tuple[int | None, ...]:
    """Return what a well written number or size is worth; a size is a tuple."""
    if is_size(text):
        return tuple(None if part == "?" else int(part) for part in text.split("x"))
    if is_whole(text):
        return int(text)
    return float(text)


def is_size(text: str) -> bool:
    """Whether a number is a size."""
    return "x" in text or "?" in text


def is_whole(text: str) -> bool:
    """Whether a number is written without fraction and exponent."""
    return text.lstrip("-").isdigit()


def fits(text: str) -> bool:
    """Whether a number or size can be represented."""
    if is_size(text):
        return all(len(part.lstrip("0")) <= MAX_DIGITS for part in text.split("x"))
    if is_whole(text):
        return len(text.lstrip("-0")) <= MAX_DIGITS
    value = float(text)
    return math.isfinite(value) and (value != 0 or not has_digits(text))


def has_digits(text: str) -> bool:
    """Whether the mantissa holds a digit that is not 0."""
    mantissa = re.split("[eE]", text)[0]
    return any(digit in "123456789" for digit in mantissa)


def canonical(text: str) -> str:
    """Return the form in which `slimgen fmt` writes a number or size of that value."""
    if is_size(text):
        parts = text.split("x")
        return "x".join(part.lstrip("0") or "0" for part in parts)
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    mantissa, _, exponent = text.lower().partition("e")
    whole, dot, fraction = mantissa.partition(".")
    written = sign + (whole.lstrip("0") or "0") + dot + fraction
    if not exponent:
        return written
    minus = "-" if exponent.startswith("-") else ""
    return f"{written}e{minus}{exponent.lstrip('+-').lstrip('0') or '0'}"
