"""The literals of a function that calls may vary, and the holes that stand for them."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from slimgen.ir.graph import Call, EndPoint, Function, Item, Node
from slimgen.layers.declaration import Layer, TensorType, parameters
from slimgen.layers.literals import Hole, NamedFloat, NamedInt, NamedStr, Operand

Slot = tuple[int, str, tuple[int, ...]]
"""A literal of a function: number of the item, field of its layer or argument, and the
places in the field's list where only one of its numbers is meant."""

UNBOUND = object()
"""A value that equals no argument."""

VARIED = object()
"""The stand-in of a number that calls may vary."""


MOST_PARAMETERS = 8
"""A function that would need more is written out once for each set of literals."""


def item_kind(item: Item) -> Any:
    """Return all of an item but its literals and its values."""
    match item:
        case Node():
            fixed = tuple(
                (p.name, literal_kind(getattr(item.layer, p.name), p.name, item.layer))
                for p in parameters(item.layer)
            )
            ranks = tuple(value.type.rank for value in item.inputs)
            return type(item.layer), fixed, ranks, item.scope
        case Call():
            keys = tuple(name for name, _ in item.arguments)
            return item.function, len(item.inputs), item.scope, item.opens, keys
        case EndPoint():
            return (item.scope,)
    raise AssertionError("loops and decisions are made after blocks are shared")


def literal_kind(value: Any, name: str, layer: Layer) -> Any:
    """The parts of a literal that must be equal: operands, layers, arguments not emitted.

    None against something is another path: the emitted function is simpler without.
    """
    if _varies_within(value, name, layer):
        for places, _ in _numbers(value, name in layer.sizes):
            value = _with_part(value, places, VARIED)
        return value
    if not _can_differ(value, name, layer):
        return value
    return value is None


def _varies_within(value: Any, name: str, layer: Layer) -> bool:
    """Whether it may differ in its numbers: it is a size, or the operands of a merge."""
    if name in layer.sizes:
        return True
    return isinstance(value, tuple) and any(isinstance(v, Operand) for v in value)


def _numbers(value: Any, sizes: bool) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield the numbers of a list of lists with their places; a size of -1 stays."""
    if isinstance(value, tuple):
        for place, part in enumerate(value):
            for places, number in _numbers(part, sizes):
                yield (place, *places), number
    elif isinstance(value, bool) or (sizes and value == -1):
        return
    elif isinstance(value, int | float):
        yield (), value


def may_be_counted(name: str, layer: Layer) -> bool:
    """Whether a whole number in a field may be a term of a loop's variable."""
    return name in layer.sizes or _can_differ(getattr(layer, name), name, layer)


def _can_differ(value: Any, name: str, layer: Layer) -> bool:
    if isinstance(value, Operand | Layer):
        return False
    emitted = next(p.emitted for p in parameters(layer) if p.name == name)
    return emitted and layer.varies


def literals_of(function: Function) -> dict[Slot, Any]:
    """Return the literals of a function that may differ between calls."""
    found: dict[Slot, Any] = {}
    for number, item in enumerate(function.items):
        if isinstance(item, Node):
            for field in fields(item.layer):
                value = getattr(item.layer, field.name)
                if _varies_within(value, field.name, item.layer):
                    sizes = field.name in item.layer.sizes
                    for places, part in _numbers(value, sizes):
                        found[number, field.name, places] = part
                elif _can_differ(value, field.name, item.layer):
                    found[number, field.name, ()] = value
        elif isinstance(item, Call):
            for name, value in item.arguments:
                found[number, name, ()] = value
    return found


def same(a: Any, b: Any) -> bool:
    """Whether two literals are equal and of one type."""
    return marked(a) == marked(b)


def marked(value: Any) -> tuple[str, Any]:
    """A value that differs from equal ones of another type, such as 1 and true."""
    plain: type = type(value)
    for marked, base in ((NamedInt, int), (NamedFloat, float), (NamedStr, str)):
        if isinstance(value, marked):
            plain = base
    return (plain.__name__, value)


def own_names(bound: Mapping[str, Any]) -> list[str]:
    """A block's parameters; `n_0`, `n_1` for the items of a list `n`."""
    names: list[str] = []
    for name, value in bound.items():
        names.append(name)
        if isinstance(value, tuple):
            items = (f"{name}_{i}" for i in range(len(value)))
            names += [item for item in items if item not in bound]
    return names


def own_value(name: str, bound: Mapping[str, Any]) -> Any:
    """The value of a call for a name of `own_names`; UNBOUND without one."""
    if name in bound:
        return bound[name]
    whole, _, index = name.rpartition("_")
    items = bound.get(whole, ())
    found = isinstance(items, tuple) and index.isdigit() and int(index) < len(items)
    return items[int(index)] if found else UNBOUND


def layer_with_holes(layer: Layer, number: int, holes: Mapping[Slot, Hole]) -> Layer:
    """Return the layer of item `number` with its holes."""
    changed: dict[str, Any] = {}
    for (item, field, places), hole in holes.items():
        if item == number:
            value = changed.get(field, getattr(layer, field))
            changed[field] = _with_part(value, places, hole)
    return replace(layer, **changed)


def _with_part(value: Any, places: tuple[int, ...], part: Any) -> Any:
    """Return a list of lists with another part at a place."""
    if not places:
        return part
    parts = list(value)
    parts[places[0]] = _with_part(parts[places[0]], places[1:], part)
    return tuple(parts)


def common_type(first: TensorType, second: TensorType) -> TensorType:
    """Return the type that two have in common: unequal lengths are unknown."""
    if first == second or first.rank != second.rank:
        return first
    shape = tuple(
        a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)
    )
    return TensorType(shape, first.dtype)
