"""Run a built network beside its reference and say how far apart they are.

    python -m oracle.compare MODEL.py NETWORK FOLDER [--jit] [--smooth]

FOLDER is what `oracle.run` filled. The program restores TF-Slim's checkpoint by the built
file's own `restore`, repeats what the oracle did and prints JSON: the network's variables in
order, what `restore` left over, and each array's deviation by kind and name. A deviation is
the largest difference over the largest magnitude of TF-Slim's array.

It is a program so that the memory of a large network is given back, and so that TensorFlow
is never loaded into the tests themselves. Nothing of `oracle.shim` is used here.
"""

import argparse
import importlib.util
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from oracle.reference import AUXILIARY_WEIGHT, Reference

# Gradients of biases below this part of the largest gradient are rounding.
NOISE = 1e-5

# What makes a built file smooth, as `load_slim(smooth=True)` makes TF-Slim.
SMOOTH = {
    r"\btf\.nn\.relu\b": "tf.nn.softplus",
    r"\btf\.nn\.max_pool": "tf.nn.avg_pool",
}


def main() -> None:
    """Compare the model of the command line and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("network")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--smooth", action="store_true")
    arguments = parser.parse_args()
    module = load(arguments.model, smooth=arguments.smooth)
    model = getattr(module, class_name(arguments.network))()
    reference = Reference(arguments.folder)
    module.restore(model, reference.checkpoint)
    found = {
        "variables": [
            [name, list(variable.shape), variable.trainable, variable.name]
            for name, variable in model.named_variables.items()
        ],
        "inference": inference(model, reference, arguments.jit),
        "training": training(model, reference, arguments.jit),
    }
    print(json.dumps(found))


def class_name(network: str) -> str:
    """Return the emitted class of `network`: resnet_v1_50 is ResnetV150."""
    return "".join(part.capitalize() for part in network.split("_"))


def load(path: Path, *, smooth: bool) -> Any:
    """Import the built file at `path`; `smooth` replaces relu and max pooling in it."""
    if smooth:
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in SMOOTH.items():
            text, count = re.subn(pattern, replacement, text)
            assert count, f"nothing to replace by {replacement} in {path}"
        path = path.with_name(f"{path.stem}_smooth.py")
        path.write_text(text, encoding="utf-8")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def inference(model: Any, reference: Reference, jit: bool) -> dict[str, Any]:
    """Return deviations of the logits and of TF-Slim's end points, and the keys not there."""
    import tensorflow as tf

    points = list(reference.end_points)

    @tf.function(jit_compile=jit, autograph=False)
    def run(images: Any) -> Any:
        logits, found = model(images, training=False)
        return logits, {name: found[name] for name in points if name in found}

    logits, found = run(tf.constant(reference.images))
    return {
        "logits": deviation(logits, reference.logits),
        "end_points": deviations(found, reference.end_points),
        "missing": [name for name in points if name not in found],
    }


def training(model: Any, reference: Reference, jit: bool) -> dict[str, Any]:
    """Return deviations of the loss, its terms, the gradients and the moving averages."""
    import tensorflow as tf

    variables = model.named_variables
    trainable = {name: v for name, v in variables.items() if v.trainable}

    @tf.function(jit_compile=jit, autograph=False)
    def run(images: Any) -> Any:
        with tf.GradientTape() as tape:
            logits, points = model(images, training=True)
            terms = model.regularization_losses
            loss = total_loss(logits, points, reference) + sum(terms.values())
        return logits, loss, terms, tape.gradient(loss, trainable)

    logits, loss, terms, gradients = run(tf.constant(reference.images))
    moving = {name: v for name, v in variables.items() if not v.trainable}
    return {
        "logits": deviation(logits, reference.training_logits),
        "loss": deviation(loss, reference.loss),
        "regularization": deviations(terms, reference.regularization),
        "gradients": deviations(
            without_noise(gradients), without_noise(reference.gradients)
        ),
        "moving": deviations(moving, reference.moving),
    }


def total_loss(logits: Any, points: Mapping[str, Any], reference: Reference) -> Any:
    """Return the loss that `oracle.run.total_loss` minimises, less the regularisers."""
    import tensorflow as tf

    if reference.headless:
        return tf.reduce_mean(tf.square(logits))
    loss = cross_entropy(logits, reference.labels)
    if "AuxLogits" in reference.end_points:
        loss += AUXILIARY_WEIGHT * cross_entropy(points["AuxLogits"], reference.labels)
    return loss


def cross_entropy(logits: Any, labels: np.ndarray) -> Any:
    """Return the mean cross-entropy over all places of `logits`."""
    import tensorflow as tf

    flat = tf.reshape(logits, [-1, logits.shape[-1]])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, flat)
    return tf.reduce_mean(losses)


def without_noise(gradients: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return gradients with zeros for biases that a later batch norm takes away again.

    Their gradients are 0, and what is computed is the rounding of sums of large terms.
    """
    arrays = {name: np.asarray(value) for name, value in gradients.items()}
    largest = {name: float(np.max(np.abs(a), initial=0)) for name, a in arrays.items()}
    bound = NOISE * max(largest.values(), default=0.0)
    return {
        name: (
            np.zeros_like(array)
            if name.endswith("biases") and largest[name] < bound
            else array
        )
        for name, array in arrays.items()
    }


def deviations(
    found: Mapping[str, Any], expected: Mapping[str, np.ndarray]
) -> dict[str, float | None]:
    """Return the deviation of each array; None for one that only one side has."""
    names = [*expected, *(name for name in found if name not in expected)]
    both = {name for name in names if name in found and name in expected}
    return {
        name: deviation(found[name], expected[name]) if name in both else None
        for name in names
    }


def deviation(found: Any, expected: Any) -> float | None:
    """Return max|found - expected| / max|expected|; None for unlike shapes or not a number."""
    found, expected = (np.asarray(x, np.float64) for x in (found, expected))
    if found.shape != expected.shape or not np.all(np.isfinite(found)):
        return None
    if not found.size:
        return 0.0
    return float(
        np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-30)
    )


if __name__ == "__main__":
    main()
