"""… evaluation."""

import dataclasses

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    COUNTED,
    EVALUATES,
    PLAIN,
    PRECISION,
)
from slimgen.templates.runtime.images import accuracy
from slimgen.templates.runtime.training.folder import append_to_log, run_classes
from slimgen.templates.runtime.training.records import Examples, batches, open_data
from slimgen.templates.runtime.training.settings import find_device, use_jit
from slimgen.templates.runtime.training.skipping import whole_batches
from slimgen.templates.runtime.training.stand_ins import measured

if EVALUATES:

    def measuring_function(model, settings):
        """Return the function that measures a batch."""
        jit = use_jit(settings.jit, find_device(settings.device))

        @tf.function(autograph=False, jit_compile=jit)
        def measure(inputs, labels):
            return accuracy(model(inputs)[0], labels["label"])  # if PLAIN
            return measured(model, inputs, labels, settings)  # if not PLAIN

        return measure


def evaluate(
    program,  # if SPLIT
    model,
    settings,
    measure=None,  # if EVALUATES
    data=None,
):
    """Return the accuracy over `settings.data`, and how many examples that is."""
    data = data or open_data(
        settings.data,
        program,  # if SPLIT
        run_classes(settings.directory),  # if FOLDERS
    )
    examples = Examples(data, settings)
    device = find_device(settings.device)
    if EVALUATES:
        measure = measure or measuring_function(model, settings)
    else:

        @tf.function(autograph=False, jit_compile=use_jit(settings.jit, device))
        def measure(inputs, labels):
            return accuracy(model(inputs)[0], labels["label"])  # if PLAIN
            return measured(model, inputs, labels, settings)  # if not PLAIN

    hits = count = 0  # if PLAIN
    sums, count = {}, 0  # if not PLAIN and not COUNTED
    sums, weights, count = {}, {}, 0  # if not PLAIN and COUNTED
    stream = batches(examples)  # if not SKIP
    stream = ((x, y) for x, y, _ in whole_batches(examples))  # if SKIP
    for inputs, labels in stream:
        with tf.device(device):
            found = measure(inputs, labels)
        size = len(tf.nest.flatten(inputs)[0])
        count += size
        if PLAIN:
            hits += round(float(found) * size)
        elif COUNTED:
            for name, (value, weight) in found.items():
                sums[name] = sums.get(name, 0.0) + float(value) * float(weight)
                weights[name] = weights.get(name, 0.0) + float(weight)
        else:
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + float(value) * size
    if not PLAIN and COUNTED:
        means = {n: sums[n] / weights[n] if weights[n] else 0.0 for n in sums}
    elif not PLAIN:
        means = {name: total / count for name, total in sums.items()}
    return means, count  # if not PLAIN
    return hits / count, count  # if PLAIN


class Evaluation:
    """Measures the model at each checkpoint of a run, over `settings.validation`."""

    def __init__(self, run):
        self.program = run.program  # if SPLIT
        self.model = run.model
        self.settings = dataclasses.replace(run.settings, data=run.settings.validation)
        # A mistake is reported before the run.
        self.data = open_data(
            self.settings.data,
            run.program,  # if SPLIT
            run_classes(self.settings.directory),  # if FOLDERS
        )
        self.measure = measuring_function(run.model, run.settings)

    def run(self, step, progress):
        """Measure the model after a step; print and log the results."""
        if PRECISION:
            precision, self.model.precision = self.model.precision, tf.float32
        arguments = self.model, self.settings, self.measure, self.data
        found, count = evaluate(*arguments)  # if not SPLIT
        found, count = self.program.evaluate(self.program, *arguments)  # if SPLIT
        if PRECISION:
            self.model.precision = precision
        if PLAIN:
            found = {"accuracy": found}
        shown = ", ".join(f"{name} {value:.4f}" for name, value in found.items())
        progress.interrupt(f"evaluation at step {step}: {shown} over {count} examples")
        folder = self.settings.directory
        append_to_log(folder, step=step, evaluation=found, examples=count)
