"""Flags that the modules here test and the emitter folds: see slimgen/emit/library.py.

The values are those of the general form, which tests import.
"""

# The file.
SPLIT = False  # it is `slim_runtime.py`, which the networks of a folder share
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
COLORED = False  # all images have three channels
ANY_CHANNELS = True  # images of several numbers of channels are decoded
BOXES = True  # the data have boxes around objects

# Outputs.
WEIGHTED_LOSS = True
WEIGHTED_ACCURACY = True

# Weights.
SEVERAL_FORMATS = True  # it has a map to a source other than TF-Slim's checkpoints
IGNORES = True  # a map names values of its source that are not wanted
RENAMED = True  # it has a map to TensorFlow checkpoints with other names
TRANSFORMS = True  # a map slices, reshapes or transposes values
OTHER_TYPES = True  # a variable is no float
KERAS = True
CAFFE = True
SAFETENSORS = True
AVERAGES = True  # runs hold averages of the weights

# Training: optimizer and learning rate.
NESTEROV = False
MANY_TYPES = True  # a variable is not float32
FIXED = False  # the schedule of the learning rate is one of these five
EXPONENTIAL = False
PIECEWISE = False
POLYNOMIAL = False
COSINE = True
STAIRCASE = False
WHOLE_RUN = False  # the rate falls until the last step
DECAY_IN_EPOCHS = True
WARMUP = True
WARMUP_IN_EPOCHS = True

# Training: losses that have weights.
WEIGHTED_ABSOLUTE_DIFFERENCE = True
WEIGHTED_COSINE_DISTANCE = True
WEIGHTED_HINGE_LOSS = True
WEIGHTED_LOG_LOSS = True
WEIGHTED_MEAN_PAIRWISE_SQUARED_ERROR = True
WEIGHTED_MEAN_SQUARED_ERROR = True
WEIGHTED_SIGMOID_CROSS_ENTROPY = True
WEIGHTED_SPARSE_SOFTMAX_CROSS_ENTROPY = True

# Training: a step.
TERMS = False  # the loss has several terms
ACCUMULATE = False  # a batch is worked through in parts
ADJUSTED = True  # gradients are multiplied or clipped
MULTIPLIED = True
CLIP_NORM = False  # gradients are clipped by one of these three
CLIP_VALUE = False
CLIP_GLOBAL_NORM = True
PRECISION = True  # 16 bits are a choice
UNTRAINED = True  # some variables are not trainable
FROZEN = True  # scopes are frozen
ONLY = True  # only some scopes are trained
HELD = True  # frozen batch norms use their moving averages
BATCH_NORM = True  # batch norm moves averages
RECOMPUTES = True  # all by one decay: they can be recomputed
SUMMARIES = True
EVALUATED = True  # the file has an `evaluate` job
EVALUATES = True  # a run is evaluated at each checkpoint
PLAIN = True  # the loss is about the classes of the only output
COUNTED = True  # measures have weights

LISTS = True  # a setting is a list of numbers

# Training: input.
FOLDERS = True  # a folder with a folder a class may stand in place of records
SKIP = False  # examples that cannot be read are left out
SLOPPY = False  # the order of examples may change from run to run
READERS = True  # these two are settings
BLOCK_LENGTH = True
IMAGE = True  # the network takes one image, which is prepared
RAW = False  # the bytes of that image are its values
CHECKED = True  # labels are classes
COUNTED_CLASSES = True  # the number of folders is known
LABELED = True  # the labels have names
OFFSET = True  # the first class has another label than 0

# Training: augmentation.
AUGMENT = True  # of each example
AUGMENT_IMAGES = True  # in place of the distortion by the network's family
AUGMENT_CIFARNET = False  # the network's family is one of these five, or none
AUGMENT_INCEPTION = False
AUGMENT_LENET = False
AUGMENT_TORCHVISION = False
AUGMENT_VGG = True
RANDOM_RESIZED_CROP = False
RANDOM_CROP = True
FLIP = True
COLORS = True
BRIGHTNESS = True
CONTRAST = True
SATURATION = True
HUE = True
AUGMENT_GREY = False  # images have one channel
ERASING = True
MIXES = True  # examples of a batch are mixed
MIXUP = True
CUTMIX = True
