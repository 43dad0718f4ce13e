"""Input."""

import os
import shutil
import tempfile
import weakref

import numpy as np
import tensorflow as tf

from slimgen.templates.runtime.flags import (
    AUGMENT,
    CHECKED,
    COUNTED_CLASSES,
    FOLDERS,
    IMAGE,
    MIXES,
    OFFSET,
    RAW,
    SKIP,
    SLOPPY,
    SPLIT,
)
from slimgen.templates.runtime.image_folders import files_below, folders_in, is_image
from slimgen.templates.runtime.images import decode_image, preprocess
from slimgen.templates.runtime.stand_ins import LABELS, LABELS_OFFSET
from slimgen.templates.runtime.training.augment import augmented, mixed
from slimgen.templates.runtime.training.record_files import (
    compression,
    count_records,
    damaged_record,
    digest_of,
    is_cut_off,
    names_beside,
    record_files,
    records_in,
    write_mended,
)
from slimgen.templates.runtime.training.stand_ins import (
    AHEAD,
    CYCLE,
    INPUT,
    LABEL_RANGES,
    read_record,
)
from slimgen.templates.runtime.weights import UserError, first_line


def open_data(
    path,
    program,  # if SPLIT
    classes=None,  # if FOLDERS
):
    """Open a folder of images, or records by a pattern; match them with `classes`."""  # if FOLDERS
    """Open the records that fit a pattern."""  # if not FOLDERS
    if FOLDERS and os.path.isdir(path) and folders_in(path):
        return Folder(path, classes)  # if not SPLIT
        return Folder(path, program, classes)  # if SPLIT
    records = Records(path)  # if not SPLIT
    records = Records(path, program)  # if SPLIT
    if FOLDERS and classes and records.classes not in (None, classes):
        raise UserError(f"labels.txt beside {path} has other classes than the run")
    return records


class Records:
    """Examples in TFRecord files; an item is its file, its index there and its bytes."""

    def __init__(
        self,
        pattern,
        program,  # if SPLIT
    ):
        self.program = program  # if SPLIT
        self.files = record_files(pattern)
        if empty := [file for file in self.files if not os.path.getsize(file)]:
            print(f"{len(empty)} record files are empty: {', '.join(empty[:5])}")
        self.digest = digest_of(self.files, ends=True)
        self.kinds = {file: compression(file) for file in self.files}
        if SKIP:
            self.originals = {}
            self.copies = tempfile.mkdtemp()
            weakref.finalize(self, shutil.rmtree, self.copies, ignore_errors=True)
            for file in filter(is_cut_off, [*self.files]):
                self.replace(file)
        self.classes = names_beside(self.files[0])  # if FOLDERS
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
            records_in,
            cycle_length=CYCLE,
            block_length=settings.block_length,  # if BLOCK_LENGTH
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=False,  # if SLOPPY
        )
        return items.shuffle(settings.shuffle, seed, reshuffle_each_iteration=False)

    def read(self, file, index, record):
        """Return the inputs and the labels of an item; an image is still encoded."""
        if SKIP and tf.executing_eagerly() and record == b"":
            raise UserError("the record is damaged or empty")
        return read_record(record)  # if not SPLIT
        return self.program.read_record(record)  # if SPLIT

    def place(self, file, index, record):
        """Return where an item stands."""
        if SKIP:
            name = file.numpy().decode()
            return f"{self.originals.get(name, name)}, record {index}"
        return f"{file.numpy().decode()}, record {index}"  # if not SKIP

    if SKIP:

        def mend(self):
            """Copy files with damaged records and empty those; return whether any is."""
            damaged = [file for file in self.files if damaged_record(file) is not None]
            for file in damaged:
                self.replace(file)
            return bool(damaged)

        def replace(self, file):
            """Take a copy of a file in which damaged records are empty."""
            copy = os.path.join(self.copies, f"{len(self.originals)}.tfrecord")
            write_mended(file, copy)
            self.originals[copy] = self.originals.get(file, file)
            self.files[self.files.index(file)] = copy


class Folder:
    """Images in a folder a class; an item is a path and the number of its class.

    A folder's name says which class it is; without names their order is the folders'.
    """

    def __init__(
        self,
        path,
        program,  # if SPLIT
        classes=None,
    ):
        self.program = program  # if SPLIT
        names = folders_in(path)
        if all(name.isdecimal() for name in names):
            names.sort(key=int)
        self.classes = list(LABELS[LABELS_OFFSET:])  # if LABELED
        self.classes = classes or names  # if not LABELED
        for name in names:
            if name not in self.classes:
                found = f"{path}/{name} is not one of the classes"
                raise UserError(f"{found} {', '.join(self.classes[:20])}")
        count = len(LABEL_RANGES["label"])  # if COUNTED_CLASSES and not SPLIT
        count = len(program.label_ranges["label"])  # if COUNTED_CLASSES and SPLIT
        if COUNTED_CLASSES and len(self.classes) != count:
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
        image = tf.io.read_file(path)  # if SPLIT
        return {INPUT: tf.io.read_file(path)}, {"label": label}  # if not SPLIT
        return {self.program.input: image}, {"label": label}  # if SPLIT

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
        self.program = data.program  # if SPLIT

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
        inputs, labels = self.data.read(*item)  # if not BOXES
        inputs, labels, boxes = self.data.read(*item)  # if BOXES
        seed = [self.settings.seed, number] if self.training else None
        if SPLIT and IMAGE:
            name, network = self.program.input, self.program.network
        if IMAGE and not RAW and SPLIT:
            image = decode_image(inputs[name], network=network)
        elif IMAGE and SPLIT:
            image = inputs[name]
        elif IMAGE and not RAW:
            image = decode_image(inputs[INPUT])
        elif IMAGE:
            image = inputs[INPUT]
        if IMAGE and not AUGMENT:
            image = preprocess(
                image,
                self.training,
                seed,
                boxes=boxes,  # if BOXES
                network=network,  # if SPLIT
            )
        elif IMAGE:
            if self.training:
                image = augmented(
                    image,
                    self.settings,
                    seed,
                    boxes,  # if BOXES
                )
            else:
                image = preprocess(image)  # if not SPLIT
                image = preprocess(image, network=network)  # if SPLIT
        if IMAGE:
            return {INPUT: image}, labels  # if not SPLIT
            return {name: image}, labels  # if SPLIT
        return inputs, labels  # if not IMAGE


def check_labels(
    labels,
    ranges,  # if SPLIT
):
    """Refuse labels that are no classes."""
    for name, known in LABEL_RANGES.items():
        values = np.ravel(labels[name])
        if OFFSET and name == "label":
            values = values + LABELS_OFFSET
        wrong = values[(values < known[0]) | (values > known[-1])]
        if wrong.size:
            raise UserError(f"{name} {wrong[0]} is not in {known[0]} to {known[-1]}")


def known_labels(
    labels,
    ranges,  # if SPLIT
):
    """Return whether labels are classes, as a tensor."""
    sound = tf.constant(True)
    for name, known in LABEL_RANGES.items():
        values = labels[name]
        if OFFSET and name == "label":
            values = values + LABELS_OFFSET
        sound &= tf.reduce_all((values >= known[0]) & (values <= known[-1]))
    return sound


def first_fault(examples, items):
    """Return place and fault of the first item that cannot be an example, or None."""
    for number, item in items:
        try:
            _, labels = examples.load(number, item)
            if CHECKED:
                check_labels(labels)  # if not SPLIT
                check_labels(labels, examples.program.label_ranges)  # if SPLIT
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
    if MIXES and training:
        loaded = loaded.enumerate(start // settings.batch).map(
            lambda number, batch: mixed(*batch, settings, [settings.seed, -1 - number])
        )
    try:
        for inputs, labels in loaded.prefetch(AHEAD):
            if CHECKED:
                check_labels(labels)  # if not SPLIT
                check_labels(labels, examples.program.label_ranges)  # if SPLIT
            yield inputs, labels
            start += settings.batch
    except (tf.errors.OpError, UserError) as error:
        message = f"{settings.data}: {first_line(error)}"
        if isinstance(error, tf.errors.DataLossError):
            found = damage(examples.data.files, error)
        elif SLOPPY:
            # The order is not known: look at all.
            every = Examples(examples.data, settings)
            found = first_fault(every, every.items(0))
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
