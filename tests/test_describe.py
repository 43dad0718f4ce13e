"""Documentation that is derived from the declarations."""

import pytest

from slimgen.layers import DECLARATIONS, LAYERS, word_of
from slimgen.layers.argument_types import Choice, Optional
from slimgen.layers.declaration import Layer, parameters
from slimgen.layers.describe import (
    FUNCTIONS,
    LINES,
    describe,
    describe_all,
    describe_function,
    taken,
)


@pytest.mark.parametrize("layer", DECLARATIONS, ids=lambda layer: str(layer.word))
def test_a_layer_is_described_with_all_its_arguments(layer: type[Layer]) -> None:
    text = describe(layer)

    assert text.startswith(f"# {layer.word}\n\n")
    assert layer.example in text
    for one in parameters(layer):
        assert f"`{one.name}`: {one.doc}. Takes {taken(one.kind)}; " in text


def test_many_words_are_a_list_of_them() -> None:
    assert taken(Choice(("a", "b"))) == "`a` or `b`"
    assert taken(Optional(Choice(("a", "b", "c")))) == "`a`, `b` or `c`, or `none`"


def test_the_numbers_are_the_places_on_a_line() -> None:
    text = describe(LAYERS["conv"])

    assert "1. `num_outputs`" in text
    assert "2. `kernel_size`" in text
    assert "3. `stride`: step of the window" in text
    assert "- `activation`" in text
    assert "default `relu`; in TF-Slim `activation_fn`." in text


def test_functions_are_described_with_their_defaults() -> None:
    text = "".join(describe_function(FUNCTIONS["Initializers"][w]) for w in ("xavier",))

    assert "1. `uniform`: takes `true` or `false`; default `true`." in text


def test_every_word_has_one_line() -> None:
    lines = describe_all().splitlines()
    words = [line.split()[0] for line in lines if line.startswith("  ")]
    functions = [word for table in FUNCTIONS.values() for word in table]
    lines_of_jobs = [word for word, _ in LINES]

    assert words == [layer.word for layer in DECLARATIONS] + lines_of_jobs + functions
    assert all(len(line) <= 110 for line in lines)


@pytest.mark.parametrize(
    ("name", "word"),
    [("fully_connected", "fc"), ("Dense", "fc"), ("MaxPool2d", "max_pool"), ("x", "")],
)
def test_other_libraries_names_have_a_word(name: str, word: str) -> None:
    assert word_of(name) == word
