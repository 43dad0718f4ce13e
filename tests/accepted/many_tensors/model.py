"""Two inputs, three outputs.

many_tensors: images [batch, 16, 16, 3], mask [batch, 16, 16] int32 -> both [batch, 16, 16, 8], half [batch, 8, 8, 8], scores [batch, 16, 16, 2]; 130 parameters.
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


def many_tensors(scope, images, mask):
    classes = end_point(scope / "OneHotEncoding", tf.one_hot(mask, 4))  # [16, 16, 4]
    end_point(scope / "classes", classes)
    net = conv2d(scope / "features", images, 4, [3, 3])  # [16, 16, 4]
    joined = end_point(scope / "joined", tf.concat([net, classes], -1))  # [16, 16, 8]
    half = max_pool2d(scope / "MaxPool2D", joined)  # [8, 8, 8]
    net = conv2d(scope / "scores", joined, 2, [1, 1], activation=None)  # [16, 16, 2]
    return {"both": joined, "half": half, "scores": net}


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, activation=tf.nn.relu):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, 1, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(scope, inputs):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, [2, 2], 2, "VALID")


class ManyTensors(Network):
    """images [batch, 16, 16, 3], mask [batch, 16, 16] int32 -> both
    [batch, 16, 16, 8], half [batch, 8, 8, 8], scores [batch, 16, 16, 2]; 130
    parameters.
    """

    scope = "many_tensors"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 16, 16, 3], tf.float32),
        "mask": tf.TensorSpec([None, 16, 16], tf.int32),
    }
    outputs: ClassVar = {
        "both": tf.TensorSpec([None, 16, 16, 8], tf.float32),
        "half": tf.TensorSpec([None, 8, 8, 8], tf.float32),
        "scores": tf.TensorSpec([None, 16, 16, 2], tf.float32),
    }
    layers = staticmethod(many_tensors)
    HEAD = ()


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = ManyTensors()
    names = options.include, options.exclude, options.rename
    report = restore(model, options.file, *names, options.head, options.strict)
    loaded = f"{options.file}: {len(report.loaded)} variables loaded"
    others = report.summary("left_out", "unused", "not_finite")
    print("; ".join(filter(None, [loaded, others])), file=sys.stderr)
    return model, report
