"""Looking into a file of weights with the readers of emitted files."""

import functools
import os
import re
import stat
from typing import Any

from slimgen.checksum import masked_crc
from slimgen.emit.readers import readers
from slimgen.frozen import Frozen


class UnreadableWeights(Exception):
    """A file that holds no weights that can be read; the message says why."""


class Missing(Exception):
    """A package that is needed for a file and not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(package)
        self.package = package


Namespace = dict[str, Any]
"""The names of a module that has been run, which have no types of their own."""


class StoredValue(Frozen):
    """An array of a file; `state` where it is of an optimizer or the like."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    state: bool


class WeightFile(Frozen):
    """The values of a file of weights.

    Attributes:
        format: `slim`, `keras`, `caffe` or `safetensors`.
        module: The readers, run.
        opened: Their own form of what is open.
    """

    format: str
    values: tuple[StoredValue, ...]
    module: Namespace
    opened: object


def read_weights(path: str) -> WeightFile:
    """Return the values of the file at `path`; raises Unreadable or Missing."""
    _check_access(path)
    module = run_readers()
    error = module["RestoreError"]
    try:
        opened = module["open_weights"](path)
        if opened.format == "slim":
            _check_sums(path, module)
    except ModuleNotFoundError as missing:
        raise Missing(missing.name or "") from missing
    except error as failed:
        if isinstance(failed.__cause__, ImportError):
            raise Missing(failed.__cause__.name or "h5py") from failed
        reason = str(failed).removeprefix(str(path)).partition(": ")[2]
        raise UnreadableWeights(reason) from failed
    values = (
        StoredValue(
            name, tuple(shape), opened.dtypes[name], name in opened.training_state
        )
        for name, shape in opened.shapes.items()
    )
    ordered = sorted(values, key=lambda value: natural(value.name))
    return WeightFile(opened.format, tuple(ordered), module, opened)


def _check_access(path: str) -> None:
    """Raise Unreadable for files that the system refuses, and for endless ones."""
    index = _index_of(path)
    for one in (path, index):
        try:
            mode = os.stat(one).st_mode
            if stat.S_ISDIR(mode):
                os.listdir(one)
            elif not stat.S_ISREG(mode):
                raise UnreadableWeights("it is neither a file nor a folder")
            else:
                open(one, "rb").close()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnreadableWeights((error.strerror or str(error)).lower()) from error
    if not (os.path.exists(path) or os.path.exists(index)):
        raise UnreadableWeights("there is no such file")


def _check_sums(path: str, module: Namespace) -> None:
    """Raise Unreadable where an index is damaged; built files leave it to TensorFlow."""
    index = module["find_checkpoint"](path) + ".index"
    if not os.path.exists(index):
        return
    with open(index, "rb") as file:
        for offset, length in module["table_blocks"](file):
            file.seek(offset)
            block = file.read(length + 1)
            if masked_crc(block) != file.read(4):
                raise UnreadableWeights(f"{index} is damaged: a checksum differs")


def _index_of(path: str) -> str:
    return re.sub(r"\.(index|data-\d{5}-of-\d{5})$", "", path) + ".index"


@functools.cache
def run_readers() -> Namespace:
    """Return the readers of emitted files, run once."""
    space: Namespace = {"__name__": "slimgen_readers"}
    try:
        exec(compile(readers(), "<readers>", "exec"), space)
    except ModuleNotFoundError as missing:
        raise Missing(missing.name or "") from missing
    return space


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key of a name in which numbers count: conv2 before conv10."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple(number(p) if p[0] in "0123456789" else (-1, p) for p in pieces)


def number(digits: str) -> tuple[int, str]:
    """Sort key of a number, which may be longer than Python reads."""
    digits = digits.lstrip("0")
    return len(digits), digits
