"""Cut a network at an end point: `-D final_endpoint=NAME`.

Before, with `conv1` as the end point:

    network n as n
      %1 = conv2d(…) %0 as conv1
      %2 = conv2d(…) %1 as conv2
      output %2

After:

    network n as n
      %1 = conv2d(…) %0 as conv1
      output %1

Where the end point is inside a block, the block's function ends there too. The pass runs
first, while each call has a function of its own and every turn of a loop is written out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    Decision,
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
from slimgen.ir.unroll import join, unroll


class _Cut(Frozen):
    """The items up to an end point, the function's tensor for it, and the cut functions."""

    items: tuple[Item, ...]
    value: Value
    functions: dict[str, Function]


def cut_at_end_point(graph: Graph, network: str, name: str) -> Graph | None:
    """Return the graph with a network cut at an end point; None where it has none.

    `name` is the end point's full scope or the one in the network's own braces. Items after
    it are left out, and the functions, inputs and variables of these items alone.
    """
    found = next(each for each in graph.networks if each.name == network)
    functions = {function.name: function for function in graph.functions}
    cut = _cut(found.items, found.scope, {name, join(found.scope, name)}, functions)
    if cut is None:
        return None
    last = max([cut.value.index, *(value.index for value in _values(cut.items))])
    shorter = replace(
        found,
        items=cut.items,
        inputs=tuple(i for i in found.inputs if i.value.index <= last),
        outputs=(("", cut.value),),
    )
    functions |= cut.functions
    networks = tuple(shorter if each is found else each for each in graph.networks)
    kept = _called([each.items for each in networks], functions)
    result = replace(
        graph,
        networks=networks,
        functions=tuple(f for name, f in functions.items() if name in kept),
    )
    return _without_variables(result, shorter)


def _cut(
    items: Sequence[Item], scope: str, names: set[str], functions: dict[str, Function]
) -> _Cut | None:
    """Return the items up to the first end point of one of the full `names`."""
    for index, item in enumerate(items):
        kept = tuple(items[: index + 1])
        match item:
            case Call():
                own = join(scope, path_text(item.scope))
                function = functions[item.function]
                inner = _cut(function.items, own, names, functions)
                if inner is not None:
                    call, shorter = _shorten(item, function, inner)
                    changed = {**inner.functions, function.name: shorter}
                    return _Cut((*kept[:-1], call), call.output, changed)
                if item.opens and own in names:
                    return _Cut(kept, item.output, {})
            case Node():
                if _is_end_point(item) and _full(scope, item) in names:
                    return _Cut(kept, item.output, {})
            case EndPoint():
                if _full(scope, item) in names:
                    return _Cut(kept, item.value, {})
            case Loop() | Decision():
                raise AssertionError("loops and decisions are made after this pass")
    return None


def _full(scope: str, item: Node | EndPoint) -> str:
    return join(scope, path_text(item.scope or ()))


def _is_end_point(node: Node) -> bool:
    """Whether a node's scope is its own, and not that of the variables of a nameless one."""
    return bool(node.scope) or (node.scope == () and bool(node.layer.default_scope))


def _shorten(call: Call, function: Function, inner: _Cut) -> tuple[Call, Function]:
    """Return a call and its function, which end at the end point inside."""
    used = {value.index for value in (*_values(inner.items), inner.value)}
    first, *_ = function.inputs  # the current tensor, used or not
    pairs = [
        (outer, value)
        for outer, value in zip(call.inputs, function.inputs, strict=True)
        if value is first or value.index in used
    ]
    shorter = replace(
        function,
        inputs=tuple(value for _, value in pairs),
        items=inner.items,
        output=inner.value,
    )
    output = replace(call.output, type=inner.value.type)
    return replace(call, inputs=tuple(o for o, _ in pairs), output=output), shorter


def _values(items: Sequence[Item]) -> Iterator[Value]:
    """Yield the values that items take and make."""
    for item in items:
        if isinstance(item, EndPoint):
            yield item.value
        elif isinstance(item, Node | Call):
            yield from item.inputs
            yield item.output


def _called(
    bodies: Sequence[Sequence[Item]], functions: dict[str, Function]
) -> set[str]:
    """Return the names of the functions that items call, directly or not."""
    found: set[str] = set()
    waiting = list(bodies)
    while waiting:
        for item in waiting.pop():
            if isinstance(item, Call) and item.function not in found:
                found.add(item.function)
                waiting.append(functions[item.function].items)
    return found


def _without_variables(graph: Graph, network: Network) -> Graph:
    """Leave out the variables that no layer creates any more."""
    created = {
        name
        for applied in unroll(graph, network).applied()
        for name in applied.variable_names
    }
    kept = tuple(v for v in network.variables if v.name in created)
    shorter = replace(network, variables=kept)
    networks = tuple(shorter if each is network else each for each in graph.networks)
    return replace(graph, networks=networks)
