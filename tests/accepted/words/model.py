"""A network inside another, without its head.

words: images [batch, 32, 32, 3] -> boxes [batch, 8, 8, 4], scores [batch, 8, 8, 2]; 462 parameters.
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

BOXES = 4


# Network.


def words(scope, images):
    net = backbone(scope / "backbone", images)  # [8, 8, 8]
    boxes = conv2d(
        scope / "heads/boxes", net, BOXES, [1, 1], 1, activation=None
    )  # [8, 8, 4]
    scores = conv2d(
        scope / "heads/scores", net, 2, [1, 1], 1, activation=None
    )  # [8, 8, 2]
    return {"boxes": boxes, "scores": scores}


# Blocks.


def backbone(scope, net):
    """[32, 32, 3] -> [8, 8, 8]."""
    with scope.open():
        net = conv2d(scope / "stem/stem_1", net, 4, [3, 3])  # [16, 16, 4]
        net = conv2d(scope / "stem/stem_2", net, 8, [3, 3])  # [8, 8, 8]
        end_point(scope / "end", net)
        return end_point(scope, net)


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, stride=2, activation=tf.nn.relu):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, stride, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


class Words(Network):
    """images [batch, 32, 32, 3] -> boxes [batch, 8, 8, 4], scores [batch, 8, 8, 2];
    462 parameters.
    """

    scope = "words"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 32, 32, 3], tf.float32)}
    outputs: ClassVar = {
        "boxes": tf.TensorSpec([None, 8, 8, BOXES], tf.float32),
        "scores": tf.TensorSpec([None, 8, 8, 2], tf.float32),
    }
    layers = staticmethod(words)
    HEAD = ("heads/boxes",)


def preprocess(image, training=False, seed=None):
    """Resize a uint8 image, with values from 0 to 1; in training too."""
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, [32, 32])


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Words()
    names = options.include, options.exclude, options.rename
    report = restore(model, options.file, *names, options.head, options.strict)
    loaded = f"{options.file}: {len(report.loaded)} variables loaded"
    others = report.summary("left_out", "unused", "not_finite")
    print("; ".join(filter(None, [loaded, others])), file=sys.stderr)
    return model, report
