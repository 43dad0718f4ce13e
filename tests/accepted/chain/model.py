"""A chain of convolutions, after VGG.

chain: images [batch, 32, 32, 3] -> [batch, 10]; 39,746 parameters.
"""

import argparse
import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import glob
import itertools
import json
import math
import os
import re
import secrets
import sys
import tempfile
from collections import Counter, namedtuple
from typing import ClassVar

import numpy as np

if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3" and sys.stderr:
    with tempfile.TemporaryFile() as held:  # output of libraries, whatever their level
        errors = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            import tensorflow as tf
        except BaseException:
            held.seek(0)
            os.write(errors, held.read())
            raise
        finally:
            os.dup2(errors, 2)
import tensorflow as tf

CLASSES = 10
KEEP_PROB = 0.5
WEIGHT_DECAY = 0.0005


# Network.


def chain(scope, images):
    net = images
    for i in range(1, 3):
        net = conv2d(scope / f"conv1/conv1_{i}", net, 8, [3, 3])  # [32, 32, 8]
    net = max_pool2d(scope / "pool1", net)  # [16, 16, 8]
    for i in range(1, 4):
        net = conv2d(scope / f"conv2/conv2_{i}", net, 16, [3, 3])  # [16, 16, 16]
    net = max_pool2d(scope / "pool2", net)  # [8, 8, 16]
    net = conv2d(scope / "fc3", net, 32, [8, 8], "VALID")  # [1, 1, 32]
    net = dropout(scope / "dropout3", net)  # [1, 1, 32]
    net = conv2d(scope / "fc4", net, CLASSES, [1, 1], activation=None)  # [1, 1, 10]
    return tf.squeeze(net, [1, 2])  # [10]


@layer
def conv2d(
    scope, inputs, num_outputs, kernel_size, padding="SAME", activation=tf.nn.relu
):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier, WEIGHT_DECAY)
    outputs = tf.nn.conv2d(inputs, weights, 1, padding)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(scope, inputs):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, [2, 2], 2, "VALID")


@layer
def dropout(scope, inputs):
    """In training, zero values at random and multiply the others by 1 / KEEP_PROB."""
    if not scope.training:
        return inputs
    seeds = scope.model.generator.make_seeds(1)[:, 0]
    # XLA draws the same integers as TensorFlow, but other fractions.
    numbers = tf.random.stateless_uniform(
        tf.shape(inputs), seeds, 0, 2**24, tf.int32, alg="philox"
    )
    kept = tf.cast(numbers, tf.float32) < KEEP_PROB * 2**24
    return tf.where(kept, inputs * (1 / KEEP_PROB), 0.0)


@dataclasses.dataclass(frozen=True)
class Scope:
    """A place in the network, and what one call of the model shares."""

    model: tf.Module
    name: str
    training: bool
    end_points: dict

    def __truediv__(self, name):
        """Return the scope `name` below this one."""
        return dataclasses.replace(self, name=f"{self.name}/{name}")

    def variable(self, name, shape, initial, weight_decay=None, trainable=True):
        """Return the variable `name` of this scope; the first call creates it."""
        name, model = f"{self.name}/{name}", self.model
        if name not in model.named_variables:
            # Created eagerly and under the full name, even while a function is traced.
            with tf.init_scope(), tf.name_scope(""):
                if callable(initial):
                    value = initial(shape, model.generator)
                else:
                    value = tf.fill(shape, initial)
                variable = tf.Variable(value, trainable=trainable, name=name)
            model.named_variables[name] = variable
            if weight_decay is not None:
                model.weight_decays[name] = weight_decay
        return model.named_variables[name]


class Chain(tf.Module):
    """images [batch, 32, 32, 3] -> [batch, 10]; 39,746 parameters."""

    scope = "chain"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 32, 32, 3], tf.float32)}
    outputs: ClassVar = {"logits": tf.TensorSpec([None, CLASSES], tf.float32)}
    layers = staticmethod(chain)
    HEAD_SIZES: ClassVar[dict[str, int]] = {"classes": 10}
    HEAD: ClassVar[tuple[str, ...]] = ("fc4",)

    def __init__(self, seed=None):
        super().__init__(name=type(self).__name__)
        # TensorFlow refuses a generator without a seed in deterministic mode.
        seed = secrets.randbits(63) if seed is None else seed
        self.generator = tf.random.Generator.from_seed(seed)
        self.named_variables = {}
        self.weight_decays = {}

        def create_variables(inputs):
            if not self.named_variables:  # TensorFlow traces a creation twice
                self(inputs)

        trace = tf.function(create_variables, autograph=False)
        trace.get_concrete_function(dict(self.inputs))

    def __call__(self, inputs, training=False):
        """Return the outputs and the end points, under full names and relative ones."""
        if isinstance(inputs, dict):
            if inputs.keys() != self.inputs.keys():
                raise ValueError(f"a dict with the inputs {[*self.inputs]} is needed")
            inputs = inputs["images"]
        inputs, spec = tf.convert_to_tensor(inputs), self.inputs["images"]
        if not spec.shape.is_compatible_with(inputs.shape):
            raise ValueError(f"`images` is {spec.shape} here, found {inputs.shape}")
        inputs = tf.cast(inputs, spec.dtype)
        if training and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise RuntimeError("training runs on one replica: averages would differ")
        scope = Scope(self, self.scope, training, {})
        outputs, ends = self.layers(scope, inputs), scope.end_points
        return outputs, ends | {self.relative(name): ends[name] for name in ends}

    @property
    def regularization_losses(self):
        """Each regularized variable's term of the loss, by the variable's name."""
        variables, decays = self.named_variables, self.weight_decays
        return {name: decays[name] * tf.nn.l2_loss(variables[name]) for name in decays}

    @property
    def CHECKPOINT_MAPS(self):
        """Names in a source by variable and format: TF-Slim's are this file's."""
        return {"slim": {name: name for name in self.named_variables}}

    def relative(self, name):
        """Return a name without the network's scope."""
        return name.removeprefix(f"{self.scope}/")


def preprocess(image, training=False, seed=None):
    """Resize a uint8 image, with values from 0 to 1; in training too."""
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, [32, 32])


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Chain()
    return model, restore_with(model, options.file, options)
