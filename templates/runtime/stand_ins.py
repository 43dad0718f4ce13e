"""Names that each emitted file defines for itself, and words that it writes in their place.

They stand here so that the modules beside this one can be imported, linted and tested.
"""

from typing import ClassVar

import tensorflow as tf

# Words: the emitter writes the value of the file in their place.
HEIGHT = WIDTH = 224
CHANNELS = 3
SIDES = SIDES_HERE = [256, 512]


class NETWORK(tf.Module):
    """The class of the file's first network."""

    scope = "network"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, HEIGHT, WIDTH, CHANNELS], tf.float32)
    }
    HEAD = ()


# Names.
NETWORKS = {"network": NETWORK}
PREPROCESSING = {}
LABELS = ()
LABELS_OFFSET = 0


def weighted_mean(losses, weights):
    """Return the mean of losses: see templates/train."""
    return tf.reduce_mean(losses * weights)


def spread(weights, values):
    """Return weights of the values' shape: see templates/train."""
    return tf.broadcast_to(weights, values.shape)


class Stopped(Exception):
    """A run that a signal stopped: see templates/train."""


def add_train_commands(commands, rules):
    """Add `train` and `evaluate`: see templates/train."""


def run_classes(path):
    """Return the names of a run's classes: see templates/train."""


def open_weights(path):
    """Open a source of weights: in `checkpoints`, or in `formats` where there are maps."""
    raise FileNotFoundError(path)
