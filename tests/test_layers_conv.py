"""Convolutions, dense layers and pools: shapes, variables, work, errors and signatures."""

import dataclasses

import black
import pytest
from layer_harness import emit

from slimgen.layers import LAYERS
from slimgen.layers.declaration import ShapeError, TensorType, parameters
from slimgen.layers.literals import NamedFunction

CONV, TRANSPOSE = LAYERS["conv"], LAYERS["conv_transpose"]
SEPARABLE, DEPTHWISE = LAYERS["separable_conv"], LAYERS["depthwise_conv"]
IN_PLANE, FC, POOL = LAYERS["conv_in_plane"], LAYERS["fc"], LAYERS["pool"]
MAX_POOL, AVG_POOL = LAYERS["max_pool"], LAYERS["avg_pool"]
GLOBAL_AVG, CRELU = LAYERS["global_avg_pool"], LAYERS["crelu"]
BATCH_NORM = LAYERS["batch_norm"]

CONV_3 = {"num_outputs": 8, "kernel_size": 3}


def batch(*shape, dtype="float32"):
    return TensorType((None, *shape), dtype)


def tidy(text):
    return black.format_str(text, mode=black.Mode(line_length=88))


def shape_of(layer, source):
    outputs = layer.outputs((source,))
    assert outputs == layer.canonical((source,)).outputs((source,))
    (output,) = outputs
    assert output.shape[0] is None
    return output.shape[1:]


SHAPES = [
    (CONV(**CONV_3), (224, 224, 3), (224, 224, 8)),
    (CONV(**CONV_3, stride=2), (7, 8, 3), (4, 4, 8)),
    (CONV(**CONV_3, stride=2, padding="VALID"), (7, 8, 3), (3, 3, 8)),
    (CONV(**CONV_3, rate=3, padding="VALID"), (7, 8, 3), (1, 2, 8)),
    (CONV(**CONV_3, rate=(1, 2)), (7, 8, 3), (7, 8, 8)),
    (CONV(num_outputs=2, kernel_size=(1, 7), padding="VALID"), (7, 8, 3), (7, 2, 2)),
    (CONV(**CONV_3, stride=3), (7, 5), (3, 8)),
    (CONV(**CONV_3, stride=(1, 2, 3)), (7, 8, 9, 2), (7, 4, 3, 8)),
    (CONV(**CONV_3, groups=2), (7, 8, 4), (7, 8, 8)),
    (CONV(**CONV_3, stride=2, data_format="NCHW"), (3, 7, 8), (8, 4, 4)),
    (CONV(**CONV_3, data_format="NHWC"), (7, 8, 3), (7, 8, 8)),
    (CONV(**CONV_3, stride=2), (None, 8, 3), (None, 4, 8)),
    (TRANSPOSE(**CONV_3, stride=2), (32, 5, 3), (64, 10, 8)),
    (TRANSPOSE(**CONV_3, stride=2, padding="VALID"), (32, 5, 3), (65, 11, 8)),
    (TRANSPOSE(**CONV_3, stride=4, padding="VALID"), (32, None, 3), (128, None, 8)),
    (TRANSPOSE(**CONV_3, stride=(1, 2, 3)), (3, 4, 5, 3), (3, 8, 15, 8)),
    (TRANSPOSE(**CONV_3, stride=2, data_format="NCHW"), (3, 4, 5), (8, 8, 10)),
    (SEPARABLE(**CONV_3, stride=2), (7, 8, 3), (4, 4, 8)),
    (SEPARABLE(num_outputs=None, kernel_size=3), (7, 8, 3), (7, 8, 3)),
    (SEPARABLE(**CONV_3, data_format="NCHW"), (3, 7, 8), (8, 7, 8)),
    (DEPTHWISE(kernel_size=3, stride=2), (7, 8, 3), (4, 4, 3)),
    (DEPTHWISE(kernel_size=3, depth_multiplier=2), (7, 8, 3), (7, 8, 6)),
    (DEPTHWISE(kernel_size=3, rate=2, padding="VALID"), (7, 8, 3), (3, 4, 3)),
    (IN_PLANE(kernel_size=(3, 2), stride=2, padding="VALID"), (7, 8, 3), (3, 4, 3)),
    (FC(num_outputs=10), (32,), (10,)),
    (MAX_POOL(kernel_size=2), (7, 8, 3), (3, 4, 3)),
    (MAX_POOL(kernel_size=3, padding="SAME"), (7, 8, 3), (4, 4, 3)),
    (MAX_POOL(kernel_size=1), (7, 8, 3), (4, 4, 3)),
    (AVG_POOL(kernel_size=(2, 3, 1), stride=1), (7, 8, 9, 3), (6, 6, 9, 3)),
    (AVG_POOL(kernel_size=2, data_format="NCHW"), (3, 7, 8), (3, 3, 4)),
    (AVG_POOL(kernel_size=2), (None, None, None), (None, None, None)),
    (POOL(kernel_size=3, pooling_type="AVG"), (7, 8, 3), (5, 6, 3)),
    (POOL(kernel_size=3, pooling_type="MAX", dilation_rate=2), (7, 3), (3, 3)),
    (POOL(kernel_size=3, pooling_type="MAX", stride=2), (7, 3), (3, 3)),
    (GLOBAL_AVG(), (7, None, 3), (1, 1, 3)),
    (GLOBAL_AVG(keepdims=False), (7, 8, 3), (3,)),
    (GLOBAL_AVG(data_format="NCHW"), (3, 7, 8), (3, 1, 1)),
    (GLOBAL_AVG(), (4, 7, 8, 3), (1, 1, 1, 3)),
    (CRELU(), (7, 8, 3), (7, 8, 6)),
    (CRELU(axis=1), (7, 8, 3), (14, 8, 3)),
    (CRELU(axis=-2), (None, 8, None), (None, 16, None)),
]


@pytest.mark.parametrize(("layer", "source", "expected"), SHAPES)
def test_shapes(layer, source, expected):
    assert expected == shape_of(layer, batch(*source))


@pytest.mark.parametrize(
    ("layer", "source", "message"),
    [
        (CONV(**CONV_3), batch(8), "rank 3 to 5 is needed, this one has rank 2"),
        (CONV(**CONV_3), batch(2, 3, 4, 5, 6), "this one has rank 6"),
        (
            CONV(**CONV_3, padding="VALID"),
            batch(2, 8, 3),
            "of 3 does not fit an axis of 2",
        ),
        (
            CONV(**CONV_3, padding="VALID", rate=4),
            batch(8, 8, 3),
            "a window of 9 does not fit an axis of 8",
        ),
        (CONV(**CONV_3, stride=2, rate=2), batch(8, 8, 3), "do not go together"),
        (
            CONV(**CONV_3, groups=2),
            batch(8, 8, 3),
            "3 input channels are not a multiple",
        ),
        (
            CONV(**CONV_3, groups=3),
            batch(8, 8, 3),
            "8 output channels are not a multiple",
        ),
        (CONV(**CONV_3), batch(8, 8, None), "the number of channels is not known"),
        (CONV(**CONV_3), batch(8, 8, 3, dtype="uint8"), "these are uint8"),
        (
            CONV(num_outputs=8, kernel_size=(3, 3, 3)),
            batch(8, 8, 3),
            "the window has 3 sizes, the input has 2 spatial axes",
        ),
        (
            CONV(**CONV_3, data_format="NCW"),
            batch(3, 8, 8),
            "`NCW` does not fit an input",
        ),
        (TRANSPOSE(**CONV_3), batch(8, 3), "rank 4 to 5 is needed"),
        (DEPTHWISE(kernel_size=3), batch(4, 8, 8, 3), "rank 4 is needed"),
        (SEPARABLE(**CONV_3, stride=2, rate=2), batch(8, 8, 3), "do not go together"),
        (FC(num_outputs=10), TensorType((None,)), "`fc` takes rows of features"),
        (FC(num_outputs=10), batch(None), "the number of features is not known"),
        (MAX_POOL(kernel_size=3), batch(2, 2, 3), "of 3 does not fit an axis of 2"),
        (
            POOL(kernel_size=2, pooling_type="MAX", stride=3),
            batch(8, 3),
            "is larger than",
        ),
        (
            POOL(kernel_size=2, pooling_type="AVG", dilation_rate=2, padding="SAME"),
            batch(8, 3),
            "cannot pad a pool with a rate",
        ),
        (GLOBAL_AVG(), batch(8), "rank 3 to 5 is needed"),
        (CRELU(axis=0), batch(8), "`crelu` is within an example: axis 0 is the batch"),
        (CRELU(axis=-2), batch(8), "`crelu` is within an example: axis 0 is the batch"),
        (
            CRELU(axis=2),
            batch(8),
            "`crelu`: axis 2 does not exist, the input has rank 2",
        ),
    ],
)
def test_inputs_that_are_refused(layer, source, message):
    with pytest.raises(ShapeError) as raised:
        layer.canonical((source,)).outputs((source,))
    assert message in str(raised.value)


def test_a_dense_layer_multiplies_the_last_axis_of_a_map():
    layer, source = FC(num_outputs=10), batch(7, 7, 512)
    (output,) = layer.outputs((source,))
    assert output == batch(7, 7, 10)
    assert layer.multiply_adds((source,), (output,)) == 7 * 7 * 512 * 10


@pytest.mark.parametrize(
    ("layer", "source", "expected"),
    [
        (CONV(**CONV_3), (9, 9, 4), {"weights": (3, 3, 4, 8), "biases": (8,)}),
        (CONV(**CONV_3), (9, 4), {"weights": (3, 4, 8), "biases": (8,)}),
        (
            CONV(**CONV_3, groups=4, data_format="NCDHW"),
            (4, 9, 9, 9),
            {"weights": (3, 3, 3, 1, 8), "biases": (8,)},
        ),
        (CONV(**CONV_3, biases=None), (9, 9, 4), {"weights": (3, 3, 4, 8)}),
        (
            CONV(**CONV_3, normalizer=BATCH_NORM()),
            (9, 9, 4),
            {
                "weights": (3, 3, 4, 8),
                "BatchNorm/beta": (8,),
                "BatchNorm/moving_mean": (8,),
                "BatchNorm/moving_variance": (8,),
            },
        ),
        (TRANSPOSE(**CONV_3), (9, 9, 4), {"weights": (3, 3, 8, 4), "biases": (8,)}),
        (
            SEPARABLE(**CONV_3, depth_multiplier=2),
            (9, 9, 4),
            {
                "depthwise_weights": (3, 3, 4, 2),
                "pointwise_weights": (1, 1, 8, 8),
                "biases": (8,),
            },
        ),
        (
            SEPARABLE(num_outputs=None, kernel_size=3, depth_multiplier=2),
            (9, 9, 4),
            {"depthwise_weights": (3, 3, 4, 2), "biases": (8,)},
        ),
        (
            DEPTHWISE(kernel_size=3, depth_multiplier=2, data_format="NCHW"),
            (4, 9, 9),
            {"depthwise_weights": (3, 3, 4, 2), "biases": (8,)},
        ),
        (IN_PLANE(kernel_size=3), (9, 9, 4), {"weights": (3, 3, 1, 1), "biases": (4,)}),
        (FC(num_outputs=10), (32,), {"weights": (32, 10), "biases": (10,)}),
        (MAX_POOL(kernel_size=2), (9, 9, 4), {}),
    ],
)
def test_variables(layer, source, expected):
    source = batch(*source)
    made = layer.canonical((source,)).variables((source,))

    assert list(expected.items()) == [(v.name, v.shape) for v in made]


def test_variables_have_the_layer_s_arguments():
    term, start = NamedFunction("l2", (("scale", 0.1),)), NamedFunction("zeros")
    layer = SEPARABLE(
        **CONV_3, regularizer=term, biases_regularizer=None, trainable=False,
        pointwise_initializer=start, device="cpu:0",
    )  # fmt: skip

    first, second, biases = layer.variables((batch(9, 9, 4, dtype="float64"),))

    assert (term, term, None) == (
        first.regularizer,
        second.regularizer,
        biases.regularizer,
    )
    assert (layer.initializer, start) == (first.initializer, second.initializer)
    for variable in (first, second, biases):
        assert (False, "float64", "cpu:0") == (
            variable.trainable,
            variable.dtype,
            variable.device,
        )


def test_an_initializer_that_does_not_fit_is_refused():
    cases = {
        "3 values, 8 are needed": {
            "biases": NamedFunction("constant", (("value", (1.0, 2.0, 3.0)),))
        },
        "`identity` needs two axes, the variable has 1": {
            "biases": NamedFunction("identity")
        },
        "`orthogonal` needs two axes": {
            "biases": NamedFunction(
                "seeded", (("initializer", NamedFunction("orthogonal")),)
            )
        },
    }
    for message, arguments in cases.items():
        with pytest.raises(ShapeError, match=message):
            CONV(**CONV_3, **arguments).variables((batch(9, 9, 4),))


@pytest.mark.parametrize(
    ("layer", "source", "expected"),
    [
        (CONV(**CONV_3), (224, 224, 3), 224 * 224 * 8 * 3 * 3 * 3),
        (CONV(**CONV_3, stride=2, data_format="NCHW"), (3, 8, 8), 4 * 4 * 8 * 9 * 3),
        (CONV(**CONV_3, groups=2), (8, 8, 4), 8 * 8 * 8 * 9 * 2),
        (CONV(**CONV_3), (None, 8, 4), 0),
        (TRANSPOSE(**CONV_3, stride=2), (8, 8, 4), 8 * 8 * 4 * 9 * 8),
        (SEPARABLE(**CONV_3, stride=2), (8, 8, 4), 4 * 4 * (9 * 4 + 4 * 8)),
        (DEPTHWISE(kernel_size=3, depth_multiplier=2), (8, 8, 4), 8 * 8 * 9 * 8),
        (IN_PLANE(kernel_size=3), (8, 8, 4), 8 * 8 * 9 * 4),
        (FC(num_outputs=10), (32,), 320),
        (MAX_POOL(kernel_size=2), (8, 8, 4), 0),
    ],
)
def test_multiply_adds(layer, source, expected):
    source = batch(*source)

    assert expected == layer.multiply_adds((source,), layer.outputs((source,)))


def test_what_has_no_effect_is_not_emitted():
    source = (batch(9, 9, 4),)
    layer = CONV(
        **CONV_3, stride=(1, 1), rate=(2, 2), data_format="NHWC",
        normalizer=BATCH_NORM(), biases_regularizer=NamedFunction("l1"),
    )  # fmt: skip

    made = layer.canonical(source)

    assert ((3, 3), 1, 2, None) == (
        made.kernel_size,
        made.stride,
        made.rate,
        made.data_format,
    )
    assert (None, None) == (made.biases, made.biases_regularizer)
    assert made == made.canonical(source)


def test_a_normalizer_is_emitted_for_the_layer_s_output():
    source = batch(4, 9, 9)
    layer = CONV(**CONV_3, data_format="NCHW", normalizer=BATCH_NORM(fused=None))

    made = layer.canonical((source,)).normalizer

    assert BATCH_NORM(fused=None).canonical((batch(8, 9, 9),)) == made
    assert isinstance(made, BATCH_NORM)


def test_separable_without_outputs_is_depthwise():
    source = (batch(9, 9, 4),)
    plain = {"kernel_size": 3, "stride": 2, "depth_multiplier": 2, "trainable": False}

    made = SEPARABLE(num_outputs=None, **plain).canonical(source)

    assert DEPTHWISE(**plain).canonical(source) == made


POSITIONS = {
    "conv": "num_outputs kernel_size stride padding data_format rate",
    "conv_transpose": "num_outputs kernel_size stride padding data_format",
    "separable_conv": "num_outputs kernel_size depth_multiplier stride padding data_format rate",
    "depthwise_conv": "kernel_size stride padding data_format rate",
    "conv_in_plane": "kernel_size stride padding",
    "fc": "num_outputs",
    "max_pool": "kernel_size stride padding data_format",
    "avg_pool": "kernel_size stride padding data_format",
    "pool": "kernel_size pooling_type padding data_format dilation_rate stride",
    "global_avg_pool": "keepdims",
    "global_max_pool": "keepdims",
}


@pytest.mark.parametrize("word", POSITIONS)
def test_positions_are_tf_slim_s(word):
    made = parameters(LAYERS[word])

    assert POSITIONS[word].split() == [p.name for p in made if p.positional]


TAIL = {
    "activation": NamedFunction("relu"),
    "normalizer": None,
    "initializer": NamedFunction("xavier"),
    "regularizer": None,
    "biases": NamedFunction("zeros"),
    "biases_regularizer": None,
    "trainable": True,
    "device": None,
}


@pytest.mark.parametrize(
    "word",
    [
        "conv",
        "conv_transpose",
        "separable_conv",
        "depthwise_conv",
        "conv_in_plane",
        "fc",
    ],
)
def test_the_tail_has_tf_slim_s_defaults(word):
    keys = {p.name: p.default for p in parameters(LAYERS[word])}

    assert TAIL.items() <= keys.items()


def test_a_function_has_what_its_calls_need_and_no_more():
    plain = CONV(
        num_outputs=6, kernel_size=(5, 5), padding="VALID", activation=None, biases=None
    )

    text = tidy(emit([(plain, batch(28, 28, 1))]).text)

    assert text.endswith('''\
@layer
def conv2d(scope, inputs, num_outputs, kernel_size):
    """Convolve with `weights`."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    return tf.nn.conv2d(inputs, weights, 1, "VALID")


def xavier(shape, generator):
    """Draw uniform values of variance 2 / (inputs + outputs), Glorot & Bengio 2010."""
    *window, inputs, outputs = shape
    limit = math.sqrt(6 / (math.prod(window) * (inputs + outputs)))
    return generator.uniform(shape, -limit, limit)


def call0(x0, scope):
    return conv2d(scope / "L", x0, 6, [5, 5])
''')


def test_calls_say_only_what_is_special_about_them():
    source = batch(28, 28, 4)
    layers = [
        CONV(**CONV_3),
        CONV(num_outputs=16, kernel_size=3, stride=2),
        CONV(**CONV_3, rate=(1, 2), activation=None),
    ]

    text = tidy(emit([(layer, source) for layer in layers]).text)
    calls = [line.strip() for line in text.splitlines() if "return conv2d(" in line]

    assert calls == [
        'return conv2d(scope / "L", x0, 8, [3, 3])',
        'return conv2d(scope / "L", x0, 16, [3, 3], 2)',
        'return conv2d(scope / "L", x0, 8, [3, 3], rate=[1, 2], activation=None)',
    ]


@pytest.mark.parametrize("word", POSITIONS)
def test_a_declaration_is_documented(word):
    layer = LAYERS[word]

    assert "Shape:" in layer.__doc__
    assert "Source:" in layer.__doc__
    assert layer.family
    assert layer.example.split()[0] in (word, "flatten;")
    assert all(field.metadata["parameter"][1] for field in dataclasses.fields(layer))


def test_default_scopes_follow_the_rank_as_in_tf_slim():
    found = [
        TRANSPOSE.scope_for(4),
        TRANSPOSE.scope_for(5),
        MAX_POOL.scope_for(4),
        AVG_POOL.scope_for(5),
        CONV.scope_for(3),
        FC.scope_for(None),
    ]

    assert found == [
        "Conv2d_transpose", "Conv3d_transpose", "MaxPool2D", "AvgPool3D", "Conv",
        "fully_connected",
    ]  # fmt: skip


def test_a_normalizer_that_some_calls_have_is_a_flag():
    source = batch(28, 28, 4)
    layers = [CONV(**CONV_3, normalizer=BATCH_NORM()), CONV(**CONV_3)]

    text = emit([(layer, source) for layer in layers]).text

    assert "    if normalize:\n        outputs = batch_norm(scope" in text
    assert "    else:\n        biases = scope.variable(" in text
    assert 'conv2d(scope / "L", x0, 8, [3, 3])' in text
    assert 'conv2d(scope / "L", x0, 8, [3, 3], normalize=False)' in text


def test_a_normalizer_is_an_argument_where_calls_have_different_ones():
    source = batch(28, 28, 4)
    norms = [BATCH_NORM(decay=0.9), BATCH_NORM(decay=0.5), None]
    layers = [CONV(**CONV_3, normalizer=norm) for norm in norms]

    text = emit([(layer, source) for layer in layers]).text

    assert "    if normalizer is not None:\n        outputs = normalizer(scope" in text
    assert "decay=0.5" in text or ", 0.5)" in text
