"""Values that an argument of a layer may have, those of Python and our own."""

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from slimgen.frozen import Frozen

if TYPE_CHECKING:
    from slimgen.layers.argument_types import BareWord
    from slimgen.layers.declaration import Layer

Literal: TypeAlias = (
    "bool | int | float | str | Operand | Hole | NamedFunction | BareWord | Layer"
    " | tuple[Literal, ...] | None"
)
"""The value of an argument, a parameter of a network or block, or a part of one."""


class Operand(Frozen):
    """A tensor argument: the position among the inputs of the node."""

    index: int


class Hole(Frozen):
    """A literal that became a parameter of a shared function, or a loop variable.

    A literal that grows with the turns of a loop is `factor` times its variable plus `offset`.
    `values` are the literals that it stands for.
    """

    name: str
    values: tuple[Literal, ...] = field(default=(), compare=False, repr=False)
    factor: int = 1
    offset: int = 0

    @property
    def text(self) -> str:
        """The literal by its name: `depth`, `32 * i`, `32 * i + 64`, `5 - i`."""
        term = (
            self.name if abs(self.factor) == 1 else f"{abs(self.factor)} * {self.name}"
        )
        if self.factor < 0:
            return f"{self.offset} - {term}"
        if self.offset:
            return f"{term} {'+' if self.offset > 0 else '-'} {abs(self.offset)}"
        return term


def literals(values: Iterable[object]) -> Iterator[object]:
    """Yield the values, in place of a hole those that it stands for."""
    for value in values:
        if isinstance(value, Hole):
            yield from literals(value.values)
        else:
            yield value


class NamedFunction(Frozen):
    """An activation, initializer, regularizer or user's function with its arguments.

    `path` is the dotted name of a user's function, `module.function`.
    """

    word: str
    arguments: tuple[tuple[str, Literal], ...] = ()
    path: str = ""

    def __getitem__(self, name: str) -> Literal:
        return dict(self.arguments)[name]

    @property
    def reference(self) -> str:
        """`module:function`, as a source names a user's function."""
        module, _, own = self.path.rpartition(".")
        return f"{module}:{own}"


class NamedInt(int):
    """An integer that is a build parameter, unchanged: printed as its constant."""

    name: str


class NamedFloat(float):
    """A float that is a build parameter, unchanged: printed as its constant."""

    name: str


class NamedStr(str):
    """A string that is a build parameter, unchanged: printed as its constant."""

    name: str


def named(value: object, name: str) -> object:
    """Return `value` as the build parameter `name`; equal to the plain value."""
    marked: NamedInt | NamedFloat | NamedStr
    match value:
        case bool() | NamedInt() | NamedFloat() | NamedStr():
            return value
        case int():
            marked = NamedInt(value)
        case float():
            marked = NamedFloat(value)
        case str():
            marked = NamedStr(value)
        case _:
            return value
    marked.name = name
    return marked
