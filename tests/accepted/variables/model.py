"""Variables that stand by themselves.

variables: images [batch, 8, 8, 4] -> [batch, 8, 8, 4]; 460 parameters.
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

START = 0.1


# Layers.


@dataclasses.dataclass(frozen=True)
class Scope:
    """Where a layer stands, and what one call of the network shares."""

    model: tf.Module
    name: str
    training: bool
    end_points: dict

    def __truediv__(self, name):
        """Return the scope `name` below this one."""
        names = [part for part in (self.name, name) if part]
        return dataclasses.replace(self, name="/".join(names))

    def variable(
        self,
        name,
        shape,
        initializer,
        regularizer=None,
        trainable=True,
        device=None,
        saved=True,
    ):
        """Return the variable `name` of this scope; the first call creates it."""
        name = (self / name).name
        found = self.model.named_variables if saved else self.model.local_variables
        if name not in found:
            # `tf.device(None)` would undo the caller's.
            place = contextlib.nullcontext() if device is None else tf.device(device)
            # Created eagerly and under its full name, also while a function is traced.
            with tf.init_scope(), tf.name_scope(""), place:
                value = initializer([int(size) for size in shape], self.model.generator)
                found[name] = tf.Variable(value, trainable=trainable, name=name)
            if regularizer is not None:
                self.model.regularizers[name] = regularizer
        return found[name]


def constant(value=0.0):
    """One value everywhere, or a list of all values."""
    return lambda shape, generator: tf.constant(value, tf.float32, shape)


def l2(scale):
    """Scale / 2 times the sum of squares."""
    return lambda weights: scale * tf.nn.l2_loss(weights)


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    padding="SAME",
    *,
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
    return outputs


# Checkpoint maps.

VARIABLES_SLIM = same_names(
    {
        "{weights,biases}": ("variables/step{1..3}/Conv",),
        "gamma": ("variables/step{1..3}",),
        "offset": ("variables",),
    }
)


def variables(images, scope):
    net = images
    for i in range(1, 4):
        branch_1 = conv2d(net, 4, [3, 3], scope=scope / f"step{i}/Conv")  # [8, 8, 4]
        gamma = scope.variable(
            f"step{i}/gamma", [4], constant(value=START), l2(scale=0.05)
        )
        branch_1 = branch_1 * gamma  # [8, 8, 4]
        net = end_point(net + branch_1, scope / f"step{i}")  # [8, 8, 4]
    scope.variable("count", [1], zeros, trainable=False, saved=False)
    net = net * 0.17  # [8, 8, 4]
    offset = scope.variable("offset", [4], xavier(), device="cpu:0")
    net = net + offset  # [8, 8, 4]
    return net


class Variables(Network):
    """images [batch, 8, 8, 4] -> [batch, 8, 8, 4]; 460 parameters."""

    scope = "variables"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 8, 8, 4], tf.float32),
    }
    outputs: ClassVar = {
        "output": tf.TensorSpec([None, 8, 8, 4], tf.float32),
    }
    layers = staticmethod(variables)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": VARIABLES_SLIM}


# What the functions below refer to.

NETWORK = Variables
