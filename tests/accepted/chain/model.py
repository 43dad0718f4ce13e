"""A chain of convolutions, after VGG.

chain: images [batch, 32, 32, 3] -> [batch, 10]; 39,746 parameters.
"""

import argparse
import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import json
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

CLASSES = 10
KEEP_PROB = 0.5
WEIGHT_DECAY = 0.0005


# Layers.


def l2(scale):
    """Scale / 2 times the sum of squares."""
    return lambda weights: scale * tf.nn.l2_loss(weights)


XAVIER = xavier()
L2 = l2(scale=WEIGHT_DECAY)


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    initializer=XAVIER,
    regularizer=L2,
    biases=zeros,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer, regularizer)
    outputs = tf.nn.conv2d(inputs, weights, 1, padding)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(inputs, kernel_size, stride=2, padding="VALID", *, scope):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, kernel_size, stride, padding)


@layer
def dropout(inputs, keep_prob=KEEP_PROB, *, scope):
    """Zero values at random in training and scale the others up."""
    if not scope.training or keep_prob == 1:
        return inputs
    shape = tf.shape(inputs)
    seeds = scope.model.generator.make_seeds(1)[:, 0]
    # Whole numbers are drawn alike with XLA and without; fractions are not.
    numbers = tf.random.stateless_uniform(
        shape, seeds, 0, 2**24, tf.int32, alg="philox"
    )
    kept = tf.cast(numbers, tf.float32) < keep_prob * 2**24
    return tf.where(kept, inputs * (1 / keep_prob), 0.0)


# Checkpoint maps.

CHAIN_SLIM = same_names(
    {
        "{weights,biases}": ("chain/{conv1/conv1_{1..2},conv2/conv2_{1..3},fc{3..4}}",),
    }
)


def chain(images, scope):
    net = images
    for i in range(1, 3):
        net = conv2d(net, 8, [3, 3], scope=scope / f"conv1/conv1_{i}")  # [32, 32, 8]
    net = max_pool2d(net, [2, 2], scope=scope / "pool1")  # [16, 16, 8]
    for i in range(1, 4):
        net = conv2d(net, 16, [3, 3], scope=scope / f"conv2/conv2_{i}")  # [16, 16, 16]
    net = max_pool2d(net, [2, 2], scope=scope / "pool2")  # [8, 8, 16]
    net = conv2d(net, 32, [8, 8], "VALID", scope=scope / "fc3")  # [1, 1, 32]
    net = dropout(net, scope=scope / "dropout3")  # [1, 1, 32]
    net = conv2d(net, CLASSES, [1, 1], activation=None, scope=scope / "fc4")
    net = tf.squeeze(net, [1, 2])  # [10]
    return net


class Chain(Network):
    """images [batch, 32, 32, 3] -> [batch, 10]; 39,746 parameters."""

    scope = "chain"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 32, 32, 3], tf.float32),
    }
    outputs: ClassVar = {
        "logits": tf.TensorSpec([None, CLASSES], tf.float32),
    }
    layers = staticmethod(chain)
    HEAD = ("fc4",)
    CHECKPOINT_MAPS: ClassVar = {"slim": CHAIN_SLIM}


# What the functions below refer to.

NETWORK = Chain
LABELS_OFFSET = 0  # the label of the first class
LABELS = ()
