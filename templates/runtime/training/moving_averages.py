"""… moving averages of batch norm."""

import math

import tensorflow as tf

from slimgen.templates.runtime.flags import RECOMPUTES
from slimgen.templates.runtime.training.folder import run_classes
from slimgen.templates.runtime.training.records import Examples, batches, open_data
from slimgen.templates.runtime.training.skipping import whole_batches
from slimgen.templates.runtime.training.stand_ins import DECAY


def report_averages(decay, steps):
    """Say how far averages of batch norm have come, unless they are nearly there."""
    come = 1.0 - decay**steps
    if come < 0.95:
        found = f"{steps} steps of decay {decay} have moved averages of batch norm"
        found = f"{found} {come:.0%} of the way from their first values"
        print(f"{found}, and evaluation uses them")
        print("`recompute` takes them from the data instead")  # if RECOMPUTES


if RECOMPUTES:

    def recompute_averages(
        program,  # if SPLIT
        model,
        settings,
    ):
        """Set averages of batch norm to those of an epoch; return its steps."""
        data = open_data(
            settings.data,
            program,  # if SPLIT
            run_classes(settings.directory),  # if FOLDERS
        )
        examples = Examples(data, settings, training=True)
        variables = model.named_variables.items()
        ends = "/moving_mean", "/moving_variance"
        averages = [variable for name, variable in variables if name.endswith(ends)]
        for average in averages:
            average.assign(tf.zeros_like(average))
        forward = tf.function(lambda inputs: model(inputs, True)[0], autograph=False)
        steps = math.ceil(data.count / settings.batch)
        stream = batches(examples)  # if not SKIP
        stream = whole_batches(examples)  # if SKIP
        for _, (inputs, *_) in zip(range(steps), stream):
            forward(inputs)
        for average in averages:
            average.assign(average / (1.0 - DECAY**steps))  # they began at zero
        return steps
