"""`-D final_endpoint`: which items, variables and outputs a cut network keeps."""

import pytest

from slimgen.compiler import Request, analyze
from slimgen.ir.cut_at_end_point import cut_at_end_point
from slimgen.ir.graph import Graph, Network, Node
from slimgen.source import Source

BLOCK = "block pair(depth) as pair { conv depth 3x3 as a; conv depth 3x3 as b }\n"


def graph_of(text: str, *defines: tuple[str, str]) -> Graph:
    found = analyze(Source("n.slim", text), Request(defines), lambda path, user: None)
    assert [] == [d.message for d in found.diagnostics]
    assert found.graph is not None
    return found.graph


def network_of(body: str, end_point: str) -> Network:
    text = f"{BLOCK}network n {{\n input x 8x8x3\n{body}\n}}"
    (network,) = graph_of(text, ("final_endpoint", end_point)).networks
    return network


def names(network: Network) -> list[str]:
    return [variable.name for variable in network.variables]


def test_what_stands_behind_the_end_point_is_left_out() -> None:
    found = network_of("conv 4 3x3 as c; conv 5 3x3 as d; output o", "c")

    assert names(found) == ["n/c/weights", "n/c/biases"]
    assert [(name, v.type.shape[-1]) for name, v in found.outputs] == [("", 4)]


def test_an_end_point_inside_a_block_ends_the_block() -> None:
    found = network_of("pair 4; fc 9", "pair/a")

    assert names(found) == ["n/pair/a/weights", "n/pair/a/biases"]


def test_an_end_point_may_be_called_by_its_full_name() -> None:
    found = network_of("pair 4; fc 9", "n/pair/b")

    assert names(found)[-1] == "n/pair/b/biases"


def test_a_block_is_the_end_point_of_its_own_scope() -> None:
    found = network_of("pair 4; pair 5", "pair")

    assert len(found.items) == 1
    assert names(found)[-1] == "n/pair/b/biases"


def test_a_turn_of_a_loop_ends_the_network() -> None:
    found = network_of("for i in 1..4 { conv i 3x3 as c{i} }; fc 9", "c2")

    assert [v.type.shape[-1] for _, v in found.outputs] == [2]
    assert len(found.items) == 2


def test_a_branch_of_a_merge_ends_the_network_and_the_branches_before_it_stay() -> None:
    body = (
        "concat as m {\n branch Left { conv 4 1x1 as c }\n"
        " branch Right { conv 5 1x1 as c; conv 6 1x1 as d } }; fc 9"
    )

    found = network_of(body, "m/Right/c")

    assert names(found)[::2] == ["n/m/Left/c/weights", "n/m/Right/c/weights"]
    assert [v.type.shape[-1] for _, v in found.outputs] == [5]


def test_an_input_behind_the_end_point_is_none_of_the_network() -> None:
    found = network_of("conv 4 3x3 as c; input y 4; fc 9", "c")

    assert [each.name for each in found.inputs] == ["x"]


@pytest.mark.parametrize(
    "mistake",
    [
        "max_pool 9x9 padding=VALID",
        "let a = missing",
        "conv 3 0x3",
        "output first; output first",
        "concat { branch { max_pool 9x9 padding=VALID }; branch { relu } }",
        "from nothing",
        'require (1 == 2) "no"',
    ],
)
def test_a_mistake_behind_the_end_point_is_none_of_the_cut_network(
    mistake: str,
) -> None:
    body = f"pair 4; {mistake}; fc 9"

    assert len(network_of(body, "pair/a").items) == 1


def test_a_mistake_inside_the_block_of_the_end_point_does_not_lose_the_block() -> None:
    text = (
        "block b() as b { conv 4 3x3 as c; max_pool 9x9 padding=VALID; fc 9 }\n"
        "network n { input x 8x8x3; b; fc 9 }"
    )

    (found,) = graph_of(text, ("final_endpoint", "b/c")).networks

    assert names(found) == ["n/b/c/weights", "n/b/c/biases"]


def test_a_limit_that_is_exceeded_behind_the_end_point_does_not_matter() -> None:
    body = "conv 4 3x3 as c; for i in 1..90000 { relu }; for i in 1..90000 { relu }"

    assert len(network_of(body, "c").items) == 1


def test_a_mistake_before_the_end_point_is_reported() -> None:
    text = "network n { input x 8x8x3; max_pool 9x9 padding=VALID; conv 4 3x3 as c }"

    found = analyze(
        Source("n.slim", text),
        Request((("final_endpoint", "c"),)),
        lambda path, user: None,
    )

    assert [d.code for d in found.diagnostics] == ["E201"]


def test_the_pass_leaves_out_functions_that_nothing_calls_any_more() -> None:
    graph = graph_of(f"{BLOCK}network n {{ input x 8x8x3; pair 4; pair 5 }}")

    cut = cut_at_end_point(graph, "n", "pair/a")

    assert cut is not None
    (function,) = cut.functions
    assert [type(item) for item in function.items] == [Node]
    assert function.output == function.items[-1].output  # type: ignore[union-attr]


def test_the_pass_says_that_there_is_no_such_end_point() -> None:
    graph = graph_of(f"{BLOCK}network n {{ input x 8x8x3; pair 4 }}")

    assert cut_at_end_point(graph, "n", "pair/c") is None
