"""Pairs of names as few pairs of patterns: the n-th name of one is the n-th of the other.

`conv1_1` and `block1_conv1`, `conv1_2` and `block1_conv2` become `conv1_{1..2}` and
`block1_conv{1..2}`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from slimgen.frozen import Frozen

TOKENS = re.compile(r"\d+|[/.]|[^/.\d]+")
SEPARATORS = "/."
SAFE = re.compile(r"[^{},]*")
LISTED = re.compile(r"[^{},=\[(\s]*")  # what a list gives back as it stands there
RANGE = re.compile(r"\d+\.\.\d+")
WIDTH = 76  # of a pattern, in characters

Key = TypeVar("Key")

Token = str | tuple[str, ...]
"""A piece of a name, or the pieces that may stand in its place."""

Tokens = tuple[Token, ...]


class NamePair(Frozen):
    """Two patterns of as many names, with what belongs to all of them.

    The lists of one stand in the order of the other's, so that both expand alike.
    """

    ours: Tokens
    theirs: Tokens
    key: object


class ListPosition(Frozen):
    """A piece of a variable's name and of its source's name; both may become lists."""

    ours: int
    theirs: int


def pair_names(
    names: Sequence[tuple[str, str, Key]],
) -> Iterator[tuple[str, str, Key]]:
    """Yield pairs of patterns that stand for exactly these pairs, each with its key.

    Args:
        names: Our name, theirs, and what is kept apart.
    """
    keys = list(dict.fromkeys(key for _, _, key in names))
    for key in keys:
        pairs = [
            NamePair(_tokens(ours), _tokens(theirs), key)
            for ours, theirs, one in names
            if one == key
        ]
        for pair in _by_components(_merged(pairs)):
            yield _written(pair.ours), _written(pair.theirs), key


def _tokens(name: str) -> Tokens:
    if SAFE.fullmatch(name):
        return tuple(TOKENS.findall(name))
    return (name,)


def _by_components(pairs: Sequence[NamePair]) -> list[NamePair]:
    """Merge once more what differs in one whole component of our names."""
    return _merged([replace(pair, ours=_components(pair.ours)) for pair in pairs])


def _components(tokens: Tokens) -> Tokens:
    """Join the pieces of each component, but for lists."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else "/"
        if (
            isinstance(token, str)
            and isinstance(last, str)
            and "/" not in (last, token)
        ):
            joined[-1] = last + token
        else:
            joined.append(token)
    return tuple(joined)


def _merged(pairs: Sequence[NamePair]) -> list[NamePair]:
    """Merge pairs until no place is left where two differ in nothing else."""
    groups: dict[object, list[NamePair]] = {}
    for pair in pairs:
        groups.setdefault((_form(pair.ours), _form(pair.theirs)), []).append(pair)
    merged = [_merged_alike(group) for group in groups.values()]
    left = [pair for group in merged for pair in group]
    return left if len(left) == len(pairs) else _merged(left)


def _form(tokens: Tokens) -> tuple[bool, ...]:
    """Which pieces are lists already."""
    return tuple(isinstance(token, tuple) for token in tokens)


def _merged_alike(pairs: list[NamePair]) -> list[NamePair]:
    """Merge pairs of one form at the place where that leaves the fewest."""
    best = pairs
    for place in _places(pairs):
        found = _merged_at(pairs, place)
        if len(found) < len(best):
            best = found
    return best


def _places(pairs: Sequence[NamePair]) -> Iterator[ListPosition]:
    """The places that could become the same list on both sides, the last first."""
    first = pairs[0]
    ours = _varying([pair.ours for pair in pairs])
    theirs = _varying([pair.theirs for pair in pairs])
    for our in reversed(ours):
        for their in reversed(theirs):
            if sum(_form(first.ours[:our])) == sum(_form(first.theirs[:their])):
                yield ListPosition(our, their)


def _varying(rows: Sequence[Tokens]) -> list[int]:
    return [
        place
        for place, token in enumerate(rows[0])
        if isinstance(token, str) and any(row[place] != token for row in rows)
    ]


def _merged_at(pairs: Sequence[NamePair], place: ListPosition) -> list[NamePair]:
    groups: dict[object, list[NamePair]] = {}
    for pair in pairs:
        rest = _without(pair.ours, place.ours), _without(pair.theirs, place.theirs)
        groups.setdefault(rest, []).append(pair)
    merged: list[NamePair] = []
    for group in groups.values():
        one = _one_pair(group, place) if len(group) > 1 else None
        merged += [one] if one is not None else group
    return merged


def _without(tokens: Tokens, place: int) -> Tokens:
    return (*tokens[:place], *tokens[place + 1 :])


def _one_pair(group: Sequence[NamePair], place: ListPosition) -> NamePair | None:
    """The pairs as one, or None where it would not be read as meant, or is too long."""
    ours = _column([pair.ours for pair in group], place.ours)
    theirs = _column([pair.theirs for pair in group], place.theirs)
    if ours is None or theirs is None:
        return None
    first = group[0]
    pair = replace(
        first,
        ours=(*first.ours[: place.ours], ours, *first.ours[place.ours + 1 :]),
        theirs=(
            *first.theirs[: place.theirs],
            theirs,
            *first.theirs[place.theirs + 1 :],
        ),
    )
    fits = max(len(_written(pair.ours)), len(_written(pair.theirs))) <= WIDTH
    return pair if fits else None


def _column(rows: Sequence[Tokens], place: int) -> tuple[str, ...] | None:
    texts = [row[place] for row in rows]
    plain = [text for text in texts if isinstance(text, str)]
    if any(
        text in SEPARATORS or not LISTED.fullmatch(text) or RANGE.search(text)
        for text in plain
    ):
        return None
    return tuple(plain) if len(plain) == len(texts) else None


def _written(tokens: Tokens) -> str:
    return "".join(
        token if isinstance(token, str) else written_list(token) for token in tokens
    )


def written_list(texts: Sequence[str]) -> str:
    """Write `{1..3}`, `{1..3,5}` or `{weights,biases}`; what all begin with stands before."""
    if all(text.isdigit() and str(int(text)) == text for text in texts):
        return f"{{{','.join(_runs([int(text) for text in texts]))}}}"
    start = _common_start(texts)
    return f"{start}{{{','.join(text[len(start) :] for text in texts)}}}"


def _runs(numbers: Sequence[int]) -> list[str]:
    """Numbers as texts, those that count up as `1..3`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs]


def _common_start(texts: Sequence[str]) -> str:
    """Return the common start of texts, up to an underscore and before any brace."""
    first, last = min(texts), max(texts)
    count = 0
    while count < len(first) and first[count] == last[count] and first[count] != "{":
        count += 1
    return first[: first.rfind("_", 0, count) + 1]
