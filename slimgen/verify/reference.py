"""The original's results, as its program saved them."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from slimgen.frozen import Frozen
from slimgen.verify.untyped import Report

# The auxiliary head's part of the loss in research/slim's training script.
AUXILIARY_WEIGHT = 0.4

Array = npt.NDArray[Any]


class ReferenceVariable(Frozen):
    """A variable of the original, by its own name."""

    name: str
    shape: tuple[int, ...]
    trainable: bool


class Group(Mapping[str, Array]):
    """Arrays of one kind, by name, each read from the file when it is asked for."""

    def __init__(self, arrays: Mapping[str, Array], kind: str) -> None:
        self._arrays = arrays
        self._prefix = f"{kind}:"

    def __getitem__(self, name: str) -> Array:
        found: Array = self._arrays[self._prefix + name]
        return found

    def __iter__(self) -> Iterator[str]:
        for key in self._arrays:
            if key.startswith(self._prefix):
                yield key.removeprefix(self._prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Reference:
    """One network as its own library has it: its weights, and what it computes.

    Attributes:
        weights: Files in which the library saved the same values, one of each format.
        libraries: Versions, by name.
        variables: All variables, in the original's order of creation.
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
        facts = json.loads(str(arrays["facts"]))
        self.weights: list[str] = facts["weights"]
        self.libraries: dict[str, str] = facts["libraries"]
        self.headless: bool = facts["headless"]
        self.auxiliary: bool = facts["auxiliary"]
        self.variables = variables(facts["variables"])
        self.end_points = Group(arrays, "end_point")
        self.regularization = Group(arrays, "regularization")
        self.gradients = Group(arrays, "gradient")
        self.moving = Group(arrays, "moving")
        self._arrays = arrays

    @cached_property
    def images(self) -> Array:
        return self._read("images")

    @cached_property
    def labels(self) -> Array:
        return self._read("labels")

    @cached_property
    def logits(self) -> Array:
        return self._read("logits")

    @cached_property
    def training_logits(self) -> Array:
        return self._read("training_logits")

    @cached_property
    def loss(self) -> Array:
        return self._read("loss")

    def _read(self, name: str) -> Array:
        found: Array = self._arrays[name]
        return found


def variables(described: list[Report]) -> list[ReferenceVariable]:
    """Return the variables that a program described in JSON."""
    return [
        ReferenceVariable(v["name"], tuple(v["shape"]), v["trainable"])
        for v in described
    ]


def prefixed(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return `arrays` under keys that say what they are."""
    return {f"{prefix}:{name}": np.asarray(value) for name, value in arrays.items()}
