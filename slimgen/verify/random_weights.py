"""Random images, labels and variables, the same in whatever order they are drawn."""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from slimgen.verify.request import ComparisonRequest

Array = npt.NDArray[np.float32]

# Weights of a depthwise convolution: each channel's sum is over its window.
DEPTHWISE = ("depthwise_weights", "depthwise_kernel")


def random(request: ComparisonRequest, purpose: str) -> np.random.Generator:
    """Return the random numbers of `purpose`."""
    return np.random.default_rng([request.seed, zlib.crc32(purpose.encode())])


def images(request: ComparisonRequest) -> Array:
    """Return images of unit variance with coarse and fine parts, as pictures have.

    Of noise without coarse parts deep layers see the average alone: all places become alike,
    and batch norm turns rounding into differences.
    """
    numbers = random(request, "images")
    batch, *sizes, channels = request.shape
    found = np.zeros(request.shape, np.float32)
    for step in (2**i for i in range(max(sizes, default=1).bit_length())):
        cells = [-(-size // step) for size in sizes]
        part = numbers.standard_normal((batch, *cells, channels), np.float32)
        for axis in range(1, len(sizes) + 1):
            part = np.repeat(part, step, axis)
        found += part[tuple(slice(size) for size in request.shape)]
    return found / np.float32(found.std())


def labels(request: ComparisonRequest, shape: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return a label for every place of logits of `shape`, flattened."""
    numbers = random(request, "labels")
    return numbers.integers(0, shape[-1], int(np.prod(shape[:-1])))


def variable_value(
    request: ComparisonRequest, name: str, shape: Sequence[int]
) -> Array:
    """Return a random value that keeps activations near one; a moving statistic's is 0."""
    numbers = random(request, name)
    leaf = name.rpartition("/")[2]
    if leaf in ("moving_mean", "moving_variance"):
        return np.zeros(shape, np.float32)
    if leaf == "variance":  # of a layer that divides by its root
        return numbers.uniform(0.8, 1.25, shape).astype(np.float32)
    # Small scales and mostly positive units: what relu and batch norm make of noise grows
    # with every layer, and what is compared is the network and not the rounding.
    scale, offset = (0.5, 0.5) if request.gentle else (1.0, 0.0)
    if leaf == "gamma":
        return numbers.uniform(scale - 0.2, scale + 0.2, shape).astype(np.float32)
    if leaf == "beta":
        return numbers.normal(offset, 0.2, shape).astype(np.float32)
    if len(shape) < 2:
        return numbers.normal(0.0, 0.2, shape).astype(np.float32)
    value = numbers.standard_normal(shape, np.float32)
    if leaf in DEPTHWISE:
        return value * np.float32(np.sqrt(2 / np.prod(shape[:2])))
    # He's scale: a sum over the fan-in, half of it lost to relu. Without a mean, for
    # activations have one, and layer after layer would blow up what differs.
    value -= value.mean(axis=tuple(range(len(shape) - 1)))
    return value * np.float32(np.sqrt(2 / np.prod(shape[:-1])))


def moving_value(request: ComparisonRequest, name: str, batch: Array) -> Array:
    """Return a moving statistic near the batch's one, and not equal to it.

    A network whose batch norm divides by a number out of the air grows or fades with depth.
    """
    numbers = random(request, f"{name} disturbed")
    if name.endswith("moving_variance"):
        value = batch * numbers.uniform(0.8, 1.25, batch.shape) + 1e-3
    else:
        value = batch + numbers.normal(0.0, 0.05, batch.shape)
    return value.astype(np.float32)
