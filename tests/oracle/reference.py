"""Ask TF-Slim: start the oracle's programs and read what they wrote. No TensorFlow here."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from slimgen.verify.reference import Group, variables

# TF-Slim needs a few minutes at most for all layers on two busy cores.
TIME_LIMIT = 900


class LayerReference:
    """One call of a layer as TF-Slim runs it; see `oracle.layers` for what a case is.

    Attributes:
        error: Why TF-Slim cannot run it here, or None; then the rest is there.
        variables: In TF-Slim's order of creation.
        input, output: The tensor that went in, the one that came out.
        cotangent: By what `output` was multiplied and summed to be differentiated; None
            where there is nothing to differentiate.
        input_gradient: Of that sum; None where the output does not depend on the input.
        gradients: Of that sum, by the variable's name.
        initial, values, after: The variables as TF-Slim initialises them, as they were for
            this call, and after it with all updates of moving averages.
        regularization: Terms of the loss, by the variable's name.
    """

    def __init__(self, arrays: Any, outcome: dict[str, Any]) -> None:
        prefix = f"{outcome['id']}|"
        self.error: str | None = outcome["error"]
        self.variables = variables(outcome["variables"])
        self.initial = Group(arrays, f"{prefix}initial")
        self.values = Group(arrays, f"{prefix}value")
        self.after = Group(arrays, f"{prefix}after")
        self.gradients = Group(arrays, f"{prefix}gradient")
        self.regularization = Group(arrays, f"{prefix}regularization")
        self.input, self.output, self.cotangent, self.input_gradient = (
            arrays.get(prefix + key)
            for key in ("input", "output", "cotangent", "input_gradient")
        )


def run_layers(cases: list[dict[str, Any]], folder: Path) -> dict[str, LayerReference]:
    """Run all `cases` in one process; return what came of each by its id."""
    request, result = folder / "cases.json", folder / "layers.npz"
    if not result.exists():
        folder.mkdir(parents=True, exist_ok=True)
        request.write_text(json.dumps(cases))
        start("run_layers", str(request), str(result))
    return read_layers(folder)


def read_layers(folder: Path) -> dict[str, LayerReference]:
    """Return what `run_layers` wrote into `folder`."""
    with np.load(folder / "layers.npz") as file:
        arrays = dict(file)
    outcomes = json.loads(str(arrays["index"]))
    return {outcome["id"]: LayerReference(arrays, outcome) for outcome in outcomes}


def compare_layers(model: Path, reference: Path) -> dict[str, Any]:
    """Return what `oracle.compare_layers` finds of each case, or the error it died of."""
    return json.loads(start("compare_layers", str(model), str(reference)))


def count_networks(specs: list[list[Any]]) -> list[dict[str, int]]:
    """Return `count.Counts` as a dict for each of `oracle.count`'s specs, in one process."""
    return json.loads(start("count", json.dumps(specs)))


# TensorFlow's own kernels for CPUs take no channels first: TF-Slim's layers run with these,
# which newer processors use anyway.
ONEDNN = {"TF_ENABLE_ONEDNN_OPTS": "1"}


def start(
    program: str, *arguments: str, kernels: Mapping[str, str] = MappingProxyType(ONEDNN)
) -> str:
    """Run one of the oracle's programs to its end and return what it printed.

    Args:
        kernels: Environment variables that select TensorFlow's kernels; empty: the same
            kernels as for a built file.
    """
    tests = Path(__file__).parents[1]
    finished = subprocess.run(
        [sys.executable, "-m", f"oracle.{program}", *arguments],
        cwd=tests,
        env={**os.environ, **kernels, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    return finished.stdout
