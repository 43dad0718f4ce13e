"""Emitted activations, initializers and regularizers against their formulas."""

import math

import numpy as np
import pytest

from slimgen.emit.templates import render
from slimgen.emit.tensorflow.file_functions import file_functions
from slimgen.emit.tensorflow.functions import needed_functions
from slimgen.emit.tensorflow.values import python
from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import VariableSpec
from slimgen.layers.functions import (
    ACTIVATIONS,
    INITIALIZER,
    INITIALIZERS,
    REGULARIZER,
)

tf = pytest.importorskip("tensorflow")

VALUES = np.linspace(-4, 4, 41).reshape(1, 41)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


erf = np.vectorize(math.erf)

# Word with arguments, and what it is.
FORMULAS = {
    ("relu",): lambda x: np.maximum(x, 0),
    ("relu6",): lambda x: np.clip(x, 0, 6),
    ("leaky_relu",): lambda x: np.where(x < 0, 0.2 * x, x),
    ("leaky_relu", 0.1): lambda x: np.where(x < 0, 0.1 * x, x),
    ("elu",): lambda x: np.where(x < 0, np.expm1(x), x),
    ("selu",): lambda x: 1.05070098 * np.where(x < 0, 1.67326324 * np.expm1(x), x),
    ("celu",): lambda x: np.where(x < 0, np.expm1(x), x),
    ("celu", 0.5): lambda x: np.where(x < 0, 0.5 * np.expm1(x / 0.5), x),
    ("softplus",): lambda x: np.log1p(np.exp(x)),
    ("softsign",): lambda x: x / (1 + np.abs(x)),
    ("sigmoid",): sigmoid,
    ("log_sigmoid",): lambda x: np.log(sigmoid(x)),
    ("tanh",): np.tanh,
    ("swish",): lambda x: x * sigmoid(x),
    ("swish", 1.5): lambda x: x * sigmoid(1.5 * x),
    ("silu",): lambda x: x * sigmoid(x),
    ("gelu",): lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    ("gelu", True): lambda x: x
    / 2
    * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ("mish",): lambda x: x * np.tanh(np.log1p(np.exp(x))),
    ("hard_swish",): lambda x: x * np.clip(x + 3, 0, 6) / 6,
    ("hard_sigmoid",): lambda x: np.clip(x + 3, 0, 6) / 6,
    ("hard_tanh",): lambda x: np.clip(x, -1, 1),
    ("hard_shrink", 0.7): lambda x: np.where(np.abs(x) > 0.7, x, 0),
    ("soft_shrink", 0.7): lambda x: np.where(np.abs(x) > 0.7, x - 0.7 * np.sign(x), 0),
    ("tanh_shrink",): lambda x: x - np.tanh(x),
    ("threshold", 0.5, -1.0): lambda x: np.where(x > 0.5, x, -1),
    ("squareplus",): lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    ("softmax",): softmax,
    ("softmax", 0): np.ones_like,
    ("log_softmax",): lambda x: np.log(softmax(x)),
    ("exp",): np.exp,
    ("log",): np.log,
    ("abs",): np.abs,
    ("square",): np.square,
    ("sqrt",): np.sqrt,
    ("sin",): np.sin,
    ("cos",): np.cos,
}


def word(name, *positional, **keywords):
    return BareWord(name, positional, tuple(keywords.items()), called=True)


def emitted_function(function, shape=(3, 3)):
    """Return the function of the emitted file that a value of a variable stands for."""
    functions = file_functions([function], [VariableSpec("w", tuple(shape), function)])
    value = functions.value(function)
    if isinstance(value, int | float):
        return lambda shape, generator: tf.fill(shape, value)
    parts = ["import functools, math", "import tensorflow as tf"]
    parts += functions.texts().values()
    parts += [render(f"functions/{name}.py.j2") for name in needed_functions(function)]
    names = {}
    exec("\n\n".join([*parts, f"found = {python(value)}"]), names)
    return names["found"]


def test_every_activation_is_its_formula():
    assert {name for name, *_ in FORMULAS} == ACTIVATIONS.keys() - {"python"}
    functions = {
        call: emitted_function(ACTIVATIONS[call[0]].bind(word(*call)))
        for call in FORMULAS
    }
    inputs = {
        call: np.abs(VALUES) + 0.1 if call[0] in ("log", "sqrt") else VALUES
        for call in FORMULAS
    }

    @tf.function(jit_compile=True)
    def compiled(values):
        return [
            function(x) for function, x in zip(functions.values(), values, strict=True)
        ]

    found = compiled([tf.constant(x, tf.float32) for x in inputs.values()])

    for call, value in zip(FORMULAS, found, strict=True):
        x = inputs[call].astype("f4")
        plain = functions[call](tf.constant(x))
        expected = FORMULAS[call](x.astype("f8"))
        close = {"rtol": 2e-6, "atol": 2e-6, "err_msg": str(call)}
        np.testing.assert_allclose(plain, expected, **close)
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)


class Recorder:
    """A generator that says what it is asked for."""

    def __getattr__(self, name):
        return lambda *arguments: (name, *arguments)


def limit(x):
    return "uniform", -x, x


def scaled(stddev):
    return "truncated_normal", 0, stddev


KERNEL = [3, 5, 4, 8]
IN, OUT = 3 * 5 * 4, 3 * 5 * 8
TRUNCATED = 0.87962566103423978

# The arguments of the generator's method, after the shape.
DRAWN = {
    ("truncated_normal",): ("truncated_normal", 0, 1),
    ("truncated_normal", 0.5, 0.1): ("truncated_normal", 0.5, 0.1),
    ("random_normal", 0.0, 0.02): ("normal", 0, 0.02),
    ("random_uniform",): ("uniform", 0, 1),
    ("random_uniform", -0.5, 0.25): ("uniform", -0.5, 0.25),
    ("variance_scaling",): scaled(math.sqrt(1.3 * 2 / IN)),
    ("variance_scaling", 3.0, "fan_out"): scaled(math.sqrt(1.3 * 3 / OUT)),
    ("variance_scaling", 1.0, "FAN_AVG", True): limit(math.sqrt(6 / (IN + OUT))),
    ("xavier",): limit(math.sqrt(6 / (IN + OUT))),
    ("xavier", False): scaled(math.sqrt(1.3 * 2 / (IN + OUT))),
    ("glorot_uniform",): limit(math.sqrt(6 / (IN + OUT))),
    ("glorot_normal",): scaled(math.sqrt(2 / (IN + OUT)) / TRUNCATED),
    ("he_uniform",): limit(math.sqrt(6 / IN)),
    ("he_normal",): scaled(math.sqrt(2 / IN) / TRUNCATED),
    ("lecun_uniform",): limit(math.sqrt(3 / IN)),
    ("lecun_normal",): scaled(math.sqrt(1 / IN) / TRUNCATED),
    ("uniform_unit_scaling", 1.43): limit(1.43 * math.sqrt(3 / IN)),
}


def test_every_random_initializer_draws_what_its_formula_says():
    others = {"zeros", "ones", "constant", "identity", "orthogonal", "seeded", "python"}
    assert {name for name, *_ in DRAWN} == INITIALIZERS.keys() - others

    for call, (draw, *expected) in DRAWN.items():
        function = emitted_function(INITIALIZER.coerce(word(*call)))
        name, shape, *found = function(KERNEL, Recorder())
        assert (draw, KERNEL) == (name, shape)
        np.testing.assert_allclose(found, expected, rtol=1e-15, err_msg=str(call))


@pytest.mark.parametrize(
    ("shape", "fan_in", "fan_out"), [([], 1, 1), ([7], 7, 7), ([7, 5], 7, 5)]
)
def test_fans_of_small_shapes_are_tf_slim_s(shape, fan_in, fan_out):
    for mode, fan in (("FAN_IN", fan_in), ("FAN_OUT", fan_out)):
        call = word("variance_scaling", mode=mode, uniform=True)
        function = emitted_function(INITIALIZER.coerce(call), shape)
        _, _, _, most = function(shape, Recorder())
        assert math.sqrt(3 * 2.0 / fan) == pytest.approx(most, rel=1e-15)


def test_initializers_without_chance():
    def made(shape, *call, **keywords):
        function = emitted_function(INITIALIZER.coerce(word(*call, **keywords)))
        return function(shape, Recorder()).numpy().tolist()

    assert [[0, 0]] == made([1, 2], "zeros")
    assert [[1, 1]] == made([1, 2], "ones")
    assert [[2.5, 2.5]] == made([1, 2], "constant", 2.5)
    assert [[1, 2], [3, 4]] == made([2, 2], "constant", (1, 2, 3, 4))
    assert [[2, 0], [0, 2]] == made([2, 2], "identity", 2.0)
    assert [[[0]], [[1]], [[0]]] == made([3, 1, 1], "identity")
    assert [[[[0]], [[2]], [[0]], [[0]]]] == made([1, 4, 1, 1], "identity", 2.0)


@pytest.mark.parametrize("shape", [[3, 3, 4, 8], [2, 7], [1, 1, 2, 9]])
def test_orthogonal_columns_or_rows(shape):
    function = emitted_function(INITIALIZER.coerce(word("orthogonal", 3.0)))
    value = function(shape, tf.random.Generator.from_seed(1)).numpy()
    matrix = value.reshape(-1, shape[-1])
    rows, columns = matrix.shape
    product = matrix @ matrix.T if rows < columns else matrix.T @ matrix

    np.testing.assert_allclose(product, 9 * np.eye(min(rows, columns)), atol=1e-5)


def test_a_seed_gives_the_same_values_whatever_was_drawn_before():
    generator = tf.random.Generator.from_seed(1)
    first, second, other = (
        emitted_function(INITIALIZER.coerce(word("truncated_normal", seed=seed)))
        for seed in (3, 3, 4)
    )
    values = first([4, 5], generator).numpy()
    state = generator.state.numpy()

    np.testing.assert_array_equal(values, second([4, 5], generator))
    np.testing.assert_array_equal(values, first([4, 5], generator))
    np.testing.assert_array_equal(state, generator.state)
    assert np.all(values != other([4, 5], generator).numpy())


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (word("l2", 0.5), 6.25),
        (word("l1", 0.5), 3.5),
        (word("l1_l2", 0.5, 0.5), 9.75),
        (word("l1_l2", 0.0, 0.5), 6.25),
        (word("l1_l2", 0.5, 0.0), 3.5),
        (word("sum", (word("l2", 0.5), word("l1", 0.1), None)), 6.95),
        (word("sum", (word("l2", 0.5),)), 6.25),
    ],
)
def test_regularizers(call, expected):
    term = emitted_function(REGULARIZER.coerce(call))

    assert pytest.approx(expected, rel=1e-6) == float(term(tf.constant([3.0, -4.0])))
