"""The types of layers' results when a network with 32-bit variables computes in 16 bits."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.casting import Cast
from slimgen.layers.declaration import Layer, TensorType

WIDE, SHORT = "float32", "bfloat16"


def narrowed(given: TensorType) -> TensorType:
    """Return a type with 16 bits, if it has 32."""
    return replace(given, dtype=SHORT) if given.dtype == WIDE else given


def widened(given: TensorType) -> TensorType:
    """Return a type with 32 bits, if it has 16."""
    return replace(given, dtype=WIDE) if given.dtype == SHORT else given


def is_narrowed(layer: Layer, inputs: Sequence[TensorType]) -> bool:
    """Whether a layer's 32 bits are to become 16: those of variables, and those unasked for.

    Variables, constants and layers of whole numbers, such as `embedding`, have no input that
    decides about the bits of their result.
    """
    floats = {one.dtype for one in inputs if "float" in one.dtype}
    if isinstance(layer, Cast) or (floats and SHORT not in floats):
        return False
    return layer.outputs(inputs)[0].dtype == WIDE
