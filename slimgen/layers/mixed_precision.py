"""The types of layers' results when a network with 32-bit variables computes in 16 bits."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.casting import Cast
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.variable import FreeVariable

WIDE, SHORT = "float32", "bfloat16"


def narrowed(given: TensorType) -> TensorType:
    """Return a type with 16 bits, if it has 32."""
    return replace(given, dtype=SHORT) if given.dtype == WIDE else given


def widened(given: TensorType) -> TensorType:
    """Return a type with 32 bits, if it has 16."""
    return replace(given, dtype=WIDE) if given.dtype == SHORT else given


def is_narrowed(layer: Layer, inputs: Sequence[TensorType]) -> bool:
    """Whether a layer's 32 bits are to become 16: a variable's, or unasked for."""
    if isinstance(layer, FreeVariable):
        return layer.dtype == WIDE
    if isinstance(layer, Cast) or not any(one.dtype == SHORT for one in inputs):
        return False
    return layer.outputs(inputs)[0].dtype == WIDE
