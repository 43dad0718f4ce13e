"""Optimizer and learning rate."""

import math

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    COSINE,
    DECAY_IN_EPOCHS,
    EXPONENTIAL,
    FIXED,
    MANY_TYPES,
    PIECEWISE,
    POLYNOMIAL,
    STAIRCASE,
    WARMUP,
    WARMUP_IN_EPOCHS,
    WHOLE_RUN,
)
from slimgen.templates.runtime.weights import AVERAGE, UserError


class GradientDescent(tf.Module):
    """TensorFlow 1's gradient descent: w = w - rate gradient."""

    def __init__(self, variables, settings):
        super().__init__()

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            tf.raw_ops.ResourceApplyGradientDescent(
                var=variables[name].handle, alpha=rate, delta=gradient
            )


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
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            tf.raw_ops.ResourceApplyMomentum(
                var=variables[name].handle,
                accum=self.velocities[name].handle,
                lr=rate,
                grad=gradient,
                momentum=self.settings.momentum,
                use_nesterov=True,  # if NESTEROV
            )


class RMSProp(tf.Module):
    """TensorFlow 1's RMSProp, whose epsilon is under the root.

    s = decay s + (1 - decay) gradient²
    v = momentum v + rate gradient / √(s + epsilon)
    w = w - v
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.squares = slots(variables, "RMSProp", 1.0)
        self.velocities = slots(variables, "RMSProp_1")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            tf.raw_ops.ResourceApplyRMSProp(
                var=variables[name].handle,
                ms=self.squares[name].handle,
                mom=self.velocities[name].handle,
                lr=rate,
                rho=self.settings.rms_decay,
                momentum=self.settings.momentum,
                epsilon=self.settings.epsilon,
                grad=gradient,
            )


class Adam(tf.Module):
    """TensorFlow 1's Adam, whose epsilon stands beside the root before it is unbiased.

    m = beta1 m + (1 - beta1) gradient
    v = beta2 v + (1 - beta2) gradient²
    w = w - rate √(1 - beta2^t) / (1 - beta1^t) m / (√v + epsilon)
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.means = slots(variables, "Adam")
        self.squares = slots(variables, "Adam_1")
        beta1, beta2 = settings.beta1, settings.beta2
        self.beta1_power = tf.Variable(beta1, trainable=False, name="beta1_power")
        self.beta2_power = tf.Variable(beta2, trainable=False, name="beta2_power")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        beta1_power, beta2_power = self.beta1_power, self.beta2_power
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
                beta1_power = tf.cast(self.beta1_power, gradient.dtype)
                beta2_power = tf.cast(self.beta2_power, gradient.dtype)
            tf.raw_ops.ResourceApplyAdam(
                var=variables[name].handle,
                m=self.means[name].handle,
                v=self.squares[name].handle,
                beta1_power=beta1_power,
                beta2_power=beta2_power,
                lr=rate,
                beta1=self.settings.beta1,
                beta2=self.settings.beta2,
                epsilon=self.settings.epsilon,
                grad=gradient,
            )
        self.beta1_power.assign(self.beta1_power * self.settings.beta1)
        self.beta2_power.assign(self.beta2_power * self.settings.beta2)


class Adagrad(tf.Module):
    """TensorFlow 1's Adagrad: s = s + gradient², w = w - rate gradient / √s."""

    def __init__(self, variables, settings):
        super().__init__()
        self.sums = slots(variables, "Adagrad", settings.initial_accumulator)

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            tf.raw_ops.ResourceApplyAdagrad(
                var=variables[name].handle,
                accum=self.sums[name].handle,
                lr=rate,
                grad=gradient,
            )


class Adadelta(tf.Module):
    """TensorFlow 1's Adadelta.

    s = rho s + (1 - rho) gradient²
    step = gradient √(d + epsilon) / √(s + epsilon)
    d = rho d + (1 - rho) step²
    w = w - rate step
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.squares = slots(variables, "Adadelta")
        self.steps = slots(variables, "Adadelta_1")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            tf.raw_ops.ResourceApplyAdadelta(
                var=variables[name].handle,
                accum=self.squares[name].handle,
                accum_update=self.steps[name].handle,
                lr=rate,
                rho=self.settings.rho,
                epsilon=self.settings.epsilon,
                grad=gradient,
            )


class Ftrl(tf.Module):
    """TensorFlow 1's FTRL-Proximal (McMahan et al., 2013)."""

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.sums = slots(variables, "Ftrl", settings.initial_accumulator)
        self.linear = slots(variables, "Ftrl_1")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            tf.raw_ops.ResourceApplyFtrl(
                var=variables[name].handle,
                accum=self.sums[name].handle,
                linear=self.linear[name].handle,
                grad=gradient,
                lr=rate,
                l1=self.settings.l1,
                l2=self.settings.l2,
                lr_power=self.settings.learning_rate_power,
            )


class AdamW(tf.Module):
    """Adam with decoupled weight decay (arXiv:1711.05101).

    m = beta1 m + (1 - beta1) gradient
    v = beta2 v + (1 - beta2) gradient²
    u = m / (1 - beta1^t) / (√(v / (1 - beta2^t)) + epsilon) + weight_decay w
    w = w - rate u
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.means = slots(variables, "AdamW")
        self.squares = slots(variables, "AdamW_1")
        self.steps = tf.Variable(0.0, trainable=False, name="AdamW/steps")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        steps = self.steps.assign_add(1.0)
        if MANY_TYPES:
            given = rate, steps
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate, steps = (tf.cast(x, gradient.dtype) for x in given)
            variable = variables[name]
            mean, square = self.means[name], self.squares[name]
            mean.assign(beta1 * mean + (1 - beta1) * gradient)
            square.assign(beta2 * square + (1 - beta2) * tf.square(gradient))
            root = tf.sqrt(square / (1 - beta2**steps)) + self.settings.epsilon
            update = mean / (1 - beta1**steps) / root
            update += self.settings.weight_decay * variable
            variable.assign_sub(rate * update)


class Lamb(tf.Module):
    """AdamW's step, scaled to the length of each variable (arXiv:1904.00962).

    m = beta1 m + (1 - beta1) gradient
    v = beta2 v + (1 - beta2) gradient²
    u = m / (1 - beta1^t) / (√(v / (1 - beta2^t)) + epsilon) + weight_decay w
    w = w - rate |w| / |u| u
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.means = slots(variables, "Lamb")
        self.squares = slots(variables, "Lamb_1")
        self.steps = tf.Variable(0.0, trainable=False, name="Lamb/steps")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        steps = self.steps.assign_add(1.0)
        if MANY_TYPES:
            given = rate, steps
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate, steps = (tf.cast(x, gradient.dtype) for x in given)
            variable = variables[name]
            mean, square = self.means[name], self.squares[name]
            mean.assign(beta1 * mean + (1 - beta1) * gradient)
            square.assign(beta2 * square + (1 - beta2) * tf.square(gradient))
            root = tf.sqrt(square / (1 - beta2**steps)) + self.settings.epsilon
            update = mean / (1 - beta1**steps) / root
            update += self.settings.weight_decay * variable
            length, reach = tf.norm(variable), tf.norm(update)
            scaled = (length > 0) & (reach > 0)
            ratio = tf.where(scaled, tf.math.divide_no_nan(length, reach), 1)
            variable.assign_sub(rate * ratio * update)


class Lion(tf.Module):
    """Steps by the sign of a mean gradient (arXiv:2302.06675).

    u = sign(beta1 m + (1 - beta1) gradient) + weight_decay w
    w = w - rate u
    m = beta2 m + (1 - beta2) gradient
    """

    def __init__(self, variables, settings):
        super().__init__()
        self.settings = settings
        self.means = slots(variables, "Lion")

    def apply(self, variables, gradients, rate):
        """Update the variables along their gradients."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        if MANY_TYPES:
            given = rate
        for name, gradient in gradients.items():
            if MANY_TYPES:
                rate = tf.cast(given, gradient.dtype)
            variable, mean = variables[name], self.means[name]
            update = tf.sign(beta1 * mean + (1 - beta1) * gradient)
            update += self.settings.weight_decay * variable
            variable.assign_sub(rate * update)
            mean.assign(beta2 * mean + (1 - beta2) * gradient)


def slots(variables, name, start=0.0):
    """Return a variable of the same shape for each, called `name` below it."""
    values = {owner: tf.zeros_like(v) + start for owner, v in variables.items()}
    return {
        owner: tf.Variable(value, trainable=False, name=f"{owner}/{name}")
        for owner, value in values.items()
    }


class Averages(tf.Module):
    """Moving averages of the variables, as TensorFlow 1's ExponentialMovingAverage."""

    def __init__(self, variables):
        super().__init__()
        self.shadows = {
            name: tf.Variable(variable, trainable=False, name=name + AVERAGE)
            for name, variable in variables.items()
            if variable.dtype.is_floating  # if MANY_TYPES
        }

    def update(self, variables, step, decay):
        """Move each average towards its variable, in the first steps by more."""
        step = tf.cast(step, tf.float32)
        share = 1.0 - tf.minimum(decay, (1.0 + step) / (10.0 + step))
        if MANY_TYPES:
            given = share
        for name, shadow in self.shadows.items():
            if MANY_TYPES:
                share = tf.cast(given, shadow.dtype)
            shadow.assign_sub(share * (shadow - variables[name]))


def learning_rate(step, settings, examples):
    """Return the learning rate of a step, for an epoch of so many examples."""
    if PIECEWISE:
        rates, ends = settings.learning_rates, settings.boundaries
        if len(ends) != len(rates) - 1:
            found = f"--boundaries has {len(ends)} numbers, and needs {len(rates) - 1}"
            raise UserError(f"{found} for the {len(rates)} of --learning-rates")
        if DECAY_IN_EPOCHS:
            ends = [int(examples * end / settings.batch) for end in ends]
        passed = [tf.cast(tf.cast(step, tf.float64) > end, tf.int32) for end in ends]
        rate = tf.gather(rates, tf.add_n(passed))
    elif COSINE or POLYNOMIAL:
        first, last = settings.learning_rate, settings.end_learning_rate
    else:
        first = settings.learning_rate
    step = tf.cast(step, tf.float32)
    if FIXED:
        rate = tf.constant(first)
    elif EXPONENTIAL:
        length = settings.decay_every
        if DECAY_IN_EPOCHS:
            length = max(1, int(examples * length / settings.batch))
        decays = step / length
        if STAIRCASE:
            decays = tf.floor(decays)
        rate = first * settings.decay**decays
    elif COSINE or POLYNOMIAL:
        if WHOLE_RUN:
            progress = tf.minimum(step / settings.steps, 1.0)
        else:
            length = settings.decay_over
            if DECAY_IN_EPOCHS:
                length = max(1, int(examples * length / settings.batch))
            progress = tf.minimum(step / length, 1.0)
        if COSINE:
            rate = (first - last) * 0.5 * (1.0 + tf.cos(math.pi * progress)) + last
        else:
            rate = (first - last) * (1.0 - progress) ** settings.power + last
    if WARMUP and settings.warmup:
        first = rates[0]  # if PIECEWISE
        if WARMUP_IN_EPOCHS:
            length = settings.warmup * examples / settings.batch
        else:
            length = settings.warmup
        rate = tf.minimum(first * step / length, rate)
    return rate
