"""Layers that are written as a function of the emitted file, and what that needs."""

import functools
from collections.abc import Sequence

from slimgen.emit.tensorflow.expressions import EXPRESSION_HELPERS
from slimgen.frozen import Frozen
from slimgen.layers.activation import Maxout, Prelu, SpatialSoftmax
from slimgen.layers.bias import BiasAdd
from slimgen.layers.convolution import Conv
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.dense import FullyConnected
from slimgen.layers.dropout import Dropout, DropPath
from slimgen.layers.example_norms import GroupNorm, InstanceNorm, LayerNorm, UnitNorm
from slimgen.layers.literals import literals
from slimgen.layers.lookup import Embedding
from slimgen.layers.normalization import BatchNorm
from slimgen.layers.pooling import GlobalPool, Pool, WindowPool
from slimgen.layers.separable import ConvInPlane, DepthwiseConv, SeparableConv
from slimgen.layers.slicing import ImagesToSequence, SequenceToImages
from slimgen.layers.transposed import ConvTranspose

Inputs = Sequence[TensorType]


class Definition(Frozen):
    """How a layer is written as a function.

    Attributes:
        template: In templates/layers.
        name: The name of the function, such as `conv2d`.
        helpers: Functions that it calls: templates in templates/functions.
    """

    template: str
    name: str
    helpers: tuple[str, ...] = ()


@functools.singledispatch
def definition(layer: Layer, inputs: Inputs) -> Definition | None:
    """Return the function of a layer; None for one that is an expression."""
    return None


def is_defined(layer: type[Layer]) -> bool:
    """Whether a kind of layer is written as a function."""
    return definition.dispatch(layer) is not definition.dispatch(Layer)


def helpers(layer: Layer, inputs: Inputs) -> tuple[str, ...]:
    """Return the functions that a written layer calls: templates of templates/functions."""
    found = definition(layer, inputs)
    return EXPRESSION_HELPERS.get(type(layer), ()) if found is None else found.helpers


def _moved(data_format: str | None) -> tuple[str, ...]:
    """Return the functions that move the channels, where they come first."""
    return ("channels_last", "channels_first") if data_format else ()


# Convolutions.


@definition.register
def _conv(layer: Conv, inputs: Inputs) -> Definition:
    axes = inputs[0].rank - 2
    return Definition("conv", f"conv{axes}d", _moved(layer.data_format))


@definition.register
def _conv_transpose(layer: ConvTranspose, inputs: Inputs) -> Definition:
    needed = ("lengths", *_moved(layer.data_format))
    axes = inputs[0].rank - 2
    return Definition("conv_transpose", f"conv{axes}d_transpose", needed)


@definition.register
def _separable_conv(layer: SeparableConv, inputs: Inputs) -> Definition:
    needed = (*_moved(layer.data_format), *_two_steps(layer.stride))
    return Definition("separable_conv", "separable_conv2d", needed)


@definition.register
def _depthwise_conv(layer: DepthwiseConv, inputs: Inputs) -> Definition:
    needed = (*_moved(layer.data_format), *_two_steps(layer.stride))
    return Definition("depthwise_conv", "depthwise_conv2d", needed)


@definition.register
def _conv_in_plane(layer: ConvInPlane, inputs: Inputs) -> Definition:
    return Definition("conv_in_plane", "conv2d_in_plane", _two_steps(layer.stride))


def _two_steps(stride: object) -> tuple[str, ...]:
    """Return the function for steps that differ: TensorFlow's kernels take one."""
    different = any(isinstance(value, tuple) for value in literals((stride,)))
    return ("lengths", "convolve_depthwise") if different else ()


@definition.register
def _fully_connected(layer: FullyConnected, inputs: Inputs) -> Definition:
    return Definition("fully_connected", "fully_connected")


@definition.register
def _embedding(layer: Embedding, inputs: Inputs) -> Definition:
    return Definition("embedding", "embedding")


# Pools.


@definition.register
def _window_pool(layer: WindowPool, inputs: Inputs) -> Definition:
    name = f"{layer.word}{inputs[0].rank - 2}d"
    return Definition("window_pool", name, _moved(layer.data_format))


@definition.register
def _pool(layer: Pool, inputs: Inputs) -> Definition:
    return Definition("pool", "pool", _moved(layer.data_format))


@definition.register
def _global_pool(layer: GlobalPool, inputs: Inputs) -> Definition:
    return Definition("global_pool", f"{layer.word}{inputs[0].rank - 2}d")


# Normalization.


@definition.register
def _batch_norm(layer: BatchNorm, inputs: Inputs) -> Definition:
    drawn = layer.renorm and layer.param_initializers is not None
    needed = (*(("sqrt_of",) if drawn else ()), *_moved(layer.data_format))
    name = "batch_norm" if layer.is_fused(inputs[0]) else "batch_norm_unfused"
    name = "batch_renorm" if layer.renorm else name
    return Definition(name, name, needed)


@definition.register
def _layer_norm(layer: LayerNorm, inputs: Inputs) -> Definition:
    return Definition("layer_norm", "layer_norm")


@definition.register
def _instance_norm(layer: InstanceNorm, inputs: Inputs) -> Definition:
    moved = _moved(layer.data_format)
    return Definition("instance_norm", "instance_norm", moved)


@definition.register
def _group_norm(layer: GroupNorm, inputs: Inputs) -> Definition:
    return Definition("group_norm", "group_norm")


@definition.register
def _unit_norm(layer: UnitNorm, inputs: Inputs) -> Definition:
    return Definition("unit_norm", "unit_norm")


# Dropout.


@definition.register
def _dropout(layer: Dropout, inputs: Inputs) -> Definition:
    return Definition("dropout", "dropout")


@definition.register
def _drop_path(layer: DropPath, inputs: Inputs) -> Definition:
    return Definition("drop_path", "drop_path")


# Other layers.


@definition.register
def _prelu(layer: Prelu, inputs: Inputs) -> Definition:
    return Definition("prelu", "prelu")


@definition.register
def _bias_add(layer: BiasAdd, inputs: Inputs) -> Definition:
    return Definition("bias_add", "bias_add")


@definition.register
def _maxout(layer: Maxout, inputs: Inputs) -> Definition:
    return Definition("maxout", "maxout")


@definition.register
def _spatial_softmax(layer: SpatialSoftmax, inputs: Inputs) -> Definition:
    moved = _moved(layer.data_format)[:1]
    return Definition("spatial_softmax", "spatial_softmax", moved)


@definition.register
def _images_to_sequence(layer: ImagesToSequence, inputs: Inputs) -> Definition:
    moved = _moved(layer.data_format)[:1]
    return Definition("images_to_sequence", "images_to_sequence", moved)


@definition.register
def _sequence_to_images(layer: SequenceToImages, inputs: Inputs) -> Definition:
    return Definition("sequence_to_images", "sequence_to_images")
