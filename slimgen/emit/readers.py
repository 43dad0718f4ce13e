"""The readers of an emitted file by themselves: they read weights without a network.

`slimgen weights` runs this text, so that it finds in a file what a built file would.
"""

from slimgen.emit.forms import CHECKPOINTS
from slimgen.emit.library import import_lines, open_library
from slimgen.emit.parts import FORMATS

ROOTS = ("compare", "Entry", "find_checkpoint", "open_weights", "table_blocks")


def readers() -> str:
    """Write a module that reads names, shapes and types, without TensorFlow."""
    parts = ["runtime/weights.py", *CHECKPOINTS]
    parts += [f"runtime/read_{name}.py" for name in FORMATS] + ["runtime/formats.py"]
    flags = {"TRAINS": False}
    library = open_library(parts, flags, {"UserError": "RestoreError"})
    reached = library.reached(ROOTS)
    lines = [*import_lines(library.imports(reached)), "import numpy as np"]
    texts = [module.text(reached) for module in library.modules.values()]
    return "\n\n\n".join(["\n".join(lines), *texts])
