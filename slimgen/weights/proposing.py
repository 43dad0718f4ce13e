"""Propose rules for variables without one: whole layers, by form, order and name."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from slimgen.elaborate.name_patterns import read_pattern
from slimgen.emit.name_pairs import pair_names
from slimgen.frozen import Frozen
from slimgen.ir.graph import Network
from slimgen.ir.literal_text import literal
from slimgen.ir.weight_map import Transform
from slimgen.layers.weight_lines import AUTO
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
from slimgen.weights.network_fit import SAME_NAMES, Fit, FittedPart, fit, own_names
from slimgen.weights.reading import WeightFile
from slimgen.weights.rule_check import map_of_rules
from slimgen.weights.rule_search import (
    FoundRule,
    NamedPair,
    literal_rules,
    search_rules,
)

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


def propose(result: Fit, network: Network, file: WeightFile) -> Proposal:
    """Return rules for missing variables, and for values that fit once they are reshaped.

    The rules have been loaded: they give each variable the value that is meant.
    """
    size = len(result.missing) + len(result.mismatched) + len(result.unused)
    if size > MOST:
        return Proposal()
    scope = _other_scope(result) if result.format == "slim" else Proposal()
    if scope.rename:
        return scope
    unwritable = [one.source for one in result.unused if not _is_writable(one.source)]
    pairs = [*_pairs(result, set(unwritable)), *_reshaped(result)]
    if result.source == SAME_NAMES and pairs:  # the map is for all variables
        pairs += [ProposedPair(one, one, Transform()) for one in result.loaded]
    order = {name: place for place, name in enumerate(own_names(network))}
    pairs.sort(key=lambda pair: order[pair.ours.variable])
    found = {pair.ours.variable for pair in pairs}
    new = [
        one.variable for one in result.missing if pairs and one.variable not in found
    ]
    lines = tuple(f'new "{names}"' for names, _, _ in _alone(new))
    rules, guessed = _rules(pairs, lines, network, file)
    return Proposal(
        (*lines, *rules), guessed, tuple(unwritable if result.missing else ())
    )


def _rules(
    pairs: Sequence[ProposedPair],
    new: tuple[str, ...],
    network: Network,
    file: WeightFile,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return as few rules as load what the pairs say, those that are guesses apart."""
    named = {
        NamedPair(p.ours.variable, p.theirs.source, _keys(p.transform)): p
        for p in pairs
    }
    others = set(own_names(network)).difference(one.ours for one in named)
    guesses = {one for one, pair in named.items() if pair.guessed}
    sure = [one for one in named if one not in guesses]
    unsure = [one for one in named if one in guesses]
    for found in _searches(sure, unsure, list(named), others):
        guessed = [rule for rule in found if _is_guess(rule, guesses)]
        if any(not guesses.issuperset(rule.pairs) for rule in guessed):
            continue  # what is sure stands apart
        certain = [rule for rule in found if rule not in guessed]
        texts = [tuple(rule.text for rule in some) for some in (certain, guessed)]
        if _loads((*new, *texts[0], *texts[1]), pairs, network, file):
            return texts[0], texts[1]
    return (), ()


def _searches(
    sure: Sequence[NamedPair],
    unsure: Sequence[NamedPair],
    pairs: Sequence[NamedPair],
    others: Set[str],
) -> Iterator[Sequence[FoundRule]]:
    """Yield rules for pairs, of which some are guesses: the fewest rules first."""
    yield search_rules(pairs, others)
    apart = others | {one.ours for one in unsure}
    yield [*search_rules(sure, apart), *search_rules(unsure, others)]
    yield [*literal_rules(sure), *literal_rules(unsure)]


def _is_guess(rule: FoundRule, guesses: Set[NamedPair]) -> bool:
    """True if a rule, or a text of its lists, stands for guessed pairs alone."""
    pattern = read_pattern(rule.pattern)
    groups: dict[object, list[NamedPair]] = {}
    for pair in rule.pairs:
        fit = pattern.fit(pair.ours)
        assert fit is not None
        for place, text in enumerate(fit.chosen):
            groups.setdefault((place, text), []).append(pair)
    return any(guesses >= set(some) for some in (rule.pairs, *groups.values()))


def _loads(
    rules: tuple[str, ...],
    pairs: Sequence[ProposedPair],
    network: Network,
    file: WeightFile,
) -> bool:
    """True if a network with these rules takes the value that is meant for each variable."""
    found = map_of_rules(network, file.format, rules)
    if found is None:
        return False
    loaded = fit(replace(network, maps=(found,)), file).loaded
    wanted = {pair.ours.variable: pair.theirs.source for pair in pairs}
    return {part.variable: part.source for part in loaded} == wanted


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


def _alone(names: Sequence[str]) -> Iterator[tuple[str, str, None]]:
    return pair_names([(name, name, None) for name in names])


def _keys(change: Transform) -> str:
    axes = change.transpose
    reshape = "" if change.reshape is None else f" reshape={AUTO}"
    return reshape if axes is None else f"{reshape} transpose={literal(axes)}"


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
