"""Whole training steps: what a checkpoint keeps of them, and the same steps under XLA."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import trainer

tf = pytest.importorskip("tensorflow")

NETWORK = """
network small(classes = 3) {
  input images 4x4x1
  conv 2 3x3 normalizer=batch_norm(decay=0.5) as conv
  flatten
  dropout 0.5
  fc classes activation=none as logits
}
"""
IMAGES = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype(np.float32)
LABELS = {"label": tf.constant(np.arange(8) % 3)}
ALL = (
    "batch 8", "multiply_gradients conv 0.5", "clip global_norm=0.5", "accumulate 2",
    "average 0.9",
)  # fmt: skip


def steps(module: ModuleType, run: Any, count: int) -> None:
    """Make steps of a run."""
    step = module.training_step(run)
    for _ in range(count):
        step(tf.constant(IMAGES), LABELS)


def state(run: Any) -> dict[str, np.ndarray]:
    """All that a run changes, by TensorFlow's names; averages have their own."""
    variables = [
        *run.model.variables, *run.optimizer.variables, *run.averages.shadows.values(),
        run.step,
    ]  # fmt: skip
    named = {v.name: v.numpy() for v in variables}
    assert len(named) == len(variables)
    return {**named, "generator": run.model.generator.state.numpy()}


@pytest.mark.parametrize(
    "rule",
    [
        "sgd", "momentum 0.9", "rmsprop momentum=0.9", "adam", "adagrad", "adadelta",
        "ftrl", "adamw", "lamb", "lion",
    ],
)  # fmt: skip
def test_a_checkpoint_has_all_that_the_next_step_needs(
    rule: str, tmp_path: Path
) -> None:
    module = trainer(tmp_path, f"optimizer {rule}", "average 0.9", network=NETWORK)
    settings = module.Settings(directory=str(tmp_path / "run"), batch=8)
    whole = module.Run(settings, 8)
    whole.resume()
    steps(module, whole, 2)
    whole.save()
    at_checkpoint = state(whole)
    steps(module, whole, 2)
    resumed = module.Run(settings, 8)
    resumed.resume()
    slots = {variable.name for variable in resumed.optimizer.variables}

    assert all(np.array_equal(v, at_checkpoint[n]) for n, v in state(resumed).items())
    steps(module, resumed, 2)
    found, expected = state(resumed), state(whole)
    assert [n for n in expected if not np.array_equal(found[n], expected[n])] == []
    moved = {n for n in expected if not np.array_equal(expected[n], at_checkpoint[n])}
    assert moved >= slots | {"global_step:0", "generator"}
    assert {n for n in moved if n.endswith("/ExponentialMovingAverage:0")}


@pytest.mark.slow
def test_steps_compiled_by_xla_give_the_same(tmp_path: Path) -> None:
    module = trainer(tmp_path, "optimizer adam", *ALL, network=NETWORK)
    found = []
    for jit in ("off", "on"):
        run = module.Run(module.Settings(learning_rate=0.01, jit=jit), 8)
        before = state(run)
        steps(module, run, 3)
        found.append(state(run))
    plain, compiled = found

    assert all(not np.array_equal(plain[n], before[n]) for n in plain)
    for name, value in plain.items():
        # Sums in another order differ by some 1e-7. Adam divides a gradient by its size,
        # so that of the 0.03 which three steps move a small one is right to 1e-4.
        np.testing.assert_allclose(
            compiled[name], value, rtol=1e-4, atol=3e-6, err_msg=name
        )
