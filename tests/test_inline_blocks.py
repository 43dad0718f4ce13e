"""Trivial blocks are inlined."""

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Call, EndPoint, Graph, Item, Network, Node
from slimgen.ir.verifier import verify
from slimgen.passes.inline_blocks import inline_small, inline_wrappers
from slimgen.source import Source

BLOCKS = """
block nothing() {}
block twice() as twice { conv 8 3x3 as a; conv 8 3x3 as b }
block other(n) as other { conv n 1x1 as none }
block inside(n) as inside { conv n 1x1 as core }
block outer() { twice }
"""


def graph_of(body: str) -> Graph:
    text = f"{BLOCKS}network n {{ input x 8x8x3\n{body}\n}}\n"
    found = analyze(Source("m.slim", text), Request(), FileReader(Diagnostics()))
    assert found.graph is not None, [d.message for d in found.diagnostics]
    return found.graph


def small(body: str) -> tuple[Item, ...]:
    """The network's items after `inline_small`; the graph stays sound."""
    graph = inline_small(graph_of(body))
    assert verify(graph) == []
    return graph.networks[0].items


def text_of(body: str) -> str:
    text = f"{BLOCKS}network n {{ input x 8x8x3\n{body}\n}}\n"
    code = compile_source(
        Source("m.slim", text), Request(), FileReader(Diagnostics())
    ).code
    assert code is not None
    return code[code.index("# Network") :]


def test_an_empty_block_disappears() -> None:
    (node,) = small("nothing; conv 4 1x1 as c; nothing")

    assert isinstance(node, Node)
    assert node.scope == ("c",)


def test_an_empty_block_with_a_name_is_an_end_point() -> None:
    node, point = small("conv 4 1x1 as c; nothing as here")

    assert isinstance(node, Node)
    assert isinstance(point, EndPoint)
    assert (point.scope, point.value) == (("here",), node.output)


def test_a_network_of_nothing_gives_its_input() -> None:
    graph = inline_small(graph_of("nothing"))

    network = graph.networks[0]
    assert network.items == ()
    assert network.outputs[0][1] == network.inputs[0].value


def test_a_block_of_one_layer_is_that_layer_under_the_block_s_name() -> None:
    (node,) = small("other 4")

    assert isinstance(node, Node)
    assert node.scope == ("other",)


def test_a_layer_with_a_name_of_its_own_stays_inside_its_block() -> None:
    # Both `inside` and `inside/core` are end points.
    (call,) = small("inside 4")

    assert isinstance(call, Call)


def test_a_block_of_several_layers_stays() -> None:
    (call,) = small("twice")

    assert isinstance(call, Call)


def test_a_block_that_only_calls_another_is_that_one() -> None:
    (call,) = small("outer")

    assert isinstance(call, Call)
    assert call.scope == ("twice",)


def test_blocks_in_a_loop_can_still_be_rolled() -> None:
    code = text_of("for i in 1..4 { other 8 as l{i} }")

    assert 'conv2d(scope / f"l{i}", net' in code
    assert "def other(" not in code


def wrapped(text: str) -> Network:
    found = analyze(Source("m.slim", text), Request(), FileReader(Diagnostics()))
    assert found.graph is not None, [d.message for d in found.diagnostics]
    graph = inline_wrappers(found.graph)
    assert verify(graph) == []
    return graph.networks[0]


def test_the_only_call_of_a_block_makes_way_for_what_it_does() -> None:
    found = wrapped(
        "block body(n) { conv n 3x3 as a; conv n 3x3 as b }\n"
        "network n { input x 8x8x3\nbody 8 }\n"
    )

    assert [type(item) for item in found.items] == [Node, Node]
    assert found.outputs[0][1] == getattr(found.items[1], "output", None)


def test_a_call_among_others_stays() -> None:
    found = wrapped(
        "block body(n) { conv n 3x3 as a; conv n 3x3 as b }\n"
        "network n { input x 8x8x3\nbody 8; flatten }\n"
    )

    assert isinstance(found.items[0], Call)


def test_a_call_with_a_scope_stays() -> None:
    found = wrapped(
        "block body(n) as s { conv n 3x3 as a; conv n 3x3 as b }\n"
        "network n { input x 8x8x3\nbody 8 }\n"
    )

    assert isinstance(found.items[0], Call)
