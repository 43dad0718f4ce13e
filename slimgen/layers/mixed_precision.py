"""The types of layers' results when a network with 32-bit variables computes in 16 bits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from slimgen.layers.casting import Cast
from slimgen.layers.declaration import Layer, ShapeError, TensorType, parameters
from slimgen.layers.literals import literals

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
    decides about the bits of their result. The sizes of a block's layer are those of its
    first call.
    """
    floats = {one.dtype for one in inputs if "float" in one.dtype}
    if isinstance(layer, Cast) or (floats and SHORT not in floats):
        return False
    first = {one.name: _first(getattr(layer, one.name)) for one in parameters(layer)}
    try:
        return replace(layer, **first).outputs(inputs)[0].dtype == WIDE
    except ShapeError:  # a size that differs between calls; who needs it keeps the bits
        return False


def _first(value: Any) -> Any:
    """Return a value with the first literal that each hole stands for."""
    if isinstance(value, tuple):
        return tuple(map(_first, value))
    return next(iter(literals((value,))), value)
