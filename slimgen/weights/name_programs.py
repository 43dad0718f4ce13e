"""Programs that write a file's names from the parts of variables' names, found by examples."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from slimgen.frozen import Frozen

TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|.", re.DOTALL)
NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
SHORT_LIST = 4  # texts of a list that says more than a count
LONGEST_LIST = 26  # the letters
LONGEST_COUNT = 30  # numbers of a list
WIDEST_LIST = 120  # characters
FARTHEST = 6  # tokens from the start or the end of a component to an end of a text
MOST_STEPS = 100  # of one search
SAMPLE = 8  # examples that are tried before all


class FixedText(Frozen):
    """A text that stands in every name."""

    text: str


class NamePart(Frozen):
    """A part of the variable's name as it is, or as a number plus `shift`."""

    slot: int
    shift: int = 0


class ListedText(Frozen):
    """A text for each text of a part, as two lists write them."""

    slot: int
    texts: tuple[tuple[str, str], ...]


class RuleCount(Frozen):
    """The place of a variable among those of its rule, from 1, plus `shift`."""

    shift: int = 0


Program = tuple[FixedText | NamePart | ListedText | RuleCount, ...]


class NameExample(Frozen):
    """The parts of a variable's name, and the name of its value."""

    parts: tuple[str, ...]
    name: str


def find_program(examples: Sequence[NameExample]) -> Program | None:
    """Return a program for the names of all examples, in order; None if there is none."""
    spread = examples[:: 1 + len(examples) // SAMPLE]
    if len(spread) < len(examples) and _ProgramSearch(spread, True).found() is None:
        return None
    return _ProgramSearch(examples).found()


class _ProgramSearch:
    """A search through the pieces with which all names continue, depth first."""

    def __init__(
        self, examples: Sequence[NameExample], is_sample: bool = False
    ) -> None:
        self.names = [one.name for one in examples]
        columns = zip(*(one.parts for one in examples), strict=True)
        self.columns = {
            slot: column for slot, column in enumerate(columns) if len(set(column)) > 1
        }
        self.is_sample = is_sample
        self.steps = 0

    def found(self) -> Program | None:
        """Return the first program."""
        for program in self._programs([0] * len(self.names), ()):
            counted = self._counted(program)
            if counted is not None:
                return counted
        return None

    def _programs(self, places: Sequence[int], before: Program) -> Iterator[Program]:
        """Yield the programs that begin with `before`, which ends at `places`."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            return
        ended = [p == len(name) for p, name in zip(places, self.names, strict=True)]
        if any(ended):
            if all(ended):
                yield before
            return
        for piece, ends in self._pieces(places, before):
            yield from self._programs(ends, (*before, piece))

    def _pieces(
        self, places: Sequence[int], before: Program
    ) -> Iterator[tuple[FixedText | NamePart | ListedText | RuleCount, Sequence[int]]]:
        """Yield the pieces that may stand at `places`, the likeliest first, and their ends."""
        tokens = [_token(n, p) for n, p in zip(self.names, places, strict=True)]
        ends = [p + len(token) for p, token in zip(places, tokens, strict=True)]
        listed = {piece.slot for piece in before if isinstance(piece, ListedText)}
        open_ = {s: column for s, column in self.columns.items() if s not in listed}
        for slot, column in open_.items():
            if all(map(_stands_at, self.names, places, column)):
                yield NamePart(slot), [
                    p + len(t) for p, t in zip(places, column, strict=True)
                ]
        if len(set(tokens)) == 1:
            yield FixedText(tokens[0]), ends
            return
        counts = all(map(NUMBER.fullmatch, tokens))
        if counts:
            for slot, shift in self._shifts(tokens, open_):
                yield NamePart(slot, shift), ends
        used = {piece.slot for piece in before if isinstance(piece, NamePart)}
        free = {s: column for s, column in open_.items() if s not in used}
        lists = list(self._lists(places, free))
        yield from (one for one in lists if len(one[0].texts) <= SHORT_LIST)
        if counts and not any(isinstance(piece, RuleCount) for piece in before):
            yield RuleCount(), ends
        yield from (one for one in lists if len(one[0].texts) > SHORT_LIST)

    def _shifts(
        self, tokens: Sequence[str], columns: dict[int, tuple[str, ...]]
    ) -> Iterator[tuple[int, int]]:
        for slot, column in columns.items():
            if all(map(NUMBER.fullmatch, column)):
                shifts = {int(t) - int(c) for t, c in zip(tokens, column, strict=True)}
                if len(shifts) == 1:
                    yield slot, shifts.pop()

    def _lists(
        self, places: Sequence[int], columns: dict[int, tuple[str, ...]]
    ) -> Iterator[tuple[ListedText, Sequence[int]]]:
        """Yield lists of texts, which end some tokens after `places` or before an end."""
        rests = [
            _component(name, place)
            for name, place in zip(self.names, places, strict=True)
        ]
        seen: set[tuple[int, ...]] = set()
        for tokens in (*range(1, FARTHEST), *range(0, -FARTHEST, -1)):
            if any(len(rest) < abs(tokens) + (tokens <= 0) for rest in rests):
                continue
            texts = ["".join(rest[: tokens or None]) for rest in rests]
            ends = [place + len(t) for place, t in zip(places, texts, strict=True)]
            if tuple(ends) in seen:
                continue
            seen.add(tuple(ends))
            for slot, column in columns.items():
                chosen = dict(zip(column, texts, strict=True))
                if all(map(lambda c, t: chosen[c] == t, column, texts)) and _is_list(
                    chosen
                ):
                    yield ListedText(slot, _in_order(chosen)), ends

    def _counted(self, program: Program) -> Program | None:
        """Return a program with the shift of its count; None where it does not count."""
        place = next(
            (i for i, piece in enumerate(program) if isinstance(piece, RuleCount)), None
        )
        if place is None or self.is_sample:
            return program
        numbers: list[int] = []
        for index, name in enumerate(self.names):
            written = self._written(program, index)
            found = re.fullmatch(
                f"{re.escape(written[0])}([0-9]+){re.escape(written[1])}", name
            )
            assert found is not None
            numbers.append(int(found[1]))
        lists = [piece.slot for piece in program if isinstance(piece, ListedText)]
        counts: Counter[tuple[str, ...]] = Counter()
        shifts: set[int] = set()
        for index, number in enumerate(numbers):
            key = tuple(self.columns[slot][index] for slot in lists)
            counts[key] += 1
            shifts.add(number - counts[key])
        if len(shifts) > 1:
            return None
        return (*program[:place], RuleCount(shifts.pop()), *program[place + 1 :])

    def _written(self, program: Program, index: int) -> tuple[str, str]:
        """The name of an example before and after its count."""
        texts = [""]
        for piece in program:
            if isinstance(piece, RuleCount):
                texts.append("")
            elif isinstance(piece, FixedText):
                texts[-1] += piece.text
            elif isinstance(piece, ListedText):
                texts[-1] += dict(piece.texts)[self.columns[piece.slot][index]]
            elif piece.shift:
                number = int(self.columns[piece.slot][index]) + piece.shift
                texts[-1] += str(number)
            else:
                texts[-1] += self.columns[piece.slot][index]
        return texts[0], texts[1]


def _token(name: str, place: int) -> str:
    found = TOKEN.match(name, place)
    return found[0] if found else ""


def _stands_at(name: str, place: int, text: str) -> bool:
    """True if a text stands there and ends where a token ends."""
    end = place + len(text)
    if not name.startswith(text, place):
        return False
    return end == len(name) or _kind(name[end - 1]) != _kind(name[end])


def _kind(sign: str) -> str:
    return "0" if sign.isdigit() else "a" if sign.isalpha() else sign


def _component(name: str, place: int) -> list[str]:
    """The tokens from a place to the end of the component."""
    ends = [e for e in (name.find("/", place), name.find(".", place)) if e >= 0]
    return TOKEN.findall(name[place : min(ends, default=len(name))])


def _is_list(chosen: dict[str, str]) -> bool:
    """True if lists can hold these texts: each once, and not too long."""
    theirs = chosen.values()
    numbers = all(map(NUMBER.fullmatch, (*chosen, *theirs)))
    return (
        len(set(theirs)) == len(chosen) <= (LONGEST_COUNT if numbers else LONGEST_LIST)
        and max(len("".join(chosen)), len("".join(theirs))) <= WIDEST_LIST
    )


def _in_order(chosen: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Numbers in order, other texts as they come."""
    if all(map(NUMBER.fullmatch, chosen)):
        return tuple(sorted(chosen.items(), key=lambda pair: int(pair[0])))
    return tuple(chosen.items())
