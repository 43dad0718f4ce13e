"""The back end for TensorFlow writes every layer and every function of the language."""

import pytest

from slimgen.emit.library import used_names
from slimgen.emit.templates import render
from slimgen.emit.tensorflow.definitions import definition, is_defined
from slimgen.emit.tensorflow.expressions import expression, is_expression, merge
from slimgen.emit.tensorflow.file_functions import file_functions
from slimgen.emit.tensorflow.functions import needed_functions, target
from slimgen.emit.tensorflow.values import python
from slimgen.layers import DECLARATIONS
from slimgen.layers.activation import Activate
from slimgen.layers.declaration import Layer, VariableSpec
from slimgen.layers.functions import ACTIVATIONS, INITIALIZERS, REGULARIZERS
from slimgen.layers.literals import NamedFunction
from slimgen.layers.merge import Merge
from slimgen.layers.reshaping import Flatten, Flattened


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


TABLES = (ACTIVATIONS, INITIALIZERS, REGULARIZERS)
GIVEN = {
    "seeded": (("initializer", NamedFunction("xavier")), ("seed", 1)),
    "l1": (("scale", 0.5),),
    "l2": (("scale", 0.5),),
    "sum": (("regularizers", ()),),
    "constant": (("value", (1.0, 2.0)),),
}


@pytest.mark.parametrize(
    "word", [word for table in TABLES for word in table if word != "python"]
)
def test_every_function_is_written(word: str) -> None:
    function = NamedFunction(word, GIVEN.get(word, ()))
    functions = file_functions([function], [])
    texts = functions.texts()
    texts |= {n: render(f"functions/{n}.py.j2") for n in needed_functions(function)}
    text = python(functions.value(function))

    assert all(f"def {name}(" in code for name, code in texts.items())
    assert used_names(text) <= texts.keys() | {"tf", "functools"}


def test_an_initializer_has_its_arguments_written_in() -> None:
    function = NamedFunction("truncated_normal", (("stddev", 0.01),))
    functions = file_functions([function, function], [])

    assert functions.value(function) == NamedFunction("own", path="truncated_normal")
    assert "truncated_normal(shape, 0.0, 0.01)" in functions.texts()["truncated_normal"]


def test_an_initializer_whose_arguments_vary_is_made_by_a_function() -> None:
    one = NamedFunction("truncated_normal", (("stddev", 0.01),))
    two = NamedFunction("truncated_normal", (("stddev", 0.09),))
    functions = file_functions([one, two], [])

    assert python(functions.value(one)) == "truncated_normal(stddev=0.01)"
    assert "def truncated_normal(stddev=1.0):" in functions.texts()["truncated_normal"]


def test_regularizers_are_numbers_where_all_are_l2() -> None:
    l2, l1 = (NamedFunction(word, (("scale", 0.5),)) for word in ("l2", "l1"))
    zeros = NamedFunction("zeros")
    specs = [VariableSpec(one.word, (2, 2), zeros, one) for one in (l2, l1)]
    alone, both = file_functions([l2], specs[:1]), file_functions([l2, l1], specs)

    assert (alone.terms, alone.value(l2)) == ("weight_decay", 0.5)
    assert (both.terms, both.value(l2)) == ("regularizer", l2)
    assert file_functions([], []).terms == ""


def test_an_initializer_of_vectors_counts_their_inputs_as_tf_slim_does() -> None:
    xavier = NamedFunction("xavier")
    kernel, vector = (VariableSpec("w", s, xavier) for s in ((3, 3, 4, 8), (8,)))

    assert "rows" not in file_functions([xavier], [kernel]).texts()["xavier"]
    assert "rows" in file_functions([xavier], [kernel, vector]).texts()["xavier"]


def test_a_users_function_is_its_own_target() -> None:
    assert ("ops.swish", False) == target(NamedFunction("python", path="ops.swish"))
