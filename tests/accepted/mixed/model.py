"""Branches side by side, after Inception.

mixed: images [batch, 64, 64, 3] -> [batch, 10]; 2,802 parameters.
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
DEPTH_MULTIPLIER = 0.5
MIN_DEPTH = 4


# Layers.


def ones(shape, generator):
    return tf.ones(shape)


@layer
def batch_norm(inputs, decay=0.9997, epsilon=0.001, *, scope):
    """Normalize channels by the batch's moments in training, else by moving averages."""
    shape = inputs.shape[-1:]
    gamma = tf.ones(shape)
    beta = scope.variable("beta", shape, zeros)
    moving_mean = scope.variable("moving_mean", shape, zeros, trainable=False)
    moving_variance = scope.variable("moving_variance", shape, ones, trainable=False)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=gamma,
        offset=beta,
        mean=[] if scope.training else moving_mean,
        variance=[] if scope.training else moving_variance,
        # The least that cuDNN takes; TF-Slim raises it everywhere.
        epsilon=max(epsilon, 1.001e-5),
        is_training=scope.training,
    )
    if scope.training:
        moving_mean.assign_sub((1 - decay) * (moving_mean - mean))
        moving_variance.assign_sub((1 - decay) * (moving_variance - variance))
    return outputs


def normalize(inputs, scope):
    return batch_norm(inputs, scope=scope / "BatchNorm")


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    normalizer=normalize,
    initializer=XAVIER,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer)
    outputs = tf.nn.conv2d(inputs, weights, stride, padding)
    outputs = normalizer(outputs, scope)
    return activation(outputs)


@layer
def max_pool2d(inputs, kernel_size, stride=2, padding="VALID", *, scope):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, kernel_size, stride, padding)


@layer
def avg_pool2d(inputs, kernel_size, stride=1, padding="SAME", *, scope):
    """Take the mean of each window."""
    return tf.nn.avg_pool2d(inputs, kernel_size, stride, padding)


@layer
def global_avg_pool2d(inputs, keepdims=True, *, scope):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=keepdims)


@layer
def fully_connected(inputs, num_outputs, *, initializer=XAVIER, biases=zeros, scope):
    """Multiply by `weights`, normalize or add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, initializer)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs


# Checkpoint maps.

MIXED_SLIM = same_names(
    {
        "{weights,BatchNorm/{beta,moving_mean,moving_variance}}": (
            "Mixed/Conv2d_1a_3x3",
            "Mixed/Mixed_{5b,5c}/Branch_0/Conv2d_0a_1x1",
            "Mixed/Mixed_{5b,5c}/Branch_1/Conv2d_{0a_1x1,0b_1x7,0c_7x1}",
            "Mixed/Mixed_{5b,5c}/Branch_2/Conv2d_0b_1x1",
        ),
        "{weights,biases}": ("Mixed/Logits",),
    }
)


def mixed(images, scope):
    net = conv2d(images, 16, [3, 3], 2, "VALID", scope=scope / "Conv2d_1a_3x3")
    net = max_pool2d(net, [3, 3], scope=scope / "MaxPool_2a_3x3")  # [15, 15, 16]
    branch_0 = conv2d(net, 8, [1, 1], scope=scope / "Mixed_5b/Branch_0/Conv2d_0a_1x1")
    branch_1 = conv2d(net, 4, [1, 1], scope=scope / "Mixed_5b/Branch_1/Conv2d_0a_1x1")
    branch_1 = conv2d(
        branch_1, 8, [1, 7], scope=scope / "Mixed_5b/Branch_1/Conv2d_0b_1x7"
    )  # [15, 15, 8]
    branch_1 = conv2d(
        branch_1, 8, [7, 1], scope=scope / "Mixed_5b/Branch_1/Conv2d_0c_7x1"
    )  # [15, 15, 8]
    branch_2 = avg_pool2d(net, [3, 3], scope=scope / "Mixed_5b/Branch_2/AvgPool_0a_3x3")
    branch_2 = conv2d(
        branch_2, 4, [1, 1], scope=scope / "Mixed_5b/Branch_2/Conv2d_0b_1x1"
    )  # [15, 15, 4]
    net = end_point(tf.concat([branch_0, branch_1, branch_2], -1), scope / "Mixed_5b")
    branch_0 = conv2d(net, 8, [1, 1], scope=scope / "Mixed_5c/Branch_0/Conv2d_0a_1x1")
    branch_1 = conv2d(net, 4, [1, 1], scope=scope / "Mixed_5c/Branch_1/Conv2d_0a_1x1")
    branch_1 = conv2d(
        branch_1, 8, [1, 7], scope=scope / "Mixed_5c/Branch_1/Conv2d_0b_1x7"
    )  # [15, 15, 8]
    branch_1 = conv2d(
        branch_1, 8, [7, 1], scope=scope / "Mixed_5c/Branch_1/Conv2d_0c_7x1"
    )  # [15, 15, 8]
    branch_2 = avg_pool2d(net, [3, 3], scope=scope / "Mixed_5c/Branch_2/AvgPool_0a_3x3")
    branch_2 = conv2d(
        branch_2, 4, [1, 1], scope=scope / "Mixed_5c/Branch_2/Conv2d_0b_1x1"
    )  # [15, 15, 4]
    net = end_point(tf.concat([branch_0, branch_1, branch_2], -1), scope / "Mixed_5c")
    net = global_avg_pool2d(net)  # [1, 1, 20]
    net = end_point(tf.reshape(net, [-1, 20]), scope / "Flatten")  # [20]
    net = fully_connected(net, CLASSES, scope=scope / "Logits")  # [10]
    return net


class Mixed(Network):
    """images [batch, 64, 64, 3] -> [batch, 10]; 2,802 parameters."""

    scope = "Mixed"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 64, 64, 3], tf.float32),
    }
    outputs: ClassVar = {
        "logits": tf.TensorSpec([None, CLASSES], tf.float32),
    }
    layers = staticmethod(mixed)
    HEAD = ("Logits",)
    CHECKPOINT_MAPS: ClassVar = {"slim": MIXED_SLIM}


# What the functions below refer to.

NETWORK = Mixed
LABELS_OFFSET = 0  # the label of the first class
LABELS = ()
