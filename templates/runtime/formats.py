"""Formats of weights."""

import os

from slimgen.templates.runtime.checkpoints import open_checkpoint
from slimgen.templates.runtime.flags import CAFFE, KERAS, SAFETENSORS
from slimgen.templates.runtime.read_caffe import open_caffe
from slimgen.templates.runtime.read_keras import open_keras
from slimgen.templates.runtime.read_safetensors import open_safetensors
from slimgen.templates.runtime.weights import explained

READERS = {
    "keras": open_keras,  # if KERAS
    "caffe": open_caffe,  # if CAFFE
    "safetensors": open_safetensors,  # if SAFETENSORS
}


def open_weights(path):
    """Open a source of weights, whose format is found by looking."""
    path = os.fsdecode(path)
    found = find_format(path)
    if found == "slim":
        return open_checkpoint(path)
    with explained(f"{path} cannot be read"):
        return READERS[found](path)


def find_format(path):
    """Return the format of the weights at `path`, by how the file begins."""
    start = b""
    if os.path.isfile(path):
        with explained(f"{path} cannot be read"), open(path, "rb") as file:
            start = file.read(16)
    if KERAS and start.startswith((b"\x89HDF\r\n\x1a\n", b"PK\x03\x04")):
        return "keras"
    if CAFFE and start.startswith(b"\x93NUMPY"):
        return "caffe"
    # Safetensors: the length of the header, then the header, which is JSON.
    if SAFETENSORS and start[4:9] == b"\0\0\0\0{":
        return "safetensors"
    return "slim"
