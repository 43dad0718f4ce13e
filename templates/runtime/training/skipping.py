"""Batches without the examples that cannot be read."""

import sys

import tensorflow as tf

from slimgen.templates.runtime.flags import CHECKED, MIXES
from slimgen.templates.runtime.training.augment import mixed
from slimgen.templates.runtime.training.records import (
    check_labels,
    first_fault,
    known_labels,
)
from slimgen.templates.runtime.training.stand_ins import AHEAD
from slimgen.templates.runtime.weights import UserError, first_line


def whole_batches(examples, start=0):
    """Yield batches: inputs, labels, and the number of the example after them.

    Examples that cannot be read are left out, and each is reported once.
    """
    settings, reported = examples.settings, set()
    while True:
        loaded = whole_examples(examples, start).batch(
            settings.batch, examples.training
        )
        if MIXES and examples.training:
            loaded = loaded.map(lambda *batch: mixed_whole(*batch, settings))
        try:
            for numbers, inputs, labels in loaded.prefetch(AHEAD):
                if CHECKED:
                    check_labels(labels)  # if not SPLIT
                    check_labels(labels, examples.program.label_ranges)  # if SPLIT
                end = int(numbers[-1]) + 1
                left_out = sorted({*range(start, end)} - {*numbers.numpy()})
                report_left_out(examples, left_out, reported)
                start = end
                yield inputs, labels, tf.constant(start, tf.int64)
            return report_left_out(
                examples, range(start, examples.data.count), reported
            )
        except tf.errors.OpError as error:
            damaged = isinstance(error, tf.errors.DataLossError)
            if not damaged or not examples.data.mend():
                found = first_fault(examples, examples.items(start).take(1))
                found = (
                    f"no example can be read, {found}" if found else first_line(error)
                )
                raise UserError(f"{settings.data}: {found}") from error


def report_left_out(examples, numbers, reported):
    """Print where the examples of some numbers stand, unless that was `reported`."""
    for number in numbers:
        found = first_fault(examples, examples.items(number).take(1))
        if found not in reported:
            below = "\n" if sys.stdout.isatty() else ""  # the bar of progress
            print(f"{below}left out: {found}", flush=True)
        reported.add(found)


def whole_examples(examples, start):
    """Return number, inputs and labels of the examples that can be loaded."""
    count = examples.data.count

    def load(number, item):
        inputs, labels = examples.load(number, item)
        known = tf.constant(True)  # if not CHECKED
        if CHECKED:
            known = known_labels(labels)  # if not SPLIT
            known = known_labels(labels, examples.program.label_ranges)  # if SPLIT
        return known, number, inputs, labels

    def attempt(number, item):
        one = tf.data.Dataset.from_tensors((number, item)).map(load)
        blank = tf.nest.map_structure(blank_like, one.element_spec)
        blank = tf.data.Dataset.from_tensors(blank)
        return one.ignore_errors().concatenate(blank).take(1).get_single_element()

    def watched(misses, example):
        misses = tf.where(example[0], 0, misses + 1)
        # Without any whole example no batch would ever be full.
        tf.debugging.Assert(misses < count, ["no example can be read"])
        return misses, example

    found = examples.items(start).map(attempt, num_parallel_calls=tf.data.AUTOTUNE)
    found = found.scan(tf.zeros([], tf.int32), watched)
    found = found.filter(lambda complete, *_: complete)
    return found.map(lambda _, *example: example)


def blank_like(spec):
    """Return zeros, `False` or empty strings."""
    return tf.zeros([size or 0 for size in spec.shape], spec.dtype)


def mixed_whole(numbers, inputs, labels, settings):
    """Mix the examples of a batch; its first number gives the seed."""
    return numbers, *mixed(inputs, labels, settings, [settings.seed, -1 - numbers[0]])
