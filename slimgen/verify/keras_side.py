"""Run one of Keras's networks and save the results that a built one must reproduce.

    python -m slimgen.verify.keras_side FOLDER

FOLDER holds a `request.json`; then also the same weights in each of Keras's formats, and
`reference.npz`, which `reference.Reference` reads.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from importlib import metadata
from pathlib import Path
from unittest.mock import patch

import numpy as np

from slimgen.verify import random_weights as values
from slimgen.verify.programs import (
    check_arguments,
    first_line,
    function_of,
    parameters,
    run_program,
)
from slimgen.verify.reference import prefixed
from slimgen.verify.request import ComparisonRequest, Failure, read_request
from slimgen.verify.untyped import Function, Layer, Model, Report, Tensor

# An argument of some of Keras's networks; False leaves out the layers that scale images, here
# `preprocess`. A network without it takes it all the same.
PREPROCESSING = "include_preprocessing"


def main() -> None:
    """Run the request in the folder of the command line."""
    run_program(lambda: measure(Path(sys.argv[1])), "original")


def measure(folder: Path) -> None:
    """Build, fill, save and measure the requested network."""
    import keras

    request = read_request(folder)
    model = build(request)
    if request.smooth:
        make_smooth(model)
    if request.weights is None:
        fill(request, model)
        weights = save(model, folder)
    else:
        load(model, request)
        weights = [request.weights]
    facts = {
        "weights": weights,
        "libraries": {k: metadata.version(k) for k in ("keras", "tensorflow")},
        "headless": request.classes == 0,
        "auxiliary": False,
        "variables": [
            {"name": name, "shape": list(v.shape), "trainable": v.trainable}
            for name, v in named_variables(model).items()
        ],
    }
    images = values.images(request)
    logits, points = run(model, images)
    if request.classes:  # its last activation, which `build` leaves out
        points["softmax"] = keras.ops.softmax(logits)
    arrays: dict[str, Tensor] = {
        "facts": np.array(json.dumps(facts)),
        "images": images,
        "logits": np.asarray(logits),
        **prefixed("end_point", points),
    }
    if request.training:
        arrays |= training_step(request, model, images)
    np.savez(folder / "reference.npz", **arrays)


def run(model: Model, images: Tensor) -> tuple[Tensor, Report]:
    """Return the model's output and the result of each operation, also in models within it."""
    points: Report = {}
    with ExitStack() as stack:
        for one in _operations(model):
            watched = partial(_watched, one.call, one.name, points)
            stack.enter_context(patch.object(one, "call", watched))
        return model(images, training=False), points


def _operations(model: Model) -> Iterator[Layer]:
    """Yield a model's layers, and what else computes in it, such as a sum."""
    import keras

    for one in getattr(model, "operations", model.layers):
        if isinstance(one, keras.Model):
            yield from _operations(one)
        else:
            yield one


def _watched(
    call: Function, name: str, points: Report, *given: object, **options: object
) -> object:
    found = call(*given, **options)
    if not isinstance(found, list | tuple | dict):
        points[name] = np.asarray(found)
    return found


# The network.


def build(request: ComparisonRequest) -> Model:
    """Return the model that the request names, without weights, ending in logits."""
    import keras

    function = function_of(request)
    known = parameters(function)
    check_arguments(request, {*known, PREPROCESSING})
    arguments = request.against.arguments
    bare = PREPROCESSING not in known and arguments.get(PREPROCESSING) is False
    given: Report = {"weights": None, "input_shape": request.shape[1:]}
    if request.classes:
        given |= {"classes": request.classes, "classifier_activation": None}
    elif request.classes == 0:
        given |= {"include_top": False}
    given = {k: v for k, v in {**given, **arguments}.items() if k in known}
    keras.utils.set_random_seed(request.seed)
    model = function(**given)
    if bare:
        leave_out_preprocessing(model)
    return model


def leave_out_preprocessing(model: Model) -> None:
    """Let the layers that scale its images return them as they are."""
    import keras

    for layer in model.layers[1:]:
        if not isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization):
            break
        layer.call = lambda inputs: inputs


def named_variables(model: Model, outer: str = "") -> Report:
    """Return the variables as `layer/weight`, as maps of built files name them.

    Layers that Keras named are counted from 1, in its order: `conv2d_1` is its `conv2d`.
    Weights without a name are counted from 0; a layer in another model has that one's name first.
    """
    import keras

    found: Report = {}
    for layer in model.layers:
        name = f"{outer}{_counted(layer)}"
        if isinstance(layer, keras.Model):
            found |= named_variables(layer, f"{name}/")
            continue
        for place, variable in enumerate(layer.weights):
            nameless = re.fullmatch(r"variable(_\d+)?", variable.name)
            found[f"{name}/{place if nameless else variable.name}"] = variable
    return found


def _counted(layer: Layer) -> str:
    import keras

    stem = keras.src.utils.naming.to_snake_case(type(layer).__name__)
    match = re.fullmatch(rf"{stem}(?:_(\d+))?", layer.name)
    return f"{stem}_{int(match[1] or 0) + 1}" if match else str(layer.name)


def make_smooth(model: Model) -> None:
    """Replace the operations that `Request.smooth` names; Keras's hard functions are made of relu6."""
    import keras

    activations = keras.activations
    smooth = {
        activations.relu: activations.softplus,
        activations.relu6: _smooth_relu6,
        activations.hard_sigmoid: lambda x: _smooth_relu6(x + 3.0) / 6.0,
        activations.hard_silu: lambda x: x * _smooth_relu6(x + 3.0) / 6.0,
    }
    layers = {None: activations.softplus, 6: _smooth_relu6}  # by `max_value`
    for layer in model.layers:
        if isinstance(layer, keras.layers.ReLU):
            if not (layer.negative_slope or layer.threshold):
                layer.call = layers.get(layer.max_value, layer.call)
        elif isinstance(layer, keras.layers.MaxPooling2D):
            layer.call = _average_pool(layer)
        elif getattr(layer, "activation", None) in smooth:
            layer.activation = smooth[layer.activation]


def _smooth_relu6(x: Tensor) -> Tensor:
    import keras

    softplus = keras.activations.softplus
    return softplus(x) - softplus(x - 6.0)


def _average_pool(layer: Layer) -> Function:
    import keras

    def call(inputs: Tensor) -> Tensor:
        return keras.ops.average_pool(
            inputs, layer.pool_size, layer.strides, layer.padding, layer.data_format
        )

    return call


# Weights.


def fill(request: ComparisonRequest, model: Model) -> None:
    """Give every variable a random value; moving ones lie near the images'."""
    import keras

    for name, variable in named_variables(model).items():
        variable.assign(values.variable_value(request, name, variable.shape))
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # Normalization computes with copies
            layer.finalize_state()
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # the moving statistics become the batch's
    model(values.images(request), training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
        for variable in (layer.moving_mean, layer.moving_variance):
            batch = np.asarray(variable)
            variable.assign(values.moving_value(request, variable.path, batch))


def save(model: Model, folder: Path) -> list[str]:
    """Write the weights in each of Keras's formats; return the paths."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    weights, whole, legacy = (
        str(folder / name) for name in ("model.weights.h5", "model.keras", "model.h5")
    )
    model.save_weights(weights)
    model.save(whole)
    # As Keras 2 saved the weights that Keras Applications downloads.
    with h5py.File(legacy, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    return [weights, whole, legacy]


def load(model: Model, request: ComparisonRequest) -> None:
    """Load the weights that the user gives, by Keras's own code."""
    try:
        model.load_weights(request.weights)
    except Exception as error:  # a zip file's, a missing key: each format has its own
        reason = first_line(error)
        message = f"`{request.weights}` does not fit `{request.against}`: {reason}"
        raise Failure("original", message) from error


# Training.


def training_step(request: ComparisonRequest, model: Model, images: Tensor) -> Report:
    """Return the loss, gradients and moving averages of one step with dropout off."""
    import keras
    import tensorflow as tf

    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0

    variables = named_variables(model)

    def run() -> Tensor:
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = total_loss(request, logits)
        trainable = {n: v.value for n, v in variables.items() if v.trainable}
        gradients = tape.gradient(loss, trainable, unconnected_gradients="zero")
        return logits, loss, gradients

    logits, loss, gradients = tf.function(run, autograph=False)()
    labels = values.labels(request, logits.shape)
    moving = {n: v for n, v in variables.items() if not v.trainable}
    return {
        "labels": labels,
        "training_logits": np.asarray(logits),
        "loss": np.asarray(loss),
        **prefixed("gradient", gradients),
        **prefixed("moving", moving),
    }


def total_loss(request: ComparisonRequest, logits: Tensor) -> Tensor:
    """Return the mean cross-entropy, or the mean square of features."""
    import tensorflow as tf

    if request.classes == 0:
        return tf.reduce_mean(tf.square(logits))
    labels = values.labels(request, logits.shape)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(losses)


if __name__ == "__main__":
    main()
