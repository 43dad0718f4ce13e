"""Emitted batch norm and dropout against their formulas.

The formulas are written with sums in float64. Each argument by itself is compared with
TF-Slim in test_layer_parity.py; here is what that lacks: XLA, arguments together, streams of
random numbers.
"""

import itertools
import types

import numpy as np
import pytest
from norm_harness import Model, emit

from slimgen.layers import LAYERS
from slimgen.layers.declaration import TensorType
from slimgen.layers.literals import NamedFunction, Operand

tf = pytest.importorskip("tensorflow")

# Sums of at most a few hundred values of size one in float32.
CLOSE = {"rtol": 0, "atol": 5e-6}


def layer(word, **arguments):
    return LAYERS[word](**arguments)


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(0.5, 1.2, shape).astype(np.float32)


def params(**values):
    return NamedFunction("params", tuple(values.items()))


def filled(model):
    """Give each variable random values, and return them in float64 by their last name."""
    found = {}
    for number, (name, variable) in enumerate(model.named_variables.items()):
        value = np.abs(random(variable.shape, 100 + number)) + 0.3
        if "biased" not in name and "local_step" not in name:
            variable.assign(value.astype(np.float32))
        found[name.removeprefix("net/L/")] = tf.Variable(
            tf.cast(variable, tf.float64), trainable=variable.trainable
        )
    return found


# Norms with moving averages.


def moments(inputs, axes, weights=None):
    """Mean and mean square distance from it, each example counted by its weight."""
    if weights is None:
        weights = tf.ones(inputs.shape[0], tf.float64)
    shape = [-1, *[1] * (len(inputs.shape) - 1)]
    weights = tf.reshape(tf.cast(weights, tf.float64), shape) * tf.ones_like(inputs)
    total = tf.reduce_sum(weights, axes)
    mean = tf.reduce_sum(weights * inputs, axes) / total
    return mean, tf.reduce_sum(weights * (inputs - mean) ** 2, axes) / total


def batch_norm(made, inputs, variables, training, weights=None):
    """The result of `batch_norm` and its new averages, for inputs with channels last."""
    axes = list(range(len(inputs.shape) - 1))
    count = int(np.prod(inputs.shape[:-1]))
    epsilon = tf.constant(made.epsilon, tf.float64)
    gamma, beta = variables.get("gamma", 1.0), variables.get("beta", 0.0)
    mean, variance = variables["moving_mean"] + 0, variables["moving_variance"] + 0
    after = {}
    if training:
        mean, variance = moments(inputs, axes, weights)
        stored = variance * count / (count - 1) if made.fused else variance
        after = follow(made, variables, mean, stored)
        if made.renorm:
            factor, offset, more = correction(made, variables, mean, variance)
            gamma, beta = factor * gamma, offset * gamma + beta
            after |= more
    outputs = gamma * (inputs - mean) / tf.sqrt(variance + epsilon) + beta
    return outputs, {**{k: v.numpy() for k, v in variables.items()}, **after}


def follow(made, variables, mean, variance):
    keep = made.decay
    after = {
        "moving_mean": keep * variables["moving_mean"] + (1 - keep) * mean,
        "moving_variance": keep * variables["moving_variance"] + (1 - keep) * variance,
    }
    if made.zero_debias_moving_mean:
        biased, step = (
            variables[f"net/L/moving_mean/{n}"] for n in ("biased", "local_step")
        )
        after["net/L/moving_mean/biased"] = keep * biased + (1 - keep) * mean
        after["net/L/moving_mean/local_step"] = step + 1
        after["moving_mean"] = after["net/L/moving_mean/biased"] / (
            1 - keep ** (step + 1)
        )
    return after


def correction(made, variables, mean, variance):
    """Batch renormalization, arXiv:1702.03275: r, d, and what they leave behind."""
    bounds = dict(made.renorm_clipping.arguments) if made.renorm_clipping else {}
    stddev = tf.sqrt(variance + made.epsilon)
    usual_mean, usual = variables["renorm_mean"] + 0, variables["renorm_stddev"] + 0
    r = np.clip(stddev / usual, bounds.get("rmin", 0), bounds.get("rmax", np.inf))
    dmax = bounds.get("dmax", np.inf)
    d = np.clip((mean - usual_mean) / usual, -dmax, dmax)
    keep, slow = made.decay, made.renorm_decay
    moving = keep * variables["moving_stddev"] + (1 - keep) * stddev
    after = {
        "renorm_mean": slow * usual_mean + (1 - slow) * mean,
        "renorm_stddev": slow * usual + (1 - slow) * stddev,
        "moving_stddev": moving,
        "moving_variance": moving**2 - made.epsilon,
    }
    return r, d, after


BATCH_NORMS = [
    ({"decay": 0.9}, [5, 4, 3, 2]),
    ({"decay": 0.9, "scale": True, "data_format": "NCHW"}, [5, 4, 3, 2]),
    ({"decay": 0.9, "scale": True, "data_format": "NCHW"}, [5, 3, 2]),
    ({"decay": 0.7, "scale": True, "center": False, "epsilon": 0.01}, [6, 3]),
    ({"decay": 0.7, "fused": False, "scale": True}, [5, 4, 3, 2]),
    ({"decay": 0.7, "scale": True}, [4, 5, 3]),
    ({"decay": 0.7, "scale": True}, [2, 3, 4, 5, 3]),
    ({"decay": 0.9, "zero_debias_moving_mean": True, "scale": True}, [5, 4, 3, 2]),
    ({"decay": 0.9, "zero_debias_moving_mean": True, "scale": True}, [5, 4, 3]),
    ({"decay": 0.9, "zero_debias_moving_mean": True, "batch_weights": Operand(1)}, [4, 3, 2]),
    ({"decay": 0.8, "batch_weights": Operand(1), "data_format": "NCHW"}, [4, 2, 3, 3]),
    ({"decay": 0.8, "renorm": True, "scale": True}, [4, 3, 3, 2]),
    ({"decay": 0.8, "renorm": True, "renorm_decay": 0.6, "data_format": "NCHW",
      "renorm_clipping": params(rmin=0.8, rmax=1.1, dmax=0.2)}, [4, 3, 3, 2]),
    ({"decay": 0.8, "renorm": True, "renorm_clipping": params(dmax=0.1)}, [6, 3]),
]  # fmt: skip
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0], np.float32)


def channels_last(array, made):
    return np.moveaxis(array, 1, -1) if made.data_format == "NCHW" else array


@pytest.mark.parametrize("jit", [False, True], ids=["plain", "xla"])
@pytest.mark.parametrize(("arguments", "shape"), BATCH_NORMS)
def test_batch_norm_is_its_formula(arguments, shape, jit):
    weighted = "batch_weights" in arguments
    given = [TensorType((None, *shape[1:]))] + [TensorType((None,))] * weighted
    program = emit([layer("batch_norm", **arguments)], *given)
    (made,) = program.layers
    model, inputs = Model(), [random(shape), WEIGHTS][: 1 + weighted]
    program(model, *inputs)
    variables = filled(model)
    direction = random(channels_last(inputs[0], made).shape, 7)

    for training in (False, True):
        found, slopes = differentiated(
            lambda x, training=training: program(model, x, *inputs[1:], training=training),
            inputs[0], model.named_variables, direction, made, jit,
        )  # fmt: skip
        last = tf.constant(channels_last(inputs[0], made), tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(last)
            outputs, after = batch_norm(made, last, variables, training, *inputs[1:])
            loss = tf.reduce_sum(outputs * direction)
        trained = [v for v in variables.values() if v.trainable]
        expected = tape.gradient(loss, [last, *trained])

        np.testing.assert_allclose(found, outputs, **CLOSE)
        for slope, wanted in zip(slopes, expected, strict=True):
            np.testing.assert_allclose(slope, wanted, rtol=1e-5, atol=2e-5)
        for name, value in after.items():
            stored = model.named_variables[f"net/L/{name}"]
            np.testing.assert_allclose(
                stored, value, rtol=3e-6, atol=1e-6, err_msg=name
            )


def differentiated(call, inputs, variables, direction, made, jit):
    """Outputs with their channels last, and the gradients of their product by direction."""

    @tf.function(jit_compile=jit, autograph=False)
    def run(x):
        trained = [v for v in variables.values() if v.trainable]
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = call(x)
            if made.data_format == "NCHW":
                outputs = tf.transpose(outputs, [0, *range(2, outputs.shape.rank), 1])
            loss = tf.reduce_sum(outputs * direction)
        return outputs, tape.gradient(loss, [x, *trained])

    outputs, slopes = run(tf.constant(inputs))
    return outputs, [channels_last(np.asarray(slopes[0]), made), *slopes[1:]]


def test_a_training_flag_of_its_own_wins():
    source = TensorType((None, 3))
    frozen, always = (layer("batch_norm", is_training=flag) for flag in (False, True))
    program = emit([frozen, always, layer("batch_norm")], source)
    x = random([5, 3])
    outputs = {}

    for index, training in itertools.product(range(3), (False, True)):
        outputs[index, training] = program(Model(), x, index=index, training=training)

    expected = x / np.sqrt(np.float32(1.001))
    for found in (outputs[0, False], outputs[0, True], outputs[2, False]):
        np.testing.assert_allclose(found, expected, **CLOSE)
    for found in (outputs[1, False], outputs[1, True], outputs[2, True]):
        np.testing.assert_allclose(np.mean(found, 0), np.zeros(3), **CLOSE)


def test_an_adjustment_applies_in_training_alone():
    seen = []

    def adjust(shape):
        seen.append(shape)
        return tf.constant([1.0, 2.0, 3.0]), tf.constant(0.25)

    function = NamedFunction("python", (), "mine.adjust")
    made = [
        layer("batch_norm", adjustment=function, scale=True),
        layer("batch_norm", adjustment=function, renorm=True, scale=True),
    ]
    source = TensorType((None, 4, 3))
    program = emit(made, source, mine=types.SimpleNamespace(adjust=adjust))
    x = random([5, 4, 3])
    centred = (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + 1e-3)

    plain = program(Model(), x, training=True)
    program(Model(), x)

    np.testing.assert_allclose(plain, centred * [1, 2, 3] + 0.25, **CLOSE)
    assert 1 == len(seen)
    model = Model()
    program(model, x, index=1)
    model.named_variables["net/L/renorm_stddev"].assign(x.std((0, 1)) * 2)
    renormed = program(model, x, index=1, training=True)
    r = np.sqrt(x.var((0, 1)) + 1e-3) / (x.std((0, 1)) * 2)
    d = x.mean((0, 1)) / (x.std((0, 1)) * 2)
    expected = (centred * r + d) * [1, 2, 3] + 0.25
    np.testing.assert_allclose(renormed, expected, **CLOSE)


def test_values_by_name_reach_the_variables():
    two = NamedFunction("constant", (("value", 2.0),))
    four = NamedFunction("constant", (("value", 4.0),))
    l2 = NamedFunction("l2", (("scale", 0.5),))
    made = layer(
        "batch_norm",
        scale=True,
        renorm=True,
        param_initializers=params(gamma=two, moving_variance=four),
        param_regularizers=params(gamma=l2),
    )
    model = Model()

    emit([made], TensorType((None, 3)))(model, random([4, 3]))

    values = {name[6:]: float(v[0]) for name, v in model.named_variables.items()}
    wanted = {
        "gamma": 2.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 4.0,
        "moving_stddev": 2.0, "renorm_mean": 0.0, "renorm_stddev": 2.0,
    }  # fmt: skip
    assert wanted == values
    assert {"net/L/gamma": 0.5} == model.weight_decays


# Random draws.


def test_dropout_scales_what_it_keeps():
    program = emit([layer("dropout", keep_prob=0.7)], TensorType((None, 500)))
    x = tf.ones([40, 500])
    model = Model()

    first, second = (program(model, x, training=True).numpy() for _ in range(2))

    assert program(model, x) is x
    np.testing.assert_allclose(np.unique(first), [0, 1 / 0.7], rtol=1e-6)
    # Five standard deviations of the mean of 20,000 draws.
    assert np.mean(first > 0) == pytest.approx(0.7, abs=0.017)
    assert np.mean(first != second) > 0.3
    again = program(Model(), x, training=True)
    np.testing.assert_array_equal(first, again)


def test_dropout_that_keeps_all_is_the_input():
    program = emit([layer("dropout", keep_prob=1.0)], TensorType((None, 5)))
    x = tf.ones([4, 5])

    assert program(Model(), x, training=True) is x


def test_dropout_shares_its_draws_along_axes_of_one():
    made = layer("dropout", noise_shape=(None, 1, 1, 6))
    program, model = emit([made], TensorType((None, 4, 5, 6))), Model()
    run = tf.function(lambda x: program(model, x, training=True), jit_compile=True)

    found = run(tf.ones([8, 4, 5, 6])).numpy()

    assert {0.0, 2.0} == set(found.ravel().tolist())
    np.testing.assert_array_equal(found, found[:, :1, :1] * np.ones_like(found))


def test_a_seed_fixes_the_stream_of_its_dropout_alone():
    made = [layer("dropout", seed=3), layer("dropout")]
    program = emit(made, TensorType((None, 50)))
    x = tf.ones([9, 50])

    def draw(seed, index):
        model = Model(seed)
        return [program(model, x, index=index, training=True).numpy() for _ in (1, 2)]

    fixed, other = draw(1, 0), draw(2, 0)
    assert not np.array_equal(fixed[0], fixed[1])
    np.testing.assert_array_equal(fixed, other)
    assert not np.array_equal(draw(1, 1), draw(2, 1))
    model = Model()
    program(model, x)
    assert ["net/L/draws"] == list(model.local_variables)
    assert not model.named_variables


@pytest.mark.parametrize("word", ["dropout", "drop_path"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_xla_draws_the_same(word, dtype):
    program = emit([layer(word, keep_prob=0.6)], TensorType((None, 7), dtype))
    x = tf.ones([50, 7], dtype)

    def draw(jit):
        model = Model()
        run = tf.function(lambda v: program(model, v, training=True), jit_compile=jit)
        return run(x).numpy()

    np.testing.assert_array_equal(draw(False), draw(True))
    assert 0 < np.mean(draw(True) == 0) < 1


def test_drop_path_drops_whole_examples():
    program = emit([layer("drop_path", keep_prob=0.6)], TensorType((None, 3, 2)))
    x = random([4000, 3, 2])
    model = Model()

    found = program(model, tf.constant(x), training=True).numpy()

    kept = np.any(found != 0, (1, 2))
    np.testing.assert_allclose(found, x / 0.6 * kept[:, None, None], **CLOSE)
    assert kept.mean() == pytest.approx(0.6, abs=0.04)
    np.testing.assert_array_equal(program(model, x), x)


def test_drop_path_begins_with_nothing_and_grows():
    made = layer("drop_path", keep_prob=0.25, steps=2)
    program, model = emit([made], TensorType((None, 3))), Model()
    x = tf.ones([2000, 3])
    run = tf.function(lambda v: program(model, v, training=True), autograph=False)
    program(model, x)

    shares = [float(np.mean(run(x).numpy() > 0)) for _ in range(4)]

    assert shares == pytest.approx([1.0, 0.625, 0.25, 0.25], abs=0.06)
    assert 4 == int(model.local_variables["net/L/step"])
