"""Emitted training programs for the tests of their parts."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from runtime_fixture import build, train_job

TINY = """
network tiny(classes = 4) {
  input images 4x4x1
  flatten
  fc classes activation=none as logits
}
"""
DATA = 'data records "train-*.tfrecord"\n  steps 20'


def trainer(folder: Path, *lines: str, network: str = TINY) -> ModuleType:
    """Build a network with a job of some lines into `folder`, and import it."""
    name = network.split("network ")[1].split("(")[0].split()[0]
    return module_of(folder, network + train_job("\n  ".join([DATA, *lines]), name))


def module_of(folder: Path, text: str) -> ModuleType:
    """Build a source into `folder`, and import what is built."""
    number = len(list(folder.glob("*.py")))
    file = folder / f"emitted_{number}.py"
    file.write_text(build(text))
    spec = importlib.util.spec_from_file_location(f"{folder.name}_{number}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def network_of(module: ModuleType) -> type:
    """The class of the only network in an emitted file."""
    (found,) = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and "layers" in vars(kind)
    ]
    return found
