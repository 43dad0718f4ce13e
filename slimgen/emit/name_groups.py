"""Names of variables as few patterns: `{weights,biases}` of `conv1/conv1_{1..2}`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

NUMBER = re.compile(r"(\d+)")
RANGE = re.compile(r"\d+\.\.\d+")
WIDTH = 70


@dataclass(frozen=True)
class NameGroup:
    """The scopes that hold variables of the same names; both as patterns.

    Every scope is joined to every leaf; either may be empty.
    """

    leaves: str
    scopes: tuple[str, ...]


def group_names(names: Sequence[str], inner: frozenset[str]) -> list[NameGroup]:
    """Return groups that stand for exactly `names`, in some order.

    `inner` has the scopes that belong to the leaves: those of normalizers.
    """
    if any(RANGE.fullmatch(part) for name in names for part in name.split("/")):
        return [NameGroup("", tuple(names))]  # a name that reads like a pattern
    owned: dict[str, list[str]] = {}
    plain = {name.rpartition("/")[0] for name in names}
    for name in names:
        owner = _owner(name, plain, inner)
        owned.setdefault(owner, []).append(name[len(owner) :].removeprefix("/"))
    owners: dict[tuple[str, ...], list[str]] = {}
    for owner, leaves in owned.items():
        owners.setdefault(tuple(leaves), []).append(owner)
    return [
        NameGroup(_braced(_patterns(leaves)), tuple(_scopes(scopes)))
        for leaves, scopes in owners.items()
    ]


def _scopes(scopes: Sequence[str]) -> list[str]:
    """Patterns of scopes; the empty one is joined without a slash, so it stands apart."""
    named = [scope for scope in scopes if scope]
    return [""] * (len(scopes) - len(named)) + _patterns(named)


def _owner(name: str, plain: set[str], inner: frozenset[str]) -> str:
    """The scope of the layer that a variable belongs to."""
    scope = name.rpartition("/")[0]
    outer, _, last = scope.rpartition("/")
    return outer if last in inner and outer in plain else scope


def _braced(patterns: Sequence[str]) -> str:
    return patterns[0] if len(patterns) == 1 else "{" + ",".join(patterns) + "}"


@dataclass
class _Tree:
    """Names by their components; `ends` where one ends here."""

    ends: bool = False
    inside: "dict[str, _Tree]" = field(default_factory=dict)
    kind: int = 0

    def add(self, name: str) -> None:
        """Add one name."""
        here = self
        for component in name.split("/"):
            here = here.inside.setdefault(component, _Tree())
        here.ends = True

    def number(self, kinds: dict[object, int]) -> None:
        """Give trees that hold the same one number."""
        parts: list[tuple[str, int]] = []
        for name, inside in self.inside.items():
            inside.number(kinds)
            parts.append((name, inside.kind))
        self.kind = kinds.setdefault((self.ends, tuple(parts)), len(kinds))

    def merged(self) -> "list[tuple[list[str], _Tree]]":
        """Children that hold the same, together."""
        groups: dict[int, tuple[list[str], _Tree]] = {}
        for name, inside in self.inside.items():
            groups.setdefault(inside.kind, ([], inside))[0].append(name)
        return list(groups.values())


def _patterns(names: Iterable[str]) -> list[str]:
    """Return patterns for names; one longer than WIDTH is parted where it can be."""
    tree = _Tree()
    for name in names:
        tree.add(name)
    tree.number({})
    return _lines(tree, WIDTH)


def _lines(tree: _Tree, width: int) -> list[str]:
    lines: list[str] = []
    for names, inside in tree.merged():
        here = _alternatives(names)
        if inside.ends:
            lines.append(here)
        if not inside.inside:
            continue
        within = _lines(inside, width - len(here) - 1)
        whole = f"{here}/{_braced(within)}"
        if len(whole) <= width:
            lines.append(whole)
        else:
            lines += [f"{here}/{line}" for line in within]
    return lines


def _alternatives(names: Sequence[str]) -> str:
    """One pattern for several components: runs of numbers, then what they begin with."""
    runs = _runs(names)
    if len(runs) == 1:
        return runs[0]
    start = common_start(runs)
    return start + "{" + ",".join(run[len(start) :] for run in runs) + "}"


def common_start(texts: Sequence[str]) -> str:
    """What all texts begin with, up to an underscore and before any brace."""
    first, last = min(texts), max(texts)
    count = 0
    while count < len(first) and first[count] == last[count] and first[count] != "{":
        count += 1
    return first[: first.rfind("_", 0, count) + 1]


def _runs(names: Sequence[str]) -> list[str]:
    result: list[str] = []
    start = 0
    while start < len(names):
        text, count = _run(names, start)
        result.append(text)
        start += count
    return result


def _run(names: Sequence[str], start: int) -> tuple[str, int]:
    """The names that count up from `start`, as one text, and how many they are."""
    parts = NUMBER.split(names[start])
    for place in range(len(parts) - 2, 0, -2):
        number = int(parts[place])
        if str(number) != parts[place] or parts[place + 1][:1].isalpha():
            continue
        count = 1
        following = _with(parts, place, str(number + count))
        while names[start + count : start + count + 1] == [following]:
            count += 1
            following = _with(parts, place, str(number + count))
        if count > 1:
            return _with(parts, place, f"{{{number}..{number + count - 1}}}"), count
    return names[start], 1


def _with(parts: Sequence[str], place: int, text: str) -> str:
    return "".join([*parts[:place], text, *parts[place + 1 :]])
