"""Give every layer the form that is emitted: sizes one per axis, no ignored arguments.

before    %1 = conv(%0) {num_outputs=8, kernel_size=3, normalizer=batch_norm()}
after     %1 = conv(%0) {num_outputs=8, kernel_size=[3, 3], normalizer=batch_norm(), biases=none}

The graph says what the source says; the later passes and the emitter know this form only.
"""

from collections.abc import Iterable
from dataclasses import replace

from slimgen.ir.graph import Graph, Item, Node


def lower(graph: Graph) -> Graph:
    """Replace each layer by its canonical form for the types of its inputs."""
    if any(function.parameters for function in graph.functions):
        return graph  # the blocks are shared, so the layers have been lowered
    networks = (replace(one, items=_lowered(one.items)) for one in graph.networks)
    functions = (replace(one, items=_lowered(one.items)) for one in graph.functions)
    return replace(graph, networks=tuple(networks), functions=tuple(functions))


def _lowered(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(_item(item) for item in items)


def _item(item: Item) -> Item:
    if not isinstance(item, Node):
        return item
    return replace(item, layer=item.layer.canonical([v.type for v in item.inputs]))
