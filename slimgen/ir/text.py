"""The graph as text: for people, for the comments of passes, and for failures of `verify`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from slimgen.ir.graph import (
    Call,
    EndPoint,
    Function,
    Graph,
    Item,
    Loop,
    Network,
    Node,
    Value,
    path_text,
)
from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import Layer, Parameter, parameters
from slimgen.layers.literals import Hole, Operand
from slimgen.layers.literals import NamedFunction as Named

INDENT = "  "


def print_graph(graph: Graph) -> str:
    """Write a graph: its networks, then the functions that they call.

    Arguments at their defaults are left out.
    """
    parts = [_network(network) for network in graph.networks]
    parts += [_function(function) for function in graph.functions]
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts)


def _network(network: Network) -> Iterator[str]:
    given = ", ".join(f"{name}={literal(value)}" for name, value in network.parameters)
    yield f"network {network.name}({given}) as {network.scope or 'none'} {{"
    for one in network.inputs:
        yield f"{INDENT}input {one.name} {_defined(one.value)}"
    yield from _items(network.items, 1)
    for name, value in network.outputs:
        yield f"{INDENT}output {name + ' ' if name else ''}%{value.index}"
    yield "}"


def _function(function: Function) -> Iterator[str]:
    given = ", ".join([*map(_defined, function.inputs), *function.parameters])
    yield f"function {function.name}({given}) {{"
    yield from _items(function.items, 1)
    yield f"{INDENT}return %{function.output.index}"
    yield "}"


def _items(items: Iterable[Item], depth: int) -> Iterator[str]:
    for item in items:
        for line in _item(item):
            yield f"{INDENT * depth}{line}"


def _item(item: Item) -> Iterator[str]:
    match item:
        case Node():
            yield _node(item)
        case Call():
            given = [f"%{value.index}" for value in item.inputs]
            given += [f"{name}={literal(value)}" for name, value in item.arguments]
            scope = f" as {path_text(item.scope)}" if item.scope else ""
            called = f"{item.function}({', '.join(given)})"
            yield f"{_defined(item.output)} = call {called}{scope}"
        case EndPoint():
            yield f"end_point %{item.value.index} as {path_text(item.scope)}"
        case Loop():
            carried = f"%{item.carried.index} = %{item.start.index}"
            turns = f"for {item.variable} in {item.first}..{item.last} ({carried})"
            yield f"{_defined(item.output)} = {turns} {{"
            yield from _items(item.items, 1)
            yield f"{INDENT}next %{item.result.index}"
            yield "}"


def _node(node: Node) -> str:
    inputs = [value.index for value in node.inputs]
    listed = ", ".join(f"%{index}" for index in inputs)
    arguments = ", ".join(_changed(node.layer, inputs))
    scope = "" if node.scope is None else f" as {path_text(node.scope) or '.'}"
    return (
        f"{_defined(node.output)} = {node.layer.word}({listed})"
        f"{f' {{{arguments}}}' if arguments else ''}{scope}"
        f"{' shared' if node.shared else ''}"
    )


def _defined(value: Value) -> str:
    return f"%{value.index}: {value.type}"


def _changed(layer: Layer, inputs: Sequence[int] = ()) -> Iterator[str]:
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


def argument(parameter: Parameter, value: Any, inputs: Sequence[int] = ()) -> str:
    """Write an argument; a word that the parameter takes stands without quotes."""
    bare = isinstance(value, str) and value in parameter.kind.words
    return str(value) if bare else literal(value, inputs)


def literal(value: Any, inputs: Sequence[int] = ()) -> str:
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
        case Hole(name=name):
            return f"{{{name}}}"
        case Operand(index=index):
            return f"%{inputs[index] if index < len(inputs) else f'operand {index}'}"
        case Named(word=word, arguments=arguments):
            given = [f"{key}={literal(item, inputs)}" for key, item in arguments]
            return f"{word}({', '.join(given)})" if given else word
        case Layer():
            return f"{value.word}({', '.join(_changed(value, inputs))})"
        case BareWord(text=text, called=called):
            return f"{text}(…)" if called else text
        case _:
            return "…"
