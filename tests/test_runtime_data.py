"""How the emitted file reads examples: items by declaration, folders, order, mistakes."""

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from runtime_fixture import build

tf = pytest.importorskip("tensorflow")

ROOMS = """
network rooms(classes = 3) {
  input images 8x6x3
  input extra 5
  from images
  flatten
  concat [net, extra]
  fc classes activation=none as logits
}

train rooms {
  data records "rooms.tfrecord" {
    images image/encoded
    extra image/extra
    label image/scene
    pose image/pose shape=[6] dtype=float32
    depth image/depth channels=1 dtype=float32
    mask image/mask channels=1 format=raw shape=[4, 2, 1]
  }
  batch 2
  steps 3
}
"""


def module_of(source: str, folder: Path) -> ModuleType:
    """Build a source and import what comes out."""
    file = folder / "emitted.py"
    file.write_text(build(source))
    spec = importlib.util.spec_from_file_location(f"emitted_{folder.name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def encoded(pixels: np.ndarray, format: str = "PNG") -> bytes:
    """An image file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format)
    return stream.getvalue()


def record(**features: Any) -> bytes:
    """A record; `_` in a name is a slash."""
    made = {}
    for name, value in features.items():
        if isinstance(value, bytes):
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, int):
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            feature = tf.train.Feature(float_list=tf.train.FloatList(value=value))
        made[name.replace("_", "/")] = feature
    example = tf.train.Example(features=tf.train.Features(feature=made))
    return bytes(example.SerializeToString())


def write(path: Path, *records: bytes) -> str:
    """Write a file of records."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in records:
            writer.write(one)
    return str(path)


def test_a_network_with_several_inputs_reads_what_its_items_say(tmp_path: Path) -> None:
    rooms = module_of(ROOMS, tmp_path)
    pixels = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(8, 6, 3)
    depth = np.arange(35, dtype=np.uint8).reshape(7, 5)
    written = record(
        image_encoded=encoded(pixels),
        image_extra=[1.0, 2.0, 3.0, 4.0, 5.0],
        image_scene=2,
        image_pose=[0.5] * 6,
        image_depth=encoded(depth),
        image_mask=bytes(range(8)),
    )
    settings = rooms.Settings(
        data=write(tmp_path / "rooms.tfrecord", *[written] * 3),
        directory=str(tmp_path / "run"),
    )
    source = rooms.open_data(settings, rooms.Rooms)
    inputs, labels = next(rooms.training_batches(source, settings, rooms.Rooms, 0))

    # The size is the input's own, so that resizing changes nothing; TensorFlow multiplies
    # by 1 / 255, which rounds once more than a division.
    np.testing.assert_allclose(inputs["images"][1], pixels / 255, rtol=1e-6)
    assert inputs["extra"].numpy().tolist() == [[1, 2, 3, 4, 5]] * 2
    assert labels["label"].numpy().tolist() == [2, 2]
    assert labels["pose"].numpy().tolist() == [[0.5] * 6] * 2
    np.testing.assert_array_equal(labels["depth"][0, ..., 0], depth)
    assert labels["depth"].dtype == tf.float32
    assert labels["mask"].numpy()[0].ravel().tolist() == list(range(8))

    model = rooms.train(settings)

    assert rooms.evaluate(model, settings) in [(0.0, 3), (1.0, 3)]
