"""The readers of an emitted file by themselves: what looks into weights without a network.

`slimgen weights` runs this text, so that what it says of a file is what a built file would.
"""

from slimgen.emit.parts import FORMATS, IMPORTS
from slimgen.emit.templates import render


def readers(formats: tuple[str, ...]) -> str:
    """Write a module that reads some formats: `slim`, `keras`, `caffe`, `safetensors`.

    Only `slim`, the checkpoints of TensorFlow, makes it import TensorFlow.
    """
    named = {"slim": "read_checkpoint", **{name: f"read_{name}" for name in FORMATS}}
    parts = ["entry", "restore", *(named[name] for name in formats), "formats"]
    needed = sorted({name for part in parts for name in IMPORTS[part]})
    lines = [f"import {name}" for name in needed if "." not in name]
    lines += [
        f"from {module} import {member}"
        for module, dot, member in (name.rpartition(".") for name in needed)
        if dot
    ]
    lines.append("import numpy as np")
    if "slim" in formats:
        lines.append("import tensorflow as tf")
    context = {"formats": formats, "others": "", "train": None}
    texts = [render(f"{part}.py.j2", **context) for part in parts]
    return "\n\n\n".join(["\n".join(lines), *texts])
