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
import zipfile
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import tensorflow as tf

# Parameters of the build.

BOXES = 4


# Layers.


@layer
def conv2d(
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
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer)
    outputs = tf.nn.conv2d(inputs, weights, stride, padding)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


# Checkpoint maps.

WORDS_SLIM = same_names(
    {
        "{weights,biases}": ("words/{backbone/stem/stem_{1..2},heads/{boxes,scores}}",),
    }
)


@layer
def backbone(net, scope):
    net = conv2d(net, 4, [3, 3], scope=scope / "stem/stem_1")  # [16, 16, 4]
    net = conv2d(net, 8, [3, 3], scope=scope / "stem/stem_2")  # [8, 8, 8]
    end_point(net, scope / "end")
    return net


def words(images, scope):
    net = backbone(images, scope=scope / "backbone")  # [8, 8, 8]
    boxes = conv2d(net, BOXES, [1, 1], 1, activation=None, scope=scope / "heads/boxes")
    scores = conv2d(net, 2, [1, 1], 1, activation=None, scope=scope / "heads/scores")
    return {"boxes": boxes, "scores": scores}


class Words(Network):
    """images [batch, 32, 32, 3] -> boxes [batch, 8, 8, 4], scores [batch, 8, 8, 2];
    462 parameters.
    """

    scope = "words"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 32, 32, 3], tf.float32),
    }
    outputs: ClassVar = {
        "boxes": tf.TensorSpec([None, 8, 8, BOXES], tf.float32),
        "scores": tf.TensorSpec([None, 8, 8, 2], tf.float32),
    }
    layers = staticmethod(words)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": WORDS_SLIM}


# What the functions below refer to.

NETWORK = Words
