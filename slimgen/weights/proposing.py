"""Rules for what a network's map does not cover yet: whole layers by form, order and name."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from slimgen.emit.pairs import pair_names
from slimgen.ir.text import literal
from slimgen.ir.weights import Transform
from slimgen.weights.fitting import Fit, Part
from slimgen.weights.layering import (
    KINDS,
    Layer,
    file_layers,
    fits,
    network_layers,
    own_layer,
    transform,
    unit_of,
    units,
    value_of,
)
from slimgen.weights.matching import match_layers

MOST = 10_000  # variables and values that are compared with each other
UNWRITABLE = frozenset('{}"')  # what no rule can name


@dataclass(frozen=True)
class Proposal:
    """Lines of a `weights` statement; of those that are guessed the order alone decided."""

    rules: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A variable and the value of a file that may be its own."""

    ours: Part
    theirs: Part
    transform: Transform
    guessed: bool = False


def propose(fit: Fit) -> Proposal:
    """Return rules for what is missing, and for what another shape of its value makes fit."""
    size = len(fit.missing) + len(fit.mismatched) + len(fit.unused)
    if fit.format == "slim" or size > MOST:
        return Proposal()
    pairs = [*_pairs(fit), *_reshaped(fit)]
    if not pairs:
        return Proposal()
    wanted = [*fit.missing, *fit.mismatched]
    order = {part.variable: place for place, part in enumerate(wanted)}
    pairs.sort(key=lambda pair: order[pair.ours.variable])
    found = {pair.ours.variable for pair in pairs}
    new = [one.variable for one in fit.missing if one.variable not in found]
    lines = [f'new "{names}"' for names, _, _ in _alone(new)]
    return Proposal(
        (*_renames(pair for pair in pairs if not pair.guessed), *lines),
        tuple(_renames(pair for pair in pairs if pair.guessed)),
    )


def _renames(pairs: Iterable[Pair]) -> Iterator[str]:
    named = [(p.ours.variable, p.theirs.source, p.transform) for p in pairs]
    for ours, theirs, change in pair_names(named):
        yield f'rename "{ours}" "{theirs}"{_keys(change)}'


def _alone(names: Sequence[str]) -> Iterator[tuple[str, str, None]]:
    return pair_names([(name, name, None) for name in names])


def _keys(change: Transform) -> str:
    keys = (("reshape", change.reshape), ("transpose", change.transpose))
    given = [f" {key}={literal(value)}" for key, value in keys if value is not None]
    return "".join(given)


def _reshaped(fit: Fit) -> Iterator[Pair]:
    """A map names the value of a variable: only its shape or its axes may be another."""
    for part in fit.mismatched:
        kind = KINDS.get(part.variable.rpartition("/")[2], "")
        change = transform(kind, part.shape, part.source_shape or (), fit.format)
        if change is not None and part.transform.slice is None:
            yield Pair(part, part, change)


def _pairs(fit: Fit) -> Iterator[Pair]:
    """Pair what is missing with what is unused, never parts of a layer with two others."""
    known = [*fit.loaded, *fit.mismatched]
    free = {part.source for part in fit.unused if not set(part.source) & UNWRITABLE}
    sources = {part.source: part for part in (*fit.unused, *known)}
    values = [replace(part, variable="") for part in sources.values()]
    theirs = file_layers(values, fit.format)
    begun = _begun(known, theirs)
    known_units = {unit_of(part.variable) for part in known}
    left: list[Layer] = []
    for one in network_layers(fit.missing):
        pairs = list(_rest(one, begun.get(one.name, ()), free, fit.format))
        yield from pairs
        left += _left(one, pairs, known_units) if one.name in begun else [one]
    open_ = [
        layer
        for layer in theirs
        if free.issuperset(part.source for part in layer.parts.values())
    ]
    for match in match_layers(left, open_, fit.format):
        for kind, change in match.transforms.items():
            value = value_of(match.theirs, kind)
            assert value is not None
            yield Pair(match.ours.parts[kind], value, change, match.guessed)


def _begun(known: Sequence[Part], theirs: Sequence[Layer]) -> dict[str, list[Layer]]:
    """The file's layers of which a map says parts already, by the network's."""
    of = {part.source: layer for layer in theirs for part in layer.parts.values()}
    found: dict[str, dict[Layer, None]] = {}
    for part in known:
        own = own_layer(unit_of(part.variable))
        found.setdefault(own, {})[of[part.source]] = None
    return {own: list(layers) for own, layers in found.items()}


def _rest(
    ours: Layer, theirs: Sequence[Layer], free: set[str], format: str
) -> Iterator[Pair]:
    """What is free in the layers that a layer has begun with."""
    for other in theirs:
        parts = {k: part for k, part in other.parts.items() if part.source in free}
        layer = Layer(other.name, parts)
        for kind, change in (fits(ours, layer, format) or {}).items():
            value = value_of(layer, kind)
            assert value is not None
            yield Pair(ours.parts[kind], value, change)


def _left(ours: Layer, pairs: Sequence[Pair], known: Set[str]) -> list[Layer]:
    """The norm of a layer that has begun, where the file does not say whose its norms are."""
    begun = known | {unit_of(pair.ours.variable) for pair in pairs}
    return [unit for unit in units(ours) if unit.name not in begun]
