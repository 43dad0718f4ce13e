"""Values as Python text."""

from slimgen.emit.tensorflow.functions import target
from slimgen.layers.literals import (
    Hole,
    NamedFloat,
    NamedFunction,
    NamedInt,
    NamedStr,
)


def python(value: object) -> str:
    """Write a value as Python.

    Values enter the emitted file here only; a type that is not listed cannot get there.
    """
    match value:
        case Hole(text=text):
            return text
        case NamedInt() | NamedFloat() | NamedStr():
            return value.name
        case NamedFunction(arguments=arguments):
            name, factory = target(value)
            given = _keywords(arguments)
            if factory:
                return f"{name}({given})"
            return f"functools.partial({name}, {given})" if given else name
        case tuple() | list():
            return f"[{', '.join(map(python, value))}]"
        case str():
            return _quoted(value)
        case float():
            return repr(value).replace("e+", "e")  # as black writes it
        case None | bool() | int():
            return repr(value)
    raise TypeError(f"no Python for {value!r}")


def applied(function: NamedFunction | Hole, argument: str) -> str:
    """Write a call of `function` with one tensor."""
    if isinstance(function, Hole):
        return f"{function.name}({argument})"
    name, factory = target(function)
    if factory or not function.arguments:
        return f"{python(function)}({argument})"
    return f"{name}({argument}, {_keywords(function.arguments)})"


def _keywords(arguments: tuple[tuple[str, object], ...]) -> str:
    return ", ".join(f"{key}={python(value)}" for key, value in arguments)


def _quoted(text: str) -> str:
    """Write a string with the quotes that black chooses: double, unless escapes decide."""
    written = repr(text)
    if written[0] == '"' or text.count('"') > text.count("'"):
        return written
    body = written[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{body}"'
