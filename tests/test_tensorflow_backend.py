"""The back end for TensorFlow writes every layer and every function of the language."""

from pathlib import Path

import pytest

from slimgen.emit.templates import render
from slimgen.emit.tensorflow.definitions import definition, is_defined
from slimgen.emit.tensorflow.expressions import expression, is_expression, merge
from slimgen.emit.tensorflow.functions import CALLED, target
from slimgen.layers import DECLARATIONS
from slimgen.layers.activation import Activate
from slimgen.layers.declaration import Layer
from slimgen.layers.functions import ACTIVATIONS, INITIALIZERS, REGULARIZERS
from slimgen.layers.literals import NamedFunction
from slimgen.layers.merge import Merge
from slimgen.layers.reshaping import Flatten, Flattened

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def emitted_forms() -> list[type[Layer]]:
    """Every layer of the language in the form that is emitted."""
    return [Flattened if one is Flatten else one for one in (*DECLARATIONS, Activate)]


def test_every_layer_is_written_in_exactly_one_way() -> None:
    wrong = [
        one.word for one in emitted_forms() if is_defined(one) == is_expression(one)
    ]

    assert [] == wrong


def test_every_merge_is_written() -> None:
    merges = [one for one in emitted_forms() if issubclass(one, Merge)]

    assert merges
    assert all(merge.dispatch(one) is not merge.dispatch(Merge) for one in merges)


def test_calls_may_vary_what_a_function_takes() -> None:
    varying = {one.word for one in emitted_forms() if one.varies}

    assert varying == {one.word for one in emitted_forms() if is_defined(one)}


def test_a_layer_without_an_entry_is_found() -> None:
    class Unwritten(Layer):
        word = "unwritten"

    assert not is_defined(Unwritten)
    assert not is_expression(Unwritten)
    assert definition(Unwritten(), ()) is None
    with pytest.raises(TypeError, match="Unwritten"):
        expression(Unwritten(), ["net"])


def test_every_function_has_a_target() -> None:
    for table in (ACTIVATIONS, INITIALIZERS, REGULARIZERS):
        for word in table.keys() - {"python"}:
            name, _ = target(NamedFunction(word))
            if "." in name:
                assert name.startswith("tf."), word
            else:
                assert f"def {name}(" in render(f"functions/{name}.py.j2"), word


def test_every_function_that_another_calls_has_its_template() -> None:
    for names in CALLED.values():
        assert all((TEMPLATES / f"functions/{name}.py.j2").exists() for name in names)


def test_a_users_function_is_its_own_target() -> None:
    assert ("ops.swish", False) == target(NamedFunction("python", path="ops.swish"))
