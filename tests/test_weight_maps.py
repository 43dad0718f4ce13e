"""Maps to other sources of weights: what rules stand for, and how they are written out."""

import ast
import dataclasses
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weights_harness import code_of, network_of, program

from slimgen.elaborate.name_patterns import PatternError, list_of, read_pattern
from slimgen.elaborate.weight_maps import wrong_transform
from slimgen.emit.library import open_library
from slimgen.emit.name_pairs import pair_names
from slimgen.ir.weight_map import Transform

BOTH = 'rename "*/biases" "{nth}b"; '


def sources(text: str, *defines: tuple[str, str]) -> dict[str, str]:
    """The source of each variable, by name."""
    (found,) = network_of(text, *defines).maps
    return {entry.variable: entry.source for entry in found.entries}


def conv_net(rules: str, layers: str) -> str:
    return (
        f'network n() {{\n  input images 8x8x3\n  weights keras "N" {{ {rules} }}\n'
        f"  {layers}\n}}\n"
    )


# The meaning of rules.


def test_parts_are_numbers_that_count() -> None:
    rules = BOTH + 'rename "block{b}/unit_{u}/weights" "conv{b + 1}_{2 * u - 1}/kernel"'
    layers = "for u in 1..2 { in block3 { conv 4 3x3 as unit_{u} } }"

    found = sources(conv_net(rules, layers))

    assert found["n/block3/unit_1/weights"] == "conv4_1/kernel"
    assert found["n/block3/unit_2/weights"] == "conv4_3/kernel"


def test_lists_go_together_and_expressions_see_the_names_around() -> None:
    rules = (
        'rename "conv{1..2}/weights" "features.{0,3}.weight"; '
        'rename "conv{i}/weights" "features.{later[i - 3]}.weight"; new "*"'
    )
    layers = "let unused = 1\n  for i in 1..4 { conv unused 3x3 as conv{i} }"
    text = conv_net(rules, layers).replace("  weights", "  let later=[7,9]\n  weights")

    found = sources(text)

    assert found == {
        "n/conv1/weights": "features.0.weight",
        "n/conv2/weights": "features.3.weight",
        "n/conv3/weights": "features.7.weight",
        "n/conv4/weights": "features.9.weight",
    }


def test_the_count_goes_on_in_order_of_creation_for_each_text_of_a_list() -> None:
    rules = 'new "b/*"; rename "*/{weights,biases}" "conv2d_{nth}/{kernel,bias}"'
    layers = "conv 4 3x3 as c; conv 4 3x3 as b; conv 4 3x3 as a"

    assert sources(conv_net(rules, layers)) == {
        "n/c/weights": "conv2d_1/kernel",
        "n/c/biases": "conv2d_1/bias",
        "n/a/weights": "conv2d_2/kernel",
        "n/a/biases": "conv2d_2/bias",
    }


def test_the_first_rule_that_fits_decides() -> None:
    rules = 'rename "a/weights" "first"; rename "{l}/weights" "{l}"; new "*/biases"'

    assert sources(conv_net(rules, "conv 4 3x3 as a; conv 4 3x3 as b")) == {
        "n/a/weights": "first",
        "n/b/weights": "b",
    }


def test_a_rule_may_be_left_over_where_something_was_defined() -> None:
    rules = (
        'rename "logits/weights" "top/kernel"; rename "logits/biases" "top/bias"; '
        'new "*"'
    )

    assert sources(program("keras", rules), ("final_endpoint", "pool")) == {}


def test_a_block_may_say_the_map_for_all_that_call_it() -> None:
    text = (
        "block body(depth, name) {\n"
        '  weights keras name { rename "c/{weights,biases}" "c/{kernel,bias}" }\n'
        "  conv depth 3x3 as c\n}\n"
        'network one() { input images 8x8x3; body 4 "One" }\n'
        'network two() { input images 8x8x3; body 8 "Two" }\n'
    )

    (found,) = network_of(text).maps

    assert (found.source, len(found.entries)) == ("One", 2)


def test_a_parameter_that_only_a_rule_reads_is_used() -> None:
    text = conv_net('rename "c/{l}" "c{first + 1}/{l}"', "conv 4 3x3 as c")
    text = text.replace("n()", "n(first = 1)")

    assert sources(text) == {"n/c/weights": "c2/weights", "n/c/biases": "c2/biases"}


def test_the_map_of_a_network_that_is_a_word_is_its_own_matter() -> None:
    text = (
        'network inner() { input images 8x8x3; weights keras "I" { new "*" }\n'
        "conv 4 3x3 as c }\n"
        "network outer() { input images 8x8x3; inner }\n"
    )

    assert network_of(text).maps == ()


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("conv{b}/conv{b}_{i}/weights", "conv1/conv1_2/weights", True),
        ("conv{b}/conv{b}_{i}/weights", "conv1/conv2_2/weights", False),
        ("{a}/weights", "a/b/weights", False),
        ("*/weights", "a/b/weights", True),
        ("c{1..3,7}", "c7", True),
        ("c{1..3,7}", "c4", False),
        ("a.b", "axb", False),
    ],
)
def test_a_pattern_fits_whole_names(pattern: str, name: str, fits: bool) -> None:
    assert (read_pattern(pattern).fit(name) is not None) == fits


@pytest.mark.parametrize("pattern", ["", "{", "a}", "{1}", "{a b}", "{_x}", "{if}"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        read_pattern(pattern)


def test_a_pattern_without_end_is_refused() -> None:
    with pytest.raises(PatternError, match="more than"):
        read_pattern("/".join(f"{{a{n}}}" for n in range(7)))
    for touching in ("{a}{b}", "{a}*", "*{a}", "{a}{1..2}"):
        with pytest.raises(PatternError, match="touch"):
            read_pattern(touching)
    with pytest.raises(PatternError, match="counts up"):
        list_of("1..999999")


@pytest.mark.parametrize(
    ("transform", "wrong"),
    [
        (Transform(reshape=(3, 8)), None),
        (Transform(reshape=(-1, 8)), None),
        (Transform(reshape=(-1, -1)), "reshape"),
        (Transform(reshape=(8, 3)), "reshape"),
        (Transform(reshape=(8, 3), transpose=(1, 0)), None),
        (Transform(transpose=(0, 0)), "transpose"),
        (Transform(transpose=(0, 1, 2)), "transpose"),
        (Transform(slice=((1, 4), None)), None),
        (Transform(slice=((1, 3),)), "slice"),
        (Transform(slice=((0, 8), (0, 3)), transpose=(1, 0)), None),
        (Transform(slice=(None, None, None)), "slice"),
        (Transform(slice=(None, (None, None, -1))), None),
        (Transform(slice=((5, 2, -1), (-8, -1))), "slice"),
        (Transform(slice=((5, 2, -1), (-9, -1))), None),
        (Transform(slice=(None, (None, None, 0))), "slice"),
    ],
)
def test_a_transform_gives_the_shape_of_the_variable(
    transform: Transform, wrong: str | None
) -> None:
    found = wrong_transform(transform, (3, 8))

    assert (found[0] if found else None) == wrong


# How they are written out.


def tables_of_the_file() -> dict[str, Any]:
    """The functions of the emitted file that turn a table of patterns into names."""
    library = open_library(["runtime/weights.py"], {})
    reached = library.reached(["weight_map"])
    space: dict[str, Any] = {"re": re, "dataclasses": dataclasses, "np": np}
    exec(library.modules["runtime/weights.py"].text(reached), space)
    return space


EXPAND = tables_of_the_file()["expand"]


def expanded(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = {}
    for ours, theirs, _ in pair_names([(*pair, None) for pair in pairs]):
        found.update(zip(EXPAND(ours), EXPAND(theirs), strict=True))
    return found


def test_pairs_that_count_alike_are_one_pair_of_patterns() -> None:
    pairs = [
        (f"unit_{u}/conv{c}/{ours}", f"block{u}_{c}_conv/{theirs}", None)
        for u in (1, 2, 3)
        for c in (1, 2)
        for ours, theirs in (("weights", "kernel"), ("biases", "bias"))
    ]

    assert list(pair_names(pairs)) == [
        (
            "unit_{1..3}/conv{1..2}/{weights,biases}",
            "block{1..3}_{1..2}_conv/{kernel,bias}",
            None,
        )
    ]


def test_lists_that_cross_are_not_merged() -> None:
    pairs = [(f"a{i}_{j}", f"b{j}_{i}", None) for i in (1, 2) for j in (3, 4)]

    assert len(list(pair_names(pairs))) == 2


PIECES = st.sampled_from(["a", "b_", "1", "2", "03", "/", ".", "x1", "{", ",", "1..2"])
NAMES = st.lists(PIECES, min_size=1, max_size=6).map("".join)
OURS = NAMES.filter(lambda name: not set(name) & set("{,") and ".." not in name)
THEIRS = NAMES.filter(lambda name: "{" not in name)


@given(st.lists(st.tuples(OURS, THEIRS), unique_by=lambda pair: pair[0], max_size=12))
@settings(max_examples=60, deadline=None)
def test_patterns_stand_for_exactly_the_pairs(pairs: list[tuple[str, str]]) -> None:
    assert expanded(pairs) == dict(pairs)


def test_the_table_of_the_file_is_the_map() -> None:
    rules = (
        'rename "body{i}/weights" "conv2d_{i}/kernel"; '
        'rename "body{i}/BatchNorm/{leaf}" "bn_{i}/{leaf}"; '
        'rename "logits/weights" "top" reshape=[-1, 1, 6, classes] '
        "transpose=[1, 0, 2, 3]; "
        'rename "logits/biases" "all" slice=[[2, 12]]; new "*"'
    )
    code = code_of(program("keras", rules))
    space = tables_of_the_file()
    start = code.index("SMALL_KERAS = ")
    exec(code[start : code.index("\n}\n", start) + 2], space)

    (found,) = network_of(program("keras", rules)).maps
    table = space["weight_map"]("small", space["SMALL_KERAS"])

    assert {name: str(entry) for name, entry in table.items()} == {
        entry.variable: entry.source for entry in found.entries
    }
    assert table["small/logits/weights"] == space["Entry"](
        "top", reshape=(-1, 1, 6, 10), transpose=(1, 0, 2, 3)
    )
    assert table["small/logits/biases"].slice == ((2, 12),)
    assert '"body{1..2}/weights": "conv2d_{1..2}/kernel"' in code


def test_a_file_without_a_map_reads_checkpoints_only() -> None:
    code = code_of("network n() { input images 8x8x3; conv 4 3x3 as c }\n")

    for word in ("h5py", "weight_map", "open_keras"):
        assert word not in code
    assert isinstance(ast.parse(code), ast.Module)
