"""Emitted files for the tests of what stands below and beside their networks."""

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

LENET = """
network lenet(classes = 10, keep_prob = 0.5) {
  input images 28x28x1
  preprocess lenet
  scope conv, fc < initializer=truncated_normal(stddev=0.1) >
  conv 32 5x5 as conv1; max_pool 2x2 as pool1
  conv 64 5x5 as conv2; max_pool 2x2 as pool2
  flatten
  fc 1024 as fc3
  dropout keep_prob as dropout3
  fc classes activation=none as fc4
}
"""


def build(text: str, name: str = "model.slim") -> str:
    """The emitted file of a source, which has nothing to find fault with."""
    diagnostics = Diagnostics()
    found = compile_source(Source(name, text), Request(), FileReader(diagnostics))
    said = [*diagnostics, *found.diagnostics]
    assert [] == [f"{one.code} {one.message}" for one in said]
    assert found.code is not None
    return found.code


def image_network(size: str, lines: str, name: str = "model") -> str:
    """The source of a network from an image to five classes."""
    return f"""
network {name} {{
  input images {size}
  {lines}
  global_avg_pool keepdims=false
  fc 5 activation=none as logits
}}
"""


def train_job(lines: str, network: str = "lenet") -> str:
    """The source of a job."""
    return f"train {network} {{\n  {lines}\n}}\n"
