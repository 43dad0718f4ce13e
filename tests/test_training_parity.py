"""A built file trains as TF-Slim does: the same losses, weights, slots and averages.

TF-Slim trains every case of `oracle.training_cases` in one process. A network with
softplus and average pooling runs freely through the same batches. With relu half an ulp
turns units on and off and grows to anything in thirty steps, so there each step starts from
TF-Slim's weights and slots, and it is the step that has to agree.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import module_of

from oracle.reference import start
from oracle.training_cases import CASES, EXAMPLES, STEPS, Case

tf = pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.slow, pytest.mark.oracle]

# Sums of float32 in another order, thirty times; weights and losses are near one.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, np.ndarray]:
    """What TF-Slim did."""
    folder = tmp_path_factory.mktemp("training")
    file = folder / "cases.json"
    file.write_text(json.dumps([case.as_json() for case in CASES.values()]))
    start("run_training", str(file), str(folder / "out.npz"))
    return dict(np.load(folder / "out.npz"))


class Training:
    """A built file's run, variable for variable beside TF-Slim's."""

    def __init__(self, module: ModuleType, folder: Path) -> None:
        self.module = module
        settings = module.Settings(directory=str(folder / "run"))
        self.run = module.Run(settings, module.NETWORK, EXAMPLES)
        self.step = module.training_step(self.run, settings, False)
        self.variables = dict(self.run.model.named_variables)
        for owner in (self.run.optimizer, getattr(self.run, "averages", None)):
            for variable in owner.variables if owner is not None else ():
                self.variables[variable.name.removesuffix(":0")] = variable
        self.variables["global_step"] = self.run.step

    def load(self, values: Mapping[str, np.ndarray], step: int) -> None:
        """Take all of TF-Slim's values before a step; each has its place, and is its own."""
        assert values.keys() == self.variables.keys()
        for name, value in values.items():
            self.variables[name].assign(value[step])

    def batch(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Take a step; return its loss."""
        loss, _ = self.step(tf.constant(images), {"label": tf.constant(labels)})
        return float(loss)

    def values(self) -> dict[str, np.ndarray]:
        """The values of all variables."""
        return {name: one.numpy() for name, one in self.variables.items()}


def expected_values(reference: Mapping[str, np.ndarray], case: Case) -> dict[str, Any]:
    """TF-Slim's variables over the steps, by name."""
    begin = f"{case.id}|"
    return {
        name.removeprefix(begin).removeprefix("train_op/"): value
        for name, value in reference.items()
        if name.startswith(begin) and name != f"{begin}loss"
    }


@pytest.mark.parametrize("name", CASES)
def test_a_training_is_tf_slims(
    name: str, reference: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    case = CASES[name]
    training = Training(module_of(tmp_path, case.source()), tmp_path)
    expected = expected_values(reference, case)
    losses = reference[f"{name}|loss"]
    training.load(expected, 0)
    for step in range(STEPS):
        if not case.smooth:
            training.load(expected, step)
        loss = training.batch(reference["images"][step], reference["labels"][step])
        assert loss == pytest.approx(losses[step], rel=TOLERANCE, abs=TOLERANCE)
        if case.smooth and step < STEPS - 1:
            continue
        for variable, value in training.values().items():
            np.testing.assert_allclose(
                value, expected[variable][step + 1], rtol=TOLERANCE, atol=TOLERANCE,
                err_msg=f"{variable} after step {step + 1}",
            )  # fmt: skip
    moved = [np.abs(value[-1] - value[0]).max() for value in expected.values()]
    assert max(moved) > 100 * TOLERANCE
