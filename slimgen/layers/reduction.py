"""Layers that reduce axes to one value."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import Boolean, Either, Integer, ListOf
from slimgen.layers.declaration import Layer, TensorType, parameter
from slimgen.layers.shape_arithmetic import axis_of


class Reduction(Layer):
    """The axes, and whether they stay with length 1."""

    family = "Reductions"
    varies = False

    axis: int | tuple[int, ...] = parameter(
        Either((Integer(), ListOf(Integer()))), "the axes; 0 is the batch"
    )
    keepdims: bool = parameter(Boolean(), "keep them with length 1", False)

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, axis=self._axes(inputs[0].rank))

    def _axes(self, rank: int) -> tuple[int, ...]:
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return tuple(sorted({axis_of(axis, rank, self.word) for axis in given}))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        axes = self._axes(tensor.rank)
        sizes = [
            1 if i in axes else size
            for i, size in enumerate(tensor.shape)
            if self.keepdims or i not in axes
        ]
        return (TensorType(tuple(sizes), tensor.dtype),)


class ReduceMean(Reduction):
    """Take the mean over axes; over `[1, 2]` it is global average pooling.

    Shape: [batch, height, width, channels] -> [batch, channels] for `[1, 2]`.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/reduce_mean
    """

    word = "reduce_mean"
    tensorflow = "tf.reduce_mean"
    example = "reduce_mean [1, 2] keepdims=true as pool5"


class ReduceMax(Reduction):
    """Take the largest value over axes.

    Shape: [batch, height, width, channels] -> [batch, channels] for `[1, 2]`.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/reduce_max
    """

    word = "reduce_max"
    tensorflow = "tf.reduce_max"
    example = "reduce_max [1, 2]"


class ReduceMin(Reduction):
    """Take the smallest value over axes.

    Shape: [batch, height, width, channels] -> [batch, channels] for `[1, 2]`.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/reduce_min
    """

    word = "reduce_min"
    tensorflow = "tf.reduce_min"
    example = "reduce_min [1, 2]"


class ReduceSum(Reduction):
    """Take the sum over axes.

    Shape: [batch, height, width, channels] -> [batch, channels] for `[1, 2]`.
    Source: https://www.tensorflow.org/api_docs/python/tf/math/reduce_sum
    """

    word = "reduce_sum"
    tensorflow = "tf.reduce_sum"
    example = "reduce_sum [1, 2]"
