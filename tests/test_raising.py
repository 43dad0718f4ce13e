"""A graph raised to source: compiled again, it computes the same under the same names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import models

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.emit.slim.raising import raise_graph
from slimgen.ir.graph import Graph, Network
from slimgen.ir.unroll import unroll
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.parser import parse
from slimgen.syntax.printer import format_source
from slimgen.syntax.writer import write

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").rglob("*.slim"))
ACCEPTED = sorted((ROOT / "tests" / "accepted").rglob("*.slim"))
# Several large networks in one file: they take more than two seconds.
LARGE = {
    *("i3d", "inception_resnet_v2", "inception_v4", "mobilenet_v2", "mobilenet_v3"),
    *("nasnet", "pnasnet", "resnet", "resnet_v1", "resnet_v1_200", "resnet_v2"),
}
FILES = [
    pytest.param(
        path, marks=pytest.mark.slow if path.stem in LARGE else (), id=path.stem
    )
    for path in EXAMPLES
]


def graph_of(source: Source, networks: tuple[str, ...] = ()) -> Graph:
    request = Request(networks=networks, building=True)
    compilation = analyze(source, request, FileReader(Diagnostics()))
    errors = [one for one in compilation.diagnostics if one.severity.value == "error"]
    assert [] == [
        f"{one.message} {one.span.line if one.span else ''}" for one in errors
    ]
    assert compilation.graph is not None
    return compilation.graph


def run_of(graph: Graph, network: Network) -> Iterator[object]:
    """The operations of a network, layer by layer, with their names."""
    unrolled = unroll(graph, network)
    yield network.name, network.scope, network.parameters
    yield unrolled.inputs, unrolled.outputs
    yield network.preprocess, network.maps, network.head
    for part in unrolled.applied():
        inputs = [tensor.number for tensor in part.inputs]
        yield part.layer, inputs, part.output, part.scope, part.shared
    yield list(unrolled.end_points())
    yield network.variables


def assert_is_raised(graph: Graph) -> str:
    """Raise a graph, compile what is written, and compare; return the source."""
    text = write(raise_graph(graph))
    again = graph_of(Source("raised.slim", text))

    assert [n.name for n in graph.networks] == [n.name for n in again.networks]
    for network, other in zip(graph.networks, again.networks, strict=True):
        for one, two in zip(run_of(graph, network), run_of(again, other), strict=True):
            assert one == two
    return text


@pytest.mark.parametrize("path", FILES)
def test_an_example_is_raised(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)  # one example uses another
    source = Source(path.name, path.read_text(encoding="utf-8"))
    items = parse(source, Diagnostics()).items
    names = tuple(item.name.text for item in items if isinstance(item, tree.Network))

    text = assert_is_raised(graph_of(source, names))
    assert text == format_source(Source("raised.slim", text), Diagnostics())


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.parent.name)
def test_an_accepted_model_is_raised(path: Path) -> None:
    assert_is_raised(graph_of(Source("model.slim", path.read_text(encoding="utf-8"))))


@given(models())
@settings(max_examples=30, deadline=None)
def test_a_model_at_random_is_raised(text: str) -> None:
    assert_is_raised(graph_of(Source("model.slim", text)))
