"""Run a built network beside its original and measure the deviations.

    python -m slimgen.verify.built_side FOLDER

FOLDER is what the original's program filled. This one restores its weights by the built
file's own `restore`, repeats what the original did and prints JSON: the network's variables
in order, and each array's deviation by kind and name.
"""

import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from slimgen.verify.deviations import deviation, deviations, without_noise
from slimgen.verify.programs import run_program
from slimgen.verify.reference import AUXILIARY_WEIGHT, Array, Reference
from slimgen.verify.request import ComparisonRequest, Failure, read_request
from slimgen.verify.untyped import Json, Model, Module, Report, Tensor

# Replacements that make a built file smooth, as `shim.load_slim(smooth=True)` makes TF-Slim.
SMOOTH = {
    r"\btf\.nn\.relu\b": "tf.nn.softplus",
    r"\btf\.nn\.relu6\b": "(lambda x: tf.nn.softplus(x) - tf.nn.softplus(x - 6))",
    r"\btf\.nn\.max_pool": "tf.nn.avg_pool",
}

# The remedy for weights that do not fit.
PARAMETERS = (
    "`-D NAME=VALUE` sets a parameter of the network, `--against "
    "'LIBRARY:NAME(key=value)'` an argument of the original"
)

# So many of an array's values tell whether another can be the same.
SAMPLE = 1024
CANDIDATES = 4


def main() -> None:
    """Run the comparison in the folder of the command line."""
    run_program(lambda: compare(Path(sys.argv[1])), "network")


def compare(folder: Path) -> Report:
    """Return all results for the model."""
    request, reference = read_request(folder), Reference(folder)
    module = load(Path(request.model), smooth=request.smooth)
    model = _first_network(module)()
    restored = [
        restore(module, model, path, request.weights) for path in reference.weights
    ]
    found = {
        "libraries": reference.libraries,
        "variables": [
            [name, list(variable.shape), variable.trainable, variable.name]
            for name, variable in model.named_variables.items()
        ],
        "weights": {
            Path(path).name: max(
                (
                    deviation(value, restored[0][name]) or 0.0
                    for name, value in values.items()
                    if not np.array_equal(value, restored[0][name], equal_nan=True)
                ),
                default=0.0,
            )
            for path, values in zip(reference.weights, restored, strict=True)
        },
        "inference": inference(model, reference, request),
    }
    if request.training:
        found["training"] = training(model, reference, request)
    return found


def load(path: Path, *, smooth: bool = False) -> Module:
    """Import the built file at `path`; `smooth` replaces relus and max pooling in it."""
    if smooth:
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in SMOOTH.items():
            text = re.sub(pattern, replacement, text)
        path = path.with_name(f"{path.stem}_smooth.py")
        path.write_text(text, encoding="utf-8")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def _first_network(module: Module) -> Model:
    """Return the class of the file's first network: its classes alone have inputs."""
    return next(
        one
        for one in vars(module).values()
        if hasattr(one, "CHECKPOINT_MAPS") and hasattr(one, "inputs")
    )


def restore(
    module: Module, model: Model, path: str, given: str | None
) -> dict[str, Array]:
    """Load the weights at `path` as a user would; return the variables' values.

    Those that are not `given` lie in a folder that is gone when the message is read.
    """
    try:
        module.restore(model, path)
    except module.RestoreError as error:
        told = str(error)
        if given is None:
            told = told.replace(path, "what the original saved")
        raise Failure("network", told, PARAMETERS) from error
    return {name: v.numpy() for name, v in model.named_variables.items()}


# Inference.


def inference(model: Model, reference: Reference, request: ComparisonRequest) -> Report:
    """Return deviations of the logits and the end points, and the names without a counterpart.

    TF-Slim's end points are compared by their keys. Keras has no keys: each end point of the file
    is compared with the layer of Keras's that is nearest to it, so a tensor that Keras does
    not compute is far from all of them, or has a shape of its own. Axes of length 1 do not
    count; arrays that differ in them alone are listed.
    """
    import tensorflow as tf

    def run(images: Tensor) -> Tensor:
        return model(images, training=False)

    compiled = tf.function(run, jit_compile=request.jit, autograph=False)
    logits, points = compiled(tf.constant(colours(model, reference, request)))
    found: Report = {
        "logits": apart(logits, reference.logits),
        "missing": [],
        "squeezed": [],
    }
    if request.against.library == "keras":
        own = {name: point for name, point in points.items() if _is_full(model, name)}
        return {**found, "end_points": nearest(own, reference.end_points)}
    expected = reference.end_points
    both = [name for name in expected if name in points]
    return {
        **found,
        "end_points": {name: apart(points[name], expected[name]) for name in both},
        "missing": [name for name in expected if name not in points],
        "squeezed": [
            *(["the output"] if logits.shape != reference.logits.shape else []),
            *(n for n in both if points[n].shape != expected[n].shape),
        ],
    }


def colours(model: Model, reference: Reference, request: ComparisonRequest) -> Array:
    """Return the images, in the order of colours that the built network takes.

    A map that turns the input channels of a kernel about is for an original that takes BGR.
    """
    entries = model.CHECKPOINT_MAPS[_map_of(request)].values()
    slices: list[Tensor] = [getattr(entry, "slice", None) or () for entry in entries]
    # Bounds of the axis of a kernel's input channels, where they are given.
    bounds = [one[2] for one in slices if len(one) > 2]
    turned = any(slice(*one).step == -1 for one in bounds)
    return reference.images[..., ::-1] if turned else reference.images


def _map_of(request: ComparisonRequest) -> str:
    return "slim" if request.against.library == "tf_slim" else "keras"


def apart(found: Tensor, expected: Array) -> float | None:
    """Return the deviation without regard to axes of length 1."""
    return deviation(np.squeeze(np.asarray(found)), np.squeeze(expected))


def _is_full(model: Model, name: str) -> bool:
    """True if an end point's name is the full one; each has two names."""
    return not model.scope or name.startswith(f"{model.scope}/")


def nearest(
    points: Mapping[str, Tensor], layers: Mapping[str, Array]
) -> dict[str, float | None]:
    """Return each end point's deviation from the layer that is nearest to it.

    Axes of length 1 do not count. None is for an end point of a shape that no layer has.
    """
    samples: dict[tuple[int, ...], dict[str, Array]] = {}
    for name in layers:
        layer = np.squeeze(layers[name])
        samples.setdefault(layer.shape, {})[name] = _sample(layer)
    found = {}
    for name, point in points.items():
        values = np.squeeze(np.asarray(point))
        far = {
            other: _distance(_sample(values), sample)
            for other, sample in samples.get(values.shape, {}).items()
        }
        # Before relu and after it, a sample may be the same.
        closest = sorted(far, key=lambda other: far[other])[:CANDIDATES]
        known = (deviation(values, np.squeeze(layers[other])) for other in closest)
        found[name] = min((one for one in known if one is not None), default=None)
    return found


def _distance(found: Array, expected: Array) -> float:
    """Return the largest difference; infinite if a value is not a number."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(found - expected)
    return float(np.max(np.where(np.isnan(apart), np.inf, apart), initial=0.0))


def _sample(values: Array) -> Array:
    places = np.random.default_rng(0).integers(0, max(values.size, 1), SAMPLE)
    return values.reshape(-1).take(places if values.size else [])


# Training.


def training(model: Model, reference: Reference, request: ComparisonRequest) -> Report:
    """Return deviations of the loss, its terms, the gradients and the moving averages."""
    import tensorflow as tf

    variables = model.named_variables
    trainable = {name: v for name, v in variables.items() if v.trainable}

    def run(images: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            logits, points = model(images, training=True)
            terms = {}
            if (
                request.against.library == "tf_slim"
            ):  # Keras's networks regularise nothing
                terms = model.regularization_losses
            loss = total_loss(logits, points, reference) + sum(terms.values())
        gradients = tape.gradient(loss, trainable, unconnected_gradients="zero")
        return logits, loss, terms, gradients

    compiled = tf.function(run, jit_compile=request.jit, autograph=False)
    logits, loss, terms, gradients = compiled(
        tf.constant(colours(model, reference, request))
    )
    moving = {name: v for name, v in variables.items() if not v.trainable}
    expected = renamed(reference.gradients, trainable, model, request)
    return {
        "logits": apart(logits, reference.training_logits),
        "loss": deviation(loss, reference.loss),
        "regularization": deviations(terms, reference.regularization),
        "gradients": deviations(without_noise(gradients), without_noise(expected)),
        "moving": deviations(moving, renamed(reference.moving, moving, model, request)),
    }


def renamed(
    arrays: Mapping[str, Array],
    names: Iterable[str],
    model: Model,
    request: ComparisonRequest,
) -> dict[str, Array]:
    """Return the original's arrays under our names and in our layout."""
    if request.against.library == "tf_slim":
        return dict(arrays)
    entries = model.CHECKPOINT_MAPS[_map_of(request)]
    return {
        name: _arranged(entries[name], arrays[str(entries[name])]) for name in names
    }


def _arranged(entry: Json, value: Array) -> Array:
    """Return a value in our layout; an entry of a map is a plain name if it is the same."""
    if isinstance(entry, str):
        return value
    found: Array = entry.apply(value)
    return found


def total_loss(
    logits: Tensor, points: Mapping[str, Tensor], reference: Reference
) -> Tensor:
    """Return the loss that the original minimises, less the regularisers."""
    import tensorflow as tf

    if reference.headless:
        return tf.reduce_mean(tf.square(logits))
    loss = cross_entropy(logits, reference.labels)
    if reference.auxiliary:
        loss += AUXILIARY_WEIGHT * cross_entropy(points["AuxLogits"], reference.labels)
    return loss


def cross_entropy(logits: Tensor, labels: Array) -> Tensor:
    """Return the mean cross-entropy over all places of `logits`."""
    import tensorflow as tf

    flat = tf.reshape(logits, [-1, logits.shape[-1]])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, flat)
    return tf.reduce_mean(losses)


if __name__ == "__main__":
    main()
