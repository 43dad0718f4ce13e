"""The names of a network's weights, as patterns and back."""

import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimgen.emit.name_groups import NameGroup, group_names

INNER = frozenset(["BatchNorm"])
NORMALIZED = "{weights,BatchNorm/{beta,moving_mean}}"


def _expand() -> Callable[[str], list[str]]:
    """The function of the emitted file that turns a pattern into names."""
    text = Path("templates/entry.py.j2").read_text(encoding="utf-8")
    start = text.index("def expand(")
    space: dict[str, Any] = {"re": re}
    exec(text[start : text.find("\n\n\n", text.index("def expand_choice("))], space)
    function: Callable[[str], list[str]] = space["expand"]
    return function


EXPAND = _expand()


def expanded(groups: list[NameGroup]) -> list[str]:
    patterns = [
        "/".join(part for part in (scope, group.leaves) if part)
        for group in groups
        for scope in group.scopes
    ]
    return list(chain.from_iterable(map(EXPAND, patterns)))


def names(scopes: list[str], leaves: list[str]) -> list[str]:
    return [f"{scope}/{leaf}" for scope in scopes for leaf in leaves]


def test_scopes_that_count_up_are_one_pattern() -> None:
    found = group_names(names(["net/a_1", "net/a_2", "net/b"], ["w", "b"]), INNER)

    assert found == [NameGroup("{w,b}", ("net/{a_{1..2},b}",))]


def test_a_normalizer_belongs_to_its_layer() -> None:
    leaves = ["weights", "BatchNorm/beta", "BatchNorm/moving_mean"]

    found = group_names(names(["a/conv1", "a/conv2"], leaves), INNER)

    assert found == [NameGroup(NORMALIZED, ("a/conv{1..2}",))]


def test_a_layer_of_the_normalizers_name_stands_by_itself() -> None:
    assert group_names(["a/BatchNorm/beta"], INNER) == [
        NameGroup("beta", ("a/BatchNorm",))
    ]


def test_a_long_pattern_is_parted() -> None:
    scopes = [f"network/{kind}{n}/{kind * 30}" for kind in "abc" for n in range(2)]

    (found,) = group_names(names(scopes, ["w"]), INNER)

    assert found.scopes == tuple(f"network/{k}{{0..1}}/{k * 30}" for k in "abc")


def test_components_share_what_they_begin_with() -> None:
    scopes = ["Conv2d_0a_1x1", "Conv2d_0b_1x7"]

    (found,) = group_names(names(scopes, ["w"]), INNER)

    assert found.scopes == ("Conv2d_{0a_1x1,0b_1x7}",)


@pytest.mark.parametrize(
    "scopes",
    [["1..3", "4"], ["a/01", "a/02"], ["a", "a/b", "a/b/c"], ["x_9", "x_10", "x_12"]],
)
def test_no_name_is_lost_or_invented(scopes: list[str]) -> None:
    some = names(scopes, ["w", "b"])

    assert sorted(expanded(group_names(some, INNER))) == sorted(some)


component = st.sampled_from(
    ["a", "a_1", "a_2", "b1", "b2", "1", "2", "10", "1..2", "x.y", "c-1", "BatchNorm"]
)
name = st.lists(component, min_size=1, max_size=4).map("/".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(name, min_size=1, max_size=12, unique=True))
def test_patterns_stand_for_exactly_the_names(some: list[str]) -> None:
    assert sorted(expanded(group_names(some, INNER))) == sorted(some)
