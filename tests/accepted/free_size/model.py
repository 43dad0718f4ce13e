"""Images of any size; skip connections from coarse to fine.

free_size: images [batch, ?, ?, 3] -> [batch, ?, ?, 1]; 4,441 parameters.
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

# Parameters of the build.

DEPTH = 4


# Layers.


def lengths(inputs):
    """Return the shape as a list: numbers where they are known, else scalar tensors."""
    known, found = inputs.shape.as_list(), tf.shape(inputs)
    return [found[axis] if n is None else n for axis, n in enumerate(known)]


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    initializer=XAVIER,
    biases=zeros,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer)
    outputs = tf.nn.conv2d(inputs, weights, 1, padding)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(inputs, kernel_size, stride=2, padding="VALID", *, scope):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, kernel_size, stride, padding)


@layer
def conv2d_transpose(
    inputs,
    num_outputs,
    kernel_size,
    stride=2,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    initializer=XAVIER,
    biases=zeros,
    scope,
):
    """Convolve transposed with `weights`, normalize or add `biases`, then activate."""
    batch, *sizes, channels = lengths(inputs)
    sizes = [size * stride for size in sizes]
    kernel = [*kernel_size, num_outputs, channels]
    weights = scope.variable("weights", kernel, initializer)
    shape = [batch, *sizes, num_outputs]
    outputs = tf.nn.conv2d_transpose(inputs, weights, shape, stride, padding)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


# Checkpoint maps.

FREE_SIZE_SLIM = same_names(
    {
        "{weights,biases}": (
            "free_size/{down{1..3},up3,up2,up1,mask}",
            "free_size/{merge3,merge2,merge1}/smooth",
        ),
    }
)


def free_size(images, scope):
    net = conv2d(images, 4, [3, 3], scope=scope / "down1")  # [?, ?, 4]
    end_point(net, scope / "level1")
    net = max_pool2d(net, [2, 2], scope=scope / "MaxPool2D")  # [?, ?, 4]
    net = conv2d(net, 8, [3, 3], scope=scope / "down2")  # [?, ?, 8]
    end_point(net, scope / "level2")
    net = max_pool2d(net, [2, 2], scope=scope / "MaxPool2D_1")  # [?, ?, 8]
    net = conv2d(net, 12, [3, 3], scope=scope / "down3")  # [?, ?, 12]
    end_point(net, scope / "level3")
    net = max_pool2d(net, [2, 2], scope=scope / "MaxPool2D_2")  # [?, ?, 12]
    net = conv2d_transpose(net, 12, [2, 2], scope=scope / "up3")  # [?, ?, 12]
    end_point(net, scope / "up3_full")
    branch_1 = conv2d(net, 12, [3, 3], scope=scope / "merge3/smooth")  # [?, ?, 12]
    net = end_point(net + branch_1, scope / "merge3")  # [?, ?, 12]
    net = conv2d_transpose(net, 8, [2, 2], scope=scope / "up2")  # [?, ?, 8]
    end_point(net, scope / "up2_full")
    branch_1 = conv2d(net, 8, [3, 3], scope=scope / "merge2/smooth")  # [?, ?, 8]
    net = end_point(net + branch_1, scope / "merge2")  # [?, ?, 8]
    net = conv2d_transpose(net, 4, [2, 2], scope=scope / "up1")  # [?, ?, 4]
    end_point(net, scope / "up1_full")
    branch_1 = conv2d(net, 4, [3, 3], scope=scope / "merge1/smooth")  # [?, ?, 4]
    net = end_point(net + branch_1, scope / "merge1")  # [?, ?, 4]
    net = conv2d(net, 1, [1, 1], activation=None, scope=scope / "mask")  # [?, ?, 1]
    return net


class FreeSize(Network):
    """images [batch, ?, ?, 3] -> [batch, ?, ?, 1]; 4,441 parameters."""

    scope = "free_size"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, None, None, 3], tf.float32),
    }
    outputs: ClassVar = {
        "output": tf.TensorSpec([None, None, None, 1], tf.float32),
    }
    layers = staticmethod(free_size)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": FREE_SIZE_SLIM}


# What the functions below refer to.

NETWORK = FreeSize


def preprocess_none(image, height, width, seed):
    """Resize an image, with values from 0 to 1; `seed` is not used."""
    height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, height, width)
