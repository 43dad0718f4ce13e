"""Turns that differ in lengths or in what counts them become a loop of the built file."""

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.ir.unroll import unroll
from slimgen.ir.verifier import verify
from slimgen.passes import run_passes
from slimgen.source import Source

UNIT = """
block unit(growth) {
  concat { branch {}; branch { batch_norm as norm; conv growth 3x3 as conv } }
}
block scaled(n) {
  conv n 1x1 as conv
  variable gamma [channels] initializer=constant(0.1) regularizer=l2(0.1)
  multiply [net, gamma]
}
"""


def source(body: str) -> Source:
    text = f"{UNIT}network n {{\n  input x 32x32x4\n{body}\n}}\n"
    return Source("m.slim", text)


def built(body: str) -> str:
    """The networks and blocks of a built file; its rolled graph is sound."""
    read = FileReader(Diagnostics())
    found = compile_source(source(body), Request(verify=True), read)
    assert found.code is not None, [d.message for d in found.diagnostics]
    part = found.code[found.code.index("# Network.") :]
    return part[: part.index("\n# Layers: ")]


def test_blocks_that_widen_what_they_get_are_one_loop() -> None:
    code = built("  for u in 1..6 { in block/unit_{u} { unit 8 } }")

    assert "for u in range(1, 7):  # to [32, 32, 52]\n" in code
    assert '= unit(scope / f"block/unit_{u}", net)  # [32, 32, ?]\n' in code
    assert code.count("unit(") == 2


@pytest.mark.parametrize(
    ("turn", "line"),
    [
        ("conv (32 * i) 3x3 as conv{i}", "net, 32 * i, [3, 3])"),
        ("conv (16 * i + 8) 3x3 as conv{i}", "net, 16 * i + 8, [3, 3])"),
        ("conv 8 (2 * i - 1) as conv{i}", "net, 8, [2 * i - 1, 2 * i - 1])"),
        ("conv 8 3x3 rate=(6 - i) as conv{i}", "net, 8, [3, 3], 6 - i)"),
        ("scaled (4 * i) as unit_{i}", "net, 4 * i)"),
    ],
)
def test_a_number_that_grows_with_the_turns_is_a_term_of_their_count(
    turn: str, line: str
) -> None:
    code = built(f"  for i in 1..4 {{ {turn} }}")

    assert "for i in range(1, 5):" in code
    assert line in code


@pytest.mark.parametrize(
    "turn",
    [
        "for i in 1..2 { conv 8 3x3 stride=i as conv{i} }",
        "for i in 1..2 { conv 8 3x3 2 as conv{i} }",
        "for i in 1..3 { conv (2 ** i) 3x3 as conv{i} }",
        "for i in 1..3 { conv 8 3x3 as conv{i}; dropout (i / 8) as drop{i} }",
    ],
)
def test_two_turns_or_other_numbers_are_written_out(turn: str) -> None:
    assert "for i in" not in built(f"  {turn}")


@pytest.mark.parametrize(
    "body",
    [
        "  for i in 0..5 { conv (8 * i + 8) 3x3 as conv{i}; unit 4 as unit{i} }",
        "  for i in 1..4 { conv 8 3x3 rate=i as conv{i}; tap t{i} }",
        "  for i in 1..3 { for u in 1..3 { in b{i}/u{u} { unit (2 * u) } } }",
    ],
)
def test_a_rolled_network_has_the_same_layers_and_variables(body: str) -> None:
    before = analyze(source(body), Request(), FileReader(Diagnostics())).graph
    assert before is not None
    lowered, rolled = run_passes(before, ()), run_passes(before, None)

    assert [] == verify(rolled)
    first, second = (unroll(graph, graph.networks[0]) for graph in (lowered, rolled))
    layers = [[(p.scope, p.layer) for p in one.applied()] for one in (first, second)]
    assert layers[0] == layers[1]
    points = [[(s, t.type) for s, t in one.end_points()] for one in (first, second)]
    assert points[0] == points[1]
    assert rolled.networks[0].variables == before.networks[0].variables


def test_blocks_that_differ_in_the_lengths_of_a_variable_share_a_function() -> None:
    code = built("  scaled 8 as a; scaled 16 as b; scaled 16 as c")

    assert code.count("def scaled") == 1
    assert 'scope.variable("gamma", [n_b], 0.1, 0.1)' in code


def test_variables_of_other_ranks_or_first_values_stay_apart() -> None:
    body = (
        "  block v(s, f) { variable g s initializer=constant(f); multiply [net, g] }\n"
    )

    assert built(body + "  v [4] 1.0 as a; v [4] 2.0 as b").count("\ndef ") == 3
    assert built(body + "  v [4] 1.0 as a; v [1, 4] 1.0 as b").count("\ndef ") == 3
