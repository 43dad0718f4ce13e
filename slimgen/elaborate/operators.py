"""Operators and functions on values."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import TypeGuard

from slimgen.elaborate.evaluated import (
    LARGEST_INTEGER,
    LONGEST_LIST,
    LONGEST_TEXT,
    Evaluated,
    Tensor,
)
from slimgen.elaborate.rejection import Rejected, TooMuch
from slimgen.layers.argument_types import BareWord
from slimgen.messages import names as messages
from slimgen.source import Span

ARITHMETIC: dict[str, Callable[[object, object], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
ORDER: dict[str, Callable[[int, int], bool]] = {  # of a comparison's sign and 0
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number; `true` is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare(left: object, right: object) -> int | None:
    """Return -1, 0 or 1 for numbers and for strings; None for what has no order."""
    if is_number(left) and is_number(right):
        return (left > right) - (left < right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    return None


def checked(value: object, span: Span) -> Evaluated:
    """Return a computed value, or refuse one beyond the limits."""
    match value:
        case tuple():
            if size_of(value) > LONGEST_LIST:
                raise TooMuch(
                    messages.limit_exceeded(span, "values in a list", LONGEST_LIST)
                )
        case str():
            if len(value) > LONGEST_TEXT:
                raise TooMuch(
                    messages.limit_exceeded(
                        span, "characters in a string", LONGEST_TEXT
                    )
                )
        case bool():
            pass
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise Rejected(messages.cannot_compute(span, "the number is too large"))
        case float():
            if not math.isfinite(value):
                raise Rejected(
                    messages.cannot_compute(span, "the number is not finite")
                )
        case _:
            raise AssertionError(value)
    return value


def size_of(value: tuple[object, ...]) -> int:
    """Return the number of values in a list and in the lists in it.

    Lists share their parts, so that a few lines describe more values than any memory holds:
    the count bounds the work of whoever compares, prints or walks the list.
    """
    return len(value) + sum(size_of(v) for v in value if isinstance(v, tuple))


def text_of(value: object) -> str | None:
    """Return a number or a string as it stands in a name; None for another value."""
    if isinstance(value, str):
        return str(value)
    if not is_number(value):
        return None
    return str(int(value)) if isinstance(value, int) else repr(float(value))


def check_power(span: Span, base: float, exponent: float) -> None:
    """Refuse a power that has no real value, or would take long to compute."""
    if isinstance(exponent, int) and abs(exponent) > 1024:
        raise Rejected(messages.cannot_compute(span, "the exponent is above 1024"))
    if base < 0 and not isinstance(exponent, int):
        raise Rejected(messages.cannot_compute(span, "a root of a negative number"))


def equal(left: object, right: object) -> bool:
    """Whether two values are the same; `true` is not 1, a word is its text."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, BareWord) and isinstance(right, str):
        return left.text == right
    if isinstance(left, str) and isinstance(right, BareWord):
        return left == right.text
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return left is right
    return bool(left == right)


def _round(value: float, digits: int = 0) -> float:
    """Round as Python does, halves to even; without digits to a whole number."""
    return round(value, digits) if digits else round(value)


def _extreme(choose: Callable[[Sequence[float]], float]) -> Callable[..., float]:
    def function(*values: object) -> float:
        items = values
        if len(values) == 1 and isinstance(values[0], tuple):
            items = values[0]
        return choose(_numbers(items))

    return function


def _numeric(function: Callable[..., float]) -> Callable[..., float]:
    def call(*values: object) -> float:
        return function(*_numbers(values))

    return call


def _numbers(values: Sequence[object]) -> list[float]:
    """Return at least one number, or raise TypeError."""
    numbers = [value for value in values if is_number(value)]
    if not numbers or len(numbers) < len(values):
        raise TypeError
    return numbers


def _length(value: object) -> int:
    if not isinstance(value, tuple | str):
        raise TypeError
    return len(value)


def _string(value: object) -> str:
    text = text_of(value)
    if text is None:
        raise TypeError
    return text


BUILTINS: dict[str, Callable[..., object]] = {
    "min": _extreme(min),
    "max": _extreme(max),
    "round": _numeric(_round),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "int": _numeric(int),
    "abs": _numeric(abs),
    "len": _length,
    "str": _string,
}
