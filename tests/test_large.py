"""Large sources take time in proportion, and those beyond a limit get a diagnostic."""

import cProfile
import pstats
import sys
from collections.abc import Callable

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Compilation, Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source


def network(body: str) -> str:
    return f"network n {{\n  input images 8x8x3\n{body}\n}}\n"


def lines(count: int, line: Callable[[int], str]) -> str:
    return "".join(f"  {line(number)}\n" for number in range(count))


def taps(count: int) -> str:
    listed = ", ".join(f"t{number}" for number in range(1, count + 1))
    loop = f"for i in 1..{count} {{ conv 3 3x3 as c_{{i}}; tap t{{i}} }}"
    return network(f"{loop}\nconcat [{listed}]")


def calls_of_blocks(count: int) -> str:
    block = "block b(k) as B { conv k 1x1 as c }\n"
    return block + network(lines(count, lambda i: f"b {i % 50 + 1}"))


SHAPES: dict[str, Callable[[int], str]] = {
    "repeat": lambda n: network(f"repeat {n} conv 3 3x3"),
    "lines": lambda n: network("conv 3 3x3\n" * n),
    "named lines": lambda n: network(
        lines(n, lambda i: f"conv {3 + i % 7} 3x3 as c{i}")
    ),
    "for": lambda n: network(f"for i in 1..{n} {{ conv 3 3x3 as c_{{i}} }}"),
    "taps of a loop": taps,
    "turns from one tensor": lambda n: network(
        f"for i in 1..{n} {{ from images; conv 3 3x3 as c_{{i}} }}"
    ),
    "branches": lambda n: network("concat {\n" + "branch { conv 3 1x1 }\n" * n + "}"),
    "side heads": lambda n: network(
        lines(n, lambda i: f"branch {{ conv 2 1x1 as s{i}; tap t{i} }}")
    ),
    "calls": calls_of_blocks,
    "variables": lambda n: network(
        lines(n, lambda i: f"variable v{i} [3]; multiply [net, v{i}]")
    ),
    "outputs": lambda n: network(
        lines(n, lambda i: f"conv 3 1x1 as c{i}; output o{i}")
    ),
    "values": lambda n: network(
        "let v0 = 1\n" + lines(n, lambda i: f"let v{i + 1} = v{i} + 1") + "relu"
    ),
    "stack": lambda n: network(f"stack conv {', '.join(['3 3x3'] * n)}"),
    "mistakes": lambda n: network("conv x 3x3\n" * n),
    "comments": lambda n: "# comment\n" * n + network("relu"),
    "reuse": lambda n: network(
        "conv 3 3x3 as c\n" + "conv 3 3x3 reuse=true as c\n" * n
    ),
}


def compiled(text: str) -> Compilation:
    return compile_source(Source("m.slim", text), Request(), FileReader(Diagnostics()))


def work(text: str) -> int:
    """The calls of functions that a compilation takes: the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(compiled, text)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_in_proportion(shape: str) -> None:
    write = SHAPES[shape]
    compiled(write(5))  # what is done once a process

    assert work(write(200)) < 4.4 * work(write(50))


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", ["repeat", "for", "lines", "calls"])
def test_many_layers_need_no_deep_stack(shape: str, count: int) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        found = compiled(SHAPES[shape](count))
    finally:
        sys.setrecursionlimit(limit)

    assert [] == list(found.diagnostics)
    assert found.graph is not None
    assert len(found.graph.networks[0].variables) == 2 * count
    assert found.code is not None
    compile(found.code, "<emitted>", "exec")


def nested(depth: int, opening: str, body: str, closing: str) -> str:
    return network(opening * depth + body + closing * depth)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("in a { ", " }"),
        ("if true { ", " }"),
        pytest.param("for i in 1..2 { ", " }", marks=pytest.mark.slow),
        ("branch { ", "\ntap t }"),
        ("scope conv < stride=1 > { ", " }"),
        ("add {\nbranch {}\nbranch { ", " }\n}"),
    ],
)
def test_what_is_nested_as_deep_as_allowed_is_built(opening: str, closing: str) -> None:
    # Each turn of `for` doubles what is in it.
    depth = 12 if "for" in opening else 28
    found = compiled(nested(depth, opening, "conv 3 3x3", closing))

    assert {one.code for one in found.diagnostics} <= {"E115"}  # turns of one name
    deeper = compiled(nested(200, opening, "conv 3 3x3", closing))
    assert {one.code for one in deeper.diagnostics} == {"E022"}


def blocks(depth: int) -> str:
    inner = "block b0(k) { conv k 1x1 }\n"
    outer = lines(depth - 1, lambda i: f"block b{i + 1}(k) {{ b{i} k }}")
    return inner + outer + network(f"b{depth - 1} 4")


def test_blocks_inside_each_other() -> None:
    assert compiled(blocks(60)).code is not None
    found = compiled(blocks(61))

    assert found.code is None
    assert [one.code for one in found.diagnostics] == ["E122"]
    assert "blocks inside each other" in next(iter(found.diagnostics)).message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (network("repeat 20001 relu"), "turns of loops"),
        (network("for i in 1..200000 { relu }"), "values in a range"),
        (
            network("for i in 1..400 { for j in 1..400 { let k = i } }"),
            "turns of loops",
        ),
        pytest.param(
            network("for i in 1..15000 { relu; relu }"),
            "layers in one network",
            marks=pytest.mark.slow,
        ),
        (f"let l = [{'1, ' * 100_001}]\n{network('relu')}", "values in a list"),
    ],
)
def test_a_limit_has_an_error_of_its_own(text: str, what: str) -> None:
    found = compiled(text)

    assert [one.code for one in found.diagnostics if one.code == "E122"] == ["E122"]
    assert any(what in one.message for one in found.diagnostics)


def test_a_list_that_doubles_is_stopped() -> None:
    doubling = "let l = [1]\n" + "".join("let l = l + l\n" for _ in range(40))
    found = compiled(network(doubling + "relu"))

    assert {one.code for one in found.diagnostics} == {"E122"}


def test_a_number_that_grows_is_stopped() -> None:
    growing = "let n = 10\n" + "let n = n ** n\n" * 10
    found = compiled(network(growing + "relu"))

    assert {one.code for one in found.diagnostics} == {"E112"}


def test_turns_are_counted_before_they_are_made() -> None:
    found = compiled(network("repeat 999999999999999999 conv 4 3x3"))

    assert [one.code for one in found.diagnostics] == ["E122"]


def test_lists_that_share_their_parts_are_bounded() -> None:
    sharing = "".join(f"let a{i + 1} = [a{i}, a{i}]\n" for i in range(40))
    found = compiled(f"let a0 = [1, 2]\n{sharing}" + network("relu"))

    assert "E122" in {one.code for one in found.diagnostics}
