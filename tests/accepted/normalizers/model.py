"""Normalizers and initializers: each call says only what is special about it.

normalizers: images [batch, 16, 16, 8] -> [batch, 16, 16, 8]; 2,568 parameters.
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


def normalizers(scope, images):
    net = conv2d(
        scope / "plain",
        images,
        8,
        [3, 3],
        normalizer=lambda scope, inputs: batch_norm(scope / "BatchNorm", inputs),
    )  # [16, 16, 8]
    net = conv2d(
        scope / "scaled",
        net,
        8,
        [3, 3],
        normalizer=lambda scope, inputs: batch_norm(
            scope / "BatchNorm", inputs, center=False, scale=True
        ),
    )  # [16, 16, 8]
    net = separable_conv2d(scope / "separable", net, 8, [3, 3])  # [16, 16, 8]
    net = conv2d(
        scope / "layered",
        net,
        8,
        [3, 3],
        normalizer=lambda scope, inputs: layer_norm(scope / "LayerNorm", inputs),
        activation=tf.nn.elu,
    )  # [16, 16, 8]
    net = group_norm(scope / "grouped", net)  # [16, 16, 8]
    net = conv2d(
        scope / "frozen", net, 8, [3, 3], normalizer=None, trainable=False
    )  # [16, 16, 8]
    return batch_norm(scope / "last", net, activation=tf.nn.relu)  # [16, 16, 8]


@layer
def conv2d(
    scope,
    inputs,
    num_outputs,
    kernel_size,
    *,
    normalizer,
    activation=tf.nn.relu,
    trainable=True,
):
    """Convolve with `weights`, normalize, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, truncated_normal, trainable=trainable)
    outputs = tf.nn.conv2d(inputs, weights, 1, "SAME")
    if normalizer is not None:
        outputs = normalizer(scope, outputs)
    return activation(outputs)


@layer
def batch_norm(scope, inputs, decay=0.999, center=True, scale=False, activation=None):
    """Normalize channels by the batch's moments; outside training, by averages."""
    shape = [inputs.shape[-1]]
    gamma = scope.variable("gamma", shape, 1.0) if scale else tf.ones(shape)
    beta = scope.variable("beta", shape, 0.0) if center else tf.zeros(shape)
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
        moving_mean.assign_sub((1 - decay) * (moving_mean - mean))
        moving_variance.assign_sub((1 - decay) * (moving_variance - variance))
    return outputs if activation is None else activation(outputs)


@layer
def separable_conv2d(scope, inputs, num_outputs, kernel_size):
    """Convolve each channel apart and mix the channels, normalize, then activate."""
    channels = inputs.shape[-1]
    shape = [*kernel_size, channels, 1]
    depthwise = scope.variable("depthwise_weights", shape, truncated_normal)
    shape = [1, 1, channels, num_outputs]
    pointwise = scope.variable("pointwise_weights", shape, truncated_normal)
    outputs = tf.nn.separable_conv2d(inputs, depthwise, pointwise, [1, 1, 1, 1], "SAME")
    outputs = batch_norm(scope / "BatchNorm", outputs, 0.9)
    return tf.nn.relu(outputs)


@layer
def layer_norm(scope, inputs):
    """Normalize each example over its axes."""
    shape = [*inputs.shape[-1:]]
    beta = scope.variable("beta", shape, 0.0)
    gamma = scope.variable("gamma", shape, 1.0)
    axes = [*range(1, inputs.shape.rank)]
    mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
    return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-12)


@layer
def group_norm(scope, inputs):
    """Normalize groups of channels of each example over its spatial axes."""
    shape = [inputs.shape[-1]]
    beta = scope.variable("beta", shape, 0.0)
    gamma = scope.variable("gamma", shape, 1.0)
    sizes = tf.shape(inputs)
    parts = [4, shape[0] // 4]
    grouped = tf.reshape(inputs, tf.concat([sizes[:-1], parts], 0))
    axes = [-4, -3, -1]
    mean, variance = tf.nn.moments(grouped, axes, keepdims=True)
    gain = tf.math.rsqrt(variance + 1e-06)
    offset = -mean * gain
    gamma = tf.reshape(gamma, parts)
    gain, offset = gain * gamma, offset * gamma
    offset += tf.reshape(beta, parts)
    return tf.reshape(grouped * gain + offset, sizes)


def truncated_normal(shape, generator):
    """Draw normal values; those beyond two standard deviations are drawn again."""
    return generator.truncated_normal(shape, 0.0, 0.09)


class Normalizers(tf.Module):
    """images [batch, 16, 16, 8] -> [batch, 16, 16, 8]; 2,568 parameters."""

    scope = "normalizers"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 16, 16, 8], tf.float32)}
    outputs: ClassVar = {"output": tf.TensorSpec([None, 16, 16, 8], tf.float32)}
    layers = staticmethod(normalizers)
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


def decode_image(encoded):
    """Decode JPEG, PNG, GIF or BMP, a JPEG turned upright as its EXIF data say."""
    image = tf.io.decode_image(encoded, 8, expand_animations=False)
    if not UPRIGHT:
        return image
    turn = exif_orientation(encoded)
    image = tf.cond(turn > 4, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    flips = tf.reduce_any(turn == [[3, 4, 7, 8], [2, 3, 6, 7]], axis=1)
    return tf.reverse(image, tf.boolean_mask([0, 1], flips))


def preprocess(image, training=False, seed=None):
    """Resize a uint8 image, with values from 0 to 1; in training too."""
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, [16, 16])


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Normalizers()
    return model, restore_with(model, options.file, options)
