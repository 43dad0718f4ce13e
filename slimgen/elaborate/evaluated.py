"""The values of expressions, and their names in messages."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from slimgen.diagnostics import Diagnostic
from slimgen.frozen import Frozen
from slimgen.ir.graph import Value
from slimgen.layers.argument_types import BareWord
from slimgen.layers.literals import NamedFunction, Operand
from slimgen.source import Span
from slimgen.syntax import tree

if TYPE_CHECKING:
    from slimgen.elaborate.graph_builder import GraphBuilder

LARGEST_INTEGER = 2**63 - 1
LONGEST_LIST = 100_000
LONGEST_TEXT = 10_000


class Tensor(Frozen):
    """A tensor by name: the value, and the function that holds it.

    `value` is None after a layer that failed: what follows is not blamed for it.
    """

    value: Value | None
    home: "GraphBuilder" = field(compare=False, repr=False)


class Closure(Frozen):
    """A function of the source, with the names that it sees."""

    declaration: tree.LetFunction
    frame: "Frame" = field(compare=False, repr=False)


class Unknown:
    """The value of a name whose `let` failed: its readers are not blamed for it."""


UNKNOWN = Unknown()


class Failed(Frozen):
    """An argument that could not be evaluated; `diagnostic` is None once reported.

    It is reported only where the argument matters: not for a key that the word lacks.
    """

    diagnostic: Diagnostic | None


Evaluated: TypeAlias = (
    "bool | int | float | str | BareWord | NamedFunction | Operand | Tensor | Closure"
    " | Unknown | Failed | tuple[Evaluated, ...] | None"
)
"""The value of an expression. Arguments are lowered: `Operand` stands for a tensor."""


@dataclass
class Frame:
    """The names of one block, network or file; `parent` is what it stands in."""

    parent: "Frame | None" = None
    names: dict[str, Evaluated] = field(default_factory=dict)

    def find(self, name: str) -> Evaluated:
        """Return the value of `name`; raises KeyError."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        raise KeyError(name)

    def known(self) -> list[str]:
        """All names in reach, the nearest first."""
        frame: Frame | None = self
        names: list[str] = []
        while frame is not None:
            names.extend(frame.names)
            frame = frame.parent
        return names


def describe(value: object) -> str:
    """Name a value in a message: `3`, a list of 2 values, the tensor [batch, 10]."""
    text = _plain_text(value)
    if text is not None:
        return f"the string {text}" if isinstance(value, str) else f"`{text}`"
    match value:
        case tuple():
            return _described_list(value)
        case Tensor(value=None):
            return "a tensor"
        case Tensor(value=Value(type=type_)):
            return f"a tensor {type_}"
        case Closure():
            return f"the function `{value.declaration.name.text}`"
    return "something else"


def _plain_text(value: object) -> str | None:
    """Return a value as a source writes it; None for a list, a tensor or a function."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case int() | float():
            return number_text(value)
        case str():
            return f'"{value[:40]}"'
        case BareWord(text=text, called=called):
            return f"{text}(…)" if called else text
    return None


def number_text(value: float) -> str:
    """Write a number; a fraction that is whole keeps its dot: `8.0` is not `8`."""
    if isinstance(value, int):
        return str(int(value))
    text = f"{value:g}"
    return text if re.search(r"[.en]", text) else f"{text}.0"


def _described_list(items: tuple[object, ...]) -> str:
    """Write out a short list of plain values; of another, give its length."""
    texts = [_plain_text(item) for item in items]
    written = f"`[{', '.join(text for text in texts if text is not None)}]`"
    plain = None not in texts
    return written if plain and len(written) <= 40 else f"a list of {len(items)}"


class Argument(Frozen):
    """An evaluated argument and where it stands."""

    value: Evaluated
    span: Span
    scope: bool = False
