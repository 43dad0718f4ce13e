"""Run one of TF-Slim's networks and write down all that a compiled one has to agree with.

    python -m oracle.run NETWORK FOLDER --options '{"height": 64, "width": 64}'

FOLDER then holds `model.ckpt`, written by TF1's own Saver, and `reference.npz`, whose
entries `oracle.reference.Reference` names.
"""

import argparse
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oracle.networks import Options, build
from oracle.reference import AUXILIARY_WEIGHT
from oracle.shim import load_slim

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Oracle:
    """One reference network: what to build, where to write."""

    network: str
    options: Options
    folder: Path

    @property
    def checkpoint(self) -> str:
        """The path that TF1's Saver takes."""
        return str(self.folder / "model.ckpt")

    def random(self, purpose: str) -> np.random.Generator:
        """Return the random numbers of `purpose`, the same in whatever order they are drawn."""
        return np.random.default_rng([self.options.seed, zlib.crc32(purpose.encode())])

    def images(self) -> np.ndarray:
        """Return the images, [batch, height, width, channels], of unit variance."""
        options = self.options
        shape = (options.batch, options.height, options.width, options.channels)
        return self.random("images").standard_normal(shape, np.float32)

    def labels(self, shape: list[int]) -> np.ndarray:
        """Return one label for every place of logits of `shape`, flattened."""
        return self.random("labels").integers(0, shape[-1], int(np.prod(shape[:-1])))


def main() -> None:
    """Build, fill, save and measure the network of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--options", type=json.loads, required=True)
    arguments = parser.parse_args()
    options = Options(**arguments.options)
    load_slim(smooth=options.smooth)
    oracle = Oracle(arguments.network, options, arguments.folder)
    arrays = measure_training(oracle) | measure_inference(oracle)
    np.savez(oracle.folder / "reference.npz", **arrays)


def measure_training(oracle: Oracle) -> Arrays:
    """Save a network of random values; return its loss, gradients and moving averages."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        images = tf.constant(oracle.images())
        logits, points = build(oracle.network, images, oracle.options, True)
        labels = oracle.labels(logits.shape.as_list())
        loss = total_loss(oracle, logits, points)
        fill(oracle, session)
        tf.train.Saver().save(session, oracle.checkpoint, write_meta_graph=False)

        trainable = tf.trainable_variables()
        gradients = tf.gradients(loss, trainable)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        wanted = [logits, loss, gradients, regularization_terms()]
        (logits, loss, gradients, terms), _ = session.run([wanted, updates])
        names = [variable.op.name for variable in trainable]
        moving = {v.op.name: v for v in tf.global_variables() if not v.trainable}
        return {
            "variables": np.array(json.dumps(described_variables())),
            "headless": np.array(oracle.options.classes == 0),
            "labels": labels,
            "training_logits": logits,
            "loss": loss,
            **prefixed("regularization", terms),
            **prefixed("gradient", dict(zip(names, gradients, strict=True))),
            **prefixed("moving", session.run(moving)),
        }


def measure_inference(oracle: Oracle) -> Arrays:
    """Return the images, logits and end points of the saved network, as it is used."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        images = oracle.images()
        wanted = build(oracle.network, tf.constant(images), oracle.options, False)
        tf.train.Saver().restore(session, oracle.checkpoint)
        logits, points = session.run(wanted)
        return {"images": images, "logits": logits, **prefixed("end_point", points)}


def total_loss(oracle: Oracle, logits: Any, points: dict[str, Any]) -> Any:
    """Return TF-Slim's training loss: cross-entropy of every head, and the regularisers.

    A network without a head is given the mean square of its features instead.
    """
    import tensorflow.compat.v1 as tf

    if oracle.options.classes == 0:
        tf.losses.add_loss(tf.reduce_mean(tf.square(logits)))
    else:
        add_cross_entropy(oracle, logits, 1.0)
    if "AuxLogits" in points:
        add_cross_entropy(oracle, points["AuxLogits"], AUXILIARY_WEIGHT)
    return tf.losses.get_total_loss()


def add_cross_entropy(oracle: Oracle, logits: Any, weight: float) -> None:
    """Add `weight` times the mean cross-entropy over all places of `logits` to the losses."""
    import tensorflow.compat.v1 as tf

    flat = tf.reshape(logits, [-1, logits.shape[-1]])
    labels = tf.one_hot(oracle.labels(logits.shape.as_list()), flat.shape[-1])
    tf.losses.softmax_cross_entropy(labels, flat, weights=weight)


def fill(oracle: Oracle, session: Any) -> None:
    """Give every variable of the graph a random value that keeps activations near one.

    Moving statistics lie near those of the images, since a network whose batch norm divides
    by a number out of the air grows or fades with its depth.
    """
    import tensorflow.compat.v1 as tf

    variables = {variable.op.name: variable for variable in tf.global_variables()}
    values = {name: initial_value(oracle, v) for name, v in variables.items()}
    assign(session, variables, values)
    batches = session.run(batch_statistics())
    values = {name: disturbed(oracle, name, batch) for name, batch in batches.items()}
    assign(session, variables, values)


def assign(session: Any, variables: dict[str, Any], values: Arrays) -> None:
    """Give each of `variables` that `values` names its value, in one run."""
    initializers = [variables[name].initializer for name in values]
    feeds = {variables[name].initializer.inputs[1]: values[name] for name in values}
    session.run(initializers, feeds)


def batch_statistics() -> dict[str, Any]:
    """Return the training graph's batch means and variances by their moving average."""
    import tensorflow.compat.v1 as tf

    statistics = {}
    for operation in tf.get_default_graph().get_operations():
        if operation.type == "FusedBatchNormV3":
            # By the offset it adds: the package's Inception doubles a scope in op names.
            scope = source_variable(operation.inputs[2]).rpartition("/")[0]
            statistics[f"{scope}/moving_mean"] = operation.outputs[1]
            statistics[f"{scope}/moving_variance"] = operation.outputs[2]
    return statistics


def initial_value(oracle: Oracle, variable: Any) -> np.ndarray:
    """Return a random value for `variable`, zeros for moving statistics."""
    name, shape = variable.op.name, variable.shape.as_list()
    random = oracle.random(name)
    match name.rpartition("/")[2]:
        case "depthwise_weights":
            # Each channel's sum is over its window.
            value = random.standard_normal(shape, np.float32)
            return value * np.float32(np.sqrt(2 / np.prod(shape[:2])))
        case "weights" | "pointwise_weights":
            # He's scale: a sum over the fan-in, half of it lost to relu. Without a mean, for
            # activations have one, and layer after layer would blow up what differs.
            value = random.standard_normal(shape, np.float32)
            value -= value.mean(axis=tuple(range(len(shape) - 1)))
            value *= np.float32(np.sqrt(2 / np.prod(shape[:-1])))
            return value
        case "gamma":
            return random.uniform(0.7, 1.3, shape).astype(np.float32)
        case "beta" | "biases":
            return random.normal(0.0, 0.2, shape).astype(np.float32)
        case "moving_mean" | "moving_variance":
            return np.zeros(shape, np.float32)
    raise ValueError(f"no random value is known for {name}")


def disturbed(oracle: Oracle, name: str, batch: np.ndarray) -> np.ndarray:
    """Return a moving statistic near the batch's one, and not equal to it."""
    random = oracle.random(f"{name} disturbed")
    if name.endswith("moving_variance"):
        value = batch * random.uniform(0.8, 1.25, batch.shape) + 1e-3
    else:
        value = batch + random.normal(0.0, 0.05, batch.shape)
    return value.astype(np.float32)


def regularization_terms() -> dict[str, Any]:
    """Return the graph's regularisation losses by the name of the variable behind each."""
    import tensorflow.compat.v1 as tf

    return {
        source_variable(term): term for term in tf.losses.get_regularization_losses()
    }


def source_variable(tensor: Any) -> str:
    """Return the name of the one variable that `tensor` is computed from."""
    found, pending = set(), [tensor.op]
    while pending:
        operation = pending.pop()
        if operation.type in ("VariableV2", "VarHandleOp"):
            found.add(operation.name)
        pending += [source.op for source in operation.inputs]
    (name,) = found
    return name


def described_variables() -> list[dict[str, Any]]:
    """Return name, shape and trainability of every variable, in order of creation."""
    import tensorflow.compat.v1 as tf

    return [
        {"name": v.op.name, "shape": v.shape.as_list(), "trainable": v.trainable}
        for v in tf.global_variables()
    ]


def prefixed(prefix: str, arrays: dict[str, Any]) -> Arrays:
    """Return `arrays` under keys that say what they are."""
    return {f"{prefix}:{name}": np.asarray(value) for name, value in arrays.items()}


if __name__ == "__main__":
    main()
