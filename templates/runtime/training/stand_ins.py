"""Names that a file with a `train` job defines for itself, and words of the emitter.

They stand here so that the modules beside this one can be imported, linted and tested.
"""

import tensorflow as tf

# Words: the emitter writes the value of the file in their place.
INPUT = "images"
OPTIMIZER = tf.Module
NETWORK = tf.Module

# Names.
LABELS = ()
LABELS_OFFSET = 0
LABEL_RANGES = {}
MULTIPLIERS = ()
EVALUATION_DATA = ""
FROZEN_SCOPES = ()
TRAINED_SCOPES = ()
UserError = RestoreError = ValueError
CHANNEL_MEANS = RESIZE_SIDES = ()
Settings = dict
read_record = decode_image = preprocess = total_loss = measured = accuracy = print
matching = renaming = restore = first_line = writable = print
image_shape = middle = resize_bilinear = resize_shorter_side = standardised = print
