"""A step."""

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    ACCUMULATE,
    ADJUSTED,
    AVERAGES,
    CLIP_GLOBAL_NORM,
    CLIP_NORM,
    CLIP_VALUE,
    MANY_TYPES,
    MULTIPLIED,
    PRECISION,
    SKIP,
    TERMS,
)
from slimgen.templates.runtime.training.optimizers import learning_rate
from slimgen.templates.runtime.training.stand_ins import MULTIPLIERS, total_loss
from slimgen.templates.runtime.weights import UserError, matching


def loss_and_gradients(run, inputs, labels):
    """Return the loss of a batch, and the gradient of each variable that it depends on."""
    with tf.GradientTape() as tape:
        value = total_loss(run.model, inputs, labels, run.settings)  # if not TERMS
        value, terms = total_loss(run.model, inputs, labels, run.settings)  # if TERMS
        if PRECISION:
            scaled = value if run.scale is None else value * run.scale.value
    gradients = tape.gradient(value, run.trained).items()  # if not PRECISION
    gradients = tape.gradient(scaled, run.trained).items()  # if PRECISION
    gradients = {n: tf.convert_to_tensor(g) for n, g in gradients if g is not None}
    if PRECISION and run.scale is not None:
        gradients = {n: g / run.scale.value for n, g in gradients.items()}
    return value, gradients  # if not TERMS
    return (value, terms), gradients  # if TERMS


def parts_of(run, inputs, labels):
    """Return the parts of a batch."""
    batch, count = run.settings.batch, run.settings.accumulate
    if batch % count:
        raise UserError(f"{batch} is no multiple of {count}")
    whole = (inputs, labels)
    split = [tf.split(tensor, count) for tensor in tf.nest.flatten(whole)]
    return [tf.nest.pack_sequence_as(whole, tensors) for tensors in zip(*split)]


def accumulated(run, inputs, labels):
    """Return the means of loss and gradients over the parts of a batch, one by one."""
    count, total, sums = run.settings.accumulate, None, {}
    for part in parts_of(run, inputs, labels):
        with tf.control_dependencies(list(sums.values())):
            value, gradients = loss_and_gradients(run, *part)
        value = tf.nest.map_structure(lambda one: one / count, value)
        total = tf.nest.map_structure(tf.add, total, value) if sums else value
        for name, gradient in gradients.items():
            gradient /= count
            sums[name] = sums[name] + gradient if name in sums else gradient
    return total, sums


def adjusted(run, gradients):
    """Return the gradients multiplied, then clipped."""
    settings = run.settings
    if MULTIPLIED:
        for scope, setting in MULTIPLIERS:
            for name in gradients.keys() & matching(run.model, scope):
                gradients[name] *= getattr(settings, setting)
    if CLIP_NORM and settings.clip_norm:
        return {n: tf.clip_by_norm(g, settings.clip_norm) for n, g in gradients.items()}
    if CLIP_VALUE and settings.clip_value:
        most = settings.clip_value
        return {n: tf.clip_by_value(g, -most, most) for n, g in gradients.items()}
    if CLIP_GLOBAL_NORM and settings.clip_global_norm:
        most, found = settings.clip_global_norm, list(gradients.values())
        gradients = dict(zip(gradients, tf.clip_by_global_norm(found, most)[0]))
    return gradients


def training_step(run):
    """Return the function of one step: a batch in, loss and learning rate out.

    A step that is not finite changes nothing but `run.sound`, nor do those after it.
    """
    settings = run.settings

    @tf.function(autograph=False, jit_compile=settings.jit == "on")
    def step(
        inputs,
        labels,
        position,  # if SKIP
    ):
        rate = learning_rate(run.step, settings, run.examples)
        before = [tf.identity(variable) for variable in run.unlearned]
        value, gradients = loss_and_gradients(run, inputs, labels)  # if not ACCUMULATE
        value, gradients = accumulated(run, inputs, labels)  # if ACCUMULATE
        if TERMS:
            value, terms = value
        # A sum is not finite if a term is not, whatever its sign.
        sums = [tf.reduce_sum(tensor) for tensor in (value, *gradients.values())]
        if MANY_TYPES:
            sums = [tf.cast(each, tf.float32) for each in sums]
        sound = tf.logical_and(run.sound, tf.math.is_finite(tf.add_n(sums)))
        if ADJUSTED:
            gradients = adjusted(run, gradients)

        def apply():
            run.optimizer.apply(run.trained, gradients, rate)
            if AVERAGES:
                done, variables = run.step + 1, run.model.named_variables
                run.averages.update(variables, done, settings.average_decay)

        tf.cond(sound, apply, lambda: run.undo(before))
        if PRECISION and run.scale is not None:
            # In 16 bits a gradient may be infinite: a lower scale may help.
            helped = run.scale.update(sound)
            sound = tf.logical_and(run.sound, tf.math.is_finite(value))
            sound = tf.logical_and(sound, helped)
        run.step.assign_add(tf.cast(sound, tf.int64))
        if SKIP:
            run.position.assign(tf.where(sound, position, run.position))
        run.sound.assign(sound)
        return value, rate  # if not TERMS
        return value, rate, terms  # if TERMS

    return step


def first_not_finite(run, inputs, labels):
    """Compute the next step without applying it and name what is first not finite."""
    if ACCUMULATE:
        for part in parts_of(run, inputs, labels):
            for name, tensor in values_of_step(run, *part):
                if not is_finite(tensor):
                    return f"the {name}"
    else:
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
    value, gradients = loss_and_gradients(run, inputs, labels)  # if not SPLIT
    value, gradients = run.program.loss_and_gradients(run, inputs, labels)  # if SPLIT
    run.undo(before)
    if TERMS:
        value, terms = value
        yield from ((f"loss of {name}", terms[name]) for name in terms)
    yield "loss", value
    yield from ((f"gradient of {n}", gradients[n]) for n in reversed(gradients))


def is_finite(tensor):
    """Return whether every element of a tensor is finite."""
    floating = tensor.dtype.is_floating
    return not floating or bool(tf.reduce_all(tf.math.is_finite(tensor)))
