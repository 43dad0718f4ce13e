"""Names of TF-Slim, Keras and PyTorch for layers, arguments and values of the language."""

import re
from collections.abc import Container

WORDS = {
    "dense": "fc",
    "linear": "fc",
    "maxpooling": "max_pool",
    "maxpool": "max_pool",
    "averagepooling": "avg_pool",
    "avgpool": "avg_pool",
    "globalaveragepooling": "global_avg_pool",
    "adaptiveavgpool": "global_avg_pool",
    "globalmaxpooling": "global_max_pool",
    "adaptivemaxpool": "global_max_pool",
    "batchnormalization": "batch_norm",
    "batchnorm": "batch_norm",
    "layernormalization": "layer_norm",
    "groupnormalization": "group_norm",
    "localresponsenorm": "lrn",
    "convolution": "conv",
    "convtranspose": "conv_transpose",
    "deconv": "conv_transpose",
    "deconvolution": "conv_transpose",
    "concatenate": "concat",
    "cat": "concat",
    "zeropadding": "pad",
    "upsampling": "resize",
    "upsample": "resize",
    "argscope": "scope",
    "variablescope": "in",
    "namescope": "in",
}
"""Layers of other libraries: lower case, without `_` and the number of axes."""

KEYS = {
    "filters": "num_outputs",
    "units": "num_outputs",
    "out_channels": "num_outputs",
    "out_features": "num_outputs",
    "kernel": "kernel_size",
    "pool_size": "kernel_size",
    "strides": "stride",
    "dilation": "rate",
    "dilation_rate": "rate",
    "kernel_initializer": "initializer",
    "kernel_regularizer": "regularizer",
    "bias": "biases",
    "use_bias": "biases",
    "bias_initializer": "biases",
    "bias_regularizer": "biases_regularizer",
    "momentum": "decay",
    "eps": "epsilon",
    "negative_slope": "alpha",
    "keep_dims": "keepdims",
    "num_groups": "groups",
}

NAMES = {
    "null": "none",
    "nil": "none",
    "yes": "true",
    "on": "true",
    "no": "false",
    "off": "false",
    "range": "1..3",
}

AXES = re.compile(r"_?[123]d$")
ENDING = re.compile(r"_(?:initializer|regularizer|fn)$")


def our_word(word: str) -> str:
    """Return the language's word for a layer of another library, or ""."""
    return WORDS.get(AXES.sub("", word.lower()).replace("_", ""), "")


def our_key(key: str, known: Container[str]) -> str:
    """Return the language's name for an argument of another library, if it is in `known`."""
    ours = KEYS.get(key, "")
    return ours if ours in known else ""


def our_name(name: str, known: Container[str]) -> str:
    """Return the language's word for a value such as `l2_regularizer` or `null`, or ""."""
    ours = ENDING.sub("", name)
    return ours if ours != name and ours in known else NAMES.get(name, "")
