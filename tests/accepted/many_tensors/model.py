"""Two inputs, three outputs.

many_tensors: images [batch, 16, 16, 3], mask [batch, 16, 16] int32 -> both [batch, 16, 16, 8], half [batch, 8, 8, 8], scores [batch, 16, 16, 2]; 130 parameters.
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


def many_tensors(scope, images, mask):
    classes = end_point(scope / "OneHotEncoding", tf.one_hot(mask, 4))  # [16, 16, 4]
    end_point(scope / "classes", classes)
    net = conv2d(scope / "features", images, 4, [3, 3])  # [16, 16, 4]
    joined = end_point(scope / "joined", tf.concat([net, classes], -1))  # [16, 16, 8]
    half = max_pool2d(scope / "MaxPool2D", joined)  # [8, 8, 8]
    net = conv2d(scope / "scores", joined, 2, [1, 1], activation=None)  # [16, 16, 2]
    return {"both": joined, "half": half, "scores": net}


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, activation=tf.nn.relu):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, 1, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(scope, inputs):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, [2, 2], 2, "VALID")


class ManyTensors(tf.Module):
    """images [batch, 16, 16, 3], mask [batch, 16, 16] int32 -> both
    [batch, 16, 16, 8], half [batch, 8, 8, 8], scores [batch, 16, 16, 2]; 130
    parameters.
    """

    scope = "many_tensors"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 16, 16, 3], tf.float32),
        "mask": tf.TensorSpec([None, 16, 16], tf.int32),
    }
    outputs: ClassVar = {
        "both": tf.TensorSpec([None, 16, 16, 8], tf.float32),
        "half": tf.TensorSpec([None, 8, 8, 8], tf.float32),
        "scores": tf.TensorSpec([None, 16, 16, 2], tf.float32),
    }
    layers = staticmethod(many_tensors)
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
    model = ManyTensors()
    return model, restore_with(model, options.file, options)
