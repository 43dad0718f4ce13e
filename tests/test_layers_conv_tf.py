"""Emitted convolutions, dense layers and pools against their formulas.

The formulas are written with slices and sums of float64: none of TensorFlow's kernels for
convolutions and pools takes part in them.
"""

import itertools
import math

import numpy as np
import pytest
from layer_harness import Model, emit

from slimgen.layers import LAYERS
from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import TensorType
from slimgen.layers.functions import ACTIVATIONS

tf = pytest.importorskip("tensorflow")

CONV, TRANSPOSE = LAYERS["conv"], LAYERS["conv_transpose"]
SEPARABLE, DEPTHWISE = LAYERS["separable_conv"], LAYERS["depthwise_conv"]
IN_PLANE, FC, POOL = LAYERS["conv_in_plane"], LAYERS["fc"], LAYERS["pool"]
MAX_POOL, AVG_POOL = LAYERS["max_pool"], LAYERS["avg_pool"]
GLOBAL_MAX, GLOBAL_AVG = LAYERS["global_max_pool"], LAYERS["global_avg_pool"]

# Sums of at most a few hundred products in float32.
CLOSE = {"rtol": 0, "atol": 3e-6}


def per_axis(value, axes):
    return (value,) * axes if isinstance(value, int) else value


def shifted(inputs, layer, fill=0.0, rate="rate"):
    """Yield each offset of the window with the values that it meets at every position."""
    axes = inputs.shape.rank - 2
    kernel = per_axis(layer.kernel_size, axes)
    stride = per_axis(layer.stride, axes)
    rate = per_axis(getattr(layer, rate, 1), axes)
    pads, counts = [], []
    for size, k, s, r in zip(inputs.shape[1:-1], kernel, stride, rate, strict=True):
        length = (k - 1) * r + 1
        count = -(-size // s) if layer.padding == "SAME" else (size - length) // s + 1
        total = max((count - 1) * s + length - size, 0)
        pads.append(
            (total // 2, total - total // 2) if layer.padding == "SAME" else (0, 0)
        )
        counts.append(count)
    padded = tf.pad(inputs, [(0, 0), *pads, (0, 0)], constant_values=fill)
    for offset in itertools.product(*map(range, kernel)):
        cut = [
            slice(o * r, o * r + (n - 1) * s + 1, s)
            for o, r, n, s in zip(offset, rate, counts, stride, strict=True)
        ]
        yield offset, padded[(slice(None), *cut, slice(None))]


def convolve(inputs, kernel, layer):
    """Convolve; the kernel's groups are the input's channels over its own."""
    groups = inputs.shape[-1] // kernel.shape[-2]
    total = 0.0
    for offset, values in shifted(inputs, layer):
        pieces = zip(
            tf.split(values, groups, -1),
            tf.split(kernel[offset], groups, -1),
            strict=True,
        )
        total += tf.concat([tf.tensordot(v, k, 1) for v, k in pieces], -1)
    return total


def convolve_depthwise(inputs, kernel, layer):
    total = 0.0
    for offset, values in shifted(inputs, layer):
        total += values[..., None] * kernel[offset]
    return tf.reshape(total, [*total.shape[:-2], math.prod(total.shape[-2:])])


def convolve_transposed(inputs, kernel, layer):
    """Add each value, times the kernel, to the window that it would come from."""
    axes = inputs.shape.rank - 2
    stride, window = per_axis(layer.stride, axes), per_axis(layer.kernel_size, axes)
    for axis, s in enumerate(stride, 1):
        gaps = [[0, 0]] * (inputs.shape.rank + 1)
        gaps[axis + 1] = [0, s - 1]
        inputs = tf.pad(tf.expand_dims(inputs, axis + 1), gaps)
        shape = [*inputs.shape[:axis], -1, *inputs.shape[axis + 2 :]]
        inputs = tf.reshape(inputs, shape)
    total = 0.0
    for offset in itertools.product(*map(range, window)):
        moved = [(o, k - 1 - o) for o, k in zip(offset, window, strict=True)]
        values = tf.tensordot(inputs, tf.transpose(kernel[offset]), 1)
        total += tf.pad(values, [(0, 0), *moved, (0, 0)])
    extra = [max(k - s, 0) for k, s in zip(window, stride, strict=True)]
    before = [e // 2 if layer.padding == "SAME" else 0 for e in extra]
    same = layer.padding == "SAME"
    sizes = [
        n + (0 if same else e) for n, e in zip(inputs.shape[1:-1], extra, strict=True)
    ]
    return total[
        (slice(None), *(slice(b, b + n) for b, n in zip(before, sizes, strict=True)))
    ]


def take_max(inputs, layer, rate="rate"):
    found = shifted(inputs, layer, fill=-np.inf, rate=rate)
    return tf.reduce_max(tf.stack([values for _, values in found]), 0)


def take_mean(inputs, layer, rate="rate"):
    total = sum(values for _, values in shifted(inputs, layer, rate=rate))
    return total / sum(v for _, v in shifted(tf.ones_like(inputs), layer, rate=rate))


def formula(layer, inputs, variables):
    """Return what `layer` should give, with its channels last."""
    if isinstance(layer, GLOBAL_MAX | GLOBAL_AVG):
        axes = list(range(1, inputs.shape.rank - 1))
        reduce = tf.reduce_max if isinstance(layer, GLOBAL_MAX) else tf.reduce_mean
        return reduce(inputs, axes, keepdims=layer.keepdims)
    if isinstance(layer, MAX_POOL | AVG_POOL):
        take = take_max if isinstance(layer, MAX_POOL) else take_mean
        return take(inputs, layer)
    if isinstance(layer, POOL):
        take = take_max if layer.pooling_type == "MAX" else take_mean
        return take(inputs, layer, rate="dilation_rate")
    outputs = linear(layer, inputs, variables)
    return tf.nn.softplus(outputs + variables["biases"])


def linear(layer, inputs, variables):
    kernel = variables.get("weights")
    match layer:
        case CONV():
            return convolve(inputs, kernel, layer)
        case TRANSPOSE():
            return convolve_transposed(inputs, kernel, layer)
        case FC():
            return inputs @ kernel
        case IN_PLANE():
            kernel = tf.repeat(kernel, inputs.shape[-1], 2)
            return convolve_depthwise(inputs, kernel, layer)
    outputs = convolve_depthwise(inputs, variables["depthwise_weights"], layer)
    if "pointwise_weights" in variables:
        outputs = tf.tensordot(outputs, variables["pointwise_weights"][0, 0], 1)
    return outputs


LINE, MAP, BOX = (9, 4), (8, 11, 4), (5, 6, 7, 2)


def smooth(layer, **arguments):
    """A layer with an activation without a kink, so that gradients can be compared."""
    return layer(
        activation=ACTIVATIONS["softplus"].bind(BareWord("softplus")), **arguments
    )


def windows():
    """Kernels, strides and rates over both paddings."""
    for padding, (kernel, stride, rate) in itertools.product(
        ("SAME", "VALID"),
        [(1, 1, 1), (3, 1, 1), (3, 2, 1), (2, 3, 1), (3, 1, 2), (1, 2, 1)],
    ):
        yield {
            "kernel_size": kernel,
            "stride": stride,
            "rate": rate,
            "padding": padding,
        }


def convolutions():
    for arguments in windows():
        yield smooth(CONV, num_outputs=6, **arguments), MAP
    for padding in ("SAME", "VALID"):
        yield smooth(
            CONV, num_outputs=3, kernel_size=3, stride=2, padding=padding
        ), LINE
        yield smooth(CONV, num_outputs=3, kernel_size=3, rate=3, padding=padding), LINE
        yield smooth(CONV, num_outputs=4, kernel_size=2, stride=2, padding=padding), BOX
        yield smooth(CONV, num_outputs=4, kernel_size=2, rate=2, padding=padding), BOX
        boxes = {"kernel_size": (3, 1, 2), "groups": 2, "padding": padding}
        yield smooth(CONV, num_outputs=4, stride=(1, 2, 3), **boxes), BOX
        yield smooth(CONV, num_outputs=4, rate=(2, 1, 2), **boxes), BOX
        flat = {"kernel_size": (2, 3), "padding": padding}
        yield smooth(CONV, num_outputs=3, stride=(2, 3), **flat), MAP
        yield smooth(CONV, num_outputs=3, rate=(3, 2), **flat), MAP
        yield smooth(CONV, num_outputs=8, stride=(1, 2), groups=2, **flat), MAP
        yield smooth(CONV, num_outputs=4, rate=2, groups=4, **flat), MAP
        yield smooth(
            CONV, num_outputs=4, kernel_size=3, groups=2, padding=padding
        ), LINE


def channels_first():
    yield smooth(CONV, num_outputs=3, kernel_size=2, data_format="NCW"), (4, 9)
    yield smooth(CONV, num_outputs=3, kernel_size=2, data_format="NCHW"), (4, 8, 11)
    yield smooth(CONV, num_outputs=3, kernel_size=2, data_format="NCDHW"), (2, 5, 6, 7)
    yield smooth(TRANSPOSE, num_outputs=3, kernel_size=2, data_format="NCHW"), (4, 5, 3)
    yield smooth(DEPTHWISE, kernel_size=2, data_format="NCHW"), (4, 5, 3)
    yield smooth(SEPARABLE, num_outputs=3, kernel_size=2, data_format="NCHW"), (4, 5, 3)
    yield MAX_POOL(kernel_size=2, data_format="NCHW"), (4, 5, 3)
    yield AVG_POOL(kernel_size=2, padding="SAME", data_format="NCDHW"), (2, 5, 6, 7)
    yield POOL(kernel_size=2, pooling_type="AVG", data_format="NCW"), (4, 9)
    yield GLOBAL_AVG(data_format="NCHW"), (4, 5, 3)
    yield GLOBAL_MAX(data_format="NCHW", keepdims=False), (4, 5, 3)


def transposed():
    for padding, (kernel, stride) in itertools.product(
        ("SAME", "VALID"),
        [(3, 1), (3, 2), (4, 2), (1, 2), (2, 3), ((2, 3), (3, 1))],
    ):
        window = {"kernel_size": kernel, "stride": stride, "padding": padding}
        yield smooth(TRANSPOSE, num_outputs=3, **window), (5, 4, 2)
    for padding in ("SAME", "VALID"):
        window = {"kernel_size": (2, 3, 1), "stride": 2, "padding": padding}
        yield smooth(TRANSPOSE, num_outputs=2, **window), (3, 2, 4, 2)


def separables():
    for arguments in windows():
        yield smooth(DEPTHWISE, **arguments), MAP
    for padding in ("SAME", "VALID"):
        window = {"kernel_size": (2, 3), "padding": padding}
        yield smooth(DEPTHWISE, stride=(2, 1), depth_multiplier=3, **window), MAP
        yield smooth(DEPTHWISE, rate=(2, 3), **window), MAP
        yield smooth(SEPARABLE, num_outputs=5, stride=2, **window), MAP
        yield smooth(
            SEPARABLE, num_outputs=5, rate=2, depth_multiplier=2, **window
        ), MAP
        yield smooth(SEPARABLE, num_outputs=None, **window), MAP
        yield smooth(IN_PLANE, stride=(1, 3), **window), MAP


def pools():
    for kind, padding, (kernel, stride) in itertools.product(
        (MAX_POOL, AVG_POOL), ("SAME", "VALID"), [(2, 2), (3, 2), (3, 1), (1, 2)]
    ):
        yield kind(kernel_size=kernel, stride=stride, padding=padding), MAP
    for kind, padding in itertools.product((MAX_POOL, AVG_POOL), ("SAME", "VALID")):
        yield kind(kernel_size=(2, 3), stride=(3, 2), padding=padding), MAP
        yield kind(kernel_size=2, padding=padding), LINE
        yield kind(kernel_size=(3, 2, 2), stride=(1, 2, 3), padding=padding), BOX
    for word, shape in itertools.product(("MAX", "AVG"), (LINE, MAP, BOX)):
        yield POOL(kernel_size=2, pooling_type=word), shape
        yield POOL(kernel_size=3, pooling_type=word, stride=2, padding="SAME"), shape
        yield POOL(kernel_size=2, pooling_type=word, dilation_rate=2), shape
    for kind, shape in itertools.product((GLOBAL_MAX, GLOBAL_AVG), (LINE, MAP, BOX)):
        yield kind(), shape
        yield kind(keepdims=False), shape


def dense():
    yield smooth(FC, num_outputs=3), (5,)


FAMILIES = {
    family.__name__: [(layer, TensorType((None, *shape))) for layer, shape in family()]
    for family in (
        convolutions,
        channels_first,
        transposed,
        separables,
        pools,
        dense,
    )
}


def assert_alike(expected, found, what):
    for name, value in expected.items():
        largest = max(1.0, float(np.max(np.abs(value))))
        np.testing.assert_allclose(
            found[name] / largest, value / largest, err_msg=f"{name} of {what}", **CLOSE
        )
    assert expected.keys() == found.keys()


def gradients(function, inputs, variables, cotangent):
    """Return the output and its gradients, by name."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = function(inputs)
    sources = {"input": inputs, **variables}
    found = tape.gradient(outputs, sources, tf.cast(cotangent, outputs.dtype))
    return {"output": outputs, **found}


def to_last(value, layer):
    if not (getattr(layer, "data_format", None) or "").startswith("NC"):
        return value
    return np.moveaxis(value, 1, -1) if value.ndim > 2 else value


def reference(layer, inputs, values, cotangent):
    precise = {name: tf.constant(value, tf.float64) for name, value in values.items()}
    source = tf.constant(to_last(inputs, layer), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([source, *precise.values()])
        outputs = formula(layer, source, precise)
    found = tape.gradient(
        outputs, {"input": source, **precise}, to_last(cotangent, layer).astype("f8")
    )
    return {"output": outputs, **found}


def arrays(found, layer):
    return {
        name: to_last(v.numpy(), layer) if name in ("input", "output") else v.numpy()
        for name, v in found.items()
    }


def check(emitted, index, source, jit):
    layer, random = emitted.layers[index], np.random.default_rng(index)
    inputs = random.standard_normal([2, *source.shape[1:]], np.float32)
    model = Model()
    shape = emitted.call(index, tf.constant(inputs), model).shape
    inferred = layer.outputs((source,))[0].shape
    assert [2, *inferred[1:]] == shape, layer

    variables = model.named_variables
    specs = layer.variables((source,))
    made = [(name, tuple(v.shape)) for name, v in variables.items()]
    assert made == [(f"L/{spec.name}", spec.shape) for spec in specs], layer
    for variable in variables.values():
        variable.assign(random.normal(0, 0.5, variable.shape))
    values = {name.removeprefix("L/"): v.numpy() for name, v in variables.items()}
    cotangent = random.standard_normal(shape)

    @tf.function(jit_compile=jit)
    def run(inputs):
        named = {name.removeprefix("L/"): v for name, v in variables.items()}
        return gradients(
            lambda x: emitted.call(index, x, model), inputs, named, cotangent
        )

    found = arrays(run(tf.constant(inputs)), layer)
    expected = {
        name: value.numpy()
        for name, value in reference(layer, inputs, values, cotangent).items()
    }
    assert_alike(expected, found, layer)


JIT = [
    pytest.param(False, id="plain"),
    pytest.param(True, id="xla", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("jit", JIT)
@pytest.mark.parametrize("family", FAMILIES)
def test_layers_are_their_formulas(family, jit):
    """Output and gradients, all layers of a family in one file."""
    pairs = FAMILIES[family]
    emitted = emit(pairs)

    for index, (_, source) in enumerate(pairs):
        check(emitted, index, source, jit)


def test_sizes_may_be_free():
    free = TensorType((None, None, None, 4))
    layers = [
        CONV(num_outputs=3, kernel_size=3, stride=2),
        TRANSPOSE(num_outputs=3, kernel_size=3, stride=2, padding="VALID"),
        SEPARABLE(num_outputs=3, kernel_size=3),
        MAX_POOL(kernel_size=2),
        GLOBAL_AVG(),
    ]
    emitted = emit([(layer, free) for layer in layers])
    fixed = TensorType((None, 7, 6, 4))
    inputs = tf.random.normal([2, 7, 6, 4])

    for index, layer in enumerate(layers):
        model = Model()
        function = tf.function(
            lambda x, index=index, model=model: emitted.call(index, x, model),
            input_signature=[tf.TensorSpec([None, None, None, 4])],
        )
        (inferred,) = layer.outputs((free,))
        assert (2, *layer.outputs((fixed,))[0].shape[1:]) == function(inputs).shape
        assert inferred.shape[-1] == layer.outputs((fixed,))[0].shape[-1]


def test_fixed_sizes_stay_known_while_a_transposed_convolution_is_traced():
    source = TensorType((None, 7, 6, 4))
    layer = TRANSPOSE(num_outputs=3, kernel_size=3, stride=2, padding="VALID")
    emitted, model = emit([(layer, source)]), Model()

    function = tf.function(lambda x: emitted.call(0, x, model))
    made = function.get_concrete_function(tf.TensorSpec([None, 7, 6, 4]))

    assert [None, 15, 13, 3] == made.structured_outputs.shape.as_list()


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_variables_have_the_dtype_of_the_input(dtype):
    shapes = {CONV: MAP, TRANSPOSE: MAP, SEPARABLE: MAP, FC: (5,)}
    pairs = [
        (kind(num_outputs=3, **({} if kind is FC else {"kernel_size": 3})), shape)
        for kind, shape in shapes.items()
    ]
    pairs += [(DEPTHWISE(kernel_size=3), MAP), (IN_PLANE(kernel_size=3), MAP)]
    typed = [(layer, TensorType((None, *shape), dtype)) for layer, shape in pairs]
    emitted = emit(typed)

    for index, (layer, source) in enumerate(typed):
        model = Model()
        outputs = emitted.call(index, tf.ones([2, *source.shape[1:]], dtype), model)
        assert layer.outputs((source,))[0].dtype == outputs.dtype == dtype
        specs = [spec.dtype for spec in layer.variables((source,))]
        assert specs == [v.dtype for v in model.named_variables.values()]
        assert set(specs) == {dtype}
