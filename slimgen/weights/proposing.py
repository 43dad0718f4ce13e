"""Propose rules for variables without one: whole layers, by form, order and name."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace

from slimgen.emit.name_pairs import pair_names
from slimgen.frozen import Frozen
from slimgen.ir.literal_text import literal
from slimgen.ir.weight_map import Transform
from slimgen.render.snippet import visible
from slimgen.weights.layering import (
    KINDS,
    SourceLayer,
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
from slimgen.weights.network_fit import Fit, FittedPart

MOST = 10_000  # variables and values that are compared with each other
WRITABLE = re.compile(r'[^{}"]{1,50000}')  # in a string, and no pattern


class Proposal(Frozen):
    """Lines of a `weights` statement.

    Attributes:
        guessed: Pairs that only the order, or a likeness of names, decided.
        unwritable: Names of the file that no rule can hold and show.
        rename: For `--rename`, where a checkpoint has the names below another scope.
        renamed: How many variables it finds.
    """

    rules: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    unwritable: tuple[str, ...] = ()
    rename: str = ""
    renamed: int = 0


class ProposedPair(Frozen):
    """A variable and the value of a file that it may take."""

    ours: FittedPart
    theirs: FittedPart
    transform: Transform
    guessed: bool = False


def propose(fit: Fit) -> Proposal:
    """Return rules for missing variables, and for values that fit once they are reshaped."""
    size = len(fit.missing) + len(fit.mismatched) + len(fit.unused)
    if fit.format == "slim":
        return _other_scope(fit)
    if size > MOST:
        return Proposal()
    unwritable = [one.source for one in fit.unused if not _is_writable(one.source)]
    pairs = [*_pairs(fit, set(unwritable)), *_reshaped(fit)]
    wanted = [*fit.missing, *fit.mismatched]
    order = {part.variable: place for place, part in enumerate(wanted)}
    pairs.sort(key=lambda pair: order[pair.ours.variable])
    found = {pair.ours.variable for pair in pairs}
    new = [one.variable for one in fit.missing if pairs and one.variable not in found]
    lines = [f'new "{names}"' for names, _, _ in _alone(new)]
    return Proposal(
        (*_renames(pair for pair in pairs if not pair.guessed), *lines),
        tuple(_renames(pair for pair in pairs if pair.guessed)),
        tuple(unwritable if fit.missing else ()),
    )


def _other_scope(fit: Fit) -> Proposal:
    """If the file has none of the network's names, look for them below another scope."""
    wanted = {part.variable: part.shape for part in fit.missing}
    scopes: Counter[str] = Counter()
    for part in fit.unused:
        start = 0
        while start >= 0:
            name = part.source[start:]
            if wanted.get(name) == part.source_shape:
                scopes[part.source[:start]] += 1
            start = part.source.find("/", start) + 1 or -1
    if fit.loaded or fit.mismatched or not scopes:
        return Proposal()
    scope, count = scopes.most_common(1)[0]
    if 2 * count <= len(wanted) or "'" in scope or not _is_writable(f"{scope}_"):
        return Proposal()
    return Proposal(rename=f"{scope}{{name}}", renamed=count)


def _is_writable(name: str) -> bool:
    return WRITABLE.fullmatch(name) is not None and visible(name) == name


def _renames(pairs: Iterable[ProposedPair]) -> Iterator[str]:
    named = [(p.ours.variable, p.theirs.source, p.transform) for p in pairs]
    for ours, theirs, change in pair_names(named):
        yield f'rename "{ours}" "{theirs}"{_keys(change)}'


def _alone(names: Sequence[str]) -> Iterator[tuple[str, str, None]]:
    return pair_names([(name, name, None) for name in names])


def _keys(change: Transform) -> str:
    keys = (("reshape", change.reshape), ("transpose", change.transpose))
    given = [f" {key}={literal(value)}" for key, value in keys if value is not None]
    return "".join(given)


def _reshaped(fit: Fit) -> Iterator[ProposedPair]:
    """The value that a map names may differ from the variable in shape or axes only."""
    for part in fit.mismatched:
        kind = KINDS.get(part.variable.rpartition("/")[2], "")
        change = transform(kind, part.shape, part.source_shape or (), fit.format)
        is_whole = part.transform.slice is None and not part.types
        if change is not None and is_whole:
            yield ProposedPair(part, part, change)


def _pairs(fit: Fit, unwritable: Set[str]) -> Iterator[ProposedPair]:
    """Pair missing variables with unused values, the parts of a layer with one layer only."""
    known = [*fit.loaded, *fit.mismatched]
    free = {part.source for part in fit.unused} - unwritable
    sources = {part.source: part for part in (*fit.unused, *known)}
    values = [replace(part, variable="") for part in sources.values()]
    theirs = file_layers(values, fit.format)
    begun = _begun(known, theirs)
    known_units = {unit_of(part.variable) for part in known}
    left: list[SourceLayer] = []
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
            yield ProposedPair(match.ours.parts[kind], value, change, match.guessed)


def _begun(
    known: Sequence[FittedPart], theirs: Sequence[SourceLayer]
) -> dict[str, list[SourceLayer]]:
    """The file's layers that a map already names in part, by the network's layers."""
    of = {part.source: layer for layer in theirs for part in layer.parts.values()}
    found: dict[str, dict[SourceLayer, None]] = {}
    for part in known:
        own = own_layer(unit_of(part.variable))
        found.setdefault(own, {})[of[part.source]] = None
    return {own: list(layers) for own, layers in found.items()}


def _rest(
    ours: SourceLayer, theirs: Sequence[SourceLayer], free: set[str], format: str
) -> Iterator[ProposedPair]:
    """The free values of the layers that a layer takes parts of."""
    for other in theirs:
        parts = {k: part for k, part in other.parts.items() if part.source in free}
        layer = SourceLayer(other.name, parts)
        for kind, change in (fits(ours, layer, format) or {}).items():
            value = value_of(layer, kind)
            assert value is not None
            yield ProposedPair(ours.parts[kind], value, change)


def _left(
    ours: SourceLayer, pairs: Sequence[ProposedPair], known: Set[str]
) -> list[SourceLayer]:
    """The norm of a layer that is matched in part, where the file's names do not join them."""
    begun = known | {unit_of(pair.ours.variable) for pair in pairs}
    return [unit for unit in units(ours) if unit.name not in begun]
