"""Blocks whose forms differ by an `if` of the source: one function with decisions."""

from dataclasses import replace

import pytest

from slimgen.compiler import Request, analyze, compile_source
from slimgen.ir.graph import Decision, Graph
from slimgen.ir.unroll import Unrolled, unroll
from slimgen.ir.verifier import structure_problems, verify
from slimgen.passes import run_passes
from slimgen.source import Source

# `{0}` is the condition of the source, `{1}` the arguments of three calls.
BLOCK = """\
block unit(depth, stride = 1, wide = false, extra = none) {{
  add {{
    branch {{
      if {0} {{ conv depth 1x1 stride as shortcut }}
    }}
    branch {{
      conv depth 3x3 stride as conv1
      conv depth 3x3 as conv2
      conv depth 3x3 as conv3
    }}
  }}
}}

network n {{
  input images 32x32x8
  unit {1} as one
  unit {2} as two
  unit {3} as three
}}
"""


def built(text: str) -> tuple[Graph, str]:
    source = Source("test.slim", text)
    found = compile_source(source, Request(verify=True), lambda *_: None)
    assert found.graph is not None
    assert found.code is not None
    return found.graph, found.code


def run(graph: Graph) -> Unrolled:
    return unroll(graph, graph.networks[0])


def decision(graph: Graph) -> Decision:
    (function,) = graph.functions
    return next(item for item in function.items if isinstance(item, Decision))


@pytest.mark.parametrize(
    ("condition", "calls", "written"),
    [
        ("depth != channels", ["16", "16", "32"], "net.shape[-1] != depth"),
        ("stride > 1", ["8 2", "8", "8"], "stride > 1"),
        ("wide", ["8", "8 wide=true", "8"], "wide"),
        ("extra != none", ["8", "8", "8 extra=3"], "extra is not None"),
    ],
)
def test_a_condition_tells_the_calls_apart(
    condition: str, calls: list[str], written: str
) -> None:
    text = BLOCK.format(condition, *calls)
    if "stride" not in condition:
        text = text.replace("1x1 stride", "1x1").replace("3x3 stride", "3x3")
    graph, code = built(text)
    assert f"        if {written}:\n            shortcut = conv2d(" in code
    assert "        else:\n            shortcut = net\n" in code
    apart = run_passes(graph_of(text), ["inline_small"])
    assert variables(run(apart)) == variables(run(graph))
    assert list(run(apart).end_points()) == list(run(graph).end_points())


def graph_of(text: str) -> Graph:
    found = analyze(Source("test.slim", text), Request(), lambda *_: None)
    assert found.graph is not None
    return found.graph


def variables(unrolled: Unrolled) -> list[str]:
    return [name for one in unrolled.applied() for name in one.variable_names]


def test_forms_that_no_condition_separates_stay_functions() -> None:
    text = BLOCK.format("wide or stride > 1", "8", "8 wide=true", "8 2")
    graph, _ = built(text)
    assert not any(
        isinstance(item, Decision) for f in graph.functions for item in f.items
    )
    assert len(graph.functions) == 2


def test_a_decision_ends_with_a_case_without_condition() -> None:
    graph, _ = built(BLOCK.format("wide", "8", "8 wide=true", "8"))
    found = decision(graph)
    broken = replace(found, cases=found.cases[:1])
    (function,) = graph.functions
    items = tuple(broken if item is found else item for item in function.items)
    changed = replace(graph, functions=(replace(function, items=items),))
    assert "unit: a decision has one case without a condition, the last" in (
        structure_problems(changed)
    )
    assert verify(graph) == []


def test_the_usual_value_of_an_argument_is_left_out() -> None:
    _, code = built(BLOCK.format("wide", "8", "8 wide=true", "8"))
    assert "def unit(scope, net, wide=False):" in code
    assert 'unit(scope / "three", net)' in code
    assert 'unit(scope / "two", net, wide=True)' in code
