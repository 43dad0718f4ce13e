"""The lines of a network about its images, its labels and other sources of its weights."""

from collections.abc import Iterator

from slimgen.emit.slim.expressions import (
    NOWHERE,
    NamesInReach,
    argument,
    expression,
    name,
)
from slimgen.ir.graph import Network
from slimgen.ir.jobs import Preprocessing
from slimgen.ir.weight_map import MapEntry, WeightMap
from slimgen.layers.literals import NamedInt
from slimgen.syntax import tree


def weight_statements(network: Network) -> Iterator[tree.Statement]:
    """Yield the lines; names of labels are left out, for they stand in a file."""
    if network.preprocess is not None:
        yield _preprocess(network.preprocess)
    if network.labels is not None and not network.labels.names:
        offset = argument("offset", _literal(network.labels.offset))
        yield _line("labels", offset)
    yield from _head(network)
    for found in network.maps:
        yield _map(network, found)


def _preprocess(found: Preprocessing) -> tree.Line:
    given = [
        argument("", _literal(None) if found.family == "none" else name(found.family))
    ]
    if found.resize:
        first, last = (tree.Number(NOWHERE, length) for length in found.resize)
        given.append(argument("resize", tree.Range(NOWHERE, first, last)))
    if not found.fast:
        given.append(argument("fast", _literal(False)))
    return _line("preprocess", *given)


def _head(network: Network) -> Iterator[tree.Line]:
    """Yield the line `head`, unless no parameter could be a number of classes."""
    if network.head:
        yield _line(
            "head", *(argument("", _literal(one)) for one in _head_names(network))
        )
    elif any(type(value) in (int, NamedInt) for _, value in network.parameters):
        yield _line("head", argument("", _literal(None)))


def _head_names(network: Network) -> Iterator[str]:
    """Yield the scopes that the head fills, and its other variables."""
    root = f"{network.scope}/" if network.scope else ""
    others = {one.name for one in network.variables}.difference(network.head)
    found: dict[str, None] = {}
    for variable in network.head:
        scope = variable.rpartition("/")[0]
        whole = not any(other.startswith(f"{scope}/") for other in others)
        filled = whole and len(scope) > len(root)
        found[(scope if filled else variable).removeprefix(root)] = None
    yield from found


def _map(network: Network, found: WeightMap) -> tree.Line:
    """Return a map with a rule for each variable."""
    root = f"{network.scope}/" if network.scope else ""
    entries = {entry.variable: entry for entry in found.entries}
    saved = [one.name for one in network.variables if one.spec.saved]
    rules = [
        (
            _rename(variable.removeprefix(root), entries[variable])
            if variable in entries
            else _line("new", argument("", _literal(variable.removeprefix(root))))
        )
        for variable in saved
        if variable not in found.unsaid
    ]
    rules += [_line("ignore", argument("", _literal(one))) for one in found.ignored]
    given = (argument("", name(found.format)), argument("", _literal(found.source)))
    body = tree.Body(NOWHERE, tuple(rules))
    return tree.Line(NOWHERE, name("weights"), (given,), None, body)


def _rename(variable: str, entry: MapEntry) -> tree.Line:
    names = [argument("", _literal(variable)), argument("", _literal(entry.source))]
    changes = [
        argument(key, _literal(value))
        for key, value in vars(entry.transform).items()
        if value is not None
    ]
    return _line("rename", *names, *changes)


def _literal(value: object) -> tree.Expression:
    return expression(value, NamesInReach())


def _line(word: str, *arguments: tree.Argument) -> tree.Line:
    return tree.Line(NOWHERE, name(word), (arguments,))
