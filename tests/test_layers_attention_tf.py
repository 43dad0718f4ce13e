"""The block `attention` beside Keras' MultiHeadAttention: values and gradients."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from train_harness import module_of, network_of

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

NETWORK = """
use "std/blocks.slim"
network attends() as none {
  input rows 5x6
  input others 7x8
  from rows
  attention HEADS as own
  tap mine
  attention 2 size=5 memory=others as crossed
}
"""
KERAS = {"query": "query", "key": "key", "value": "value", "out": "output"}
# float32: sums of at most 12 numbers in another order.
TOLERANCE = 1e-5


def kernels(layer: Any, scope: str) -> dict[str, Any]:
    """The variables of Keras' layer under our names."""
    found = {}
    for ours, theirs in KERAS.items():
        dense = getattr(layer, f"_{theirs}_dense")
        found[f"{scope}/{ours}/weights"] = dense.kernel.value
        found[f"{scope}/{ours}/biases"] = dense.bias.value
    return found


def flat(value: Any, like: Any) -> np.ndarray:
    return np.reshape(value, like.shape)


@pytest.mark.slow
@pytest.mark.parametrize(("heads", "size"), [("3", 2), ("2 size=4", 4)])
def test_attention_is_that_of_keras(heads: str, size: int, tmp_path: Path) -> None:
    model = network_of(module_of(tmp_path, NETWORK.replace("HEADS", heads)))()
    random = np.random.default_rng(0)
    rows = tf.constant(random.normal(size=[4, 5, 6]), tf.float32)
    others = tf.constant(random.normal(size=[4, 7, 8]), tf.float32)
    own = keras.layers.MultiHeadAttention(int(heads[0]), size)
    crossed = keras.layers.MultiHeadAttention(2, 5)
    own(rows, rows), crossed(rows, others)  # which makes their variables
    theirs = {**kernels(own, "own"), **kernels(crossed, "crossed")}
    assert theirs.keys() == model.named_variables.keys()
    for name, variable in model.named_variables.items():
        value = random.normal(size=variable.shape)
        variable.assign(value)
        theirs[name].assign(flat(value, theirs[name]))

    with tf.GradientTape() as tape:
        tape.watch([rows, others])
        outputs, points = model({"rows": rows, "others": others})
        loss = tf.reduce_sum(tf.sin(outputs))
    found = tape.gradient(loss, [rows, others, *model.named_variables.values()])
    with tf.GradientTape() as tape:
        tape.watch([rows, others])
        mine, shares = own(rows, rows, return_attention_scores=True)
        expected = crossed(mine, others)
        loss = tf.reduce_sum(tf.sin(expected))
    values = [theirs[name] for name in model.named_variables]
    gradients = tape.gradient(loss, [rows, others, *values])

    close = {"rtol": TOLERANCE, "atol": TOLERANCE * float(tf.reduce_max(tf.abs(mine)))}
    np.testing.assert_allclose(points["own/shares"], shares, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(points["mine"], mine, **close)
    np.testing.assert_allclose(outputs, expected, **close)
    # That of the keys' biases is 0: what all rows have in common does not matter.
    largest = max(float(tf.reduce_max(tf.abs(one))) for one in gradients)
    for one, other in zip(found, gradients, strict=True):
        np.testing.assert_allclose(
            one, flat(other, one), rtol=1e-4, atol=TOLERANCE * largest
        )
