"""Ask TF-Slim: start the oracle's programs and read what they wrote. No TensorFlow here."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

# The auxiliary head's part of the loss in research/slim's training script.
AUXILIARY_WEIGHT = 0.4

# TF-Slim needs a few minutes at most for ResNet-152 at full size on two busy cores.
TIME_LIMIT = 900


@dataclass(frozen=True)
class Variable:
    """A variable of TF-Slim's graph, by its op name."""

    name: str
    shape: tuple[int, ...]
    trainable: bool


class Group(Mapping[str, np.ndarray]):
    """Arrays of one kind, by name, each read from the file when it is asked for."""

    def __init__(self, arrays: Any, kind: str) -> None:
        self._arrays = arrays
        self._prefix = f"{kind}:"

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        for key in self._arrays.files:
            if key.startswith(self._prefix):
                yield key.removeprefix(self._prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Reference:
    """One network as TF-Slim has it: its checkpoint, and what it computes.

    Attributes:
        checkpoint: Path of the checkpoint that TF1's Saver wrote.
        variables: All variables, in TF-Slim's order of creation.
        images: [batch, height, width, channels].
        labels: A class for every place of the logits, flattened.
        logits, end_points: Of the network in use, with its moving statistics.
        training_logits, loss: With batch norm in training mode and dropout off. The loss is
            the mean cross-entropy (0.4 of it again for an auxiliary head; the mean square
            of the features where there is no head) and the regularisers.
        regularization, gradients: By the variable's name.
        moving: Moving averages after one update.
    """

    def __init__(self, folder: Path) -> None:
        arrays = np.load(folder / "reference.npz")
        self.checkpoint = str(folder / "model.ckpt")
        self.variables = _variables(json.loads(str(arrays["variables"])))
        self.end_points = Group(arrays, "end_point")
        self.regularization = Group(arrays, "regularization")
        self.gradients = Group(arrays, "gradient")
        self.moving = Group(arrays, "moving")
        self._arrays = arrays

    @cached_property
    def images(self) -> np.ndarray:
        return self._arrays["images"]

    @cached_property
    def labels(self) -> np.ndarray:
        return self._arrays["labels"]

    @cached_property
    def logits(self) -> np.ndarray:
        return self._arrays["logits"]

    @cached_property
    def training_logits(self) -> np.ndarray:
        return self._arrays["training_logits"]

    @cached_property
    def headless(self) -> bool:
        """Whether the network ends in features: then there are no classes to be right."""
        return bool(self._arrays["headless"])

    @cached_property
    def loss(self) -> float:
        return float(self._arrays["loss"])


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
        self.variables = _variables(outcome["variables"])
        self.initial = Group(arrays, f"{prefix}initial")
        self.values = Group(arrays, f"{prefix}value")
        self.after = Group(arrays, f"{prefix}after")
        self.gradients = Group(arrays, f"{prefix}gradient")
        self.regularization = Group(arrays, f"{prefix}regularization")
        self.input, self.output, self.cotangent, self.input_gradient = (
            arrays.get(prefix + key)
            for key in ("input", "output", "cotangent", "input_gradient")
        )


def _variables(described: list[dict[str, Any]]) -> list[Variable]:
    return [Variable(v["name"], tuple(v["shape"]), v["trainable"]) for v in described]


def run_network(network: str, options: Mapping[str, Any], folder: Path) -> Reference:
    """Run TF-Slim's `network` with `networks.Options(**options)`, unless `folder` has it.

    Raises:
        AssertionError: TF-Slim cannot run it; the message is what it printed.
    """
    if not (folder / "reference.npz").exists():
        folder.mkdir(parents=True, exist_ok=True)
        start("run", network, str(folder), "--options", json.dumps(dict(options)))
    return Reference(folder)


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
    arrays = np.load(folder / "layers.npz")
    outcomes = json.loads(str(arrays["index"]))
    return {outcome["id"]: LayerReference(arrays, outcome) for outcome in outcomes}


def compare(
    model: Path,
    network: str,
    reference: Path,
    *,
    jit: bool = False,
    smooth: bool = False,
) -> dict[str, Any]:
    """Return what `oracle.compare` finds of `network` in the built file `model`."""
    flags = ["--jit"] * jit + ["--smooth"] * smooth
    return json.loads(start("compare", str(model), network, str(reference), *flags))


def compare_layers(model: Path, reference: Path) -> dict[str, Any]:
    """Return what `oracle.compare_layers` finds of each case, or the error it died of."""
    return json.loads(start("compare_layers", str(model), str(reference)))


def count_networks(specs: list[tuple[str, dict[str, Any]]]) -> list[dict[str, int]]:
    """Return `count.Counts` as a dict for each (network, options), all in one process."""
    return json.loads(start("count", json.dumps(specs)))


def start(program: str, *arguments: str) -> str:
    """Run one of the oracle's programs to its end and return what it printed."""
    tests = Path(__file__).parents[1]
    finished = subprocess.run(
        [sys.executable, "-m", f"oracle.{program}", *arguments],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    return finished.stdout
