"""`final_endpoint`: which items, variables and outputs a cut network keeps.

It is given by `-D`, or on the line of a network that is a word in another.
"""

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
        "let a = 1 // 0",
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
    body = f"pair 4; tap p; {mistake}; fc 9; output o"

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


# Networks as words.

TRUNK = """\
network trunk(classes = 10) {
  input x 32x32x3
  repeat 2 conv 4 3x3 as conv1
  pair 6 as pair1
  tap middle
  concat as mixed {
    branch Left { conv 7 1x1 as c; conv 8 1x1 as d }
    branch { conv 9 1x1 as e }
  }
  conv 11 3x3
  fc classes as logits
}
"""


def using(body: str) -> Network:
    text = f"{BLOCK}{TRUNK}network n {{\n input x 8x8x3\n{body}\n}}"
    networks = graph_of(text).networks
    return networks[-1]


@pytest.mark.parametrize(
    ("end", "depth", "last"),
    [
        ("conv1/conv1_1", 4, "conv1/conv1_1"),
        ("n/trunk/conv1/conv1_2", 4, "conv1/conv1_2"),
        ("pair1/a", 6, "pair1/a"),
        ("pair1", 6, "pair1/b"),
        ("middle", 6, "pair1/b"),
        ("mixed/Left/c", 7, "mixed/Left/c"),
        ("mixed", 17, "mixed/e"),
        ("Conv", 11, "Conv"),
        ("trunk/pair1/a", 6, "pair1/a"),  # as `from` finds it
    ],
)
def test_a_used_network_ends_at_its_final_end_point(
    end: str, depth: int, last: str
) -> None:
    found = using(f'trunk final_endpoint="{end}"')

    assert found.outputs[0][1].type.shape[-1] == depth
    assert names(found)[-1] == f"n/trunk/{last}/biases"


def test_what_stands_before_the_end_of_a_used_network_is_still_reached() -> None:
    found = using("trunk final_endpoint=middle; from trunk/conv1/conv1_1; fc 5 as f")

    assert names(found)[-2:] == ["n/f/weights", "n/f/biases"]
    assert found.outputs[0][1].type.shape == (None, 8, 8, 5)


def test_scopes_that_are_open_at_the_end_of_a_used_network_are_closed() -> None:
    found = using(
        "let before = net\n in a { trunk final_endpoint=mixed/Left/c as none; conv 2 1x1; tap t }\n"
        "from (before)\n trunk final_endpoint=pair1/a\n conv 2 1x1; conv 2 1x1"
    )

    weights = [name for name in names(found) if name.endswith("/weights")]
    assert weights[-5:] == [
        "n/trunk/conv1/conv1_1/weights",
        "n/trunk/conv1/conv1_2/weights",
        "n/trunk/pair1/a/weights",
        "n/Conv/weights",
        "n/Conv_1/weights",
    ]


def test_the_end_of_a_network_reaches_into_one_that_it_uses() -> None:
    outer = "network outer { input x 8x8x3; trunk final_endpoint=middle; fc 3 }\n"
    text = f"{BLOCK}{TRUNK}{outer}"
    text += "network n { input x 8x8x3; outer final_endpoint=trunk/pair1/a; fc 2 as f }"

    found = graph_of(text).networks[-1]

    assert names(found)[-3:] == [
        "n/outer/trunk/pair1/a/biases",
        "n/f/weights",
        "n/f/biases",
    ]


def test_two_networks_one_in_the_other_end_at_one_end_point() -> None:
    outer = "network outer { input x 8x8x3; trunk final_endpoint=middle; fc 3 }\n"
    end = "outer final_endpoint=trunk/middle"
    text = f"{BLOCK}{TRUNK}{outer}network n {{ input x 8x8x3; {end} }}"

    assert names(graph_of(text).networks[-1])[-1] == "n/outer/trunk/pair1/b/biases"


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        ("let end = none\n trunk final_endpoint=end", "trunk/logits"),
        ('let end = "middle"\n trunk final_endpoint=end', "trunk/pair1/b"),
        ("conv 3 1x1; tap middle; trunk final_endpoint=middle", "trunk/pair1/b"),
        ("in s { trunk final_endpoint=trunk/conv1/conv1_1 }", "s/trunk/conv1/conv1_1"),
        (
            "for n in 1..2 { trunk final_endpoint=conv1/conv1_{n} as t{n} }",
            "t2/conv1/conv1_2",
        ),
    ],
)
def test_a_final_end_point_may_be_a_value_and_none_leaves_out_nothing(
    lines: str, last: str
) -> None:
    assert names(using(lines))[-1] == f"n/{last}/biases"


def test_a_parameter_of_the_network_that_is_called_final_endpoint_is_its_own() -> None:
    text = (
        'network own(final_endpoint = "a") {\n input x 8x8x3\n conv 3 1x1 as a\n'
        ' if final_endpoint == "b" { conv 4 1x1 as b }\n}\n'
        'network n { input x 8x8x3; own final_endpoint="b"; relu }'
    )

    assert names(graph_of(text).networks[-1])[-1] == "n/own/b/biases"


def test_a_network_is_used_whole_and_cut_in_one_network() -> None:
    found = using(
        "let x = net\n trunk as whole\n from (x)\n trunk final_endpoint=middle as part"
    )

    assert "n/whole/logits/weights" in names(found)
    assert names(found)[-1] == "n/part/pair1/b/biases"
    assert found.outputs[0][1].type.shape[-1] == 6
