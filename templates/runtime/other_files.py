"""… files that hold no weights of a format that is read."""

import re

OTHER_FILES = {  # by how they begin
    rb"\x1f\x8b|BZh|\xfd7zXZ|.{257}ustar": "an archive: unpack it first",
    rb"PK": "a zip archive: Keras needs a `weights keras` map, others save safetensors",
    rb"\x89HDF": "a file of Keras: the source needs a `weights keras` map",
    rb"\x93NUMPY": "a file of NumPy: the source needs a `weights caffe` map",
    rb".{4}\0{4}\{": "a safetensors file: the source needs a `weights safetensors` map",
    rb"\x80[\2-\5]": "a pickle, as of PyTorch: save its arrays as safetensors",
    rb"MATLAB": "a file of MATLAB: save its arrays as safetensors",
    rb"version https://git-lfs": "a pointer of Git LFS: `git lfs pull` gets the file",
    rb"\s*<": "a web page: download the file itself",
    rb"\s*\{": "JSON, as of TensorFlow.js or a list of parts: give files with arrays",
    rb".{4}TFL3": "a model of TensorFlow Lite: give the checkpoint that it is made of",
    rb"\x08[\2-\x20][\x12\x1a\x22\x3a]": "a model of ONNX: save its arrays as safetensors",
    rb"\n[\x80-\xff]*[\0-\x7f]\x12": "a graph without values (.meta): give its .index",
    rb"\n.\w": "a model of Caffe: save its arrays as a dictionary in .npy",
    rb"\Z": "empty: download or copy it again",
}


def other_file(start):
    """Return a sentence about a file that is no checkpoint, by how it begins."""
    for pattern, kind in OTHER_FILES.items():
        if re.match(pattern, start, re.DOTALL):
            return f"it is {kind}"
    return "it is cut off or not a checkpoint"
