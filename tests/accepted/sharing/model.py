"""Two images through one tower.

sharing: left [batch, 16, 16, 1], right [batch, 16, 16, 1] -> [batch, 1]; 237 parameters.
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

# Network.


def sharing(scope, left, right):
    one = end_point(scope / "one", tower(scope, left))  # [8]
    net = tower(scope, right)  # [8]
    net = one * net  # [8]
    return fully_connected(scope / "same", net, 1, activation=tf.math.sigmoid)  # [1]


# Blocks.


def tower(scope, net):
    """[16, 16, 1] -> [8]."""
    with scope.open("tower") as scope:
        for i in range(1, 3):
            net = conv2d(scope / f"conv/conv_{i}", net, 4, [3, 3])  # [16, 16, 4]
        net = global_avg_pool2d(None, net)  # [1, 1, 4]
        net = end_point(scope / "Flatten", tf.reshape(net, [-1, 4]))  # [4]
        return end_point(scope, fully_connected(scope / "embedding", net, 8))  # [8]


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        if scope is None:  # without a name it is no end point
            return function(scope, *args, **kwargs)
        with scope.open():
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def global_avg_pool2d(scope, inputs):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=True)


@layer
def fully_connected(scope, inputs, num_outputs, activation=tf.nn.relu):
    """Multiply by `weights`, add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


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


class Sharing(tf.Module):
    """left [batch, 16, 16, 1], right [batch, 16, 16, 1] -> [batch, 1]; 237
    parameters.
    """

    scope = "sharing"
    inputs: ClassVar = {
        "left": tf.TensorSpec([None, 16, 16, 1], tf.float32),
        "right": tf.TensorSpec([None, 16, 16, 1], tf.float32),
    }
    outputs: ClassVar = {"logits": tf.TensorSpec([None, 1], tf.float32)}
    layers = staticmethod(sharing)
    HEAD_SIZES: ClassVar[dict[str, int]] = {}
    HEAD: ClassVar[tuple[str, ...]] = ()

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
        if training and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise RuntimeError("training runs on one replica: averages would differ")
        scope = Scope(self, self.scope, training, {})
        outputs, ends = self.layers(scope, *self.checked(inputs)), scope.end_points
        return outputs, ends | {self.relative(name): ends[name] for name in ends}

    def checked(self, inputs):
        """Return the inputs in order; refuse one of another shape."""
        if not isinstance(inputs, dict):
            inputs = dict.fromkeys(self.inputs, inputs) if len(self.inputs) == 1 else {}
        if inputs.keys() != self.inputs.keys():
            raise ValueError(f"a dict with the inputs {[*self.inputs]} is needed")
        tensors = []
        for name, spec in self.inputs.items():
            tensor = tf.convert_to_tensor(inputs[name])
            if not spec.shape.is_compatible_with(tensor.shape):
                raise ValueError(f"`{name}` is {spec.shape} here, found {tensor.shape}")
            tensors.append(tf.cast(tensor, spec.dtype))
        return tensors

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


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Sharing()
    return model, restore_with(model, options.file, options)
