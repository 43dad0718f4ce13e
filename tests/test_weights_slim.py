"""Rules that are proposed for checkpoints of TensorFlow with other names."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_harness import run

tf = pytest.importorskip("tensorflow")

NET = """network layers(classes = 5) as none {
  input images 16x16x3
  weights slim "tf.layers" { RULES }
  conv 8 3x3 as conv2d
  global_avg_pool keepdims=false
  fc classes activation=none as dense
}
"""
SHAPES = {
    "conv2d/weights": (3, 3, 3, 8),
    "conv2d/biases": (8,),
    "dense/weights": (8, 5),
    "dense/biases": (5,),
}
LEAVES = {"weights": "kernel", "biases": "bias"}

pytestmark = pytest.mark.slow


def in_layers(name: str) -> str:
    """The name that `tf.layers` gives a variable."""
    layer, leaf = name.split("/")
    return f"{layer}/{LEAVES[leaf]}"


def write_checkpoint(path: Path, values: dict[str, np.ndarray]) -> str:
    """Have TensorFlow 1's own Saver write variables."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in values.items():
            v1.get_variable(name, initializer=value)
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver()
        return str(saver.save(session, str(path), write_meta_graph=False))


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {n: random.normal(size=s).astype(np.float32) for n, s in SHAPES.items()}


def test_the_names_of_tf_layers_are_proposed_as_a_map_that_loads(
    values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    stored = {in_layers(name): value for name, value in values.items()}
    path = write_checkpoint(tmp_path / "x.ckpt", stored)
    model = tmp_path / "net.slim"
    model.write_text(NET.replace('  weights slim "tf.layers" { RULES }\n', ""))
    rules = json.loads(run_json(path, model))["rules"]
    model.write_text(NET.replace("RULES", "; ".join(rules)))
    found = json.loads(run_json(path, model))

    assert len(rules) == 1
    assert {one["variable"]: one["source"] for one in found["loaded"]} == {
        name: in_layers(name) for name in SHAPES
    }
    assert found["missing"] == found["unused"] == []


def run_json(path: str, model: Path) -> str:
    return run("weights", path, "--for", str(model), "--format", "json").stdout
