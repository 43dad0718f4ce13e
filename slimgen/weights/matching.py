"""Match whole layers of a network with layers of a file."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.ir.weight_map import Transform
from slimgen.weights.layering import (
    KINDS,
    NORMS,
    SourceLayer,
    fits,
    found_size,
    units,
    value_of,
    wanted_size,
)
from slimgen.weights.name_forms import paired_families
from slimgen.weights.reading import number

MOST_ALIKE = 16  # layers whose names are compared with a layer's

Form = tuple[tuple[str, tuple[int, ...]], ...]


class Match(Frozen):
    """A layer of the network and its likely counterpart in the file.

    Attributes:
        transforms: By the kinds that both have.
        guessed: Only the order, or a likeness of names, decided between layers of one form.
    """

    ours: SourceLayer
    theirs: SourceLayer
    transforms: dict[str, Transform]
    guessed: bool


def match_layers(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer], format: str
) -> Iterator[Match]:
    """Match whole layers; those with other names or missing parts are guesses."""
    left, free = list(ours), list(theirs)
    for round_ in (_by_families, _matched, _ours_apart, _theirs_apart, _partly):
        whole = round_ in (_by_families, _matched)
        matches = list(round_(left, free, format))
        yield from (replace(one, guessed=one.guessed or not whole) for one in matches)
        left = _without(left, [match.ours for match in matches])
        free = _without(free, [match.theirs for match in matches])


def _by_families(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer], format: str
) -> Iterator[Match]:
    """Layers of families whose names count alike; then norms that seem a neighbour's."""

    def is_fit(one: SourceLayer, other: SourceLayer) -> bool:
        rank = _rank(one, other, format)
        return rank is not None and rank[:2] == (0, 0)  # each has what the other has

    pairs = list(paired_families(ours, theirs, is_fit))
    left = _without(ours, [one for one, _ in pairs])
    free = _without(theirs, [other for _, other in pairs])
    single = [one for one in left if len(units(one)) == 1 and not one.is_rest]
    pairs += paired_families(single, _apart(free), is_fit)
    for one, other in pairs:
        yield Match(one, other, fits(one, other, format) or {}, False)


def _ours_apart(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer], format: str
) -> Iterator[Match]:
    """A layer with its norm, where the file's names do not join them."""
    joined = [one for one in ours if len(units(one)) > 1]
    single = [one for one in theirs if len(units(one)) == 1]
    return _matched(_apart(joined), single, format)


def _theirs_apart(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer], format: str
) -> Iterator[Match]:
    """A norm that seems to belong to a neighbour, such as the layer after it."""
    # The rest of a split layer is not among these: it would be split twice.
    single = [one for one in ours if len(units(one)) == 1 and not one.is_rest]
    joined = [one for one in theirs if len(units(one)) > 1]
    return _matched(single, _apart(joined), format)


def _partly(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer], format: str
) -> Iterator[Match]:
    return _matched(ours, theirs, format, partly=True)


def _apart(layers: Sequence[SourceLayer]) -> list[SourceLayer]:
    return [unit for one in layers for unit in units(one)]


def _without(
    layers: Sequence[SourceLayer], taken: Sequence[SourceLayer]
) -> list[SourceLayer]:
    """Layers that are not taken, and the free parts of the others."""
    gone = {id(part) for one in taken for part in one.parts.values()}
    found: list[SourceLayer] = []
    for one in layers:
        left = [
            unit for unit in units(one) if gone.isdisjoint(map(id, unit.parts.values()))
        ]
        if len(left) == len(units(one)):
            found.append(one)
        else:
            found += [replace(unit, is_rest=True) for unit in left]
    return found


def _matched(
    ours: Sequence[SourceLayer],
    theirs: Sequence[SourceLayer],
    format: str,
    partly: bool = False,
) -> Iterator[Match]:
    """Match layers of the same form: the best forms first, then by names, then in order."""
    own, other = _grouped(ours), _grouped(theirs)
    places = {one: place for place, one in enumerate(theirs)}
    for rank, form, forms in _rivals(own, other, format):
        if rank[0] and not partly:
            continue
        open_ = sorted(
            (one for key in forms for one in other[key]), key=places.__getitem__
        )
        for one, match, guessed in _paired(list(own[form]), open_):
            del own[form][one], other[match.form][match]
            yield Match(one, match, fits(one, match, format) or {}, guessed)


Group = dict[SourceLayer, None]  # a set that keeps its order


def _grouped(layers: Iterable[SourceLayer]) -> dict[Form, Group]:
    found: dict[Form, Group] = {}
    for one in layers:
        found.setdefault(one.form, {})[one] = None
    return found


def _rivals(
    own: dict[Form, Group], other: dict[Form, Group], format: str
) -> list[tuple[tuple[int, ...], Form, list[Form]]]:
    """The forms of the file that fit each form of the network, the best first."""
    by_size: dict[tuple[str, tuple[int, int]], list[Form]] = {}
    for form in other:
        for kind, shape in form:
            by_size.setdefault((kind, found_size(shape, format)), []).append(form)
    found: dict[tuple[tuple[int, ...], Form], list[Form]] = {}
    for form, layers in own.items():
        one = next(iter(layers))
        kind = one.first
        size = wanted_size(kind, dict(form)[kind], format)
        kinds = ("depthwise", "kernel") if kind == "depthwise" else (kind,)
        for rival in (it for key in kinds for it in by_size.get((key, size), ())):
            rank = _rank(one, next(iter(other[rival])), format)
            if rank is not None:
                found.setdefault((rank, form), []).append(rival)
    return [(rank, form, found[rank, form]) for rank, form in sorted(found)]


def _rank(
    ours: SourceLayer, theirs: SourceLayer, format: str
) -> tuple[int, ...] | None:
    """The misfit of two layers: parts missing in ours, parts more in theirs, new shapes."""
    found = fits(ours, theirs, format)
    if found is None or ours.first not in found:
        return None
    used = {id(value_of(theirs, kind)) for kind in found}
    if any(used.isdisjoint(map(id, u.parts.values())) for u in units(theirs)):
        return None  # it has a norm, or a kernel, that ours has not
    known = set(KINDS.values())
    more = sum(
        kind in known and id(part) not in used for kind, part in theirs.parts.items()
    )
    # A matrix may also be a kernel of 1x1: first what needs no new shape.
    reshaped = sum(one.reshape is not None for one in found.values())
    return len(ours.parts) - len(found), more, reshaped


# Layers of one form.


def _paired(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer]
) -> list[tuple[SourceLayer, SourceLayer, bool]]:
    """Pair layers by the last part of their names; in order if there are as many, else by name."""
    pairs: list[tuple[SourceLayer, SourceLayer, bool]] = []
    own, other = _grouped_by_last(ours), _grouped_by_last(theirs)
    forms, rivals = _by_form(own), _by_form(other)
    for last, layers in own.items():  # conv3 of each unit, say
        form = _form(last)
        # Where conv1 and conv2 meet conv2 and conv3, the numbers are no names.
        if forms[form] == rivals.get(form) and len(layers) == len(other[last]):
            pairs += _in_order(layers, other[last])
    taken = {one for pair in pairs for one in pair[:2]}
    ours = [one for one in ours if one not in taken]
    theirs = [one for one in theirs if one not in taken]
    if len(ours) == len(theirs):
        return pairs + _in_order(ours, theirs)
    return pairs + _alike(ours, theirs)


def _form(name: str) -> str:
    """A name with its numbers replaced."""
    return re.sub(r"[0-9]+", "0", name)


def _by_form(names: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(_form(name), set()).add(name)
    return found


def _grouped_by_last(layers: Sequence[SourceLayer]) -> dict[str, list[SourceLayer]]:
    """Layers by the last component of their names; the norm after conv3 is bn3."""
    found: dict[str, list[SourceLayer]] = {}
    for one in layers:
        parts = [part for part in re.split(r"[/.]", one.name) if part not in NORMS]
        last = re.sub(r"^bn(?=\d)", "conv", parts[-1]) if parts else ""
        found.setdefault(last, []).append(one)
    return found


def _in_order(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer]
) -> list[tuple[SourceLayer, SourceLayer, bool]]:
    """Pair equally many layers: by the parts in which names differ if these agree, else in order."""
    own, other = _telling(ours), _telling(theirs)
    if len(own) == len(other) == len(ours) and own.keys() == other.keys():
        return [(one, other[words], False) for words, one in own.items()]
    guessed = len(ours) > 1 and not _count_alike(ours, theirs)
    return [(one, it, guessed) for one, it in zip(ours, theirs, strict=True)]


def _count_alike(ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer]) -> bool:
    """True if names differ in numbers only, which count one thing, or count as ours do."""
    own, other = _counts(ours), _counts(theirs)
    return other is not None and (len(other) == 1 or other == own)


def _counts(layers: Sequence[SourceLayer]) -> set[tuple[int, ...]] | None:
    """The numbers of names that differ in numbers only, each counted from 0."""
    if len({_form(one.name) for one in layers}) > 1:
        return None
    numbers = [map(number, re.findall(r"[0-9]+", one.name)) for one in layers]
    found: set[tuple[int, ...]] = set()
    for place in zip(*numbers, strict=True):
        ranks = {one: rank for rank, one in enumerate(sorted(set(place)))}
        if len(ranks) > 1:
            found.add(tuple(ranks[one] for one in place))
    return found


def _telling(layers: Sequence[SourceLayer]) -> dict[tuple[str, ...], SourceLayer]:
    """Layers by the words and numbers that not all of their names have."""
    words = [_words(one.name) for one in layers]
    shared = set(words[0]).intersection(*words[1:]) if words else set()
    return {
        tuple(word for word in mine if word not in shared): one
        for mine, one in zip(words, layers, strict=True)
    }


def _alike(
    ours: Sequence[SourceLayer], theirs: Sequence[SourceLayer]
) -> list[tuple[SourceLayer, SourceLayer, bool]]:
    """Pair layers whose names are most alike in both directions."""
    by_word: dict[str, list[int]] = {}
    for place, one in enumerate(theirs):
        for word in set(_words(one.name)):
            by_word.setdefault(word, []).append(place)
    best: dict[int, tuple[float, int]] = {}
    back: dict[int, tuple[float, int]] = {}
    for place, one in enumerate(ours):
        for rival in _nearest(_words(one.name), by_word):
            likeness = _likeness(one.name, theirs[rival].name)
            if likeness > best.get(place, (0.0, 0))[0]:
                best[place] = likeness, rival
            if likeness > back.get(rival, (0.0, 0))[0]:
                back[rival] = likeness, place
    return [
        (ours[place], theirs[rival], likeness < 1)
        for place, (likeness, rival) in best.items()
        if back[rival][1] == place and likeness >= 0.5
    ]


def _nearest(words: Sequence[str], by_word: dict[str, list[int]]) -> list[int]:
    """The places of some names that share words, the rarest words first."""
    found: dict[int, None] = {}
    for places in sorted((by_word.get(word, []) for word in set(words)), key=len):
        found |= dict.fromkeys(places[:MOST_ALIKE])
        if len(found) >= MOST_ALIKE:
            break
    return list(found)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[0-9]+", name.lower())


def _likeness(one: str, other: str) -> float:
    """The likeness of two names, from 0 to 1: of their words and numbers, in order."""
    matcher = difflib.SequenceMatcher(None, _words(one), _words(other), autojunk=False)
    return matcher.ratio()
