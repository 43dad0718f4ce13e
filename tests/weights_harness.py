"""Helpers of the tests of maps to other sources of weights."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Network
from slimgen.source import Source

# Layers with and without names of their own, with and without gamma, and a head.
SMALL = """\
network small(classes = 10) {
  input images 16x16x3
  weights FORMAT "Small" { RULES }
  scope separable_conv, depthwise_conv < activation=none >
  conv 4 3x3 as stem
  conv 4 3x3 normalizer=batch_norm activation=none as body1
  conv 4 3x3 normalizer=batch_norm activation=none as body2
  separable_conv 6 3x3 as pair
  depthwise_conv 3x3 as each
  max_pool [height, width] 1 VALID as pool
  conv classes 1x1 activation=none as logits
  squeeze [1, 2]
}
"""


def program(format: str, rules: str, text: str = SMALL) -> str:
    """A network with a map."""
    return text.replace("FORMAT", format).replace("RULES", rules)


def code_of(text: str, *defines: tuple[str, str]) -> str:
    """The built file of a source."""
    request = Request(defines)
    source = Source("small.slim", text)
    found = compile_source(source, request, FileReader(Diagnostics()))
    assert found.code is not None, list(found.diagnostics)
    return found.code


def network_of(text: str, *defines: tuple[str, str]) -> Network:
    """The first network of a source, as a graph."""
    request = Request(defines)
    source = Source("small.slim", text)
    found = compile_source(source, request, FileReader(Diagnostics()))
    assert found.graph is not None, list(found.diagnostics)
    assert len(found.diagnostics) == 0, list(found.diagnostics)
    return found.graph.networks[0]


def module_of(folder: Path, name: str, code: str) -> ModuleType:
    """Import a built file."""
    file = folder / f"{name}.py"
    file.write_text(code)
    spec = importlib.util.spec_from_file_location(f"emitted_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
