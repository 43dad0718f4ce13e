"""Declarations of normalization and dropout, and what all families of these files share.

No TensorFlow: what they take, what they infer, what they create and what they are written as.
"""

import ast
import dataclasses
import itertools

import black
import pytest
from norm_harness import write

from slimgen.layers import LAYERS
from slimgen.layers.argument_types import ArgumentError, BareWord
from slimgen.layers.declaration import ShapeError, TensorType, parameters
from slimgen.layers.literals import NamedFunction, Operand
from slimgen.layers.normalization import EmittedBatchNorm

FAMILIES = (
    "Normalization", "Dropout", "Merging", "Shapes", "Reductions", "Images",
    "Other layers",
)  # fmt: skip
OURS = [layer for layer in LAYERS.values() if layer.family in FAMILIES]
IMAGE = TensorType((None, 8, 9, 4))
ROW = TensorType((None, 6))
ONES = NamedFunction("ones")
RELU = NamedFunction("relu")


def layer(word, **arguments):
    return LAYERS[word](**arguments)


def kind(word, name):
    return next(p.kind for p in parameters(LAYERS[word]) if p.name == name)


def params(**values):
    return NamedFunction("params", tuple(values.items()))


@pytest.mark.parametrize("declared", OURS, ids=lambda declared: declared.word)
def test_a_declaration_says_what_it_does_and_where_that_is_from(declared):
    summary, _, rest = (declared.__doc__ or "").partition("\n")

    assert summary.endswith(".")
    assert "Shape: " in rest
    assert "Source: " in rest
    assert declared.example
    assert declared.tensorflow or declared.slim or declared.word == "drop_path"


@pytest.mark.parametrize("declared", OURS, ids=lambda declared: declared.word)
def test_arguments_that_need_their_key_come_last(declared):
    positional = [p.positional for p in parameters(declared)]

    assert sorted(positional, reverse=True) == positional
    assert all(p.doc for p in parameters(declared))


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("batch_norm", "decay center scale epsilon activation_fn param_initializers"
         " param_regularizers updates_collections is_training trainable batch_weights fused"
         " data_format zero_debias_moving_mean renorm renorm_clipping renorm_decay"
         " adjustment"),
        ("layer_norm", "center scale activation_fn trainable begin_norm_axis"
         " begin_params_axis epsilon"),
        ("instance_norm", "center scale epsilon activation_fn param_initializers trainable"
         " data_format"),
        ("group_norm", "groups channels_axis reduction_axes center scale epsilon"
         " activation_fn param_initializers trainable mean_close_to_zero"),
        ("dropout", "keep_prob noise_shape is_training seed"),
        ("bias_add", "activation_fn initializer regularizer trainable data_format"),
        ("one_hot", "num_classes on_value off_value"),
        ("unit_norm", "dim epsilon"),
        ("maxout", "num_units axis"),
        ("spatial_softmax", "temperature trainable data_format"),
        ("scale_gradient", "gradient_multiplier"),
        ("images_to_sequence", "data_format"),
        ("sequence_to_images", "height output_data_format"),
        ("lrn", "depth_radius bias alpha beta"),
    ],
)  # fmt: skip
def test_arguments_are_tf_slim_s_in_its_order(word, names):
    found = [p.slim for p in parameters(LAYERS[word])]

    assert names.split() == found


# Batch norm.


def spec_names(made, *inputs):
    return [variable.name for variable in made.variables(inputs)]


def test_batch_norm_creates_what_tf_slim_creates():
    plain = spec_names(layer("batch_norm"), IMAGE)
    scaled = spec_names(layer("batch_norm", scale=True, center=False), IMAGE)
    renormed = spec_names(layer("batch_norm", renorm=True), IMAGE)
    debiased = layer("batch_norm", zero_debias_moving_mean=True)

    assert ["beta", "moving_mean", "moving_variance"] == plain
    assert ["gamma", "moving_mean", "moving_variance"] == scaled
    assert ["moving_stddev", "renorm_mean", "renorm_stddev"] == renormed[3:]
    assert ["{scope}/moving_mean/biased", "{scope}/moving_mean/local_step"] == (
        spec_names(debiased, IMAGE)[3:]
    )
    assert [(4,), ()] == [v.shape for v in debiased.variables((IMAGE,))[3:]]


def test_averages_that_are_debiased_have_tf_slim_s_doubled_names():
    debiased = layer("batch_norm", zero_debias_moving_mean=True)
    alone = debiased.variables((IMAGE,))[3]
    conv = layer("conv", num_outputs=4, kernel_size=3, normalizer=debiased)
    inside = conv.variables((IMAGE,))[4]

    assert "a/b/a/b/moving_mean/biased" == alone.full_name("a/b")
    assert "c/BatchNorm/c/BatchNorm/moving_mean/biased" == inside.full_name("c")
    assert "beta" == debiased.variables((IMAGE,))[0].full_name("")


def test_batch_norm_in_use_alone_has_nothing_to_debias():
    made = layer("batch_norm", zero_debias_moving_mean=True, is_training=False)

    assert ["beta", "moving_mean", "moving_variance"] == spec_names(made, IMAGE)


def test_batch_norm_hands_initializers_and_regularizers_to_its_variables():
    half = NamedFunction("constant", (("value", 0.5),))
    l2 = NamedFunction("l2", (("scale", 0.1),))
    made = layer(
        "batch_norm",
        scale=True,
        param_initializers=params(beta=half, moving_mean=ONES),
        param_regularizers=params(gamma=l2),
        trainable=False,
    )

    found = {v.name: v for v in made.variables((IMAGE,))}

    assert [half, ONES] == [found[n].initializer for n in ("beta", "moving_mean")]
    assert [l2, None] == [found[n].regularizer for n in ("gamma", "beta")]
    assert not any(variable.trainable for variable in found.values())


@pytest.mark.parametrize(
    ("arguments", "ranks"),
    [
        ({}, {2, 4, 5}),
        ({"fused": True}, {2, 4, 5}),
        ({"fused": False}, set()),
        ({"renorm": True}, set()),
        ({"batch_weights": Operand(1)}, set()),
        ({"adjustment": ONES}, set()),
        ({"zero_debias_moving_mean": True}, {2, 4}),
        ({"updates_collections": None}, {2, 4}),
    ],
)
def test_the_fused_kernel_is_taken_where_tf_slim_takes_it(arguments, ranks):
    made = layer("batch_norm", **arguments)

    assert ranks == {
        rank for rank in range(2, 6) if made.is_fused(TensorType((None,) * rank))
    }


@pytest.mark.parametrize(
    ("arguments", "rank", "updated"),
    [
        ({}, 4, True),
        ({"trainable": False}, 4, False),
        ({"trainable": False}, 3, False),
        ({"trainable": False}, 2, True),
        ({"trainable": False, "fused": False}, 2, False),
        ({"trainable": False, "renorm": True}, 2, False),
        ({"trainable": False, "updates_collections": None}, 4, True),
        ({"trainable": False, "zero_debias_moving_mean": True}, 4, True),
    ],
)
def test_frozen_averages_move_where_tf_slim_s_do(arguments, rank, updated):
    source = TensorType((None, *[3] * (rank - 1)))

    emitted = layer("batch_norm", **arguments).canonical((source,))

    assert isinstance(emitted, EmittedBatchNorm)
    assert updated is emitted.updated
    assert emitted == emitted.canonical((source,))


@pytest.mark.parametrize(
    ("arguments", "inputs", "message"),
    [
        ({"renorm": True, "batch_weights": Operand(1)}, (IMAGE, TensorType((None,))),
         "`renorm` and `batch_weights` do not go together"),
        ({"renorm": True, "zero_debias_moving_mean": True}, (IMAGE,), "do not go together"),
        ({"renorm_clipping": params(rmax=2.0)}, (IMAGE,), "needs `renorm=true`"),
        ({"renorm": True, "renorm_clipping": params(rmin=3.0, rmax=2.0)}, (IMAGE,),
         "above its `rmax`"),
        ({"batch_weights": Operand(1)}, (IMAGE, IMAGE), r"one number an example, \[batch\]"),
        ({"batch_weights": Operand(1)}, (TensorType((4, 3)), TensorType((5,))),
         r"found \[5\]"),
        ({}, (TensorType((None,)),), "rank 2 or more"),
        ({}, (TensorType((None, 3, None)),), "channels is not known"),
        ({}, (TensorType((None, 3), "int32"),), "floating-point"),
    ],
)  # fmt: skip
def test_batch_norm_refuses_what_has_no_meaning(arguments, inputs, message):
    with pytest.raises(ShapeError, match=message):
        layer("batch_norm", **arguments).outputs(inputs)


def test_channels_first_counts_the_second_axis():
    made = layer("batch_norm", data_format="NCHW")

    assert (3,) == made.variables((TensorType((None, 3, 8, 9)),))[0].shape


# Values by name.


def test_values_by_name_are_written_as_a_call():
    word = BareWord(
        "params",
        keywords=(
            ("gamma", BareWord("constant", (0.5,), called=True)),
            ("beta", BareWord("zeros")),
        ),
        called=True,
    )

    found = kind("batch_norm", "param_initializers").coerce(word)

    assert ["beta", "gamma"] == [name for name, _ in found.arguments]
    assert 0.5 == found["gamma"]["value"]
    assert hash(found) == hash(dataclasses.replace(found))


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        BareWord("params", positional=(1.0,), called=True),
        BareWord("dict", called=True),
        BareWord("params", keywords=(("gama", BareWord("zeros")),), called=True),
        BareWord("params", keywords=(("gamma", 1.0),), called=True),
    ],
)
def test_other_spellings_of_values_by_name_are_refused(value):
    with pytest.raises(ArgumentError, match="params"):
        kind("batch_norm", "param_initializers").coerce(value)


def test_a_misspelt_name_has_its_candidates():
    word = BareWord("params", keywords=(("rmaxx", 1.0),), called=True)

    with pytest.raises(ArgumentError) as caught:
        kind("batch_norm", "renorm_clipping").coerce(word)

    assert ("rmaxx", ("rmin", "rmax", "dmax")) == (
        caught.value.word,
        caught.value.words,
    )


def test_no_values_by_name_are_none_at_all():
    made = layer(
        "batch_norm",
        renorm=True,
        param_initializers=params(),
        renorm_clipping=params(),
    )

    emitted = made.canonical((IMAGE,))

    assert (None, None) == (emitted.param_initializers, emitted.renorm_clipping)


# The other norms.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (4,)),
        ({"begin_params_axis": 2}, (9, 4)),
        ({"begin_params_axis": 1}, (8, 9, 4)),
    ],
)
def test_layer_norm_has_parameters_from_an_axis_on(arguments, expected):
    made = layer("layer_norm", **arguments)

    assert [("beta", expected), ("gamma", expected)] == [
        (v.name, v.shape) for v in made.variables((IMAGE,))
    ]


def test_layer_norm_counts_axes_from_the_front_and_fixes_epsilon():
    source = TensorType((None, 6), "float16")

    emitted = layer("layer_norm", begin_norm_axis=-1, begin_params_axis=1).canonical(
        (source,)
    )
    usual = layer("layer_norm").canonical((ROW,))

    assert (1, -1, 1e-3) == (
        emitted.begin_norm_axis, emitted.begin_params_axis, emitted.epsilon
    )  # fmt: skip
    assert 1e-12 == usual.epsilon


@pytest.mark.parametrize(
    ("made", "source", "message"),
    [
        (layer("layer_norm", begin_norm_axis=4), IMAGE, "axis 4 does not exist"),
        (
            layer("layer_norm", begin_params_axis=1),
            TensorType((None, None, 3)),
            "not known",
        ),
        (layer("instance_norm"), ROW, "needs spatial axes"),
        (layer("group_norm", groups=3), IMAGE, "4 channels cannot be parted into 3"),
        (layer("group_norm"), IMAGE, "into 32 groups"),
        (
            layer("group_norm", groups=2, reduction_axes=(-1,)),
            IMAGE,
            "axis of the channels",
        ),
        (
            layer("group_norm", groups=2, reduction_axes=(0,)),
            IMAGE,
            "axis 0 is the batch",
        ),
        (layer("group_norm", groups=2, reduction_axes=(7,)), IMAGE, "does not exist"),
        (layer("group_norm", groups=2), ROW, "does not exist"),
        (layer("lrn"), ROW, "rank 4 is needed"),
        (layer("unit_norm", dim=4), IMAGE, "axis 4 does not exist"),
        (layer("unit_norm", dim=1), TensorType((None, 3), "int64"), "floating-point"),
    ],
)
def test_norms_refuse_what_has_no_meaning(made, source, message):
    with pytest.raises(ShapeError, match=message):
        made.outputs((source,))


def test_group_norm_counts_axes_from_the_end():
    first = layer("group_norm", groups=2, channels_axis=1, reduction_axes=(3, 2))

    emitted = first.canonical((TensorType((None, 4, 8, 9)),))

    assert (-3, (-2, -1)) == (emitted.channels_axis, emitted.reduction_axes)


# Dropout.


def test_dropout_has_a_variable_for_its_own_stream_alone():
    assert () == layer("dropout").variables((IMAGE,))
    (draws,) = layer("dropout", seed=3).variables((IMAGE,))
    assert ("draws", "int64", False, False) == (
        draws.name, draws.dtype, draws.trainable, draws.saved
    )  # fmt: skip


def test_drop_path_counts_steps_when_it_has_any():
    assert () == layer("drop_path", keep_prob=0.5).variables((IMAGE,))
    assert ["step"] == spec_names(layer("drop_path", keep_prob=0.5, steps=9), IMAGE)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ((1, 4), "has 2 axes, the input is"),
        ((None, 1, 2, 4), "2 draws for 9 values"),
    ],
)
def test_dropout_refuses_a_noise_shape_that_does_not_fit(noise, message):
    with pytest.raises(ShapeError, match=message):
        layer("dropout", noise_shape=noise).outputs((IMAGE,))


@pytest.mark.parametrize("value", [0, -0.5, 1.5, True])
def test_keep_prob_is_a_share(value):
    with pytest.raises(ArgumentError, match="a number above 0 to 1"):
        kind("dropout", "keep_prob").coerce(value)


# The emitted functions.

L1 = NamedFunction("l1", (("scale", 0.1),))
CHOICES = {
    "batch_norm": {
        "scale": [False, True],
        "center": [True, False],
        "param_initializers": [None, params(beta=ONES)],
        "param_regularizers": [None, params(gamma=L1)],
        "is_training": [None, True],
        "trainable": [True, False],
        "data_format": ["NHWC", "NCHW"],
        "zero_debias_moving_mean": [False, True],
        "activation": [None, RELU],
        "fused": [None, False],
    },
    "group_norm": {
        "groups": [2],
        "center": [True, False],
        "scale": [True, False],
        "mean_close_to_zero": [False, True],
        "channels_axis": [-1, 1],
        "reduction_axes": [(2,), (2, -2)],
        "param_initializers": [None, params(beta=ONES)],
    },
    "dropout": {
        "seed": [None, 1],
        "noise_shape": [None, (None, 1, 1, 1)],
        "is_training": [None, True],
    },
    "drop_path": {
        "keep_prob": [0.5],
        "steps": [None, 3],
        "is_training": [None, True, False],
    },
    "bias_add": {
        "activation": [None, RELU],
        "regularizer": [None, L1],
        "trainable": [True, False],
        "data_format": ["NHWC", "NCHW"],
    },
}  # fmt: skip


def all_choices(word):
    """Layers with the first choices but for two that take all their values."""
    choices = CHOICES[word]
    first = {name: values[0] for name, values in choices.items()}
    for a, b in itertools.combinations(choices, 2):
        for x, y in itertools.product(choices[a], choices[b]):
            yield layer(word, **{**first, a: x, b: y})


@pytest.mark.slow
@pytest.mark.parametrize("word", CHOICES)
def test_every_mixture_of_uses_gives_one_clean_function(word):
    source = TensorType((None, 4, 4, 4))
    layers = list(all_choices(word))
    for made in layers:
        alone = write([made], source)[0]
        mixed = write([layers[0], made], source)[0]

        assert [] == unused_parameters(alone) + unused_parameters(mixed)
    text = write(layers, source)[0]
    assert [] == unused_parameters(text)
    assert black.format_str(text, mode=black.Mode())


def unused_parameters(text):
    """Parameters of the emitted layers that their functions do not read."""
    found = []
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or not node.decorator_list:
            continue
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        given = [*node.args.args, *node.args.kwonlyargs]
        found += [
            f"{node.name}: {a.arg}" for a in given if a.arg not in (*names, "scope")
        ]
    return found
