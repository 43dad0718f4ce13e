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
from runtime_fixture import build, image_network, train_job

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
    examples = rooms.Examples(rooms.open_data(settings.data), settings, training=True)
    inputs, labels = next(rooms.batches(examples))

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


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted file of a job that says how its files are read, and has boxes."""
    network = image_network("16x16x3", "preprocess inception")
    data = (
        'data records "none" shuffle=1 readers=2 block_length=2 prefetch=1 '
        "boxes=image/object/bbox"
    )
    job = train_job(f"{data}\n  batch 2\n  steps 1", "model")
    return module_of(network + job, tmp_path_factory.mktemp("boxed"))


def test_files_are_read_in_blocks_by_turns(boxed: ModuleType, tmp_path: Path) -> None:
    for name in "abc":
        records = [f"{name}{index}".encode() for index in range(4)]
        write(tmp_path / f"{name}.tfrecord", *records)
    settings = boxed.Settings(data=str(tmp_path / "?.tfrecord"))
    source = boxed.open_data(settings.data)
    items = source.shuffled(0, settings).as_numpy_iterator()
    found = [record.decode() for _, _, record in items]
    first, second, third = dict.fromkeys(one[0] for one in found)

    assert found == [
        *(f"{first}0", f"{first}1", f"{second}0", f"{second}1"),
        *(f"{first}2", f"{first}3", f"{second}2", f"{second}3"),
        *(f"{third}{index}" for index in range(4)),
    ]


def test_a_crop_holds_a_tenth_of_a_box(boxed: ModuleType, tmp_path: Path) -> None:
    pixels = np.zeros([100, 100, 3], np.uint8)
    pixels[80:, 80:] = 255  # a corner, which many a crop would miss
    corner = {"ymin": [0.8], "xmin": [0.8], "ymax": [1.0], "xmax": [1.0]}
    sides = {f"image_object_bbox_{side}": value for side, value in corner.items()}
    common = {"image_encoded": encoded(pixels), "image_class_label": 1}
    settings = boxed.Settings(
        data=write(tmp_path / "a", record(**common, **sides), record(**common))
    )
    source = boxed.open_data(settings.data)
    with_box, without = (source.read(*item)[2] for item in source.in_order())
    image = tf.image.convert_image_dtype(pixels, tf.float32)

    def least(boxes: Any) -> float:
        crops = (boxed.random_part(image, [0, n], boxes) for n in range(200))
        return min(float(tf.reduce_sum(crop)) for crop in crops) / (3 * 400)

    assert least(with_box) >= 0.1
    assert least(without) == 0
    inputs, labels = next(boxed.batches(boxed.Examples(source, settings, True)))
    assert inputs["images"].shape == (2, 16, 16, 3)
    assert list(labels) == ["label"]


def test_a_sloppy_order_has_every_example_and_names_a_broken_one(
    tmp_path: Path,
) -> None:
    network = image_network("16x16x3", "preprocess none")
    job = (
        'data records "none" order=sloppy\n  batch 4\n  steps 1\n  deterministic false'
    )
    module = module_of(network + train_job(job, "model"), tmp_path)
    image = encoded(np.zeros([4, 4, 3], np.uint8))
    records = [record(image_encoded=image, image_class_label=n) for n in range(4)]
    settings = module.Settings(data=write(tmp_path / "a", *records))
    examples = module.Examples(module.open_data(settings.data), settings, training=True)
    _, labels = next(module.batches(examples))
    write(tmp_path / "a", *records, record(image_encoded=b"x", image_class_label=0))
    examples = module.Examples(module.open_data(settings.data), settings, training=True)

    assert sorted(labels["label"].numpy()) == [0, 1, 2, 3]
    with pytest.raises(module.UserError, match=r"/a, record 4: Unknown image"):
        list(module.batches(examples))


@pytest.mark.slow
def test_classes_of_a_run_go_by_name_and_files_by_their_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = image_network("4x4x3", "preprocess none")
    run = tmp_path / "run"
    job = f'data folder "{tmp_path}/a"\n  batch 3\n  steps 1\n  directory "{run}"'
    module = module_of(network + train_job(job, "model"), tmp_path)
    image = encoded(np.zeros([4, 4, 3], np.uint8))

    def fill(folder: str, *names: str) -> str:
        for name in names:
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_bytes(image)
        return str(tmp_path / folder)

    count = module.Model().outputs["logits"].shape[-1]
    classes = [f"class {number}" for number in range(count)]
    fill("a", *(f"{name}/inner/no ending" for name in classes))
    fill("a", "class 0/._1.png", ".hidden/1.png")
    (tmp_path / "a/class 1/notes.txt").write_text("no image")
    assert module.main(["train"]) == 0
    assert "1 files are no images and left out" in capsys.readouterr().out
    some = fill("b", "class 2/1.png")
    data = module.open_data(some, classes=module.run_classes(str(run)))
    assert data.classes == classes
    assert data.labels == [2]
    other = fill("c", "class 2/1.png", "zebra/1.png")
    for command in ("evaluate", "train"):
        assert module.main([command, "--data", other]) == 1
        assert "c/zebra is not one of the classes class 0" in capsys.readouterr().err
    assert (
        module.main(["predict", f"{some}/class 2/1.png", "--checkpoint", str(run)]) == 0
    )
    assert "class 1" in capsys.readouterr().out


@pytest.mark.slow
def test_weights_may_be_whole_numbers_and_not_negative(tmp_path: Path) -> None:
    network = image_network("4x4x3", "preprocess none")
    items = "images image/encoded\n  label image/label\n  much image/much\n"
    job = f'data records "none" {{\n  {items} }}\n  batch 2\n  steps 1'
    job += "\n  loss softmax_cross_entropy weights=much"
    module = module_of(network + train_job(job, "model"), tmp_path)
    image = encoded(np.zeros([4, 4, 3], np.uint8))
    for least in (3, -1):
        records = [
            record(image_encoded=image, image_label=0, image_much=much)
            for much in (5, least)
        ]
        data = write(tmp_path / f"{least}.tfrecord", *records)
        settings = module.Settings(data=data, directory=str(tmp_path / str(least)))
        if least > 0:
            assert module.train(settings) is not None
        else:
            with pytest.raises(module.UserError, match="record 1: much -1 is not in 0"):
                module.train(settings)
