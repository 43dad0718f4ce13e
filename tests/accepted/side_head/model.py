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
import json
import math
import os
import re
import secrets
import shutil
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import tensorflow as tf

# Parameters of the build.

CLASSES = 5


# Layers.


@layer
def conv2d(
    inputs,
    num_outputs,
    kernel_size,
    stride=2,
    padding="SAME",
    *,
    activation=tf.nn.relu,
    initializer=XAVIER,
    biases=zeros,
    scope,
):
    """Convolve with `weights`, normalize or add `biases`, then activate."""
    kernel = [*kernel_size, inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", kernel, initializer)
    outputs = tf.nn.conv2d(inputs, weights, stride, padding)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return activation(outputs)


@layer
def global_avg_pool2d(inputs, keepdims=True, *, scope):
    """Take the mean of each channel over all positions."""
    return tf.reduce_mean(inputs, [1, 2], keepdims=keepdims)


@layer
def fully_connected(
    inputs, num_outputs, *, activation=None, initializer=XAVIER, biases=zeros, scope
):
    """Multiply by `weights`, normalize or add `biases`, then activate."""
    shape = [inputs.shape[-1], num_outputs]
    weights = scope.variable("weights", shape, initializer)
    outputs = tf.linalg.matmul(inputs, weights)
    biases = scope.variable("biases", outputs.shape[-1:], biases)
    outputs = tf.nn.bias_add(outputs, biases)
    return outputs if activation is None else activation(outputs)


# Checkpoint maps.

SIDE_HEAD_SLIM = same_names(
    {
        "{weights,biases}": (
            "side_head/{conv/conv_{1..2},AuxLogits/{hidden,logits},{last,logits}}",
        ),
    }
)


def side_head(images, scope):
    net = conv2d(images, 8, [3, 3], scope=scope / "conv/conv_1")  # [16, 16, 8]
    net = conv2d(net, 8, [3, 3], scope=scope / "conv/conv_2")  # [8, 8, 8]
    aux = global_avg_pool2d(net)  # [1, 1, 8]
    aux = end_point(tf.reshape(aux, [-1, 8]), scope / "Flatten")  # [8]
    aux = fully_connected(
        aux, 16, activation=tf.nn.relu, scope=scope / "AuxLogits/hidden"
    )  # [16]
    aux = fully_connected(aux, CLASSES, scope=scope / "AuxLogits/logits")  # [5]
    end_point(aux, scope / "aux")
    net = conv2d(net, 16, [3, 3], 1, scope=scope / "last")  # [8, 8, 16]
    net = global_avg_pool2d(net)  # [1, 1, 16]
    net = end_point(tf.reshape(net, [-1, 16]), scope / "Flatten_1")  # [16]
    net = fully_connected(net, CLASSES, scope=scope / "logits")  # [5]
    return net


class SideHead(Network):
    """images [batch, 32, 32, 3] -> [batch, 5]; 2,290 parameters."""

    scope = "side_head"
    inputs: ClassVar = {
        "images": tf.TensorSpec([None, 32, 32, 3], tf.float32),
    }
    outputs: ClassVar = {
        "logits": tf.TensorSpec([None, CLASSES], tf.float32),
    }
    layers = staticmethod(side_head)
    HEAD = ("AuxLogits/logits", "logits")
    CHECKPOINT_MAPS: ClassVar = {"slim": SIDE_HEAD_SLIM}


# What the functions below refer to.

NETWORK = SideHead
LABELS_OFFSET = 0  # the label of the first class
LABELS = ()


# Settings of the training job.


def setting(default, text, at_least=None, at_most=math.inf, flag=None, **options):
    """Return a field of `Settings` and its bounds: an option of the command line too."""
    options = {"help": text, **options}
    bounds = {"at_least": at_least, "at_most": at_most}
    metadata = {"option": options, "flag": flag, **bounds}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Settings:
    """How `train` runs; the defaults are those of the model's `train` job."""

    data: str = setting(
        "train-*.tfrecord", "records (a pattern), or a folder with a folder a class"
    )
    shuffle: int = setting(2048, "records among which the next is drawn", 1)
    batch: int = setting(32, "images in a step", 1)
    label_smoothing: float = setting(
        0.1, "share of a label spread over all classes", 0, 1
    )
    aux_weight: float = setting(0.3, "factor of the loss of aux", 0)
    learning_rate: float = setting(0.01, "the rate at the start", 0)
    decay: float = setting(0.94, "factor of the learning rate at each decay", 0)
    decay_every: float = setting(2.0, "what lies between decays, in epochs", 0)
    momentum: float = setting(0.9, "share of the velocity that a step keeps", 0, 1)
    directory: str = setting("runs/side_head", "folder of the run: checkpoints and log")
    initial: str | None = setting(
        None, "weights to start from", type=str, flag="--from", metavar="FILE"
    )
    include: tuple[str, ...] | None = setting(
        None,
        "of these, load this part only (again for more)",
        action="append",
        metavar="NAME",
    )
    exclude: tuple[str, ...] | None = setting(
        None,
        "of these, leave out this part (again for more)",
        action="append",
        metavar="NAME",
    )
    rename: str | None = setting(
        None,
        "names there: prefix/{name}, or OLD=NEW for a part of them",
        type=str,
        metavar="RULE",
    )
    head: str = setting(
        "auto",
        "auto: leave out of these what depends on the number of classes",
        choices=["auto", "strict"],
    )
    steps: int = setting(1000, "steps in all", 1)
    seed: int = setting(0, "what every random choice derives from", 0, 2**31 - 1)
    save_minutes: float = setting(
        10.0, "minutes between checkpoints; 0: by steps only", 0
    )
    save_steps: int = setting(0, "steps between checkpoints; 0: by minutes only", 0)
    keep: int = setting(5, "checkpoints to keep", 1)
    keep_hours: float = setting(
        0.0, "hours between checkpoints that are kept for good; 0: none are", 0
    )
    log_steps: int = setting(10, "steps between lines of progress", 1)
    profile: str | None = setting(
        None,
        "steps to profile for TensorBoard, as 10..12",
        type=str,
        metavar="FIRST..LAST",
    )
    deterministic: bool = setting(
        True,
        "the same bits each time, at some cost on a GPU",
        action=argparse.BooleanOptionalAction,
    )
    jit: str = setting("auto", "XLA; auto: on a GPU", choices=["auto", "on", "off"])
    device: str = setting("auto", "auto, cpu or gpu:N")

    def __post_init__(self):
        """Refuse what no run can have."""
        for field in dataclasses.fields(self):
            value, low = getattr(self, field.name), field.metadata["at_least"]
            high = field.metadata["at_most"]
            if low is not None and not low <= value <= high:
                bounds = (
                    f"{low} or more" if high == math.inf else f"from {low} to {high}"
                )
                raise UserError(f"{field.name} is {value}, and must be {bounds}")


# Input.

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")


class Records:
    """Examples in TFRecord files."""

    def __init__(self, pattern):
        self.files = sorted(glob.glob(pattern))
        if not self.files:
            raise UserError(f"no file is called {pattern}")
        self.counts = [count_records(file) for file in self.files]
        self.count = sum(self.counts)
        if not self.count:
            raise UserError(f"{pattern} holds no records")

    def items(self, places=False):
        """Return the records of all files in order; or file and index of each."""
        return self.listed().flat_map(places_in if places else records_in)

    def shuffled(self, seed, settings, places=False):
        """Return the records of one epoch: files in random order, and a shuffled buffer.

        With `places` it is file and index of each, in that order.
        """
        files = self.listed()
        files = files.shuffle(len(self.files), seed, reshuffle_each_iteration=False)
        items = files.interleave(
            places_in if places else records_in,
            cycle_length=8,
            num_parallel_calls=None if places else tf.data.AUTOTUNE,
        )
        return items.shuffle(settings.shuffle, seed, reshuffle_each_iteration=False)

    def listed(self):
        """Return the files and how many records each has."""
        counts = tf.constant(self.counts, tf.int64)
        return tf.data.Dataset.from_tensor_slices((self.files, counts))

    def fetch(self, place):
        """Return the record at a place."""
        file, index = place
        (record,) = tf.data.TFRecordDataset(file).skip(index).take(1)
        return record

    def name(self, place):
        """Say where a place is."""
        file, index = place[0].numpy().decode(), int(place[1])
        return f"{file}, record {index}"

    def damaged(self):
        """Return how a reader finds the first record of which the bytes are damaged."""
        for file in self.files:
            index = damaged_record(file)
            if index is not None:
                return f"{file}, record {index}"
        return None

    def read(self, record):
        """Return the inputs and the labels of a record; images are still encoded."""
        features = {
            "image/encoded": tf.io.FixedLenFeature([], tf.string),
            "image/class/label": tf.io.FixedLenFeature([], tf.int64),
        }
        example = tf.io.parse_single_example(record, features)
        inputs = {"images": example["image/encoded"]}
        labels = {"label": example["image/class/label"] - LABELS_OFFSET}
        return inputs, labels


class Folder:
    """Images in a folder for each class, by its label; else in order of name or number."""

    def __init__(self, path, classes):
        with os.scandir(path) as entries:
            names = sorted(e.name for e in entries if e.is_dir() and e.name[0] != ".")
        if all(name.isdecimal() for name in names):
            names.sort(key=int)
        known = list(LABELS[LABELS_OFFSET:]) or names
        for name in names:
            if name not in known:
                raise UserError(f"{path}/{name} is none of the {classes} classes")
        if len(known) != classes:
            raise UserError(f"{path} has {len(known)} folders for {classes} classes")
        self.files, self.labels = [], []
        for name in names:
            files = sorted(os.listdir(os.path.join(path, name)))
            files = [file for file in files if file.lower().endswith(IMAGE_SUFFIXES)]
            self.files += [os.path.join(path, name, file) for file in files]
            self.labels += [known.index(name)] * len(files)
        self.count = len(self.files)
        if not self.count:
            raise UserError(f"{path} holds no images ({', '.join(IMAGE_SUFFIXES)})")

    def items(self, places=False):
        """Return paths and classes in order; they are also the places."""
        del places
        return tf.data.Dataset.from_tensor_slices((self.files, self.labels))

    def shuffled(self, seed, settings, places=False):
        """Return the paths and classes of one epoch, all of them shuffled."""
        del settings, places  # paths are small
        return self.items().shuffle(self.count, seed, reshuffle_each_iteration=False)

    def fetch(self, place):
        """Return the item at a place, which is the place."""
        return place

    def name(self, place):
        """Say where a place is."""
        return place[0].numpy().decode()

    def read(self, item):
        """Return the encoded image and its class."""
        path, label = item
        inputs = {"images": tf.io.read_file(path)}
        return inputs, {"label": tf.cast(label, tf.int64)}


def count_records(path):
    """Count the records of a TFRecord file by their lengths, without reading them."""
    count = position = 0
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        while position + 16 <= size:
            file.seek(position)
            # Length (8 bytes), its checksum (4), the record, its checksum (4).
            position += 16 + int.from_bytes(file.read(8), "little")
            count += 1
    if position != size:
        raise UserError(f"{path} is no TFRecord file, or is cut off")
    return count


def records_in(file, count):
    """Return the records of a file."""
    del count
    return tf.data.TFRecordDataset(file)


def places_in(file, count):
    """Return where the records of a file are."""
    return tf.data.Dataset.range(count).map(lambda index: (file, index))


def damaged_record(file):
    """Return the index of the first record of which the bytes are damaged, or None."""
    index = end = 0
    try:
        for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
            index, end = index + 1, end + 16 + len(record)
    except tf.errors.DataLossError:
        return index
    return None if end == os.path.getsize(file) else index


def open_data(settings, network):
    """Open the folder or the records that `settings.data` names."""
    if os.path.isdir(settings.data):
        return Folder(settings.data, class_count(network))
    return Records(settings.data)


class TrainingExamples:
    """The examples of a run, without end.

    Their order, and how each is distorted, depend on nothing but the seed and the number,
    so that a run that was stopped goes on with what it would have seen.
    """

    def __init__(self, source, settings, network):
        self.source = source
        self.settings = settings
        self.network = network

    def numbered(self, start, places=False):
        """Return number and item of each example from one on; or number and place."""
        settings = self.settings
        epoch, position = divmod(start, self.source.count)
        items = tf.data.Dataset.range(epoch, tf.int64.max).flat_map(
            lambda epoch: self.source.shuffled(settings.seed + epoch, settings, places)
        )
        return items.skip(position).enumerate(start)

    def load(self, number, item):
        """Return the inputs and the labels of an item."""
        seed = [self.settings.seed, number]
        return load(self.source.read(item), self.network, seed)


class EvaluationExamples(TrainingExamples):
    """Each example once and in order, as it is."""

    def numbered(self, start, places=False):
        """Return number and item of each example from one on; or number and place."""
        return self.source.items(places).skip(start).enumerate(start)

    def load(self, number, item):
        """Return the inputs and the labels of an item."""
        del number
        return load(self.source.read(item), self.network)


def training_batches(source, settings, network, start):
    """Return batches without end, from the example numbered `start` on."""
    examples = TrainingExamples(source, settings, network)
    return batches_of(examples, start, drop_remainder=True)


def evaluation_batches(source, settings, network):
    """Return each example once and in order; the last batch may be smaller."""
    return batches_of(EvaluationExamples(source, settings, network), 0)


def batches_of(examples, start, drop_remainder=False):
    """Yield batches from the example numbered `start` on; say which cannot be read."""
    size = examples.settings.batch
    loaded = examples.numbered(start).map(
        examples.load, num_parallel_calls=tf.data.AUTOTUNE
    )
    batches = loaded.batch(size, drop_remainder).prefetch(tf.data.AUTOTUNE)
    try:
        for inputs, labels in batches:
            check_labels(labels, examples)
            yield inputs, labels
            start += size
    except tf.errors.DataLossError as error:
        place = examples.source.damaged() or examples.settings.data
        raise UserError(f"{place}: {first_line(error)}") from error
    except tf.errors.OpError as error:
        message = f"{examples.settings.data}: {first_line(error)}"
        raise UserError(broken(examples, start, size) or message) from error


def broken(examples, start, count):
    """Return which of `count` examples cannot be read first, and why; None: all can."""
    for number, place in examples.numbered(start, places=True).take(count):
        try:
            examples.load(number, examples.source.fetch(place))
        except tf.errors.OpError as error:
            return f"{examples.source.name(place)}: {first_line(error)}"
    return None


def check_labels(labels, examples):
    """Refuse a label that is no class."""
    known = range(LABELS_OFFSET, LABELS_OFFSET + class_count(examples.network))
    for label in (labels["label"].numpy() + LABELS_OFFSET).tolist():
        if label not in known:
            known = f"{known[0]} to {known[-1]}"
            data = examples.settings.data
            raise UserError(f"{data}: label {label} is none of {known}")


def load(example, network, seed=None):
    """Return the inputs and the labels of an example, distorted if there is a `seed`."""
    inputs, labels = example
    image = decode_image(inputs["images"], network)
    image = preprocess(image, seed is not None, seed, network)
    inputs = {"images": image}
    return inputs, labels


# Devices.


def find_device(name):
    """Return TensorFlow's name for `auto` (the first GPU, if any), `cpu` or `gpu:N`."""
    gpus = tf.config.list_logical_devices("GPU")
    if name == "auto":
        name = "gpu:0" if gpus else "cpu"
    if name == "cpu":
        return "/CPU:0"
    number = re.fullmatch(r"gpu:(\d+)", name)
    if number is None:
        raise UserError(f"the device is auto, cpu or gpu:N, not {name}")
    if int(number[1]) >= len(gpus):
        raise UserError(f"there is no {name} among this machine's {len(gpus)} GPUs")
    return f"/GPU:{number[1]}"


def use_jit(jit, device):
    """Return whether a step is compiled by XLA, which is slower on a CPU."""
    return jit == "on" or (jit == "auto" and "GPU" in device)


# Loss.


def total_loss(model, inputs, labels, settings):
    """Return the loss of a batch, and by name the terms of which it is the sum."""
    outputs, end_points = model(inputs, training=True)
    terms = {
        "logits": loss(outputs, labels["label"], settings.label_smoothing),
        "aux": settings.aux_weight
        * loss(end_points["aux"], labels["label"], settings.label_smoothing),
    }
    return sum(terms.values()), terms


# Optimizer.


def slots(variables, name, start=0.0):
    """Return a variable of the same shape for each, called NAME below it."""
    return {
        owner: tf.Variable(
            tf.fill(variable.shape, tf.cast(start, variable.dtype)),
            trainable=False,
            name=f"{owner}/{name}",
        )
        for owner, variable in variables.items()
    }


class Momentum(tf.Module):
    """TensorFlow 1's momentum: v = momentum v + gradient, w = w - rate v."""

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.velocities = slots(variables, "Momentum")

    def apply(self, variables, gradients, rate):
        """Move each variable that has a gradient."""
        for name, gradient in gradients.items():
            tf.raw_ops.ResourceApplyMomentum(
                var=variables[name].handle,
                accum=self.velocities[name].handle,
                lr=tf.cast(rate, gradient.dtype),
                grad=gradient,
                momentum=self.settings.momentum,
            )


# Learning rate.


def learning_rate(step, settings, examples):
    """Return the learning rate of a step, for an epoch of so many examples."""
    decay_steps = max(1, int(examples * settings.decay_every / settings.batch))
    decays = tf.floor(tf.cast(step, tf.float32) / decay_steps)
    return settings.learning_rate * settings.decay**decays


# Gradients.


def loss_and_gradients(run, inputs, labels, settings):
    """Return the loss of a batch with its terms, and the gradients of the variables."""
    with tf.GradientTape() as tape:
        value, terms = total_loss(run.model, inputs, labels, settings)
    gradients = tape.gradient(value, run.trained).items()
    gradients = {n: tf.convert_to_tensor(g) for n, g in gradients if g is not None}
    return (value, terms), gradients


# What is not finite.


def all_finite(tensors):
    """Return whether all are finite and add up: no sum hides what is not, in one pass."""
    sums = [tf.reduce_sum(tf.cast(tensor, tf.float32)) for tensor in tensors]
    return tf.math.is_finite(tf.add_n(sums))


def is_finite(tensor):
    """Return whether a tensor is finite, element by element."""
    floating = tensor.dtype.is_floating
    return not floating or bool(tf.reduce_all(tf.math.is_finite(tensor)))


def first_not_finite(run, inputs, labels, settings):
    """Return what is first not finite in the next step, made again without a change."""
    for name, tensor in values_of_step(run, inputs, labels, settings):
        if not is_finite(tensor):
            return name
    return "the loss or a gradient"


def values_of_step(run, inputs, labels, settings):
    """Yield what a step computes, in this order; gradients come from the loss down."""
    for name, tensor in inputs.items():
        yield f"the input {name}", tensor
    for name, variable in run.model.named_variables.items():
        yield f"the variable {name}", variable
    before = [tf.identity(variable) for variable in run.unlearned]
    _, end_points = run.model(inputs, training=True)
    run.undo(before)
    for name, tensor in end_points.items():
        yield f"the end point {name}", tensor
    (value, terms), gradients = loss_and_gradients(run, inputs, labels, settings)
    run.undo(before)
    for name, term in terms.items():
        yield f"the loss of {name}", term
    yield "the loss", value
    for name in reversed(gradients):
        yield f"the gradient of {name}", gradients[name]


# The folder of a run.


class RunFolder:
    """The checkpoints of a run, `run.json` and `log.jsonl`; it may be moved."""

    def __init__(self, path):
        if re.search(r"[*?\[]", path):
            raise UserError(f"{path}: TensorFlow finds no checkpoint below *, ? or [")
        self.path = path
        self.description = os.path.join(path, "run.json")
        self.log_file = os.path.join(path, "log.jsonl")

    def checkpoints(self):
        """Return the checkpoints, the newest first; the last file of each is `.index`."""
        pattern = os.path.join(self.path, "ckpt-*.index")
        found = {}
        for file in glob.glob(pattern):
            number = re.search(r"ckpt-(\d+)\.index$", file)
            if number is not None:
                found[int(number[1])] = file.removesuffix(".index")
        return [found[number] for number in sorted(found, reverse=True)]

    def begin(self, description):
        """Make the folder and write down what must stay as it is."""
        os.makedirs(self.path, exist_ok=True)
        write_whole(self.description, json.dumps(description, indent=2) + "\n")

    def begun(self):
        """Return what `begin` wrote."""
        try:
            with open(self.description, encoding="utf-8") as stream:
                return dict(json.load(stream))
        except (OSError, TypeError, ValueError) as error:
            message = f"{self.description} does not say what the checkpoints are of"
            raise UserError(message) from error

    def clear_up(self, step):
        """Remove what was written in vain: half checkpoints, and the log after a step."""
        for folder in glob.glob(os.path.join(self.path, "ckpt-*_temp")):
            shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(self.log_file):
            return
        with open(self.log_file, encoding="utf-8") as stream:
            lines = list(stream)
        kept = [line for line in lines if logged_step(line) <= step]
        if kept != lines:
            write_whole(self.log_file, "".join(kept))

    def log(self, **values):
        """Append a line of JSON to the log."""
        file = self.log_file
        with writable(file), open(file, "a", encoding="utf-8") as stream:
            print(json.dumps(values), file=stream)


def logged_step(line):
    """Return the step of a line of the log; infinite if the line is cut off."""
    try:
        return json.loads(line)["step"] if line.endswith("\n") else math.inf
    except (KeyError, TypeError, ValueError):
        return math.inf


def write_whole(path, text):
    """Write a file so that it never stands there by half."""
    with writable(path):
        with open(f"{path}.new", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(f"{path}.new", path)


class Stopped(Exception):
    """SIGTERM has ended a run, which is saved and goes on when it is started again."""


@contextlib.contextmanager
def termination():
    """Yield an event that SIGTERM sets, in place of ending the program at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals reach the main thread only
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


# Profile.


def profiled(steps, run, settings):
    """Yield the steps, and profile those of `settings.profile`, for TensorBoard."""
    if settings.profile is None:
        yield from steps
        return
    bounds = re.fullmatch(r"(\d+)\.\.(\d+)", settings.profile)
    first, last = map(int, bounds.groups()) if bounds else (0, 0)
    if not steps.start <= first <= last < steps.stop:
        within = f"{steps.start}..{steps.stop - 1}"
        raise UserError(f"profile is {settings.profile}, and must lie in {within}")
    folder = os.path.join(settings.directory, "profile")
    with contextlib.ExitStack() as stack:
        for step in steps:
            if step == first:
                stack.enter_context(tf.profiler.experimental.Profile(folder))
            with tf.profiler.experimental.Trace("step", step_num=step, _r=1):
                yield step
            if step == last:
                int(run.step)  # waits for a GPU
                with writable(folder):
                    stack.close()


# Training.

CHOICES = {"jit": "auto", "deterministic": True}  # what a run keeps, and the defaults


class Run:
    """A training run: what changes from step to step, and the folder that keeps it."""

    def __init__(self, settings, network, examples):
        self.settings = settings
        self.folder = RunFolder(settings.directory)
        self.model = network(seed=settings.seed)
        if settings.initial:
            self.initialize()
        self.trained = {
            name: variable
            for name, variable in self.model.named_variables.items()
            if variable.trainable
        }
        # What a step changes on its way to the gradients.
        self.unlearned = [v for v in self.model.variables if not v.trainable]
        self.unlearned.append(self.model.generator.state)
        self.optimizer = Momentum(self.trained, settings)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="global_step")
        self.sound = tf.Variable(True, trainable=False, name="sound")
        self.constants = {
            "network": self.model.name,
            "examples": examples,
            "batch": settings.batch,
            "seed": settings.seed,
            "shuffle": settings.shuffle,
        }
        self.checkpoint = tf.train.Checkpoint(
            model=self.model, optimizer=self.optimizer, step=self.step
        )
        self.saved = time.monotonic()

    def initialize(self):
        """Load the initial weights, unless the folder has a run, which then goes on."""
        settings = self.settings
        if self.folder.checkpoints():
            found = f"{settings.directory} holds a run that goes on"
            print(f"{found}: {settings.initial} is not read")
            return
        rename = renaming(settings.rename) if settings.rename else None
        rules = settings.include, settings.exclude, rename, settings.head
        report = restore(self.model, settings.initial, *rules)
        print(f"{settings.initial}: {report.summary()}")

    def resume(self):
        """Go on from the newest checkpoint that can be read, or begin."""
        checkpoints = self.folder.checkpoints()
        if checkpoints:
            self.check_constants()
            self.load_newest(checkpoints)
        else:
            choices = {name: getattr(self.settings, name) for name in CHOICES}
            self.folder.begin({**self.constants, **choices})
        self.folder.clear_up(int(self.step))
        self.manager = tf.train.CheckpointManager(
            self.checkpoint,
            self.settings.directory,
            self.settings.keep,
            self.settings.keep_hours or None,
        )

    def check_constants(self):
        """Refuse to go on with the run of other data, of another network or seed."""
        begun = self.folder.begun()
        for name, value in self.constants.items():
            if begun.get(name) != value:
                found = f"{self.settings.directory} holds a run with {name}"
                raise UserError(f"{found} {begun.get(name)}, not {value}")

    def load_newest(self, checkpoints):
        """Load the first of the checkpoints that is not damaged."""
        for path in checkpoints:
            try:
                return self.load(path)
            except RestoreError as error:
                if error.report is not None:
                    raise
                print(f"{error}; the checkpoint before it is taken")
        raise UserError(f"no checkpoint in {self.settings.directory} can be read")

    def load(self, path):
        """Load a checkpoint of this run, all or nothing."""
        report, _ = compare(self.model, open_weights(path))
        if report.misfit():
            raise RestoreError(f"{path} does not fit: {report.misfit()}", report)
        with readable(path):
            status = self.checkpoint.restore(path)
        try:
            status.assert_existing_objects_matched()
        except AssertionError as error:
            raise UserError(f"{path} is of a run with another optimizer") from error

    def time_to_save(self, step):
        """Return whether a checkpoint is due after a step."""
        steps, minutes = self.settings.save_steps, self.settings.save_minutes
        by_step = steps > 0 and step % steps == 0
        by_time = minutes > 0 and time.monotonic() - self.saved >= 60 * minutes
        return by_step or by_time or step == self.settings.steps

    def undo(self, before):
        """Give what is not learned the values of before a step."""
        for variable, value in zip(self.unlearned, before):
            variable.assign(value)

    def check(self, source):
        """Stop the run if a step was not finite: those after it have changed nothing."""
        if self.sound:
            return
        settings, done = self.settings, int(self.step)
        network, start = type(self.model), done * settings.batch
        inputs, labels = next(training_batches(source, settings, network, start))
        found = first_not_finite(self, inputs, labels, settings)
        rate = float(learning_rate(self.step, settings, source.count))
        place = f"at step {done + 1} (learning rate {rate:g})"
        raise UserError(f"{found} is not finite {place}; {self.last_checkpoint()}")

    def last_checkpoint(self):
        """Say which checkpoint is the last."""
        checkpoints = self.folder.checkpoints()
        kept = f"{checkpoints[0]} is whole" if checkpoints else "none is there yet"
        return f"the last checkpoint: {kept}"

    def save(self):
        """Write a checkpoint, called by its step; only then older ones are removed."""
        learned = self.model.named_variables.values()
        for variable in (*learned, *self.optimizer.variables):
            if not is_finite(variable):
                found = f"{variable.name.removesuffix(':0')} is not finite"
                where = f"after step {int(self.step)}"
                raise UserError(f"{found} {where}; {self.last_checkpoint()}")
        try:
            with writable(self.settings.directory):
                self.manager.save(checkpoint_number=self.step)
        except UserError as error:
            self.folder.clear_up(int(self.step))
            raise UserError(f"{error} ({self.last_checkpoint()})") from error
        self.saved = time.monotonic()


def training_step(run, settings, jit):
    """Return the function of a step: inputs and labels in; loss, rate and terms out.

    A step that is not finite changes nothing but `run.sound`; then none does.
    """

    @tf.function(autograph=False, jit_compile=jit)
    def step(inputs, labels):
        rate = learning_rate(run.step, settings, run.constants["examples"])
        before = [tf.identity(variable) for variable in run.unlearned]
        (value, terms), gradients = loss_and_gradients(run, inputs, labels, settings)
        finite = all_finite([value, *gradients.values()])
        finite = tf.logical_and(run.sound, finite)

        def apply():
            run.optimizer.apply(run.trained, gradients, rate)

        tf.cond(finite, apply, lambda: run.undo(before))
        run.step.assign_add(tf.cast(finite, tf.int64))
        run.sound.assign(finite)
        return value, rate, terms

    return step


def settled(settings, device):
    """Return the settings with every choice made: as the run was begun, else as fits."""
    folder = RunFolder(settings.directory)
    begun = folder.begun() if folder.checkpoints() else {}
    choices = {"jit": "on" if use_jit(settings.jit, device) else "off"}
    for name, default in CHOICES.items():
        asked, kept = getattr(settings, name), begun.get(name)
        if kept is None or kept == choices.get(name, asked):
            continue
        if asked != default:
            found = f"{settings.directory} holds a run with {name} {kept}"
            raise UserError(f"{found}, not {asked}")
        print(f"{name} is {kept}, as the run was begun")
        choices[name] = kept
    return dataclasses.replace(settings, **choices)


def train(settings=None, network=NETWORK):
    """Train up to `settings.steps`; a run that was stopped goes on from its folder."""
    settings = settings or Settings()
    source = open_data(settings, network)
    device = find_device(settings.device)
    settings = settled(settings, device)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    with tf.device(device):
        run = Run(settings, network, source.count)
        run.resume()
    done = int(run.step)
    print(f"{source.count} examples; step {done} of {settings.steps}; {device}")
    one_step = training_step(run, settings, settings.jit == "on")
    batches = training_batches(source, settings, network, done * settings.batch)
    steps = range(done + 1, settings.steps + 1)
    with termination() as asked, Progress(run, settings) as progress:
        for step in profiled(steps, run, settings):
            inputs, labels = next(batches)
            with tf.device(device):
                progress.add(one_step(inputs, labels))
            save = asked.is_set() or run.time_to_save(step)
            if save or step == done + 1 or step % settings.log_steps == 0:
                with tf.device(device):
                    run.check(source)
                progress.report(step)
            if save:
                run.save()
            if asked.is_set() and step < settings.steps:
                latest = run.manager.latest_checkpoint
                raise Stopped(f"stopped at step {step}: {latest}")
    print(f"{int(run.step)} steps done: {run.folder.checkpoints()[0]}")
    return run.model


# Progress.


class Progress:
    """What is told of the steps: losses are waited for only when a line is due."""

    def __init__(self, run, settings):
        self.run = run
        self.settings = settings
        self.step = int(run.step)
        self.results = []
        self.reported = self.drawn = time.monotonic()
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.text and sys.stdout.isatty():
            print()  # what comes next stands below the bar

    def add(self, result):
        """Keep what comes out of a step, without waiting for it."""
        self.step += 1
        self.results.append(result)
        if sys.stdout.isatty() and time.monotonic() - self.drawn > 1:
            self.draw()

    def report(self, step):
        """Write a line about the last step, and what it tells to the log."""
        loss, rate, terms = tf.nest.map_structure(float, self.results[-1])
        later, now = bool(self.text), time.monotonic()
        speed = len(self.results) * self.settings.batch / (now - self.reported)
        shown = ", ".join(f"{name} {term:.4f}" for name, term in terms.items())
        self.text = f"loss {loss:.4f} ({shown})  {speed:.1f} images/s"
        if later:  # the first steps take longer
            left = (self.settings.steps - step) * self.settings.batch / speed
            self.text += f"  {datetime.timedelta(seconds=round(left))} left"
        if sys.stdout.isatty():
            self.draw()
        else:
            print(f"step {step}/{self.settings.steps}  {self.text}", flush=True)
        self.run.folder.log(
            step=step,
            loss=loss,
            terms=terms,
            learning_rate=rate,
            images_per_second=round(speed, 1),
        )
        self.results, self.reported = [], now

    def draw(self):
        """Draw a bar over the line of a terminal, with what was reported last."""
        self.drawn = time.monotonic()
        steps, width = self.settings.steps, shutil.get_terminal_size().columns - 1
        bar = ("=" * (20 * self.step // steps)).ljust(20)
        line = f"[{bar}] step {self.step}/{steps}  {self.text}"
        print(f"\r{line[:width]:<{width}}", end="", flush=True)


# Evaluation.


def evaluate(model, settings):
    """Return the accuracy over `settings.data`, and how many examples that is."""
    network = type(model)
    source = open_data(settings, network)
    device = find_device(settings.device)

    @tf.function(autograph=False, jit_compile=use_jit(settings.jit, device))
    def batch_accuracy(inputs, labels):
        return accuracy(model(inputs)[0], labels)

    hits = 0
    for inputs, labels in evaluation_batches(source, settings, network):
        with tf.device(device):
            share = float(batch_accuracy(inputs, labels["label"]))
        hits += round(share * len(labels["label"]))
    return hits / source.count, source.count


def main(argv=None):
    """Run a command line; return 0 when done, 1 after an error, 2 for a wrong usage.

    A run that SIGTERM has stopped returns 75: it goes on when it is started again.
    """
    if hasattr(sys.stdout, "reconfigure"):  # a file may have names of any letters
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = command_line().parse_args(argv)
    except SystemExit as stop:
        return stop.code
    try:
        return options.run(options)
    except (UserError, OSError) as error:
        message = " ".join(str(error).split())
        print(f"error: {message}", file=sys.stderr)
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return 75
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


def command_line():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_checkpoint_command(commands)
    add_predict_command(commands)
    add_train_command(commands)
    add_evaluate_command(commands)
    return parser


# train, evaluate


def add_settings(parser, names):
    """Add options for some of the settings."""
    for field in dataclasses.fields(Settings):
        if field.name in names:
            options = dict(field.metadata["option"])
            if field.default is not None:
                default = str(field.default).replace("%", "%%")
                options["help"] += f" (default: {default})"
            if "action" not in options:
                options.setdefault("type", field.type)
            flag = field.metadata["flag"] or f"--{field.name.replace('_', '-')}"
            # What is not given stays away: the defaults are those of `Settings`.
            absent = argparse.SUPPRESS
            parser.add_argument(flag, dest=field.name, default=absent, **options)


def settings_of(options):
    """Return the settings with what the command line says."""
    fields = [field.name for field in dataclasses.fields(Settings)]
    return Settings(**{n: v for n, v in vars(options).items() if n in fields})


def add_train_command(commands):
    """Add `train`."""
    text = "train, or go on with a run that was stopped"
    parser = add_command(commands, "train", run_train, text)
    add_settings(parser, [field.name for field in dataclasses.fields(Settings)])


def run_train(options):
    """Train."""
    train(settings_of(options))
    return 0


def add_evaluate_command(commands):
    """Add `evaluate`."""
    text = "print the accuracy over records, or over a folder with a folder a class"
    parser = add_command(commands, "evaluate", run_evaluate, text)
    add_settings(parser, ["batch", "jit", "device"])
    parser.add_argument("--data", required=True, help="records (a pattern) or a folder")
    text = "the weights; those of the run unless given"
    run = Settings.directory
    parser.add_argument("--checkpoint", default=run, metavar="FILE", help=text)


def run_evaluate(options):
    """Print the accuracy."""
    settings = settings_of(options)
    with tf.device(find_device(settings.device)):
        model = NETWORK()
    restore(model, options.checkpoint)
    value, count = evaluate(model, settings)
    print(f"accuracy {value:.4f} over {count} examples")
    return 0
