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


# Checkpoint maps.

MANY_TENSORS_SLIM = same_names(
    {
        "{weights,biases}": ("many_tensors/{features,scores}",),
    }
)


def many_tensors(images, mask, scope):
    classes = end_point(tf.one_hot(mask, 4), scope / "OneHotEncoding")  # [16, 16, 4]
    end_point(classes, scope / "classes")
    net = conv2d(images, 4, [3, 3], scope=scope / "features")  # [16, 16, 4]
    joined = end_point(tf.concat([net, classes], -1), scope / "joined")  # [16, 16, 8]
    half = max_pool2d(joined, [2, 2], scope=scope / "MaxPool2D")  # [8, 8, 8]
    net = conv2d(joined, 2, [1, 1], activation=None, scope=scope / "scores")
    return {"both": joined, "half": half, "scores": net}


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
    CHECKPOINT_MAPS: ClassVar = {"slim": MANY_TENSORS_SLIM}


# What the functions below refer to.

NETWORK = ManyTensors
