"""Tensors inside blocks and used networks, reached from outside by their end points."""

from slimgen.compiler import Request, analyze
from slimgen.ir.graph import Graph
from slimgen.ir.unroll import unroll
from slimgen.ir.verifier import verify
from slimgen.passes import run_passes
from slimgen.source import Source

TRUNK = """
network trunk() {
  input images 32x32x3
  for i in 1..3 { in level{i} { conv 8 3x3 as a; conv 8 3x3 as b } }
}
"""


def graph_of(text: str) -> Graph:
    found = analyze(Source("n.slim", text), Request(), lambda path, user: None)
    assert [] == [d.message for d in found.diagnostics]
    assert found.graph is not None
    return found.graph


def applied(graph: Graph) -> list[tuple[str | None, tuple[int, ...]]]:
    """Return scope and input tensors of each layer of the only network."""
    parts = unroll(graph, graph.networks[0]).applied()
    return [(one.scope, tuple(t.number for t in one.inputs)) for one in parts]


def used(rest: str) -> Graph:
    return graph_of(
        f"{TRUNK} network n() as none {{\n input images 32x32x3\n trunk\n {rest} }}"
    )


def test_a_tensor_of_a_used_network_is_that_of_its_layer() -> None:
    graph = used("from trunk/level2/a; conv 4 1x1 as side")

    layers = dict(applied(graph))

    assert layers["side"] == layers["trunk/level2/b"]


def test_passes_keep_tensors_that_are_recalled_in_a_loop() -> None:
    graph = used("for i in 1..3 { from trunk/level{i}/a; conv 4 1x1 as side{i} }")

    passed = run_passes(graph, None)

    assert verify(passed) == []
    assert applied(passed) == applied(graph)


def test_outputs_of_a_block_are_tensors_of_its_caller() -> None:
    graph = graph_of("""
block both() { conv 4 3x3 as a; output first; conv 4 3x3 as b; output second }
network n() as none {
  input images 8x8x3
  both as one
  both as two
  add [first, second] as sum
}""")

    layers = dict(applied(graph))

    assert layers["sum"][0] == layers["two/b"][0]
    assert layers["sum"][1] > layers["sum"][0]


BOTH = "block both() { conv 4 3x3 as a; output first; conv 4 3x3 as b; output second }"


def test_each_call_of_a_block_has_results_under_its_own_name() -> None:
    graph = graph_of(f"""
{BOTH}
block outer() {{ both as inner; conv 5 1x1 as c }}
network n() as none {{
  input images 8x8x3
  both as one
  both as two
  from one/second; tap mine
  from two/first
  add [net, mine] as sum
  repeat 2 outer as times
  from times/times_1/inner/first
  conv 6 1x1 as last
}}""")

    layers = dict(applied(graph))

    assert layers["sum"] == (*layers["two/b"], layers["two/a"][0])
    assert layers["last"] == layers["times/times_1/inner/b"]


def test_a_result_is_that_of_its_latest_call_also_when_variables_are_shared() -> None:
    graph = graph_of(f"""
{BOTH}
network n() as none {{
  input images 8x8x4
  for i in 1..3 {{ both reuse=(i > 1) as cell; from first; from cell/second }}
  conv 6 1x1 as last
}}""")

    found = applied(run_passes(graph, None))

    assert found == applied(graph)
    *_, cell, last = found
    assert cell[0] == "cell/b"
    assert last[1][0] > cell[1][0]


def test_taps_of_a_used_network_keep_their_full_names() -> None:
    graph = graph_of("""
network trunk() {
  input images 32x32x3
  for i in 1..2 { conv 8 3x3 as a{i}; tap level{i} }
  in deep { conv 8 3x3 as b; tap late }
}
network n() {
  input images 32x32x3
  trunk; in again { trunk as other }
}""")
    passed = run_passes(graph, None)
    (network,) = (one for one in passed.networks if one.name == "n")

    names = [name for name, _ in unroll(passed, network).end_points()]

    assert [name for name in names if "/l" in name] == [
        *("n/trunk/level1", "n/trunk/level2", "n/trunk/deep/late"),
        *("n/again/other/level1", "n/again/other/level2", "n/again/other/deep/late"),
    ]


def test_a_result_that_nothing_takes_is_not_recalled() -> None:
    graph = graph_of("""
block both() { conv 4 3x3 as a; output first; conv 4 3x3 as b }
network n() { input images 8x8x3; both as one }""")

    assert len(graph.networks[0].items) == 1
