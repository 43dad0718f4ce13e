"""Pair families of layers whose names differ in numbers only, before single layers."""

import difflib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from slimgen.frozen import Frozen
from slimgen.weights.layering import SourceLayer
from slimgen.weights.reading import number

MOST_COLUMNS = 4  # numbers of a name that may be a family's or count within it
MOST_FAMILIES = 400  # of one size that are compared with each other

# A number, or the letter that counts after one: block2a, block2b.
COUNT = re.compile(r"[0-9]+|(?<=[0-9])[a-z](?![a-z])")
Numbers = tuple[tuple[int, str], ...]


class Family(Frozen):
    """Layers in the order of their numbers.

    Attributes:
        text: The name without what counts.
        counts: How the numbers go, each counted from 0.
    """

    text: str
    layers: tuple[SourceLayer, ...]
    counts: frozenset[tuple[int, ...]]


def paired_families(
    ours: Sequence[SourceLayer],
    theirs: Sequence[SourceLayer],
    fit: Callable[[SourceLayer, SourceLayer], bool],
) -> Iterator[tuple[SourceLayer, SourceLayer]]:
    """Pair layers of families that count alike and fit all along; the largest first.

    Where several families fit, names decide; where they are equally alike, none is taken.
    """
    own, other = _by_size(ours), _by_size(theirs)
    used: set[SourceLayer] = set()
    for size in sorted(own.keys() & other.keys(), reverse=True):
        left = [one for one in own[size] if used.isdisjoint(one.layers)]
        right = [one for one in other[size] if used.isdisjoint(one.layers)]
        if max(len(left), len(right)) > MOST_FAMILIES:
            continue
        for one, match in _best(left, right, fit):
            if used.isdisjoint((*one.layers, *match.layers)):
                used.update(one.layers, match.layers)
                yield from zip(one.layers, match.layers, strict=True)


def _by_size(layers: Sequence[SourceLayer]) -> dict[int, list[Family]]:
    """All families of two layers and more, by their size."""
    forms: dict[str, list[tuple[Numbers, SourceLayer]]] = {}
    for one in layers:
        numbers = tuple(_number(text) for text in COUNT.findall(one.name))
        forms.setdefault(COUNT.sub("#", one.name), []).append((numbers, one))
    found: dict[int, list[Family]] = {}
    for form, members in forms.items():
        for family in _families(form, members):
            found.setdefault(len(family.layers), []).append(family)
    return found


def _families(
    form: str, members: Sequence[tuple[Numbers, SourceLayer]]
) -> Iterator[Family]:
    """The families of one form: some of its numbers may belong to the name."""
    columns = [
        place for place, row in enumerate(_columns(members)) if len(set(row)) > 1
    ]
    if len(members) < 2 or len(columns) > MOST_COLUMNS:
        return
    for count in range(len(columns)):
        for held in itertools.combinations(columns, count):
            parts: dict[Numbers, list[tuple[Numbers, SourceLayer]]] = {}
            for numbers, one in members:
                key = tuple(numbers[place] for place in held)
                parts.setdefault(key, []).append((numbers, one))
            for key, some in parts.items():
                if len(some) > 1:
                    some.sort(key=lambda pair: pair[0])
                    text = "".join([form, *(digits for _, digits in key)])
                    layers = tuple(one for _, one in some)
                    yield Family(text, layers, _counts(some))


def _number(text: str) -> tuple[int, str]:
    return number(text) if text.isdigit() else (1, str(ord(text) - ord("a")).zfill(2))


def _columns(
    members: Sequence[tuple[Numbers, SourceLayer]],
) -> Iterator[tuple[tuple[int, str], ...]]:
    return zip(*(numbers for numbers, _ in members), strict=True)


def _counts(
    members: Sequence[tuple[Numbers, SourceLayer]],
) -> frozenset[tuple[int, ...]]:
    """How each number counts, from 0; two that count alike are one."""
    found = set()
    for column in _columns(members):
        ranks = {one: rank for rank, one in enumerate(sorted(set(column)))}
        if len(ranks) > 1:
            found.add(tuple(ranks[one] for one in column))
    return frozenset(found)


def _best(
    ours: Sequence[Family],
    theirs: Sequence[Family],
    fit: Callable[[SourceLayer, SourceLayer], bool],
) -> Iterator[tuple[Family, Family]]:
    """The pairs that are each other's only fit, or the one whose name is most alike."""
    fitting = [
        (one, match)
        for one in ours
        for match in theirs
        if one.counts == match.counts and all(map(fit, one.layers, match.layers))
    ]
    likeness = {pair: _likeness(pair[0].text, pair[1].text) for pair in fitting}
    for pair in fitting:
        rivals = [
            likeness[it]
            for it in fitting
            if it is not pair and (it[0] is pair[0] or it[1] is pair[1])
        ]
        if all(likeness[pair] > other for other in rivals):
            yield pair


def _likeness(one: str, other: str) -> float:
    """The likeness of the words of two names, from 0 to 1."""
    first, second = (re.findall(r"[a-z]+", text.lower()) for text in (one, other))
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()
