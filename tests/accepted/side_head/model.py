"""An auxiliary head, and weights that depend on `classes`.

side_head: images [batch, 32, 32, 3] -> [batch, 5]; 2,290 parameters.
"""

import argparse
import contextlib
import dataclasses
import datetime
import difflib
import fnmatch
import functools
import glob
import hashlib
import itertools
import json
import math
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
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

CLASSES = 5


# Network.


def side_head(scope, images):
    net = conv2d(scope / "conv/conv_1", images, 8, [3, 3])  # [16, 16, 8]
    net = conv2d(scope / "conv/conv_2", net, 8, [3, 3])  # [8, 8, 8]
    aux = global_avg_pool2d(None, net)  # [1, 1, 8]
    aux = end_point(scope / "Flatten", tf.reshape(aux, [-1, 8]))  # [8]
    aux = fully_connected(
        scope / "AuxLogits/hidden", aux, 16, activation=tf.nn.relu
    )  # [16]
    aux = fully_connected(scope / "AuxLogits/logits", aux, CLASSES)  # [5]
    end_point(scope / "aux", aux)
    net = conv2d(scope / "last", net, 16, [3, 3], 1)  # [8, 8, 16]
    net = global_avg_pool2d(None, net)  # [1, 1, 16]
    net = end_point(scope / "Flatten_1", tf.reshape(net, [-1, 16]))  # [16]
    return fully_connected(scope / "logits", net, CLASSES)  # [5]


def layer(function):
    """Name a layer's operations after its scope and keep its output as an end point."""

    @functools.wraps(function)
    def run(scope, *args, **kwargs):
        if scope is None:  # without a name it is no end point
            return function(scope, *args, **kwargs)
        with tf.name_scope(f"{scope.name}/"):
            return end_point(scope, function(scope, *args, **kwargs))

    return run


@layer
def conv2d(scope, inputs, num_outputs, kernel_size, stride=2):
    """Convolve with `weights`, add `biases`, then activate."""
    shape = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.nn.conv2d(inputs, weights, stride, "SAME")
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return tf.nn.relu(outputs)


@layer
def global_avg_pool2d(scope, inputs):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=True)


@layer
def fully_connected(scope, inputs, num_outputs, activation=None):
    """Multiply by `weights`, add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, xavier)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", [num_outputs], 0.0)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


class SideHead(tf.Module):
    """images [batch, 32, 32, 3] -> [batch, 5]; 2,290 parameters."""

    scope = "side_head"
    inputs: ClassVar = {"images": tf.TensorSpec([None, 32, 32, 3], tf.float32)}
    outputs: ClassVar = {"logits": tf.TensorSpec([None, CLASSES], tf.float32)}
    layers = staticmethod(side_head)
    HEAD_SIZES: ClassVar[dict[str, int]] = {"classes": 5}
    HEAD: ClassVar[tuple[str, ...]] = ("AuxLogits/logits", "logits")

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


def preprocess(image, training=False, seed=None):
    """Resize a uint8 image, with values from 0 to 1; in training too."""
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, [32, 32])


def folders_in(path):
    """Return the names of the folders in a folder, without hidden ones."""
    with os.scandir(path) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    return [name for name in names if not name.startswith(HIDDEN)]


class UserError(ValueError):
    """A mistake in what the program was given; the message is one line."""


class RestoreError(UserError):
    """Weights cannot be loaded; `report`, if there is one, lists the reasons."""

    def __init__(self, message, report=None):
        super().__init__(message)
        self.report = report


@contextlib.contextmanager
def explained(problem):
    """Turn any error into a RestoreError that says `problem`, then the reason."""
    try:
        yield
    except Exception as error:  # damaged files raise errors of many types
        raise RestoreError(f"{problem}: {first_line(error)}") from error


def first_line(error):
    """Return the first line of an error's message, without places in the graph."""
    text = getattr(error, "strerror", None) or getattr(error, "message", str(error))
    text = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", text)
    return text.strip().split("\n")[0] or type(error).__name__


# Settings.


def option(default, text, low=-math.inf, high=math.inf, choices=None):
    """Return a field of `Settings`, which is an option of the command line too."""
    metadata = {"help": text, "bounds": (low, high), "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def option_of(name):
    """Return the option of the command line that sets a field of `Settings`."""
    return "--from" if name == "initial" else f"--{name.replace('_', '-')}"


def check_bounds(settings):
    """Refuse settings that are out of their bounds."""
    for field in dataclasses.fields(settings):
        value, (low, high) = getattr(settings, field.name), field.metadata["bounds"]
        if isinstance(value, (int, float)) and not low <= value <= high:
            must = f"{low} or more" if high == math.inf else f"from {low} to {high}"
            raise UserError(f"{option_of(field.name)} is {value}, and must be {must}")


def find_device(name):
    """Return TensorFlow's name for `auto` (the first GPU, if any), `cpu` or `gpu:N`."""
    gpus = len(tf.config.list_logical_devices("GPU"))
    known = {"cpu": "/CPU:0", **{f"gpu:{n}": f"/GPU:{n}" for n in range(gpus)}}
    if name == "auto":
        name = "gpu:0" if gpus else "cpu"
    if name not in known:
        raise UserError(f"--device is auto or {' or '.join(known)} here, not {name}")
    return known[name]


def use_jit(jit, device):
    """Return whether XLA compiles a step; on a CPU it is slower."""
    return jit == "on" or (jit == "auto" and "GPU" in device)


@dataclasses.dataclass(frozen=True)
class Settings:
    """How `train` runs; the defaults are those of the `train` job."""

    data: str = option("train-*.tfrecord", "records (a pattern) or a folder")
    shuffle: int = option(2048, "records among which the next is drawn", 1)
    batch: int = option(32, "images in a step", 1)
    label_smoothing: float = option(0.1, "share spread over all classes", 0, 1)
    aux_weight: float = option(0.3, "factor of the loss of aux", 0)
    learning_rate: float = option(0.01, "the rate at the start", 0)
    decay: float = option(0.94, "factor of the learning rate at each decay", 0)
    decay_every: float = option(2.0, "time between decays, in epochs", 0)
    momentum: float = option(0.9, "share of the velocity that a step keeps", 0, 1)
    directory: str = option("runs/side_head", "folder of the run: checkpoints and log")
    initial: str = option("", "weights to start from")
    include: tuple[str, ...] = option(None, "load only this part (repeatable)")
    exclude: tuple[str, ...] = option(None, "do not load this part (repeatable)")
    rename: tuple[str, ...] = option(
        (), "their names: SCOPE/{name}, or OLD=NEW (repeatable)"
    )
    head: str = option("auto", "auto: all but the head", choices=["auto", "strict"])
    average: bool = option(False, "load moving averages where there are any")
    strict: bool = option(False, "refuse weights with unused names")
    steps: int = option(1000, "steps in all", 1)
    seed: int = option(0, "all random choices derive from it", 0, 2**31 - 1)
    save_minutes: float = option(10.0, "minutes between checkpoints; 0: none", 0)
    save_steps: int = option(0, "steps between checkpoints; 0: none", 0)
    keep: int = option(5, "checkpoints to keep", 1)
    keep_hours: float = option(0.0, "hours between checkpoints kept for good", 0)
    log_steps: int = option(10, "steps between lines of progress", 1)
    profile: str = option("", "steps to profile for TensorBoard, as 10..12")
    deterministic: bool = option(True, "the same bits each time, slower on a GPU")
    jit: str = option("auto", "XLA; auto: on a GPU", choices=["auto", "on", "off"])
    device: str = option("auto", "auto, cpu or gpu:N")

    def __post_init__(self):
        check_bounds(self)


# The facts of a run beside its settings: it resumes with these alone.
CONFIGURATION = {
    "parameters": "classes=5",
    "layers": "10, digest b09955c2",
    "items": "images image/encoded, label image/class/label",
    "optimizer": "momentum",
    "schedule": "exponential in epochs",
    "losses": "softmax_cross_entropy label, softmax_cross_entropy aux label",
}
LABEL_RANGES = {"label": range(5)}


def read_record(record):
    """Return the inputs and the labels of a record."""
    features = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/class/label": tf.io.FixedLenFeature([], tf.int64),
    }
    example = tf.io.parse_single_example(record, features)
    inputs = {"images": example["image/encoded"]}
    labels = {"label": example["image/class/label"]}
    return inputs, labels


# Optimizer and learning rate.


class Momentum(tf.Module):
    """TensorFlow 1's momentum.

    v = momentum v + gradient
    w = w - rate v, with Nesterov w - rate (gradient + momentum v)
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.velocities = slots(variables, "Momentum")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        for name, gradient in gradients.items():
            tf.raw_ops.ResourceApplyMomentum(
                var=variables[name].handle,
                accum=self.velocities[name].handle,
                lr=rate,
                grad=gradient,
                momentum=self.settings.momentum,
            )


def slots(variables, name, start=0.0):
    """Return a variable of the same shape for each, called `name` below it."""
    values = {owner: tf.zeros_like(v) + start for owner, v in variables.items()}
    return {
        owner: tf.Variable(value, trainable=False, name=f"{owner}/{name}")
        for owner, value in values.items()
    }


def learning_rate(step, settings, examples):
    """Return the learning rate of a step, for an epoch of so many examples."""
    first = settings.learning_rate
    step = tf.cast(step, tf.float32)
    length = settings.decay_every
    length = max(1, int(examples * length / settings.batch))
    decays = step / length
    decays = tf.floor(decays)
    rate = first * settings.decay**decays
    return rate


# A step.


def loss_and_gradients(run, inputs, labels):
    """Return the loss of a batch, and the gradient of each variable that it depends on."""
    with tf.GradientTape() as tape:
        value, terms = total_loss(run.model, inputs, labels, run.settings)
    gradients = tape.gradient(value, run.trained).items()
    gradients = {n: tf.convert_to_tensor(g) for n, g in gradients if g is not None}
    return (value, terms), gradients


def training_step(run):
    """Return the function of one step: a batch in, loss and learning rate out.

    A step that is not finite changes nothing but `run.sound`, nor do those after it.
    """
    settings = run.settings

    @tf.function(autograph=False, jit_compile=settings.jit == "on")
    def step(inputs, labels):
        rate = learning_rate(run.step, settings, run.examples)
        before = [tf.identity(variable) for variable in run.unlearned]
        value, gradients = loss_and_gradients(run, inputs, labels)
        value, terms = value
        # A sum is not finite if a term is not, whatever its sign.
        sums = [tf.reduce_sum(tensor) for tensor in (value, *gradients.values())]
        sound = tf.logical_and(run.sound, tf.math.is_finite(tf.add_n(sums)))

        def apply():
            run.optimizer.apply(run.trained, gradients, rate)

        tf.cond(sound, apply, lambda: run.undo(before))
        run.step.assign_add(tf.cast(sound, tf.int64))
        run.sound.assign(sound)
        return value, rate, terms

    return step


def first_not_finite(run, inputs, labels):
    """Compute the next step without applying it and name what is first not finite."""
    for name, tensor in values_of_step(run, inputs, labels):
        if not is_finite(tensor):
            return f"the {name}"
    return "the loss or a gradient"


def values_of_step(run, inputs, labels):
    """Yield what a step computes, in this order; gradients come from the loss down."""
    variables = run.model.named_variables
    yield from ((f"input {name}", inputs[name]) for name in inputs)
    yield from ((f"variable {name}", variables[name]) for name in variables)
    before = [tf.identity(variable) for variable in run.unlearned]
    _, end_points = run.model(inputs, training=True)
    run.undo(before)
    yield from ((f"end point {name}", end_points[name]) for name in end_points)
    value, gradients = loss_and_gradients(run, inputs, labels)
    run.undo(before)
    value, terms = value
    yield from ((f"loss of {name}", terms[name]) for name in terms)
    yield "loss", value
    yield from ((f"gradient of {n}", gradients[n]) for n in reversed(gradients))


def is_finite(tensor):
    """Return whether every element of a tensor is finite."""
    floating = tensor.dtype.is_floating
    return not floating or bool(tf.reduce_all(tf.math.is_finite(tensor)))


def total_loss(model, inputs, labels, settings):
    """Return the loss of a batch, and by name the terms of which it is the sum."""
    outputs, end_points = model(inputs, training=True)
    terms = {
        "logits": loss(outputs, labels["label"], settings.label_smoothing),
        "aux": settings.aux_weight
        * loss(end_points["aux"], labels["label"], settings.label_smoothing),
    }
    return sum(terms.values()), terms


# Input.


def open_data(path, classes=None):
    """Open a folder of images, or records by a pattern; match them with `classes`."""
    if os.path.isdir(path) and folders_in(path):
        return Folder(path, classes)
    records = Records(path)
    if classes and records.classes not in (None, classes):
        raise UserError(f"labels.txt beside {path} has other classes than the run")
    return records


class Records:
    """Examples in TFRecord files; an item is its file, its index there and its bytes."""

    def __init__(self, pattern):
        self.files = record_files(pattern)
        if empty := [file for file in self.files if not os.path.getsize(file)]:
            print(f"{len(empty)} record files are empty: {', '.join(empty[:5])}")
        self.digest = digest_of(self.files, ends=True)
        self.kinds = {file: compression(file) for file in self.files}
        self.classes = names_beside(self.files[0])
        self.count = sum(map(count_records, self.files))
        if not self.count:
            raise UserError(f"{pattern} holds no records")

    def in_order(self):
        """Return the items of all files in order."""
        return self.sources().flat_map(records_in)

    def sources(self):
        """Return the files with their compression; copies have none."""
        kinds = [self.kinds.get(file, "") for file in self.files]
        return tf.data.Dataset.from_tensor_slices((self.files, kinds))

    def shuffled(self, seed, settings):
        """Return the items of one epoch: files in random order, and a shuffled buffer."""
        count = len(self.files)
        files = self.sources().shuffle(count, seed, reshuffle_each_iteration=False)
        items = files.interleave(
            records_in, cycle_length=8, num_parallel_calls=tf.data.AUTOTUNE
        )
        return items.shuffle(settings.shuffle, seed, reshuffle_each_iteration=False)

    def read(self, file, index, record):
        """Return the inputs and the labels of an item; an image is still encoded."""
        return read_record(record)

    def place(self, file, index, record):
        """Return where an item stands."""
        return f"{file.numpy().decode()}, record {index}"


class Folder:
    """Images in a folder a class; an item is a path and the number of its class.

    A folder's name says which class it is; without names their order is the folders'.
    """

    def __init__(self, path, classes=None):
        names = folders_in(path)
        if all(name.isdecimal() for name in names):
            names.sort(key=int)
        self.classes = classes or names
        for name in names:
            if name not in self.classes:
                found = f"{path}/{name} is not one of the classes"
                raise UserError(f"{found} {', '.join(self.classes[:20])}")
        count = len(LABEL_RANGES["label"])
        if len(self.classes) != count:
            raise UserError(f"{path} has {len(names)} folders for {count} classes")
        self.files, self.labels, left_out = [], [], []
        for name in names:
            files = files_below(os.path.join(path, name))
            images = [file for file in files if is_image(file)]
            left_out += sorted({*files} - {*images})
            self.files += images
            self.labels += [self.classes.index(name)] * len(images)
        if left_out:
            shown = ", ".join(left_out[:5]) + ", …" * (len(left_out) > 5)
            print(f"{len(left_out)} files are no images and left out: {shown}")
        self.count, self.digest = len(self.files), digest_of(self.files)
        if not self.count:
            raise UserError(f"{path} holds no images")

    def in_order(self):
        """Return the items in order."""
        labels = np.array(self.labels, np.int64)
        return tf.data.Dataset.from_tensor_slices((self.files, labels))

    def shuffled(self, seed, settings):
        """Return the items of one epoch; the paths of all fit into memory."""
        return self.in_order().shuffle(self.count, seed, reshuffle_each_iteration=False)

    def read(self, path, label):
        """Return the encoded image and the label of an item."""
        return {"images": tf.io.read_file(path)}, {"label": label}

    def place(self, path, label):
        """Return where an item stands."""
        return path.numpy().decode()


class Examples:
    """Examples as the network takes them; in training shuffled, and without end.

    Their order, and how each is distorted, depend on the seed and the number alone, so
    that a resumed run sees what an uninterrupted one would have seen.
    """

    def __init__(self, data, settings, training=False):
        self.data, self.settings, self.training = data, settings, training

    def items(self, start):
        """Return number and item of each example, from the one numbered `start` on."""
        data, settings = self.data, self.settings
        if not self.training:
            return data.in_order().skip(start).enumerate(start)
        epoch, position = divmod(start, data.count)

        def shuffled(epoch):
            # TensorFlow's default, in this function: the caller's changes nothing.
            tf.compat.v1.set_random_seed(87654321)
            return data.shuffled(settings.seed + epoch, settings)

        items = tf.data.Dataset.range(epoch, tf.int64.max).flat_map(shuffled)
        return items.skip(position).enumerate(start)

    def load(self, number, item):
        """Return the inputs and the labels of an item."""
        inputs, labels = self.data.read(*item)
        seed = [self.settings.seed, number] if self.training else None
        image = decode_image(inputs["images"])
        image = preprocess(image, self.training, seed)
        return {"images": image}, labels


def check_labels(labels):
    """Refuse labels that are no classes."""
    for name, known in LABEL_RANGES.items():
        values = np.ravel(labels[name])
        wrong = values[(values < known[0]) | (values > known[-1])]
        if wrong.size:
            raise UserError(f"{name} {wrong[0]} is not in {known[0]} to {known[-1]}")


def first_fault(examples, items):
    """Return place and fault of the first item that cannot be an example, or None."""
    for number, item in items:
        try:
            _, labels = examples.load(number, item)
            check_labels(labels)
        # Python code of TensorFlow's resizing raises errors of its own types.
        except (tf.errors.OpError, ArithmeticError, TypeError, ValueError) as error:
            return f"{examples.data.place(*item)}: {first_line(error)}"
    return None


def batches(examples, start=0):
    """Yield inputs and labels in batches; an error names the example that it is about."""
    settings, training = examples.settings, examples.training
    items = examples.items(start)
    loaded = items.map(examples.load, num_parallel_calls=tf.data.AUTOTUNE)
    loaded = loaded.batch(settings.batch, drop_remainder=training)
    try:
        for inputs, labels in loaded.prefetch(tf.data.AUTOTUNE):
            check_labels(labels)
            yield inputs, labels
            start += settings.batch
    except (tf.errors.OpError, UserError) as error:
        message = f"{settings.data}: {first_line(error)}"
        if isinstance(error, tf.errors.DataLossError):
            found = damage(examples.data.files, error)
        else:
            found = first_fault(examples, examples.items(start).take(settings.batch))
        raise UserError(found or message) from error


def damage(files, error):
    """Return the place of the first record whose bytes are damaged, and the error."""
    for file in files:
        index = damaged_record(file)
        if index is not None:
            return f"{file}, record {index}: {first_line(error)}"
    return None


COMPRESSED = {b"\x1f\x8b": "GZIP", b"x\x01": "ZLIB", b"x\x9c": "ZLIB", b"x\xda": "ZLIB"}


def record_files(path):
    """Return the record files in a folder, or those that a pattern names."""
    folder, name = os.path.split(path)
    if os.path.isdir(path):
        names = [n for n in sorted(os.listdir(path)) if re.search(r"\.tfrec|-of-", n)]
        files = [os.path.join(path, name) for name in names]
        part = r"[-_.]?\d*(-of-\d+)?(\.tfrec.*)?$"  # of a number
        stems = sorted({re.sub(part, "", file) for file in files})
        if len(stems) > 1:
            choices = " or ".join(f"{stem}*" for stem in stems[:5])
            raise UserError(f"{path} holds several sets of records: write {choices}")
    elif os.path.isfile(path):
        files = [path]
    else:
        # The name of a folder that is there is no pattern, whatever it holds.
        folder = glob.escape(folder) if os.path.isdir(folder) else folder
        files = sorted(glob.glob(os.path.join(folder, name)))
    if not files:
        raise UserError(f"no record file is called {path}")
    return files


def digest_of(files, ends=False):
    """Return number, size and a digest of files: of names, sizes and, if asked, `ends`."""
    digest, total = hashlib.sha256(), 0
    root = os.path.commonpath([os.path.dirname(f) for f in (min(files), max(files))])
    for file in files:
        total += (size := os.path.getsize(file))
        digest.update(f"{file.removeprefix(root)} {size}\n".encode())
        if ends:  # the last record's checksum, where all records have one size
            with open(file, "rb") as stream:
                stream.seek(max(0, size - 16))
                digest.update(stream.read())
    return f"{len(files)} with {total} bytes, digest {digest.hexdigest()[:8]}"


def names_beside(file):
    """Return the classes that `labels.txt` beside a record file numbers, or None."""
    path = os.path.join(os.path.dirname(file), "labels.txt")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", errors="replace") as stream:
        rows = [line.strip().partition(":") for line in stream if line.strip()]
    complete = [row[0] for row in rows] == [*map(str, range(len(rows)))]
    return [row[2] for row in rows] if complete else None


def compression(path):
    """Return how a file of records is compressed, by its bytes: GZIP, ZLIB or "" for not."""
    with open(path, "rb") as file:
        start = file.read(2)
    if start not in COMPRESSED or count_by_lengths(path) is not None:
        return ""
    return COMPRESSED[start]


def count_records(path):
    """Count the records of a file by their lengths, or by reading a compressed one."""
    if kind := compression(path):
        with explained(f"{path} is no {kind} file of records, or is damaged"):
            records = tf.data.TFRecordDataset(path, kind)
            return int(records.reduce(np.int64(0), lambda count, _: count + 1))
    count = count_by_lengths(path)
    if count is None:
        raise UserError(f"{path} is no TFRecord file, or is cut off")
    return count


def count_by_lengths(path):
    """Count the records of a file that is not compressed; None if they do not add up."""
    count = position = 0
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        while position + 16 <= size:
            file.seek(position)
            # Length (8 bytes), its checksum (4), the record, its checksum (4).
            position += 16 + int.from_bytes(file.read(8), "little")
            count += 1
    return count if position == size else None


def records_in(file, kind):
    """Return the items of a TFRecord file."""
    records = tf.data.TFRecordDataset(file, kind).enumerate()
    return records.map(lambda index, record: (file, index, record))


def damaged_record(file):
    """Return the index of the first record whose bytes are damaged, or None."""
    index = end = 0
    kind = compression(file)
    try:
        for record in tf.data.TFRecordDataset(file, kind).as_numpy_iterator():
            index, end = index + 1, end + 16 + len(record)
    except tf.errors.OpError:
        return index
    return None if kind or end == os.path.getsize(file) else index


# Training.


def train(settings=None):
    """Train up to `settings.steps`; a run that was stopped resumes from its folder."""
    settings = settings or Settings()
    with termination() as asked, locked(settings.directory):
        return train_until(asked, settings)


def train_until(asked, settings):
    """Train until the last step, or until an exit code is `asked` for."""
    data = data_of_run(settings)
    device = find_device(settings.device)
    settings, facts = begin_or_resume(settings, data, device)
    tf.random.set_seed(87654321)  # TensorFlow's default: the caller's changes nothing
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    with tf.device(device):
        run = Run(settings, data.count)
        run.resume()
    file = os.path.join(settings.directory, "run.json")
    write_whole(file, json.dumps(facts, indent=2) + "\n")
    done = int(run.step)
    print(f"{data.count} examples; step {done} of {settings.steps}; {device}")
    print(run.trained_text())
    one_step = training_step(run)
    examples = Examples(data, settings, training=True)
    stream = batches(examples, done * settings.batch)
    steps = range(done + 1, settings.steps + 1)
    with Progress(run) as progress:
        for step in profiled(steps, run):
            batch = next(stream)
            with tf.device(device):
                progress.add(one_step(*batch))
            stop = bool(asked)  # read once: it may be set within a step
            save = stop or run.time_to_save(step)
            due = save or step == done + 1 or step % settings.log_steps == 0
            if due:
                with tf.device(device):
                    run.check(examples)
                progress.report()
            if save:
                run.save()
            if stop and step < settings.steps:
                latest = run.manager.latest_checkpoint
                raise Stopped(f"stopped at step {step}: {latest}", asked[0])
    print(f"{int(run.step)} steps done: {checkpoints(settings.directory)[0]}")
    return run.model


def data_of_run(settings):
    """Open the data; they have the classes of the run that the folder holds."""
    folder = settings.directory
    classes = run_classes(folder) if checkpoints(folder) else None
    try:
        return open_data(settings.data, classes)
    except UserError as error:
        if classes:
            raise UserError(f"{error}; {begin_another(folder)}") from error
        raise


class Run:
    """The state of a training run, for an epoch of so many examples."""

    def __init__(self, settings, examples):
        self.settings, self.examples = settings, examples
        self.model = SideHead(seed=settings.seed)
        if settings.initial:
            self.initialize()
        variables = self.model.named_variables
        self.trained = variables
        # A step changes these before it is known to be finite.
        self.unlearned = [v for v in self.model.variables if not v.trainable]
        self.unlearned.append(self.model.generator.state)
        self.optimizer = Momentum(self.trained, settings)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="global_step")
        self.sound = tf.Variable(True, trainable=False, name="sound")
        self.checkpoint = tf.train.Checkpoint(
            model=self.model, optimizer=self.optimizer, step=self.step
        )
        self.saved = time.monotonic()

    def trained_text(self):
        """Say how many variables and parameters are trained, and which are frozen."""
        sizes = [variable.shape.num_elements() for variable in self.trained.values()]
        text = f"{len(sizes)} variables with {sum(sizes):,} parameters are trained"
        return text

    def initialize(self):
        """Load the initial weights, unless the folder has a run, which then resumes."""
        settings = self.settings
        if checkpoints(settings.directory):
            found = f"{settings.directory} holds a run to resume"
            print(f"{found}: {settings.initial} is not read")
            return
        restore_with(self.model, settings.initial, settings)

    def resume(self):
        """Load the newest checkpoint that is not damaged, if the folder has any."""
        settings, folder = self.settings, self.settings.directory
        for path in checkpoints(folder):
            try:
                with explained(f"{path} cannot be read"):
                    self.checkpoint.restore(path).assert_existing_objects_matched()
                break
            except RestoreError as error:
                reason = error.__cause__
                if isinstance(reason, (AssertionError, ValueError)):
                    found = f"{path} is of another network or optimizer"
                    found = f"{found}: {first_line(reason)}"
                    raise UserError(f"{found}; {begin_another(folder)}") from error
                print(f"{error}; the one before it is taken")
        else:
            if checkpoints(folder):
                raise UserError(f"no checkpoint in {folder} can be read")
        clear_up(folder, int(self.step))
        write_state(folder, int(self.step))
        self.manager = tf.train.CheckpointManager(
            self.checkpoint, folder, settings.keep, settings.keep_hours or None
        )

    def time_to_save(self, step):
        """Return whether a checkpoint is due after a step."""
        steps, minutes = self.settings.save_steps, self.settings.save_minutes
        by_step = steps > 0 and step % steps == 0
        by_time = minutes > 0 and time.monotonic() - self.saved >= 60 * minutes
        return by_step or by_time or step == self.settings.steps

    def undo(self, before):
        """Roll back the state that a step has changed on its way to the gradients."""
        for variable, value in zip(self.unlearned, before):
            variable.assign(value)

    def check(self, examples):
        """Stop if a step was not finite; it and those after it have changed nothing."""
        if self.sound:
            return
        done = int(self.step)
        inputs, labels = next(batches(examples, done * self.settings.batch))
        found = first_not_finite(self, inputs, labels)
        rate = float(learning_rate(self.step, self.settings, self.examples))
        found = f"{found} is not finite at step {done + 1} (learning rate {rate:g})"
        raise UserError(f"{found}; {self.last_checkpoint()}")

    def save(self):
        """Write a checkpoint, called by its step; only then older ones are removed."""
        learned = self.model.named_variables.values()
        for variable in (*learned, *self.optimizer.variables):
            if not is_finite(variable):
                found = f"{variable.name.removesuffix(':0')} is not finite"
                found = f"{found} after step {int(self.step)}"
                raise UserError(f"{found}; {self.last_checkpoint()}")
        folder = self.settings.directory
        try:
            with explained(f"{folder} cannot be written"):
                self.manager.save(checkpoint_number=self.step)
        except UserError as error:
            clear_up(folder, int(self.step))
            raise UserError(f"{error} ({self.last_checkpoint()})") from error
        self.saved = time.monotonic()

    def last_checkpoint(self):
        """Say which checkpoint is the newest that can be read."""
        for path in checkpoints(self.settings.directory):
            with contextlib.suppress(UserError), explained(path):
                reader = tf.train.load_checkpoint(path)
                for name in reader.get_variable_to_shape_map():
                    reader.get_tensor(name)
                return f"the last checkpoint: {path} is whole"
        return "the last checkpoint: none is there that can be read"


def profiled(steps, run):
    """Yield the steps, and profile those of `settings.profile` for TensorBoard."""
    profile, first, last = run.settings.profile, 0, 0
    if profile:
        bounds = re.fullmatch(r"(\d+)\.\.(\d+)", profile)
        first, last = map(int, bounds.groups()) if bounds else (0, 0)
        if not steps.start <= first <= last < steps.stop:
            within = f"{steps.start}..{steps.stop - 1}"
            raise UserError(f"--profile is {profile}, and must lie in {within}")
    folder = os.path.join(run.settings.directory, "profile")
    with contextlib.ExitStack() as stack:
        for step in steps:
            if step == first:
                stack.enter_context(tf.profiler.experimental.Profile(folder))
            with tf.profiler.experimental.Trace("step", step_num=step, _r=1):
                yield step
            if step == last:
                int(run.step)  # waits for a GPU
                with explained(f"{folder} cannot be written"):
                    stack.close()


# Facts in `run.json` that must be equal when a run resumes; others are reported, or free.
FIXED = (
    *("network", "parameters", "layers", "items", "classes", "examples", "files"),
    *("preprocess", "optimizer", "trained", "average_decay", "batch", "seed"),
    *("shuffle", "readers", "block_length", "jit", "deterministic", "precision"),
)
FREE = (
    *("data", "prefetch", "validation", "initial", "include", "exclude", "rename"),
    *("head", "strict", "directory", "device", "steps", "save_minutes", "save_steps"),
    *("keep", "keep_hours", "log_steps", "summary_steps", "summary_images", "profile"),
)


def begin_or_resume(settings, data, device):
    """Return the settings with every choice made, and the facts for `run.json`.

    Choices are as the run was begun, else as fits.
    """
    folder = settings.directory
    if re.search(r"[*?\[]", folder):
        raise UserError(f"{folder}: TensorFlow finds no checkpoint below *, ? or [")
    begun = read_facts(folder) if checkpoints(folder) else {}
    jit = "on" if use_jit(settings.jit, device) else "off"
    choices = {"jit": jit, "deterministic": settings.deterministic}
    for name, value in choices.items():
        asked, found = getattr(settings, name), begun.get(name, value)
        if found != value and asked == getattr(Settings, name):
            print(f"{option_of(name)} is {found}, as the run was begun")
            choices[name] = found
    settings = dataclasses.replace(settings, **choices)
    facts = {"network": SideHead.__name__} | CONFIGURATION
    facts["classes"] = data.classes
    facts |= {"examples": data.count, "files": data.digest}
    facts |= dataclasses.asdict(settings)
    facts = json.loads(json.dumps(facts))  # as they are read
    if begun:
        compare_facts(settings, begun, facts)
    return settings, facts


def read_facts(folder):
    """Return the facts of the run in a folder."""
    file = os.path.join(folder, "run.json")
    try:
        with open(file, encoding="utf-8") as stream:
            return dict(json.load(stream))
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{file} does not say what the checkpoints are of") from error


def compare_facts(settings, begun, facts):
    """Refuse to resume a run with other facts; print those that may differ."""
    folder = settings.directory
    old = "files" not in begun  # earlier versions kept less
    for name in {**facts, **begun}:
        found, asked = begun.get(name), facts.get(name)
        unknown = found is None and (old or name == "classes")
        if found == asked or unknown or name in FREE:
            continue
        found, asked = ("none" if value is None else value for value in (found, asked))
        shown = option_of(name) if hasattr(settings, name) else name
        if name in FIXED:
            found = f"{folder} holds a run with {shown} {found}, not {asked}"
            raise UserError(f"{found}; {begin_another(folder)}")
        print(f"{shown}: {asked}; the run so far had {found}")


def run_classes(path):
    """Return the names of the classes of a run, by its folder or a checkpoint in it."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    try:
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as stream:
            found = json.load(stream)["classes"]
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return [str(name) for name in found] if isinstance(found, list) else None


def begin_another(folder):
    """Say how to leave a run as it is."""
    return f"--directory begins another, --from {folder} with its weights"


def checkpoints(folder):
    """Return the checkpoints in the folder of a run, the newest first."""
    files = glob.glob(os.path.join(glob.escape(folder), "ckpt-*.index"))
    found = [re.fullmatch(r".*ckpt-(\d+)\.index", file) for file in files]
    steps = {int(one[1]): one[0].removesuffix(".index") for one in found if one}
    return [steps[step] for step in sorted(steps, reverse=True)]


def clear_up(folder, step):
    """Remove half-written checkpoints, and the lines of the log after a step."""
    for half in glob.glob(os.path.join(folder, "ckpt-*_temp")):
        shutil.rmtree(half, ignore_errors=True)
    log = os.path.join(folder, "log.jsonl")
    if not os.path.exists(log):
        return
    with open(log, encoding="utf-8") as stream:
        lines = list(stream)
    kept = []
    for line in lines:
        with contextlib.suppress(KeyError, TypeError, ValueError):  # cut off
            if json.loads(line)["step"] <= step and line.endswith("\n"):
                kept.append(line)
    if kept != lines:
        write_whole(log, "".join(kept))


def append_to_log(folder, **values):
    """Append a line of JSON, which is ASCII, to the log of a run."""
    file = os.path.join(folder, "log.jsonl")
    with explained(f"{file} cannot be written"), open(file, "a") as stream:
        print(json.dumps(values), file=stream)


def write_whole(path, text):
    """Write a file so that it never stands there by half."""
    with explained(f"{path} cannot be written"):
        with open(f"{path}.new", "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())  # a power cut leaves the old file or this one
        os.replace(f"{path}.new", path)
        sync_folder(os.path.dirname(path))


def sync_folder(folder):
    """Make the names of the files in a folder survive a power cut."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder or ".", os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


def write_state(folder, step):
    """Rewrite the file `checkpoint` if it does not name the checkpoint of a step."""
    file = os.path.join(folder, "checkpoint")
    last = f"ckpt-{step}" if checkpoints(folder) else None
    try:
        with open(file, encoding="utf-8") as stream:
            kept = re.match(r'model_checkpoint_path: "(.*)"\n', stream.read())
        if kept is not None and kept[1] == last:
            return
    except FileNotFoundError:
        if last is None:
            return
    except (OSError, ValueError):
        pass  # it is rewritten
    if last is None:
        os.remove(file)
        return
    print(f"{file} was missing, damaged or old; it names {last} now")
    lines = [f'model_checkpoint_path: "{last}"']
    for path in reversed(checkpoints(folder)):
        if int(path.rpartition("-")[2]) <= step:
            written = os.path.getmtime(f"{path}.index")
            lines.append(f'all_model_checkpoint_paths: "{os.path.basename(path)}"')
            lines.append(f"all_model_checkpoint_timestamps: {written}")
    write_whole(file, "\n".join(lines) + "\n")


@contextlib.contextmanager
def locked(folder):
    """Keep other processes out of a folder until this one ends, however it ends."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "a+", encoding="utf-8") as stream:
        try:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            found = f"{folder} is in use by process {stream.read() or 'unknown'}"
            raise UserError(f"{found}; --directory begins another run") from error
        except (ImportError, OSError):
            print(f"{folder} is not locked: two processes here would spoil the run")
        stream.truncate(0)
        print(os.getpid(), end="", file=stream, flush=True)
        yield


class Stopped(Exception):
    """A signal has ended a run, which lost no step; `code` is the exit code."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


@contextlib.contextmanager
def termination():
    """Yield a list that gets the exit code of SIGTERM or Ctrl-C, which end nothing here.

    A second Ctrl-C ends the program at once.
    """
    asked = []
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals reach the main thread only
        return

    def ask(number, _):
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(75 if number == signal.SIGTERM else 130)

    signals = signal.SIGTERM, signal.SIGINT
    before = [signal.signal(number, ask) for number in signals]
    try:
        yield asked
    finally:
        for number, handler in zip(signals, before):
            signal.signal(number, handler)


class Progress:
    """A bar on a terminal, elsewhere lines; the losses also go to `log.jsonl`."""

    def __init__(self, run):
        self.run, self.settings, self.step = run, run.settings, int(run.step)
        self.terminal = sys.stdout.isatty()
        self.reported = self.drawn = time.monotonic()
        self.steps = 0  # since the last report
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.text and self.terminal:
            print()  # what comes next stands below the bar

    def add(self, result):
        """Keep the result of a step without waiting for it."""
        self.step, self.steps, self.last = self.step + 1, self.steps + 1, result
        if self.terminal and time.monotonic() - self.drawn > 1:
            self.draw()

    def report(self):
        """Write a line about the last step, also to the log; return its numbers."""
        settings, now, later = self.settings, time.monotonic(), bool(self.text)
        value, rate, terms = tf.nest.map_structure(float, self.last)
        shown = ", ".join(f"{name} {term:.4f}" for name, term in terms.items())
        shown = f"loss {value:.4f} ({shown})"
        seconds = max(now - self.reported, 1e-6)  # a clock may stand still
        speed = self.steps * settings.batch / seconds
        self.text = f"{shown}  {speed:.1f} images/s"
        if later:  # the first step takes longer
            left = (settings.steps - self.step) * settings.batch / speed
            self.text += f"  {datetime.timedelta(seconds=round(left))} left"
        if self.terminal:
            self.draw()
        else:
            print(f"step {self.step}/{settings.steps}  {self.text}", flush=True)
        values = {"step": self.step, "loss": value}
        values["terms"] = terms
        values |= {"learning_rate": rate, "images_per_second": round(speed, 1)}
        append_to_log(settings.directory, **values)
        self.steps, self.reported = 0, now

    def draw(self):
        """Draw the bar over the line of a terminal, with the last report."""
        self.drawn = time.monotonic()
        steps, width = self.settings.steps, shutil.get_terminal_size().columns - 1
        bar = ("=" * (20 * self.step // steps)).ljust(20)
        line = f"[{bar}] step {self.step}/{steps}  {self.text}"
        print(f"\r{line[:width]:<{width}}", end="", flush=True)


def evaluate(model, settings, data=None):
    """Return the accuracy over `settings.data`, and how many examples that is."""
    data = data or open_data(settings.data, run_classes(settings.directory))
    examples = Examples(data, settings)
    device = find_device(settings.device)

    @tf.function(autograph=False, jit_compile=use_jit(settings.jit, device))
    def measure(inputs, labels):
        return accuracy(model(inputs)[0], labels["label"])

    hits = count = 0
    stream = batches(examples)
    for inputs, labels in stream:
        with tf.device(device):
            found = measure(inputs, labels)
        size = len(tf.nest.flatten(inputs)[0])
        count += size
        hits += round(float(found) * size)
    return hits / count, count


def add_train_commands(commands, rules):
    """Add `train` and `evaluate`; `rules` has the options of `restore`."""
    fields = dataclasses.fields(Settings)
    text = "train, or resume a run that was stopped"
    part = commands.add_parser("train", help=text, description=text)
    part.set_defaults(run=lambda options: train(settings_of(options)))
    add_settings(part, fields)
    text = "print measures of the network over records or a folder"
    part = commands.add_parser("evaluate", parents=[rules], help=text, description=text)
    part.set_defaults(run=run_evaluate)
    shared = "batch", "jit", "device"
    add_settings(part, [field for field in fields if field.name in shared])
    add, text = part.add_argument, fields[0].metadata["help"]
    add("--data", required=True, help=text)
    run, text = Settings.directory, "the weights; those of the run unless given"
    add("--checkpoint", dest="file", default=run, metavar="FILE", help=text)


def add_settings(parser, fields):
    """Add an option for each of some settings."""
    for field in fields:
        text, choices = field.metadata["help"], field.metadata["choices"]
        if field.type is bool:
            kind = {"action": argparse.BooleanOptionalAction}
        elif field.type == tuple[str, ...]:
            kind = {"action": "append"}
        else:
            kind = {"type": value_or_none(field.type), "choices": choices}
        if field.default not in (None, ""):
            text += f" (default: {field.default})".replace("%", "%%")
        # Options without a value are left out: `Settings` has the defaults.
        kind |= {"dest": field.name, "default": argparse.SUPPRESS, "help": text}
        parser.add_argument(option_of(field.name), **kind)


def value_or_none(kind):
    """Return the reader of an option, which `none` turns off: it is 0, or no text."""

    def read(text):
        return kind() if text == "none" else kind(text)

    read.__name__ = kind.__name__  # for argparse's messages
    return read


def settings_of(options):
    """Return the settings with the options of the command line."""
    names = {field.name for field in dataclasses.fields(Settings)}
    return Settings(**{n: value for n, value in vars(options).items() if n in names})


def run_evaluate(options):
    """Print the measures."""
    settings = settings_of(options)
    # The names of the classes stand beside the checkpoint.
    settings = dataclasses.replace(settings, directory=options.file)
    with tf.device(find_device(settings.device)):
        model, _ = load_model(options)
    found, count = evaluate(model, settings)
    print(f"accuracy {found:.4f} over {count} examples")


def main(argv=None):
    """Run a command line; return 0 when done, 1 after an error, 2 for a wrong usage."""
    if hasattr(sys.stdout, "reconfigure"):  # names may have letters of any alphabet
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = command_line().parse_args(argv)
        options.run(options)
    except SystemExit as stop:
        return stop.code
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (UserError, OSError) as error:
        message = " ".join(str(error).split())
        print(f"error: {message}", file=sys.stderr)
        return 1
    return 0


def command_line():
    """Return the parser of the command line."""
    rules = argparse.ArgumentParser(add_help=False)
    for flag, text in (
        ("--include", "load only these variables: a name or a glob (repeatable)"),
        ("--exclude", "do not load these variables (repeatable)"),
        ("--rename", "OLD=NEW for a part of names, or SCOPE/{name} (repeatable)"),
    ):
        rules.add_argument(flag, action="append", metavar="NAME", help=text)
    heads, text = ["strict", "auto"], "auto: leave out what depends on the classes"
    rules.add_argument("--head", choices=heads, default="strict", help=text)
    text = "load the moving averages of the variables that have one"
    rules.add_argument("--average", action="store_true", help=text)
    text = "refuse weights with unused names"
    rules.add_argument("--strict", action="store_true", help=text)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    text = "inspect or convert weights"
    checkpoint = commands.add_parser("checkpoint", help=text, description=text)
    parts = checkpoint.add_subparsers(metavar="COMMAND", required=True)
    for name, run, parents, text in (
        ("list", run_list, [], "list names, shapes and types"),
        ("compare", run_compare, [rules], "show what would be loaded"),
        ("convert", run_convert, [rules], "load, then write OUT.index, OUT.data-…"),
    ):
        part = parts.add_parser(name, parents=parents, help=text, description=text)
        part.set_defaults(run=run)
        part.add_argument("file")
    part.add_argument("out")
    part.add_argument("--force", action="store_true", help="replace OUT")
    text = "print the most probable classes of images"
    predict = commands.add_parser("predict", parents=[rules], help=text)
    predict.set_defaults(run=run_predict)
    text = "files, or folders of them"
    predict.add_argument("images", nargs="+", metavar="IMAGE", help=text)
    flags = {"dest": "file", "metavar": "FILE"}
    predict.add_argument("--checkpoint", default=Settings.directory, **flags)
    predict.add_argument("--top", type=positive, default=5, help="number of classes")
    predict.add_argument("--format", choices=["text", "json"], default="text")
    add_train_commands(commands, rules)
    return parser


def load_model(options):
    """Return a model with the weights of the command line, and the `Report`."""
    model = SideHead()
    return model, restore_with(model, options.file, options)


def run_predict(options):
    """Print the most probable classes of each image; name the unreadable ones last."""
    model, _ = load_model(options)

    @tf.function(autograph=False, reduce_retracing=True)
    def predict(image):
        return postprocess(model(image[tf.newaxis])[0])

    classes = dict(enumerate(run_classes(options.file) or ()))
    answers, errors = [], []
    for path in [file for given in options.images for file in images_at(given)]:
        try:
            with explained(f"{path} is no image that can be read"):
                image = preprocess(decode_image(tf.io.read_file(path)))
        except RestoreError as error:
            errors.append(str(error))
            continue
        (numbers,), (probabilities,) = predict(image)
        top = []
        for k, p in zip(numbers[: options.top].numpy().tolist(), probabilities):
            label = classes.get(k) or str(k)
            top.append({"class": k, "label": label, "probability": float(p)})
        answers.append({"image": path, "classes": top})
    if options.format == "json":
        print(json.dumps(answers, indent=2))
    else:
        for answer in answers:
            print(answer["image"])
            for item in answer["classes"]:
                print(f"  {item['probability']:.4f}  {item['label']}")
    if errors:
        raise RestoreError("; ".join(errors))
