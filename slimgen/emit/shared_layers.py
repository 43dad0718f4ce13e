"""Layers and initializers of `slim_runtime.py`, in a form that suits most networks.

A network's file takes a function from there if the form holds for all of its calls.
"""

import functools
from collections.abc import Mapping, Sequence

from slimgen.emit.layer_functions import (
    FunctionDefinition,
    LayerUse,
    define_functions,
)
from slimgen.emit.tensorflow.file_functions import FileFunctions
from slimgen.emit.tensorflow.functions import SCALED
from slimgen.emit.tensorflow.slots import is_neutral
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.dropout import Dropout
from slimgen.layers.literals import NamedFunction, literals
from slimgen.layers.normalization import BatchNorm
from slimgen.layers.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool

IMAGES = TensorType((None, 8, 8, 3))
# Their arguments are the parameters of the shared functions; the first are the defaults.
LAYERS: tuple[Layer, ...] = (
    *(BatchNorm(), BatchNorm(decay=0.9, scale=True, epsilon=0.1)),
    *(MaxPool(kernel_size=(2, 2)), MaxPool(kernel_size=3, stride=1, padding="SAME")),
    *(AvgPool(kernel_size=(2, 2)), AvgPool(kernel_size=3, stride=1, padding="SAME")),
    *(GlobalAvgPool(), GlobalMaxPool()),
    *(Dropout(), Dropout(keep_prob=0.8)),
)


@functools.cache
def shared_layers() -> Mapping[str, FunctionDefinition]:
    """Return the layers of the shared module by the names of their functions."""
    layers = [layer.canonical([IMAGES]) for layer in LAYERS]
    return define_functions([LayerUse(one, (IMAGES,), IMAGES) for one in layers], str)


@functools.cache
def shared_initializers() -> Mapping[str, str]:
    """Return the texts of the initializers of the shared module, by name."""
    variants: dict[str, tuple[NamedFunction, ...]] = {
        word: (NamedFunction(word),) for word in SCALED
    }
    return FileFunctions("", variants, frozenset()).texts()


def shared_layer(name: str, uses: Sequence[LayerUse]) -> FunctionDefinition | None:
    """Return the function of the shared module that does for some calls of a layer."""
    found = shared_layers().get(name)
    if found is None or any(
        use.inputs[0].rank != IMAGES.rank or use.inputs[0].dtype != IMAGES.dtype
        for use in uses
    ):
        return None
    for slot in found.slots:
        values = literals([getattr(use.layer, slot.parameter.name) for use in uses])
        if not slot.varied and not all(is_neutral(v, slot.constant) for v in values):
            return None
    return found
