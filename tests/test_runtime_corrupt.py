"""Examples that cannot be read: named, and the end of a run or left out of it."""

import contextlib
import io
import json
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from runtime_fixture import train_job
from train_harness import TINY, module_of

tf = pytest.importorskip("tensorflow")

from test_runtime import example, run, same, values  # noqa: E402

JOB = """data records "none" shuffle=15 {}
  batch 4
  steps 12
  checkpoint every 6 steps
  log every 6 steps"""
UNDECODABLE, NO_EXAMPLE, DAMAGED = ("a", 3), ("b", 7), ("b", 2)  # file and index


@pytest.fixture(scope="module")
def stops(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An emitted file that stops at an example that it cannot read."""
    folder = tmp_path_factory.mktemp("stops")
    return module_of(folder, TINY + train_job(JOB.format(""), "tiny"))


@pytest.fixture(scope="module")
def skips(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """One that leaves it out."""
    folder = tmp_path_factory.mktemp("skips")
    return module_of(folder, TINY + train_job(JOB.format("corrupt=skip"), "tiny"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two files of ten records, of which two are of no use."""
    for name in "ab":
        with tf.io.TFRecordWriter(str(tmp_path / f"{name}.tfrecord")) as writer:
            for index in range(10):
                pixels = np.full([4, 4, 1], 10 * index + ord(name), np.uint8)
                image = tf.io.encode_png(pixels).numpy()
                if (name, index) == UNDECODABLE:
                    image = image[:50]
                whole = (name, index) != NO_EXAMPLE
                writer.write(example(image, index % 4) if whole else b"junk")
    return tmp_path


def spans(file: Path) -> list[tuple[int, int]]:
    """Where each record of a file begins and ends."""
    content, found = file.read_bytes(), [(0, 0)]
    while found[-1][1] < len(content):
        begin = found[-1][1]
        length = int.from_bytes(content[begin : begin + 8], "little")
        found.append((begin, begin + 16 + length))
    return found[1:]


def damage(data: Path) -> None:
    """Change a byte of a record, so that its checksum does not fit."""
    file = data / f"{DAMAGED[0]}.tfrecord"
    content = bytearray(file.read_bytes())
    content[spans(file)[DAMAGED[1]][0] + 20] ^= 255
    file.write_bytes(content)


def trained(module: ModuleType, data: Path, name: str, *more: str) -> tuple[str, str]:
    """The output of a run, and its errors."""
    where = ["--data", str(data / "?.tfrecord"), "--directory", str(data / name)]
    _, out, err = run(module, "train", *where, *more)
    return out, err


def test_a_run_stops_and_names_file_and_index(stops: ModuleType, data: Path) -> None:
    (data / "b.tfrecord").rename(data / "b")
    _, err = trained(stops, data, "one")
    assert err == f"error: {data}/a.tfrecord, record 3: Invalid PNG data, size 50\n"
    (data / "a.tfrecord").rename(data / "a")
    (data / "b").rename(data / "b.tfrecord")
    _, err = trained(stops, data, "other")
    assert f"error: {data}/b.tfrecord, record 7: " in err
    assert "could not be found" in err
    damage(data)
    _, err = trained(stops, data, "damaged")

    assert f"error: {data}/b.tfrecord, record 2: corrupted record at" in err
    assert err.count("\n") == 1


def test_an_image_of_a_folder_is_named_by_its_path(
    stops: ModuleType, tmp_path: Path
) -> None:
    for label in "0123":
        (tmp_path / label).mkdir()
        (tmp_path / label / "whole.png").write_bytes(
            tf.io.encode_png(np.zeros([4, 4, 1], np.uint8)).numpy()
        )
    (tmp_path / "2" / "half.png").write_bytes(b"\x89PNG")
    settings = stops.Settings(data=str(tmp_path), batch=5)
    examples = stops.Examples(stops.open_data(settings.data), settings)

    with pytest.raises(stops.UserError, match=r"/2/half\.png: "):
        list(stops.batches(examples))


@pytest.mark.slow
def test_what_is_left_out_is_told_once_counted_and_resumed_exactly(
    skips: ModuleType, data: Path
) -> None:
    damage(data)
    whole, _ = trained(skips, data, "whole")
    told = [line for line in whole.splitlines() if line.startswith("left out: ")]
    names = [line.split(": ")[1] for line in told]
    trained(skips, data, "parts", "--steps", "5")
    trained(skips, data, "parts")
    logs = [(data / name / "log.jsonl").read_text() for name in ("whole", "parts")]
    last = [json.loads(log.splitlines()[-1])["left_out"] for log in logs]
    model, other = skips.Tiny(), skips.Tiny()
    skips.restore(model, str(data / "whole"))
    skips.restore(other, str(data / "parts"))

    assert sorted(names) == [
        f"{data}/{name}.tfrecord, record {index}"
        for name, index in sorted((UNDECODABLE, NO_EXAMPLE, DAMAGED))
    ]
    # 48 of 17 whole examples an epoch: two epochs, and fourteen of the third.
    assert last[0] == last[1]
    assert 6 <= last[0] <= 9
    assert whole.splitlines()[-1].startswith(f"left out in all: {last[0]} ")
    assert same(values(model), values(other))


def test_evaluation_counts_what_can_be_read_also_in_a_file_that_is_cut_off(
    skips: ModuleType, data: Path
) -> None:
    damage(data)
    file = data / "a.tfrecord"
    cut = spans(file)[8][0] + 5  # in the length of a record, where TensorFlow ends too
    file.write_bytes(file.read_bytes()[:cut])
    settings = skips.Settings(data=str(data / "?.tfrecord"), batch=4)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        accuracy, count = skips.evaluate(skips.Tiny(), settings)

    assert count == 7 + 8  # of 0 to 7 without 3; of 0 to 9 without 2 and 7
    assert 0 <= accuracy <= 1
    assert f"left out: {file}, record 8: the record is damaged" in out.getvalue()


def test_data_without_any_example_is_an_error(skips: ModuleType, data: Path) -> None:
    with tf.io.TFRecordWriter(str(data / "c.tfrecord")) as writer:
        for _ in range(3):
            writer.write(b"junk")
    for name in "ab":
        (data / f"{name}.tfrecord").unlink()
    out, err = trained(skips, data, "none")
    shutil.copy(__file__, data / "c.tfrecord")
    _, text = trained(skips, data, "text")

    assert "no example can be read" in err
    assert f"{data}/c.tfrecord, record 0: " in err
    assert "step 1" not in out
    assert text == f"error: {data}/c.tfrecord is no TFRecord file\n"


def test_an_item_has_its_place(stops: ModuleType, data: Path) -> None:
    settings = stops.Settings(data=str(data / "?.tfrecord"), shuffle=7)
    source = stops.open_data(settings.data)
    items = [
        item for _, item in stops.Examples(source, settings, True).items(15).take(30)
    ]
    places = {source.place(*item): item[2].numpy() for item in items}
    stored = {
        f"{file}, record {index}": record.numpy()
        for file in source.files
        for index, record in enumerate(tf.data.TFRecordDataset(file))
    }

    assert places == stored


@pytest.mark.slow
def test_records_are_read_compressed_and_from_folders(
    stops: ModuleType, skips: ModuleType, tmp_path: Path
) -> None:
    image = tf.io.encode_png(np.zeros([4, 4, 1], np.uint8)).numpy()
    records = [example(image, label) for label in (0, 1, 9, 2)]
    for kind in ("", "GZIP", "ZLIB"):
        folder = tmp_path / f"kind [{kind}]"
        folder.mkdir()
        (folder / "train-1-of-2.tfrecord").touch()
        file = folder / "train-0-of-2.tfrecord"
        with tf.io.TFRecordWriter(str(file), kind) as writer:
            for record in records:
                writer.write(record)
        for given in (folder, f"{folder}/train-?-of*", file):
            opened = stops.open_data(str(given))
            assert opened.count == 4
            assert [item[-1].numpy() for item in opened.in_order()] == records
        settings = skips.Settings(data=str(folder))
        examples = skips.Examples(skips.open_data(str(folder)), settings)
        batches = list(skips.whole_batches(examples))
        assert [int(n) for _, labels, _ in batches for n in labels["label"]] == [
            0,
            1,
            2,
        ]
        with pytest.raises(
            stops.UserError, match=r"record 2: label 9 is not in 0 to 3"
        ):
            list(stops.batches(stops.Examples(stops.open_data(str(file)), settings)))
    (folder / "validation-0.tfrecord").write_bytes(file.read_bytes())
    with pytest.raises(stops.UserError, match=r"train\* or .*validation\*"):
        stops.open_data(str(folder))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(stops.UserError, match="no ZLIB file of records, or is damaged"):
        stops.open_data(str(file))
