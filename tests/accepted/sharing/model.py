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
import zipfile
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import tensorflow as tf

# Layers.


@layer
def global_avg_pool2d(inputs, keepdims=True, *, scope):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=keepdims)


# Checkpoint maps.

SHARING_SLIM = same_names(
    {
        "{weights,biases}": ("sharing/{tower/{conv/conv_{1..2},embedding},same}",),
    }
)


@layer
def tower(net, scope):
    for i in range(1, 3):
        net = conv2d(net, 4, [3, 3], scope=scope / f"conv/conv_{i}")  # [16, 16, 4]
    net = global_avg_pool2d(net)  # [1, 1, 4]
    net = end_point(tf.reshape(net, [-1, 4]), scope / "Flatten")  # [4]
    net = fully_connected(net, 8, scope=scope / "embedding")  # [8]
    return net


def sharing(left, right, scope):
    one = tower(left, scope=scope / "tower")  # [8]
    end_point(one, scope / "one")
    net = tower(right, scope=scope / "tower")  # [8]
    net = one * net  # [8]
    net = fully_connected(net, 1, activation=tf.math.sigmoid, scope=scope / "same")
    return net


class Sharing(Network):
    """left [batch, 16, 16, 1], right [batch, 16, 16, 1] -> [batch, 1]; 237
    parameters.
    """

    scope = "sharing"
    inputs: ClassVar = {
        "left": tf.TensorSpec([None, 16, 16, 1], tf.float32),
        "right": tf.TensorSpec([None, 16, 16, 1], tf.float32),
    }
    outputs: ClassVar = {
        "logits": tf.TensorSpec([None, 1], tf.float32),
    }
    layers = staticmethod(sharing)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": SHARING_SLIM}


# What the functions below refer to.

NETWORK = Sharing
