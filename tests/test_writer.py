"""A tree is written as the source that gives it again."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import models
from syntax_programs import programs

from slimgen.diagnostics import Diagnostics
from slimgen.source import Source, Span
from slimgen.syntax import tree
from slimgen.syntax.parser import parse, parse_expression
from slimgen.syntax.printer import format_source
from slimgen.syntax.writer import write

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for folder in ("examples", "slimgen/std", "tests/syntax_data", "tests/accepted")
    for path in (ROOT / folder).rglob("*.slim")
)
NOWHERE = Span(Source("", ""), 0, 0)


def parsed(text: str) -> tree.File:
    found = Diagnostics()
    file = parse(Source("test.slim", text), found)
    assert [] == [one.message for one in found]
    return file


def assert_is_written(text: str) -> None:
    """Write the tree of a text: it gives the same tree, and `fmt` leaves it as it is."""
    items = parsed(text).items
    written = write(parsed(text))

    assert items == parsed(written).items
    assert written == format_source(Source("test.slim", written), Diagnostics())


@pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_source_is_written(path: Path) -> None:
    assert_is_written(path.read_text(encoding="utf-8"))


@given(models())
@settings(max_examples=30, deadline=None)
def test_a_model_at_random_is_written(text: str) -> None:
    assert_is_written(text)


@given(programs())
@settings(max_examples=150, deadline=None)
def test_a_program_of_every_form_is_written(text: str) -> None:
    found = Diagnostics()
    items = parse(Source("test.slim", text), found).items
    if found.has_errors:
        return  # what could be read of it may lack the line before a body

    written = write(tree.File(Source("", ""), items))
    assert items == parsed(written).items
    assert written == format_source(Source("test.slim", written), Diagnostics())


@pytest.mark.parametrize(
    "line", ["conv (1..2)..3 a/b ..4", "conv -1 (-1) rate=-2..(2)"]
)
def test_a_range_of_a_line_keeps_its_parentheses(line: str) -> None:
    assert_is_written(f"network n {{ {line} }}")


@pytest.mark.parametrize(
    "text",
    [
        "a + b * -c**-2",
        "(a + b) * c",
        "-(a + b)",
        "(-a)**2",
        "a - (b - c)",
        "(a, b) if not c or d else e if f else g",
        "(a if b else c) if d else e",
        "not (a and b)",
        "(a < b) == c",
        "1..n - 1",
        "(1..2)[0]",
        "a in b and c not in [1, 2]",
        "f(a, key=b)[0][1]",
        "(a,)",
        "unit_{n + 1}",
        "?x3",
    ],
)
def test_an_expression_keeps_the_parentheses_that_it_needs(text: str) -> None:
    node = parse_expression(f"({text})", "test", Diagnostics())
    assert node is not None

    assert text == write(node)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (tree.Number(NOWHERE, 1e-05), "1e-5"),
        (tree.Number(NOWHERE, 8.0), "8.0"),
        (tree.Argument(NOWHERE, tree.Name(NOWHERE, "rate"), tree.Number(NOWHERE, -2)), "rate=-2"),
        (tree.Parameter(NOWHERE, tree.Name(NOWHERE, "n"), tree.Number(NOWHERE, 2)), "n = 2"),
        (tree.ScopeName(NOWHERE, None), "none"),
        (tree.Body(NOWHERE, ()), "{}"),
        (tree.Tap(NOWHERE, tree.Name(NOWHERE, "a")), "tap a"),
    ],
)  # fmt: skip
def test_a_part_of_a_tree_is_written(node: tree.SyntaxNode, text: str) -> None:
    assert text == write(node)
