"""`slimgen records`: TFRecord files, read again by TensorFlow and by an emitted program."""

import hashlib
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_harness import own_folder, run  # noqa: F401
from PIL import Image

from slimgen.checksum import crc32c
from slimgen.cli import streams
from slimgen.records.framing import example, framed
from slimgen.records.image_files import find_images, read_names

CLASSES = {"10": 8, "2": 12, "9": 4}  # folders and their images


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Images in a folder for each class, in every format, of sizes that tell them apart."""
    folder = tmp_path / "images"
    for name, count in CLASSES.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            suffix = ("jpg", "png", "gif", "bmp")[number % 4]
            pixels = np.full([5 + number, 7, 3], 20 * number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.{suffix}")
    (folder / "2" / "notes.txt").write_text("not an image")
    return folder


def parsed(files: Any) -> list[dict[str, Any]]:
    """The records of some files, as TensorFlow reads them."""
    tf = pytest.importorskip("tensorflow")
    numbers = dict.fromkeys(("class/label", "height", "width"), "int64")
    types = {"encoded": "string", "format": "string", "filename": "string", **numbers}
    features = {
        f"image/{name}": tf.io.FixedLenFeature([], type_)
        for name, type_ in types.items()
    }
    records = tf.data.TFRecordDataset(sorted(map(str, files)))
    found = records.map(lambda one: tf.io.parse_single_example(one, features))
    return list(found.as_numpy_iterator())


def test_the_checksum_is_crc_32c() -> None:
    # RFC 3720, B.4, and the check value of the catalogue of CRCs.
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"") == 0


def test_files_are_to_the_byte_what_tensorflow_writes(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    generator = random.Random(0)
    features = {
        "b": generator.randbytes(1001),
        "a": b"",
        "number": 2**40 + 3,
        "none": 0,
        "ü": 300,
    }
    message = tf.train.Example.FromString(example(features))
    read = {
        name: (one.bytes_list.value or one.int64_list.value)[0]
        for name, one in message.features.feature.items()
    }
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        for data in (b"", b"x", features["b"]):
            writer.write(data)
    ours = b"".join(framed(data) for data in (b"", b"x", generator.randbytes(0)))

    assert features == read
    assert (tmp_path / "theirs").read_bytes().startswith(ours[:33])
    assert framed(features["b"]) == (tmp_path / "theirs").read_bytes()[33:]


def test_records_hold_every_image_once_under_tf_slim_s_keys(
    images: Path, tmp_path: Path
) -> None:
    outcome = run("records", str(images), "out", "--shards", "3", "--split", "0.25")
    out = tmp_path / "out"
    kept = parsed(out.glob("train-0000?-of-00003.tfrecord"))
    held_out = parsed(out.glob("validation-00000-of-00001.tfrecord"))

    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stderr.startswith("out: 24 images, 3 labels\n")
    assert "1 file left out, no images: `2/notes.txt`" in outcome.stderr
    assert (out / "labels.txt").read_text() == "0:2\n1:9\n2:10\n"
    assert Counter(one["image/class/label"] for one in kept) == {0: 9, 1: 3, 2: 6}
    assert Counter(one["image/class/label"] for one in held_out) == {0: 3, 1: 1, 2: 2}
    for one in kept + held_out:
        path = images / one["image/filename"].decode()
        assert one["image/encoded"] == path.read_bytes()
        assert one["image/format"].decode() == path.suffix[1:]
        assert (one["image/height"], one["image/width"]) == (5 + int(path.stem), 7)
        assert one["image/class/label"] == ["2", "9", "10"].index(path.parent.name)
    assert len({one["image/filename"] for one in kept + held_out}) == 24
    assert not list(out.glob(".slimgen-*"))


def digests(out: Path) -> dict[str, str]:
    """The files of a folder."""
    files = sorted(out.iterdir())
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_same_images_and_seed_give_the_same_bytes(
    images: Path, tmp_path: Path
) -> None:
    for out, seed in (("one", "0"), ("two", "0"), ("other", "1")):
        run("records", str(images), out, "--split", "0.25", "--seed", seed)
    one, two, other = (digests(tmp_path / out) for out in ("one", "two", "other"))

    assert one == two
    assert one.keys() == other.keys()
    assert (
        one["train-00000-of-00001.tfrecord"] != other["train-00000-of-00001.tfrecord"]
    )


def test_nothing_is_written_if_an_image_cannot_be_read_or_all_but_it(
    images: Path, tmp_path: Path
) -> None:
    half = images / "9" / "0.jpg"
    half.write_bytes(half.read_bytes()[:200])
    (images / "2" / "x.png").write_text("text")
    outcome = run("records", str(images), "out")
    assert outcome.exit_code == 1
    assert re.findall(r"error\[(\w+)\]: `\S*/(\S+)`", outcome.stderr) == [
        ("E961", name) for name in re.findall(r"(0\.jpg|x\.png)` ", outcome.stderr)
    ]
    assert outcome.stderr.count("E961") == 2
    assert list((tmp_path / "out").iterdir()) == []
    outcome = run("records", str(images), "out", "--corrupt", "skip")

    assert outcome.exit_code == 0
    assert outcome.stderr.count("W962") == 2
    assert "out: 23 images, 3 labels" in outcome.stderr
    assert len(parsed((tmp_path / "out").glob("*.tfrecord"))) == 23


def test_an_earlier_run_is_replaced_when_asked_and_else_kept(
    images: Path, tmp_path: Path
) -> None:
    run("records", str(images), "out", "--shards", "2")
    before = digests(tmp_path / "out")
    outcome = run("records", str(images), "out")
    assert (outcome.exit_code, digests(tmp_path / "out")) == (1, before)
    assert "E963" in outcome.stderr
    outcome = run("records", str(images), "out", "--force")

    assert outcome.exit_code == 0
    assert sorted(digests(tmp_path / "out")) == [
        "labels.txt",
        "train-00000-of-00001.tfrecord",
    ]


def test_images_that_are_all_left_out_are_none(tmp_path: Path) -> None:
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "a" / "x.png").write_text("text")
    outcome = run("records", "images", "out", "--corrupt", "skip")

    assert outcome.exit_code == 1
    assert "error[E960]" in outcome.stderr


def test_a_bar_is_drawn_on_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with streams.progress(2) as done:
        done()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with streams.progress(2) as done:
        done()
        done()

    assert "2/2" in capsys.readouterr().err


def test_labels_go_by_the_names_of_an_earlier_file(
    images: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "earlier.txt"
    labels.write_text("0:9\n1:other\n2:10\n3:2\n")
    (images / "9" / "inner").mkdir()
    (images / "9" / "inner" / "no ending").write_bytes(
        (images / "9/0.jpg").read_bytes()
    )
    (images / "9" / "._1.png").write_bytes(b"no image")
    found = find_images(str(images), read_names(labels.read_text()))
    assert Counter(image.label for image in found.images) == {0: 5, 2: 8, 3: 12}
    assert found.left_out == ("2/notes.txt",)
    out = tmp_path / "out"
    outcome = run("records", str(images), str(out), "--labels", str(labels))
    assert outcome.exit_code == 0, outcome.output
    assert (out / "labels.txt").read_text() == labels.read_text()
