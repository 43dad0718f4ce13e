"""Variables that stand by themselves.

variables: images [batch, 8, 8, 4] -> [batch, 8, 8, 4]; 460 parameters.
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

START = 0.1


# Network.


def variables(scope, images):
    net = images
    for i in range(1, 4):
        second = conv2d(scope / f"step{i}/Conv", net, 4, [3, 3])  # [8, 8, 4]
        gamma = scope.variable(f"step{i}/gamma", [4], START, 0.05)
        second = second * gamma  # [8, 8, 4]
        net = end_point(scope / f"step{i}", net + second)  # [8, 8, 4]
    scope.variable("count", [1], 0.0, trainable=False, saved=False)
    net = net * 0.17  # [8, 8, 4]
    offset = scope.variable("offset", [4], xavier, device="cpu:0")
    return net + offset  # [8, 8, 4]


@layer
def conv2d(scope, inputs, num_outputs, kernel_size):
    """Convolve with `weights`, add `biases`."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, 1, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    return tf.nn.bias_add(outputs, biases)


def xavier(shape, generator):
    """Draw uniform values of variance 2 / (inputs + outputs), Glorot & Bengio 2010."""
    # The last two lengths; a vector's is both, and a scalar's are 1.
    rows, columns = (shape * 2 or [1, 1])[-2:]
    window = math.prod(shape[:-2])
    limit = math.sqrt(6 / (window * (rows + columns)))
    return generator.uniform(shape, -limit, limit)


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

    def variable(
        self,
        name,
        shape,
        initial,
        weight_decay=None,
        trainable=True,
        device=None,
        saved=True,
    ):
        """Return the variable `name` of this scope; the first call creates it."""
        name, model = f"{self.name}/{name}", self.model
        found = model.named_variables if saved else model.local_variables
        if name not in found:
            # `tf.device(None)` would undo the caller's.
            place = contextlib.nullcontext() if device is None else tf.device(device)
            # Created eagerly and under the full name, even while a function is traced.
            with tf.init_scope(), tf.name_scope(""), place:
                if callable(initial):
                    value = initial(shape, model.generator)
                else:
                    value = tf.fill(shape, initial)
                variable = tf.Variable(value, trainable=trainable, name=name)
            found[name] = variable
            if weight_decay is not None:
                model.weight_decays[name] = weight_decay
        return found[name]


class Variables(tf.Module):
    """images [batch, 8, 8, 4] -> [batch, 8, 8, 4]; 460 parameters."""

    scope = "variables"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 8, 8, 4], tf.float32)}
    outputs: ClassVar = {"output": tf.TensorSpec([None, 8, 8, 4], tf.float32)}
    layers = staticmethod(variables)
    HEAD_SIZES: ClassVar[dict[str, int]] = {}
    HEAD: ClassVar[tuple[str, ...]] = ()

    def __init__(self, seed=None):
        super().__init__(name=type(self).__name__)
        # TensorFlow refuses a generator without a seed in deterministic mode.
        seed = secrets.randbits(63) if seed is None else seed
        self.generator = tf.random.Generator.from_seed(seed)
        self.named_variables = {}
        self.local_variables = {}
        self.weight_decays = {}

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
        variables, decays = self.named_variables, self.weight_decays
        return {name: decays[name] * tf.nn.l2_loss(variables[name]) for name in decays}

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
    model = Variables()
    return model, restore_with(model, options.file, options)
