"""Input."""

import glob
import os
import re
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
from slimgen.templates.runtime.images import decode_image, preprocess
from slimgen.templates.runtime.stand_ins import LABELS, LABELS_OFFSET
from slimgen.templates.runtime.training.augment import augmented, mixed
from slimgen.templates.runtime.training.stand_ins import (
    AHEAD,
    CYCLE,
    INPUT,
    LABEL_RANGES,
    read_record,
)
from slimgen.templates.runtime.weights import UserError, first_line

EMPTY_RECORD = bytes(8) + b"\x29\x03\x98\x07\xd8\xea\x82\xa2"  # length and checksums
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
IMAGE_START = rb"(?s)\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP"
HIDDEN = (".", "Thumbs.db", "desktop.ini", "__MACOSX")


def open_data(
    path,
    program,  # if SPLIT
    classes=None,  # if FOLDERS
):
    """Open a folder of images, or records by a pattern; match them with `classes`."""  # if FOLDERS
    """Open the records that fit a pattern."""  # if not FOLDERS
    if FOLDERS and os.path.isdir(path):
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
        self.files = sorted(glob.glob(pattern))
        if not self.files:
            raise UserError(f"no file is called {pattern}")
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
        return tf.data.Dataset.from_tensor_slices(self.files).flat_map(records_in)

    def shuffled(self, seed, settings):
        """Return the items of one epoch: files in random order, and a shuffled buffer."""
        files = tf.data.Dataset.from_tensor_slices(self.files)
        files = files.shuffle(len(self.files), seed, reshuffle_each_iteration=False)
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
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir())
        names = [name for name in names if not name.startswith(HIDDEN)]
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
        self.count = len(self.files)
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


def files_below(folder):
    """Return the files in a folder and its folders, in order, without hidden ones."""
    found = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not name.startswith(HIDDEN):
            found += files_below(path) if os.path.isdir(path) else [path]
    return found


def is_image(path):
    """Return whether a file is an image by its bytes, or should be one by its name."""
    if path.lower().endswith(IMAGE_SUFFIXES):
        return True  # a damaged one is reported where it is read
    with open(path, "rb") as file:
        return re.match(IMAGE_START, file.read(12)) is not None


def names_beside(file):
    """Return the classes that `labels.txt` beside a record file numbers, or None."""
    path = os.path.join(os.path.dirname(file), "labels.txt")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", errors="replace") as stream:
        rows = [line.strip().partition(":") for line in stream if line.strip()]
    numbers = [row[0] for row in rows]
    return (
        [row[2] for row in rows] if numbers == [*map(str, range(len(rows)))] else None
    )


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


def records_in(file):
    """Return the items of a TFRecord file."""
    records = tf.data.TFRecordDataset(file).enumerate()
    return records.map(lambda index, record: (file, index, record))


def damaged_record(file):
    """Return the index of the first record whose bytes are damaged, or None."""
    index = end = 0
    try:
        for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
            index, end = index + 1, end + 16 + len(record)
    except tf.errors.DataLossError:
        return index
    return None if end == os.path.getsize(file) else index


def is_cut_off(file):
    """Return whether the lengths of the records do not add up to that of the file."""
    try:
        count_records(file)
    except UserError:
        return True
    return False


def write_mended(file, copy):
    """Write a copy of a file of records in which damaged records are empty."""
    shutil.copyfile(file, copy)
    index = damaged_record(copy)
    while index is not None:
        with open(copy, "rb") as stream:
            content = stream.read()
        begin, end = record_span(content, index)
        if begin == 0 and end > len(content):
            raise UserError(f"{file} is no TFRecord file")
        with open(copy, "wb") as stream:
            stream.write(content[:begin] + EMPTY_RECORD + content[end:])
        index = damaged_record(copy)


def record_span(content, index):
    """Return where a record begins and ends in the content of its file."""
    begin = end = 0
    for _ in range(index + 1):
        begin = end
        end += 16 + int.from_bytes(content[begin : begin + 8], "little")
    return begin, end


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


def first_fault(examples, items):
    """Return place and fault of the first item that cannot be an example, or None."""
    for number, item in items:
        try:
            _, labels = examples.load(number, item)
            if CHECKED:
                check_labels(labels)  # if not SPLIT
                check_labels(labels, examples.program.label_ranges)  # if SPLIT
        except (tf.errors.OpError, UserError) as error:
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
