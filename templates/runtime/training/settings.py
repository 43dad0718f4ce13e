"""Settings."""

import dataclasses
import math

import tensorflow as tf

from slimgen.templates.runtime.weights import UserError

PRECISIONS = ["auto", "float32", "bfloat16", "float16"]


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
