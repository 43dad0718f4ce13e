"""Functions of the user's own, by name.

own_functions: images [batch, 8, 8, 4] -> [batch, 4, 4, 4]; 168 parameters.
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

import my_ops
import my_ops.image
import tf as tf_module

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

    def variable(self, name, shape, initializer, regularizer=None, trainable=True):
        """Return the variable `name` of this scope; the first call creates it."""
        name = (self / name).name
        found = self.model.named_variables
        if name not in found:
            # Created eagerly and under its full name, also while a function is traced.
            with tf.init_scope(), tf.name_scope(""):
                value = initializer([int(size) for size in shape], self.model.generator)
                value = tf.cast(value, tf.float32)
                found[name] = tf.Variable(value, trainable=trainable, name=name)
            if regularizer is not None:
                self.model.regularizers[name] = regularizer
        return found[name]


SWISH = functools.partial(my_ops.swish, beta=1.5)
XAVIER = xavier()


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    padding="SAME",
    *,
    activation=SWISH,
    initializer=XAVIER,
    regularizer=None,
    biases=zeros,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer, regularizer)
    outputs = tf.nn.conv2d(inputs, weights, 1, padding)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


# Checkpoint maps.

OWN_FUNCTIONS_SLIM = same_names(
    {
        "{weights,biases}": ("own_functions/conv{1..2}",),
    }
)


def own_functions(images, scope):
    net = conv2d(images, 4, [3, 3], scope=scope / "conv1")  # [8, 8, 4]
    net = end_point(my_ops.image.halve(net), scope / "halved")  # [4, 4, 4]
    net = conv2d(
        net,
        4,
        [1, 1],
        activation=tf.nn.relu,
        initializer=my_ops.fill,
        regularizer=tf_module.penalty,
        scope=scope / "conv2",
    )  # [4, 4, 4]
    return net


class OwnFunctions(Network):
    """images [batch, 8, 8, 4] -> [batch, 4, 4, 4]; 168 parameters."""

    scope = "own_functions"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 8, 8, 4], tf.float32),
    }
    outputs: ClassVar = {
        "output": tf.TensorSpec([None, 4, 4, 4], tf.float32),
    }
    layers = staticmethod(own_functions)
    HEAD = ()
    CHECKPOINT_MAPS: ClassVar = {"slim": OWN_FUNCTIONS_SLIM}


# What the functions below refer to.

NETWORK = OwnFunctions
