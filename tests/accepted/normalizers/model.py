"""Normalizers and initializers: each call says only what is special about it.

normalizers: images [batch, 16, 16, 8] -> [batch, 16, 16, 8]; 2,568 parameters.
"""

import argparse
import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import math
import os
import re
import secrets
import sys
import zipfile
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import tensorflow as tf

# Layers.


def truncated_normal(mean=0.0, stddev=1.0):
    """Normal values, those beyond two standard deviations drawn again."""
    return lambda shape, generator: generator.truncated_normal(shape, mean, stddev)


def ones(shape, generator):
    return tf.ones(shape)


TRUNCATED_NORMAL = truncated_normal(stddev=0.09)


@layer
def batch_norm(
    inputs,
    decay=0.999,
    center=True,
    scale=False,
    epsilon=0.001,
    *,
    activation=None,
    scope,
):
    """Normalize channels by the batch's moments in training, else by moving averages."""
    shape = inputs.shape[-1:]
    gamma = scope.variable("gamma", shape, ones) if scale else tf.ones(shape)
    beta = scope.variable("beta", shape, zeros) if center else tf.zeros(shape)
    moving_mean = scope.variable("moving_mean", shape, zeros, trainable=False)
    moving_variance = scope.variable("moving_variance", shape, ones, trainable=False)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=[] if scope.training else moving_mean,
        variance=[] if scope.training else moving_variance,
        # The least that cuDNN takes; TF-Slim raises it everywhere.
        epsilon=max(epsilon, 1.001e-5),
        is_training=scope.training,
    )
    if scope.training:
        moving_mean.assign_sub((1 - decay) * (moving_mean - mean))
        moving_variance.assign_sub((1 - decay) * (moving_variance - variance))
    return outputs if activation is None else activation(outputs)


@layer
def layer_norm(inputs, *, epsilon=1e-12, scope):
    """Normalize each example over its axes."""
    shape = inputs.shape[-1:]
    beta = scope.variable("beta", shape, zeros)
    gamma = scope.variable("gamma", shape, ones)
    axes = [*range(1, inputs.shape.rank)]
    mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
    outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
    return outputs


def normalize(inputs, scope):
    return batch_norm(inputs, scope=scope / "BatchNorm")


def normalize_2(inputs, scope):
    return batch_norm(inputs, center=False, scale=True, scope=scope / "BatchNorm")


def normalize_3(inputs, scope):
    return batch_norm(inputs, 0.9, scope=scope / "BatchNorm")


def normalize_4(inputs, scope):
    return layer_norm(inputs, scope=scope / "LayerNorm")


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    normalizer=normalize,
    initializer=TRUNCATED_NORMAL,
    trainable=True,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer, trainable=trainable)
    outputs = tf.nn.conv2d(inputs, weights, 1, padding)
    if normalizer is not None:
        outputs = normalizer(outputs, scope)
    return activation(outputs)


@layer
def separable_conv2d(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    normalizer=normalize_3,
    initializer=TRUNCATED_NORMAL,
    scope,
):
    """Convolve each channel apart, mix the channels, then normalize and activate."""
    channels = inputs.shape[-1]
    kernel = [*kernel_size, channels, 1]
    depthwise = scope.variable("depthwise_weights", kernel, initializer)
    kernel = [1, 1, channels, num_outputs]
    pointwise = scope.variable("pointwise_weights", kernel, initializer)
    outputs = tf.nn.separable_conv2d(
        inputs, depthwise, pointwise, [1, stride, stride, 1], padding
    )
    outputs = normalizer(outputs, scope)
    return activation(outputs)


@layer
def group_norm(inputs, groups=4, epsilon=1e-06, *, scope):
    """Normalize groups of channels of each example over its spatial axes."""
    shape = inputs.shape[-1:]
    beta = scope.variable("beta", shape, zeros)
    gamma = scope.variable("gamma", shape, ones)
    sizes = tf.shape(inputs)
    parts = [groups, shape[0] // groups]
    grouped = tf.reshape(inputs, tf.concat([sizes[:-1], parts], 0))
    axes = [-4, -3, -1]
    mean, variance = tf.nn.moments(grouped, axes, keepdims=True)
    gain = tf.math.rsqrt(variance + epsilon)
    offset = -mean * gain
    gamma = tf.reshape(gamma, parts)
    gain, offset = gain * gamma, offset * gamma
    offset += tf.reshape(beta, parts)
    outputs = tf.reshape(grouped * gain + offset, sizes)
    return outputs


# Checkpoint maps.

NORMALIZERS_SLIM = same_names(
    {
        "{weights,BatchNorm/{beta,moving_mean,moving_variance}}": (
            "normalizers/plain",
        ),
        "{weights,BatchNorm/{gamma,moving_mean,moving_variance}}": (
            "normalizers/scaled",
        ),
        "{{depthwise_weights,pointwise_weights},BatchNorm/{beta,moving_mean,moving_variance}}": (
            "normalizers/separable",
        ),
        "{weights,LayerNorm/{beta,gamma}}": ("normalizers/layered",),
        "{beta,gamma}": ("normalizers/grouped",),
        "weights": ("normalizers/frozen",),
        "{beta,moving_mean,moving_variance}": ("normalizers/last",),
    }
)


def normalizers(images, scope):
    net = conv2d(images, 8, [3, 3], scope=scope / "plain")  # [16, 16, 8]
    net = conv2d(net, 8, [3, 3], normalizer=normalize_2, scope=scope / "scaled")
    net = separable_conv2d(net, 8, [3, 3], scope=scope / "separable")  # [16, 16, 8]
    net = conv2d(
        net,
        8,
        [3, 3],
        activation=tf.nn.elu,
        normalizer=normalize_4,
        scope=scope / "layered",
    )  # [16, 16, 8]
    net = group_norm(net, scope=scope / "grouped")  # [16, 16, 8]
    net = conv2d(
        net, 8, [3, 3], normalizer=None, trainable=False, scope=scope / "frozen"
    )  # [16, 16, 8]
    net = batch_norm(net, activation=tf.nn.relu, scope=scope / "last")  # [16, 16, 8]
    return net


class Normalizers(Network):
    """images [batch, 16, 16, 8] -> [batch, 16, 16, 8]; 2,568 parameters."""

    scope = "normalizers"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 16, 16, 8], tf.float32),
    }
    outputs: ClassVar = {
        "output": tf.TensorSpec([None, 16, 16, 8], tf.float32),
    }
    layers = staticmethod(normalizers)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": NORMALIZERS_SLIM}


# What the functions below refer to.

NETWORK = Normalizers
