"""Run one of TF-Slim's networks and write down what a built one has to agree with.

    python -m slimgen.verify.slim_side FOLDER

FOLDER holds a `request.json`; then also `model.ckpt`, written by TF1's own Saver, and
`reference.npz`, which `reference.Reference` reads.
"""

import inspect
import json
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from slimgen.verify import random_weights as values
from slimgen.verify.programs import (
    check_arguments,
    first_line,
    function_of,
    parameters,
    run_program,
)
from slimgen.verify.reference import AUXILIARY_WEIGHT, prefixed
from slimgen.verify.request import ComparisonRequest, Failure, read_request
from slimgen.verify.shim import load_slim
from slimgen.verify.untyped import Function, Report, Session, Tensor

Arrays = dict[str, Tensor]
Network = Callable[[Tensor, bool], Tensor]


def main() -> None:
    """Run the request in the folder of the command line."""
    run_program(lambda: measure(Path(sys.argv[1])), "original")


def measure(folder: Path) -> None:
    """Build, fill, save and measure the network that is asked for."""
    request = read_request(folder)
    load_slim(smooth=request.smooth)
    network = network_of(request)
    checkpoint = str(folder / "model.ckpt")
    arrays = measure_training(request, network, checkpoint)
    facts = json.loads(str(arrays["facts"]))
    if request.weights is not None:
        facts["weights"] = [request.weights]
    arrays["facts"] = np.array(json.dumps(facts))
    arrays |= measure_inference(request, network, facts["weights"][0])
    np.savez(folder / "reference.npz", **arrays)


# The network.


def network_of(request: ComparisonRequest) -> Network:
    """Return the function of images and training mode that the request names.

    It is called within the scope of defaults that its module has for it, and with dropout
    off: a random mask cannot be compared between two programs.
    """
    import tf_slim as slim

    function = function_of(request)
    arg_scope = arg_scope_beside(function)
    of_scope = parameters(arg_scope) if arg_scope else set()
    own = parameters(function)
    check_arguments(request, own | of_scope)
    arguments = request.against.arguments
    given = {"num_classes": request.classes, "dropout_keep_prob": 1.0}
    keywords = {k: v for k, v in given.items() if k in own and v is not None}
    keywords |= {k: v for k, v in arguments.items() if k in own}
    defaults = {k: v for k, v in arguments.items() if k in of_scope - own}

    def network(images: Tensor, training: bool) -> Tensor:
        mode = {"is_training": training} if "is_training" in own else {}
        with slim.arg_scope(arg_scope(**defaults) if arg_scope else {}):
            return function(images, **{**mode, **keywords})

    return network


def arg_scope_beside(function: Function) -> Function | None:
    """Return the only function of defaults in a network's module; None if there are others."""
    import tf_slim as slim

    module = sys.modules[inspect.unwrap(function).__module__]
    names = {name for name in vars(module) if name.endswith("_arg_scope")} - {
        *vars(slim)
    }
    return getattr(module, names.pop()) if len(names) == 1 else None


# Results.


def measure_training(
    request: ComparisonRequest, network: Network, checkpoint: str
) -> Arrays:
    """Save a network of random values; return what it is, and a step of training."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        images = tf.constant(values.images(request))
        logits, points = network(images, True)
        fill(request, session)
        tf.train.Saver().save(session, checkpoint, write_meta_graph=False)
        facts = {
            "weights": [checkpoint],
            "libraries": {k: metadata.version(k) for k in ("tf-slim", "tensorflow")},
            "headless": request.classes == 0,
            "auxiliary": "AuxLogits" in points,
            "variables": described_variables(),
        }
        arrays = {"facts": np.array(json.dumps(facts))}
        if request.training:
            if request.weights is not None:
                tf.train.Saver().restore(session, request.weights)
            arrays |= _training_step(request, session, logits, points)
        return arrays


def _training_step(
    request: ComparisonRequest,
    session: Session,
    logits: Tensor,
    points: dict[str, Tensor],
) -> Arrays:
    """Return the loss, its terms, gradients and moving averages of one step."""
    import tensorflow.compat.v1 as tf

    labels = values.labels(request, logits.shape.as_list())
    loss = total_loss(request, logits, points)
    trainable = tf.trainable_variables()
    gradients = tf.gradients(loss, trainable, unconnected_gradients="zero")
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    wanted = [logits, loss, gradients, regularization_terms()]
    (logits, loss, gradients, terms), _ = session.run([wanted, updates])
    names = [variable.op.name for variable in trainable]
    moving = {v.op.name: v for v in tf.global_variables() if not v.trainable}
    return {
        "labels": labels,
        "training_logits": logits,
        "loss": loss,
        **prefixed("regularization", terms),
        **prefixed("gradient", dict(zip(names, gradients, strict=True))),
        **prefixed("moving", session.run(moving)),
    }


def measure_inference(
    request: ComparisonRequest, network: Network, checkpoint: str
) -> Arrays:
    """Return the images, logits and end points of the saved network, as it is used."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        images = values.images(request)
        wanted = network(tf.constant(images), False)
        try:
            tf.train.Saver().restore(session, checkpoint)
        except (tf.errors.OpError, ValueError) as error:
            reason = first_line(error)
            message = f"`{checkpoint}` does not fit `{request.against}`: {reason}"
            raise Failure("original", message) from error
        logits, points = session.run(wanted)
        return {"images": images, "logits": logits, **prefixed("end_point", points)}


def total_loss(
    request: ComparisonRequest, logits: Tensor, points: dict[str, Tensor]
) -> Tensor:
    """Return TF-Slim's training loss: cross-entropy of every head, and the regularisers.

    A network without a head is given the mean square of its features instead.
    """
    import tensorflow.compat.v1 as tf

    if request.classes == 0:
        tf.losses.add_loss(tf.reduce_mean(tf.square(logits)))
    else:
        add_cross_entropy(request, logits, 1.0)
    if "AuxLogits" in points:
        add_cross_entropy(request, points["AuxLogits"], AUXILIARY_WEIGHT)
    return tf.losses.get_total_loss()


def add_cross_entropy(
    request: ComparisonRequest, logits: Tensor, weight: float
) -> None:
    """Add `weight` times the mean cross-entropy over all places of `logits` to the losses."""
    import tensorflow.compat.v1 as tf

    flat = tf.reshape(logits, [-1, logits.shape[-1]])
    labels = tf.one_hot(values.labels(request, logits.shape.as_list()), flat.shape[-1])
    tf.losses.softmax_cross_entropy(labels, flat, weights=weight)


# Values of variables.


def fill(request: ComparisonRequest, session: Session) -> None:
    """Give every variable of the graph a random value; moving ones lie near the images'."""
    import tensorflow.compat.v1 as tf

    variables = {variable.op.name: variable for variable in tf.global_variables()}
    session.run(tf.global_variables_initializer())
    random = {
        name: values.variable_value(request, name, variable.shape.as_list())
        for name, variable in variables.items()
        if variable.dtype.base_dtype == tf.float32
    }
    assign(session, variables, random)
    batches = session.run(batch_statistics())
    moving = {n: values.moving_value(request, n, batch) for n, batch in batches.items()}
    assign(session, variables, moving)


def assign(session: Session, variables: dict[str, Tensor], given: Arrays) -> None:
    """Give each of `variables` that `given` names its value, in one run."""
    initializers = [variables[name].initializer for name in given]
    feeds = {variables[name].initializer.inputs[1]: given[name] for name in given}
    session.run(initializers, feeds)


def batch_statistics() -> Report:
    """Return what the training graph's moving averages are moved towards, by their names.

    Batch norm's update is `variable -= (variable - statistic) * (1 - decay)`, be it fused or
    not; updates of another form keep their variables' values.
    """
    import tensorflow.compat.v1 as tf

    statistics = {}
    for found in tf.get_collection(tf.GraphKeys.UPDATE_OPS):
        update = getattr(found, "op", found)
        if update.type not in ("AssignSub", "AssignSubVariableOp"):
            continue
        variable, step = update.inputs
        difference = step.op.inputs[0].op if step.op.type == "Mul" else step.op
        if difference.type == "Sub":
            statistics[source_variable(variable)] = difference.inputs[1]
    return statistics


def regularization_terms() -> Report:
    """Return the graph's regularisation losses by the name of the variable behind each."""
    import tensorflow.compat.v1 as tf

    return {
        source_variable(term): term for term in tf.losses.get_regularization_losses()
    }


def source_variable(tensor: Tensor) -> str:
    """Return the name of the one variable that `tensor` is computed from."""
    found, pending = set(), [tensor.op]
    while pending:
        operation = pending.pop()
        if operation.type in ("VariableV2", "VarHandleOp"):
            found.add(operation.name)
        pending += [source.op for source in operation.inputs]
    (name,) = found
    return str(name)


def described_variables() -> list[Report]:
    """Return name, shape and trainability of every variable, in order of creation."""
    import tensorflow.compat.v1 as tf

    return [
        {"name": v.op.name, "shape": v.shape.as_list(), "trainable": v.trainable}
        for v in tf.global_variables()
    ]


if __name__ == "__main__":
    main()
