"""The reference networks: TF-Slim's own, with the heads of research/slim.

Where the `tf_slim` package has the network it is called as it stands. research/slim went on
after that package was cut out of it: it can leave the head out (`num_classes=0`), pool over
the whole map (`global_pool`), squeezes ResNet's logits and names a few more end points.
Those parts, LeNet and the VGG of TF-Slim's README are built here from TF-Slim's layers.

A network takes images and the mode, and returns the logits (without a head: the features)
and TF-Slim's end points by their keys. Graph mode only; `slimgen.verify.shim.load_slim`
comes first.
"""

import contextlib
import importlib
from collections.abc import Callable
from typing import Any

Tensor = Any
Built = tuple[Tensor, dict[str, Tensor]]

# Dropout is off in training too: a random mask cannot be compared between two programs.
KEEP_PROB = 1.0

# How often each block of VGG-16 convolves, and to how many channels.
VGG_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def given(**keywords: Any) -> dict[str, Any]:
    """Return the keywords that are not None: None is a network's own default."""
    return {name: value for name, value in keywords.items() if value is not None}


def lenet(
    images: Tensor, is_training: bool, num_classes: int = 10, weight_decay: float = 0.0
) -> Built:
    """Build research/slim's LeNet; its end points have short keys."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    points: dict[str, Tensor] = {}
    with (
        slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            weights_regularizer=slim.l2_regularizer(weight_decay),
            weights_initializer=tf.truncated_normal_initializer(stddev=0.1),
        ),
        tf.variable_scope("LeNet"),
    ):
        net = points["conv1"] = slim.conv2d(images, 32, [5, 5], scope="conv1")
        net = points["pool1"] = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = points["conv2"] = slim.conv2d(net, 64, [5, 5], scope="conv2")
        net = points["pool2"] = slim.max_pool2d(net, [2, 2], scope="pool2")
        net = points["Flatten"] = slim.flatten(net)
        net = points["fc3"] = slim.fully_connected(net, 1024, scope="fc3")
        if not num_classes:
            return net, points
        net = points["dropout3"] = _dropout(net, is_training, "dropout3")
        net = slim.fully_connected(net, num_classes, activation_fn=None, scope="fc4")
        points["Logits"] = net
    points["Predictions"] = slim.softmax(net, scope="Predictions")
    return net, points


def vgg16(
    images: Tensor,
    is_training: bool,
    num_classes: int = 1000,
    weight_decay: float = 0.0005,
) -> Built:
    """Build the VGG of TF-Slim's README, with the `flatten` that its `fc6` needs.

    The README hands the rank-4 map to `fully_connected`, which then is a matrix product at
    each of its 49 places, whatever the text around it says.
    """
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    layers = [slim.conv2d, slim.fully_connected]
    with (
        slim.arg_scope([*layers, slim.max_pool2d], outputs_collections="points"),
        slim.arg_scope(
            layers,
            weights_initializer=tf.truncated_normal_initializer(0.0, 0.01),
            weights_regularizer=slim.l2_regularizer(weight_decay),
        ),
    ):
        net = slim.flatten(_vgg_blocks(images))
        for number in (6, 7):
            net = slim.fully_connected(net, 4096, scope=f"fc{number}")
            net = _dropout(net, is_training, f"dropout{number}")
        net = slim.fully_connected(net, num_classes, activation_fn=None, scope="fc8")
    return net, slim.utils.convert_collection_to_dict("points")


def vgg_16(
    images: Tensor,
    is_training: bool,
    num_classes: int = 1000,
    weight_decay: float | None = None,
    spatial_squeeze: bool = True,
) -> Built:
    """Build research/slim's VGG-16 with its global pool, which the package's has not."""
    import tf_slim as slim
    from tf_slim.nets import vgg

    scope = vgg.vgg_arg_scope(**given(weight_decay=weight_decay))
    with slim.arg_scope(scope), _root("vgg_16"):
        net = slim.conv2d(
            _vgg_blocks(images), 4096, [7, 7], padding="VALID", scope="fc6"
        )
        net = _dropout(net, is_training, "dropout6")
        net = slim.conv2d(net, 4096, [1, 1], scope="fc7")
        return _pooled_head(net, "vgg_16", num_classes, is_training, spatial_squeeze)


def alexnet_v2(
    images: Tensor,
    is_training: bool,
    num_classes: int = 1000,
    weight_decay: float | None = None,
    spatial_squeeze: bool = True,
) -> Built:
    """Build research/slim's AlexNet with its global pool, which the package's has not."""
    import tf_slim as slim
    from tf_slim.nets import alexnet

    scope = alexnet.alexnet_v2_arg_scope(**given(weight_decay=weight_decay))
    with slim.arg_scope(scope), _root("alexnet_v2"):
        net = slim.conv2d(
            images, 64, [11, 11], stride=4, padding="VALID", scope="conv1"
        )
        net = slim.max_pool2d(net, [3, 3], scope="pool1")
        net = slim.conv2d(net, 192, [5, 5], scope="conv2")
        net = slim.max_pool2d(net, [3, 3], scope="pool2")
        for number, depth in ((3, 384), (4, 384), (5, 256)):
            net = slim.conv2d(net, depth, [3, 3], scope=f"conv{number}")
        net = slim.max_pool2d(net, [3, 3], scope="pool5")
        net = slim.conv2d(net, 4096, [5, 5], padding="VALID", scope="fc6")
        net = _dropout(net, is_training, "dropout6")
        net = slim.conv2d(net, 4096, [1, 1], scope="fc7")
        return _pooled_head(
            net, "alexnet_v2", num_classes, is_training, spatial_squeeze
        )


@contextlib.contextmanager
def _root(name: str) -> Any:
    """Open a network's scope, and collect what TF-Slim makes end points."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    with (
        tf.variable_scope(name),
        slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections="points"),
    ):
        yield


def _vgg_blocks(net: Tensor) -> Tensor:
    import tf_slim as slim

    for block, (count, depth) in enumerate(VGG_BLOCKS, 1):
        net = slim.repeat(net, count, slim.conv2d, depth, [3, 3], scope=f"conv{block}")
        net = slim.max_pool2d(net, [2, 2], scope=f"pool{block}")
    return net


def _dropout(net: Tensor, training: bool, scope: str) -> Tensor:
    import tf_slim as slim

    return slim.dropout(net, KEEP_PROB, is_training=training, scope=scope)


def _pooled_head(
    net: Tensor, root: str, classes: int, training: bool, spatial_squeeze: bool
) -> Built:
    """Go on from `fc7` as research/slim does: pool, drop, classify, squeeze."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    points = slim.utils.convert_collection_to_dict("points")
    net = tf.reduce_mean(net, [1, 2], keepdims=True, name="global_pool")
    points["global_pool"] = net
    if classes:
        net = _dropout(net, training, "dropout7")
        zeros = tf.zeros_initializer()
        net = slim.conv2d(
            net,
            classes,
            [1, 1],
            activation_fn=None,
            biases_initializer=zeros,
            scope="fc8",
        )
        if spatial_squeeze:
            net = tf.squeeze(net, [1, 2], name="fc8/squeezed")
        points[f"{root}/fc8"] = net
    return net, points


def resnet(version: int, units: int) -> Callable[..., Built]:
    """Return the builder of the package's `resnet_v1_<units>` with research/slim's head."""

    def network(
        images: Tensor,
        is_training: bool,
        num_classes: int = 1000,
        weight_decay: float | None = None,
        global_pool: bool = True,
        spatial_squeeze: bool = True,
        output_stride: int | None = None,
    ) -> Built:
        import tensorflow.compat.v1 as tf
        import tf_slim as slim

        package = importlib.import_module(f"tf_slim.nets.resnet_v{version}")
        name = f"resnet_v{version}_{units}"
        scope = package.resnet_arg_scope(**given(weight_decay=weight_decay))
        with slim.arg_scope(scope):
            net, points = getattr(package, name)(
                images,
                num_classes=num_classes or None,
                is_training=is_training,
                global_pool=global_pool,
                output_stride=output_stride,
            )
        if global_pool:
            points["global_pool"] = _tensor(f"{name}/pool5")
        if num_classes and spatial_squeeze:
            net = tf.squeeze(net, [1, 2])
            points[f"{name}/spatial_squeeze"] = net
            points["predictions"] = slim.softmax(net)
        return net, points

    return network


def resnet_backbone(
    images: Tensor,
    is_training: bool,
    num_classes: int = 1000,
    weight_decay: float | None = None,
) -> Built:
    """Build a ResNet-50 without its head, and `Predict/logits` beside it.

    Its end points have full names: `global_pool` would be this network's own.
    """
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    features, points = resnet(1, 50)(images, is_training, 0, weight_decay)
    net = slim.fully_connected(
        tf.squeeze(features, [1, 2]),
        num_classes,
        activation_fn=None,
        scope="Predict/logits",
    )
    return net, points | {"Predict/logits": net}


def inception(version: int, pool: str, point: str, most: int) -> Callable[..., Built]:
    """Return the builder of one of the package's Inceptions.

    The pool before its logits is an end point in research/slim, `point`; the package calls
    it `pool`, where `{}` is its window: `most` on a side, unless the map is smaller.
    """

    def network(
        images: Tensor,
        is_training: bool,
        num_classes: int = 1001,
        weight_decay: float | None = None,
    ) -> Built:
        import tf_slim as slim

        package = importlib.import_module("tf_slim.nets.inception")
        name = f"inception_v{version}"
        arg_scope = getattr(package, f"{name}_arg_scope")
        with slim.arg_scope(arg_scope(**given(weight_decay=weight_decay))):
            net, points = getattr(package, name)(
                images,
                num_classes,
                is_training=is_training,
                dropout_keep_prob=KEEP_PROB,
            )
        last = "Mixed_7c" if version == 3 else "Mixed_5c"
        window = "x".join(str(min(int(n), most)) for n in points[last].shape[1:3])
        scope = f"InceptionV{version}/Logits/{pool.format(window)}"
        points[point] = _tensor(f"{scope}/AvgPool")
        return net, points

    return network


def _tensor(operation: str) -> Tensor:
    import tensorflow.compat.v1 as tf

    return tf.get_default_graph().get_tensor_by_name(f"{operation}:0")


resnet_v1_50 = resnet(1, 50)
resnet_v1_101 = resnet(1, 101)
resnet_v1_152 = resnet(1, 152)
resnet_v1_200 = resnet(1, 200)
resnet_v2_50 = resnet(2, 50)
resnet_v2_101 = resnet(2, 101)
resnet_v2_152 = resnet(2, 152)
resnet_v2_200 = resnet(2, 200)
inception_v1 = inception(1, "MaxPool_0a_7x7", "AvgPool_0a_7x7", 7)
inception_v2 = inception(2, "AvgPool_1a_{}", "AvgPool_1a", 7)
inception_v3 = inception(3, "AvgPool_1a_{}", "AvgPool_1a", 8)
