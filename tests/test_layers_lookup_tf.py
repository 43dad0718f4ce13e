"""Lookups, constants, `prelu`, tensors of a user's function and kept biases, as built files run.

The oracles are layers of Keras and operations of TensorFlow.
"""

import types
from typing import Any

import numpy as np
import pytest
from runtime_fixture import build

pytestmark = pytest.mark.slow

tf = pytest.importorskip("tensorflow")

SOURCE = """\
network parts {
  input words 5 dtype=int32
  input places 3 dtype=int64
  input images 6x6x4
  embedding 11 4 as words_in
  tap text
  gather places; tap own
  constant [[0, 2], [1, 1]] int32; tap pairs
  from text; gather pairs axis=2; tap deep
  variable table [11, 3]
  from table; gather words; tap rows
  from images
  prelu as each
  prelu [1, 2] as channel
  python "mine:join" tensors=[text, places] shape=[4]; tap joined
  from images
  constant [0.5, 1, 2, 4]; let shares = net
  multiply [images, shares]; tap scaled
  conv 3 3x3 normalizer=batch_norm keep_biases=true as both
  l2_normalize [1, 2] epsilon=0.5; tap unit
}
"""


def join(images: Any, text: Any, places: Any) -> Any:
    """The function of the user's."""
    numbers = tf.cast(tf.reduce_sum(places, 1, keepdims=True), tf.float32)
    return tf.reduce_sum(images, [1, 2]) + tf.reduce_sum(text, 1) * numbers


@pytest.fixture(scope="module")
def run() -> types.SimpleNamespace:
    """One call of the network, of variables at random."""
    import sys

    sys.modules["mine"] = types.ModuleType("mine")
    sys.modules["mine"].join = join  # type: ignore[attr-defined]
    names: dict[str, Any] = {"__name__": "built"}
    exec(compile(build(SOURCE), "built", "exec"), names)
    del sys.modules["mine"]
    model, draw = names["Parts"](), np.random.default_rng(0)
    inputs = (
        draw.integers(0, 11, [2, 5]).astype(np.int32),
        draw.integers(0, 5, [2, 3]),
        draw.normal(size=[2, 6, 6, 4]).astype(np.float32),
    )
    given = dict(zip(model.inputs, inputs, strict=True))
    model(given)
    for variable in model.named_variables.values():
        variable.assign(draw.uniform(0.2, 0.9, variable.shape))
    _, points = model(given)
    return types.SimpleNamespace(
        model=model,
        inputs=inputs,
        points={key.removeprefix("parts/"): tensor for key, tensor in points.items()},
        own={
            key.removeprefix("parts/"): one.numpy()
            for key, one in model.named_variables.items()
        },
    )


def test_an_embedding_is_keras_s(run: types.SimpleNamespace) -> None:
    layer = tf.keras.layers.Embedding(11, 4)
    layer.build((None, 5))
    layer.set_weights([run.own["words_in/embeddings"]])

    np.testing.assert_array_equal(layer(run.inputs[0]), run.points["words_in"])


def test_entries_are_those_of_each_example(run: types.SimpleNamespace) -> None:
    text, (words, places, _) = run.points["text"].numpy(), run.inputs

    expected = np.stack([one[own] for one, own in zip(text, places, strict=True)])
    np.testing.assert_array_equal(expected, run.points["own"])
    np.testing.assert_array_equal(text[..., [[0, 2], [1, 1]]], run.points["deep"])
    np.testing.assert_array_equal(run.own["table"][words], run.points["rows"])


@pytest.mark.parametrize(("name", "shared"), [("each", None), ("channel", [1, 2])])
def test_prelu_is_keras_s(
    run: types.SimpleNamespace, name: str, shared: list[int] | None
) -> None:
    images = run.inputs[2] if name == "each" else run.points["each"]
    layer = tf.keras.layers.PReLU(shared_axes=shared)
    layer.build((None, 6, 6, 4))
    layer.set_weights([run.own[f"{name}/alpha"]])

    np.testing.assert_allclose(layer(images), run.points[name], rtol=1e-6)


def test_a_function_of_the_user_s_gets_all_tensors(run: types.SimpleNamespace) -> None:
    points = run.points
    expected = join(points["channel"], points["text"], run.inputs[1])

    np.testing.assert_allclose(expected, points["joined"], rtol=1e-6)


def test_biases_come_before_a_normalizer(run: types.SimpleNamespace) -> None:
    own, points = run.own, run.points
    scaled = run.inputs[2] * np.array([0.5, 1, 2, 4], np.float32)
    np.testing.assert_array_equal(scaled, points["scaled"])

    layer = tf.keras.layers.BatchNormalization(scale=False)
    layer.build((None, 6, 6, 3))
    norm = [
        own[f"both/BatchNorm/{n}"] for n in ("beta", "moving_mean", "moving_variance")
    ]
    layer.set_weights(norm)
    sums = tf.nn.conv2d(scaled, own["both/weights"], 1, "SAME") + own["both/biases"]
    expected = tf.nn.relu(layer(sums))
    np.testing.assert_allclose(expected, points["both"], rtol=1e-5, atol=1e-6)

    expected = tf.math.l2_normalize(points["both"], [1, 2], 0.5)
    np.testing.assert_array_equal(expected, points["unit"])
