"""Rules for what a network's map does not cover yet: by kind, shape, order and name."""

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slimgen.emit.pairs import pair_names
from slimgen.ir.text import literal
from slimgen.ir.weights import Transform
from slimgen.layers import LAYERS
from slimgen.weights.fitting import Fit, Part, Shape

# What the last part of a name stands for, in whatever library.
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
NORMS = {layer.normalizer_scope for layer in LAYERS.values()}  # BatchNorm and the like
MOST = 10_000  # variables and values that are compared with each other
UNWRITABLE = frozenset('{}"')  # what no rule can name


@dataclass(frozen=True)
class Pair:
    """A variable and the value of a file that may be its own."""

    ours: Part
    theirs: Part
    transform: Transform


def propose(fit: Fit) -> list[str]:
    """Return lines of a `weights` statement for what is missing or of another shape."""
    wanted = [*fit.missing, *fit.mismatched]
    free = [replace(part, variable="") for part in fit.mismatched] + [*fit.unused]
    if fit.format == "slim" or len(wanted) + len(free) > MOST:
        return []
    pairs = list(_pairs(wanted, free, fit.format))
    if not pairs:
        return []
    order = {part.variable: place for place, part in enumerate(wanted)}
    pairs.sort(key=lambda pair: order[pair.ours.variable])
    named = [(p.ours.variable, p.theirs.source, p.transform) for p in pairs]
    lines = [
        f'rename "{ours}" "{theirs}"{_keys(transform)}'
        for ours, theirs, transform in pair_names(named)
    ]
    found = {pair.ours.variable for pair in pairs}
    new = [one.variable for one in fit.missing if one.variable not in found]
    return lines + [f'new "{names}"' for names, _, _ in _alone(new)]


def _alone(names: Sequence[str]) -> Iterator[tuple[str, str, None]]:
    return pair_names([(name, name, None) for name in names])


def _keys(transform: Transform) -> str:
    keys = (("reshape", transform.reshape), ("transpose", transform.transpose))
    given = [f" {key}={literal(value)}" for key, value in keys if value is not None]
    return "".join(given)


def _pairs(wanted: Sequence[Part], free: Sequence[Part], format: str) -> Iterator[Pair]:
    """Pair what has the same kind and fits; equally many in their order, others by name."""
    kinds = _kinds([part.source for part in free])
    groups: dict[tuple[str, Shape], list[Part]] = {}
    for part in wanted:
        groups.setdefault((_kind(part.variable), part.shape), []).append(part)
    open_ = {part.source: part for part in free if not set(part.source) & UNWRITABLE}
    # First what needs no new shape: a matrix may also be a kernel of 1x1.
    for reshaped in (False, True):
        for (kind, shape), ours in groups.items():
            fitting = {
                part: transform
                for part in open_.values()
                if _are_alike(kind, kinds[part.source])
                and (transform := _transform(kind, shape, part, format)) is not None
                and (transform.reshape is not None) == reshaped
            }
            for one, other in _matched(ours, list(fitting)):
                yield Pair(one, other, fitting[other])
                ours.remove(one)
                del open_[other.source]


def _kinds(names: Sequence[str]) -> dict[str, str]:
    """The kind of each name; PyTorch calls the gamma and beta of its norms weight and bias."""
    norms = {
        re.sub(r"running_mean$", "", name)
        for name in names
        if name.endswith("running_mean")
    }
    found = {}
    for name in names:
        kind = _kind(name)
        leaf = re.split(r"[/.]", name)[-1]
        if name.removesuffix(leaf) in norms:
            kind = {"weight": "gamma", "bias": "beta"}.get(leaf, kind)
        found[name] = kind
    return found


def _kind(name: str) -> str:
    leaf = re.split(r"[/.]", name)[-1]
    return KINDS.get(leaf, leaf)


def _are_alike(ours: str, theirs: str) -> bool:
    """Whether two kinds go together; a depthwise kernel is a kernel in other libraries."""
    return ours == theirs or (ours, theirs) == ("depthwise", "kernel")


def _transform(kind: str, shape: Shape, value: Part, format: str) -> Transform | None:
    """What gives a value the shape of a variable, as the format lays kernels out."""
    found = value.source_shape or ()
    if format == "safetensors" and len(found) > 1:
        return _from_pytorch(kind, shape, found)
    if found == shape:
        return Transform()
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


def _matched(ours: Sequence[Part], theirs: Sequence[Part]) -> list[tuple[Part, Part]]:
    """Pair parts of one kind and shape: in order if there are as many, else by name."""
    own = _by_layer([part.variable for part in ours], ours)
    other = _by_layer([part.source for part in theirs], theirs)
    pairs: list[tuple[Part, Part]] = []
    for layer in own.keys() & other.keys():  # conv3 of each unit, say
        if len(own[layer]) == len(other[layer]):
            pairs += zip(own[layer], other[layer], strict=True)
    taken = {id(part) for pair in pairs for part in pair}
    ours = [part for part in ours if id(part) not in taken]
    theirs = [part for part in theirs if id(part) not in taken]
    if len(ours) == len(theirs):
        return pairs + list(zip(ours, theirs, strict=True))
    return pairs + _alike(ours, theirs)


def _by_layer(names: Sequence[str], parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Parts by the last component of their layer's name; the norm after conv3 is bn3."""
    found: dict[str, list[Part]] = {}
    for name, part in zip(names, parts, strict=True):
        layers = [one for one in re.split(r"[/.]", name)[:-1] if one not in NORMS]
        layer = re.sub(r"^bn(?=\d)", "conv", layers[-1]) if layers else ""
        found.setdefault(layer, []).append(part)
    return found


def _alike(ours: Sequence[Part], theirs: Sequence[Part]) -> list[tuple[Part, Part]]:
    """Pair what is most alike by name, each with the other."""
    if not (ours and theirs):
        return []
    best = {one: max(theirs, key=lambda other: _likeness(one, other)) for one in ours}
    back = {other: max(ours, key=lambda one: _likeness(one, other)) for other in theirs}
    return [
        (one, other)
        for one, other in best.items()
        if back[other] == one and _likeness(one, other) >= 0.5
    ]


def _likeness(one: Part, other: Part) -> float:
    """How alike two names are, from 0 to 1: in their words and numbers, in order."""
    ours, theirs = (
        re.findall(r"[a-z]+|\d+", name.lower()) for name in (one.variable, other.source)
    )
    return difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio()
