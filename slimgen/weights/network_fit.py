"""The weights that a network takes from a file, as its built file reports them."""

from dataclasses import field
from types import SimpleNamespace
from typing import Any

from slimgen.elaborate.name_patterns import read_pattern
from slimgen.emit.weight_tables import head_scopes
from slimgen.frozen import Frozen
from slimgen.ir.graph import Network
from slimgen.ir.literal_text import literal
from slimgen.ir.weight_map import Transform, WeightMap
from slimgen.weights.reading import WeightFile

Shape = tuple[int, ...]


SAME_NAMES = "the same names"  # of a checkpoint, which needs no map


class FittedPart(Frozen):
    """A variable of the network, a value of the file, or the two that belong together.

    Attributes:
        variable, shape: Of the network, below its scope; "" for a value that is left over.
        source, source_shape: Of the file; "" where no value of it belongs to the variable.
        types: Both types, where they are why the two do not fit.
    """

    variable: str = ""
    shape: Shape = ()
    source: str = ""
    source_shape: Shape | None = None
    transform: Transform = field(default_factory=Transform)
    types: str = ""


class Fit(Frozen):
    """The fate of each variable and each value.

    Attributes:
        source: The name of the source in the network's map; None: there is no map.
        left_out: Variables that the map names as new.
        head: The scopes that depend on the number of classes.
        parameters: Of the network, with their values.
    """

    network: str
    format: str
    source: str | None
    loaded: tuple[FittedPart, ...]
    left_out: tuple[FittedPart, ...]
    missing: tuple[FittedPart, ...]
    mismatched: tuple[FittedPart, ...]
    unused: tuple[FittedPart, ...]
    training_state: tuple[FittedPart, ...]
    head: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """True if the file fits the network."""
        return not (self.missing or self.mismatched or self.unused)


def own_names(network: Network) -> list[str]:
    """Return the names of a network's variables below its scope, in order."""
    root = f"{network.scope}/" if network.scope else ""
    saved = (one for one in network.variables if one.spec.saved)
    return [one.name.removeprefix(root) for one in saved]


def fit(network: Network, file: WeightFile) -> Fit:
    """Compare a network with a file, by the map for the file's format."""
    weights = next((one for one in network.maps if one.format == file.format), None)
    if file.format == "slim" and weights is not None:
        weights = _of_checkpoint(network, weights, file)
    no_map = weights is None and file.format != "slim"
    entries = _entries(network, weights, file)
    saved = {v.name: v.spec for v in network.variables if v.spec.saved}
    model = SimpleNamespace(
        name=network.name,
        scope=network.scope,
        HEAD=head_scopes(network),
        named_variables={
            name: SimpleNamespace(
                shape=spec.shape, dtype=SimpleNamespace(name=spec.dtype)
            )
            for name, spec in saved.items()
        },
    )
    chosen = [name for name in saved if name in entries]
    report = file.module["compare"](model, file.opened, chosen, entries)
    found = {value.name: value.shape for value in file.values}
    root = f"{network.scope}/" if network.scope else ""

    def variable(text: str) -> FittedPart:
        name, _, why = text.partition(": ")  # a mismatch says both shapes or types
        entry = entries.get(name)
        source = entry.source if entry is not None else ""
        transform = Transform()
        if entry is not None:
            transform = Transform(entry.slice, entry.reshape, entry.transpose)
        own = name.removeprefix(root)
        types = "" if why.startswith("[") else why
        shape = saved[name].shape
        return FittedPart(own, shape, source, found.get(source), transform, types)

    def value(name: str) -> FittedPart:
        return FittedPart(source=name, source_shape=found[name])

    ignored = [read_pattern(one) for one in (weights.ignored if weights else ())]
    unused = [
        name for name in report.unused if not any(one.fit(name) for one in ignored)
    ]
    unsaid = set(saved) if no_map else set(weights.unsaid if weights else ())
    new = tuple(variable(name) for name in report.left_out if name not in unsaid)
    wanted = [name for name in report.left_out if name in unsaid]
    missing = tuple(map(variable, [*wanted, *report.missing]))
    return Fit(
        network.name,
        file.format,
        None if no_map else weights.source if weights else SAME_NAMES,
        tuple(map(variable, report.loaded)),
        new,
        missing,
        tuple(map(variable, report.mismatched)),
        tuple(map(value, unused)),
        tuple(map(value, report.training_state)),
        model.HEAD,
        tuple(f"{name}={literal(value)}" for name, value in network.parameters),
    )


def _of_checkpoint(
    network: Network, weights: WeightMap, file: WeightFile
) -> WeightMap | None:
    """Return the map to other names if it finds more of a checkpoint than the own names."""
    names = {value.name for value in file.values}
    own = sum(v.name in names for v in network.variables if v.spec.saved)
    other = sum(entry.source in names for entry in weights.entries)
    return weights if other > own else None


def _entries(
    network: Network, weights: WeightMap | None, file: WeightFile
) -> dict[str, Any]:
    """The entries of a map, as those of a built file."""
    entry = file.module["Entry"]
    if weights is None and file.format == "slim":
        return {v.name: entry(v.name) for v in network.variables if v.spec.saved}
    return {
        one.variable: entry(
            one.source,
            slice=_bounds(one.transform),
            reshape=one.transform.reshape,
            transpose=one.transform.transpose,
        )
        for one in (weights.entries if weights else ())
    }


def _bounds(transform: Transform) -> tuple[tuple[int | None, ...], ...] | None:
    if transform.slice is None:
        return None
    return tuple(bounds or (None, None) for bounds in transform.slice)
