"""Values: functions, lists, conditions, names put together.

values: images [batch, 9, 9, 3] -> [batch, 9, 9, 12]; 917 parameters.
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


def values(scope, images):
    net = conv2d(scope / "stage_1", images, 4, [3, 3])  # [9, 9, 4]
    net = conv2d(scope / "stage_8", net, 5, [3, 3])  # [9, 9, 5]
    net = conv2d(scope / "stage_12", net, 8, [3, 3])  # [9, 9, 8]
    for i in range(1, 3):
        net = conv2d(scope / f"Repeat/convolution2d_{i}", net, 8, [1, 1])  # [9, 9, 8]
    net = tf.nn.relu6(net)  # [9, 9, 8]
    net = conv2d(scope / "stage/wide-144", net, 12, [1, 1])  # [9, 9, 12]
    return tf.nn.leaky_relu(net, alpha=0.1)  # [9, 9, 12]


class Values(tf.Module):
    """images [batch, 9, 9, 3] -> [batch, 9, 9, 12]; 917 parameters."""

    scope = "values"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 9, 9, 3], tf.float32)}
    outputs: ClassVar = {"output": tf.TensorSpec([None, 9, 9, 12], tf.float32)}
    layers = staticmethod(values)
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
    return resize_bilinear(image, [9, 9])


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Values()
    return model, restore_with(model, options.file, options)
