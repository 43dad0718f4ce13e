"""Layers that are written in place, as one expression: `tf.concat([a, b], -1)`."""

import functools
from collections.abc import Sequence

from slimgen.emit.tensorflow.values import applied, python
from slimgen.layers.activation import Activate, Crelu, Softmax
from slimgen.layers.casting import Cast, OneHot
from slimgen.layers.constant import ConstantTensor
from slimgen.layers.declaration import Layer
from slimgen.layers.example_norms import L2Normalize, LocalResponseNorm
from slimgen.layers.gradient import ScaleGradient
from slimgen.layers.image import Crop, DepthToSpace, Pad, Resize, SpaceToDepth
from slimgen.layers.literals import Operand
from slimgen.layers.lookup import BatchGather, Gather
from slimgen.layers.merge import (
    Add,
    Average,
    Concat,
    Divide,
    Maximum,
    Merge,
    Minimum,
    Multiply,
    RepeatingConcat,
    Subtract,
)
from slimgen.layers.products import Matmul
from slimgen.layers.python_function import Python
from slimgen.layers.reduction import (
    ReduceMax,
    ReduceMean,
    ReduceMin,
    ReduceSum,
    Reduction,
)
from slimgen.layers.reshaping import (
    ExpandDims,
    Flattened,
    Reshape,
    Roll,
    Squeeze,
    Transpose,
)
from slimgen.layers.slicing import Slice, Split


@functools.singledispatch
def expression(layer: Layer, inputs: Sequence[str]) -> str:
    """Write a layer as a Python expression; `inputs` are the names of its tensors."""
    raise TypeError(f"no expression for {layer!r}")


def is_expression(layer: type[Layer]) -> bool:
    """Whether a kind of layer is written as an expression."""
    return expression.dispatch(layer) is not expression.dispatch(Layer)


# Functions that expressions call: templates of templates/functions.
EXPRESSION_HELPERS: dict[type[Layer], tuple[str, ...]] = {
    ScaleGradient: ("scale_gradient",)
}


# Activations.


@expression.register
def _activate(layer: Activate, inputs: Sequence[str]) -> str:
    return applied(layer.activation, inputs[0])


@expression.register
def _softmax(layer: Softmax, inputs: Sequence[str]) -> str:
    return f"tf.nn.softmax({inputs[0]}{_axis(layer.axis)})"


@expression.register
def _crelu(layer: Crelu, inputs: Sequence[str]) -> str:
    return f"tf.nn.crelu({inputs[0]}{_axis(layer.axis)})"


def _axis(axis: int) -> str:
    return "" if axis == -1 else f", axis={python(axis)}"


@expression.register
def _local_response_norm(layer: LocalResponseNorm, inputs: Sequence[str]) -> str:
    names = ("depth_radius", "bias", "alpha", "beta")
    given = ", ".join(f"{name}={python(getattr(layer, name))}" for name in names)
    return f"tf.nn.local_response_normalization({inputs[0]}, {given})"


@expression.register
def _l2_normalize(layer: L2Normalize, inputs: Sequence[str]) -> str:
    epsilon = "" if layer.epsilon == 1e-12 else f", {python(layer.epsilon)}"
    return f"tf.math.l2_normalize({inputs[0]}, {python(layer.axis)}{epsilon})"


# Lookups.


@expression.register
def _gather(layer: Gather, inputs: Sequence[str]) -> str:
    axis = "" if layer.axis == 0 else f", axis={python(layer.axis)}"
    return f"tf.gather({inputs[0]}, {inputs[layer.indices.index]}{axis})"


@expression.register
def _batch_gather(layer: BatchGather, inputs: Sequence[str]) -> str:
    axis = "" if layer.axis == 1 else f", axis={python(layer.axis)}"
    indices = inputs[layer.indices.index]
    return f"tf.gather({inputs[0]}, {indices}{axis}, batch_dims=1)"


# Merges.


@expression.register
def _merge(layer: Merge, inputs: Sequence[str]) -> str:
    chosen = [
        inputs[item.index] if isinstance(item, Operand) else python(item)
        for item in layer.chosen(len(inputs))
    ]
    merged = merge(layer, chosen) if len(chosen) > 1 else chosen[0]
    return merged if layer.activation is None else applied(layer.activation, merged)


@functools.singledispatch
def merge(layer: Merge, operands: Sequence[str]) -> str:
    """Write the merge of two or more operands."""
    raise TypeError(f"no expression for {layer!r}")


@merge.register
def _add(layer: Add, operands: Sequence[str]) -> str:
    return " + ".join(operands)


@merge.register
def _multiply(layer: Multiply, operands: Sequence[str]) -> str:
    return " * ".join(operands)


@merge.register
def _subtract(layer: Subtract, operands: Sequence[str]) -> str:
    return " - ".join(operands)


@merge.register
def _divide(layer: Divide, operands: Sequence[str]) -> str:
    return " / ".join(operands)


@merge.register
def _matmul(layer: Matmul, operands: Sequence[str]) -> str:
    turned = [key for key in ("transpose_a", "transpose_b") if getattr(layer, key)]
    given = ", ".join([*operands, *(f"{key}=True" for key in turned)])
    return f"tf.matmul({given})"


@merge.register
def _maximum(layer: Maximum, operands: Sequence[str]) -> str:
    return functools.reduce(lambda a, b: f"tf.maximum({a}, {b})", operands)


@merge.register
def _minimum(layer: Minimum, operands: Sequence[str]) -> str:
    return functools.reduce(lambda a, b: f"tf.minimum({a}, {b})", operands)


@merge.register
def _average(layer: Average, operands: Sequence[str]) -> str:
    return f"({' + '.join(operands)}) / {len(operands)}"


@merge.register
def _concat(layer: Concat, operands: Sequence[str]) -> str:
    return f"tf.concat([{', '.join(operands)}], {python(layer.axis)})"


@merge.register
def _repeating_concat(layer: RepeatingConcat, operands: Sequence[str]) -> str:
    batch = _batch_size(operands[layer.batched])
    joined = []
    for place, operand in enumerate(operands):
        if place in layer.lower:
            operand = f"{operand}[None]"
        if place in layer.repeated:
            operand = f"tf.repeat({operand}, {batch}, 0)"
        joined.append(operand)
    return f"tf.concat([{', '.join(joined)}], {python(layer.axis)})"


# Shapes.


@expression.register
def _flattened(layer: Flattened, inputs: Sequence[str]) -> str:
    if layer.size is None:
        return f"tf.reshape({inputs[0]}, [{_batch_size(inputs[0])}, -1])"
    return f"tf.reshape({inputs[0]}, [-1, {python(layer.size)}])"


@expression.register
def _squeeze(layer: Squeeze, inputs: Sequence[str]) -> str:
    if not layer.axis:
        return inputs[0]
    return f"tf.squeeze({inputs[0]}, {python(layer.axis)})"


@expression.register
def _expand_dims(layer: ExpandDims, inputs: Sequence[str]) -> str:
    return f"tf.expand_dims({inputs[0]}, {python(layer.axis)})"


@expression.register
def _reshape(layer: Reshape, inputs: Sequence[str]) -> str:
    if layer.shape[0] == -1 and -1 in layer.shape[1:]:
        sizes = ", ".join(map(python, layer.shape[1:]))
        return f"tf.reshape({inputs[0]}, [{_batch_size(inputs[0])}, {sizes}])"
    return f"tf.reshape({inputs[0]}, {python(layer.shape)})"


def _batch_size(tensor: str) -> str:
    return f"tf.shape({tensor})[0]"


@expression.register
def _transpose(layer: Transpose, inputs: Sequence[str]) -> str:
    return f"tf.transpose({inputs[0]}, {python(layer.perm)})"


@expression.register
def _slice(layer: Slice, inputs: Sequence[str]) -> str:
    box = f"tf.slice({inputs[0]}, {python(layer.begin)}, {python(layer.size)})"
    if not layer.strides:
        return box
    if set(layer.begin) == {0} and set(layer.size) == {-1}:
        box = inputs[0]
    steps = [":" if step == 1 else f"::{python(step)}" for step in layer.strides]
    while steps[-1] == ":":
        steps.pop()
    return f"{box}[{', '.join(steps)}]"


@expression.register
def _split(layer: Split, inputs: Sequence[str]) -> str:
    parts = python(layer.num_or_size_splits)
    return (
        f"tf.split({inputs[0]}, {parts}, {python(layer.axis)})[{python(layer.index)}]"
    )


@expression.register
def _roll(layer: Roll, inputs: Sequence[str]) -> str:
    return f"tf.roll({inputs[0]}, {python(layer.shift)}, {python(layer.axis)})"


# Reductions.

REDUCTIONS: dict[type[Layer], str] = {
    ReduceMean: "tf.reduce_mean",
    ReduceMax: "tf.reduce_max",
    ReduceMin: "tf.reduce_min",
    ReduceSum: "tf.reduce_sum",
}


@expression.register
def _reduction(layer: Reduction, inputs: Sequence[str]) -> str:
    kept = ", keepdims=True" if layer.keepdims else ""
    return f"{REDUCTIONS[type(layer)]}({inputs[0]}, {python(layer.axis)}{kept})"


# Images.

RESIZERS = {
    "BILINEAR": "tf.raw_ops.ResizeBilinear",
    "NEAREST": "tf.raw_ops.ResizeNearestNeighbor",
    "BICUBIC": "tf.raw_ops.ResizeBicubic",
    "AREA": "tf.raw_ops.ResizeArea",
}


@expression.register
def _pad(layer: Pad, inputs: Sequence[str]) -> str:
    arguments = [inputs[0], python(layer.paddings)]
    if layer.mode != "CONSTANT":
        arguments.append(python(layer.mode))
    elif layer.constant_values:
        arguments.append(f"constant_values={python(layer.constant_values)}")
    return f"tf.pad({', '.join(arguments)})"


@expression.register
def _crop(layer: Crop, inputs: Sequence[str]) -> str:
    size, offset = layer.size, layer.offset
    assert isinstance(size, tuple)  # canonical
    assert offset is not None
    parts = [f"{a}:{a + n}" for a, n in zip(offset, size, strict=True)]
    return f"{inputs[0]}[:, {', '.join(parts)}]"


@expression.register
def _resize(layer: Resize, inputs: Sequence[str]) -> str:
    arguments = [f"images={inputs[0]}", f"size={python(layer.size)}"]
    for key in ("align_corners", "half_pixel_centers"):
        if getattr(layer, key):
            arguments.append(f"{key}=True")
    return f"{RESIZERS[layer.method]}({', '.join(arguments)})"


@expression.register
def _depth_to_space(layer: DepthToSpace, inputs: Sequence[str]) -> str:
    return f"tf.nn.depth_to_space({inputs[0]}, {python(layer.block_size)})"


@expression.register
def _space_to_depth(layer: SpaceToDepth, inputs: Sequence[str]) -> str:
    return f"tf.nn.space_to_depth({inputs[0]}, {python(layer.block_size)})"


# Other layers.


@expression.register
def _constant(layer: ConstantTensor, inputs: Sequence[str]) -> str:
    return f"tf.constant({python(layer.value)}, tf.{layer.dtype})"


@expression.register
def _one_hot(layer: OneHot, inputs: Sequence[str]) -> str:
    arguments = [inputs[0], python(layer.num_classes)]
    if (layer.on_value, layer.off_value) != (1.0, 0.0):
        arguments += [python(layer.on_value), python(layer.off_value)]
    return f"tf.one_hot({', '.join(arguments)})"


@expression.register
def _scale_gradient(layer: ScaleGradient, inputs: Sequence[str]) -> str:
    return f"scale_gradient({inputs[0]}, {python(layer.gradient_multiplier)})"


@expression.register
def _cast(layer: Cast, inputs: Sequence[str]) -> str:
    return f"tf.cast({inputs[0]}, tf.{layer.dtype})"


@expression.register
def _python(layer: Python, inputs: Sequence[str]) -> str:
    given = [inputs[0], *(inputs[one.index] for one in layer.tensors)]
    return applied(layer.op, ", ".join(given))
