"""Blocks whose calls differ in the sizes of lists: margins, shapes, boxes, images.

sizes: images [batch, 8, 8, 4] -> [batch, 48, 48, 4]; 1,033 parameters.
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


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    padding="VALID",
    rate=1,
    *,
    activation=tf.nn.relu,
    initializer=XAVIER,
    biases=zeros,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer)
    outputs = tf.nn.convolution(inputs, weights, 1, padding, dilations=rate)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


@layer
def fully_connected(
    inputs,
    num_outputs,
    *,
    activation=tf.math.sigmoid,
    initializer=XAVIER,
    biases=zeros,
    scope,
):
    """Multiply by `weights`, normalize or add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, initializer)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


# Checkpoint maps.

SIZES_SLIM = same_names(
    {
        "{weights,biases}": (
            "sizes/{causal_{1..2},causal_4,grown_{1..2}}/Conv",
            "sizes/{halves,halves_1}/fully_connected",
        ),
    }
)


@layer
def causal(net, paddings, conv_rate, scope):
    net = tf.pad(net, [[0, 0], [0, 0], [paddings, 0], [0, 0]])  # [8, ?, 4]
    net = conv2d(net, 4, [1, 3], rate=conv_rate, scope=scope / "Conv")  # [8, 8, 4]
    return net


@layer
def halves(net, depth, start, size, scope):
    net = tf.slice(net, [0, 0, 0, start], [-1, -1, -1, depth])  # [8, 8, ?]
    net = tf.reshape(net, [-1, 64, depth])  # [64, ?]
    net = tf.reshape(net, [-1, 64, 1, depth])  # [64, 1, ?]
    net = end_point(tf.reshape(net, [-1, size]), scope / "Flatten")
    net = fully_connected(net, depth, scope=scope / "fully_connected")
    return net


@layer
def grown(net, size, scope):
    net = conv2d(net, 4, [1, 1], "SAME", scope=scope / "Conv")  # [?, ?, 4]
    net = tf.raw_ops.ResizeNearestNeighbor(images=net, size=[size, size])  # [?, ?, 4]
    return net


def sizes(images, scope):
    net = causal(images, 2, 1, scope=scope / "causal_1")  # [8, 8, 4]
    net = causal(net, 4, [1, 2], scope=scope / "causal_2")  # [8, 8, 4]
    net = causal(net, 8, [1, 4], scope=scope / "causal_4")  # [8, 8, 4]
    end_point(net, scope / "features")
    first = halves(net, 2, 0, 128, scope=scope / "halves")  # [2]
    end_point(first, scope / "first")
    second = halves(net, 3, 1, 192, scope=scope / "halves_1")  # [3]
    end_point(second, scope / "second")
    net = grown(net, 16, scope=scope / "grown_1")  # [16, 16, 4]
    net = grown(net, 48, scope=scope / "grown_2")  # [48, 48, 4]
    return net


class Sizes(Network):
    """images [batch, 8, 8, 4] -> [batch, 48, 48, 4]; 1,033 parameters."""

    scope = "sizes"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 8, 8, 4], tf.float32),
    }
    outputs: ClassVar = {
        "output": tf.TensorSpec([None, 48, 48, 4], tf.float32),
    }
    layers = staticmethod(sizes)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": SIZES_SLIM}


# What the functions below refer to.

NETWORK = Sizes
