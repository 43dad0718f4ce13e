"""Make the installed `tf-slim` 1.1.0 run on TensorFlow 2.21 with tf_keras.

TF-Slim 1.1.0 was written for TensorFlow 2.0; three things have moved since. `load_slim`
mends them in this process and nowhere else, imports TF-Slim and switches to graph mode, so
it is for the oracle's own processes only:

- `tf.layers` lives in `tf_keras.legacy_tf_layers`, which tf_keras ships only under
  `tf_keras.src`; the old names become aliases.
- `tensorflow.python.framework.ops.Tensor` is now `tensorflow.python.framework.tensor.Tensor`
  (`batch_norm` of rank 2, `updates_collections=None`, `zero_debias_moving_mean` and
  `dropout` look at it); likewise `control_flow_ops.cond` (a boolean tensor as
  `is_training`) and `ops.IndexedSlices` (clipping and multiplying gradients).
- Layers built by Keras 3 refuse `tf.layers`; `TF_USE_LEGACY_KERAS=1` picks tf_keras.
"""

import importlib
import os
import sys
from types import ModuleType

from slimgen.verify.untyped import Tensor

LEGACY_PARTS = ("base", "convolutional", "core", "normalization", "pooling")


def load_slim(*, smooth: bool = False) -> ModuleType:
    """Return `tf_slim`, running, in graph mode; `smooth` makes every network smooth.

    Args:
        smooth: As `request.Request` says it, everywhere, also inside TF-Slim's own networks.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    _alias_legacy_layers()
    _restore_moved_names()
    if smooth:
        _replace_relus()
    slim = importlib.import_module("tf_slim")
    importlib.import_module("tf_slim.nets")
    if smooth:
        _replace_max_pooling()
    return slim


def _alias_legacy_layers() -> None:
    for part in ("", *(f".{name}" for name in LEGACY_PARTS)):
        module = importlib.import_module(f"tf_keras.src.legacy_tf_layers{part}")
        sys.modules[f"tf_keras.legacy_tf_layers{part}"] = module


def _restore_moved_names() -> None:
    from tensorflow.python.framework import indexed_slices, ops, tensor
    from tensorflow.python.ops import cond, control_flow_ops

    ops.Tensor = tensor.Tensor
    ops.IndexedSlices = indexed_slices.IndexedSlices
    control_flow_ops.cond = cond.cond


def _replace_relus() -> None:
    """Replace relu and relu6 under their names, before TF-Slim binds them in default arguments.

    Networks outside TF-Slim's package say `tf.nn.relu`, which is a name of its own.
    """
    import tensorflow as tf
    from tensorflow.python.ops import nn, nn_ops

    def relu6(features: Tensor, name: str | None = None) -> Tensor:
        smooth = nn_ops.softplus(features) - nn_ops.softplus(features - 6)
        return tf.identity(smooth, name)

    for names in (nn, nn_ops, tf.nn, tf.compat.v1.nn):
        names.relu = nn_ops.softplus
        names.relu6 = relu6


def _replace_max_pooling() -> None:
    """Let TF-Slim's max pools build `tf.layers`' average pools."""
    from tensorflow.python.layers import pooling

    pooling.MaxPooling2D = pooling.AveragePooling2D
    pooling.MaxPooling3D = pooling.AveragePooling3D
