"""The head of a network: the variables that another number of classes would change."""

from collections.abc import Callable, Mapping, Sequence

from slimgen.elaborate.evaluated import Evaluated
from slimgen.elaborate.variable_names import check_names, named_variables
from slimgen.ir.graph import Call, Function, Item, Network, Node, Value
from slimgen.layers.weight_lines import HeadLine
from slimgen.syntax import tree

Made = tuple[Network, Sequence[Function]]
Build = Callable[[Mapping[str, Evaluated]], Made | None]
"""Builds the same network with other parameters; None where they are not allowed."""


def head_by_classes(
    made: Made, parameters: Mapping[str, Evaluated], build: Build
) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Return the variables whose shape depends on the number of classes, and this number.

    It is a build parameter, whatever its name, and the last dimension of a result.
    Building the network with one class more shows both.
    """
    network = made[0]
    lengths = _last_lengths(made)
    found: set[str] = set()
    sizes: list[tuple[str, int]] = []
    for name, value in parameters.items():
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        if value not in lengths:
            continue
        other = build({**parameters, name: value + 1})
        if other is not None and _one_more(lengths, _last_lengths(other), value):
            changed = _changed_variables(network, other[0])
            found |= changed
            sizes += [(name, int(value))] if changed else []
    return tuple(v.name for v in network.variables if v.name in found), tuple(sizes)


def _last_lengths(made: Made) -> list[int | None]:
    """Return the last dimension of each result: the outputs, and the ends of side paths."""
    network, functions = made
    values = [value for _, value in network.outputs]
    values += _unused(network.items, values)
    for function in functions:
        values += _unused(function.items, [function.output])
    return [value.type.shape[-1] for value in values if value.type.shape]


def _unused(items: Sequence[Item], results: Sequence[Value]) -> list[Value]:
    """Return the values that items make, and neither items nor results take."""
    taken = {value.index for value in results}
    for item in items:
        if isinstance(item, Node | Call):
            taken.update(value.index for value in item.inputs)
    made = (item.output for item in items if isinstance(item, Node | Call))
    return [value for value in made if value.index not in taken]


def _one_more(
    lengths: Sequence[int | None], others: Sequence[int | None], value: int
) -> bool:
    """Whether a result of this length has one more in another network."""
    pairs = zip(lengths, others, strict=False)
    return any(length == value and other == value + 1 for length, other in pairs)


def _changed_variables(network: Network, other: Network) -> set[str]:
    """Return the variables that differ in shape from those of another network.

    There are none where every variable differs: then the parameter is a width, and its
    variables are the whole network.
    """
    shapes = {variable.name: variable.spec.shape for variable in other.variables}
    changed = {
        variable.name
        for variable in network.variables
        if shapes.get(variable.name) != variable.spec.shape
    }
    return set() if len(changed) == len(network.variables) else changed


def named_head(
    network: Network, line: HeadLine, statement: tree.Line, changed: bool
) -> tuple[str, ...]:
    """Return the variables of the scopes that a line `head` names.

    A network that was `changed` by `-D` may have lost them.
    """
    names = [name for name in line.names if name is not None]
    if not changed:
        check_names(network, names, statement)
    return named_variables(network, names)
