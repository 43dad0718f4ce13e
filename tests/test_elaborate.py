"""Names, scopes, networks and parameters, where no page shows them."""

import typing

import pytest

from slimgen.compiler import Compilation, Request, analyze
from slimgen.elaborate.statement_table import STATEMENTS
from slimgen.ir.graph import Network
from slimgen.source import Source
from slimgen.syntax import tree

INPUT = "{\n  input x 8x8x3\n"


def analyzed(text: str, *defines: tuple[str, str], **files: str) -> Compilation:
    def read(path: str, user: Source) -> Source | None:
        name = path.removesuffix(".slim")
        return Source(path, files[name]) if name in files else None

    return analyze(Source("n.slim", text), Request(defines), read)


def built(text: str, *defines: tuple[str, str], **files: str) -> tuple[Network, ...]:
    found = analyzed(text, *defines, **files)
    assert [] == [d.message for d in found.diagnostics]
    assert found.graph is not None
    return found.graph.networks


def messages(text: str, *defines: tuple[str, str], **files: str) -> list[str]:
    return [d.message for d in analyzed(text, *defines, **files).diagnostics]


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ({"a": "conv 3 3x3", "b": "a; a", "c": "b"}, ["c"]),
        ({"a": "conv 3 3x3", "b": "conv 3 3x3"}, ["a", "b"]),
        ({"a": "conv 3 3x3", "b": "block unused() { a }\n unused"}, ["b"]),
    ],
)
def test_networks_that_are_only_words_are_not_built(
    bodies: dict[str, str], expected: list[str]
) -> None:
    text = "".join(f"network {n} {INPUT}{body}\n}}\n" for n, body in bodies.items())

    assert [network.name for network in built(text)] == expected


def test_a_network_in_a_block_that_nothing_calls_is_built() -> None:
    text = (
        f"network a {INPUT} conv 3 3x3 }}\nblock b() {{ a }}\nnetwork c {INPUT} relu }}"
    )

    assert [network.name for network in built(text)] == ["a", "c"]


def test_networks_in_a_circle_are_said_beside_one_that_is_not() -> None:
    circle = f"network a {INPUT} b }}\nnetwork b {INPUT} a }}\n"

    found = messages(f"{circle}network c {INPUT} conv 3 3x3 }}")

    assert found == ["the network `b` uses itself"]


def test_the_final_endpoint_is_the_only_output() -> None:
    text = (
        f"network n {INPUT} conv 4 3x3 as a; output o\n conv 5 3x3 as b; output p\n }}"
    )

    (network,) = built(text, ("final_endpoint", "b"))

    assert [(name, v.type.shape[-1]) for name, v in network.outputs] == [("", 5)]


def test_an_end_point_behind_a_mistake_is_not_missed() -> None:
    text = f"network n {INPUT} convv 4 3x3; conv 3 3x3 as last }}"

    found = messages(text, ("final_endpoint", "last"))

    assert found == ["no layer, block or network is called `convv`"]


@pytest.mark.parametrize("word", ["valid", "VALID", "Valid", '"valid"'])
def test_words_of_an_argument_have_no_case(word: str) -> None:
    (network,) = built(f"network n {INPUT} conv 4 3x3 padding={word} }}")

    assert network.outputs[0][1].type.shape == (None, 6, 6, 4)


def test_functions_of_two_files_may_have_one_name() -> None:
    text = f'use "f.slim"\nlet f(x) = g(x) * 2\nnetwork n {INPUT} conv f(3) 3x3 }}'
    used = "let f(x) = x + 1\nlet g(x) = f(x)\n"

    (network,) = built(text, f=used)

    assert network.outputs[0][1].type.shape[-1] == 8


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("[1] == [true]", False),
        ("[relu, 1] == [relu, 1.0]", True),
        ("1 == true", False),
    ],
)
def test_truth_is_no_number_in_lists_either(condition: str, expected: bool) -> None:
    text = f"network n {INPUT} if {condition} {{ conv 4 3x3 }} else {{ conv 5 3x3 }} }}"

    (network,) = built(text)

    assert (network.outputs[0][1].type.shape[-1] == 4) is expected


def test_all_that_is_wrong_with_a_line_is_said_at_once() -> None:
    found = messages(f"network n {INPUT} conv depht 3x3 padding=0 strid=2 }}")

    assert found == [
        "nothing is called `depht` here",
        "`padding` of `conv` takes `SAME` or `VALID`, found `0`",
        "`conv` has no argument `strid`",
    ]


def test_a_key_that_does_not_exist_is_said_without_its_value() -> None:
    found = messages(f"network n {INPUT} conv 8 3x3 scope=conv1 }}")

    assert found == ["`conv` has no argument `scope`"]


def test_a_mistaken_setting_of_a_scope_is_said_there_alone() -> None:
    text = (
        f"network n {INPUT} scope conv < activation=rellu strid=1 >\n conv 8 3x3\n }}"
    )

    found = messages(text)

    assert found == [
        "nothing is called `rellu` here",
        "`conv` has no argument `strid`",
    ]


def test_a_used_file_gives_what_it_uses() -> None:
    text = f'use "all.slim"\nnetwork n {INPUT} unit }}'
    files = {"all": 'use "units.slim"\n', "units": "block unit() { conv 4 3x3 }\n"}

    (network,) = built(text, **files)

    assert network.outputs[0][1].type.shape[-1] == 4


def test_files_of_one_name_are_told_apart() -> None:
    text = f'use "a/f.slim"\nuse "b/f.slim"\nnetwork n {INPUT} conv one 3x3 }}'
    files = {"a/f": "let one = 1\n", "b/f": "let two = 2\n"}

    found = analyzed(text, **files).diagnostics

    assert [(d.code, d.span and d.span.line) for d in found] == [("W304", 2)]


def test_a_value_of_a_job_may_be_a_name() -> None:
    text = f"""
let smooth = 0.1
network n(classes = 4) {INPUT} flatten; fc classes activation=none }}
train n {{ data folder "x"; steps 9; loss softmax_cross_entropy label_smoothing=smooth }}
"""

    found = analyzed(text)

    assert found.graph is not None
    assert [job.loss.settings[0].value for job in found.graph.jobs] == [0.1]


def test_every_kind_of_statement_has_a_row_in_the_table() -> None:
    assert set(STATEMENTS) == set(typing.get_args(tree.Statement))


@pytest.mark.parametrize("word", ["input y 3"])
def test_a_row_says_what_stands_in_a_network_only(word: str) -> None:
    text = f"block b() {{ conv 3 3x3; {word} }}\nnetwork n {INPUT} b }}"

    (found,) = messages(text)

    assert found.endswith("cannot stand inside a block")


@pytest.mark.parametrize("word", ["relu", "tap t", "from x", "repeat 2 relu"])
def test_a_row_says_what_stands_in_a_merge(word: str) -> None:
    text = f"network n {INPUT} add {{ {word}; branch {{ relu }} }} }}"

    (found,) = messages(text)

    assert found.endswith("cannot stand between the braces of a merging layer")
