"""The result of a comparison, as a table and as JSON."""

import json
import math

from slimgen.frozen import Frozen
from slimgen.verify.untyped import Json, Report

# A gradient sums over all places of the images, a hundred times what an activation does.
TRAINING = 100

OUTPUT = "the output"


class Verdict(Frozen):
    """The result of `session.compare` for one network, and the largest deviation allowed.

    Attributes:
        tolerance: For values, in parts of the largest magnitude of the original's array.
        found: `built_side.compare`'s findings.
        training: Those of the smooth networks' step of training, or None.
    """

    source: str
    network: str
    against: str
    shape: tuple[int, ...]
    tolerance: float
    found: Report
    training: Report | None = None

    @property
    def points(self) -> dict[str, float | None]:
        """Deviations in the network's order, the output's last, as `deviations` has them."""
        inference = self.found["inference"]
        return {**inference["end_points"], OUTPUT: inference["logits"]}

    @property
    def step(self) -> dict[str, float | None]:
        """The largest deviation of each kind of a training step's results."""
        if self.training is None:
            return {}
        there = {key: value for key, value in self.training.items() if value != {}}
        return {key: _largest(value) for key, value in there.items()}

    @property
    def first(self) -> tuple[str, float | None] | None:
        """The first file, end point, or part of a training step, that is too far off."""
        weights = self.found["weights"].items()
        restored = {f"what is restored from {name}": value for name, value in weights}
        for values, bound in (
            (restored, 0.0),
            (self.points, self.tolerance),
            (self.step, self.tolerance * TRAINING),
        ):
            for name, value in values.items():
                if value is None or value > bound:
                    return name, value
        return None

    @property
    def diverges(self) -> str | None:
        """The name of the first that is too far off."""
        return self.first[0] if self.first else None


def _largest(value: Json) -> float | None:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    if any(one is None for one in value.values()):
        return None
    return max(value.values(), default=0.0)


def verdict_text(verdict: Verdict) -> str:
    """Write a verdict for people."""
    images = "x".join(str(size) for size in verdict.shape[1:])
    libraries = ", ".join(f"{k} {v}" for k, v in verdict.found["libraries"].items())
    weights = ", ".join(verdict.found["weights"])
    points = verdict.points
    width = max(map(len, [*points, *verdict.found["inference"]["missing"]]))
    count = len(verdict.found["variables"])
    lines = [
        f"{verdict.source}: {verdict.network} against {verdict.against}",
        f"{libraries}; {verdict.shape[0]} images of {images}; "
        f"{count} variable{'s' * (count != 1)} from {weights}",
        "",
        f"{'end point'.ljust(width)}  difference",
        *(f"{name.ljust(width)}  {_number(value)}" for name, value in points.items()),
    ]
    lines += [
        f"{n.ljust(width)}  not here" for n in verdict.found["inference"]["missing"]
    ]
    if verdict.training is not None:
        lines += ["", f"{'training'.ljust(width)}  difference"]
        lines += [f"{n.ljust(width)}  {_number(v)}" for n, v in verdict.step.items()]
    return "\n".join([*lines, "", _conclusion(verdict), ""])


def _conclusion(verdict: Verdict) -> str:
    bound = f"{verdict.tolerance:g} of the largest magnitude"
    if verdict.first is None:
        return f"equal: no difference is above {bound}"
    name, value = verdict.first
    if value is None:
        return f"different: the first that cannot be compared is {name}"
    if value == math.inf:
        return f"not comparable: the values of {name} are not finite, here or in the original"
    return f"different: the first difference above {bound} is that of {name}"


def _number(value: float | None) -> str:
    if value is None:
        return "not comparable"
    if value == math.inf:
        return "not finite"
    return "0" if value == 0 else f"{value:.1e}"


def _finite(value: float | None) -> float | None:
    return None if value == math.inf else value


def verdict_json(verdict: Verdict) -> str:
    """Write a verdict for programs."""
    points, step = (
        {name: _finite(value) for name, value in values.items()}
        for values in (verdict.points, verdict.step)
    )
    document = {
        "source": verdict.source,
        "network": verdict.network,
        "against": verdict.against,
        "libraries": verdict.found["libraries"],
        "images": list(verdict.shape),
        "variables": len(verdict.found["variables"]),
        "weights": list(verdict.found["weights"]),
        "tolerance": verdict.tolerance,
        "end_points": [
            {"name": name, "difference": points[name]}
            for name in verdict.found["inference"]["end_points"]
        ],
        "output": points[OUTPUT],
        "missing": verdict.found["inference"]["missing"],
        "training": step or None,
        "diverges": verdict.diverges,
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
