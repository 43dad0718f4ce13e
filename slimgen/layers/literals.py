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

    `target` is its name in the emitted file. With `factory` it makes the function when it
    is called with the arguments (`l2(0.0005)`); else it is the function.
    """

    word: str
    arguments: tuple[tuple[str, Any], ...] = ()
    target: str = ""
    factory: bool = False

    def __getitem__(self, name: str) -> Any:
        return dict(self.arguments)[name]


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


def python(value: Any) -> str:
    """Write a value as Python.

    The only place where a value becomes text of the emitted file; what is not known here
    cannot get there.
    """
    match value:
        case Hole(name=name):
            return name
        case NamedInt() | NamedFloat() | NamedStr():
            return value.name
        case NamedFunction(arguments=arguments, target=target, factory=factory):
            given = ", ".join(f"{key}={python(item)}" for key, item in arguments)
            if factory:
                return f"{target}({given})"
            return f"functools.partial({target}, {given})" if given else target
        case tuple() | list():
            return f"[{', '.join(python(item) for item in value)}]"
        case str():
            return _quoted(value)
        case float():
            return repr(value).replace("e+", "e")  # as black writes it
        case None | bool() | int():
            return repr(value)
    raise TypeError(f"no Python for {value!r}")


def _quoted(text: str) -> str:
    """Write a string with the quotes that black chooses: double, unless escapes decide."""
    written = repr(text)
    if written[0] == '"' or text.count('"') > text.count("'"):
        return written
    body = written[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{body}"'
