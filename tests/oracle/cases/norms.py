"""Every argument of the normalizers."""

from typing import Any

from oracle.cases.describe import BOX, L1, L2, LINE, MAP, ROW, Case, case, constant

WEIGHTS = [0.0, 1.0, 2.0, 0.5]
CLIPPING = {"rmax": 1.5, "rmin": 0.7, "dmax": 0.3}
STARTS = {"beta": 0.5, "gamma": 2.0, "moving_mean": 0.25, "moving_variance": 3.0}


SHAPES = {"2": [4, 3], "3": [4, 5, 3], "4": [4, 5, 6, 3], "5": [4, 2, 5, 3, 3]}


def norms(name: str, line: str, ranks: str, **kwargs: Any) -> list[Case]:
    """Return batch norm in training and in inference for each of `ranks`."""
    found = []
    for rank in ranks:
        for training in (True, False):
            identity = (
                f"batch-norm-{name}-{rank}d-{'training' if training else 'inference'}"
            )
            words = f"batch_norm {line} is_training={str(training).lower()} as n"
            kwargs |= {"is_training": training, "scope": "n"}
            found.append(case(identity, words, "batch_norm", SHAPES[rank], **kwargs))
    return found


BATCH_NORMS = [
    case("batch-norm", "batch_norm", "batch_norm", [4, 5, 6, 3]),
    *norms("plain", "", "2345"),
    *norms("scale", "decay=0.9 scale=true epsilon=0.01", "2345",
           decay=0.9, scale=True, epsilon=0.01),
    *norms("no-center", "center=false", "24", center=False),
    *norms("relu", "scale=true activation=relu", "24", scale=True,
           activation_fn={"$tf": "nn.relu"}),
    *norms("unfused", "fused=false", "245", fused=False),
    *norms("frozen", "scale=true trainable=false", "24", scale=True, trainable=False),
    *norms(
        "initializers",
        "scale=true param_initializers=params(beta=constant(0.5), gamma=constant(2.0),"
        " moving_mean=constant(0.25), moving_variance=constant(3.0))",
        "24",
        scale=True,
        param_initializers={key: constant(value) for key, value in STARTS.items()},
    ),
    *norms("regularizers", "scale=true param_regularizers=params(beta=l1(0.1), gamma=l2(0.25))",
           "24", scale=True, param_regularizers={"beta": L1, "gamma": L2}),
    *norms("in-place", "decay=0.9 updates_collections=none", "234", decay=0.9,
           updates_collections=None),
    *norms("own-updates", "decay=0.9", "24", decay=0.9,
           updates_collections="mine"),
    *norms("own-updates-unfused", "decay=0.9 fused=false", "24",
           decay=0.9, fused=False, updates_collections="mine"),
    *norms("weights", "decay=0.9 batch_weights=w", "24", decay=0.9,
           batch_weights={"$tensor": WEIGHTS}),
    *norms("zero-debias", "decay=0.9 zero_debias_moving_mean=true", "234", decay=0.9,
           zero_debias_moving_mean=True, steps=3),
    *norms("zero-debias-unfused", "decay=0.9 zero_debias_moving_mean=true fused=false", "4",
           decay=0.9, zero_debias_moving_mean=True, fused=False),
    *norms("renorm", "decay=0.9 renorm=true", "24", decay=0.9, renorm=True, steps=3),
    *norms(
        "renorm-all",
        "decay=0.9 scale=true renorm=true renorm_decay=0.8"
        " renorm_clipping=params(rmax=1.5, rmin=0.7, dmax=0.3)",
        "4",
        decay=0.9, scale=True, renorm=True, renorm_decay=0.8, renorm_clipping=CLIPPING,
        steps=3,
    ),
    *norms(
        "adjustment",
        "decay=0.9 adjustment=python(\"adjustments:fixed\")",
        "24",
        decay=0.9,
        adjustment={"$always": {"$pair": [{"$tensor": 1.5}, {"$tensor": 0.25}]}},
    ),
    case(
        "batch-norm-channels-first",
        "batch_norm data_format=NCHW scale=true as n",
        "batch_norm", [4, 3, 5, 6], data_format="NCHW", scale=True, scope="n",
    ),
    case(
        "batch-norm-half",
        "batch_norm scale=true as n",
        "batch_norm", [4, 5, 6, 3], scale=True, scope="n", dtype="float16",
    ),
    case(
        "batch-norm-late",
        "batch_norm as n",
        "batch_norm", [4, 5, 6, 3], is_training={"$late": True}, scope="n",
    ),
]  # fmt: skip

NORMS = [
    case("layer-norm", "layer_norm as n", "layer_norm", MAP, scope="n"),
    case("layer-norm-unnamed", "layer_norm", "layer_norm", ROW),
    case(
        "layer-norm-no-scale",
        "layer_norm scale=false activation=relu as n",
        "layer_norm", MAP, scale=False, activation_fn={"$tf": "nn.relu"}, scope="n",
    ),
    case(
        "layer-norm-no-center", "layer_norm center=false as n", "layer_norm", ROW,
        center=False, scope="n",
    ),
    case(
        "layer-norm-axes",
        "layer_norm begin_norm_axis=2 begin_params_axis=2 as n",
        "layer_norm", MAP, begin_norm_axis=2, begin_params_axis=2, scope="n",
    ),
    case(
        "layer-norm-last",
        "layer_norm begin_norm_axis=-1 trainable=false as n",
        "layer_norm", MAP, begin_norm_axis=-1, trainable=False, scope="n",
    ),
    case(
        "layer-norm-half", "layer_norm as n", "layer_norm", ROW, scope="n", dtype="float16",
    ),
    case("instance-norm", "instance_norm", "instance_norm", MAP),
    case("instance-norm-1d", "instance_norm as n", "instance_norm", LINE, scope="n"),
    case("instance-norm-3d", "instance_norm as n", "instance_norm", BOX, scope="n"),
    case(
        "instance-norm-all",
        "instance_norm center=true scale=false epsilon=0.001 activation=relu as n",
        "instance_norm", MAP, scale=False, epsilon=0.001,
        activation_fn={"$tf": "nn.relu"}, scope="n",
    ),
    case(
        "instance-norm-initializers",
        "instance_norm param_initializers=params(beta=constant(0.5), gamma=constant(2.0)) as n",
        "instance_norm", MAP,
        param_initializers={"beta": constant(0.5), "gamma": constant(2.0)}, scope="n",
    ),
    case(
        "instance-norm-channels-first",
        "instance_norm data_format=NCHW as n",
        "instance_norm", [2, 4, 9, 10], data_format="NCHW", scope="n",
    ),
    case("group-norm", "group_norm 2", "group_norm", MAP, 2),
    case(
        "group-norm-all",
        "group_norm groups=4 center=false epsilon=0.001 activation=relu as n",
        "group_norm", MAP, groups=4, center=False, epsilon=0.001,
        activation_fn={"$tf": "nn.relu"}, scope="n",
    ),
    case(
        "group-norm-axes",
        "group_norm 2 channels_axis=-3 reduction_axes=[-2, -1] as n",
        "group_norm", [2, 4, 9, 10], 2, channels_axis=-3, reduction_axes=[-2, -1],
        scope="n",
    ),
    case(
        "group-norm-mean-near-zero",
        "group_norm 2 mean_close_to_zero=true as n",
        "group_norm", MAP, 2, mean_close_to_zero=True, scope="n",
    ),
    case(
        "group-norm-initializers",
        "group_norm 2 param_initializers=params(beta=constant(0.5), gamma=constant(2.0)) as n",
        "group_norm", MAP, 2,
        param_initializers={"beta": constant(0.5), "gamma": constant(2.0)}, scope="n",
    ),
]  # fmt: skip
