"""Checkpoint maps of an emitted file: patterns of names, for each source of weights."""

from collections.abc import Iterator, Sequence

from slimgen.elaborate.name_patterns import read_pattern
from slimgen.emit.name_pairs import pair_names
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.graph import Network
from slimgen.ir.weight_map import Transform, WeightMap


class OtherNames(Frozen):
    """The map to a source with other names: the lines of its table."""

    format: str
    name: str
    source: str
    lines: tuple[str, ...]


def ignored_names(network: Network) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the patterns of names that a network does not want, by format of the source."""
    return tuple(
        (one.format, tuple(read_pattern(p).regex.pattern for p in one.ignored))
        for one in network.maps
        if one.ignored
    )


def other_map(network: Network, weights: WeightMap, name: str) -> OtherNames:
    """The map to another source, its names below the network's scope."""
    root = f"{network.scope}/" if network.scope else ""
    named = [
        (entry.variable.removeprefix(root), entry.source, entry.transform)
        for entry in weights.entries
    ]
    lines: list[str] = []
    for ours, theirs, transform in pair_names(named):
        lines += _line(ours, theirs, transform)
    return OtherNames(weights.format, name, weights.source, tuple(lines))


WIDTH = 88
INDENT = 4


def _line(ours: str, theirs: str, transform: Transform) -> Iterator[str]:
    """Write a line of the table as black would: the source below where it is too long."""
    key = f"{python(ours)}: "
    value = python(theirs)
    if transform != Transform():
        value = f"Entry({', '.join([value, *_arguments(transform)])})"
    if INDENT + len(key + value) < WIDTH:
        yield f"{key}{value},"
    elif transform == Transform():
        yield from (f"{key}(", f"    {value}", "),")
    else:
        inside = value.removeprefix("Entry(").removesuffix(")")
        yield f"{key}Entry("
        if INDENT + 4 + len(inside) <= WIDTH:
            yield f"    {inside}"
        else:
            yield from (
                f"    {part}," for part in [python(theirs), *_arguments(transform)]
            )
        yield "),"


def _arguments(transform: Transform) -> list[str]:
    given: list[str] = []
    if transform.slice is not None:
        pairs = [_tuple(pair or (None, None)) for pair in transform.slice]
        given.append(f"slice=({', '.join(pairs)}{',' if len(pairs) == 1 else ''})")
    if transform.reshape is not None:
        given.append(f"reshape={_tuple(transform.reshape)}")
    if transform.transpose is not None:
        given.append(f"transpose={_tuple(transform.transpose)}")
    return given


def _tuple(values: Sequence[int | None]) -> str:
    inside = ", ".join("None" if one is None else str(int(one)) for one in values)
    return f"({inside}{',' if len(values) == 1 else ''})"


def head_scopes(network: Network) -> tuple[str, ...]:
    """The scopes, relative to the network's, that hold what depends on `classes`."""
    root = f"{network.scope}/" if network.scope else ""
    scopes: dict[str, None] = {}
    for name in network.head:
        relative = name.removeprefix(root)
        scopes[relative.rpartition("/")[0] or relative] = None
    return tuple(scopes)
