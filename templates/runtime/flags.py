"""Flags that the modules here test and the emitter folds: see slimgen/emit/library.py.

The values are those of the general form, which tests import.
"""

# The file.
SEVERAL_NETWORKS = True  # it has several networks; `--network` picks one
BY_NETWORK = True  # functions of images take the network as a parameter
PREDICTS = True  # a network takes an image and gives classes
TRAINS = True  # it has a `train` job
NAMED_LABELS = True  # the names of the labels are known
LABELS_FROM_ZERO = False  # the first class has the label 0

# Images.
SIZED = True  # height and width are parameters of what prepares an image
FREE_SIZE = True  # a network takes images of any size
GREY = True  # a network takes images of one channel
BOXES = True  # the data have boxes around objects
FAST = False  # `preprocess inception fast=true`

# Outputs.
WEIGHTED_LOSS = True
WEIGHTED_ACCURACY = True

# Weights.
SEVERAL_FORMATS = True  # it has a map to a source other than TF-Slim's checkpoints
TRANSFORMS = True  # a map slices, reshapes or transposes values
OTHER_TYPES = True  # a variable is no float
CHECKPOINTS = True  # TensorFlow's, which every emitted file reads
KERAS = True
CAFFE = True
SAFETENSORS = True
AVERAGES = True  # runs hold averages of the weights
