"""The original of a comparison: `tf_slim:vgg_16`, `keras:MobileNet(alpha=0.5)`."""

import ast
import re
from dataclasses import field

from slimgen.frozen import Frozen
from slimgen.verify.untyped import Json

LIBRARIES = ("tf_slim", "keras")
FORM = re.compile(
    r"(?:(?P<module>[\w.]+):)?(?P<name>\w+)\s*(?:\((?P<arguments>.*)\))?", re.DOTALL
)


class Against(Frozen):
    """A function that builds the original.

    Attributes:
        library: One of `LIBRARIES`.
        name: The function, of `module`; without one, of the library's own networks.
        arguments: Keyword arguments besides those that every network is given.
    """

    library: str
    name: str
    module: str | None = None
    arguments: dict[str, Json] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the form that `parse_against` reads."""
        given = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        parts = [self.library, *([self.module] if self.module else []), self.name]
        return ":".join(parts) + (f"({given})" if given else "")


def parse_against(text: str) -> Against:
    """Return what `LIBRARY:[MODULE:]NAME[(key=value, …)]` names.

    Raises:
        ValueError: It has another form; the message says what is wrong with it.
    """
    library, _, rest = text.partition(":")
    if library not in LIBRARIES:
        raise ValueError(f"'{text}' does not begin with 'tf_slim:' or 'keras:'.")
    match = FORM.fullmatch(rest.strip())
    if match is None:
        raise ValueError(f"'{rest}' is not of the form NAME or NAME(key=value, …).")
    arguments = _arguments(match["arguments"] or "")
    return Against(library, match["name"], match["module"], arguments)


def _arguments(text: str) -> dict[str, Json]:
    form = f"'({text})' is not of the form (key=value, …)."
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(form) from error
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(form)  # a second pair of parentheses
    names = [keyword.arg for keyword in call.keywords]
    if call.args or len(set(names)) < len(names):
        raise ValueError(form)
    found = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ValueError(form)
        found[keyword.arg] = _value(keyword.arg, keyword.value)
    return found


def _value(key: str, node: ast.expr) -> object:
    """Return a value that `Against` writes as it was read."""
    try:
        value = ast.literal_eval(node)
        if ast.literal_eval(repr(value)) == value:
            return value
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        pass
    raise ValueError(
        f"'{key}' takes one of Python's literals: a number, a string, True, False, None, or "
        "a list, a tuple, a dict or a set of them."
    )
