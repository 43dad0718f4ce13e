"""The graph says what the source says; `lower` makes the form that is emitted of it."""

from dataclasses import replace

import pytest

from slimgen.compiler import Request, analyze
from slimgen.ir.graph import Graph, Node
from slimgen.ir.text import print_graph
from slimgen.ir.unroll import unroll
from slimgen.layers import DECLARATIONS
from slimgen.passes.lower import lower
from slimgen.source import Source


def graph_of(lines: str) -> Graph:
    text = f"network n {{\n  input images 32x32x4\n{lines}\n}}\n"
    compilation = analyze(Source("test.slim", text), Request(), lambda *_: None)
    assert [] == [str(found) for found in compilation.diagnostics]
    assert compilation.graph is not None
    return compilation.graph


def line_of(graph: Graph) -> str:
    return print_graph(graph).splitlines()[2].strip()


@pytest.mark.parametrize(
    ("line", "said", "emitted"),
    [
        ("conv 8 3 as c", "kernel_size=3}", "kernel_size=[3, 3]}"),
        ("conv 8 3x3 [2, 2] as c", "stride=[2, 2]}", "stride=2}"),
        (
            "conv 8 1x1 normalizer=batch_norm biases=ones as c",
            "normalizer=batch_norm(), biases=ones}",
            "normalizer=batch_norm(fused=true, data_format=none,"
            " renorm_decay=none, updated=true), biases=none}",
        ),
        ("pad 1", "paddings=1}", "paddings=[[0, 0], [1, 1], [1, 1], [0, 0]]}"),
        ("reduce_mean 1", "axis=1}", "axis=[1]}"),
        ("reshape [-1, 2048, 2]", "shape=[-1, 2048, 2]}", "shape=[-1, 2048, 2]}"),
        ("flatten", "= flatten(%0)", "= flatten(%0) {size=4096}"),
        ("squeeze", "= squeeze(%0)", "= squeeze(%0)"),
    ],
)
def test_the_arguments_are_the_source_s_until_they_are_lowered(
    line: str, said: str, emitted: str
) -> None:
    graph = graph_of(line)

    assert said in line_of(graph)
    assert emitted in line_of(lower(graph))


@pytest.mark.parametrize("layer", DECLARATIONS, ids=lambda layer: layer.word)
def test_lowering_keeps_types_and_variables_and_is_done_once(layer: type) -> None:
    graph = graph_of(layer.example)  # type: ignore[attr-defined]
    lowered = lower(graph)

    assert lowered == lower(lowered)
    assert types_of(graph) == types_of(lowered)


def types_of(graph: Graph) -> list[tuple[object, ...]]:
    """Types and variables of the layers, inferred from their own arguments."""
    (network,) = graph.networks
    return [
        (part.output.type, part.layer.variables([one.type for one in part.inputs]))
        for part in unroll(graph, network).applied()
    ]


def test_a_variable_of_whole_numbers_is_not_trained_before_and_after() -> None:
    graph = graph_of("variable steps [4] dtype=int32 initializer=zeros\nrelu")

    for one in (graph, lower(graph)):
        (variable,) = one.networks[0].variables
        assert not variable.spec.trainable
        assert types_of(one) == types_of(graph)


def test_shared_blocks_have_been_lowered() -> None:
    graph = graph_of("conv 8 3 as c")
    function = replace(graph_of_block().functions[0], parameters=("n",))
    shared = replace(graph, functions=(function,))

    assert lower(shared) is shared


def graph_of_block() -> Graph:
    text = (
        "block twice(n) as t { conv n 3 as a; conv n 3 as b }\n"
        "network n {\n  input images 8x8x3\n  twice 4\n}\n"
    )
    graph = analyze(Source("test.slim", text), Request(), lambda *_: None).graph
    assert graph is not None
    return graph


def test_the_layers_of_blocks_are_lowered() -> None:
    (function,) = lower(graph_of_block()).functions

    sizes = [i.layer.kernel_size for i in function.items if isinstance(i, Node)]  # type: ignore[attr-defined]
    assert sizes == [(3, 3), (3, 3)]
