"""Make one function of blocks that do the same in the same order.

before    call bottleneck.0(%0) as block1/unit_2    call bottleneck.1(%1) as block2/unit_2
          func bottleneck.0: conv(%0) {num_outputs=64} as conv1
          func bottleneck.1: conv(%0) {num_outputs=128} as conv1
after     call bottleneck(%0) {depth=64}            call bottleneck(%1) {depth=128}
          func bottleneck(depth): conv(%0) {num_outputs=depth} as conv1
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    Decision,
    EndPoint,
    Function,
    Graph,
    Item,
    Loop,
    Network,
    Node,
    Signature,
    Value,
    rewritten,
    walk,
)
from slimgen.layers.declaration import TensorType
from slimgen.layers.literals import Hole
from slimgen.passes.form_names import Form, form_names
from slimgen.passes.literal_slots import (
    MOST_PARAMETERS,
    Slot,
    common_type,
    item_kind,
    layer_with_holes,
    literals_of,
    marked,
    own_names,
    own_value,
    same,
)
from slimgen.passes.merge_forms import merge_forms

Arguments = Mapping[str, tuple[tuple[str, Any], ...]]
"""Original function to the arguments that its call gives to the shared one."""


class Shared(Frozen):
    """The replacement of a function: the shared one and the arguments of its call."""

    function: str
    arguments: tuple[tuple[str, Any], ...]


def share_blocks(graph: Graph) -> Graph:
    """Replace functions that differ only in literals by one with parameters."""
    if not any("." in function.name for function in graph.functions):
        return graph  # elaboration's own names have dots: these are shared already
    bindings = _bindings(graph)
    shared: dict[str, Shared] = {}
    made: dict[str, Function] = {}
    forms: list[Form] = []
    counts = Counter(call.function for call in _all_calls(graph))
    for level in _levels(graph.functions):
        here = [_with_calls(function, shared) for function in level]
        groups = list(_readable(_groups(here), bindings))
        for together in _merged_groups(groups, bindings):
            name = f"{together.block}#{len(forms)}"
            function = made[name] = replace(together.function, name=name)
            members = together.members
            bound = [dict(bindings.get(one.name, ())) for one in members]
            forms.append(Form(function, bound, sum(counts[f.name] for f in members)))
            for one, given in zip(members, together.arguments, strict=True):
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


class _Together(Frozen):
    """Functions that become one, that one, and the arguments of their calls."""

    members: Sequence[Function]
    function: Function
    arguments: Sequence[tuple[tuple[str, Any], ...]]

    @property
    def block(self) -> str:
        """The block that all of them are."""
        return self.function.block


def _merged_groups(
    groups: Sequence[list[Function]],
    bindings: Mapping[str, tuple[tuple[str, Any], ...]],
) -> Iterator[_Together]:
    """Yield a function for each group, or for several that differ by an `if`."""
    by_block: dict[str, list[list[Function]]] = {}
    for group in groups:
        by_block.setdefault(group[0].block, []).append(group)
    for alike in by_block.values():
        yield from _clusters(alike, bindings)


def _clusters(
    groups: Sequence[list[Function]],
    bindings: Mapping[str, tuple[tuple[str, Any], ...]],
) -> Iterator[_Together]:
    """Yield one function for all forms of a block, else one for each side of a flag."""
    bound = {id(g): [dict(bindings.get(f.name, ())) for f in g] for g in groups}
    for clusters in _partitions(groups, bound) if len(groups) > 1 else ():
        made = [
            merge_forms("", cluster, [bound[id(group)] for group in cluster])
            for cluster in clusters
        ]
        if None not in made:
            for cluster, merged in zip(clusters, made, strict=True):
                assert merged is not None
                members = [function for group in cluster for function in group]
                yield _Together(members, merged.function, merged.arguments)
            return
    for group in groups:
        yield _Together(group, *_unify("", group, bindings))


def _partitions(
    groups: Sequence[list[Function]], bound: Mapping[int, list[dict[str, Any]]]
) -> Iterator[list[list[list[Function]]]]:
    """Yield all groups together, then the two sides of each flag that parts them."""
    yield [list(groups)]
    for name in bound[id(groups[0])][0]:
        values = {id(g): {one.get(name) for one in bound[id(g)]} for g in groups}
        if set().union(*values.values()) == {True, False}:
            sides = [[g for g in groups if values[id(g)] == {s}] for s in (False, True)]
            if sum(map(len, sides)) == len(groups) and all(len(s) > 1 for s in sides):
                yield sides


def _renamed(items: Iterable[Item], names: Mapping[str, str]) -> tuple[Item, ...]:
    def renamed(item: Node | Call | EndPoint) -> Item:
        if isinstance(item, Call):
            return replace(item, function=names[item.function])
        return item

    return rewritten(items, renamed)


def _all_calls(graph: Graph) -> Iterator[Call]:
    bodies = [n.items for n in graph.networks] + [f.items for f in graph.functions]
    for items in bodies:
        yield from (item for item in items if isinstance(item, Call))


def _bindings(graph: Graph) -> dict[str, tuple[tuple[str, Any], ...]]:
    """The arguments that the source gives to each call's block."""
    return {call.function: call.arguments for call in _all_calls(graph)}


def _levels(functions: Sequence[Function]) -> list[list[Function]]:
    """Functions by how deep their calls go, those without calls first.

    The functions of a block are on one level, unless the block calls itself.
    """
    height = _heights(functions)
    levels: dict[int, list[Function]] = {}
    for function in functions:
        levels.setdefault(height[function.name], []).append(function)
    return [levels[here] for here in sorted(levels)]


def _heights(functions: Sequence[Function]) -> dict[str, int]:
    """Return the level of each function."""
    block = {function.name: function.block for function in functions}
    height: dict[str, int] = {}
    inner: dict[str, set[str]] = {}
    for function in functions:  # called functions come before their callers
        called = [item.function for item in function.items if isinstance(item, Call)]
        height[function.name] = max((height[name] for name in called), default=-1) + 1
        inner.setdefault(function.block, set()).update(block[name] for name in called)
    levels = dict.fromkeys(inner, 0)
    for _ in inner:
        for one, called_blocks in inner.items():
            levels[one] = max((levels[other] + 1 for other in called_blocks), default=0)
    is_recursive = any(levels[o] >= levels[one] for one in inner for o in inner[one])
    return height if is_recursive else {name: levels[block[name]] for name in block}


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
            key = tuple((name, marked(value)) for name, value in given)
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


def _item_skeleton(item: Item) -> Any:
    if isinstance(item, EndPoint):
        return item_kind(item), item.value.index
    assert isinstance(item, Node | Call)
    inputs = tuple(value.index for value in item.inputs)
    return item_kind(item), inputs, item.output.index


def _unify(
    name: str,
    group: Sequence[Function],
    bindings: Mapping[str, tuple[tuple[str, Any], ...]],
) -> tuple[Function, list[tuple[tuple[str, Any], ...]]]:
    """Return the one function for a group, and each member's arguments."""
    literals = [literals_of(function) for function in group]
    bound = [dict(bindings.get(function.name, ())) for function in group]
    names: dict[tuple[Any, ...], str] = {}
    holes: dict[Slot, Hole] = {}
    for slot in literals[0]:
        values = tuple(found[slot] for found in literals)
        if all(same(value, values[0]) for value in values):
            continue
        key = tuple(marked(value) for value in values)
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


def _parameter_name(
    slot: Slot,
    values: Sequence[Any],
    bound: Sequence[Mapping[str, Any]],
    function: Function,
    taken: Sequence[str],
) -> str:
    """The block's own parameter with these values, else the field's name made unique."""
    for name in own_names(bound[0]):
        matches = all(
            same(own_value(name, one), value)
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
    own = [name for name in own_names(bound) if name in names.values()]
    return own + [name for name in names.values() if name not in own]


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
                    layer=layer_with_holes(item.layer, number, holes),
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
            case Loop() | Decision():
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


class _TypesInCommon:
    """The types of a function's values as far as all members of its group agree."""

    def __init__(self, group: Sequence[Function]) -> None:
        self.types: dict[int, TensorType] = {}
        for function in group:
            for value in _values(function):
                known = self.types.get(value.index, value.type)
                self.types[value.index] = common_type(known, value.type)

    def value(self, value: Value) -> Value:
        """The same value with the type that all members have."""
        return replace(value, type=self.types[value.index])


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

    def visit(items: tuple[Item, ...]) -> None:
        for item in walk(items):
            if isinstance(item, Call) and item.function not in order:
                function = made[item.function]
                visit(function.items)  # blocks nest at most as deep as calls may
                order[item.function] = function

    for network in networks:
        visit(network.items)
    return tuple(order.values())
