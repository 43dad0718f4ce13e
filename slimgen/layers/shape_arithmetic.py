"""Shape arithmetic: pure, no TensorFlow."""

import math
from collections.abc import Sequence

from slimgen.layers.declaration import Shape, ShapeError, TensorType


def window_size(
    size: int | None, kernel: int, stride: int, rate: int, padding: str
) -> int | None:
    """Positions a window takes along one axis; None when `size` is unknown.

    Raises:
        ShapeError: Without padding the window is longer than the axis.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    if size is None:
        return None
    if padding == "SAME":
        return -(-size // stride)
    length = kernel + (kernel - 1) * (rate - 1)
    if length > size:
        raise ShapeError(
            f"a window of {length} does not fit an axis of {size}",
            "use `SAME` padding, or a smaller window",
        )
    return (size - length) // stride + 1


def window_sizes(
    sizes: Shape,
    kernel: Sequence[int],
    stride: Sequence[int],
    rate: Sequence[int],
    padding: str,
) -> tuple[int | None, ...]:
    """Return the positions of a window along each spatial axis.

    Raises:
        ShapeError: The window does not fit, or has both a stride and a rate.
    """
    if max(stride) > 1 and max(rate) > 1:
        raise ShapeError("a stride and a rate above 1 do not go together")
    windows = zip(sizes, kernel, stride, rate, strict=True)
    return tuple(window_size(n, k, s, r, padding) for n, k, s, r in windows)


def transposed_size(
    size: int | None, kernel: int, stride: int, padding: str
) -> int | None:
    """Length of one axis after a transposed convolution; None when unknown.

    Source: TF-Slim's convolution2d_transpose: SAME gives size·stride, VALID
    size·stride + max(kernel - stride, 0).
    """
    if size is None:
        return None
    extra = max(kernel - stride, 0) if padding == "VALID" else 0
    return size * stride + extra


def spread(value: "int | Sequence[int]", axes: int, what: str) -> tuple[int, ...]:
    """Give a window one size for each of `axes` spatial axes."""
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        noun = "axis" if axes == 1 else "axes"
        raise ShapeError(
            f"{what} has {len(value)} sizes, the input has {axes} spatial {noun}"
        )
    return tuple(value)


def spatial_axes(inputs: Sequence[TensorType], least: int, most: int) -> int:
    """Count the spatial axes of the input; an error outside `least` to `most`."""
    axes = inputs[0].rank - 2
    if not least <= axes <= most:
        ranks = f"{least + 2}" if least == most else f"{least + 2} to {most + 2}"
        raise ShapeError(
            f"an input of rank {ranks} is needed, this one has rank {inputs[0].rank}"
        )
    return axes


FORMATS = (("NWC", "NCW"), ("NHWC", "NCHW"), ("NDHWC", "NCDHW"))


def channels_first(data_format: str | None, axes: int) -> bool:
    """Tell whether `data_format` puts the channels before `axes` spatial axes.

    Raises:
        ShapeError: It is of another number of axes.
    """
    if data_format is None:
        return False
    if data_format not in FORMATS[axes - 1]:
        fitting = " or ".join(f"`{text}`" for text in FORMATS[axes - 1])
        raise ShapeError(
            f"`{data_format}` does not fit an input with {axes} spatial axes",
            f"use {fitting}",
        )
    return data_format.startswith("NC")


def channels_last(tensor: TensorType, data_format: str | None) -> TensorType:
    """Return the tensor with its channels last."""
    if not channels_first(data_format, tensor.rank - 2):
        return tensor
    batch, channels, *spatial = tensor.shape
    return TensorType((batch, *spatial, channels), tensor.dtype)


def in_format(tensor: TensorType, data_format: str | None) -> TensorType:
    """Return a tensor whose channels are last in the order of `data_format`."""
    if not channels_first(data_format, tensor.rank - 2):
        return tensor
    batch, *spatial, channels = tensor.shape
    return TensorType((batch, channels, *spatial), tensor.dtype)


def axis_of(axis: int, rank: int, what: str) -> int:
    """Count `axis` from 0; an error when a tensor of `rank` has no such axis."""
    if not -rank <= axis < rank:
        raise ShapeError(
            f"`{what}`: axis {axis} does not exist, the input has rank {rank}",
            "axes count from 0, which is the batch",
        )
    return axis % rank


def axis_within(axis: int, tensor: TensorType, word: str) -> int:
    """Count `axis` from 0; an error where it is the batch of the tensor, or none of its axes."""
    place = axis_of(axis, tensor.rank, word)
    if place == 0 and tensor.has_batch:
        raise ShapeError(f"`{word}` is within an example: axis 0 is the batch")
    return place


def uniform(value: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """Return one number for a window that is the same along all axes."""
    if isinstance(value, int) or any(item != value[0] for item in value):
        return value
    return value[0]


def require_float(tensor: TensorType) -> None:
    """Raise ShapeError unless the tensor holds floating-point numbers."""
    if "float" not in tensor.dtype:
        raise ShapeError(f"floating-point values are needed, these are {tensor.dtype}")


def product(shape: Shape) -> int | None:
    """Count the elements; None when a length is unknown."""
    return None if None in shape else math.prod(n for n in shape if n is not None)


def elements(tensor: TensorType) -> int:
    """Count the elements for one example; 0 when a length is unknown."""
    return product(tensor.example) or 0


def broadcast(first: Shape, second: Shape) -> Shape:
    """Shape of an element-wise operation, as in TensorFlow.

    Raises:
        ShapeError: The shapes do not go together.
    """
    rank = max(len(first), len(second))
    short, long = sorted((first, second), key=len)
    if short[:1] == (None,) and long[:1] == (None,) and len(short) < len(long):
        # The batch of one would meet another axis of the other.
        raise ShapeError(f"{TensorType(first)} and {TensorType(second)} differ")
    left = (1,) * (rank - len(first)) + tuple(first)
    right = (1,) * (rank - len(second)) + tuple(second)
    if rank and None in (left[0], right[0]) and not {left[0], right[0]} <= {None, 1}:
        # A batch has no length of its own: another one fits it once at most.
        raise ShapeError(f"{TensorType(first)} and {TensorType(second)} differ")
    result: list[int | None] = []
    for a, b in zip(left, right, strict=True):
        if a == b or b == 1:
            result.append(a)
        elif a == 1:
            result.append(b)
        elif a is None or b is None:
            result.append(a if b is None else b)
        else:
            raise ShapeError(f"{TensorType(first)} and {TensorType(second)} differ")
    return tuple(result)
