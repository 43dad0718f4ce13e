"""The graph as text: for people, for the comments of passes, and for the errors of the verifier."""

from collections.abc import Iterable, Iterator

from slimgen.ir.graph import (
    Call,
    Condition,
    Decision,
    EndPoint,
    Function,
    Graph,
    Item,
    Length,
    Loop,
    Network,
    Node,
    Value,
    path_text,
)
from slimgen.ir.literal_text import changed_arguments, literal
from slimgen.ir.record_text import job_lines, label_lines, map_lines, record_lines

INDENT = "  "


def print_graph(graph: Graph) -> str:
    """Write a graph: its networks, the functions that they call, its jobs.

    Arguments at their defaults are left out.
    """
    parts = [_network(network) for network in graph.networks]
    parts += [_function(function) for function in graph.functions]
    parts += [job_lines(job) for job in graph.jobs]
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts)


def _network(network: Network) -> Iterator[str]:
    given = ", ".join(f"{name}={literal(value)}" for name, value in network.parameters)
    yield f"network {network.name}({given}) as {network.scope or 'none'} {{"
    for one in network.inputs:
        yield f"{INDENT}input {one.name} {_defined(one.value)}"
    yield from _items(network.items, 1)
    for name, value in network.outputs:
        yield f"{INDENT}output {name + ' ' if name else ''}%{value.index}"
    yield from (f"{INDENT}{line}" for line in _about_weights(network))
    yield "}"


def _about_weights(network: Network) -> Iterator[str]:
    """Yield the facts that stand beside the layers: images, labels, head, maps."""
    if network.preprocess is not None:
        yield from record_lines("preprocess", network.preprocess)
    if network.labels is not None:
        yield from label_lines(network.labels)
    if network.head:
        yield f"head {', '.join(network.head)}"
    for found in network.maps:
        yield from map_lines(found)


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
        case Decision():
            yield f"{_defined(item.output)} = choose {{"
            for case in item.cases:
                condition = case.condition
                yield f"{INDENT}{_condition(condition) if condition else 'else'} {{"
                yield from _items(case.items, 2)
                yield f"{INDENT * 2}give %{case.result.index}"
                yield f"{INDENT}}}"
            yield "}"


def _condition(condition: Condition) -> str:
    sides = (
        (
            f"%{side.value.index}.shape[{side.axis}]"
            if isinstance(side, Length)
            else literal(side)
        )
        for side in (condition.left, condition.right)
    )
    return f"if {f' {condition.sign} '.join(sides)}"


def _node(node: Node) -> str:
    inputs = [value.index for value in node.inputs]
    listed = ", ".join(f"%{index}" for index in inputs)
    arguments = ", ".join(changed_arguments(node.layer, inputs))
    scope = "" if node.scope is None else f" as {path_text(node.scope) or '.'}"
    return (
        f"{_defined(node.output)} = {node.layer.word}({listed})"
        f"{f' {{{arguments}}}' if arguments else ''}{scope}"
        f"{' shared' if node.shared else ''}"
    )


def _defined(value: Value) -> str:
    return f"%{value.index}: {value.type}"
