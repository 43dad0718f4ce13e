"""Names that a file with a `train` job defines for itself, and words of the emitter.

They stand here so that the modules beside this one can be imported, linted and tested.
"""

import tensorflow as tf

# Words: the emitter writes the value of the file in their place.
AHEAD = tf.data.AUTOTUNE  # batches that are made ahead
DECAY = 0.999  # of averages of batch norm, the greatest
CYCLE = 8  # files that are read by turns
INPUT = "images"
OPTIMIZER = tf.Module
AUGMENTED = TRAINED = tf.Module  # the network

# Names.
CONFIGURATION = {}
EVALUATION_DATA = ""
FROZEN_SCOPES = ()
LABEL_RANGES = {}
MULTIPLIERS = ()
TRAINED_SCOPES = ()


class Settings:
    """The settings of the job."""


def read_record(record):
    """Return the inputs and the labels of a record."""


def total_loss(model, inputs, labels, settings):
    """Return the loss of a batch."""


def measured(model, inputs, labels, settings):
    """Return by name what is measured of a batch."""


SETTINGS = Settings  # a word, too
