"""Train small networks with TF-Slim and write down every variable after every step.

    python -m oracle.run_training CASES.json OUT.npz

OUT.npz holds the batches (`images`, `labels`) and for each case `ID|loss` and `ID|NAME`,
the values of a variable before the first step and after each one, slots and averages too.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from oracle.training_cases import BATCH, CLASSES, EXAMPLES, SIZE, STEPS
from slimgen.verify.shim import load_slim

Arrays = dict[str, np.ndarray]


def main() -> None:
    """Run the cases of the command line."""
    import tensorflow.compat.v1 as tf

    load_slim()
    tf.enable_resource_variables()  # read when they are asked for, in order
    random = np.random.default_rng(0)
    images = random.normal(size=(STEPS, BATCH, *SIZE)).astype(np.float32)
    labels = random.integers(0, CLASSES, (STEPS, BATCH))
    arrays: Arrays = {"images": images, "labels": labels}
    for case in json.loads(Path(sys.argv[1]).read_text()):
        with tf.Graph().as_default(), tf.Session() as session:
            found = trained(case, session, images, labels)
            arrays |= {f"{case['id']}|{name}": value for name, value in found.items()}
    np.savez(sys.argv[2], **arrays)


def trained(case: Any, session: Any, images: np.ndarray, labels: np.ndarray) -> Arrays:
    """Train a network, and return the loss and each variable over the steps."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    tf.set_random_seed(1)
    image = tf.placeholder(tf.float32, [BATCH, *SIZE])
    label = tf.placeholder(tf.int64, [BATCH])
    logits = BUILD[case["network"]](image, case["smooth"])
    add_losses(case, logits, label)
    loss = slim.losses.get_total_loss(add_regularization_losses=case["regularization"])
    step = train_op(case, loss)
    session.run(tf.global_variables_initializer())
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    history = [session.run(variables)]
    losses = []
    for batch in zip(images, labels, strict=True):
        feed = dict(zip((image, label), batch, strict=True))
        losses.append(session.run(step, feed))
        history.append(session.run(variables))
    values = {name: np.stack([one[name] for one in history]) for name in variables}
    return {"loss": np.array(losses), **values}


def add_losses(case: Any, logits: Any, label: Any) -> None:
    """Add the case's terms to TF-Slim's losses."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    one_hot = tf.one_hot(label, CLASSES)
    for name, weight in case["losses"]:
        loss = getattr(slim.losses, name)
        if name == "hinge_loss":  # it neither reduces nor adds
            slim.losses.add_loss(weight * tf.reduce_mean(loss(logits, one_hot)))
        elif name == "sparse_softmax_cross_entropy":
            loss(logits, label, weights=weight)
        elif name == "cosine_distance":
            loss(logits, one_hot, axis=-1, weights=weight)
        else:
            loss(logits, one_hot, weights=weight)


def train_op(case: Any, loss: Any) -> Any:
    """Return TF-Slim's training operation of a case; its value is the loss."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    global_step = tf.train.get_or_create_global_step()
    optimizer = getattr(tf.train, f"{case['optimizer']}Optimizer")(
        rate(case, global_step), **case["keywords"]
    )
    variables = [
        variable
        for variable in tf.trainable_variables()
        if not case["trained"] or variable.op.name.split("/")[1] in case["trained"]
    ]
    way, most = case["clip"] or ("", 0.0)
    if way in ("value", "global_norm"):
        transform = {"value": clip_by_value, "global_norm": clip_by_global_norm}[way]
        result = slim.training.create_train_op(
            loss,
            optimizer,
            variables_to_train=variables,
            transform_grads_fn=lambda pairs: transform(pairs, most),
        )
    else:
        result = slim.learning.create_train_op(
            loss,
            optimizer,
            variables_to_train=variables,
            clip_gradient_norm=most,
            gradient_multipliers=multipliers(case, variables),
        )
    if case["average"] is None:
        return result
    with tf.control_dependencies([result]):
        average = tf.train.ExponentialMovingAverage(case["average"], global_step)
        with tf.control_dependencies([average.apply(slim.get_model_variables())]):
            return tf.identity(result)


def rate(case: Any, step: Any) -> Any:
    """Return the learning rate as the train script makes it (slim-semantics 8.2)."""
    import tensorflow.compat.v1 as tf

    first = case["first_rate"]
    if case["rate"] == "exponential":
        decay_steps = int(EXAMPLES * 2 / BATCH)
        return tf.train.exponential_decay(first, step, decay_steps, 0.8, staircase=True)
    if case["rate"] == "polynomial":
        decay_steps = int(EXAMPLES * 8 / BATCH)
        return tf.train.polynomial_decay(first, step, decay_steps, 0.0001)
    return tf.constant(first)


def multipliers(case: Any, variables: list[Any]) -> dict[str, float]:
    """Return the factor of each variable whose name holds one of the case's texts."""
    found: dict[str, float] = {}
    for variable in variables:
        name = variable.op.name
        for text, factor in case["multipliers"].items():
            root = f"{case['network']}{text}" if text.endswith("/") else text
            if name.startswith(root) or (text == root and name.endswith(text)):
                found[name] = found.get(name, 1.0) * factor
    return found


def clip_by_value(pairs: Any, most: float) -> Any:
    """Bound each number of the gradients."""
    import tensorflow.compat.v1 as tf

    return [(tf.clip_by_value(g, -most, most), variable) for g, variable in pairs]


def clip_by_global_norm(pairs: Any, most: float) -> Any:
    """Bound the length of all gradients together."""
    import tensorflow.compat.v1 as tf

    gradients, variables = zip(*pairs, strict=True)
    clipped, _ = tf.clip_by_global_norm(gradients, most)
    return list(zip(clipped, variables, strict=True))


def lenet(images: Any, smooth: bool) -> Any:
    """Build the case's LeNet of TF-Slim's layers; return its logits."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    pool = slim.avg_pool2d if smooth else slim.max_pool2d
    with (
        tf.variable_scope("lenet"),
        slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            activation_fn=tf.nn.softplus if smooth else tf.nn.relu,
            weights_regularizer=slim.l2_regularizer(0.01),
        ),
    ):
        net = slim.conv2d(images, 4, [5, 5], scope="conv1")
        net = pool(net, [2, 2], scope="pool1")
        net = slim.conv2d(net, 8, [5, 5], scope="conv2")
        net = pool(net, [2, 2], scope="pool2")
        net = slim.fully_connected(slim.flatten(net), 16, scope="fc3")
        return slim.fully_connected(net, CLASSES, activation_fn=None, scope="fc4")


def resnet(images: Any, smooth: bool) -> Any:
    """Build the case's ResNet of TF-Slim's layers; return its logits."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    activation = tf.nn.softplus if smooth else tf.nn.relu
    pool = slim.avg_pool2d if smooth else slim.max_pool2d
    with (
        tf.variable_scope("resnet"),
        slim.arg_scope([slim.batch_norm], decay=0.9, is_training=True),
        slim.arg_scope(
            [slim.conv2d],
            activation_fn=activation,
            normalizer_fn=slim.batch_norm,
            weights_regularizer=slim.l2_regularizer(0.01),
        ),
    ):
        net = slim.conv2d(images, 4, [3, 3], scope="conv1")
        net = pool(net, [2, 2], scope="pool1")
        with tf.variable_scope("unit_1"):
            shortcut = slim.conv2d(
                net, 6, [1, 1], stride=2, activation_fn=None, scope="shortcut"
            )
            net = slim.conv2d(net, 4, [3, 3], stride=2, scope="conv1")
            net = slim.conv2d(net, 6, [3, 3], activation_fn=None, scope="conv2")
            net = activation(net + shortcut)
        net = tf.reduce_mean(net, [1, 2])
        return slim.fully_connected(net, CLASSES, activation_fn=None, scope="logits")


BUILD = {"lenet": lenet, "resnet": resnet}


if __name__ == "__main__":
    main()
