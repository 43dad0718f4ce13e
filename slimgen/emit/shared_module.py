"""The module `slim_runtime.py`, which the networks of a folder share: `build --split`.

It holds the general form of the library, whatever the networks are: its text depends on
this version of slimgen alone, so that any networks of that version go with it.
"""

import functools
from collections.abc import Mapping, Sequence

from slimgen.emit.file_head import FORMAT, shared_head
from slimgen.emit.fitting import WIDTH
from slimgen.emit.folding import Flags
from slimgen.emit.forms import CHECKPOINTS, SHARED_MODULE
from slimgen.emit.jobs import TRAIN_SECTIONS
from slimgen.emit.library import (
    Library,
    import_lines,
    imported,
    isort_key,
    open_library,
    used_names,
)
from slimgen.emit.shared_layers import shared_initializers, shared_layers
from slimgen.emit.templates import defined_names, imports_of, render

FORMATS = ("keras", "caffe", "safetensors")
PARTS = (
    "runtime/images.py",
    "runtime/image_folders.py",
    "runtime/restoring.py",
    "runtime/weights.py",
    *CHECKPOINTS,
    *(f"runtime/read_{name}.py" for name in FORMATS),
    "runtime/formats.py",
    "runtime/training/program.py",
    *(part for part in TRAIN_SECTIONS if part.endswith(".py")),
    "runtime/command_line.py",
)
# Their form depends on the job; that of all others does for every network.
JOB_PARTS = (
    "runtime/images.py",
    *(part for part in TRAIN_SECTIONS if part.endswith(".py")),
)
FLAGS = {
    "SPLIT": True,
    "BOXES": False,
    "WEIGHTED_LOSS": False,
    "WEIGHTED_ACCURACY": False,
    # Jobs. Of one that differs, the definitions that depend on it stand in its own file.
    **dict.fromkeys(("PRECISION", "SUMMARIES", "EVALUATES", "COUNTED"), False),
    **dict.fromkeys(("FROZEN", "ONLY", "HELD", "MANY_TYPES"), False),
    **dict.fromkeys(("READERS", "BLOCK_LENGTH", "LABELED", "OFFSET"), False),
    **dict.fromkeys(("AUGMENT", "MIXES"), False),
}
# These forms do for every job.
GENERAL = ("UNTRAINED", "CHECKED", "BATCH_NORM", "RECOMPUTES")
WORDS = {
    "NETWORK": "None",
    "HEIGHT": "height",
    "WIDTH": "width",
    "SIDES_HERE": "sides",
    "SIDES": "[256, 512]",
    "SIDE": "sides[0]",
    "OTHER_FORMATS": "Keras, Caffe in a .npy file or PyTorch in a safetensors file",
    "label_text": "options.label",
    "AHEAD": "tf.data.AUTOTUNE",
    "CYCLE": "8",
    "LABEL_RANGES": "ranges",
    "SETTINGS": "program.settings",
    "DECAY": "program.decay",
    "TRAINED": "program.network",
    "CONFIGURATION": "program.configuration",
}
FAMILIES = (
    "vgg",
    "inception",
    "inception_fast",
    "cifarnet",
    "lenet",
    "none",
    "torchvision",
)
ROOTS = (
    *(f"preprocess_{family}" for family in FAMILIES),
    *("main", "restore", "preprocess", "decode_image", "weight_map", "Entry"),
    *("postprocess", "loss", "accuracy"),
    *("Program", "train", "evaluate", "option", "check_bounds", "slots"),
)
# Choices of a network's file: fields of `Program`.
CHOICES = frozenset({"learning_rate", "loss_and_gradients", "training_step"})
IMPORTED_BY_TEMPLATES = (
    *("contextlib", "dataclasses", "functools", "math", "secrets"),
)
# Names for the user, which a network's file has whether it calls them or not.
PUBLIC = ("Report", "RestoreError", "restore", "write_checkpoint")


@functools.cache
def shared_library() -> Library:
    """Return the library in the form of the shared module."""
    return open_library(PARTS, FLAGS, WORDS)


@functools.cache
def shared_definitions() -> frozenset[str]:
    """Return the definitions of the library that the shared module has."""
    return shared_library().reached(ROOTS, CHOICES)


def job_library(flags: Flags, words: Mapping[str, str]) -> Library:
    """Return the library for a network's file with a job, beside the shared module."""
    own = {name: flags[name] for name in flags if name not in GENERAL}
    given = {word: words[word] for word in words if word != "DECAY"}
    return open_library(JOB_PARTS, {**FLAGS, **own}, {**WORDS, **given})


def importable(library: Library) -> frozenset[str]:
    """Return the definitions of a job's library that stand so in the shared module.

    Their text is the same, and all that they use stands there too.
    """
    shared = shared_library().definitions
    known = shared_definitions()
    same = {
        name
        for name, definition in library.definitions.items()
        if name in known and definition.text == shared[name].text
    }
    while own := {
        name for name in same if library.definitions[name].uses & library.names - same
    }:
        same -= own
    return frozenset(same)


@functools.cache
def shared_body() -> str:
    """Write the module below its head."""
    library = shared_library()
    reached = shared_definitions()
    sections = [
        render("layer.py.j2", mixed=False, opens=True, unscoped=True, recalls=True),
        render(
            "scope.py.j2",
            options=("dtype", "device", "saved"),
            foreign=False,
            held=False,
            mixed=False,
            opens=True,
            terms="either",
            unnamed=True,
        ),
        render(
            "network.py.j2",
            held=False,
            mixed=False,
            network=None,
            saved=True,
            terms="either",
        ),
        *(definition.text() for definition in shared_layers().values()),
        *shared_initializers().values(),
        *(module.text(reached) for module in library.modules.values()),
    ]
    body = "\n\n\n".join(section.strip("\n") for section in sections if section) + "\n"
    names = {*IMPORTED_BY_TEMPLATES, *imported(used_names(body), PARTS)}
    held = render("held_import.py.j2", imports=["import tensorflow as tf"])
    names |= imports_of("held_import.py.j2")
    used = used_names(body) | used_names(held)
    lines = import_lines(n for n in names if n.rpartition(".")[2] in used)
    above = render("shared_module.py.j2", imports=lines, held=held, format=FORMAT)
    return f"{above.rstrip()}\n\n\n{body}"


def shared_module() -> str:
    """Write `slim_runtime.py`."""
    body = shared_body()
    return shared_head(body) + body


@functools.cache
def shared_names() -> frozenset[str]:
    """Return the names that a network's file may import of the shared module."""
    return defined_names(shared_body()) - {"FORMAT", "require"}


def import_of_shared(used: frozenset[str]) -> list[str]:
    """Write the import of the shared module: the names `used`, and those for the user.

    The versions are compared first: another version may lack a name.
    """
    names = sorted(shared_names() & used - set(PUBLIC), key=isort_key)
    layers = [n for n in names if n in shared_layers() or n in shared_initializers()]
    return [
        f"import {SHARED_MODULE}",
        "",
        f"{SHARED_MODULE}.require({FORMAT})",
        "",
        *fitted_import([name for name in names if name not in layers]),
        *(fitted_import(layers) if layers else []),
        *fitted_import(PUBLIC),
    ]


def fitted_import(names: Sequence[str]) -> list[str]:
    """Write an import as black does; it stands below a call, and may be for the user."""
    start = f"from {SHARED_MODULE} import"
    line = f"{start} {', '.join(names)}  # noqa"
    if len(line) <= WIDTH:
        return [line]
    return [f"{start} (  # noqa", *(f"    {name}," for name in names), ")"]
