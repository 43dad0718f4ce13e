"""Weights in a safetensors file."""

import itertools
import json
import math
import os

import numpy as np

from slimgen.templates.runtime.weights import Weights

LONGEST_HEADER = 10_000_000  # bytes
SAFETENSORS_TYPES = {
    "BOOL": "bool",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",  # the upper half of a float32
    "F32": "<f4",
    "F64": "<f8",
}


def open_safetensors(path):
    """Open a safetensors file: a header in JSON, whose length comes first, then bytes."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8:
            raise ValueError("the header is longer than the file")
        if length > LONGEST_HEADER:
            raise ValueError(f"the header has {length} bytes")
        header = json.loads(file.read(length), object_pairs_hook=without_twins)
    header.pop("__metadata__", None)
    start = 8 + length
    for name, entry in header.items():
        check_extent(name, entry, size - start)
    places = sorted(entry["data_offsets"] for entry in header.values())
    if any(one[1] > other[0] for one, other in itertools.pairwise(places)):
        raise ValueError("two tensors share bytes")

    def read(name):
        entry = header[name]
        first, end = entry["data_offsets"]
        with open(path, "rb") as file:
            file.seek(start + first)
            value = np.frombuffer(file.read(end - first), safetensors_type(entry))
        if entry["dtype"] == "BF16":
            value = (value.astype(np.uint32) << 16).view(np.float32)
        return value.reshape(entry["shape"])

    shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
    dtypes = {name: safetensors_dtype(entry) for name, entry in header.items()}
    # PyTorch's batch norm counts its batches.
    state = {name for name in header if name.endswith("num_batches_tracked")}
    return Weights("safetensors", shapes, dtypes, read, state)


def without_twins(pairs):
    """Return a dictionary of pairs, each of another name."""
    found = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = value
    return found


def check_extent(name, entry, size):
    """Refuse a tensor that is not as many of the file's bytes as its shape says."""
    numbers = [*entry["shape"], *entry["data_offsets"]]
    known = all(type(number) is int and number >= 0 for number in numbers)
    if not (known and entry["dtype"].isidentifier() and len(entry["shape"]) <= 32):
        raise ValueError(f"{name} has no shape, place or type")
    first, end = entry["data_offsets"]
    length = end - first
    count = math.prod(entry["shape"])
    if entry["dtype"] in SAFETENSORS_TYPES:
        length = count * safetensors_type(entry).itemsize
    # Another type, which no variable takes, has at least 4 bits a value.
    if not first <= first + length == end <= size or count > 2 * length:
        raise ValueError(f"{name} has another length than its shape says")


def safetensors_type(entry):
    """Return how the numbers of a tensor are stored."""
    return np.dtype(SAFETENSORS_TYPES[entry["dtype"]])


def safetensors_dtype(entry):
    """Return the name of a tensor's type, as it is where NumPy has no such type."""
    if entry["dtype"] == "BF16":
        return "bfloat16"
    known = entry["dtype"] in SAFETENSORS_TYPES
    return safetensors_type(entry).name if known else entry["dtype"]
