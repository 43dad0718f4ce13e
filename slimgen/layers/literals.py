"""Values that a resolved argument may have besides Python's own literals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Operand:
    """A tensor argument: the position among the inputs of the node."""

    index: int


@dataclass(frozen=True)
class Hole:
    """A literal that became a parameter of a shared function, or a loop variable.

    `values` are the literals that it stands for.
    """

    name: str
    values: tuple[Any, ...] = field(default=(), compare=False, repr=False)


def literals(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values, in place of a hole those that it stands for."""
    for value in values:
        if isinstance(value, Hole):
            yield from literals(value.values)
        else:
            yield value


@dataclass(frozen=True)
class NamedFunction:
    """An activation, initializer, regularizer or user's function with its arguments.

    `path` is the dotted name of a user's function, `module.function`.
    """

    word: str
    arguments: tuple[tuple[str, Any], ...] = ()
    path: str = ""

    def __getitem__(self, name: str) -> Any:
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


def named(value: Any, name: str) -> Any:
    """Return `value` as the build parameter `name`; equal to the plain value."""
    for plain, kind in ((int, NamedInt), (float, NamedFloat), (str, NamedStr)):
        if type(value) is plain:
            marked = kind(value)
            marked.name = name
            return marked
    return value
