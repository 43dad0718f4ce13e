"""Inline trivial blocks.

inline_small: a block that is empty, or one layer under the call's own name.
before    %1 = call subsample(%0)    %2 = call conv_same(%1) as conv2
          func subsample: return %0  func conv_same: %1 = conv(%0) as scope
after     %2 = conv(%0) as conv2

inline_wrappers: the only call of a block, where it is all that its caller does.
before    network resnet_v1_50: %1 = call resnet_v1(%0)
after     network resnet_v1_50: the items of resnet_v1
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    Path,
    Value,
    walk,
)


class _Body(Frozen):
    """Items and the values that leave them."""

    items: tuple[Item, ...]
    outputs: tuple[Value, ...]


Choice = Callable[[Call, Function, int], bool]
"""Whether a call is to be replaced; the number is that of its caller's items."""


def inline_small(graph: Graph) -> Graph:
    """Replace calls of blocks that are empty or a single layer."""
    return _inlined(graph, lambda call, function, _: _is_small(call, function))


def inline_wrappers(graph: Graph) -> Graph:
    """Replace the only call of a block that is all that its caller does."""
    bodies = [f.items for f in graph.functions] + [n.items for n in graph.networks]
    counts = Counter(
        item.function
        for items in bodies
        for item in walk(items)
        if isinstance(item, Call)
    )

    def chosen(call: Call, function: Function, siblings: int) -> bool:
        alone = siblings == 1 and counts[call.function] == 1
        plain = not any(isinstance(item, Decision) for item in function.items)
        return alone and plain and not call.opens and not function.parameters

    return _inlined(graph, chosen)


def _is_small(call: Call, function: Function) -> bool:
    if not function.items:
        return True
    first, *rest = function.items
    if rest or isinstance(first, EndPoint | Loop | Decision):
        return False
    # Else the block's name would be an end point besides the layer's.
    return first.scope == () or not call.opens


def _inlined(graph: Graph, chosen: Choice) -> Graph:
    made: dict[str, Function] = {}
    for function in graph.functions:  # called functions come before their callers
        body = _Inliner(made, chosen).body(function.items, (function.output,))
        made[function.name] = replace(
            function, items=body.items, output=body.outputs[0]
        )
    networks = tuple(_network(network, made, chosen) for network in graph.networks)
    used = _used(networks, made)
    functions = tuple(f for name, f in made.items() if name in used)
    return replace(graph, networks=networks, functions=functions)


def _network(network: Network, made: Mapping[str, Function], chosen: Choice) -> Network:
    values = tuple(value for _, value in network.outputs)
    body = _Inliner(made, chosen).body(network.items, values)
    names = (name for name, _ in network.outputs)
    return replace(
        network, items=body.items, outputs=tuple(zip(names, body.outputs, strict=True))
    )


def _used(networks: Iterable[Network], made: Mapping[str, Function]) -> set[str]:
    used: set[str] = set()
    waiting = [network.items for network in networks]
    while waiting:
        for item in walk(waiting.pop()):
            if isinstance(item, Call) and item.function not in used:
                used.add(item.function)
                waiting.append(made[item.function].items)
    return used


class _Inliner:
    """Rewrites the items of one caller."""

    def __init__(self, made: Mapping[str, Function], chosen: Choice) -> None:
        self.made = made
        self.chosen = chosen
        self.items: list[Item] = []
        self.instead: dict[int, Value] = {}
        self.next_index = 0

    def body(self, items: Sequence[Item], outputs: Sequence[Value]) -> _Body:
        """Return the caller's items and outputs with the chosen calls replaced."""
        indices = [
            value.index for item in walk(tuple(items)) for value in _values(item)
        ]
        self.next_index = max([*indices, *(o.index for o in outputs)], default=0) + 1
        for item in items:
            if isinstance(item, Decision):
                self.items.append(item)  # a caller with one has calls that stay
                continue
            here = _with_values(item, self._take)
            function = self.made[here.function] if isinstance(here, Call) else None
            if (
                function is not None
                and isinstance(here, Call)
                and self.chosen(here, function, len(items))
            ):
                self._replace(here, function)
            else:
                self.items.append(here)
        return _Body(tuple(self.items), tuple(self._take(value) for value in outputs))

    def _take(self, value: Value) -> Value:
        return self.instead.get(value.index, value)

    def _replace(self, call: Call, function: Function) -> None:
        inside = {
            inner.index: outer
            for inner, outer in zip(function.inputs, call.inputs, strict=True)
        }

        def take(value: Value) -> Value:
            if value.index not in inside:
                inside[value.index] = replace(value, index=self.next_index)
                self.next_index += 1
            return inside[value.index]

        if function.output.index not in inside:
            inside[function.output.index] = call.output
        for item in function.items:
            self.items.append(_placed(_with_values(item, take), call))
        result = take(function.output)
        if result.index != call.output.index:
            self.instead[call.output.index] = result
            if call.opens:
                self.items.append(EndPoint(result, call.scope, call.span, call.steps))


def _placed(item: Item, call: Call) -> Item:
    """An item of a function as it stands at the call."""
    steps = call.steps + item.steps
    match item:
        case Node():
            scope = None if item.scope is None else _joined(call.scope, item.scope)
            return replace(item, scope=scope, steps=steps)
        case Call() | EndPoint():
            return replace(item, scope=_joined(call.scope, item.scope), steps=steps)
        case Loop() | Decision():
            raise AssertionError("such a block is not inlined")


def _joined(outer: Path, inner: Path) -> Path:
    if not outer or not inner:
        return outer or inner
    parts: list[str] = [str(part) for part in (*outer, "/", *inner)]
    return ("".join(parts),)  # there are no holes before loops are rolled


def _values(item: Item) -> tuple[Value, ...]:
    match item:
        case Node() | Call():
            return (*item.inputs, item.output)
        case EndPoint():
            return (item.value,)
        case Decision():
            return (item.output,)
        case Loop():
            raise AssertionError("loops are rolled after blocks are inlined")


def _with_values(item: Item, take: Callable[[Value], Value]) -> Item:
    match item:
        case Node() | Call():
            inputs = tuple(take(value) for value in item.inputs)
            return replace(item, inputs=inputs, output=take(item.output))
        case EndPoint():
            return replace(item, value=take(item.value))
        case Loop() | Decision():
            raise AssertionError("such a block is not inlined")
