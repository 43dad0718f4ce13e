"""The readers of an emitted file by themselves: they read weights without a network.

`slimgen weights` runs this text, so that it finds in a file what a built file would.
"""

from collections.abc import Sequence

from slimgen.emit.library import open_library
from slimgen.emit.parts import FORMATS

ROOTS = ("compare", "Entry", "find_format", "open_weights", "TABLE_END")


def readers(formats: Sequence[str]) -> str:
    """Write a module that reads some formats: `slim`, `keras`, `caffe`, `safetensors`.

    Only `slim`, the checkpoints of TensorFlow, makes it import TensorFlow.
    """
    others = [name for name in FORMATS if name in formats]
    parts = ["runtime/weights.py", "runtime/checkpoints.py"]
    parts += [f"runtime/read_{name}.py" for name in others] + ["runtime/formats.py"]
    flags = {name.upper(): name in others for name in FORMATS}
    flags |= {"TRAINS": False, "CHECKPOINTS": "slim" in formats}
    library = open_library(parts, flags, {"UserError": "RestoreError"})
    reached = library.reached(ROOTS)
    imports = sorted(library.imports(reached))
    lines = [f"import {name}" for name in imports if "." not in name]
    for name in imports:
        module, dot, member = name.rpartition(".")
        lines += [f"from {module} import {member}"] if dot else []
    lines += ["import numpy as np"]
    lines += ["import tensorflow as tf"] if "slim" in formats else []
    texts = [module.text(reached) for module in library.modules.values()]
    return "\n\n\n".join(["\n".join(lines), *texts])
