"""Layers for the spatial axes of images: pad, crop, resize, sub-pixels."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.layers.argument_types import (
    ArgumentError,
    Boolean,
    Choice,
    Either,
    Integer,
    ListOf,
    Optional,
    Real,
)
from slimgen.layers.declaration import Layer, Shape, ShapeError, TensorType, parameter
from slimgen.layers.literals import Literal
from slimgen.layers.shape_arithmetic import spread

Pairs = tuple[tuple[int, int], ...]
PAIRS = ListOf(ListOf(Integer(0), length=2))
NOTHING = (0, 0)


class Margins(Frozen):
    """How much to pad: one number, one an axis, or before and after each axis."""

    expected: str = "a margin such as `3`, `3x3` or `[[3, 3], [3, 3]]`"
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> Literal:
        try:
            return Either((Integer(0), ListOf(Integer(0)), PAIRS)).coerce(value)
        except ArgumentError:
            raise ArgumentError(self.expected) from None


class Pad(Layer):
    """Put a margin around the spatial axes.

    `3` and `3x3` pad both ends; `[[0, 1], [0, 1]]` gives what comes before and after. With
    as many pairs as the input has axes, as TensorFlow has it, any axis but the batch.

    Shape: [batch, height, width, channels] -> [batch, height + 6, width + 6, channels].
    Source: https://www.tensorflow.org/api_docs/python/tf/pad
    """

    word = "pad"
    tensorflow = "tf.pad"
    family = "Images"
    varies = False
    example = "pad 3x3 mode=REFLECT"
    sizes = ("paddings",)

    paddings: int | tuple[int, ...] | Pairs = parameter(
        Margins(), "width of the margin"
    )
    mode: str = parameter(
        Choice(("CONSTANT", "REFLECT", "SYMMETRIC", "ZERO")),
        "`REFLECT` mirrors without the edge, `SYMMETRIC` with it; `ZERO` is `CONSTANT`",
        "CONSTANT",
    )
    constant_values: float = parameter(
        Real(), "what a `CONSTANT` margin holds", 0.0, positional=False
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        mode = "CONSTANT" if self.mode == "ZERO" else self.mode
        return replace(self, paddings=self._pairs(inputs[0].rank), mode=mode)

    def _pairs(self, rank: int) -> Pairs:
        if isinstance(self.paddings, int) or isinstance(self.paddings[0], int):
            sizes = spread(self.paddings, rank - 2, "the margin")
            return (NOTHING, *((n, n) for n in sizes), NOTHING)
        pairs: Pairs = self.paddings
        if len(pairs) == rank:
            return pairs
        if len(pairs) == rank - 2:
            return (NOTHING, *pairs, NOTHING)
        raise ShapeError(
            f"`pad` has {len(pairs)} margins, the input has {rank - 2} spatial axes"
        )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        if tensor.rank < 3 and (tensor.has_batch or isinstance(self.paddings, int)):
            raise ShapeError(f"`pad` needs spatial axes, the input is {tensor}")
        pairs = self._pairs(tensor.rank)
        if pairs[0] != NOTHING and tensor.has_batch:
            raise ShapeError("`pad` leaves the batch as it is")
        self._check_mirror(tensor.shape, pairs)
        if self.constant_values and self.mode != "CONSTANT":
            raise ShapeError(f"`constant_values` has no meaning with `{self.mode}`")
        sizes = [
            None if size is None else size + sum(pair)
            for size, pair in zip(tensor.shape, pairs, strict=True)
        ]
        return (TensorType(tuple(sizes), tensor.dtype),)

    def _check_mirror(self, shape: Shape, pairs: Pairs) -> None:
        less = {"REFLECT": 1, "SYMMETRIC": 0}.get(self.mode)
        for size, pair in zip(shape, pairs, strict=True):
            if less is None or size is None or pair == NOTHING:
                continue
            if max(pair) > size - less:
                raise ShapeError(
                    f"an axis of {size} cannot be mirrored into a margin of {max(pair)}"
                )


class Crop(Layer):
    """Cut out a part of each image: its middle, or from `offset` on.

    Shape: [batch, height, width, channels] -> [batch, size, channels].
    Source: https://www.tensorflow.org/api_docs/python/tf/strided_slice; the middle as in
    research/slim, preprocessing/vgg_preprocessing.py.
    """

    word = "crop"
    tensorflow = "tf.strided_slice"
    family = "Images"
    varies = False
    example = "crop 24x24"

    size: int | tuple[int, ...] = parameter(
        Either((Integer(1), ListOf(Integer(1)))), "size of the part"
    )
    offset: tuple[int, ...] | None = parameter(
        Optional(ListOf(Integer(0))), "where it begins; `none`: in the middle", None
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        size, offset = self._box(inputs[0])
        return replace(self, size=size, offset=offset)

    def _box(self, tensor: TensorType) -> tuple[tuple[int, ...], tuple[int, ...]]:
        axes = tensor.rank - 2
        size = spread(self.size, axes, "the size")
        if self.offset is not None:
            return size, spread(self.offset, axes, "the offset")
        offsets = []
        for whole, part in zip(tensor.shape[1:-1], size, strict=True):
            if whole is None:
                raise ShapeError(
                    f"the middle of {tensor} is not known", "give `offset=[0, 0]`"
                )
            offsets.append((whole - part) // 2)
        return size, tuple(offsets)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        if tensor.rank < 3:
            raise ShapeError(f"`crop` needs spatial axes, the input is {tensor}")
        size, offset = self._box(tensor)
        for whole, part, start in zip(tensor.shape[1:-1], size, offset, strict=True):
            if whole is not None and (start < 0 or start + part > whole):
                at = "" if self.offset is None else f" from {start} on"
                raise ShapeError(f"an axis of {whole} has no part of {part}{at}")
        return (TensorType((tensor.shape[0], *size, tensor.shape[-1]), tensor.dtype),)


class DepthToSpace(Layer):
    """Lay out the channels of each pixel as a square of pixels: sub-pixel upsampling.

    Shape: [batch, height, width, channels] -> [batch, 2 · height, 2 · width, channels / 4]
    for a block of 2.
    Source: Shi et al., arXiv:1609.05158;
    https://www.tensorflow.org/api_docs/python/tf/nn/depth_to_space
    """

    word = "depth_to_space"
    tensorflow = "tf.nn.depth_to_space"
    family = "Images"
    varies = False
    example = "depth_to_space 2"
    sizes = ("block_size",)

    block_size: int = parameter(Integer(2), "height and width of the square")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor, block = inputs[0], self.block_size
        require_image(tensor)
        batch, height, width, _ = tensor.shape
        channels, rest = divmod(tensor.channels, block**2)
        if rest:
            raise ShapeError(
                f"{tensor.channels} channels do not fill squares of {block}x{block}",
                f"the number of channels has to be a multiple of {block**2}",
            )
        sides = [None if n is None else n * block for n in (height, width)]
        return (TensorType((batch, *sides, channels), tensor.dtype),)


class SpaceToDepth(Layer):
    """Put each square of pixels into the channels of one.

    Shape: [batch, height, width, channels] -> [batch, height / 2, width / 2, 4 · channels]
    for a block of 2.
    Source: https://www.tensorflow.org/api_docs/python/tf/nn/space_to_depth
    """

    word = "space_to_depth"
    tensorflow = "tf.nn.space_to_depth"
    family = "Images"
    varies = False
    example = "space_to_depth 2"
    sizes = ("block_size",)

    block_size: int = parameter(Integer(2), "height and width of the square")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor, block = inputs[0], self.block_size
        require_image(tensor)
        batch, height, width, _ = tensor.shape
        for side in (height, width):
            if side is not None and side % block:
                raise ShapeError(
                    f"an axis of {side} cannot be cut into squares of {block}x{block}"
                )
        sides = [None if n is None else n // block for n in (height, width)]
        channels = tensor.channels * block**2
        return (TensorType((batch, *sides, channels), tensor.dtype),)


def require_image(tensor: TensorType) -> None:
    """Raise ShapeError unless a tensor has the axes of images."""
    if tensor.rank != 4:
        raise ShapeError(f"an image is needed, of rank 4; the input is {tensor}")


class Resize(Layer):
    """Change the size of images by sampling.

    Pixels lie where TensorFlow 1 puts them, as networks of the TF-Slim age were trained
    (`align_corners=false half_pixel_centers=false`), and nothing is smoothed.
    TensorFlow has no gradient for `AREA`, and XLA compiles neither `AREA` nor `BICUBIC`.

    Shape: [batch, height, width, channels] -> [batch, size, channels].
    Source: https://www.tensorflow.org/api_docs/python/tf/compat/v1/image/resize
    """

    word = "resize"
    tensorflow = "tf.compat.v1.image.resize"
    family = "Images"
    varies = False
    example = "resize 64x64 NEAREST"
    sizes = ("size",)

    size: int | tuple[int, ...] = parameter(
        Either((Integer(1), ListOf(Integer(1)))), "the new height and width"
    )
    method: str = parameter(
        Choice(("BILINEAR", "NEAREST", "BICUBIC", "AREA")),
        "how values between pixels are found",
        "BILINEAR",
    )
    align_corners: bool = parameter(
        Boolean(), "corner pixels keep their values", False, positional=False
    )
    half_pixel_centers: bool = parameter(
        Boolean(),
        "pixels lie in the middle of their squares, as in TensorFlow 2",
        False,
        positional=False,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, size=spread(self.size, 2, "the size"))

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        tensor = inputs[0]
        require_image(tensor)
        if self.align_corners and self.half_pixel_centers:
            raise ShapeError(
                "`align_corners` and `half_pixel_centers` do not go together"
            )
        if self.method == "AREA" and self.half_pixel_centers:
            raise ShapeError("`half_pixel_centers` has no meaning with `AREA`")
        size = spread(self.size, 2, "the size")
        dtype = tensor.dtype if self.method == "NEAREST" else "float32"
        return (TensorType((tensor.shape[0], *size, tensor.shape[-1]), dtype),)
