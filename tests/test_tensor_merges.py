"""Merges of tensors with and without a batch: shapes, mistakes and the emitted text."""

import pytest
from runtime_fixture import build

from slimgen.layers.declaration import ShapeError, TensorType
from slimgen.layers.image import Pad
from slimgen.layers.literals import Operand
from slimgen.layers.merge import Concat, Divide, Subtract
from slimgen.layers.products import Matmul
from slimgen.layers.reshaping import Reshape
from slimgen.layers.slicing import Slice, Split

BOTH = (Operand(0), Operand(1))


def batch(*sizes):
    return TensorType((None, *sizes))


def free(*sizes):
    return TensorType(sizes)


@pytest.mark.parametrize(
    ("layer", "source", "expected"),
    [
        (Reshape(shape=(2, -1)), free(4, 6), free(2, 12)),
        (Reshape(shape=(1, 4, 6)), free(4, 6), free(1, 4, 6)),
        (Reshape(shape=(-1, 24)), batch(4, 6), batch(24)),
        (Slice(begin=(1, 2), size=(2, -1)), free(4, 6), free(2, 4)),
        (Split(num_or_size_splits=2, index=1, axis=0), free(4, 6), free(2, 6)),
        (Pad(paddings=((1, 0), (0, 2))), free(4, 6), free(5, 8)),
    ],
)
def test_what_has_no_batch_changes_its_first_axis_too(layer, source, expected):
    made = layer.canonical((source,))
    assert layer.outputs((source,)) == made.outputs((source,)) == (expected,)


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),
    [
        (Matmul(), (batch(4, 6), batch(6, 5)), batch(4, 5)),
        (Matmul(), (batch(4, 6), free(6, 5)), batch(4, 5)),
        (Matmul(), (batch(6), free(6, 5)), batch(5)),
        (Matmul(transpose_b=True), (batch(3, 4, 6), batch(3, 5, 6)), batch(3, 4, 5)),
        (Matmul(transpose_a=True), (batch(6, 4), batch(6, 5)), batch(4, 5)),
        (Subtract(), (batch(4, 6), free(6)), batch(4, 6)),
        (Divide(), (free(4, 6), batch(4, 6)), batch(4, 6)),
        (Concat(axis=1), (free(1, 6), batch(4, 6)), batch(5, 6)),
        (Concat(axis=1), (free(1, 1, 6), batch(4, 6)), batch(5, 6)),
        (Concat(axis=0), (free(1, 6), free(4, 6)), free(5, 6)),
    ],
)
def test_the_shape_of_two_tensors_together(layer, inputs, expected):
    assert layer.outputs(inputs) == (expected,)
    assert layer.canonical(inputs).outputs(inputs) == (expected,)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (Matmul(), (batch(6), batch(6)), "would mix the examples"),
        (Matmul(transpose_a=True), (batch(6), free(6, 5)), "would mix the examples"),
        (Matmul(), (batch(6), free(2, 6, 5)), "would mix the examples"),
        (Matmul(), (batch(4, 6), free(5, 6)), "6 columns meet 5 rows"),
        (Matmul(), (batch(4, 6), batch(3, 6, 5)), "differ"),
        (Matmul(), (batch(4, 6),), "takes two operands, found 1"),
        (Concat(axis=1), (free(2, 1, 6), batch(4, 6)), "that differ in axis 1 alone"),
    ],
)
def test_tensors_that_do_not_go_together(layer, inputs, message):
    with pytest.raises(ShapeError, match=message):
        layer.outputs(inputs)


def test_the_work_of_a_product_is_counted():
    inputs = batch(3, 4, 6), batch(3, 5, 6)
    layer = Matmul(transpose_b=True)
    assert layer.multiply_adds(inputs, layer.outputs(inputs)) == 3 * 4 * 5 * 6


SOURCE = """\
network tokens {
  input images 4x6
  variable start [1, 6]
  concat [start, net] axis=1
  let joined = net
  matmul [joined, joined] transpose_b=true
  softmax
  matmul [net, joined]
  subtract [net, 1.0]
  divide [net, 2.0]
  fc 3 activation=none as logits
}
"""


def test_products_and_repeated_variables_are_plain_calls():
    code = build(SOURCE)
    assert "[tf.repeat(start[None], tf.shape(images)[0], 0), images], 1" in code
    assert "tf.matmul(joined, joined, transpose_b=True)  # [5, 5]" in code
    assert "tf.tensordot(inputs, weights, 1)" in code


@pytest.mark.slow
def test_values_are_those_of_the_formula():
    np = pytest.importorskip("numpy")
    pytest.importorskip("tensorflow")
    names: dict = {"__name__": "built"}
    exec(compile(build(SOURCE), "built", "exec"), names)
    model = names["Tokens"]()
    images = np.random.default_rng(0).normal(size=(2, 4, 6)).astype(np.float32)
    found = model(images, training=False)[0].numpy()
    own = {name: one.numpy() for name, one in model.named_variables.items()}
    start = np.repeat(own["tokens/start"][None], 2, 0)
    joined = np.concatenate([start, images], 1)
    scores = np.exp(joined @ joined.transpose(0, 2, 1))
    mixed = (scores / scores.sum(-1, keepdims=True) @ joined - 1) / 2
    expected = mixed @ own["tokens/logits/weights"] + own["tokens/logits/biases"]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_attention_is_two_products_of_matrices() -> None:
    source = 'use "std/blocks.slim"\nnetwork n { input x 5x6; attention 2 }'
    code = build(source)

    assert code.count("tf.matmul(") == 2
    assert code.count("fully_connected(scope") == 4 + 1  # its calls, and the function


TURNS = """\
network turns() {
  input images 8x8x4
  for i in 1..3 {
    let before = net
    constant [[i, 1, 2, 0.5]]; let shares = net
    multiply [before, shares]
    pad [[0, 0], [0, i], [0, 0], [0, 0]]
    roll i 1
    slice [0, i, 0, 0] [-1, 8, -1, -1]
    conv 4 3x3 as conv{i}
  }
  flatten
  fc 3 activation=none as logits
}
train turns {
  data records "train.tfrecord"
  batch 8
  loss softmax_cross_entropy
  optimizer sgd
  learning_rate fixed 0.1
  steps 5
PRECISION}
"""


@pytest.mark.parametrize("precision", ["", "  precision bfloat16\n"])
def test_turns_that_differ_in_numbers_are_a_loop_in_16_bits_too(precision):
    code = build(TURNS.replace("PRECISION", precision))
    assert "    for i in range(1, 4):\n" in code
    assert "tf.constant([[i, 1, 2, 0.5]], tf.float32)" in code
    assert "tf.pad(net, [[0, 0], [0, i], [0, 0], [0, 0]])" in code
    assert "tf.roll(net, i, 1)" in code
