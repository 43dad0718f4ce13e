"""Layers that take a part of a tensor, and those that turn images into sequences."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import Choice, Either, Integer, ListOf
from slimgen.layers.declaration import Layer, ShapeError, TensorType, parameter
from slimgen.layers.normalization import DATA_FORMAT, channels_first
from slimgen.layers.parametrised import COLLECTIONS
from slimgen.layers.shape_arithmetic import axis_of


class Slice(Layer):
    """Cut out a box, or every second, third, … value of one.

    With `strides=[1, 2, 2, 1]` every second row and column of the box is left, its first
    one included; a stride of -1 turns an axis round.

    Shape: [batch, …] -> [batch, size[1:]]; with strides each size / stride, rounded up.
    Source: https://www.tensorflow.org/api_docs/python/tf/slice and tf/strided_slice
    """

    word = "slice"
    tensorflow = "tf.slice"
    family = "Shapes"
    varies = False
    example = "slice [0, 0, 0, 0] [-1, 16, 16, -1]"
    sizes = ("begin", "size")

    begin: tuple[int, ...] = parameter(ListOf(Integer(0)), "where it begins, 0 first")
    size: tuple[int, ...] = parameter(
        ListOf(Integer(-1)), "its sizes; -1: all that is left, as for the batch"
    )
    strides: tuple[int, ...] = parameter(
        ListOf(Integer()), "steps along its axes; negative ones go from its end", ()
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        steps = any(stride != 1 for stride in self.strides)
        return self if steps else replace(self, strides=())

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        strides = self.strides or (1,) * tensor.rank
        given = (("begin", self.begin), ("size", self.size), ("strides", strides))
        for name, numbers in given:
            if len(numbers) != tensor.rank:
                raise ShapeError(
                    f"`{name}` has {len(numbers)} numbers, the input {tensor.rank} axes"
                )
        if 0 in strides:
            raise ShapeError("`slice` takes no stride of 0")
        whole = (self.begin[0], self.size[0], strides[0]) == (0, -1, 1)
        if tensor.has_batch and not whole:
            raise ShapeError(
                "`slice` leaves the batch as it is",
                "write `slice [0, …] [-1, …]`, the batch first",
            )
        axes = zip(tensor.shape, self.begin, self.size, strict=True)
        parts = zip((_part(*axis) for axis in axes), strides, strict=True)
        sizes = tuple(None if n is None else -(-n // abs(step)) for n, step in parts)
        return (TensorType(sizes, tensor.dtype),)


def _part(whole: int | None, begin: int, size: int) -> int | None:
    if whole is None:
        return None if size == -1 else size
    if begin + max(size, 0) > whole:
        raise ShapeError(f"an axis of {whole} has no part of {size} from {begin} on")
    return whole - begin if size == -1 else size


class Split(Layer):
    """Take one of the parts into which an axis is cut.

    Shape: [batch, …, channels] -> [batch, …, channels / parts].
    Source: https://www.tensorflow.org/api_docs/python/tf/split
    """

    word = "split"
    tensorflow = "tf.split"
    family = "Shapes"
    varies = False
    example = "split 2 0"

    num_or_size_splits: int | tuple[int, ...] = parameter(
        Either((Integer(1), ListOf(Integer(0)))), "number of parts, or size of each"
    )
    index: int = parameter(Integer(0), "which part, from 0")
    axis: int = parameter(Integer(), "the axis that is cut", -1)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        axis = axis_of(self.axis, tensor.rank, self.word)
        if axis == 0 and tensor.has_batch:
            raise ShapeError("`split` leaves the batch as it is")
        size = tensor.shape[axis]
        if size is None:
            raise ShapeError(f"the size of axis {axis} of {tensor} is not known here")
        parts = self._parts(size)
        if self.index >= len(parts):
            raise ShapeError(f"there are parts 0 to {len(parts) - 1}, not {self.index}")
        sizes = (*tensor.shape[:axis], parts[self.index], *tensor.shape[axis + 1 :])
        return (TensorType(sizes, tensor.dtype),)

    def _parts(self, size: int) -> tuple[int, ...]:
        given = self.num_or_size_splits
        if isinstance(given, tuple):
            if sum(given) != size:
                raise ShapeError(f"parts of {list(given)} do not make up {size}")
            return given
        if size % given:
            raise ShapeError(
                f"an axis of {size} cannot be cut into {given} equal parts"
            )
        return (size // given,) * given


class ImagesToSequence(Layer):
    """Read each row of an image as a sequence along its width.

    Shape: [batch, height, width, channels] -> [width, batch * height, channels].
    Source: tf_slim/layers/layers.py, images_to_sequence.
    """

    word = "images_to_sequence"
    slim = "images_to_sequence"
    tensorflow = "tf.transpose"
    family = "Shapes"
    default_scope = "ImagesToSequence"
    opens_variable_scope = False
    example = "images_to_sequence"
    traps = COLLECTIONS

    data_format: str | None = parameter(
        DATA_FORMAT, "order of the axes; `NC…`: channels first", "NHWC", neutral=None
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, data_format=channels_first(self.data_format))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        if tensor.rank != 4:
            raise ShapeError(f"images are needed, of rank 4; the input is {tensor}")
        batch, height, width, depth = tensor.shape
        if channels_first(self.data_format):
            batch, depth, height, width = tensor.shape
        if width is None or depth is None:
            raise ShapeError("the width and the channels have to be known")
        rows = None if batch is None or height is None else batch * height
        return (TensorType((width, rows, depth), tensor.dtype),)


class SequenceToImages(Layer):
    """Put sequences together to images again, `height` rows each.

    Shape: [width, batch * height, channels] -> [batch, height, width, channels].
    Source: tf_slim/layers/layers.py, sequence_to_images.
    """

    word = "sequence_to_images"
    slim = "sequence_to_images"
    tensorflow = "tf.transpose"
    family = "Shapes"
    default_scope = "SequenceToImages"
    opens_variable_scope = False
    example = "images_to_sequence; sequence_to_images 32"
    traps = COLLECTIONS

    height: int = parameter(Integer(1), "rows of an image")
    output_data_format: str = parameter(
        Choice(("channels_last", "channels_first")),
        "order of the axes",
        "channels_last",
        neutral="channels_last",
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        if tensor.rank != 3:
            raise ShapeError(f"a sequence is needed, of rank 3; the input is {tensor}")
        width, rows, depth = tensor.shape
        if rows is not None and rows % self.height:
            raise ShapeError(f"{rows} rows do not make images of height {self.height}")
        batch = None if rows is None else rows // self.height
        if self.output_data_format == "channels_first":
            return (TensorType((batch, depth, self.height, width), tensor.dtype),)
        return (TensorType((batch, self.height, width, depth), tensor.dtype),)
