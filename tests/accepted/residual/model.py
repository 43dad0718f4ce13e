"""Residual units: one function for all of them, loops where only the count differs.

residual: images [batch, 32, 32, 3] -> [batch, 10]; 7,474 parameters.
"""

import argparse
import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import json
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

# Parameters of the build.

CLASSES = 10
WEIGHT_DECAY = 0.0001


# Layers.


def l2(scale):
    """Scale / 2 times the sum of squares."""
    return lambda weights: scale * tf.nn.l2_loss(weights)


def ones(shape, generator):
    return tf.ones(shape)


VARIANCE_SCALING = variance_scaling()
L2 = l2(scale=WEIGHT_DECAY)


@layer
def batch_norm(inputs, decay=0.997, scale=True, epsilon=1e-05, *, scope):
    """Normalize channels by the batch's moments in training, else by moving averages."""
    shape = inputs.shape[-1:]
    gamma = scope.variable("gamma", shape, ones) if scale else tf.ones(shape)
    beta = scope.variable("beta", shape, zeros)
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
    return outputs


def normalize(inputs, scope):
    return batch_norm(inputs, scope=scope / "BatchNorm")


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    normalizer=normalize,
    initializer=VARIANCE_SCALING,
    regularizer=L2,
    biases=None,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer, regularizer)
    outputs = tf.nn.conv2d(inputs, weights, stride, padding)
    if biases is not None:
        biases = scope.variable("biases", outputs.shape[-1:], biases)
        outputs = tf.nn.bias_add(outputs, biases)
    if normalizer is not None:
        outputs = normalizer(outputs, scope)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(inputs, kernel_size, stride=2, padding="VALID", *, scope):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, kernel_size, stride, padding)


@layer
def global_avg_pool2d(inputs, keepdims=True, *, scope):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=keepdims)


# Checkpoint maps.

RESIDUAL_SLIM = same_names(
    {
        "{weights,BatchNorm/{gamma,beta,moving_mean,moving_variance}}": (
            "residual/conv1",
            "residual/block1/unit_1/bottleneck/{shortcut,conv{1..3}}",
            "residual/block1/unit_{2..3}/bottleneck/conv{1..3}",
            "residual/block2/unit_1/bottleneck/{shortcut,conv{1..3}}",
            "residual/block2/unit_{2..4}/bottleneck/conv{1..3}",
        ),
        "{weights,biases}": ("residual/logits",),
    }
)


@layer
def bottleneck(net, depth, inner, scope):
    """Narrow, convolve, widen; the input is added."""
    branch_0 = conv2d(net, depth, [1, 1], activation=None, scope=scope / "shortcut")
    branch_1 = conv2d(net, inner, [1, 1], scope=scope / "conv1")
    branch_1 = conv2d(branch_1, inner, [3, 3], scope=scope / "conv2")
    branch_1 = conv2d(branch_1, depth, [1, 1], activation=None, scope=scope / "conv3")
    net = tf.nn.relu(branch_0 + branch_1)
    return net


@layer
def bottleneck_2(net, depth, inner, scope):
    branch_1 = conv2d(net, inner, [1, 1], scope=scope / "conv1")
    branch_1 = conv2d(branch_1, inner, [3, 3], scope=scope / "conv2")
    branch_1 = conv2d(branch_1, depth, [1, 1], activation=None, scope=scope / "conv3")
    net = tf.nn.relu(net + branch_1)
    return net


@layer
def bottleneck_3(net, scope):
    branch_0 = max_pool2d(net, [1, 1], scope=scope / "MaxPool2D")  # [8, 8, 16]
    branch_1 = conv2d(net, 4, [1, 1], scope=scope / "conv1")  # [16, 16, 4]
    branch_1 = conv2d(branch_1, 4, [3, 3], 2, scope=scope / "conv2")  # [8, 8, 4]
    branch_1 = conv2d(branch_1, 16, [1, 1], activation=None, scope=scope / "conv3")
    net = tf.nn.relu(branch_0 + branch_1)  # [8, 8, 16]
    return net


def residual(images, scope):
    net = conv2d(images, 8, [3, 3], 2, scope=scope / "conv1")  # [16, 16, 8]
    net = bottleneck(net, 16, 4, scope=scope / "block1/unit_1/bottleneck")
    net = bottleneck_2(net, 16, 4, scope=scope / "block1/unit_2/bottleneck")
    net = bottleneck_3(net, scope=scope / "block1/unit_3/bottleneck")  # [8, 8, 16]
    net = bottleneck(net, 32, 8, scope=scope / "block2/unit_1/bottleneck")  # [8, 8, 32]
    for unit in range(2, 5):  # [8, 8, 32]
        net = bottleneck_2(net, 32, 8, scope=scope / f"block2/unit_{unit}/bottleneck")
    net = global_avg_pool2d(net, scope=scope / "pool5")  # [1, 1, 32]
    net = conv2d(
        net,
        CLASSES,
        [1, 1],
        activation=None,
        normalizer=None,
        biases=zeros,
        scope=scope / "logits",
    )  # [1, 1, 10]
    net = end_point(tf.squeeze(net, [1, 2]), scope / "spatial_squeeze")  # [10]
    end_point(tf.nn.softmax(net), scope / "predictions")  # [10]
    return net


class Residual(Network):
    """images [batch, 32, 32, 3] -> [batch, 10]; 7,474 parameters."""

    scope = "residual"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 32, 32, 3], tf.float32),
    }
    outputs: ClassVar = {
        "logits": tf.TensorSpec([None, CLASSES], tf.float32),
    }
    layers = staticmethod(residual)
    HEAD = ("logits",)
    CHECKPOINT_MAPS: ClassVar = {"slim": RESIDUAL_SLIM}


# What the functions below refer to.

NETWORK = Residual
LABELS_OFFSET = 0  # the label of the first class
LABELS = ()
