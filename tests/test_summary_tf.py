"""The summary's multiply-adds are TensorFlow's own count of the built graph's operations."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.ir.summary import summarize
from slimgen.source import Source

pytestmark = pytest.mark.slow

# In a process of its own: TensorFlow's profiler warns and keeps what it has seen.
COUNT = """
import importlib.util, sys
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

spec = importlib.util.spec_from_file_location("built", sys.argv[1])
built = sys.modules["built"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(built)
network = getattr(built, sys.argv[2])()
inputs = [tf.TensorSpec([1, *i.shape[1:]], i.dtype) for i in network.inputs.values()]
call = tf.function(lambda *given: network(*given, training=False)[0])
graph = convert_variables_to_constants_v2(call.get_concrete_function(*inputs)).graph
options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
options["output"] = "none"
print(tf.compat.v1.profiler.profile(graph, options=options).total_float_ops)
"""

# Layers that the examples lack; the profiler counts all of them.
MOBILE = """\
network mobile(classes = 10) {
  input images 64x64x3
  conv 32 3x3 2 as stem
  separable_conv 64 3x3 1 as separable
  depthwise_conv 3x3 2 as depthwise
  conv 128 1x1 as point
  conv 128 3x3 groups=4 as grouped
  conv_transpose 64 2x2 2 as up
  max_pool 2x2 as pool
  global_avg_pool
  flatten
  fc classes activation=none as logits
}
"""


@pytest.mark.parametrize(
    ("source", "network", "name"),
    [
        ("lenet.slim", "lenet", "Lenet"),
        ("resnet_v1.slim", "resnet_v1_50", "ResnetV150"),
        ("inception_v3.slim", "inception_v3", "InceptionV3"),
        (MOBILE, "mobile", "Mobile"),
    ],
    ids=["lenet", "resnet_v1_50", "inception_v3", "mobile"],
)
def test_multiply_adds_are_half_of_tensorflows_float_operations(
    root: Path, tmp_path: Path, source: str, network: str, name: str
) -> None:
    is_file = source.endswith(".slim")
    text = (root / "examples" / source).read_text("utf-8") if is_file else source
    # The auxiliary head of Inception is no part of the network's value.
    request = Request(networks=(network,), defines=NO_HEAD.get(network, ()))
    compilation = compile_source(
        Source("net.slim", text), request, FileReader(Diagnostics())
    )
    assert compilation.graph is not None
    assert compilation.code is not None
    (tmp_path / "net.py").write_text(compilation.code, encoding="utf-8")
    (summary,) = summarize(compilation.graph).networks

    counted = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COUNT, str(tmp_path / "net.py"), name],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    operations = int(counted.stdout.split()[-1])
    assert summary.totals.multiply_adds == pytest.approx(operations / 2, rel=0.01)


NO_HEAD = {"inception_v3": (("aux_logits", "false"),)}
