"""Images of any size; skip connections from coarse to fine.

free_size: images [batch, ?, ?, 3] -> [batch, ?, ?, 1]; 4,441 parameters.
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


def free_size(scope, images):
    net = conv2d(scope / "down1", images, 4, [3, 3])  # [?, ?, 4]
    end_point(scope / "level1", net)
    net = max_pool2d(scope / "MaxPool2D", net)  # [?, ?, 4]
    net = conv2d(scope / "down2", net, 8, [3, 3])  # [?, ?, 8]
    end_point(scope / "level2", net)
    net = max_pool2d(scope / "MaxPool2D_1", net)  # [?, ?, 8]
    net = conv2d(scope / "down3", net, 12, [3, 3])  # [?, ?, 12]
    end_point(scope / "level3", net)
    net = max_pool2d(scope / "MaxPool2D_2", net)  # [?, ?, 12]
    net = conv2d_transpose(scope / "up3", net, 12, [2, 2])  # [?, ?, 12]
    end_point(scope / "up3_full", net)
    smooth = conv2d(scope / "merge3/smooth", net, 12, [3, 3])  # [?, ?, 12]
    net = end_point(scope / "merge3", net + smooth)  # [?, ?, 12]
    net = conv2d_transpose(scope / "up2", net, 8, [2, 2])  # [?, ?, 8]
    end_point(scope / "up2_full", net)
    smooth = conv2d(scope / "merge2/smooth", net, 8, [3, 3])  # [?, ?, 8]
    net = end_point(scope / "merge2", net + smooth)  # [?, ?, 8]
    net = conv2d_transpose(scope / "up1", net, 4, [2, 2])  # [?, ?, 4]
    end_point(scope / "up1_full", net)
    smooth = conv2d(scope / "merge1/smooth", net, 4, [3, 3])  # [?, ?, 4]
    net = end_point(scope / "merge1", net + smooth)  # [?, ?, 4]
    return conv2d(scope / "mask", net, 1, [1, 1], activation=None)  # [?, ?, 1]


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, activation=tf.nn.relu):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, 1, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


@layer
def max_pool2d(scope, inputs):
    """Take the largest value of each window."""
    return tf.nn.max_pool2d(inputs, [2, 2], 2, "VALID")


@layer
def conv2d_transpose(scope, inputs, num_outputs, kernel_size):
    """Convolve transposed with `weights`, add `biases`, then activate."""
    batch, *sizes, channels = lengths(inputs)
    sizes = [size * 2 for size in sizes]
    shape = [*kernel_size, num_outputs, channels]
    weights = scope.variable("weights", shape, xavier)
    shape = [batch, *sizes, num_outputs]
    outputs = tf.nn.conv2d_transpose(inputs, weights, shape, 2, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return tf.nn.relu(outputs)


def lengths(inputs):
    """Return the shape as a list: numbers where they are known, else scalar tensors."""
    known, found = inputs.shape.as_list(), tf.shape(inputs)
    return [found[axis] if n is None else n for axis, n in enumerate(known)]


class FreeSize(tf.Module):
    """images [batch, ?, ?, 3] -> [batch, ?, ?, 1]; 4,441 parameters."""

    scope = "free_size"
    inputs: ClassVar = {"images": tf.TensorSpec([None, None, None, 3], tf.float32)}
    outputs: ClassVar = {"output": tf.TensorSpec([None, None, None, 1], tf.float32)}
    layers = staticmethod(free_size)
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


def image_shape(network):
    """Return height, width and channels of a network's input; None where free."""
    (spec,) = network.inputs.values()
    return spec.shape.as_list()[1:]


def decode_image(encoded, network=FreeSize):
    """Decode an image file to upright uint8 pixels with the network's channels."""
    return decode_upright(encoded, image_shape(network)[2])


def decode_upright(encoded, channels=0):
    """Decode JPEG, PNG, GIF or BMP, a JPEG turned upright as its EXIF data say."""
    if channels == 3:
        image = decode_colors(encoded)
    else:
        image = tf.io.decode_image(encoded, channels, expand_animations=False)
    if not UPRIGHT:
        return image
    turn = exif_orientation(encoded)
    image = tf.cond(turn > 4, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    flips = tf.reduce_any(turn == [[3, 4, 7, 8], [2, 3, 6, 7]], axis=1)
    return tf.reverse(image, tf.boolean_mask([0, 1], flips))


def preprocess(image, training=False, seed=None, network=FreeSize):
    """Turn a uint8 image [height, width, channels] into an input of `network`.

    In training it is distorted at random, alike for the same `seed`: two integers.
    """
    if network not in PREPROCESSING:
        raise ValueError(f"{network.__name__} takes no image")
    height, width, _ = image_shape(network)
    prepare = functools.partial(PREPROCESSING[network], height=height, width=width)
    return prepare(image, training, seed)


def preprocess_none(image, training=False, seed=None, *, height, width):
    """Resize a uint8 image, with values from 0 to 1; in training too."""
    height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, [height, width])


PREPROCESSING = {
    FreeSize: preprocess_none,
}


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = FreeSize()
    return model, restore_with(model, options.file, options)
