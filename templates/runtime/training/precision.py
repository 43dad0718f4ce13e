"""Precision."""

import contextlib
import re

import tensorflow as tf


def choose_precision(precision, device):
    """Resolve `auto`: 16 bits where the device multiplies them faster."""
    if precision != "auto":
        return precision
    if "GPU" in device:
        gpu = tf.config.list_physical_devices("GPU")[int(device.rpartition(":")[2])]
        details = tf.config.experimental.get_device_details(gpu)
        major, _ = details.get("compute_capability", (0, 0))
        return "bfloat16" if major >= 8 else "float16" if major == 7 else "float32"
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        if re.search(r"\bavx512_bf16\b", file.read()):
            return "bfloat16"
    return "float32"


class LossScale(tf.Module):
    """The factor of the loss that keeps gradients in the range of 16 bits.

    It moves as in Keras' LossScaleOptimizer: down when a gradient is not finite, and up
    after so many steps without one.
    """

    def __init__(self, settings):
        super().__init__()
        self.growth_steps = settings.loss_scale_steps
        start = float(settings.loss_scale)
        self.value = tf.Variable(start, trainable=False, name="loss_scale")
        self.good = tf.Variable(0, dtype=tf.int64, trainable=False, name="good_steps")

    def update(self, finite):
        """Move after a step; return whether it was good, or a lower scale may help."""
        good = tf.where(finite, self.good + 1, 0)
        grown = tf.where(good < self.growth_steps, self.value, 2.0 * self.value)
        grown = tf.where(tf.math.is_finite(grown), grown, self.value)
        bearable = tf.logical_or(finite, self.value > 1.0)
        self.value.assign(tf.where(finite, grown, tf.maximum(0.5 * self.value, 1.0)))
        self.good.assign(good % self.growth_steps)
        return bearable
