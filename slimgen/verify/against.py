"""What a network is compared with: `tf_slim:vgg_16`, `keras:MobileNet(alpha=0.5)`."""

import ast
import re
from dataclasses import dataclass, field
from typing import Any

LIBRARIES = ("tf_slim", "keras")
FORM = re.compile(
    r"(?:(?P<module>[\w.]+):)?(?P<name>\w+)\s*(?:\((?P<arguments>.*)\))?", re.DOTALL
)


@dataclass(frozen=True)
class Against:
    """A function that builds the original.

    Attributes:
        library: One of `LIBRARIES`.
        name: The function, of `module`; without one, of the library's own networks.
        arguments: Keyword arguments besides those that every network is given.
    """

    library: str
    name: str
    module: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

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


def _arguments(text: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        return {str(k.arg): ast.literal_eval(k.value) for k in call.keywords if k.arg}
    except (SyntaxError, ValueError) as error:
        message = f"'({text})' is not of the form (key=value, …) with Python's values."
        raise ValueError(message) from error
