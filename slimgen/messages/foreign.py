"""Words of Keras, PyTorch and TF-Slim, each with the spelling that the language has for it.

Tables only. Text in backticks that is written here is proposed to users:
tests/test_foreign_words.py builds every such line, argument and value.
"""

import re
from collections.abc import Container

LINES = {
    "dense": "fc 10",
    "linear": "fc 10",
    "innerproduct": "fc 10",
    "fullyconnected": "fc 10",
    "conv": "conv 64 3x3",
    "convolution": "conv 64 3x3",
    "separableconv": "separable_conv 64 3x3",
    "separableconvolution": "separable_conv 64 3x3",
    "depthwiseconv": "depthwise_conv 3x3",
    "depthwise": "depthwise_conv 3x3",
    "convtranspose": "conv_transpose 64 3x3 2",
    "deconv": "conv_transpose 64 3x3 2",
    "deconvolution": "conv_transpose 64 3x3 2",
    "maxpooling": "max_pool 2x2",
    "maxpool": "max_pool 2x2",
    "averagepooling": "avg_pool 2x2",
    "averagepool": "avg_pool 2x2",
    "avgpooling": "avg_pool 2x2",
    "avgpool": "avg_pool 2x2",
    "globalaveragepooling": "global_avg_pool",
    "globalavgpool": "global_avg_pool",
    "adaptiveavgpool": "global_avg_pool",
    "globalmaxpooling": "global_max_pool",
    "globalmaxpool": "global_max_pool",
    "adaptivemaxpool": "global_max_pool",
    "batchnormalization": "batch_norm",
    "batchnorm": "batch_norm",
    "syncbatchnorm": "batch_norm",
    "layernormalization": "layer_norm",
    "layernorm": "layer_norm",
    "groupnormalization": "group_norm",
    "groupnorm": "group_norm",
    "instancenormalization": "instance_norm",
    "instancenorm": "instance_norm",
    "localresponsenorm": "lrn",
    "localresponsenormalization": "lrn",
    "concatenate": "concat [net, net]",
    "cat": "concat [net, net]",
    "zeropadding": "pad 1",
    "zeropad": "pad 1",
    "cropping": "crop 1",
    "upsampling": "resize [2 * height, 2 * width]",
    "upsample": "resize [2 * height, 2 * width]",
    "interpolate": "resize [2 * height, 2 * width]",
    "leakyrelu": "leaky_relu 0.2",
    "relu": "relu",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "logsoftmax": "log_softmax",
    "silu": "swish",
    "activation": "relu",
    "dropout": "dropout 0.5",
    "spatialdropout": "dropout 0.5",
    "permute": "transpose [0, 2, 1, 3]",
    "view": "reshape [-1, 1024, 64]",
    "unsqueeze": "expand_dims 1",
    "mean": "reduce_mean [1, 2]",
    "sum": "reduce_sum [1, 2]",
    "flatten": "flatten",
    "softmax": "softmax",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "reshape": "reshape [-1, 1024, 64]",
    "residual": "add { branch { }; branch { conv 64 3x3 } }",
    "shortcut": "add { branch { }; branch { conv 64 3x3 } }",
    "skip": "add { branch { }; branch { conv 64 3x3 } }",
    "argscope": "scope conv < stride=1 padding=SAME >",
    "variablescope": "in tower { conv 64 3x3 }",
    "namescope": "in tower { conv 64 3x3 }",
    "add": "add [net, 1]",
    "multiply": "multiply [net, 2]",
    "subtract": "subtract [net, 1]",
    "maximum": "maximum [net, 0]",
    "minimum": "minimum [net, 1]",
    "inputlayer": "input features 10",
    "pixelshuffle": "depth_to_space 2",
    "subpixel": "depth_to_space 2",
    "pixelunshuffle": "space_to_depth 2",
    "normalize": "l2_normalize",
    "unitnormalization": "l2_normalize",
    "stridedslice": "slice [0, 0, 0, 0] [-1, -1, -1, -1] strides=[1, 2, 2, 1]",
    "reverse": "slice [0, 0, 0, 0] [-1, -1, -1, -1] strides=[1, 1, -1, 1]",
}
"""Layers: lower case, without `_` and the number of axes."""

ADVICE = {
    "input": "an input has a name and a size without the batch: `input features 10`",
    "identity": "leave the line out; between the braces of a merge `branch { }` is the identity",
    "sequential": "leave it out: each line takes the result of the line before",
    "model": "leave it out: each line takes the result of the line before",
    "forward": "leave it out: each line takes the result of the line before",
    "lstm": "the language has no recurrent layers",
    "gru": "the language has no recurrent layers",
    "rnn": "the language has no recurrent layers",
    "bidirectional": "the language has no recurrent layers",
    "lambda": 'a function of yours is `python "module:function"`',
    "multiheadattention": 'attention is a block: `use "std/blocks.slim"`',
    "compile": "a network's `train` job has its loss and optimizer",
    "fit": "a network's `train` job has its data and steps",
}

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
    "weights_init": "initializer",
    "kernel_regularizer": "regularizer",
    "weight_decay": "regularizer",
    "bias": "biases",
    "use_bias": "biases",
    "bias_initializer": "biases",
    "bias_regularizer": "biases_regularizer",
    "momentum": "decay",
    "eps": "epsilon",
    "negative_slope": "alpha",
    "keep_dims": "keepdims",
    "keepdim": "keepdims",
    "num_groups": "groups",
    "dim": "axis",
    "axes": "axis",
    "dims": "axis",
    "shifts": "shift",
    "mode": "method",
    "num_embeddings": "vocab_size",
    "embedding_dim": "embed_dim",
    "output_dim": "embed_dim",
    "embeddings_initializer": "initializer",
    "alpha_initializer": "initializer",
    "upscale_factor": "block_size",
    "downscale_factor": "block_size",
    "norm": "normalizer",
    "act": "activation",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "betas": "beta1",
    "alpha": "weight_decay",
}
"""Arguments; `our_key` takes those that the layer has."""

LEAVE_OUT = "leave it out: "
CALLED_IN = f"{LEAVE_OUT}the call of the built network says whether it trains"
KNOWN_INPUT = f"{LEAVE_OUT}the size of the input is known"
KEY_ADVICE = {
    "batch_norm": "write `normalizer=batch_norm`",
    "bn": "write `normalizer=batch_norm`",
    "normalizer_params": "the normalizer has its arguments: `normalizer=batch_norm(decay=0.99)`",
    "in_channels": KNOWN_INPUT,
    "in_features": KNOWN_INPUT,
    "in_planes": KNOWN_INPUT,
    "num_features": KNOWN_INPUT,
    "input_shape": KNOWN_INPUT,
    "input_dim": KNOWN_INPUT,
    "batch_input_shape": KNOWN_INPUT,
    "is_training": CALLED_IN,
    "training": CALLED_IN,
    "train": CALLED_IN,
    "inplace": f"{LEAVE_OUT}each line makes a new tensor",
    "track_running_stats": f"{LEAVE_OUT}the averages are always kept",
    "padding_mode": "a line before pads: `pad 1 mode=REFLECT`",
    "learning_rate": "the rate has a line of its own: `learning_rate fixed 0.01`",
    "lr": "the rate has a line of its own: `learning_rate fixed 0.01`",
}

SHARE_DROPPED = ("rate", "p", "drop_rate", "drop_prob", "dropout_rate", "prob")
NO_BIASES = ("bias", "use_bias")

NAMES = {
    "null": "none",
    "nil": "none",
    "yes": "true",
    "on": "true",
    "no": "false",
    "off": "false",
    "range": "1..3",
}

JOB_LINES = {
    "epochs": "write `steps 1000`: epochs * examples / batch",
    "num_epochs": "write `steps 1000`: epochs * examples / batch",
    "max_steps": "write `steps 1000`",
    "max_number_of_steps": "write `steps 1000`",
    "iterations": "write `steps 1000`",
    "batch_size": "write `batch 32`",
    "lr": "write `learning_rate fixed 0.01`",
    "scheduler": "write `learning_rate cosine 0.1`",
    "lr_scheduler": "write `learning_rate cosine 0.1`",
    "decay": "write `learning_rate exponential 0.01 every 2 epochs decay=0.94`",
    "warmup_steps": "write `warmup 500 steps`",
    "warmup_epochs": "write `warmup 5 epochs`",
    "momentum": "write `optimizer momentum 0.9`",
    "adam": "write `optimizer adam`",
    "sgd": "write `optimizer sgd`",
    "weight_decay": "write `optimizer adamw weight_decay=0.05`, or `regularizer=l2(0.0005)` "
    "on the network's layers",
    "criterion": "write `loss softmax_cross_entropy`",
    "ema": "write `average 0.9999`",
    "moving_average": "write `average 0.9999`",
    "moving_average_decay": "write `average 0.9999`",
    "clip_norm": "write `clip norm=5.0`",
    "clipnorm": "write `clip norm=5.0`",
    "clip_gradients": "write `clip norm=5.0`",
    "clip_grad_norm": "write `clip norm=5.0`",
    "gradient_clip": "write `clip norm=5.0`",
    "gradient_accumulation": "write `accumulate 4`",
    "accumulation_steps": "write `accumulate 4`",
    "dataset": 'write `data folder "images"`',
    "train_data": 'write `data folder "images"`',
    "shuffle": 'the data have it: `data folder "images" shuffle=1000`',
    "num_workers": 'the data have it: `data folder "images" readers=4`',
    "num_readers": 'the data have it: `data folder "images" readers=4`',
    "augmentation": "write `augment flip`",
    "transform": "write `augment flip`",
    "fp16": "write `precision float16`",
    "amp": "write `precision float16`",
    "mixed_precision": "write `precision float16`",
    "checkpoint_dir": 'write `directory "runs/first"`',
    "train_dir": 'write `directory "runs/first"`',
    "log_dir": 'write `directory "runs/first"`',
    "logdir": 'write `directory "runs/first"`',
    "save_dir": 'write `directory "runs/first"`',
    "output_dir": 'write `directory "runs/first"`',
    "save": "write `checkpoint every 10 minutes`",
    "save_interval_secs": "write `checkpoint every 10 minutes`",
    "log_every_n_steps": "write `log every 10 steps`",
    "tensorboard": "write `summaries every 100 steps`",
    "random_seed": "write `seed 1`",
    "trainable_scopes": "write `train logits`",
    "checkpoint_exclude_scopes": "write `exclude logits`; it needs `from` in the job's first line",
    "frozen": "write `freeze c1`",
    "metric": "an `evaluate` job measures the loss and the accuracy of each output",
    "metrics": "an `evaluate` job measures the loss and the accuracy of each output",
    "validation": "an `evaluate` job of the same network measures it during training",
    "validation_data": "an `evaluate` job of the same network measures it during training",
    "validation_split": "`slimgen records --split 0.1` sets examples apart for an `evaluate` job",
    "phase": "a file has one `train` job; the next phase starts from its checkpoint: "
    "the built file's `train --from`",
    "callbacks": "the language has no callbacks",
    "early_stopping": "the language does not stop early: an `evaluate` job shows when to stop",
    "device": "the built file runs where TensorFlow finds a device",
    "gpu": "the built file runs where TensorFlow finds a device",
    "gpus": "the built file runs where TensorFlow finds a device",
    "num_clones": "the built file runs on one device",
    "predict": "the built file has the command `predict`, without a job",
    "export": "the language has no `export` yet; the cookbook shows how to write a SavedModel",
    "finetune": "the job's first line has the weights: `train NETWORK from slim …`",
}
"""Lines of a job."""

JOBS = {
    "finetune": 'write `train NETWORK from slim "model.ckpt" {`',
    "fit": "write `train NETWORK {`",
    "compile": "write `train NETWORK {`",
    "test": "write `evaluate NETWORK {`",
    "eval": "write `evaluate NETWORK {`",
    "validate": "write `evaluate NETWORK {`",
    "predict": JOB_LINES["predict"],
    "infer": JOB_LINES["predict"],
    "export": JOB_LINES["export"],
    "save": JOB_LINES["export"],
    "phase": JOB_LINES["phase"],
    "metric": JOB_LINES["metric"],
    "model": "write `network NAME {`",
    "class": "write `network NAME {`",
}

KINDS = {
    "categorical_crossentropy": "softmax_cross_entropy",
    "sparse_categorical_crossentropy": "softmax_cross_entropy",
    "crossentropyloss": "softmax_cross_entropy",
    "cross_entropy": "softmax_cross_entropy",
    "crossentropy": "softmax_cross_entropy",
    "nllloss": "softmax_cross_entropy",
    "binary_crossentropy": "sigmoid_cross_entropy",
    "bcewithlogitsloss": "sigmoid_cross_entropy",
    "bceloss": "log_loss",
    "bce": "sigmoid_cross_entropy",
    "mse": "mean_squared_error",
    "mseloss": "mean_squared_error",
    "l2": "mean_squared_error",
    "l2_loss": "mean_squared_error",
    "mae": "absolute_difference",
    "l1": "absolute_difference",
    "l1loss": "absolute_difference",
    "mean_absolute_error": "absolute_difference",
    "cosine_similarity": "cosine_distance",
    "hinge": "hinge_loss",
    "gradient_descent": "sgd",
    "gradientdescent": "sgd",
    "nesterov": "momentum",
    "constant": "fixed",
    "step": "piecewise",
    "steplr": "piecewise",
    "multistep": "piecewise",
    "multisteplr": "piecewise",
    "piecewise_constant": "piecewise",
    "exponential_decay": "exponential",
    "exponentiallr": "exponential",
    "cosine_decay": "cosine",
    "cosineannealing": "cosine",
    "cosineannealinglr": "cosine",
    "poly": "polynomial",
    "linear": "polynomial",
}
"""Kinds of losses, optimizers and rates."""

OWN = {line.partition(" ")[0]: line for line in reversed(LINES.values())}
PLAIN = re.compile(r"(?:\w+=)?-?(?:[\d.]+(?:x\d+)*|true|false|none|SAME|VALID)")

AXES = re.compile(r"_?[123]d$")
INNER_AXES = re.compile(r"[123]d(?=transpose$)")
ENDING = re.compile(r"_(?:initializer|regularizer|fn)$")


def _plain(word: str) -> str:
    return INNER_AXES.sub("", AXES.sub("", word.lower())).replace("_", "")


def our_line(word: str) -> str:
    """Return a line of the language for a layer of another library, or ""."""
    return LINES.get(_plain(word), "")


def our_word(word: str) -> str:
    """Return the language's word for a layer of another library, or ""."""
    return our_line(word).partition(" ")[0]


def word_advice(word: str) -> str:
    """Say how the language has what a word of another library means, or nothing."""
    line = our_line(word)
    return f"write `{line}`" if line else ADVICE.get(_plain(word), "")


def called_line(word: str, inside: str) -> str:
    """Return the line for a call of Python with the arguments `inside`."""
    arguments = [text.strip() for text in inside.split(",") if text.strip()]
    ours = word if word in OWN or not our_line(word) else ""
    if ours and all(map(PLAIN.fullmatch, arguments)):
        return " ".join([ours, *arguments])
    return our_line(word) or OWN.get(word, word)


def our_key(key: str, known: Container[str]) -> str:
    """Return the language's name for an argument of another library, if it is in `known`."""
    ours = KEYS.get(key, "")
    return ours if ours in known else ""


def key_advice(key: str, value: str, known: Container[str]) -> str:
    """Say what to write for an argument of another library, or nothing."""
    if key in SHARE_DROPPED and "keep_prob" in known:
        share = "1 - share dropped"
        if re.fullmatch(r"0?\.\d+", value):
            share = f"{1 - float(value):g}"
        return f"`keep_prob` is the share that stays: `keep_prob={share}`"
    if key in NO_BIASES and "biases" in known and value.lower() in ("true", "false"):
        return f"write `biases={'none' if value.lower() == 'false' else 'zeros'}`"
    if key == "affine" and "center" in known:
        return "write `center=false scale=false`"
    if key == "momentum" and "decay" not in known:
        return JOB_LINES[key]
    if key == "weight_decay" and "regularizer" not in known:
        return JOB_LINES[key]
    return KEY_ADVICE.get(key, "")


def member_line(member: str) -> str:
    """Return what is written for a member of a module, `nn.Linear`."""
    kind = KINDS.get(member.lower(), "")
    return our_line(member) or (
        f"loss {kind}" if "cross_entropy" in kind else "conv 64 3x3"
    )


def our_name(name: str, known: Container[str]) -> str:
    """Return the language's word for a value such as `l2_regularizer` or `null`, or ""."""
    ours = ENDING.sub("", name)
    if ours != name and ours in known:
        return ours
    line = our_word(name)
    return line if line in known else NAMES.get(name, "")


def value_advice(name: str, value: str, words: Container[str]) -> str:
    """Say what to write for a value that an argument does not take, or nothing.

    Args:
        name: The argument.
        value: The value as it is written.
        words: The words that the argument takes.
    """
    text = value.strip('"')
    if text != value and text.lower() in words:
        return f"a word stands without quotes: `{name}={text.lower()}`"
    number = re.fullmatch(r"[\d.]+(?:e-?\d+)?", value)
    match name:
        case "biases" if value in ("true", "false"):
            return f"write `biases={'none' if value == 'false' else 'zeros'}`"
        case "normalizer" if value in ("true", "false"):
            return f"write `normalizer={'batch_norm' if value == 'true' else 'none'}`"
        case "activation" if value in ("true", "false"):
            return f"write `activation={'relu' if value == 'true' else 'none'}`"
        case "activation" if value.startswith("prelu"):
            return "`prelu` has variables: write it on the next line, `prelu [1, 2]`"
        case "padding" if value == "0":
            return "write `padding=VALID`"
        case "padding" if number:
            return f"write `pad {value}` on the line before, and `padding=VALID`"
        case "regularizer" | "biases_regularizer" if number:
            return f"write `{name}=l2({value})`"
        case "initializer" if number:
            return f"write `initializer=constant({value})`"
        case "num_outputs" if re.fullmatch(r"\d+x\d+", value):
            return f"the number of channels stands before the size: `conv 64 {value}`"
        case "kind" if number:
            return f"write `learning_rate fixed {value}`"
    return ""


def kind_advice(kind: str, known: Container[str]) -> str:
    """Return the language's kind of a loss, an optimizer or a rate, if it is in `known`."""
    ours = KINDS.get(kind.lower(), "")
    return f"did you mean `{ours}`?" if ours in known else ""
