"""Blocks with a scope of their own: the function opens it, so that calls need not name it.

before    bottleneck(scope / "block1/unit_1/bottleneck_v1", net, 256, 64)
after     bottleneck(scope / "block1/unit_1", net, 256, 64)
          def bottleneck(…): with scope.open("bottleneck_v1") as scope: …
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from slimgen.ir.graph import Call, EndPoint, Graph, Item, Node, Path, rewritten, walk


def openings(graph: Graph) -> dict[str, str]:
    """Return the name that each function opens, "" for the scope that calls give.

    A function is left out if one of its calls opens no scope. The name is the last part of
    the scopes of all calls, where there are several.
    """
    calls: dict[str, list[Call]] = {}
    for call in _calls(graph):
        calls.setdefault(call.function, []).append(call)
    found = {}
    for function, those in calls.items():
        if all(call.opens for call in those):
            ends = {_end(call.scope) for call in those}
            found[function] = ends.pop() if len(ends) == 1 and len(those) > 1 else ""
    return found


def with_openings(graph: Graph, names: Mapping[str, str]) -> Graph:
    """Return the graph with the names that functions open taken from their calls."""

    def opened(item: Node | Call | EndPoint) -> Item:
        return _opened(item, names)

    networks = (replace(n, items=rewritten(n.items, opened)) for n in graph.networks)
    functions = (replace(f, items=rewritten(f.items, opened)) for f in graph.functions)
    return replace(graph, networks=tuple(networks), functions=tuple(functions))


def _calls(graph: Graph) -> Iterator[Call]:
    bodies = [n.items for n in graph.networks] + [f.items for f in graph.functions]
    for items in bodies:
        yield from (item for item in walk(items) if isinstance(item, Call))


def _end(path: Path) -> str:
    """Return the last part of a scope; "" where a loop counts in it."""
    last = path[-1] if path else ""
    if not isinstance(last, str) or (len(path) > 1 and "/" not in last):
        return ""
    return last.rpartition("/")[2]


def _opened(item: Node | Call | EndPoint, names: Mapping[str, str]) -> Item:
    if not isinstance(item, Call) or not (name := names.get(item.function)):
        return item
    *outer, last = item.scope
    assert isinstance(last, str)
    rest = last.removesuffix(name).removesuffix("/")
    return replace(item, scope=(*outer, *[rest] * bool(rest)))
