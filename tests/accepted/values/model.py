"""Values: functions, lists, conditions, names put together.

values: images [batch, 9, 9, 3] -> [batch, 9, 9, 12]; 917 parameters.
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

SCHEME = "wide"


# Layers.


# Checkpoint maps.

VALUES_SLIM = same_names(
    {
        "{weights,biases}": (
            "values/{stage_{1,8,12},Repeat/convolution2d_{1..2},stage/wide-144}",
        ),
    }
)


def values(images, scope):
    net = conv2d(images, 4, [3, 3], scope=scope / "stage_1")  # [9, 9, 4]
    net = conv2d(net, 5, [3, 3], scope=scope / "stage_8")  # [9, 9, 5]
    net = conv2d(net, 8, [3, 3], scope=scope / "stage_12")  # [9, 9, 8]
    for i in range(1, 3):  # [9, 9, 8]
        net = conv2d(net, 8, [1, 1], scope=scope / f"Repeat/convolution2d_{i}")
    net = tf.nn.relu6(net)  # [9, 9, 8]
    net = conv2d(net, 12, [1, 1], scope=scope / "stage/wide-144")  # [9, 9, 12]
    net = tf.nn.leaky_relu(net, alpha=0.1)  # [9, 9, 12]
    return net


class Values(Network):
    """images [batch, 9, 9, 3] -> [batch, 9, 9, 12]; 917 parameters."""

    scope = "values"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 9, 9, 3], tf.float32),
    }
    outputs: ClassVar = {
        "output": tf.TensorSpec([None, 9, 9, 12], tf.float32),
    }
    layers = staticmethod(values)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": VALUES_SLIM}


# What the functions below refer to.

NETWORK = Values
