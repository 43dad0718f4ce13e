"""Networks whose class would have a name that the built file uses for something else."""

import functools
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from slimgen.diagnostics import Diagnostic
from slimgen.emit.identifiers import PYTHON, class_name
from slimgen.ir.graph import Graph
from slimgen.messages import names as messages

ROOT = Path(str(files("slimgen.templates")))
# A class, a constant or an import of a class, at the left margin.
DEFINED = re.compile(r"^(?: *class )?([A-Z]\w*)\b(?: =|:|\()", re.MULTILINE)
IMPORTED = re.compile(
    r"^(?:from (?!slimgen)\S+ import|\{# imports:) (.*)", re.MULTILINE
)
JOB_FOLDERS = ("train", "training")
NOT_WRITTEN = ("stand_ins.py", "flags.py")
OTHER_FOLDERS = ("functions", "layers")  # their constants get names that are free


def taken_classes(graph: Graph) -> Iterator[Diagnostic]:
    """Yield an error for each network whose class would be called as something else is."""
    owners: dict[str, str] = {}
    own = names_of_file(bool(graph.jobs))
    for network in graph.networks:
        name = class_name(network.name)
        if name in own:
            other = "a name of the file's own"
        elif name in PYTHON:
            other = "a word of Python's"
        elif name in owners:
            other = f"the class of `{owners[name]}`"
        else:
            owners[name] = network.name
            continue
        yield messages.emitted_name_taken(network.span, network.name, name, other)


@functools.cache
def names_of_file(jobs: bool) -> frozenset[str]:
    """Return the names with a capital that a file may define, with `jobs` or without."""
    found: set[str] = set()
    for text in _texts(ROOT, () if jobs else JOB_FOLDERS):
        found.update(DEFINED.findall(text))
        for names in IMPORTED.findall(text):
            found.update(re.findall(r"\b[A-Z]\w*", names))
    return frozenset(found)


def _texts(folder: Path, skipped: tuple[str, ...]) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in (*skipped, *OTHER_FOLDERS, "__pycache__"):
                yield from _texts(entry, skipped)
        elif entry.suffix in (".py", ".j2") and entry.name not in NOT_WRITTEN:
            yield entry.read_text(encoding="utf-8")
