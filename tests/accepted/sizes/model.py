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
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import tensorflow as tf

# Network.


def sizes(scope, images):
    net = causal(scope / "causal_1", images, 2, 1)  # [8, 8, 4]
    net = causal(scope / "causal_2", net, 4, [1, 2])  # [8, 8, 4]
    net = causal(scope / "causal_4", net, 8, [1, 4])  # [8, 8, 4]
    end_point(scope / "features", net)
    end_point(scope / "first", halves(scope / "halves", net, 2, 0, 128))  # [2]
    end_point(scope / "second", halves(scope / "halves_1", net, 3, 1, 192))  # [3]
    net = grown(scope / "grown_1", net, 16)  # [16, 16, 4]
    return grown(scope / "grown_2", net, 48)  # [48, 48, 4]


# Blocks.


def causal(scope, net, paddings, conv_rate):
    """[8, 8, 4] -> [8, 8, 4]."""
    with scope.open():
        net = tf.pad(net, [[0, 0], [0, 0], [paddings, 0], [0, 0]])  # [8, ?, 4]
        net = conv2d(scope / "Conv", net, 4, [1, 3], rate=conv_rate)  # [8, 8, 4]
        return end_point(scope, net)


def halves(scope, net, depth, start, size):
    """[8, 8, 4] -> [depth]."""
    with scope.open():
        net = tf.slice(net, [0, 0, 0, start], [-1, -1, -1, depth])  # [8, 8, ?]
        net = tf.reshape(net, [-1, 64, depth])  # [64, ?]
        net = tf.reshape(net, [-1, 64, 1, depth])  # [64, 1, ?]
        net = end_point(scope / "Flatten", tf.reshape(net, [-1, size]))
        return end_point(scope, fully_connected(scope / "fully_connected", net, depth))


def grown(scope, net, size):
    """[h, w, 4] -> [size, size, 4]."""
    with scope.open():
        net = conv2d(scope / "Conv", net, 4, [1, 1], "SAME")  # [?, ?, 4]
        net = tf.raw_ops.ResizeNearestNeighbor(images=net, size=[size, size])
        return end_point(scope, net)


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, padding="VALID", rate=1):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.convolution(inputs, weights, 1, padding, dilations=rate)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return tf.nn.relu(outputs)


@layer
def fully_connected(scope, inputs, num_outputs):
    """Multiply by `weights`, add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return tf.math.sigmoid(outputs)


class Sizes(Network):
    """images [batch, 8, 8, 4] -> [batch, 48, 48, 4]; 1,033 parameters."""

    scope = "sizes"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 8, 8, 4], tf.float32)}
    outputs: ClassVar = {"output": tf.TensorSpec([None, 48, 48, 4], tf.float32)}
    layers = staticmethod(sizes)
    HEAD = ()


def decode_image(encoded):
    """Decode a JPEG, PNG, GIF or BMP file to uint8 [height, width, 4]."""
    return tf.io.decode_image(encoded, 4, expand_animations=False)


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Sizes()
    names = options.include, options.exclude, options.rename
    report = restore(model, options.file, *names, options.head, options.strict)
    loaded = f"{options.file}: {len(report.loaded)} variables loaded"
    others = report.summary("left_out", "unused", "not_finite")
    print("; ".join(filter(None, [loaded, others])), file=sys.stderr)
    return model, report
