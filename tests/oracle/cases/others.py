"""Every argument of the dense layers, the pools and the layers without weights."""

from oracle.cases.describe import BATCH_NORM, BOX, L1, L2, MAP, ROW, case, constant

DENSE = [
    case("fc", "fc 5 as f", "fully_connected", ROW, 5, scope="f"),
    case("fc-unnamed", "fc 5", "fully_connected", ROW, 5),
    case(
        "fc-all",
        "fc 5 activation=none regularizer=l2(0.25) biases=constant(0.1) biases_regularizer=l1(0.1)",
        "fully_connected", ROW, 5,
        activation_fn=None, weights_regularizer=L2,
        biases_initializer=constant(0.1), biases_regularizer=L1,
    ),
    case(
        "fc-normalized",
        "fc 5 normalizer=batch_norm(scale=true) as f",
        "fully_connected", ROW, 5,
        normalizer_fn=BATCH_NORM, normalizer_params={"scale": True}, scope="f",
    ),
    case(
        "fc-layer-normalized",
        "fc 5 normalizer=layer_norm as f",
        "fully_connected", ROW, 5, normalizer_fn={"$slim": "layer_norm"}, scope="f",
    ),
    case(
        "stack",
        "stack fc 3, 5, 4 as s",
        "stack", ROW, {"$slim": "fully_connected"}, [3, 5, 4], scope="s",
    ),
    case(
        "stack-conv",
        "stack conv 3 3x3, 5 1x1 as s",
        "stack", MAP, {"$slim": "conv2d"}, [[3, [3, 3]], [5, [1, 1]]], scope="s",
    ),
    case(
        "repeat",
        "repeat 3 conv 4 3x3 as r",
        "repeat", MAP, 3, {"$slim": "conv2d"}, 4, [3, 3], scope="r",
    ),
    case("repeat-unnamed", "repeat 2 conv 4 3", "repeat", MAP, 2, {"$slim": "conv2d"}, 4, 3),
    case("stack-unnamed", "stack fc 3, 5", "stack", ROW, {"$slim": "fully_connected"}, [3, 5]),
]  # fmt: skip

POOLS = [
    case("max-pool", "max_pool 2x2 as p", "max_pool2d", MAP, [2, 2], scope="p"),
    case("max-pool-same", "max_pool 3 2 SAME", "max_pool2d", MAP, 3, 2, "SAME"),
    case(
        "max-pool-odd",
        "max_pool [3, 2] [2, 1] as p",
        "max_pool2d", MAP, [3, 2], [2, 1], scope="p",
    ),
    case(
        "max-pool-channels-first",
        "max_pool 3 data_format=NCHW",
        "max_pool2d", [2, 4, 9, 10], 3, data_format="NCHW",
    ),
    case("avg-pool", "avg_pool 3x3 as p", "avg_pool2d", MAP, [3, 3], scope="p"),
    case("avg-pool-same", "avg_pool 3 1 SAME", "avg_pool2d", MAP, 3, 1, "SAME"),
    case(
        "avg-pool-same-strides",
        "avg_pool [4, 3] [3, 2] padding=SAME",
        "avg_pool2d", MAP, [4, 3], [3, 2], padding="SAME",
    ),
    case("max-pool-3d", "max_pool 2 as p", "max_pool3d", BOX, 2, scope="p"),
    case(
        "max-pool-3d-same",
        "max_pool [2, 3, 3] [1, 2, 2] SAME",
        "max_pool3d", BOX, [2, 3, 3], [1, 2, 2], "SAME",
    ),
    case("avg-pool-3d", "avg_pool [2, 3, 2] 1", "avg_pool3d", BOX, [2, 3, 2], 1),
    case("avg-pool-3d-same", "avg_pool 3 2 SAME", "avg_pool3d", BOX, 3, 2, "SAME"),
    case(
        "pool-max",
        "pool 3 MAX stride=2",
        "pool", MAP, 3, "MAX", stride=2,
    ),
    case(
        "pool-avg-rate",
        "pool 3 AVG dilation_rate=2",
        "pool", MAP, 3, "AVG", dilation_rate=2,
    ),
]  # fmt: skip

OTHERS = [
    case("flatten", "flatten", "flatten", MAP),
    case("dropout-kept", "dropout 1.0 as d", "dropout", MAP, 1.0, scope="d"),
    case("dropout-inference", "dropout 0.3 is_training=false", "dropout", MAP, 0.3, is_training=False),
    case("dropout-training", "dropout 0.7", "dropout", [64, 64], 0.7),
    case(
        "dropout-noise-shape",
        "dropout 0.5 noise_shape=[none, 1, 1, 4] seed=3",
        "dropout", MAP, 0.5, noise_shape=[2, 1, 1, 4], seed=3,
    ),
    case("bias-add", "bias_add", "bias_add", MAP),
    case(
        "bias-add-all",
        "bias_add activation=relu initializer=constant(0.1) regularizer=l2(0.25) as b",
        "bias_add", MAP, activation_fn={"$tf": "nn.relu"}, initializer=constant(0.1),
        regularizer=L2, scope="b",
    ),
    case(
        "bias-add-channels-first",
        "bias_add data_format=NCHW trainable=false as b",
        "bias_add", [2, 4, 9, 10], data_format="NCHW", trainable=False, scope="b",
    ),
    case("one-hot", "one_hot 5", "one_hot_encoding", [7], 5, dtype="int32"),
    case(
        "one-hot-values",
        "one_hot 5 on_value=2.0 off_value=-1.0",
        "one_hot_encoding", [7], 5, on_value=2.0, off_value=-1.0, dtype="int64",
    ),
    case("unit-norm", "unit_norm 1", "unit_norm", ROW, 1),
    case("unit-norm-map", "unit_norm 2 epsilon=0.01", "unit_norm", MAP, 2, epsilon=0.01),
    case("maxout", "maxout 2", "maxout", MAP, 2),
    case("maxout-axis", "maxout 3 axis=1", "maxout", MAP, 3, axis=1),
    case("spatial-softmax", "spatial_softmax", "spatial_softmax", MAP),
    case(
        "spatial-softmax-all",
        "spatial_softmax temperature=0.5 trainable=false as s",
        "spatial_softmax", MAP, temperature=0.5, name="s", trainable=False,
    ),
    case(
        "spatial-softmax-channels-first",
        "spatial_softmax data_format=NCHW",
        "spatial_softmax", [2, 4, 9, 10], data_format="NCHW",
    ),
    case("scale-gradient", "scale_gradient 0.25", "layers.scale_gradient", MAP, 0.25),
    case("softmax", "softmax", "softmax", MAP),
    case("softmax-row", "softmax as s", "softmax", ROW, scope="s"),
]  # fmt: skip
