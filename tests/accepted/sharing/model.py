"""Two images through one tower.

sharing: left [batch, 16, 16, 1], right [batch, 16, 16, 1] -> [batch, 1]; 237 parameters.
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


def sharing(scope, left, right):
    one = end_point(scope / "one", tower(scope, left))  # [8]
    net = tower(scope, right)  # [8]
    net = one * net  # [8]
    return fully_connected(scope / "same", net, 1, activation=tf.math.sigmoid)  # [1]


# Blocks.


def tower(scope, net):
    """[16, 16, 1] -> [8]."""
    with scope.open("tower") as scope:
        for i in range(1, 3):
            net = conv2d(scope / f"conv/conv_{i}", net, 4, [3, 3])  # [16, 16, 4]
        net = global_avg_pool2d(None, net)  # [1, 1, 4]
        net = end_point(scope / "Flatten", tf.reshape(net, [-1, 4]))  # [4]
        return end_point(scope, fully_connected(scope / "embedding", net, 8))  # [8]


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        if scope is None:  # without a name it is no end point
            return function(scope, *args, **kwargs)
        with scope.open():
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def global_avg_pool2d(scope, inputs):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=True)


@layer
def fully_connected(scope, inputs, num_outputs, activation=tf.nn.relu):
    """Multiply by `weights`, add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


class Sharing(Network):
    """left [batch, 16, 16, 1], right [batch, 16, 16, 1] -> [batch, 1]; 237
    parameters.
    """

    scope = "sharing"
    inputs: ClassVar = {
        "left": tf.TensorSpec([None, 16, 16, 1], tf.float32),
        "right": tf.TensorSpec([None, 16, 16, 1], tf.float32),
    }
    outputs: ClassVar = {"logits": tf.TensorSpec([None, 1], tf.float32)}
    layers = staticmethod(sharing)
    HEAD = ()


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Sharing()
    names = options.include, options.exclude, options.rename
    report = restore(model, options.file, *names, options.head, options.strict)
    loaded = f"{options.file}: {len(report.loaded)} variables loaded"
    others = report.summary("left_out", "unused", "not_finite")
    print("; ".join(filter(None, [loaded, others])), file=sys.stderr)
    return model, report
