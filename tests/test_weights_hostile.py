"""No file of weights reaches another file, or takes memory out of proportion to its size."""

import json
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from cli_harness import run
from index_files import block, entry, proto, table, write_index


def refused(path: Path) -> str:
    """Look at a file of weights that is refused; return the reason."""
    outcome = run("weights", str(path))
    assert outcome.exit_code == 1, outcome.output
    assert outcome.stderr.count("error[") == 1
    assert "E950" in outcome.stderr
    return " ".join(outcome.stderr.partition(": no weights can")[2].split())


# Index files.

WRONG = {
    "negative": entry([-1], 8),
    "huge": entry([2**33, 2**33], 8),
    "many dimensions": entry([1] * 300, 4),
    "no type": entry([2], 8, dtype=77),
    "longer than said": entry([2, 2], 8),
    "longer than the data": entry([400, 2], 3200),
    "a type twice": entry([2], 8) + proto((1, 9)),
    "a shape twice": entry([2], 8) + proto((2, proto((2, proto((1, 2**40)))))),
    "no field": b"\xff\xff\xff",
    "parts that are not there": entry([2], 0) + proto((7, b"")),
    "another shard": entry([2], 8, shard=7),
}


def test_an_index_is_read_without_tensorflow(tmp_path: Path) -> None:
    path = write_index(tmp_path / "x", {"a/weights": entry([2, 3], 24)})
    before = set(sys.modules)
    outcome = run("weights", str(path))

    assert outcome.exit_code == 0
    assert "a/weights  [2, 3]  float32" in outcome.output
    assert "tensorflow" not in set(sys.modules) - before


@pytest.mark.parametrize("kind", WRONG)
def test_an_index_with_an_impossible_entry_is_refused(
    tmp_path: Path, kind: str
) -> None:
    assert refused(write_index(tmp_path / "x", {"a": WRONG[kind]}))


def test_a_compressed_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.index").write_bytes(table(block({b"": b""}, kind=1)))

    assert "compressed" in refused(tmp_path / "x")


def test_a_damaged_index_is_refused_by_its_checksum(tmp_path: Path) -> None:
    path = Path(f"{write_index(tmp_path / 'x', {'abc': entry([2], 8)})}.index")
    path.write_bytes(path.read_bytes().replace(b"abc", b"abd"))

    assert "checksum" in refused(path)


def test_names_that_grow_by_their_beginnings_are_refused(tmp_path: Path) -> None:
    long = b"\0" + b"\xd0\x0f\0" + b"x" * 2000
    content = long + b"\xd0\x0f\1\0y" * 10_000 + bytes(8)
    (tmp_path / "x.index").write_bytes(table(content + bytes(5)))

    assert "damaged" in refused(tmp_path / "x")


# Folders of checkpoints.


def test_a_checkpoint_file_names_nothing_outside_its_folder(tmp_path: Path) -> None:
    write_index(tmp_path / "secret", {"a": entry([2], 8)})
    folder = tmp_path / "given"
    folder.mkdir()
    state = folder / "checkpoint"
    state.write_text(f'model_checkpoint_path: "{tmp_path}/secret"\n')

    assert "names secret, which is not there" in refused(folder)


@pytest.mark.parametrize("path", ["/home/x/net-9", r"C:\\work\\net-9", "net-9"])
def test_a_folder_from_another_machine_is_read(tmp_path: Path, path: str) -> None:
    write_index(tmp_path / "net-9", {"a": entry([2], 8)})
    write_index(tmp_path / "net-8", {"b": entry([2], 8)})
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{path}"\n')

    assert "a  [2]" in run("weights", str(tmp_path)).output


@pytest.mark.parametrize("text", [None, b"", b"\xff\xfe", bytes(50)])
def test_a_folder_of_one_checkpoint_needs_no_checkpoint_file(
    tmp_path: Path, text: bytes | None
) -> None:
    write_index(tmp_path / "", {"a": entry([2], 8)})  # .index
    Path(f"{tmp_path}.index").rename(tmp_path / ".index")
    data = ".data-00000-of-00001"
    Path(f"{tmp_path}{data}").rename(tmp_path / data)
    if text is not None:
        (tmp_path / "checkpoint").write_bytes(text)

    assert "a  [2]" in run("weights", str(tmp_path)).output


def test_a_folder_without_one_checkpoint_says_what_it_has(tmp_path: Path) -> None:
    assert "the folder has no checkpoint: it is empty" in refused(tmp_path)
    (tmp_path / "notes.txt").write_text("none")
    assert "the folder has no checkpoint: notes.txt" in refused(tmp_path)
    for name in ("net-8", "net-9"):
        write_index(tmp_path / name, {"a": entry([2], 8)})

    assert "several checkpoints, name one: net-8, net-9" in refused(tmp_path)


# Files that hold no weights which are read.

OTHERS = {
    "an archive": b"\x1f\x8b\x08\0",
    "a pickle": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\n",
    "a web page": b"\n<!DOCTYPE html>",
    "JSON": b'{"format": "layers-model"}',
    "TensorFlow Lite": b"\x1c\0\0\0TFL3",
    "ONNX": b"\x08\x07\x12\x07pytorch",
    "without values": proto((1, proto((2, b"ops")))),
    "Caffe": b"\n\x10VGG_ILSVRC_16_la",
    "empty": b"",
    "cut off": bytes(range(100)),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_file_that_is_known_says_so(tmp_path: Path, kind: str) -> None:
    (tmp_path / "x").write_bytes(OTHERS[kind])

    assert kind in refused(tmp_path / "x")


@pytest.mark.parametrize("ending", [".meta", ".data-00000-of-00001"])
def test_a_part_of_a_checkpoint_names_what_is_missing(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"x{ending}"
    path.write_bytes(b"abc")

    assert "x.index is missing" in refused(path)


# HDF5.


def outside(file: h5py.File, folder: Path) -> None:
    secret = [(str(folder / "secret"), 0, 12)]
    file.create_dataset("a/a/kernel:0", (3,), "f4", external=secret)


def linked(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["x"] = np.ones(3, "f4")
    file["a/kernel"] = h5py.ExternalLink("other.h5", "x")


def soft(file: h5py.File, folder: Path) -> None:
    file["a/kernel"] = h5py.SoftLink("/b")


def virtual(file: h5py.File, folder: Path) -> None:
    linked(file, folder)
    del file["a/kernel"]
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", (3,))
    file.create_virtual_dataset("a/kernel", layout)


def unwritten(file: h5py.File, folder: Path) -> None:
    file.create_dataset("a/kernel", (1000, 1000, 1000), "f4")


def chunks_unwritten(file: h5py.File, folder: Path) -> None:
    file.create_dataset("a/kernel", (64, 64), "f4", chunks=(8, 8))[:8] = 1


def packed(file: h5py.File, folder: Path) -> None:
    file.create_dataset("a/kernel", data=np.zeros(10**6, "f4"), compression="gzip")


def nested(file: h5py.File, folder: Path) -> None:
    group = file
    for _ in range(3000):
        group = group.create_group("g")


def circle(file: h5py.File, folder: Path) -> None:
    file["a/b"] = h5py.Empty("f4")
    file["a/c"] = file["a"]


HDF5 = [outside, linked, soft, virtual, unwritten, chunks_unwritten, packed, nested]


@pytest.mark.parametrize("make", [*HDF5, circle])
def test_values_of_a_keras_file_lie_in_it(tmp_path: Path, make: object) -> None:
    assert callable(make)
    (tmp_path / "secret").write_bytes(b"secret bytes")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        make(file, tmp_path)
    bare = refused(tmp_path / "x.h5")
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.write(tmp_path / "x.h5", "model.weights.h5")

    assert bare
    assert refused(tmp_path / "x.keras")


# Dictionaries, safetensors, JSON.


def npy(path: Path, pickled: bytes) -> Path:
    with path.open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(pickled)
    return path


PICKLES = {
    "nested lists": b"\x80\x02" + b"]" * 20_000 + b"a" * 19_999 + b".",
    "a place far away": b"\x80\x02]r\xff\xff\xff\x7f.",
    "very many parts": b"\x80\x02" + b"]0" * 300_000 + b"].",
    "a long name": pickle.dumps({"x" * 5000: {"y": {}}}),
}


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_is_bounded_before_it_is_read(tmp_path: Path, kind: str) -> None:
    assert refused(npy(tmp_path / "x.npy", PICKLES[kind]))


def tensor(shape: list[int], first: int, end: int, dtype: str = "F32") -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, end]}


HEADERS = {
    "an unknown type": {"a": tensor([2**40, 2**40], 0, 8, "F4")},
    "many dimensions": {"a": tensor([1] * 100, 0, 4)},
    "shared bytes": {"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)},
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_tensor_of_safetensors_has_bytes_of_its_own(
    tmp_path: Path, kind: str
) -> None:
    header = json.dumps(HEADERS[kind]).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(12))

    assert refused(path)


def test_a_header_that_is_nested_deep_is_refused(tmp_path: Path) -> None:
    header = b'{"a":' + b"[" * 100_000
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)

    assert refused(path)
