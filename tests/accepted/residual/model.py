"""Residual units: one function for all of them, loops where only the count differs.

residual: images [batch, 32, 32, 3] -> [batch, 10]; 7,474 parameters.
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
WEIGHT_DECAY = 0.0001


# Network.


def residual(scope, images):
    net = conv2d(
        scope / "conv1", images, 8, [3, 3], 2, activation=tf.nn.relu
    )  # [16, 16, 8]
    for unit in range(1, 3):
        net = bottleneck(scope / f"block1/unit_{unit}", net, 16, 4, 1)  # [16, 16, 16]
    net = bottleneck(scope / "block1/unit_3", net, 16, 4, 2)  # [8, 8, 16]
    for unit in range(1, 5):
        net = bottleneck(scope / f"block2/unit_{unit}", net, 32, 8, 1)  # [8, 8, 32]
    net = global_avg_pool2d(scope / "pool5", net)  # [1, 1, 32]
    net = conv2d(scope / "logits", net, CLASSES, [1, 1], normalize=False)  # [1, 1, 10]
    net = end_point(scope / "spatial_squeeze", tf.squeeze(net, [1, 2]))  # [10]
    end_point(scope / "predictions", tf.nn.softmax(net))  # [10]
    return net


# Blocks.


def bottleneck(scope, net, depth, inner, stride):
    """Narrow, convolve, widen; the input is added.

    [h, w, c] -> [h / stride, w / stride, depth].
    """
    with scope.open("bottleneck") as scope:
        if net.shape[-1] != depth:
            shortcut = conv2d(scope / "shortcut", net, depth, [1, 1])
        elif stride > 1:
            shortcut = max_pool2d(scope / "MaxPool2D", net)  # [8, 8, 16]
        else:
            shortcut = net
        conv1 = conv2d(scope / "conv1", net, inner, [1, 1], activation=tf.nn.relu)
        conv2 = conv2d(
            scope / "conv2", conv1, inner, [3, 3], stride, activation=tf.nn.relu
        )
        conv3 = conv2d(scope / "conv3", conv2, depth, [1, 1])
        return end_point(scope, tf.nn.relu(shortcut + conv3))


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        with scope.open():
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def conv2d(
    scope, inputs, num_outputs, kernel_size, stride=1, activation=None, normalize=True
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, variance_scaling, WEIGHT_DECAY)
    outputs = tf.nn.conv2d(inputs, weights, stride, "SAME")
    if normalize:
        outputs = batch_norm(scope / "BatchNorm", outputs)
    else:
        biases = scope.variable("biases", [num_outputs], 0.0)
        outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def batch_norm(scope, inputs):
    """Normalize channels by the batch's moments; outside training, by averages."""
    shape = [inputs.shape[-1]]
    gamma = scope.variable("gamma", shape, 1.0)
    beta = scope.variable("beta", shape, 0.0)
    moving_mean = scope.variable("moving_mean", shape, 0.0, trainable=False)
    moving_variance = scope.variable("moving_variance", shape, 1.0, trainable=False)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=[] if scope.training else moving_mean,
        variance=[] if scope.training else moving_variance,
        epsilon=1.001e-5,  # cuDNN's minimum; TF-Slim raises 1e-05 to it everywhere
        is_training=scope.training,
    )
    if scope.training:
        moving_mean.assign_sub((1 - 0.997) * (moving_mean - mean))
        moving_variance.assign_sub((1 - 0.997) * (moving_variance - variance))
    return outputs


@layer
def max_pool2d(scope, inputs):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, [1, 1], 2, "VALID")


@layer
def global_avg_pool2d(scope, inputs):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=True)


def variance_scaling(shape, generator):
    """Draw truncated normal values of variance 2 / inputs, He et al. 2015."""
    # Truncation lowers the variance; TF-Slim restores it by 1.3.
    stddev = math.sqrt(1.3 * 2 / math.prod(shape[:-1]))
    return generator.truncated_normal(shape, 0, stddev)


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


class Residual(tf.Module):
    """images [batch, 32, 32, 3] -> [batch, 10]; 7,474 parameters."""

    scope = "residual"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 32, 32, 3], tf.float32)}
    outputs: ClassVar = {"logits": tf.TensorSpec([None, CLASSES], tf.float32)}
    layers = staticmethod(residual)
    HEAD_SIZES: ClassVar[dict[str, int]] = {"classes": 10}
    HEAD: ClassVar[tuple[str, ...]] = ("logits",)

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
    model = Residual()
    return model, restore_with(model, options.file, options)
