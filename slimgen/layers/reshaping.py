"""Layers that put the same values in another shape or order."""

import math
from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import Either, Integer, ListOf, Optional
from slimgen.layers.declaration import Layer, Shape, ShapeError, TensorType, parameter
from slimgen.layers.parametrised import COLLECTIONS
from slimgen.layers.shape_arithmetic import axis_of, axis_within, product

WHOLE_NUMBERS = Either((Integer(), ListOf(Integer())))


class Flatten(Layer):
    """Lay out all values of an example in one axis.

    Shape: [batch, …] -> [batch, product].
    Source: https://www.tensorflow.org/api_docs/python/tf/reshape
    """

    word = "flatten"
    slim = "flatten"
    tensorflow = "tf.reshape"
    family = "Shapes"
    varies = False
    default_scope = "Flatten"
    opens_variable_scope = False
    example = "flatten as Flatten_1"
    traps = COLLECTIONS

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return Flattened(size=self.outputs(inputs)[0].shape[1])

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        return (TensorType((tensor.shape[0], product(tensor.shape[1:])), tensor.dtype),)


class Flattened(Flatten):
    """`flatten` of an input whose size is known: the form that is emitted."""

    sizes = ("size",)

    size: int | None = parameter(Optional(Integer(0)), "values of one example")


class Squeeze(Layer):
    """Take away axes of length 1: those given, else all but the batch.

    Shape: [batch, 1, 1, channels] -> [batch, channels].
    Source: https://www.tensorflow.org/api_docs/python/tf/squeeze
    """

    word = "squeeze"
    tensorflow = "tf.squeeze"
    family = "Shapes"
    varies = False
    example = "reduce_mean [1, 2] keepdims=true; squeeze [1, 2] as squeezed"

    axis: int | tuple[int, ...] = parameter(WHOLE_NUMBERS, "the axes", ())

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, axis=self._axes(inputs[0]))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        axes = self._axes(inputs[0])
        if 0 in axes and inputs[0].shape[0] is None:
            raise ShapeError("`squeeze` leaves the batch, axis 0, as it is")
        for axis in axes:
            if inputs[0].shape[axis] not in (1, None):
                raise ShapeError(
                    f"`squeeze`: axis {axis} of {inputs[0]} has"
                    f" {inputs[0].shape[axis]} values, only axes of 1 can go"
                )
        kept = [size for i, size in enumerate(inputs[0].shape) if i not in axes]
        return (TensorType(tuple(kept), inputs[0].dtype),)

    def _axes(self, tensor: TensorType) -> tuple[int, ...]:
        if self.axis != ():
            given = {axis_of(a, tensor.rank, self.word) for a in _all(self.axis)}
            return tuple(sorted(given))
        if None in tensor.example:
            raise ShapeError(
                f"`squeeze` cannot tell which axes of {tensor} have length 1",
                "name them: `squeeze [1, 2]`",
            )
        return tuple(i for i, size in enumerate(tensor.shape) if size == 1)


class ExpandDims(Layer):
    """Put in an axis of length 1.

    Shape: [batch, channels] -> [batch, 1, channels] for axis 1.
    Source: https://www.tensorflow.org/api_docs/python/tf/expand_dims
    """

    word = "expand_dims"
    tensorflow = "tf.expand_dims"
    family = "Shapes"
    varies = False
    example = "expand_dims 1"

    axis: int = parameter(Integer(), "where the new axis stands")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        sizes = list(inputs[0].shape)
        sizes.insert(axis_of(self.axis, len(sizes) + 1, "expand_dims"), 1)
        return (TensorType(tuple(sizes), inputs[0].dtype),)


class Reshape(Layer):
    """Give the values of each example another shape.

    The first size is the batch, -1; one more -1 stands for what is left over. A variable or
    a constant has no batch: all its axes are sizes like others.

    Shape: [batch, 3136] -> [batch, 7, 7, 64] for `[-1, 7, 7, 64]`.
    Source: https://www.tensorflow.org/api_docs/python/tf/reshape
    """

    word = "reshape"
    tensorflow = "tf.reshape"
    family = "Shapes"
    varies = False
    example = "reshape [-1, 1024, 4]"
    sizes = ("shape",)

    shape: tuple[int, ...] = parameter(
        ListOf(Integer(-1)), "the new sizes, the batch first"
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        sizes = self.outputs(inputs)[0].shape
        return replace(self, shape=tuple(-1 if n is None else n for n in sizes))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        if not tensor.has_batch:
            return (TensorType(self._sizes(tensor, self.shape), tensor.dtype),)
        if not self.shape or self.shape[0] != -1:
            raise ShapeError(
                "`reshape` keeps the batch, so its first size is -1",
                f"write `reshape [-1, {', '.join(map(str, self.shape))}]`",
            )
        sizes = self._sizes(tensor, self.shape[1:])
        return (TensorType((None, *sizes), tensor.dtype),)

    def _sizes(self, tensor: TensorType, sizes: tuple[int, ...]) -> Shape:
        count = product(tensor.example)
        if sizes.count(-1) > 1:
            besides = " besides the batch" if tensor.has_batch else ""
            raise ShapeError(f"`reshape` can work out one size{besides}")
        known = math.prod(n for n in sizes if n != -1)
        if count is None:
            return tuple(None if n == -1 else n for n in sizes)
        fits = known and count % known == 0 if -1 in sizes else known == count
        if not fits:
            raise ShapeError(
                f"`reshape` to {list(self.shape)}:"
                f" {'an example of ' * tensor.has_batch}{tensor} has {count} values, not {known}{' times a whole number' * (-1 in sizes)}"
            )
        return tuple(count // known if n == -1 else n for n in sizes)


class Transpose(Layer):
    """Put the axes in another order.

    Shape: [batch, height, width, channels] -> [batch, channels, height, width]
    for `[0, 3, 1, 2]`.
    Source: https://www.tensorflow.org/api_docs/python/tf/transpose
    """

    word = "transpose"
    tensorflow = "tf.transpose"
    family = "Shapes"
    varies = False
    example = "transpose [0, 3, 1, 2]"

    perm: tuple[int, ...] = parameter(
        ListOf(Integer(0)), "which axis of the input comes first, second, …"
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        if sorted(self.perm) != list(range(tensor.rank)):
            raise ShapeError(
                f"`transpose` needs each axis from 0 to {tensor.rank - 1} once,"
                f" found {list(self.perm)}"
            )
        return (TensorType(tuple(tensor.shape[i] for i in self.perm), tensor.dtype),)


class Roll(Layer):
    """Move the values along axes; those beyond the end come in at the beginning.

    Shape: [batch, …] -> the same.
    Source: https://www.tensorflow.org/api_docs/python/tf/roll
    """

    word = "roll"
    tensorflow = "tf.roll"
    family = "Shapes"
    varies = False
    example = "roll [-2, -2] [1, 2]"
    sizes = ("shift",)

    shift: int | tuple[int, ...] = parameter(
        WHOLE_NUMBERS, "by how many places; negative: towards the beginning"
    )
    axis: int | tuple[int, ...] = parameter(
        WHOLE_NUMBERS, "the axis, or the axis of each shift"
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        axes = tuple(axis_of(a, inputs[0].rank, self.word) for a in _all(self.axis))
        if len(axes) == 1:
            return replace(self, shift=_all(self.shift)[0], axis=axes[0])
        return replace(self, axis=axes)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        shifts, axes = _all(self.shift), _all(self.axis)
        if not axes or len(shifts) != len(axes):
            raise ShapeError(
                "`roll` takes a shift for each axis,"
                f" found {len(shifts)} for {len(axes)} {'axis' if len(axes) == 1 else 'axes'}"
            )
        for shift, axis in zip(shifts, axes, strict=True):
            axis_within(axis, inputs[0], self.word)
            if not -(2**31) <= shift < 2**31:
                raise ShapeError(f"`roll` by {shift} places is beyond any axis")
        return (inputs[0],)


def _all(given: int | tuple[int, ...]) -> tuple[int, ...]:
    return given if isinstance(given, tuple) else (given,)
