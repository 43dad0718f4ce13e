"""The deviation of arrays, as a part of the original's largest magnitude.

None is for arrays of unlike shapes. Values that are not finite, on either side or on both, are
infinitely far apart: behind them everything is alike, whatever the network.
"""

import math
from collections.abc import Mapping

import numpy as np

from slimgen.verify.reference import Array
from slimgen.verify.untyped import Tensor

# Gradients of biases and betas below this part of the largest gradient are rounding.
NOISE = 1e-5


def deviation(found: Tensor, expected: Tensor) -> float | None:
    """Return max|found - expected| / max|expected|."""
    found, expected = (np.asarray(x, np.float64) for x in (found, expected))
    if found.shape != expected.shape:
        return None
    if not (np.all(np.isfinite(found)) and np.all(np.isfinite(expected))):
        return math.inf
    if not found.size:
        return 0.0
    largest = max(np.max(np.abs(expected)), 1e-30)
    return float(np.max(np.abs(found - expected)) / largest)


def deviations(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> dict[str, float | None]:
    """Return the deviation of each array; None for one that only one side has."""
    names = [*expected, *(name for name in found if name not in expected)]
    both = {name for name in names if name in found and name in expected}
    return {
        name: deviation(found[name], expected[name]) if name in both else None
        for name in names
    }


def without_noise(gradients: Mapping[str, Tensor]) -> dict[str, Array]:
    """Return gradients with zeros for biases and betas that a later batch norm takes away again.

    Their gradients are 0, and what is computed is the rounding of sums of large terms.
    """
    arrays = {name: np.asarray(value) for name, value in gradients.items()}
    largest = {name: float(np.max(np.abs(a), initial=0)) for name, a in arrays.items()}
    bound = NOISE * max(largest.values(), default=0.0)
    return {
        name: (
            np.zeros_like(array)
            if name.endswith(("biases", "beta")) and largest[name] < bound
            else array
        )
        for name, array in arrays.items()
    }
