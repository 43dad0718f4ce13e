"""Files of weights that no program writes: right at the outside, impossible within."""

import itertools
import json
import pickle
import struct
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from index_files import entry, proto, write_index

LENGTHS = (-(2**63), -1, 0, 1, 2**16, 2**31, 2**33, 2**62, 2**63 - 1)
VARIABLE = "small/logits/biases"
WHOLE = {  # the entries beside the one that is wrong
    "small/conv1/weights": entry([3, 3, 3, 4], 432),
    "small/conv1/biases": entry([4], 16),
    "small/logits/weights": entry([256, 5], 5120),
    VARIABLE: entry([5], 20),
}


def index_entries() -> Iterator[bytes]:
    """Entries of an index whose sizes, types or places are impossible."""
    for size, length in itertools.product((0, 20, 2**62), LENGTHS):
        yield entry([length], size)
        yield entry([length, length], size)
    for dtype in (0, *range(2, 24), 77, 2**31, -1):
        yield entry([5], 20, dtype=dtype)
        yield entry([2**33], 20, dtype=dtype)
    for place in LENGTHS[:2] + LENGTHS[4:]:
        yield entry([5], 20, shard=place)
        yield entry([5], 20, offset=place)
        yield entry([5], place)
    yield entry([1] * 300, 20)
    yield entry([5], 20) + proto((7, b"")) * 3


def safetensors_headers() -> Iterator[object]:
    """Headers whose entry for the last variable is impossible."""
    for dtype, length in itertools.product(("F32", "F64", "F4", "BOOL", ""), LENGTHS):
        yield {"dtype": dtype, "shape": [length], "data_offsets": [0, 20]}
    for first, end in itertools.product((*LENGTHS, "0", None), (20, 2**62)):
        yield {"dtype": "F32", "shape": [5], "data_offsets": [first, end]}
    for shape in ("5", None, [[5]], {"5": 5}, [5.0], [True], [1] * 100):
        yield {"dtype": "F32", "shape": shape, "data_offsets": [0, 20]}
    yield [[[]]]
    yield "F32"


def arrays() -> Iterator[object]:
    """Values that a dictionary of arrays does not hold."""
    yield from (None, 5, "x", [], {}, b"x" * 100, 1e400, 10**400, {1: {2: {}}})
    yield from (np.empty(0), np.zeros((5, 0)), np.zeros(5, "U3"), np.zeros(5, "M8[s]"))
    yield from (
        np.array([None] * 5),
        np.array([[1], [1, 2]], object),
        np.zeros(5, "c8"),
    )
    yield np.zeros(5, [("a", "f4"), ("b", "f4")])
    yield np.lib.stride_tricks.as_strided(np.zeros(1), (3,) * 30, (0,) * 30)[0:1].shape


def datasets() -> Iterator[tuple[object, object]]:
    """Shapes and types of a Keras file's dataset that are impossible or not written."""
    for length in (0, 1, 2**16, 2**31, 2**40):
        yield (length,), "f4"
        yield (length, length), "i1"
    for dtype in ("S5", "f2", "c8", "b1", "u8", "V7", h5py.string_dtype()):
        yield (5,), dtype


def write_crafted(folder: Path) -> int:
    """Write a folder for each file; return how many there are."""
    places = (folder / f"{number:03}" for number in itertools.count())

    def place() -> Path:
        found = next(places)
        found.mkdir(parents=True)
        return found

    for wrong in index_entries():
        write_index(place() / "x", {**WHOLE, VARIABLE: wrong}, data=8000)
    for header in safetensors_headers():
        text = json.dumps({"logits.biases": header}).encode()
        data = struct.pack("<Q", len(text)) + text + bytes(20)
        (place() / "x.safetensors").write_bytes(data)
    for array in arrays():
        with (place() / "x.npy").open("wb") as file:
            head = {"descr": "|O", "fortran_order": False, "shape": ()}
            np.lib.format.write_array_header_1_0(file, head)
            content = np.empty((), object)
            content[()] = {"logits": {"biases": array}}
            pickle.dump(content, file, 4)
    for shape, dtype in datasets():
        with h5py.File(place() / "x.h5", "w") as target:
            target.create_dataset("logits/logits/bias:0", shape, dtype)
    return len(list(folder.iterdir()))
