import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syntax_programs import programs

from slimgen.diagnostics import Diagnostics
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.lexer import Lexer
from slimgen.syntax.parser import parse, parse_expression
from slimgen.syntax.printer import format_source

TEXTS = [
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "syntax_data").glob("*.slim"))
]
WORDS = """
network block let for in if else branch from tap output require variable repeat stack scope
use input as none net channels conv a b 1 .5 2..3 3x3 ?x? 1e9 "s" ( ) [ ] { } < > = == + - *
/ // ** , ; .. : # ' " \\ é f( a[ a{ } /x -1
"""
FRAGMENTS = [*WORDS.split(), "\ufeff", "\x00", " ", "\n", "\r\n", "\t", "\r"]

quick = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def assert_survives(text: str) -> None:
    """Check what holds for every text: a tree, or mistakes that say where they are."""
    diagnostics = Diagnostics()
    file = parse(Source("test.slim", text), diagnostics)

    assert isinstance(file, tree.File)
    assert len(diagnostics) <= 101
    for found in diagnostics:
        assert found.code.startswith("E0")
        assert found.message
        assert found.span is not None
        assert found.span.end <= len(text)
    if not diagnostics.has_errors:
        formed = format_source(file.source, diagnostics)
        assert formed is not None
        assert parse(Source("test.slim", formed), diagnostics).items == file.items
        assert not diagnostics.has_errors


def words_of(text: str) -> list[str]:
    """Return the tokens of a text and what stands between them."""
    words, end = [], 0
    for token in Lexer(Source("test.slim", text), Diagnostics()).tokens():
        words += [text[end : token.start], text[token.start : token.end]]
        end = max(end, token.end)
    return words


def mutate(text: str, seed: int) -> str:
    """Delete, double, exchange or put in some words of a text."""
    choose = random.Random(seed)
    words = words_of(text)
    for _ in range(choose.randint(1, 3)):
        at, other = choose.randrange(len(words)), choose.randrange(len(words))
        kind = choose.randrange(5)
        if kind == 0:
            words[at] = ""
        elif kind == 1:
            words[at] += words[at]
        elif kind == 2:
            words[at], words[other] = words[other], words[at]
        elif kind == 3:
            words[at] += choose.choice(FRAGMENTS)
        else:
            words[at] = words[at][: choose.randint(0, len(words[at]))]
    return "".join(words)


@quick
@given(st.text(max_size=200))
def test_any_text_is_read(text):
    assert_survives(text)


@quick
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60).map(" ".join))
def test_any_words_of_the_language_are_read(text):
    assert_survives(text)


@quick
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join))
def test_any_words_that_touch_are_read(text):
    assert_survives("network n {\n" + text)


@quick
@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
def test_a_damaged_example_is_read(text, seed):
    assert_survives(mutate(text, seed))


@quick
@given(programs(), st.integers(0, 2**32))
def test_a_damaged_program_is_read(text, seed):
    assert_survives(mutate(text, seed))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_truncated_example_is_read(text):
    for end in range(0, len(text), 23):
        assert_survives(text[:end])


@quick
@given(st.text(max_size=30) | st.lists(st.sampled_from(FRAGMENTS)).map(" ".join))
def test_any_value_of_an_option_is_read(text):
    value = parse_expression(text, "classes", Diagnostics())

    assert value is None or isinstance(value, tree.SyntaxNode)


@pytest.mark.slow
@settings(quick, max_examples=5000)
@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
def test_many_damaged_examples_are_read(text, seed):
    assert_survives(mutate(text, seed))


@pytest.mark.slow
@settings(quick, max_examples=5000)
@given(programs(), st.integers(0, 2**32))
def test_many_damaged_programs_are_read(text, seed):
    assert_survives(mutate(text, seed))
