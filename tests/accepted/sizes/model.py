"""Blocks whose calls differ in the sizes of lists: margins, shapes, boxes, images.

sizes: images [batch, 8, 8, 4] -> [batch, 48, 48, 4]; 1,033 parameters.
"""

import argparse
import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import glob
import itertools
import math
import os
import re
import secrets
import sys
import tempfile
from collections import Counter, namedtuple
from typing import ClassVar

import numpy as np

if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3" and sys.stderr:
    with tempfile.TemporaryFile() as held:  # output of libraries, whatever their level
        errors = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            import tensorflow as tf
        except BaseException:
            held.seek(0)
            os.write(errors, held.read())
            raise
        finally:
            os.dup2(errors, 2)
import tensorflow as tf

# Network.


def sizes(scope, images):
    net = causal(scope / "causal_1", images, 2, 1)  # [8, 8, 4]
    net = causal(scope / "causal_2", net, 4, [1, 2])  # [8, 8, 4]
    net = causal(scope / "causal_4", net, 8, [1, 4])  # [8, 8, 4]
    end_point(scope / "features", net)
    end_point(scope / "first", halves(scope / "halves", net, 2, 0, 128))  # [2]
    end_point(scope / "second", halves(scope / "halves_1", net, 3, 1, 192))  # [3]
    net = grown(scope / "grown_1", net, 16)  # [16, 16, 4]
    return grown(scope / "grown_2", net, 48)  # [48, 48, 4]


# Blocks.


def causal(scope, net, paddings, conv_rate):
    """[8, 8, 4] -> [8, 8, 4]."""
    with scope.open():
        net = tf.pad(net, [[0, 0], [0, 0], [paddings, 0], [0, 0]])  # [8, ?, 4]
        net = conv2d(scope / "Conv", net, 4, [1, 3], rate=conv_rate)  # [8, 8, 4]
        return end_point(scope, net)


def halves(scope, net, depth, start, size):
    """[8, 8, 4] -> [depth]."""
    with scope.open():
        net = tf.slice(net, [0, 0, 0, start], [-1, -1, -1, depth])  # [8, 8, ?]
        net = tf.reshape(net, [-1, 64, depth])  # [64, ?]
        net = tf.reshape(net, [-1, 64, 1, depth])  # [64, 1, ?]
        net = end_point(scope / "Flatten", tf.reshape(net, [-1, size]))
        return end_point(scope, fully_connected(scope / "fully_connected", net, depth))


def grown(scope, net, size):
    """[h, w, 4] -> [size, size, 4]."""
    with scope.open():
        net = conv2d(scope / "Conv", net, 4, [1, 1], "SAME")  # [?, ?, 4]
        net = tf.raw_ops.ResizeNearestNeighbor(images=net, size=[size, size])
        return end_point(scope, net)


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        with scope.open():
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, padding="VALID", rate=1):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.convolution(inputs, weights, 1, padding, dilations=rate)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return tf.nn.relu(outputs)


@layer
def fully_connected(scope, inputs, num_outputs):
    """Multiply by `weights`, add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return tf.math.sigmoid(outputs)


@dataclasses.dataclass(frozen=True)
class Scope:
    """A place in the network, and what one call of the model shares."""

    model: tf.Module
    name: str
    training: bool
    end_points: dict

    def __truediv__(self, name):
        """Return the scope `name` below this one."""
        return dataclasses.replace(self, name=f"{self.name}/{name}")

    @contextlib.contextmanager
    def open(self, name=None):
        """Name operations after this scope, or after the one `name` below it."""
        scope = self if name is None else self / name
        with tf.name_scope(f"{scope.name}/"):
            yield scope

    def variable(self, name, shape, initial, trainable=True):
        """Return the variable `name` of this scope; the first call creates it."""
        name, model = f"{self.name}/{name}", self.model
        if name not in model.named_variables:
            # Created eagerly and under the full name, even while a function is traced.
            with tf.init_scope(), tf.name_scope(""):
                if callable(initial):
                    value = initial(shape, model.generator)
                else:
                    value = tf.fill(shape, initial)
                variable = tf.Variable(value, trainable=trainable, name=name)
            model.named_variables[name] = variable
        return model.named_variables[name]


class Sizes(tf.Module):
    """images [batch, 8, 8, 4] -> [batch, 48, 48, 4]; 1,033 parameters."""

    scope = "sizes"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 8, 8, 4], tf.float32)}
    outputs: ClassVar = {"output": tf.TensorSpec([None, 48, 48, 4], tf.float32)}
    layers = staticmethod(sizes)
    HEAD_SIZES: ClassVar[dict[str, int]] = {}
    HEAD: ClassVar[tuple[str, ...]] = ()

    def __init__(self, seed=None):
        super().__init__(name=type(self).__name__)
        # TensorFlow refuses a generator without a seed in deterministic mode.
        seed = secrets.randbits(63) if seed is None else seed
        self.generator = tf.random.Generator.from_seed(seed)
        self.named_variables = {}

        def create_variables(inputs):
            if not self.named_variables:  # TensorFlow traces a creation twice
                self(inputs)

        trace = tf.function(create_variables, autograph=False)
        trace.get_concrete_function(dict(self.inputs))

    def __call__(self, inputs, training=False):
        """Return the outputs and the end points, under full names and relative ones."""
        if isinstance(inputs, dict):
            if inputs.keys() != self.inputs.keys():
                raise ValueError(f"a dict with the inputs {[*self.inputs]} is needed")
            inputs = inputs["images"]
        inputs, spec = tf.convert_to_tensor(inputs), self.inputs["images"]
        if not spec.shape.is_compatible_with(inputs.shape):
            raise ValueError(f"`images` is {spec.shape} here, found {inputs.shape}")
        inputs = tf.cast(inputs, spec.dtype)
        if training and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise RuntimeError("training runs on one replica: averages would differ")
        scope = Scope(self, self.scope, training, {})
        outputs, ends = self.layers(scope, inputs), scope.end_points
        return outputs, ends | {self.relative(name): ends[name] for name in ends}

    @property
    def regularization_losses(self):
        """Each regularized variable's term of the loss, by the variable's name."""
        return {}

    @property
    def CHECKPOINT_MAPS(self):
        """Names in a source by variable and format: TF-Slim's are this file's."""
        return {"slim": {name: name for name in self.named_variables}}

    def relative(self, name):
        """Return a name without the network's scope."""
        return name.removeprefix(f"{self.scope}/")


def decode_image(encoded):
    """Decode JPEG, PNG, GIF or BMP, a JPEG turned upright as its EXIF data say."""
    image = tf.io.decode_image(encoded, 4, expand_animations=False)
    if not UPRIGHT:
        return image
    turn = exif_orientation(encoded)
    image = tf.cond(turn > 4, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    flips = tf.reduce_any(turn == [[3, 4, 7, 8], [2, 3, 6, 7]], axis=1)
    return tf.reverse(image, tf.boolean_mask([0, 1], flips))


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = Sizes()
    return model, restore_with(model, options.file, options)
