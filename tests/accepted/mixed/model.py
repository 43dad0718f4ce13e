"""Branches side by side, after Inception.

mixed: images [batch, 64, 64, 3] -> [batch, 10]; 2,802 parameters.
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


# Network.


def mixed(scope, images):
    net = conv2d(
        scope / "Conv2d_1a_3x3", images, 16, [3, 3], 2, "VALID"
    )  # [31, 31, 16]
    net = max_pool2d(scope / "MaxPool_2a_3x3", net)  # [15, 15, 16]
    branch_0 = conv2d(
        scope / "Mixed_5b/Branch_0/Conv2d_0a_1x1", net, 8, [1, 1]
    )  # [15, 15, 8]
    branch_1 = conv2d(
        scope / "Mixed_5b/Branch_1/Conv2d_0a_1x1", net, 4, [1, 1]
    )  # [15, 15, 4]
    branch_1 = conv2d(
        scope / "Mixed_5b/Branch_1/Conv2d_0b_1x7", branch_1, 8, [1, 7]
    )  # [15, 15, 8]
    branch_1 = conv2d(
        scope / "Mixed_5b/Branch_1/Conv2d_0c_7x1", branch_1, 8, [7, 1]
    )  # [15, 15, 8]
    branch_2 = avg_pool2d(
        scope / "Mixed_5b/Branch_2/AvgPool_0a_3x3", net
    )  # [15, 15, 16]
    branch_2 = conv2d(
        scope / "Mixed_5b/Branch_2/Conv2d_0b_1x1", branch_2, 4, [1, 1]
    )  # [15, 15, 4]
    net = end_point(
        scope / "Mixed_5b", tf.concat([branch_0, branch_1, branch_2], -1)
    )  # [15, 15, 20]
    branch_0 = conv2d(
        scope / "Mixed_5c/Branch_0/Conv2d_0a_1x1", net, 8, [1, 1]
    )  # [15, 15, 8]
    branch_1 = conv2d(
        scope / "Mixed_5c/Branch_1/Conv2d_0a_1x1", net, 4, [1, 1]
    )  # [15, 15, 4]
    branch_1 = conv2d(
        scope / "Mixed_5c/Branch_1/Conv2d_0b_1x7", branch_1, 8, [1, 7]
    )  # [15, 15, 8]
    branch_1 = conv2d(
        scope / "Mixed_5c/Branch_1/Conv2d_0c_7x1", branch_1, 8, [7, 1]
    )  # [15, 15, 8]
    branch_2 = avg_pool2d(
        scope / "Mixed_5c/Branch_2/AvgPool_0a_3x3", net
    )  # [15, 15, 20]
    branch_2 = conv2d(
        scope / "Mixed_5c/Branch_2/Conv2d_0b_1x1", branch_2, 4, [1, 1]
    )  # [15, 15, 4]
    net = end_point(
        scope / "Mixed_5c", tf.concat([branch_0, branch_1, branch_2], -1)
    )  # [15, 15, 20]
    net = global_avg_pool2d(None, net)  # [1, 1, 20]
    net = end_point(scope / "Flatten", tf.reshape(net, [-1, 20]))  # [20]
    return fully_connected(scope / "Logits", net, CLASSES)  # [10]


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        if scope is None:  # without a name it is no end point
            return function(scope, *args, **kwargs)
        with tf.name_scope(f"{scope.name}/"):
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, stride=1, padding="SAME"):
    """Convolve with `weights`, normalize, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, stride, padding)
    outputs = batch_norm(scope / "BatchNorm", outputs)
    return tf.nn.relu(outputs)


@layer
def batch_norm(scope, inputs):
    """Normalize channels by the batch's moments; outside training, by averages."""
    shape = [inputs.shape[-1]]
    gamma = tf.ones(shape)
    beta = scope.variable("beta", shape, 0.0)
    moving_mean = scope.variable("moving_mean", shape, 0.0, trainable=False)
    moving_variance = scope.variable("moving_variance", shape, 1.0, trainable=False)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=[] if scope.training else moving_mean,
        variance=[] if scope.training else moving_variance,
        epsilon=0.001,
        is_training=scope.training,
    )
    if scope.training:
        moving_mean.assign_sub((1 - 0.9997) * (moving_mean - mean))
        moving_variance.assign_sub((1 - 0.9997) * (moving_variance - variance))
    return outputs


@layer
def max_pool2d(scope, inputs):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, [3, 3], 2, "VALID")


@layer
def avg_pool2d(scope, inputs):
    """Take the mean of each window."""
    return tf.nn.avg_pool2d(inputs, [3, 3], 1, "SAME")


@layer
def global_avg_pool2d(scope, inputs):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=True)


@layer
def fully_connected(scope, inputs, num_outputs):
    """Multiply by `weights`, add `biases`."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", [num_outputs], 0.0)
    return tf.nn.bias_add(outputs, biases)


class Mixed(tf.Module):
    """images [batch, 64, 64, 3] -> [batch, 10]; 2,802 parameters."""

    scope = "Mixed"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 64, 64, 3], tf.float32)}
    outputs: ClassVar = {"logits": tf.TensorSpec([None, CLASSES], tf.float32)}
    layers = staticmethod(mixed)
    HEAD_SIZES: ClassVar[dict[str, int]] = {"classes": 10}
    HEAD: ClassVar[tuple[str, ...]] = ("Logits",)

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
    return resize_bilinear(image, [64, 64])


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Mixed()
    return model, restore_with(model, options.file, options)
