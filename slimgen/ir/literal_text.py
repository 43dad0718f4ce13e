"""Values and arguments of the graph as the language writes them."""

from collections.abc import Iterator, Sequence

from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import Layer, Parameter, parameters
from slimgen.layers.literals import Hole, NamedFunction, Operand


def changed_arguments(layer: Layer, inputs: Sequence[int] = ()) -> Iterator[str]:
    """Yield the arguments of a layer that are not at their defaults."""
    all_inputs = tuple(map(Operand, range(len(inputs))))
    for parameter in in_line_order(layer):
        value = getattr(layer, parameter.name)
        said = value == all_inputs and bool(inputs)  # a merge of all that it takes
        if not said and (parameter.required or value != parameter.default):
            yield f"{parameter.name}={argument(parameter, value, inputs)}"


def in_line_order(layer: Layer) -> list[Parameter]:
    """Return the parameters of a layer, those first that need no key."""
    return sorted(parameters(layer), key=lambda parameter: not parameter.positional)


def argument(parameter: Parameter, value: object, inputs: Sequence[int] = ()) -> str:
    """Write an argument; a word that the parameter takes stands without quotes."""
    bare = isinstance(value, str) and value in parameter.kind.words
    return str(value) if bare else literal(value, inputs)


def literal(value: object, inputs: Sequence[int] = ()) -> str:
    """Write a value as the language does; `inputs` are the tensors of operands."""
    match value:
        case None | bool():
            return "none" if value is None else str(value).lower()
        case int():
            return str(int(value))
        case float():
            return repr(float(value))
        case str():
            return f'"{value}"'
        case tuple() | list():
            return f"[{', '.join(literal(item, inputs) for item in value)}]"
        case Hole(text=name):
            return f"{{{name}}}"
        case Operand(index=index):
            return f"%{inputs[index] if index < len(inputs) else f'operand {index}'}"
        case NamedFunction(word=word, arguments=arguments):
            given = [f'"{value.reference}"'] if value.path else []
            given += [f"{key}={literal(item, inputs)}" for key, item in arguments]
            return f"{word}({', '.join(given)})" if given else word
        case Layer():
            return f"{value.word}({', '.join(changed_arguments(value, inputs))})"
        case BareWord(text=text, called=called):
            return f"{text}(…)" if called else text
        case _:
            return "…"
