"""Variables and values grouped by layer, by their names and shapes."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slimgen.ir.weight_map import Transform
from slimgen.layers import LAYERS
from slimgen.weights.network_fit import FittedPart, Shape
from slimgen.weights.reading import natural

# The kind of a variable by the last part of its name, for all libraries.
KINDS = {
    "weights": "kernel",
    "kernel": "kernel",
    "weight": "kernel",
    "biases": "bias",
    "bias": "bias",
    "gamma": "gamma",
    "scale": "gamma",
    "beta": "beta",
    "offset": "beta",
    "moving_mean": "mean",
    "running_mean": "mean",
    "mean": "mean",
    "moving_variance": "variance",
    "running_var": "variance",
    "variance": "variance",
    "depthwise_weights": "depthwise",
    "depthwise_kernel": "depthwise",
    "pointwise_weights": "pointwise",
    "pointwise_kernel": "pointwise",
}
KERNELS = ("depthwise", "kernel", "pointwise")
NORM_KINDS = frozenset({"gamma", "beta", "mean", "variance"})
NORMS = {layer.normalizer_scope for layer in LAYERS.values()}  # BatchNorm and the like
# Words for what a layer is: without them a convolution and its norm have one name.
DIMENSIONS = re.compile(r"(?<=conv|norm)[123]d")
TYPES = frozenset(
    [
        "conv",
        "convolution",
        "dwconv",
        "bn",
        "batch",
        "norm",
        "normalization",
        "batchnorm",
        "groupnorm",
        "layernorm",
        "instancenorm",
        "gn",
        "ln",
    ]
)
UNNAMED = re.compile(r"[0-9]+|variable(_[0-9]+)?")
# Names that count the layers of one type: the numbers of two types do not go together.
COUNTED = re.compile(r"(?:.*[/.])?(?:conv[123]d|batch_normalization)(?:_[0-9]+)?")


@dataclass(eq=False)
class SourceLayer:
    """Variables of a network, or values of a file, by their kinds; equal to itself only.

    Attributes:
        is_rest: The rest of the layer has found its own.
    """

    name: str
    parts: Mapping[str, FittedPart]
    is_rest: bool = False

    @property
    def form(self) -> tuple[tuple[str, Shape], ...]:
        """The kinds with the shapes: only names distinguish layers of one form."""
        return tuple(
            (kind, part.shape if part.variable else part.source_shape or ())
            for kind, part in sorted(self.parts.items())
        )

    @property
    def first(self) -> str:
        """The kind that identifies the layer in a search."""
        return next((kind for kind in KERNELS if kind in self.parts), min(self.parts))


def network_layers(parts: Iterable[FittedPart]) -> list[SourceLayer]:
    """Return a network's layers in its order, each with its norm."""
    found: dict[str, dict[str, FittedPart]] = {}
    for part in parts:
        name, leaf = _split(part.variable)
        found.setdefault(own_layer(name), {})[KINDS.get(leaf, leaf)] = part
    return [SourceLayer(name, kinds) for name, kinds in found.items()]


def own_layer(unit: str) -> str:
    """Return the layer of a name; a norm belongs to the layer above it."""
    above, _, last = unit.rpartition("/")
    return above if last in NORMS else unit


def unit_of(name: str) -> str:
    """Return the name under which a variable or a value stands."""
    return _split(name)[0]


def units(layer: SourceLayer) -> list[SourceLayer]:
    """Split a layer into its kernel with the bias, and its norm."""
    found: dict[str, dict[str, FittedPart]] = {}
    for kind, part in layer.parts.items():
        name = unit_of(part.variable or part.source)
        found.setdefault(name, {})[kind] = part
    return [SourceLayer(name, kinds) for name, kinds in found.items()]


def file_layers(parts: Iterable[FittedPart], format: str) -> list[SourceLayer]:
    """Return a file's layers, counted ones in order, each with its norm where names join them."""
    found: dict[str, dict[str, FittedPart]] = {}
    for part in sorted(parts, key=lambda part: natural(part.source)):
        name, leaf = _split(part.source)
        found.setdefault(name, {})[leaf] = part
    layers = [SourceLayer(n, _kinds(n, one, format)) for n, one in found.items()]
    norms = _norms_of(layers, format)
    attached = {norm.name for norm in norms.values()}
    return [
        (
            SourceLayer(one.name, {**one.parts, **norms[one.name].parts})
            if one.name in norms
            else one
        )
        for one in layers
        if one.name not in attached
    ]


def _split(name: str) -> tuple[str, str]:
    *above, leaf = re.split(r"[/.]", name)
    return name[: len(name) - len(leaf) - bool(above)], leaf


def _kinds(
    name: str, leaves: Mapping[str, FittedPart], format: str
) -> dict[str, FittedPart]:
    """Values by kind; PyTorch calls the gamma and beta of its norms weight and bias.

    The only value of a layer of Keras, if it has no name, is what the layer is: its scale.
    """
    if len(leaves) == 1 and UNNAMED.fullmatch(next(iter(leaves))):
        leaves = {re.split(r"[/._]", name)[-1]: one for one in leaves.values()}
    kinds = {KINDS.get(leaf, leaf): part for leaf, part in leaves.items()}
    kernel = kinds.get("kernel")
    if format == "safetensors" and kernel and len(kernel.source_shape or ()) == 1:
        renamed = {"kernel": "gamma", "bias": "beta"}
        return {renamed.get(kind, kind): part for kind, part in kinds.items()}
    return kinds


def _norms_of(layers: Sequence[SourceLayer], format: str) -> dict[str, SourceLayer]:
    """Return the norms by the names of the layers that they belong to."""
    kernels = [one for one in layers if one.first in KERNELS]
    norms = [one for one in layers if NORM_KINDS.issuperset(_known(one))]
    counted = [
        [one for one in some if COUNTED.fullmatch(one.name)]
        for some in (kernels, norms)
    ]
    if len(counted[0]) != len(counted[1]):
        left = {one.name for some in counted for one in some}
        kernels, norms = (
            [one for one in some if one.name not in left] for some in (kernels, norms)
        )
    by_stem: dict[tuple[str, ...], tuple[list[SourceLayer], list[SourceLayer]]] = {}
    for place, some in enumerate((kernels, norms)):
        for one in some:
            by_stem.setdefault(_stem(one.name), ([], []))[place].append(one)
    found = {
        ours[0].name: theirs[0]
        for ours, theirs in by_stem.values()
        if len(ours) == len(theirs) == 1 and _go_together(ours[0], theirs[0], format)
    }
    taken = {norm.name for norm in found.values()}
    free = {norm.name: norm for norm in norms if norm.name not in taken}
    for kernel in kernels:  # the next of a sequence: features.0, features.1
        norm = free.get(_next(kernel.name))
        if kernel.name not in found and norm and _go_together(kernel, norm, format):
            found[kernel.name] = norm
    return found


def _known(layer: SourceLayer) -> set[str]:
    """The kinds of a layer that all libraries have, or all of its kinds if there is none."""
    return set(layer.parts) & set(KINDS.values()) or set(layer.parts)


def _stem(name: str) -> tuple[str, ...]:
    words = re.findall(r"[a-z]+|[0-9]+|[/.]", DIMENSIONS.sub("", name.lower()))
    while words and words[-1] in TYPES | {"/", "."}:
        words.pop()
    return tuple(word for word in words if word not in TYPES)


def _next(name: str) -> str:
    found = re.fullmatch(r"(.*[/.])?([0-9]{1,9})", name)
    return f"{found[1] or ''}{int(found[2]) + 1}" if found else ""


def _go_together(kernel: SourceLayer, norm: SourceLayer, format: str) -> bool:
    """True if a norm has the length of a kernel's outputs."""
    kind = "pointwise" if "pointwise" in kernel.parts else kernel.first
    shape = kernel.parts[kind].source_shape or ()
    length = math.prod(next(iter(norm.parts.values())).source_shape or ())
    if format == "safetensors":
        return length in shape[:2]
    return length in (*shape[-2:], math.prod(shape[-2:]))


# Transformations that give a value the shape of a variable.


def fits(
    ours: SourceLayer, theirs: SourceLayer, format: str
) -> dict[str, Transform] | None:
    """Return the transformation of each value that both have; None if one cannot fit."""
    found: dict[str, Transform] = {}
    for kind, part in ours.parts.items():
        value = value_of(theirs, kind)
        if value is None:
            continue
        change = transform(kind, part.shape, value.source_shape or (), format)
        if change is None:
            return None
        found[kind] = change
    return found or None


def value_of(layer: SourceLayer, kind: str) -> FittedPart | None:
    """Return a file's value of a kind; a depthwise kernel is a kernel in other libraries."""
    found = layer.parts.get(kind)
    return layer.parts.get("kernel") if not found and kind == "depthwise" else found


def transform(kind: str, shape: Shape, found: Shape, format: str) -> Transform | None:
    """The transformation to the shape of a variable, by the format's layout of kernels."""
    if format == "safetensors" and len(found) > 1:
        return _from_pytorch(kind, shape, found)
    if found == shape:
        return Transform()
    if kind == "depthwise" and found == (*shape[:-2], 1, shape[-2]) and shape[-1] == 1:
        # A convolution in as many groups as it has channels.
        axes = tuple(range(len(shape)))
        return Transform(transpose=(*axes[:-2], axes[-1], axes[-2]))
    if math.prod(found) == math.prod(shape) and found[-1:] == shape[-1:]:
        return Transform(reshape=shape)
    return None


def _from_pytorch(kind: str, shape: Shape, found: Shape) -> Transform | None:
    """PyTorch has the outputs of a kernel first, then the inputs, then the window."""
    rank = len(shape)
    last = (0, 1) if kind == "depthwise" else (1, 0)
    axes = (*range(2, rank), *last)
    turned = tuple(shape[axes.index(axis)] for axis in range(rank))
    if found == turned:
        return Transform(transpose=axes)
    if math.prod(found) == math.prod(turned) and found[:1] == turned[:1]:
        return Transform(reshape=turned, transpose=axes)
    return None


def wanted_size(kind: str, shape: Shape, format: str) -> tuple[int, int]:
    """Return the property (`found_size`) that all values share which fit a variable."""
    turned = format == "safetensors" and kind == "depthwise" and len(shape) > 1
    return math.prod(shape), (1, *shape)[-2 if turned else -1]


def found_size(found: Shape, format: str) -> tuple[int, int]:
    """Return how many numbers a value has, and for how many outputs."""
    turned = format == "safetensors" and len(found) > 1
    return math.prod(found), found[0] if turned else (1, *found)[-1]
