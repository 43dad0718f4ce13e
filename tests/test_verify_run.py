"""`slimgen verify` itself, beside networks of TF-Slim's layers that a test writes."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slimgen.cli import main
from slimgen.verify import session
from slimgen.verify.against import Against
from slimgen.verify.request import ComparisonRequest

pytestmark = [pytest.mark.slow, pytest.mark.oracle]

MODEL = """\
network tower(activation = relu, fused = true) {
  input images 16x16x3
  scope conv < activation=activation normalizer=batch_norm(fused=fused) >
  conv 4 3x3 as conv1
  max_pool 2x2 as pool1
  conv 4 3x3 as conv2
  global_avg_pool keepdims=false
  fc 5 activation=none as logits
}
"""

ORIGINAL = """\
import tensorflow.compat.v1 as tf
import tf_slim as slim


def stair(images):
    raise ValueError("the first line\\nthe second")


ACTIVATIONS = {"relu": tf.nn.relu, "relu6": tf.nn.relu6, "log": tf.math.log}


def tower_arg_scope():
    with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm) as scope:
        return scope


def tower(images, is_training, depth=4, fused=True, act="relu"):
    with tf.variable_scope("tower"), slim.arg_scope(
        [slim.batch_norm], is_training=is_training, fused=fused
    ), slim.arg_scope([slim.conv2d], activation_fn=ACTIVATIONS[act]):
        points = {}
        net = points["tower/conv1"] = slim.conv2d(images, depth, [3, 3], scope="conv1")
        net = points["pool1"] = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = points["nowhere"] = slim.conv2d(net, depth, [3, 3], scope="conv2")
        net = tf.reduce_mean(net, [1, 2])
        return slim.fully_connected(net, 5, None, scope="logits"), points
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tower.slim").write_text(MODEL)
    (tmp_path / "originals.py").write_text(ORIGINAL)
    monkeypatch.chdir(tmp_path)
    assert "originals" not in sys.modules


def verify(original: str, *options: str) -> Result:
    command = ["verify", "tower.slim", "--against", f"tf_slim:originals:{original}"]
    return CliRunner().invoke(main, [*command, *options])


def test_a_network_is_its_original() -> None:
    outcome = verify("tower(depth=4)", "--training", "--batch=4", "--format=json")

    found = json.loads(outcome.stdout)
    names = [point["name"] for point in found["end_points"]]
    assert outcome.exit_code == 0, outcome.stdout
    assert found["diverges"] is None
    assert names == ["tower/conv1", "pool1"]
    assert found["missing"] == ["nowhere"]
    assert found["images"] == [4, 16, 16, 3]
    # One layer's sum of products in float32, in an order that may differ.
    assert found["output"] < 2e-6
    assert set(found["training"]) == {"logits", "loss", "gradients", "moving"}
    assert max(found["training"].values()) < 1e-4


def test_moving_averages_are_drawn_near_what_they_move_to_fused_or_not(
    tmp_path: Path,
) -> None:
    import numpy as np
    import tensorflow as tf

    moving = {}
    for fused in (True, False):
        against = Against("tf_slim", "tower", "originals", {"fused": fused})
        request = ComparisonRequest(against, "tower.py", (2, 16, 16, 3))
        folder = tmp_path / str(fused)
        folder.mkdir()
        request.write(folder)
        session.start("slim_side", folder)
        found = tf.train.load_checkpoint(str(folder / "model.ckpt"))
        moving[fused] = {
            name: found.get_tensor(name)
            for name in found.get_variable_to_shape_map()
            if "/moving_" in name
        }

    assert len(moving[True]) == 4
    assert min(np.ptp(value) for value in moving[True].values()) > 0
    # The fused one divides by n - 1: here by 511 and by 127 instead of 512 and 128.
    for name, value in moving[True].items():
        np.testing.assert_allclose(moving[False][name], value, rtol=0.01, atol=1e-6)


def test_another_network_is_not_and_the_first_layer_is_named() -> None:
    outcome = verify("tower", "-Dactivation=elu", "--size=20x24")

    lines = outcome.stdout.splitlines()
    assert outcome.exit_code == 1
    assert "2 images of 20x24x3" in lines[1]
    assert lines[-1].startswith("different: ")
    assert lines[-1].endswith(" is that of tower/conv1")


def test_an_original_that_is_not_finite_is_not_equal() -> None:
    outcome = verify('tower(act="log")', "--format=json")

    found = json.loads(outcome.stdout, parse_constant=pytest.fail)
    assert outcome.exit_code == 1
    assert found["end_points"][0] == {"name": "tower/conv1", "difference": None}
    assert (found["output"], found["diverges"]) == (None, "tower/conv1")


def test_a_step_of_training_tells_relu6_from_relu() -> None:
    same = verify('tower(act="relu6")', "-Dactivation=relu6", "--training", "--batch=4")
    relu = verify('tower(act="relu6")', "-Dactivation=relu", "--training", "--batch=4")

    assert same.exit_code == 0, same.stdout
    assert relu.exit_code == 1, relu.stdout


def test_an_original_of_another_width_cannot_be_compared() -> None:
    outcome = verify("tower(depth=5)")

    assert outcome.exit_code == 1
    assert "error[E942]: `tower` cannot be compared: " in outcome.stderr
    assert ": what the original saved does not fit Tower: " in outcome.stderr
    assert "tower/conv1/weights" in outcome.stderr
    assert "  = help: `-D NAME=VALUE` sets a parameter " in outcome.stderr


@pytest.mark.parametrize(
    ("original", "options", "reason"),
    [
        ("tower(deep=5)", [], "`tower` takes no argument `deep`"),
        ("spire", [], "`originals` has no function `spire`"),
        ('tower(act="tan")', [], "KeyError: 'tan'"),
        ("stair", [], "  = help: ValueError: the first line\n"),
        ("tower", ["--weights=tower.ckpt"], "`tower.ckpt` does not exist"),
        ("tower", ["--weights=tower.slim"], ": Unable to open table file "),
    ],
)
def test_an_original_that_cannot_be_run_says_why(
    original: str, options: list[str], reason: str
) -> None:
    outcome = verify(original, *options)

    assert outcome.exit_code == 1
    assert "error[E941]: `tf_slim:originals:" in outcome.stderr
    assert reason in outcome.stderr
