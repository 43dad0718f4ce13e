"""A network inside another, without its head.

words: images [batch, 32, 32, 3] -> boxes [batch, 8, 8, 4], scores [batch, 8, 8, 2]; 462 parameters.
"""

import argparse
import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import glob
import itertools
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

BOXES = 4


# Network.


def words(scope, images):
    net = backbone(scope / "backbone", images)  # [8, 8, 8]
    boxes = conv2d(
        scope / "heads/boxes", net, BOXES, [1, 1], 1, activation=None
    )  # [8, 8, 4]
    scores = conv2d(
        scope / "heads/scores", net, 2, [1, 1], 1, activation=None
    )  # [8, 8, 2]
    return {"boxes": boxes, "scores": scores}


# Blocks.


def backbone(scope, net):
    """[32, 32, 3] -> [8, 8, 8]."""
    with scope.open():
        net = conv2d(scope / "stem/stem_1", net, 4, [3, 3])  # [16, 16, 4]
        net = conv2d(scope / "stem/stem_2", net, 8, [3, 3])  # [8, 8, 8]
        end_point(scope / "end", net)
        return end_point(scope, net)


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        with scope.open():
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, stride=2, activation=tf.nn.relu):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, stride, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


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

    @contextlib.contextmanager
    def open(self, name=None):
        """Name operations after this scope, or after the one `name` below it."""
        scope = self if name is None else self / name
        with tf.name_scope(f"{scope.name}/"):
            yield scope

    def variable(self, name, shape, initial, trainable=True):
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
        return model.named_variables[name]


class Words(tf.Module):
    """images [batch, 32, 32, 3] -> boxes [batch, 8, 8, 4], scores [batch, 8, 8, 2];
    462 parameters.
    """

    scope = "words"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 32, 32, 3], tf.float32)}
    outputs: ClassVar = {
        "boxes": tf.TensorSpec([None, 8, 8, BOXES], tf.float32),
        "scores": tf.TensorSpec([None, 8, 8, 2], tf.float32),
    }
    layers = staticmethod(words)
    HEAD_SIZES: ClassVar[dict[str, int]] = {"boxes": 4}
    HEAD: ClassVar[tuple[str, ...]] = ("heads/boxes",)

    def __init__(self, seed=None):
        super().__init__(name=type(self).__name__)
        # TensorFlow refuses a generator without a seed in deterministic mode.
        seed = secrets.randbits(63) if seed is None else seed
        self.generator = tf.random.Generator.from_seed(seed)
        self.named_variables = {}

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
        return {}

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
    model = Words()
    return model, restore_with(model, options.file, options)
