"""Declarations of merges, shapes, reductions, images and the other layers.

No TensorFlow: what they take, what they infer and what they are written as.
"""

import pytest

from slimgen.emit.tensorflow.expressions import expression
from slimgen.layers import LAYERS
from slimgen.layers.argument_types import ArgumentError
from slimgen.layers.declaration import ShapeError, TensorType, parameters
from slimgen.layers.literals import Hole, NamedFunction, Operand
from slimgen.layers.merge import UnlikeInputs
from slimgen.layers.reshaping import Flattened

IMAGE = TensorType((None, 8, 9, 4))
ROW = TensorType((None, 6))
ONES = NamedFunction("ones")
MINE = NamedFunction("python", path="ops.mine")
RELU = NamedFunction("relu")


def layer(word, **arguments):
    return LAYERS[word](**arguments)


def shape(made, *inputs):
    return made.outputs(inputs)[0].shape


def kind(word, name):
    return next(p.kind for p in parameters(LAYERS[word]) if p.name == name)


# Merges.


def test_merges_broadcast_as_tensorflow_does():
    gate, channel = TensorType((None, 1, 1, 4)), TensorType((4,))

    assert IMAGE.shape == shape(layer("multiply"), IMAGE, gate)
    assert IMAGE.shape == shape(layer("add"), channel, IMAGE, gate)
    assert IMAGE.shape == shape(layer("maximum"), IMAGE)


def test_a_merge_says_which_inputs_differ():
    small = TensorType((None, 4, 4, 4))

    with pytest.raises(UnlikeInputs, match="`add` needs inputs of one shape") as caught:
        layer("add").outputs((TensorType((4,)), IMAGE, small))

    assert (1, 2) == (caught.value.against, caught.value.differing)
    assert "[batch, 8, 9, 4] and [batch, 4, 4, 4]" in str(caught.value)


def test_a_merge_of_unlike_types_says_so():
    with pytest.raises(UnlikeInputs, match="float32 and int32") as caught:
        layer("concat").outputs((IMAGE, TensorType(IMAGE.shape, "int32")))

    assert 1 == caught.value.differing


def test_concat_adds_lengths():
    other = TensorType((None, 8, 9, 3))
    tall = TensorType((None, None, 9, 4))

    assert (None, 8, 9, 11) == shape(layer("concat"), IMAGE, other, IMAGE)
    assert (None, None, 9, 4) == shape(layer("concat", axis=1), IMAGE, tall)
    twice = layer("concat", operands=(Operand(0), Operand(1), Operand(0)))
    assert (None, 8, 9, 11) == shape(twice, IMAGE, other)
    with pytest.raises(UnlikeInputs, match="differ in axis 1 alone") as caught:
        layer("concat", axis=1).outputs((IMAGE, IMAGE, other))
    assert 2 == caught.value.differing


@pytest.mark.parametrize(
    ("word", "arguments", "expected"),
    [
        ("add", {}, "a + b"),
        ("add", {"activation": RELU}, "tf.nn.relu(a + b)"),
        ("multiply", {"operands": (Operand(1), 0.17)}, "b * 0.17"),
        ("add", {"operands": (Operand(0), Hole("shift"))}, "a + shift"),
        ("maximum", {"operands": (Operand(0), Operand(1), 0)}, "tf.maximum(tf.maximum(a, b), 0)"),
        ("minimum", {}, "tf.minimum(a, b)"),
        ("average", {}, "(a + b) / 2"),
        ("concat", {}, "tf.concat([a, b], -1)"),
        ("concat", {"operands": (Operand(1), Operand(1)), "axis": 1}, "tf.concat([b, b], 1)"),
        ("concat", {"operands": (Operand(1),)}, "b"),
    ],
)  # fmt: skip
def test_merges_are_written_plainly(word, arguments, expected):
    assert expected == expression(layer(word, **arguments), ["a", "b"])


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("add", ()),
        ("add", (1.0, 2.0)),
        ("add", (Operand(0), True)),
        ("add", 3),
        ("concat", (Operand(0), 1.0)),
    ],
)
def test_lists_to_merge_hold_tensors(word, value):
    with pytest.raises(ArgumentError, match="a list of tensors"):
        kind(word, "operands").coerce(value)


# Shapes.

FREE = TensorType((None, None, None, 4))


@pytest.mark.parametrize(
    ("made", "source", "expected"),
    [
        (layer("flatten"), IMAGE, (None, 288)),
        (layer("flatten"), FREE, (None, None)),
        (layer("flatten"), TensorType((None,)), (None, 1)),
        (layer("squeeze", axis=(1, 2)), TensorType((None, 1, 1, 4)), (None, 4)),
        (layer("squeeze", axis=(-2, 1)), TensorType((None, None, 1, 4)), (None, 4)),
        (layer("squeeze"), TensorType((1, 1, 5, 1)), (5,)),
        (layer("softmax"), TensorType((5,)), (5,)),
        (layer("crelu", axis=0), TensorType((5,)), (10,)),
        (layer("roll", shift=1, axis=0), TensorType((5, 2)), (5, 2)),
        (layer("l2_normalize", axis=0), TensorType((5, 2)), (5, 2)),
        (layer("expand_dims", axis=1), ROW, (None, 1, 6)),
        (layer("expand_dims", axis=-1), ROW, (None, 6, 1)),
        (layer("reshape", shape=(-1, 2, 3)), ROW, (None, 2, 3)),
        (layer("reshape", shape=(-1, 3, -1)), ROW, (None, 3, 2)),
        (layer("reshape", shape=(-1, -1, 2)), FREE, (None, None, 2)),
        (layer("reshape", shape=(5, 6, 1)), TensorType((5, 6)), (5, 6, 1)),
        (layer("transpose", perm=(0, 3, 1, 2)), IMAGE, (None, 4, 8, 9)),
        (layer("slice", begin=(0, 1, 2, 0), size=(-1, 3, -1, 4)), IMAGE, (None, 3, 7, 4)),
        (layer("slice", begin=(0, 1, 2, 0), size=(-1, 3, -1, 4)), FREE, (None, 3, None, 4)),
        (layer("slice", begin=(0, 1, 0, 0), size=(-1, 5, -1, -1), strides=(1, 2, -2, 1)), IMAGE,
         (None, 3, 5, 4)),
        (layer("roll", shift=-1, axis=2), IMAGE, IMAGE.shape),
        (layer("roll", shift=(1, 9), axis=(1, -1)), FREE, FREE.shape),
        (layer("depth_to_space", block_size=2), IMAGE, (None, 16, 18, 1)),
        (layer("depth_to_space", block_size=2), FREE, (None, None, None, 1)),
        (layer("space_to_depth", block_size=3), TensorType((None, 6, None, 2)), (None, 2, None, 18)),
        (layer("l2_normalize"), IMAGE, IMAGE.shape),
        (layer("prelu", shared_axes=(1, -2)), FREE, FREE.shape),
        (layer("embedding", vocab_size=9, embed_dim=5), TensorType((None, None), "int64"),
         (None, None, 5)),
        (layer("split", num_or_size_splits=2, index=1), IMAGE, (None, 8, 9, 2)),
        (layer("split", num_or_size_splits=(1, 3), index=1), IMAGE, (None, 8, 9, 3)),
        (layer("split", num_or_size_splits=4, index=3, axis=1), IMAGE, (None, 2, 9, 4)),
        (layer("images_to_sequence"), IMAGE, (9, None, 4)),
        (layer("images_to_sequence", data_format="NCHW"), IMAGE, (4, None, 8)),
        (layer("sequence_to_images", height=3), TensorType((5, 12, 4)), (4, 3, 5, 4)),
        (layer("reduce_mean", axis=(1, 2)), IMAGE, (None, 4)),
        (layer("reduce_max", axis=-1, keepdims=True), IMAGE, (None, 8, 9, 1)),
        (layer("reduce_sum", axis=(-1, 1)), IMAGE, (None, 9)),
        (layer("pad", paddings=3), IMAGE, (None, 14, 15, 4)),
        (layer("pad", paddings=(1, 2)), FREE, (None, None, None, 4)),
        (layer("pad", paddings=((0, 1), (2, 3))), IMAGE, (None, 9, 14, 4)),
        (layer("pad", paddings=((0, 0), (0, 0), (0, 0), (0, 2))), IMAGE, (None, 8, 9, 6)),
        (layer("crop", size=5), IMAGE, (None, 5, 5, 4)),
        (layer("crop", size=(5, 6), offset=(1, 2)), FREE, (None, 5, 6, 4)),
        (layer("resize", size=(16, 3)), IMAGE, (None, 16, 3, 4)),
        (layer("one_hot", num_classes=5), TensorType((None,), "int32"), (None, 5)),
        (layer("maxout", num_units=2), IMAGE, (None, 8, 9, 2)),
        (layer("maxout", num_units=3, axis=2), IMAGE, (None, 8, 3, 4)),
        (layer("spatial_softmax"), FREE, (None, 8)),
        (layer("python", op=ONES, shape=(3, None)), IMAGE, (None, 3, None)),
        (layer("python", op=ONES), IMAGE, IMAGE.shape),
    ],
)  # fmt: skip
def test_shapes_are_inferred(made, source, expected):
    assert expected == shape(made, source)
    assert expected == shape(made.canonical((source,)), source)


@pytest.mark.parametrize(
    ("made", "source", "message"),
    [
        (layer("squeeze", axis=(1,)), IMAGE, "has 8 values, only axes of 1 can go"),
        (layer("squeeze", axis=(0,)), IMAGE, "leaves the batch"),
        (layer("squeeze"), FREE, "cannot tell which axes"),
        (layer("squeeze", axis=(4,)), IMAGE, "axis 4 does not exist"),
        (layer("expand_dims", axis=4), ROW, "does not exist"),
        (layer("reshape", shape=()), ROW, "its first size is -1"),
        (layer("reshape", shape=(2, 3)), ROW, "keeps the batch"),
        (layer("reshape", shape=(-1, -1, -1)), ROW, "one size besides the batch"),
        (layer("reshape", shape=(-1, 4)), ROW, "has 6 values, not 4"),
        (layer("reshape", shape=(-1, 4, -1)), ROW, "not 4 times a whole number"),
        (layer("reshape", shape=(-1, 0, -1)), ROW, "not 0 times a whole number"),
        (layer("transpose", perm=(0, 1)), IMAGE, "each axis from 0 to 3 once"),
        (layer("transpose", perm=(0, 1, 1, 2)), IMAGE, "each axis from 0 to 3 once"),
        (layer("slice", begin=(0,), size=(-1, 2)), ROW, "`begin` has 1 numbers"),
        (layer("slice", begin=(1, 0), size=(-1, 2)), ROW, "leaves the batch"),
        (layer("slice", begin=(0, 5), size=(-1, 2)), ROW, "no part of 2 from 5 on"),
        (layer("slice", begin=(0, 0), size=(-1, 2), strides=(2, 1)), ROW, "leaves the batch"),
        (layer("slice", begin=(0, 0), size=(-1, 2), strides=(1, 0)), ROW, "stride of 0"),
        (layer("slice", begin=(0, 0), size=(-1, 2), strides=(2,)), ROW, "`strides` has 1 numbers"),
        (layer("roll", shift=1, axis=0), ROW, "axis 0 is the batch"),
        (layer("roll", shift=(1, 2), axis=1), ROW, "found 2 for 1 axis"),
        (layer("roll", shift=(), axis=()), ROW, "found 0 for 0 axes"),
        (layer("roll", shift=2**40, axis=1), ROW, "beyond any axis"),
        (layer("depth_to_space", block_size=3), IMAGE, "do not fill squares of 3x3"),
        (layer("depth_to_space", block_size=2), ROW, "rank 4"),
        (layer("space_to_depth", block_size=2), IMAGE, "axis of 9 cannot be cut"),
        (layer("l2_normalize", axis=(0, 1)), IMAGE, "axis 0 is the batch"),
        (layer("prelu"), FREE, "share the numbers|size of .* is free"),
        (layer("prelu", shared_axes=(0,)), IMAGE, "axis 0 is the batch"),
        (layer("prelu", shared_axes=(4,)), IMAGE, "axis 4 does not exist"),
        (layer("prelu"), TensorType((None,)), "needs an axis of values"),
        (layer("embedding", vocab_size=9, embed_dim=5), ROW, "these are float32"),
        (layer("constant", value=(0.5,), dtype="int32"), ROW, "is no whole number"),
        (layer("constant", value=(-1,), dtype="uint8"), ROW, "beyond the numbers of uint8"),
        (layer("constant", value=((1e39,),)), ROW, "beyond the numbers of float32"),
        (layer("split", num_or_size_splits=4, index=0), ROW, "4 equal parts"),
        (layer("split", num_or_size_splits=2, index=2), ROW, "parts 0 to 1, not 2"),
        (layer("split", num_or_size_splits=(1, 2), index=0), ROW, "do not make up 6"),
        (layer("split", num_or_size_splits=2, index=0, axis=0), ROW, "the batch"),
        (layer("images_to_sequence"), ROW, "rank 4"),
        (layer("sequence_to_images", height=5), TensorType((5, 12, 4)), "images of height 5"),
        (layer("reduce_mean", axis=4), IMAGE, "`reduce_mean`: axis 4 does not exist"),
        (layer("pad", paddings=1), ROW, "needs spatial axes"),
        (layer("pad", paddings=(1, 2, 3)), IMAGE, "the margin has 3 sizes"),
        (layer("pad", paddings=((1, 1),)), IMAGE, "1 margins, the input has 2"),
        (layer("pad", paddings=((1, 1),) * 4), IMAGE, "leaves the batch"),
        (layer("pad", paddings=8, mode="REFLECT"), IMAGE, "axis of 8 cannot be mirrored"),
        (layer("pad", paddings=9, mode="SYMMETRIC"), IMAGE, "margin of 9"),
        (layer("pad", paddings=1, mode="REFLECT", constant_values=1.0), IMAGE, "no meaning"),
        (layer("crop", size=10), IMAGE, "an axis of 8 has no part of 10"),
        (layer("crop", size=5, offset=(4, 0)), IMAGE, "no part of 5 from 4 on"),
        (layer("crop", size=5), FREE, "the middle of"),
        (layer("resize", size=(3, 3)), ROW, "rank 4"),
        (layer("resize", size=3, align_corners=True, half_pixel_centers=True), IMAGE,
         "do not go together"),
        (layer("resize", size=3, method="AREA", half_pixel_centers=True), IMAGE, "`AREA`"),
        (layer("one_hot", num_classes=5), ROW, "takes whole numbers"),
        (layer("maxout", num_units=3), IMAGE, "into 3 groups"),
        (layer("softmax"), TensorType((None,)), "needs an axis of classes"),
        (layer("softmax", axis=0), IMAGE, "axis 0 is the batch"),
        (layer("softmax", axis=4), IMAGE, "axis 4"),
        (layer("bias_add"), TensorType((None, None)), "channels is not known"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(made, source, message):
    with pytest.raises(ShapeError, match=message):
        made.outputs((source,))


@pytest.mark.parametrize(
    ("made", "source", "expected"),
    [
        (layer("flatten"), IMAGE, "tf.reshape(net, [-1, 288])"),
        (layer("flatten"), FREE, "tf.reshape(net, [tf.shape(net)[0], -1])"),
        (layer("squeeze"), TensorType((None, 1, 3, 1)), "tf.squeeze(net, [1, 3])"),
        (layer("squeeze"), IMAGE, "net"),
        (layer("reshape", shape=(-1, 3, -1)), ROW, "tf.reshape(net, [-1, 3, 2])"),
        (layer("reshape", shape=(-1, -1, 2)), FREE,
         "tf.reshape(net, [tf.shape(net)[0], -1, 2])"),
        (layer("reduce_mean", axis=(-2, 1), keepdims=True), IMAGE,
         "tf.reduce_mean(net, [1, 2], keepdims=True)"),
        (layer("reduce_max", axis=3), IMAGE, "tf.reduce_max(net, [3])"),
        (layer("pad", paddings=(3, 2)), IMAGE,
         "tf.pad(net, [[0, 0], [3, 3], [2, 2], [0, 0]])"),
        (layer("pad", paddings=1, mode="REFLECT"), IMAGE,
         'tf.pad(net, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")'),
        (layer("pad", paddings=1, mode="ZERO", constant_values=0.0), IMAGE,
         "tf.pad(net, [[0, 0], [1, 1], [1, 1], [0, 0]])"),
        (layer("crop", size=5), IMAGE, "net[:, 1:6, 2:7]"),
        (layer("resize", size=16), IMAGE,
         "tf.raw_ops.ResizeBilinear(images=net, size=[16, 16])"),
        (layer("split", num_or_size_splits=2, index=1), IMAGE, "tf.split(net, 2, -1)[1]"),
        (layer("slice", begin=(0, 0), size=(-1, -1), strides=(1, -1)), ROW, "net[:, ::-1]"),
        (layer("slice", begin=(0, 0, 1, 0), size=(-1, -1, 4, -1), strides=(1, 2, 3, 1)), FREE,
         "tf.slice(net, [0, 0, 1, 0], [-1, -1, 4, -1])[:, ::2, ::3]"),
        (layer("slice", begin=(0, 0), size=(-1, 3), strides=(1, 1)), ROW,
         "tf.slice(net, [0, 0], [-1, 3])"),
        (layer("roll", shift=(-1,), axis=-1), ROW, "tf.roll(net, -1, 1)"),
        (layer("l2_normalize"), ROW, "tf.math.l2_normalize(net, -1)"),
        (layer("l2_normalize", axis=(1, 2), epsilon=1e-6), IMAGE,
         "tf.math.l2_normalize(net, [1, 2], 1e-06)"),
        (layer("depth_to_space", block_size=2), IMAGE, "tf.nn.depth_to_space(net, 2)"),
        (layer("space_to_depth", block_size=2), IMAGE, "tf.nn.space_to_depth(net, 2)"),
        (layer("constant", value=((1, 2), (3, 4))), ROW,
         "tf.constant([[1, 2], [3, 4]], tf.float32)"),
        (layer("one_hot", num_classes=5), TensorType((None,), "int64"), "tf.one_hot(net, 5)"),
        (layer("lrn", depth_radius=4), IMAGE,
         "tf.nn.local_response_normalization(net, depth_radius=4, bias=1.0, alpha=1.0,"
         " beta=0.5)"),
        (layer("softmax"), IMAGE, "tf.nn.softmax(net)"),
        (layer("softmax", axis=1), IMAGE, "tf.nn.softmax(net, axis=1)"),
        (layer("cast", dtype="float16"), IMAGE, "tf.cast(net, tf.float16)"),
    ],
)  # fmt: skip
def test_what_is_one_call_is_written_as_one(made, source, expected):
    assert expected == expression(made.canonical((source,)), ["net"])


def test_flatten_stays_flatten_when_it_is_written():
    emitted = layer("flatten").canonical((IMAGE,))

    assert isinstance(emitted, Flattened)
    assert emitted == emitted.canonical((IMAGE,))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), ((3, 2), (3, 2)), (((0, 1), (2, 3)), ((0, 1), (2, 3)))],
)
def test_a_margin_has_three_spellings(value, expected):
    assert expected == kind("pad", "paddings").coerce(value)


@pytest.mark.parametrize("value", [-1, (1, -1), ((1, 2, 3),), "3x3", ((1, 2), 3)])
def test_other_margins_are_refused(value):
    with pytest.raises(ArgumentError, match="a margin such as"):
        kind("pad", "paddings").coerce(value)


def test_a_function_of_the_user_s_is_module_and_name():
    found = kind("python", "op").coerce("my_ops.layers:swish")

    assert "my_ops.layers.swish(net)" == expression(layer("python", op=found), ["net"])
    for wrong in ("swish", "my-ops:swish", "os:system;", "a:import", 3):
        with pytest.raises(ArgumentError, match="a function of yours such as"):
            kind("python", "op").coerce(wrong)


@pytest.mark.parametrize(
    "value", [(), 3, ((1, 2), (3,)), (1, (2,)), (True,), (Operand(0),)]
)
def test_a_constant_is_a_full_table_of_numbers(value):
    with pytest.raises(ArgumentError, match="a list of numbers such as"):
        kind("constant", "value").coerce(value)


def test_a_function_of_the_user_s_takes_further_tensors():
    made = layer(
        "python", op=MINE, tensors=(Operand(1), Operand(0)), shape=(3,), dtype="int32"
    )

    assert "ops.mine(net, skip, net)" == expression(made, ["net", "skip"])
    assert TensorType((None, 3), "int32") == made.outputs((TensorType((4,)), ROW))[0]
    assert (3,) == shape(made, TensorType((4,)), TensorType((5, 2)))


# Lookups: the numbers are the second input.

NUMBERS = TensorType((None, 5), "int32")
FIXED = TensorType((2, 3), "int64")


@pytest.mark.parametrize(
    ("axis", "source", "numbers", "expected", "written"),
    [
        (
            None,
            IMAGE,
            NUMBERS,
            (None, 5, 9, 4),
            "tf.gather(net, i, axis=1, batch_dims=1)",
        ),
        (
            -1,
            IMAGE,
            NUMBERS,
            (None, 8, 9, 5),
            "tf.gather(net, i, axis=3, batch_dims=1)",
        ),
        (2, IMAGE, FIXED, (None, 8, 2, 3, 4), "tf.gather(net, i, axis=2)"),
        (None, TensorType((7, 6)), NUMBERS, (None, 5, 6), "tf.gather(net, i)"),
        (1, TensorType((7, 6)), FIXED, (7, 2, 3), "tf.gather(net, i, axis=1)"),
    ],
)
def test_entries_are_looked_up_within_an_example(
    axis, source, numbers, expected, written
):
    made = layer("gather", indices=Operand(1), axis=axis)
    emitted = made.canonical((source, numbers))

    assert expected == shape(made, source, numbers) == shape(emitted, source, numbers)
    assert emitted == emitted.canonical((source, numbers))
    assert written.replace("axis=1, batch", "batch") == expression(
        emitted, ["net", "i"]
    )


@pytest.mark.parametrize(
    ("axis", "source", "numbers", "message"),
    [
        (0, IMAGE, NUMBERS, "axis 0 is the batch"),
        (4, IMAGE, NUMBERS, "axis 4 does not exist"),
        (1, TensorType((7, 6)), NUMBERS, "behind axis 0 of \\[7, 6\\]"),
        (1, IMAGE, ROW, "these are float32"),
    ],
)
def test_lookups_that_mix_examples_are_refused(axis, source, numbers, message):
    with pytest.raises(ShapeError, match=message):
        layer("gather", indices=Operand(1), axis=axis).outputs((source, numbers))
