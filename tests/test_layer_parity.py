"""Every argument of TF-Slim's layers does what it does in TF-Slim.

One file with a network for each case of `oracle.cases` is built; TF-Slim runs the layers in
a process of its own, the built file in another, with the same values in all variables.
"""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from oracle.cases import CASES, source
from oracle.reference import compare_layers, run_layers

pytestmark = [pytest.mark.slow, pytest.mark.oracle]

# One layer sums at most a few hundred products in float32, in an order that may differ:
# ten ulps of the largest magnitude.
TOLERANCE = 2e-6

# A float16 has eleven bits, and the variables' gradients sum a hundred of them.
HALF_TOLERANCE = 2e-3

# Random draws cannot be equal; test_dropout below compares them with their formula.
RANDOM = {"dropout-training", "dropout-noise-shape"}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layers")
    model = folder / "cases.py"
    (folder / "cases.slim").write_text(source(CASES), encoding="utf-8")
    command = [sys.executable, "-m", "slimgen", "build", str(folder / "cases.slim")]
    finished = subprocess.run(
        [*command, "-o", str(model), "--passes", "none"], capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    references = run_layers(CASES, folder)
    return references, compare_layers(model, folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_layer_is_tf_slim_s(comparison, case):
    references, outcomes = comparison
    reference, outcome = references[case["id"]], outcomes[case["id"]]
    tolerance = HALF_TOLERANCE if case["dtype"] == "float16" else TOLERANCE
    expected = [[v.name, list(v.shape), v.trainable] for v in reference.variables]

    assert isinstance(outcome, dict), outcome
    # Not in order: TF-Slim creates gamma before beta or after it, as its code path has it.
    assert sorted(expected) == sorted(outcome["variables"])
    assert {} == beyond(0.0, outcome["initial"])
    assert {} == beyond(tolerance, outcome["regularization"])
    if case["id"] not in RANDOM:
        of_input = {key: outcome[key] for key in ("output", "input_gradient")}
        assert {} == beyond(tolerance, of_input)
        assert {} == beyond(tolerance, outcome["gradients"])
        assert {} == beyond(tolerance, outcome["after"])


def test_dropout_keeps_its_share_and_scales_it(comparison):
    _, outcomes = comparison

    ratios = outcomes["dropout-training"]["ratios"]

    assert ["0.0", "1.4286"] == sorted(ratios)
    # Five standard deviations of a mean of 4096 draws with p = 0.7.
    assert ratios["1.4286"] == pytest.approx(0.7, abs=0.036)


def beyond(tolerance: float, deviations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the deviations that are too large; None is one that cannot be measured."""
    return {
        name: deviation
        for name, deviation in deviations.items()
        if deviation is None or deviation > tolerance
    }
