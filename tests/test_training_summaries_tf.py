"""Summaries for TensorBoard, read back from the files that it would read."""

import dataclasses
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from test_runtime_run import example
from train_harness import trainer

tf = pytest.importorskip("tensorflow")

NETWORK = """
network seen(classes = 3) {
  input images 6x6x1
  preprocess none
  conv 4 3x3 as conv1
  flatten
  dropout 0.5 as drop
  fc classes activation=none as logits
}
"""
IMAGES = np.random.default_rng(0).integers(0, 255, [8, 6, 6, 1], np.uint8)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A program that writes summaries."""
    return trainer(
        tmp_path_factory.mktemp("seen"),
        "summaries every 2 steps images=2", "batch 8", "log every 3 steps",
        network=NETWORK,
    )  # fmt: skip


@pytest.fixture(scope="module")
def settings(seen: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Settings with a folder and examples."""
    folder = tmp_path_factory.mktemp("data")
    with tf.io.TFRecordWriter(str(folder / "data")) as writer:
        for number, image in enumerate(IMAGES):
            writer.write(example(tf.io.encode_png(image).numpy(), number % 3))
    directory, data = str(folder / "run"), str(folder / "data")
    return seen.Settings(directory=directory, data=data, steps=5, jit="off")


Written = dict[tuple[str, int], tuple[str, np.ndarray]]


@pytest.fixture(scope="module")
def written(seen: ModuleType, settings: Any) -> tuple[Written, Any, Any]:
    """Plugin and value of each summary by name and step; the graph, and the model."""
    model = seen.train(settings)
    (file,) = Path(settings.directory, "summaries").iterdir()
    found, graph = {}, tf.compat.v1.GraphDef()
    for record in tf.data.TFRecordDataset(str(file)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        graph.ParseFromString(event.graph_def or graph.SerializeToString())
        for value in event.summary.value:
            plugin = value.metadata.plugin_data.plugin_name
            found[value.tag, event.step] = (plugin, tf.make_ndarray(value.tensor))
    return found, graph, model


def test_a_run_writes_what_tensorboard_shows(
    written: tuple[Written, Any, Any], settings: Any
) -> None:
    found, graph, model = written
    variables = set(model.named_variables)
    names: dict[str, set[str]] = {}
    for (name, step), (plugin, _) in found.items():
        assert step in (2, 4)
        names.setdefault(plugin, set()).add(name)

    ends = {"conv1", "Flatten", "drop", "logits"}
    assert names["scalars"] == {"loss", "learning_rate", "images_per_second"} | {
        f"sparsity/seen/{end}" for end in ends
    }
    assert names["histograms"] == variables | {
        f"gradients/{name}" for name in variables
    }
    assert names["images"] == {"images/images"}
    assert len(found) == 2 * sum(map(len, names.values()))
    assert {"Conv2D", "MatMul"} <= {node.op for node in graph.node}
    logged = Path(settings.directory, "log.jsonl").read_text().splitlines()
    rows = {row["step"]: row for row in map(json.loads, logged)}
    assert list(rows) == [1, 2, 3, 4, 5]
    for step in (2, 4):
        assert found["loss", step][1] == np.float32(rows[step]["loss"])


def test_values_are_those_of_the_step(
    seen: ModuleType, written: tuple[Written, Any, Any]
) -> None:
    found, _, _ = written
    _, rows = found["seen/logits/weights", 4]
    assert rows.shape == (30, 3)
    assert rows[:, 2].sum() == 144 * 3
    assert np.array_equal(rows[1:, 0], rows[:-1, 1])
    # Half are dropped; of 8 * 144 places, three standard deviations are 0.045.
    conv, drop = (float(found[f"sparsity/seen/{e}", 4][1]) for e in ("conv1", "drop"))
    assert 0 < conv < 0.9
    assert drop == pytest.approx(0.5 + 0.5 * conv, abs=0.045)
    width, height, *pngs = found["images/images", 4][1]
    assert (width, height, len(pngs)) == (b"6", b"6", 2)
    shown = tf.io.decode_png(pngs[0]).numpy()
    assert shown.shape == (6, 6, 1)
    assert shown.std() > 30


def test_looking_changes_nothing_and_is_of_the_batch(
    seen: ModuleType, settings: Any
) -> None:
    run = seen.Run(settings, 8)
    before = {v.name: v.numpy() for v in run.model.variables}
    state = run.model.generator.state.numpy()
    inputs = {"images": tf.cast(IMAGES, tf.float32) / 255}
    labels = {"label": tf.constant(np.arange(8) % 3)}
    zeros, gradients = seen.looking_function(run)(inputs, labels)
    assert all(np.array_equal(before[v.name], v) for v in run.model.variables)
    assert np.array_equal(run.model.generator.state, state)

    _, ends = run.model(inputs, training=True)
    for name, share in zeros.items():
        assert float(share) == pytest.approx(np.mean(ends[name].numpy() == 0), abs=1e-6)
    run.model.generator.state.assign(state)
    _, expected = seen.loss_and_gradients(run, inputs, labels)
    for name, gradient in expected.items():  # in a graph sums may have another order
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-5, atol=1e-6)


def test_values_that_are_not_finite_are_left_out(
    seen: ModuleType, tmp_path: Path
) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(1):
        seen.write_histogram("x", tf.constant([np.nan, np.inf, 1.0, 2.0]))
        seen.write_histogram("y", tf.constant([np.nan]))
        seen.write_images("z", tf.ones([2, 3, 5, 7]))
    writer.close()
    (file,) = tmp_path.iterdir()
    events = [
        tf.compat.v1.Event.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(file))
    ]
    values = {v.tag: tf.make_ndarray(v.tensor) for e in events for v in e.summary.value}

    assert values["x"][:, 2].sum() == 2
    assert values["y"][:, 2].sum() == 0
    assert values["z"][:2].tolist() == [b"5", b"3"]
    assert len(values["z"]) == 4


def test_a_folder_that_cannot_be_written_is_said(
    seen: ModuleType, settings: Any
) -> None:
    elsewhere = Path(settings.directory + " elsewhere")
    elsewhere.mkdir()
    (elsewhere / "summaries").write_text("a file")
    chosen = dataclasses.replace(settings, directory=str(elsewhere))

    with pytest.raises(seen.UserError, match="summaries cannot be written: "):
        seen.train(chosen)
