"""Every argument of every layer, and the place that set it: `show --stage resolved`."""

from collections.abc import Iterator, Sequence

from slimgen.ir.graph import Graph, Network, Origin
from slimgen.ir.literal_text import argument, in_line_order
from slimgen.ir.unroll import Applied, UnrolledTensor, unroll
from slimgen.layers.declaration import Layer
from slimgen.source import Source, Span

INDENT = "  "


def print_resolved(graph: Graph) -> str:
    """Write the layers of each network in order, every call entered.

    Places are those of the first call where passes have made one function of several.
    """
    return "\n".join(
        "".join(f"{line}\n" for line in _network(graph, network))
        for network in graph.networks
    )


def _network(graph: Graph, network: Network) -> Iterator[str]:
    main = network.span.source if network.span else None
    unrolled = unroll(graph, network)
    yield f"network {network.name}"
    for name, tensor in unrolled.inputs:
        yield f"{INDENT}input {name} {_tensor(tensor)}"
    for part in unrolled.applied():
        yield ""
        yield from _layer(part, main)


def _tensor(tensor: UnrolledTensor) -> str:
    return f"-> %{tensor.number} {tensor.type}"


def _layer(part: Applied, main: Source | None) -> Iterator[str]:
    name = "-" if part.scope is None else part.scope or "."
    inputs = [tensor.number for tensor in part.inputs]
    taken = ", ".join(f"%{number}" for number in inputs)
    yield (
        f"{name}: {part.layer.word}({taken}) {_tensor(part.output)}"
        f"{' shared' if part.shared else ''}, line {_place(part.node.span, main)}"
    )
    rows = list(_rows(part.layer, part.node.origins, inputs, main))
    names = max((len(name) for name, _, _ in rows), default=0)
    values = max((len(text) for _, text, _ in rows), default=0)
    for name, text, where in rows:
        yield f"{INDENT}{name.ljust(names)}  {text.ljust(values)}  {where}"


def _rows(
    layer: Layer, said: Sequence[Origin], inputs: Sequence[int], main: Source | None
) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and place of each argument, those of a normalizer behind its own."""
    origins = {origin.parameter: origin for origin in said}
    for parameter in in_line_order(layer):
        value = getattr(layer, parameter.name)
        origin = origins.get(parameter.name)
        where = _where(origin, main)
        if isinstance(value, Layer):
            yield parameter.name, value.word, where
            inner = origin.inner if origin is not None else ()
            for name, text, place in _rows(value, inner, inputs, main):
                yield f"{parameter.name}.{name}", text, place
        else:
            yield parameter.name, argument(parameter, value, inputs), where


def _where(origin: Origin | None, main: Source | None) -> str:
    if origin is None or origin.span is None:
        return "default"
    return f"{'scope' if origin.scope else 'line'} {_place(origin.span, main)}"


def _place(span: Span, main: Source | None) -> str:
    """Write line and column; with the file where it is another than the network's."""
    place = f"{span.line}:{span.column}"
    return place if span.source is main else f"{span.source.name}:{place}"
