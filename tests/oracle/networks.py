"""The reference networks: TF-Slim's own, with the heads of research/slim.

Where the `tf_slim` package has the network it is called as it stands. research/slim went on
after that package was cut out of it: it can leave the head out (`classes=0`), pool over the
whole map (`global_pool`), squeezes ResNet's logits and names a few more end points. Those
parts, LeNet and the VGG of TF-Slim's README are built here from TF-Slim's layers.

Graph mode only; `oracle.shim.load_slim` comes first.
"""

import contextlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Tensor = Any
Built = tuple[Tensor, dict[str, Tensor]]

# Dropout is off in training too: a random mask cannot be compared between two programs.
KEEP_PROB = 1.0

# How often each block of VGG-16 convolves, and to how many channels.
VGG_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


@dataclass(frozen=True)
class Options:
    """What a reference network is built with; `None` is the network's own default.

    `classes=0` leaves the head out. `scope` is a root scope for the README's VGG, which has
    none there. `smooth` is `load_slim`'s, `seed` that of every random value.
    """

    height: int
    width: int
    channels: int = 3
    batch: int = 2
    seed: int = 0
    smooth: bool = False
    classes: int | None = None
    weight_decay: float | None = None
    global_pool: bool | None = None
    spatial_squeeze: bool | None = None
    output_stride: int | None = None
    depth_multiplier: float | None = None
    scope: str | None = None

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of `names` that are not None, as keywords of TF-Slim's networks."""
        keywords = {name: getattr(self, name) for name in names}
        if "classes" in keywords:
            keywords["num_classes"] = keywords.pop("classes")
        return {name: value for name, value in keywords.items() if value is not None}


def build(name: str, images: Tensor, options: Options, training: bool) -> Built:
    """Build network `name` on `images` in the default graph, with dropout off.

    Returns:
        The logits (without a head: the features) and TF-Slim's end points by their keys.
    """
    return NETWORKS[name](images, options, training)


def lenet(images: Tensor, options: Options, training: bool) -> Built:
    """Build research/slim's LeNet; its end points have short keys."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    classes = 10 if options.classes is None else options.classes
    points: dict[str, Tensor] = {}
    with (
        slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            weights_regularizer=slim.l2_regularizer(options.weight_decay or 0.0),
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
        if not classes:
            return net, points
        net = slim.dropout(net, KEEP_PROB, is_training=training, scope="dropout3")
        points["dropout3"] = net
        net = slim.fully_connected(net, classes, activation_fn=None, scope="fc4")
        points["Logits"] = net
    points["Predictions"] = slim.softmax(net, scope="Predictions")
    return net, points


def vgg16(images: Tensor, options: Options, training: bool) -> Built:
    """Build the VGG of TF-Slim's README, with the `flatten` that its `fc6` needs.

    The README hands the rank-4 map to `fully_connected`, which then is a matrix product at
    each of its 49 places, whatever the text around it says.
    """
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    classes = 1000 if options.classes is None else options.classes
    decay = 0.0005 if options.weight_decay is None else options.weight_decay
    layers = [slim.conv2d, slim.fully_connected]
    scope = (
        tf.variable_scope(options.scope) if options.scope else contextlib.nullcontext()
    )
    with (
        scope,
        slim.arg_scope([*layers, slim.max_pool2d], outputs_collections="points"),
        slim.arg_scope(
            layers,
            weights_initializer=tf.truncated_normal_initializer(0.0, 0.01),
            weights_regularizer=slim.l2_regularizer(decay),
        ),
    ):
        net = slim.flatten(_vgg_blocks(images))
        for number in (6, 7):
            net = slim.fully_connected(net, 4096, scope=f"fc{number}")
            net = _dropout(net, training, f"dropout{number}")
        net = slim.fully_connected(net, classes, activation_fn=None, scope="fc8")
    return net, slim.utils.convert_collection_to_dict("points")


def vgg_16(images: Tensor, options: Options, training: bool) -> Built:
    """Build the package's VGG-16, or research/slim's where its options go further."""
    import tf_slim as slim
    from tf_slim.nets import vgg

    scope = vgg.vgg_arg_scope(**options.given("weight_decay"))
    if not _goes_further(options):
        with slim.arg_scope(scope):
            return _package_chain(vgg.vgg_16, images, options, training)
    with slim.arg_scope(scope), _root("vgg_16"):
        net = slim.conv2d(
            _vgg_blocks(images), 4096, [7, 7], padding="VALID", scope="fc6"
        )
        net = _dropout(net, training, "dropout6")
        net = slim.conv2d(net, 4096, [1, 1], scope="fc7")
        return _research_head(net, "vgg_16", options, training)


def package_chain(module: str, name: str) -> Callable[[Tensor, Options, bool], Built]:
    """Return the builder of a network without branches, as the package has it."""

    def network(images: Tensor, options: Options, training: bool) -> Built:
        import tf_slim as slim

        package = importlib.import_module(f"tf_slim.nets.{module}")
        arg_scope = getattr(package, f"{module}_arg_scope")
        if _goes_further(options):
            raise ValueError(f"the package's {name} has a head and no global pool")
        with slim.arg_scope(arg_scope(**options.given("weight_decay"))):
            return _package_chain(getattr(package, name), images, options, training)

    return network


def alexnet_v2(images: Tensor, options: Options, training: bool) -> Built:
    """Build the package's AlexNet, or research/slim's where its options go further."""
    import tf_slim as slim
    from tf_slim.nets import alexnet

    scope = alexnet.alexnet_v2_arg_scope(**options.given("weight_decay"))
    if not _goes_further(options):
        with slim.arg_scope(scope):
            return _package_chain(alexnet.alexnet_v2, images, options, training)
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
        net = _dropout(net, training, "dropout6")
        net = slim.conv2d(net, 4096, [1, 1], scope="fc7")
        return _research_head(net, "alexnet_v2", options, training)


def _goes_further(options: Options) -> bool:
    return bool(options.global_pool) or options.classes == 0


def _package_chain(
    network: Callable[..., Built], images: Tensor, options: Options, training: bool
) -> Built:
    keywords = options.given("classes", "spatial_squeeze")
    return network(
        images, is_training=training, dropout_keep_prob=KEEP_PROB, **keywords
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


def _research_head(net: Tensor, root: str, options: Options, training: bool) -> Built:
    """Go on from `fc7` as research/slim does: pool, drop, classify, squeeze."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    classes = 1000 if options.classes is None else options.classes
    points = slim.utils.convert_collection_to_dict("points")
    if options.global_pool:
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
        if options.spatial_squeeze is not False:
            net = tf.squeeze(net, [1, 2], name="fc8/squeezed")
        points[f"{root}/fc8"] = net
    return net, points


def resnet(version: int, units: int) -> Callable[[Tensor, Options, bool], Built]:
    """Return the builder of the package's `resnet_v1_<units>` with research/slim's head."""

    def network(images: Tensor, options: Options, training: bool) -> Built:
        import tensorflow.compat.v1 as tf
        import tf_slim as slim

        package = importlib.import_module(f"tf_slim.nets.resnet_v{version}")
        name = f"resnet_v{version}_{units}"
        classes = 1000 if options.classes is None else options.classes
        with slim.arg_scope(package.resnet_arg_scope(**options.given("weight_decay"))):
            net, points = getattr(package, name)(
                images,
                num_classes=classes or None,
                is_training=training,
                **options.given("global_pool", "output_stride"),
            )
        if options.global_pool is not False:
            points["global_pool"] = _tensor(f"{name}/pool5")
        if classes and options.spatial_squeeze is not False:
            net = tf.squeeze(net, [1, 2])
            points[f"{name}/spatial_squeeze"] = net
            points["predictions"] = slim.softmax(net)
        return net, points

    return network


def resnet_backbone(images: Tensor, options: Options, training: bool) -> Built:
    """Build a ResNet-50 without its head, and `Predict/logits` beside it.

    Its end points have full names: `global_pool` would be this network's own.
    """
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    headless = replace(options, classes=0)
    net, points = resnet(1, 50)(images, headless, training)
    net = slim.fully_connected(
        tf.squeeze(net, [1, 2]),
        options.classes or 1000,
        activation_fn=None,
        scope="Predict/logits",
    )
    return net, points | {"Predict/logits": net}


def inception(
    version: int, pool: str, point: str
) -> Callable[[Tensor, Options, bool], Built]:
    """Return the builder of the package's Inception v1 or v2.

    The pool before its logits is an end point in research/slim, `point`; the package calls
    it `pool`, where `{}` is its window: 7x7, unless the map is smaller.
    """

    def network(images: Tensor, options: Options, training: bool) -> Built:
        import tf_slim as slim

        package = importlib.import_module("tf_slim.nets.inception")
        name = f"inception_v{version}"
        if _goes_further(options):
            raise ValueError(f"the package's {name} has a head and no global pool")
        classes = 1001 if options.classes is None else options.classes
        arg_scope = getattr(package, f"{name}_arg_scope")
        with slim.arg_scope(arg_scope(**options.given("weight_decay"))):
            net, points = getattr(package, name)(
                images,
                classes,
                is_training=training,
                dropout_keep_prob=KEEP_PROB,
                **options.given("spatial_squeeze", "depth_multiplier"),
            )
        sides = points["Mixed_5c"].shape[1:3]
        window = "x".join(str(min(int(side), 7)) for side in sides)
        scope = f"InceptionV{version}/Logits/{pool.format(window)}"
        points[point] = _tensor(f"{scope}/AvgPool")
        return net, points

    return network


def inception_v3(images: Tensor, options: Options, training: bool) -> Built:
    """Build the package's Inception v3; `AvgPool_1a` is research/slim's addition."""
    import tf_slim as slim
    from tf_slim.nets import inception

    if _goes_further(options):
        raise ValueError("the package's inception_v3 has a head and no global pool")
    classes = 1001 if options.classes is None else options.classes
    keywords = options.given("spatial_squeeze", "depth_multiplier")
    scope = inception.inception_v3_arg_scope(**options.given("weight_decay"))
    with slim.arg_scope(scope):
        net, points = inception.inception_v3(
            images,
            classes,
            is_training=training,
            dropout_keep_prob=KEEP_PROB,
            **keywords,
        )
    height, width = points["Mixed_7c"].shape[1:3]
    window = f"{min(int(height), 8)}x{min(int(width), 8)}"
    points["AvgPool_1a"] = _tensor(f"InceptionV3/Logits/AvgPool_1a_{window}/AvgPool")
    return net, points


def _tensor(operation: str) -> Tensor:
    import tensorflow.compat.v1 as tf

    return tf.get_default_graph().get_tensor_by_name(f"{operation}:0")


NETWORKS: dict[str, Callable[[Tensor, Options, bool], Built]] = {
    "lenet": lenet,
    "alexnet_v2": alexnet_v2,
    "overfeat": package_chain("overfeat", "overfeat"),
    "vgg_a": package_chain("vgg", "vgg_a"),
    "vgg_16": vgg_16,
    "vgg_19": package_chain("vgg", "vgg_19"),
    "vgg16": vgg16,
    **{
        f"resnet_v{version}_{units}": resnet(version, units)
        for version in (1, 2)
        for units in (50, 101, 152, 200)
    },
    "inception_v1": inception(1, "MaxPool_0a_7x7", "AvgPool_0a_7x7"),
    "inception_v2": inception(2, "AvgPool_1a_{}", "AvgPool_1a"),
    "inception_v3": inception_v3,
    "resnet_backbone": resnet_backbone,
}
