"""Layers that drop values at random in training."""

from collections.abc import Sequence

from slimgen.layers.argument_types import Boolean, Integer, ListOf, Optional, Real
from slimgen.layers.declaration import (
    Layer,
    ShapeError,
    TensorType,
    VariableSpec,
    parameter,
)
from slimgen.layers.parametrised import COLLECTIONS, ZEROS
from slimgen.layers.shape_arithmetic import require_float

KEEP_PROB = Real(above=0, at_most=1)
OVERRIDE = "overrides the call's `training`; `none` follows it"


class Dropout(Layer):
    """Zero values at random in training, and multiply the others by 1 / keep_prob.

    Shape: [batch, …] -> the same.
    Source: Srivastava et al., 2014; https://www.tensorflow.org/api_docs/python/tf/nn/dropout
    """

    word = "dropout"
    slim = "dropout"
    tensorflow = "tf.nn.experimental.stateless_dropout"
    family = "Dropout"
    default_scope = "Dropout"
    example = "dropout 0.8 as dropout6"
    traps = COLLECTIONS

    keep_prob: float = parameter(KEEP_PROB, "share of the values that stay", 0.5)
    noise_shape: tuple[int | None, ...] | None = parameter(
        Optional(ListOf(Optional(Integer(1)))),
        "shape of the draws, broadcast: 1 for axes that share them, `none` for whole axes",
        None,
        neutral=None,
    )
    is_training: bool | None = parameter(
        Optional(Boolean()), OVERRIDE, None, positional=False, neutral=None
    )
    seed: int | None = parameter(
        Optional(Integer(0)),
        "draw from a stream of its own, fixed by this number",
        None,
        positional=False,
        neutral=None,
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        if self.noise_shape is not None:
            self._check_noise(inputs[0])
        return (inputs[0],)

    def _check_noise(self, tensor: TensorType) -> None:
        shape = self.noise_shape or ()
        if len(shape) != tensor.rank:
            raise ShapeError(
                f"`noise_shape` has {len(shape)} axes, the input is {tensor}",
                "the batch is its first axis: `[none, 1, 1, none]`",
            )
        for drawn, size in zip(shape, tensor.shape, strict=True):
            if drawn not in (None, 1, size) and size is not None:
                raise ShapeError(
                    f"`noise_shape` does not fit {tensor}: {drawn} draws for {size} values"
                )

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        """With a seed, how often it has drawn; no checkpoint of TF-Slim's has that."""
        return () if self.seed is None else (counter("draws"),)


def counter(name: str) -> VariableSpec:
    """A whole number that counts calls, left out of slim's checkpoints."""
    return VariableSpec(name, (), ZEROS, trainable=False, dtype="int64", saved=False)


class DropPath(Layer):
    """Drop a branch for whole examples at random in training, as in NASNet.

    With `steps`, dropping starts at nothing and grows linearly until that many training
    steps have passed; they are counted in a variable of the layer, `step`.

    Shape: [batch, …] -> the same.
    Source: Larsson et al., arXiv:1605.07648; research/slim, nets/nasnet/nasnet_utils.py.
    """

    word = "drop_path"
    family = "Dropout"
    default_scope = "DropPath"
    example = "drop_path 0.7 steps=1000 as path"

    keep_prob: float = parameter(
        KEEP_PROB, "share of the examples that keep the branch"
    )
    steps: int | None = parameter(
        Optional(Integer(1)),
        "training steps until keep_prob is reached",
        None,
        positional=False,
        neutral=None,
    )
    is_training: bool | None = parameter(
        Optional(Boolean()), OVERRIDE, None, positional=False, neutral=None
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_float(inputs[0])
        return (inputs[0],)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        return () if self.steps is None else (counter("step"),)
