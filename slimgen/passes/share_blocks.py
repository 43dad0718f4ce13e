"""Make one function of blocks that do the same in the same order.

before    call bottleneck.0(%0) as block1/unit_2    call bottleneck.1(%1) as block2/unit_2
          func bottleneck.0: conv(%0) {num_outputs=64} as conv1
          func bottleneck.1: conv(%0) {num_outputs=128} as conv1
after     call bottleneck(%0) {depth=64}            call bottleneck(%1) {depth=128}
          func bottleneck(depth): conv(%0) {num_outputs=depth} as conv1
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    EndPoint,
    Function,
    Graph,
    Item,
    Loop,
    Network,
    Node,
    Signature,
    Value,
)
from slimgen.layers.declaration import Layer, TensorType, parameters
from slimgen.layers.literals import Hole, NamedFloat, NamedInt, NamedStr, Operand
from slimgen.passes.form_names import Form, form_names

Slot = tuple[int, str, tuple[int, ...]]
"""A literal of a function: number of the item, field of its layer or argument, and the
places in the field's list where only one of its numbers is meant."""

MOST_PARAMETERS = 8
"""A function that would need more is written out once for each set of literals."""

UNBOUND = object()
"""A value that equals no argument."""

VARIED = object()
"""The stand-in of a number that calls may vary."""

Arguments = Mapping[str, tuple[tuple[str, Any], ...]]
"""Original function to the arguments that its call gives to the shared one."""


class Shared(Frozen):
    """The replacement of a function: the shared one and the arguments of its call."""

    function: str
    arguments: tuple[tuple[str, Any], ...]


def share_blocks(graph: Graph) -> Graph:
    """Replace functions that differ only in literals by one with parameters."""
    if any(function.parameters for function in graph.functions):
        return graph  # they are shared already
    bindings = _bindings(graph)
    shared: dict[str, Shared] = {}
    made: dict[str, Function] = {}
    forms: list[Form] = []
    counts = Counter(call.function for call in _all_calls(graph))
    for level in _levels(graph.functions):
        rewritten = [_with_calls(function, shared) for function in level]
        for group in _readable(_groups(rewritten), bindings):
            name = f"{group[0].block}#{len(forms)}"
            function, arguments = _unify(name, group, bindings)
            made[name] = function
            bound = [dict(bindings.get(one.name, ())) for one in group]
            forms.append(Form(function, bound, sum(counts[f.name] for f in group)))
            for one, given in zip(group, arguments, strict=True):
                shared[one.name] = Shared(name, given)
    networks = tuple(
        replace(network, items=_calls(network.items, shared))
        for network in graph.networks
    )
    names = form_names(forms)
    networks = tuple(replace(n, items=_renamed(n.items, names)) for n in networks)
    functions = tuple(
        replace(f, name=names[f.name], items=_renamed(f.items, names))
        for f in made.values()
    )
    return replace(graph, networks=networks, functions=_in_order(networks, functions))


def _renamed(items: Iterable[Item], names: Mapping[str, str]) -> tuple[Item, ...]:
    return tuple(
        replace(item, function=names[item.function]) if isinstance(item, Call) else item
        for item in items
    )


def _all_calls(graph: Graph) -> Iterator[Call]:
    bodies = [n.items for n in graph.networks] + [f.items for f in graph.functions]
    for items in bodies:
        yield from (item for item in items if isinstance(item, Call))


def _bindings(graph: Graph) -> dict[str, tuple[tuple[str, Any], ...]]:
    """The arguments that the source gives to each call's block."""
    return {call.function: call.arguments for call in _all_calls(graph)}


def _levels(functions: Sequence[Function]) -> list[list[Function]]:
    """Functions by how deep their calls go, those without calls first."""
    height: dict[str, int] = {}
    levels: list[list[Function]] = []
    for function in functions:  # called functions come before their callers
        inner = [height[i.function] for i in function.items if isinstance(i, Call)]
        height[function.name] = here = max(inner, default=-1) + 1
        while len(levels) <= here:
            levels.append([])
        levels[here].append(function)
    return levels


def _calls(items: Iterable[Item], shared: Mapping[str, Shared]) -> tuple[Item, ...]:
    result: list[Item] = []
    for item in items:
        if isinstance(item, Call):
            found = shared[item.function]
            item = replace(item, function=found.function, arguments=found.arguments)
        result.append(item)
    return tuple(result)


def _with_calls(function: Function, shared: Mapping[str, Shared]) -> Function:
    return replace(function, items=_calls(function.items, shared))


def _groups(functions: Sequence[Function]) -> list[list[Function]]:
    groups: dict[Any, list[Function]] = {}
    for function in functions:
        groups.setdefault(_skeleton(function), []).append(function)
    return list(groups.values())


def _readable(
    groups: Iterable[list[Function]],
    bindings: Mapping[str, tuple[tuple[str, Any], ...]],
) -> Iterable[list[Function]]:
    """Split groups whose functions differ in too much for one signature."""
    for group in groups:
        function, arguments = _unify("", group, bindings)
        if len(function.parameters) <= MOST_PARAMETERS:
            yield group
            continue
        alike: dict[Any, list[Function]] = {}
        for one, given in zip(group, arguments, strict=True):
            key = tuple((name, _marked(value)) for name, value in given)
            alike.setdefault(key, []).append(one)
        yield from alike.values()


def _skeleton(function: Function) -> Any:
    """All of a function but its literals and shapes."""
    return (
        function.block,
        len(function.inputs),
        tuple(_item_skeleton(item) for item in function.items),
        function.output.index,
    )


def _indices(values: Iterable[Value]) -> tuple[int, ...]:
    return tuple(value.index for value in values)


def _item_skeleton(item: Item) -> Any:
    match item:
        case Node():
            fixed = tuple(
                (p.name, _literal_kind(getattr(item.layer, p.name), p.name, item.layer))
                for p in parameters(item.layer)
            )
            ranks = tuple(value.type.rank for value in item.inputs)
            return (
                type(item.layer), fixed, _indices(item.inputs), ranks,
                item.output.index, item.scope,
            )  # fmt: skip
        case Call():
            keys = tuple(name for name, _ in item.arguments)
            return (
                item.function, _indices(item.inputs), item.output.index,
                item.scope, item.opens, keys,
            )  # fmt: skip
        case EndPoint():
            return (item.value.index, item.scope)
        case Loop():
            raise AssertionError("loops are rolled after blocks are shared")


def _literal_kind(value: Any, name: str, layer: Layer) -> Any:
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


def _can_differ(value: Any, name: str, layer: Layer) -> bool:
    if isinstance(value, Operand | Layer):
        return False
    emitted = next(p.emitted for p in parameters(layer) if p.name == name)
    return emitted and layer.varies


def _literals(function: Function) -> dict[Slot, Any]:
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


def _unify(
    name: str,
    group: Sequence[Function],
    bindings: Mapping[str, tuple[tuple[str, Any], ...]],
) -> tuple[Function, list[tuple[tuple[str, Any], ...]]]:
    """Return the one function for a group, and each member's arguments."""
    literals = [_literals(function) for function in group]
    bound = [dict(bindings.get(function.name, ())) for function in group]
    names: dict[tuple[Any, ...], str] = {}
    holes: dict[Slot, Hole] = {}
    for slot in literals[0]:
        values = tuple(found[slot] for found in literals)
        if all(_same(value, values[0]) for value in values):
            continue
        key = tuple(_marked(value) for value in values)
        if key not in names:
            names[key] = _parameter_name(
                slot, values, bound, group[0], list(names.values())
            )
        holes[slot] = Hole(names[key], tuple(dict.fromkeys(values)))
    order = _parameter_order(names, bound[0])
    keys = {name: key for key, name in names.items()}
    arguments = [
        tuple((parameter, keys[parameter][i][1]) for parameter in order)
        for i in range(len(group))
    ]
    signatures = dict.fromkeys(
        Signature(tuple(v.type for v in one.inputs), one.output.type, given)
        for one, given in zip(group, arguments, strict=True)
    )
    function = _with_holes(name, order, group, holes)
    return replace(function, signatures=tuple(signatures)), arguments


def _same(a: Any, b: Any) -> bool:
    return _marked(a) == _marked(b)


def _marked(value: Any) -> tuple[str, Any]:
    """A value that differs from equal ones of another type, such as 1 and true."""
    plain: type = type(value)
    for marked, base in ((NamedInt, int), (NamedFloat, float), (NamedStr, str)):
        if isinstance(value, marked):
            plain = base
    return (plain.__name__, value)


def _parameter_name(
    slot: Slot,
    values: Sequence[Any],
    bound: Sequence[Mapping[str, Any]],
    function: Function,
    taken: Sequence[str],
) -> str:
    """The block's own parameter with these values, else the field's name made unique."""
    for name in _own_names(bound[0]):
        matches = all(
            _same(_own_value(name, one), value)
            for one, value in zip(bound, values, strict=True)
        )
        if matches and name not in taken:
            return name
    item = function.items[slot[0]]
    stem = slot[1]
    if stem in taken or stem in bound[0]:
        scope = item.scope if isinstance(item, Node | Call) and item.scope else ()
        leaf = "".join(part for part in scope if isinstance(part, str))
        stem = f"{leaf.rpartition('/')[2].lower()}_{stem}".strip("_")
    stem = "".join(c if c.isalnum() else "_" for c in stem)
    stem = stem if not stem[:1].isdigit() else f"_{stem}"
    name, number = stem, 2
    while name in taken or name in bound[0]:
        name, number = f"{stem}_{number}", number + 1
    return name


def _parameter_order(
    names: Mapping[tuple[Any, ...], str], bound: Mapping[str, Any]
) -> list[str]:
    own = [name for name in _own_names(bound) if name in names.values()]
    return own + [name for name in names.values() if name not in own]


def _own_names(bound: Mapping[str, Any]) -> list[str]:
    """A block's parameters; `n_0`, `n_1` for the items of a list `n`."""
    names: list[str] = []
    for name, value in bound.items():
        names.append(name)
        if isinstance(value, tuple):
            items = (f"{name}_{i}" for i in range(len(value)))
            names += [item for item in items if item not in bound]
    return names


def _own_value(name: str, bound: Mapping[str, Any]) -> Any:
    """The value of a call for a name of `_own_names`; UNBOUND without one."""
    if name in bound:
        return bound[name]
    whole, _, index = name.rpartition("_")
    items = bound.get(whole, ())
    found = isinstance(items, tuple) and index.isdigit() and int(index) < len(items)
    return items[int(index)] if found else UNBOUND


def _with_holes(
    name: str,
    order: Sequence[str],
    group: Sequence[Function],
    holes: Mapping[Slot, Hole],
) -> Function:
    types = _TypesInCommon(group)
    items: list[Item] = []
    for number, item in enumerate(group[0].items):
        match item:
            case Node():
                item = replace(
                    item,
                    layer=_layer_with_holes(item.layer, number, holes),
                    inputs=tuple(map(types.value, item.inputs)),
                    output=types.value(item.output),
                    shared=any(_shared(one.items[number]) for one in group),
                )
            case Call():
                item = replace(
                    item,
                    arguments=tuple(
                        (key, holes.get((number, key, ()), value))
                        for key, value in item.arguments
                    ),
                    inputs=tuple(map(types.value, item.inputs)),
                    output=types.value(item.output),
                )
            case EndPoint():
                item = replace(item, value=types.value(item.value))
            case Loop():
                pass
        items.append(item)
    first = group[0]
    return Function(
        name,
        first.block,
        tuple(map(types.value, first.inputs)),
        tuple(order),
        tuple(items),
        types.value(first.output),
        first.comment,
    )


def _shared(item: Item) -> bool:
    return isinstance(item, Node) and item.shared


def _layer_with_holes(layer: Layer, number: int, holes: Mapping[Slot, Hole]) -> Layer:
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


class _TypesInCommon:
    """The types of a function's values as far as all members of its group agree."""

    def __init__(self, group: Sequence[Function]) -> None:
        self.types: dict[int, TensorType] = {}
        for function in group:
            for value in _values(function):
                known = self.types.get(value.index, value.type)
                self.types[value.index] = _common(known, value.type)

    def value(self, value: Value) -> Value:
        """The same value with the type that all members have."""
        return replace(value, type=self.types[value.index])


def _common(first: TensorType, second: TensorType) -> TensorType:
    if first == second or first.rank != second.rank:
        return first
    shape = tuple(
        a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)
    )
    return TensorType(shape, first.dtype)


def _values(function: Function) -> Iterable[Value]:
    yield from function.inputs
    for item in function.items:
        if isinstance(item, Node | Call):
            yield item.output
    yield function.output


def _in_order(
    networks: Sequence[Network], functions: Sequence[Function]
) -> tuple[Function, ...]:
    """The functions in use, each after those that it calls, by order of first use."""
    made = {function.name: function for function in functions}
    order: dict[str, Function] = {}

    def visit(items: Iterable[Item]) -> None:
        for item in items:
            if isinstance(item, Call) and item.function not in order:
                function = made[item.function]
                visit(function.items)  # blocks nest at most as deep as calls may
                order[item.function] = function

    for network in networks:
        visit(network.items)
    return tuple(order.values())
