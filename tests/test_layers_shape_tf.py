"""Emitted layers without moving averages against their formulas, with XLA and free sizes.

The formulas are NumPy's, in float64. The layers that TF-Slim has are compared with
TF-Slim itself in test_layer_parity.py.
"""

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


# Norms within an example.


def standardized(x, axes, epsilon):
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


def group_norm(x, groups, epsilon=1e-6):
    split = x.reshape([*x.shape[:-1], groups, -1])
    axes = (*range(1, x.ndim - 1), x.ndim)
    return standardized(split, axes, epsilon).reshape(x.shape)


def lrn(x, radius, bias, alpha, beta):
    out = np.empty_like(x)
    for c in range(x.shape[-1]):
        near = x[..., max(c - radius, 0) : c + radius + 1]
        out[..., c] = x[..., c] / (bias + alpha * (near**2).sum(-1)) ** beta
    return out


def places(x, temperature):
    """Mean row and column of each channel under a softmax, the rows from -1 to 1."""
    batch, height, width, channels = x.shape
    flat = np.exp(x / temperature).reshape(batch, -1, channels)
    flat /= flat.sum(1, keepdims=True)
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    found = [(flat * g.reshape(1, -1, 1)).sum(1) for g in (rows, columns)]
    return np.stack(found, -1).reshape(batch, -1)


X = random([3, 4, 6, 8]).astype(np.float64)
FORMULAS = [
    (layer("layer_norm"), X, lambda x: standardized(x, (1, 2, 3), 0)),
    (layer("layer_norm", begin_norm_axis=2, begin_params_axis=2, epsilon=0.1), X,
     lambda x: standardized(x, (2, 3), 0.1)),
    (layer("layer_norm", begin_norm_axis=-1, center=False), X[:, 0, 0],
     lambda x: standardized(x, (1,), 0)),
    (layer("instance_norm", epsilon=0.1), X, lambda x: standardized(x, (1, 2), 0.1)),
    (layer("instance_norm", data_format="NCHW"), X, lambda x: standardized(x, (2, 3), 1e-6)),
    (layer("group_norm", groups=2), X, lambda x: group_norm(x, 2)),
    (layer("group_norm", groups=4, reduction_axes=(1,)), X[:, 0],
     lambda x: group_norm(x, 4)),
    (layer("group_norm", groups=2, mean_close_to_zero=True, scale=False), X,
     lambda x: group_norm(x, 2)),
    (layer("group_norm", groups=2, channels_axis=1, reduction_axes=(2, 3)), X,
     lambda x: np.moveaxis(group_norm(np.moveaxis(x, 1, -1), 2), -1, 1)),
    (layer("lrn", depth_radius=2, bias=1.5, alpha=0.3, beta=0.7), X,
     lambda x: lrn(x, 2, 1.5, 0.3, 0.7)),
    (layer("unit_norm", dim=2, epsilon=0.5), X,
     lambda x: x / np.sqrt(0.5 + (x**2).sum(2, keepdims=True))),
    (layer("maxout", num_units=4), X, lambda x: x.reshape(3, 4, 6, 4, 2).max(-1)),
    (layer("maxout", num_units=2, axis=2), X, lambda x: x.reshape(3, 4, 2, 8, 3).max(-1)),
    (layer("spatial_softmax", temperature=2.0), X, lambda x: places(x, 2.0)),
    (layer("spatial_softmax", data_format="NCHW"), X,
     lambda x: places(np.moveaxis(x, 1, -1), 1.0)),
    (layer("softmax"), X, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    (
        layer("softmax", axis=1),
        X,
        lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
    ),
    (layer("bias_add"), X, lambda x: x),
    (layer("flatten"), X, lambda x: x.reshape(3, -1)),
    (layer("squeeze"), X[:, :1, :1], lambda x: x[:, 0, 0]),
    (layer("squeeze", axis=(-2,)), X[:, :, :1], lambda x: x[:, :, 0]),
    (layer("expand_dims", axis=-2), X, lambda x: x[..., None, :]),
    (layer("reshape", shape=(-1, 2, -1)), X, lambda x: x.reshape(3, 2, 96)),
    (layer("transpose", perm=(0, 3, 1, 2)), X, lambda x: x.transpose(0, 3, 1, 2)),
    (layer("slice", begin=(0, 1, 0, 2), size=(-1, 2, -1, 3)), X, lambda x: x[:, 1:3, :, 2:5]),
    (layer("slice", begin=(0, 1, 0, 2), size=(-1, 3, -1, 4), strides=(1, 2, -2, 1)), X,
     lambda x: x[:, 1:4:2, ::-2, 2:6]),
    (layer("roll", shift=(-1, 2), axis=(1, 2)), X, lambda x: np.roll(x, (-1, 2), (1, 2))),
    (layer("depth_to_space", block_size=2), X,
     lambda x: x.reshape(3, 4, 6, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(3, 8, 12, 2)),
    (layer("space_to_depth", block_size=2), X,
     lambda x: x.reshape(3, 2, 2, 3, 2, 8).transpose(0, 1, 3, 2, 4, 5).reshape(3, 2, 3, 32)),
    (layer("l2_normalize", axis=(1, -1), epsilon=20.0), X,
     lambda x: x / np.sqrt(np.maximum((x**2).sum((1, 3), keepdims=True), 20))),
    (layer("prelu", shared_axes=(1, 2), initializer=NamedFunction("constant", (("value", 0.25),))),
     X, lambda x: np.where(x < 0, x / 4, x)),
    (layer("split", num_or_size_splits=4, index=2), X, lambda x: x[..., 4:6]),
    (layer("split", num_or_size_splits=(1, 3), index=1, axis=1), X, lambda x: x[:, 1:]),
    (layer("images_to_sequence"), X, lambda x: x.transpose(2, 0, 1, 3).reshape(6, 12, 8)),
    (layer("sequence_to_images", height=2), X[:, :, 0],
     lambda x: x.reshape(3, 2, 2, 8).transpose(1, 2, 0, 3)),
    (layer("sequence_to_images", height=2, output_data_format="channels_first"), X[:, :, 0],
     lambda x: x.reshape(3, 2, 2, 8).transpose(1, 3, 2, 0)),
    (layer("reduce_mean", axis=(1, 2), keepdims=True), X,
     lambda x: x.mean((1, 2), keepdims=True)),
    (layer("reduce_max", axis=-1), X, lambda x: x.max(-1)),
    (layer("reduce_min", axis=1), X, lambda x: x.min(1)),
    (layer("reduce_sum", axis=(2, 1)), X, lambda x: x.sum((1, 2))),
    (layer("pad", paddings=(1, 2)), X, lambda x: np.pad(x, [(0, 0), (1, 1), (2, 2), (0, 0)])),
    (layer("pad", paddings=((0, 2), (1, 0)), constant_values=3.0), X,
     lambda x: np.pad(x, [(0, 0), (0, 2), (1, 0), (0, 0)], constant_values=3)),
    (layer("pad", paddings=2, mode="REFLECT"), X,
     lambda x: np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)], "reflect")),
    (layer("pad", paddings=4, mode="SYMMETRIC"), X,
     lambda x: np.pad(x, [(0, 0), (4, 4), (4, 4), (0, 0)], "symmetric")),
    (layer("crop", size=(3, 2)), X, lambda x: x[:, 0:3, 2:4]),
    (layer("crop", size=2, offset=(2, 1)), X, lambda x: x[:, 2:4, 1:3]),
    (layer("scale_gradient", gradient_multiplier=0.25), X, lambda x: x),
    (layer("cast", dtype="int32"), X, lambda x: x.astype(np.float32).astype(np.int32)),
]  # fmt: skip


def word_of(value):
    return value.word if hasattr(value, "word") else ""


@pytest.mark.parametrize(("made", "x", "formula"), FORMULAS, ids=word_of)
def test_a_layer_is_its_formula(made, x, formula):
    # The first size of `reshape` is that of the batch.
    batch = None if made.word == "reshape" else x.shape[0]
    source, expected = TensorType((batch, *x.shape[1:])), formula(x)
    program, model = emit([made], source), Model()
    value = x.astype(np.float32)
    ungraceful = tf.function(
        lambda v: program(model, v, training=True), autograph=False
    )
    compiled = tf.function(
        lambda v: program(model, v), jit_compile=True, autograph=False
    )

    for run in (ungraceful, compiled):
        found = run(value)
        np.testing.assert_allclose(found, expected, **CLOSE)

        (inferred,) = program.layers[0].outputs((source,))
        sizes = tuple(found.shape)
        assert inferred.shape == ((None, *sizes[1:]) if batch is None else sizes)
        assert inferred.dtype == found.dtype.name


@pytest.mark.parametrize(("made", "x", "formula"), FORMULAS, ids=word_of)
def test_free_sizes_are_kept_free_and_the_rest_is_known(made, x, formula):
    free = 0 if made.word == "sequence_to_images" else 1
    sizes = (None, *x.shape[1:]) if free else (x.shape[0], None, x.shape[2])
    source = TensorType(sizes)
    program, model = emit([made], source), Model()
    value = x.astype(np.float32)
    program(model, value)

    run = tf.function(lambda v: program(model, v), autograph=False)
    concrete = run.get_concrete_function(tf.TensorSpec(sizes))

    (inferred,) = made.outputs((source,))
    known = tuple(concrete.structured_outputs.shape)
    np.testing.assert_allclose(concrete(tf.constant(value)), formula(x), **CLOSE)
    for guess, fact, actual in zip(
        inferred.shape, known, formula(x).shape, strict=True
    ):
        assert guess in (None, actual)
        assert fact in (guess, actual, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "x"),
    [(made, x) for made, x, _ in FORMULAS if made.word not in ("cast", "lrn")],
    ids=word_of,
)
def test_gradients_are_those_of_small_steps(made, x):
    value = x[:2, :4].astype(np.float64)
    if made.word in ("sequence_to_images", "pad", "crop", "split", "squeeze"):
        value = x
    batch = None if made.word == "reshape" else value.shape[0]
    source = TensorType((batch, *value.shape[1:]), "float64")
    program, model = emit([made], source), Model()
    v, step = tf.Variable(value), random(value.shape, 3).astype(np.float64) * 1e-6
    with tf.GradientTape() as tape:
        outputs = program(model, v)
        direction = random(outputs.shape, 4).astype(np.float64)
        loss = tf.reduce_sum(outputs * direction)
    slope = float(np.sum(np.asarray(tape.gradient(loss, v)) * step))
    ahead, behind = (program(model, value + s * step) for s in (0.5, -0.5))

    numeric = float(tf.reduce_sum((ahead - behind) * direction))
    factor = getattr(made, "gradient_multiplier", 1.0)
    np.testing.assert_allclose(slope, factor * numeric, rtol=1e-4, atol=1e-10)


# Merges.

A, B, C = random([3, 4, 5, 2], 1), random([3, 1, 1, 2], 2), random([3, 4, 5, 1], 3)
RELU = NamedFunction("relu")
MERGES = [
    (layer("add"), A, B, lambda a, b: a + b),
    (layer("add", activation=RELU), B, A, lambda a, b: np.maximum(a + b, 0)),
    (layer("multiply", operands=(Operand(0), 0.17, Operand(1))), A, B,
     lambda a, b: a * 0.17 * b),
    (layer("maximum", operands=(Operand(0), Operand(1), 0)), A, B,
     lambda a, b: np.maximum(np.maximum(a, b), 0)),
    (layer("minimum"), A, B, np.minimum),
    (layer("average", operands=(Operand(0), Operand(1), -1)), A, B,
     lambda a, b: (a + b - 1) / 3),
    (layer("concat"), A, C, lambda a, b: np.concatenate([a, b], -1)),
    (layer("concat", operands=(Operand(1), Operand(0)), axis=1), A, A[:, :2],
     lambda a, b: np.concatenate([b, a], 1)),
]  # fmt: skip


@pytest.mark.parametrize(("made", "a", "b", "formula"), MERGES, ids=word_of)
def test_a_merge_is_its_formula(made, a, b, formula):
    program, model = emit([made], TensorType(a.shape), TensorType(b.shape)), Model()
    compiled = tf.function(
        lambda x, y: program(model, x, y), jit_compile=True, autograph=False
    )

    (inferred,) = made.outputs((TensorType(a.shape), TensorType(b.shape)))

    for found in (program(model, a, b), compiled(a, b)):
        np.testing.assert_allclose(found, formula(a, b), **CLOSE)
        assert inferred.shape == tuple(found.shape)


# Resizing.


def source_places(size, wanted, align, half):
    """Where output pixels lie in the input, as TensorFlow 1 counts."""
    scale = (size - 1) / (wanted - 1) if align and wanted > 1 else size / wanted
    at = np.arange(wanted) + (0.5 if half else 0.0)
    return at * scale - (0.5 if half else 0.0)


def linear(x, axis, at):
    low = np.clip(np.floor(at).astype(int), 0, x.shape[axis] - 1)
    high = np.clip(np.floor(at).astype(int) + 1, 0, x.shape[axis] - 1)
    share = np.clip(at - np.floor(at), 0, 1)
    share = share.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    return np.take(x, low, axis) * (1 - share) + np.take(x, high, axis) * share


@pytest.mark.parametrize(
    ("align", "half"), [(False, False), (True, False), (False, True)]
)
@pytest.mark.parametrize("size", [(7, 9), (3, 2), (8, 10)])
def test_resize_samples_where_tensorflow_1_does(size, align, half):
    x = random([2, 4, 5, 3])
    how = {"size": size, "align_corners": align, "half_pixel_centers": half}
    made = [layer("resize", method=m, **how) for m in ("BILINEAR", "NEAREST")]
    program = emit(made, TensorType(x.shape))
    places_of = [source_places(x.shape[i + 1], size[i], align, half) for i in (0, 1)]

    smooth, sharp = (program(Model(), tf.constant(x), index=i) for i in (0, 1))

    expected = linear(linear(x.astype(np.float64), 1, places_of[0]), 2, places_of[1])
    np.testing.assert_allclose(smooth, expected, **CLOSE)
    nearest = x
    for axis, at in enumerate(places_of, 1):
        at = np.floor(at + 0.5) if align or half else np.floor(at + 1e-6)
        at = np.clip(at.astype(int), 0, x.shape[axis] - 1)
        nearest = np.take(nearest, at, axis)
    np.testing.assert_array_equal(sharp, nearest)


def test_area_and_bicubic_keep_a_constant_image():
    made = [layer("resize", size=(7, 3), method=m) for m in ("AREA", "BICUBIC")]
    program = emit(made, TensorType((2, 4, 5, 3)))
    for index in (0, 1):
        found = program(Model(), tf.ones([2, 4, 5, 3]), index=index)

        np.testing.assert_allclose(found, np.ones([2, 7, 3, 3]), **CLOSE)


# The user's own.


def test_a_function_of_the_user_s_is_called():
    op = NamedFunction("python", (), "my_ops.double")
    made = layer("python", op=op, shape=(3, 2))
    mine = types.SimpleNamespace(double=lambda x: tf.concat([x, x], -1))
    program = emit([made], TensorType((None, 3, 1)), my_ops=mine)

    assert [4, 3, 2] == program(Model(), tf.ones([4, 3, 1])).shape


@pytest.mark.parametrize("jit", [False, True], ids=["plain", "xla"])
def test_class_numbers_out_of_range_have_no_value_on(jit):
    made = layer("one_hot", num_classes=3, on_value=2.0, off_value=-1.0)
    program, model = emit([made], TensorType((None,), "int32")), Model()
    run = tf.function(lambda x: program(model, x), jit_compile=jit, autograph=False)

    found = run(tf.constant([0, 2, 3, -1]))

    expected = [[2, -1, -1], [-1, -1, 2], [-1, -1, -1], [-1, -1, -1]]
    np.testing.assert_array_equal(found, expected)
