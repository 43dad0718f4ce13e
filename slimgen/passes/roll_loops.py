"""Make a loop of neighbouring turns of `repeat` or `for` that differ only in their count.

before    %1 = conv(%0) as conv1/conv1_1
          %2 = conv(%1) as conv1/conv1_2
after     %2 = for i in 1..2 (%3 = %0):  %1 = conv(%3) as conv1/conv1_{i}

In three turns or more, the lengths of values may differ, and whole numbers may grow by the same
each time: {num_outputs=32 * i}.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import groupby
from typing import Any

from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    Case,
    Decision,
    EndPoint,
    Graph,
    Item,
    Length,
    Loop,
    Node,
    Path,
    Step,
    Value,
    walk,
)
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.literals import Hole
from slimgen.passes.counted import (
    UNCOUNTED,
    counted_literal,
    counted_path,
    with_count,
)
from slimgen.passes.literal_slots import common_type, may_be_counted, same

# Turns that differ in literals or lengths: two numbers alone always seem to be counted.
LEAST_VARIED = 3

Literals = tuple[tuple[str, Any], ...]


def roll_loops(graph: Graph) -> Graph:
    """Roll the loops of every network and function."""
    networks = tuple(
        replace(n, items=_roll(n.items, [value for _, value in n.outputs]))
        for n in graph.networks
    )
    functions = tuple(
        replace(f, items=_roll(f.items, [f.output], f.parameters))
        for f in graph.functions
    )
    return replace(graph, networks=networks, functions=functions)


class _Entry(Frozen):
    """An item and the range of original items that it stands for."""

    item: Item
    first: int
    last: int


def _roll(
    items: Sequence[Item], outputs: Sequence[Value], parameters: Sequence[str] = ()
) -> tuple[Item, ...]:
    roller = _Roller(items, outputs, frozenset(parameters))
    entries = [_Entry(item, i, i) for i, item in enumerate(items)]
    return tuple(entry.item for entry in roller.roll(entries, 0))


def _defined(item: Item) -> tuple[int, ...]:
    return () if isinstance(item, EndPoint) else (item.output.index,)


def _used(item: Item) -> tuple[int, ...]:
    match item:
        case Node() | Call():
            return tuple(value.index for value in item.inputs)
        case EndPoint():
            return (item.value.index,)
        case Loop():
            inner = [u for part in item.items for u in _used(part)]
            made = {d for part in item.items for d in _defined(part)}
            made.add(item.carried.index)
            return (item.start.index, *(u for u in inner if u not in made))
        case Decision():
            return tuple(u for case in item.cases for u in _used_in_case(case))


def _used_in_case(case: Case) -> tuple[int, ...]:
    inner = [u for part in case.items for u in _used(part)] + [case.result.index]
    sides = (case.condition.left, case.condition.right) if case.condition else ()
    lengths = [side.value.index for side in sides if isinstance(side, Length)]
    made = {d for part in case.items for d in _defined(part)}
    return (*lengths, *(u for u in inner if u not in made))


class _Roller:
    """Rolls one function; knows where each value is used last."""

    def __init__(
        self,
        items: Sequence[Item],
        outputs: Sequence[Value],
        parameters: frozenset[str],
    ) -> None:
        self.parameters = parameters
        self.last_use: dict[int, int] = {}
        for position, item in enumerate(items):
            for index in _used(item):
                self.last_use[index] = position
        for value in outputs:
            self.last_use[value.index] = len(items)
        indices = [d for item in walk(tuple(items)) for d in _defined(item)]
        indices += [u for item in items for u in _used(item)]
        self.next_index = max(indices, default=0) + 1

    def roll(self, entries: Sequence[_Entry], depth: int) -> list[_Entry]:
        """Roll the loops that begin at `depth` of the items' steps."""
        result: list[_Entry] = []
        for loop, group in groupby(entries, lambda e: _step(e.item, depth, "loop")):
            members = list(group)
            if loop is None:
                result.extend(members)
                continue
            turns = [
                self.roll(list(turn), depth + 1)
                for _, turn in groupby(members, lambda e: _step(e.item, depth, "index"))
            ]
            result.extend(self._runs(turns, depth))
        return result

    def _runs(self, turns: list[list[_Entry]], depth: int) -> list[_Entry]:
        result: list[_Entry] = []
        start = 0
        while start < len(turns):
            run = self._run(turns, start, depth)
            if run is None:
                result.extend(turns[start])
                start += 1
            else:
                entry, count = run
                result.append(entry)
                start += count
        return result

    def _run(
        self, turns: list[list[_Entry]], start: int, depth: int
    ) -> tuple[_Entry, int] | None:
        """The longest loop that begins with turn `start`, if it has two turns."""
        step = turns[start][0].item.steps[depth]
        if not step.name:
            return None
        pair: _Pair | None = None
        end = start + 1
        while end < len(turns) and self._leads_to(turns[end - 1], turns[end]):
            index = step.index + end - 1 - start
            found = self._match(turns[end - 1], turns[end], index, depth, pair)
            if found is None or found.start is None:
                break
            pair = pair or found
            end += 1
        if not self._is_closed(turns[end - 1]):
            end -= 1
        if pair is None or end - start < 2:
            return None
        run = turns[start:end]
        if len(run) < LEAST_VARIED and (pair.counts or _types_differ(run)):
            return None
        return self._loop(run, step, pair, depth), len(run)

    def _match(
        self,
        one: list[_Entry],
        two: list[_Entry],
        index: int,
        depth: int,
        known: "_Pair | None",
    ) -> "_Pair | None":
        """How turn `two` follows turn `one`, or None when they differ otherwise."""
        if len(one) != len(two) or two[0].item.steps[depth].index != index + 1:
            return None
        pair = _Pair(index, _result(one), _locals(one), _locals(two))
        for a, b in zip(one, two, strict=True):
            if not pair.follows(a.item, b.item):
                return None
        return pair if known is None or pair.continues(known) else None

    def _is_closed(self, turn: list[_Entry]) -> bool:
        """Whether nothing but a turn's result is used outside it."""
        *inner, _ = [d for entry in turn for d in _defined(entry.item)] or [-1]
        return all(self.last_use.get(d, -1) <= turn[-1].last for d in inner)

    def _leads_to(self, turn: list[_Entry], following: list[_Entry]) -> bool:
        """Whether nothing after the following turn needs what a turn defines."""
        result = _result(turn)
        if result is None or not self._is_closed(turn):
            return False
        return self.last_use.get(result.output.index, -1) <= following[-1].last

    def _loop(
        self, run: list[list[_Entry]], step: Step, pair: "_Pair", depth: int
    ) -> _Entry:
        first, last = run[0], run[-1]
        name, index, start = self._free(step.name), step.index, pair.start
        assert start is not None
        carried = replace(start, index=self.next_index)
        self.next_index += 1
        values = tuple(range(index, index + len(run)))
        types = _types_in_common(run)
        items = tuple(
            _typed(pair.rolled(number, entry.item, carried, Hole(name, values)), types)
            for number, entry in enumerate(first)
        )
        result, final = _last_value(items), _result(last)
        assert result is not None
        assert final is not None
        loop = Loop(
            name, index, index + len(run) - 1, items, start, carried,
            result.output, final.output, result.steps[:depth],
        )  # fmt: skip
        return _Entry(loop, first[0].first, last[-1].last)

    def _free(self, name: str) -> str:
        """Return a loop's name, or one like it when a parameter has that name."""
        while name in self.parameters:
            name += "_"
        return name


def _types_in_common(run: Sequence[list[_Entry]]) -> dict[int, TensorType]:
    """The types of the first turn's values as far as all turns agree, by their index."""
    types: dict[int, TensorType] = {}
    for turn in run:
        for one, entry in zip(run[0], turn, strict=True):
            if not isinstance(one.item, EndPoint):
                assert not isinstance(entry.item, EndPoint)
                made, found = one.item.output, entry.item.output.type
                types[made.index] = common_type(types.get(made.index, found), found)
    return types


def _types_differ(run: Sequence[list[_Entry]]) -> bool:
    """Whether the results of turns have other lengths; the first one's input may."""
    types = _types_in_common(run)
    result = _result(run[0])
    assert result is not None
    return types[result.output.index] != result.output.type


def _typed(item: Item, types: Mapping[int, TensorType]) -> Item:
    """An item of a turn whose values have these types."""

    def typed(value: Value) -> Value:
        return replace(value, type=types.get(value.index, value.type))

    match item:
        case Node() | Call():
            inputs = tuple(map(typed, item.inputs))
            return replace(item, inputs=inputs, output=typed(item.output))
        case EndPoint():
            return replace(item, value=typed(item.value))
        case Loop() | Decision():
            raise AssertionError("nested loops are compared as they stand")


def _step(item: Item, depth: int, field: str) -> Any:
    steps = item.steps
    return getattr(steps[depth], field) if depth < len(steps) else None


def _locals(turn: Iterable[_Entry]) -> dict[int, int]:
    """Index of each value that a turn defines, to its number within the turn."""
    indices = [d for entry in turn for d in _defined(entry.item)]
    return {index: number for number, index in enumerate(indices)}


def _result(turn: Iterable[_Entry]) -> Node | Call | Loop | Decision | None:
    """The last item of a turn that gives a value; what follows only names values."""
    return _last_value(entry.item for entry in turn)


def _last_value(items: Iterable[Item]) -> Node | Call | Loop | Decision | None:
    found = None
    for item in items:
        if not isinstance(item, EndPoint):
            found = item
    return found


def _arguments(layer: Layer) -> Literals:
    return tuple((one.name, getattr(layer, one.name)) for one in fields(layer))


class _Pair:
    """Compares two turns that follow each other, item by item.

    `start` is the value that enters the first turn where the second takes the first's
    result; `carried` has the places where it does, as (item, input).
    """

    def __init__(
        self,
        index: int,
        result: Node | Call | Loop | Decision | None,
        one: dict[int, int],
        two: dict[int, int],
    ) -> None:
        self.index = index
        self.result = -1 if result is None else result.output.index
        self.one = one
        self.two = two
        self.start: Value | None = None
        self.carried: set[tuple[int, int]] = set()
        self.scopes: list[Path | None] = []
        self.literals: dict[int, Literals] = {}  # those that are counted, by item
        self.number = -1

    @property
    def counts(self) -> bool:
        """Whether a literal grows from one turn to the other."""
        return bool(self.literals)

    def continues(self, before: "_Pair") -> bool:
        """Whether turns follow each other here as they did before."""
        alike = (self.scopes, self.carried) == (before.scopes, before.carried)
        return alike and self.literals == before.literals

    def follows(self, a: Item, b: Item) -> bool:
        """Whether `b` is `a` one turn later."""
        self.number += 1
        match a, b:
            case Node(), Node():
                alike = self._layers(a.layer, b.layer) and a.shared == b.shared
                return alike and self._scope(a.scope, b.scope) and self._inputs(a, b)
            case Call(), Call():
                alike = a.function == b.function and a.opens == b.opens
                alike = alike and self._literals(a.arguments, b.arguments)
                return alike and self._scope(a.scope, b.scope) and self._inputs(a, b)
            case EndPoint(), EndPoint():
                if not self._scope(a.scope, b.scope):
                    return False
                return self._value(0, a.value, b.value)
        return False

    def _layers(self, a: Layer, b: Layer) -> bool:
        if a == b:
            return True
        known = {f.name for f in fields(a) if may_be_counted(f.name, a)}
        alike = type(a) is type(b)
        return alike and self._literals(_arguments(a), _arguments(b), known)

    def _literals(
        self, a: Literals, b: Literals, may_differ: Container[str] | None = None
    ) -> bool:
        """Whether literals by their names are equal, or whole numbers that are counted."""
        counted = []
        for (name, x), (other, y) in zip(a, b, strict=True):
            value = counted_literal(x, y, self.index)
            if name != other or value is UNCOUNTED:
                return False
            if not same(x, value):
                if may_differ is not None and name not in may_differ:
                    return False
                counted.append((name, value))
        if counted:
            self.literals[self.number] = tuple(counted)
        return True

    def _inputs(self, a: Node | Call, b: Node | Call) -> bool:
        x, y = a.output.type, b.output.type
        if len(a.inputs) != len(b.inputs) or (x.rank, x.dtype) != (y.rank, y.dtype):
            return False
        return all(
            self._value(place, x, y)
            for place, (x, y) in enumerate(zip(a.inputs, b.inputs, strict=True))
        )

    def _value(self, place: int, x: Value, y: Value) -> bool:
        # The input of a turn may have another shape: `conv 64` on 3 channels, then on 64.
        if x.type.rank != y.type.rank or x.type.dtype != y.type.dtype:
            return False
        if y.index in self.two or x.index in self.one:
            return self.two.get(y.index, -1) == self.one.get(x.index, -2)
        if y.index == self.result:
            if self.start is not None and self.start.index != x.index:
                return False
            self.start = x
            self.carried.add((self.number, place))
            return True
        return x.index == y.index

    def _scope(self, a: Path | None, b: Path | None) -> bool:
        path = counted_path(a, b, self.index)
        self.scopes.append(path)
        return (path is None) == (a is None) and (a is None) == (b is None)

    def rolled(self, number: int, item: Item, carried: Value, hole: Hole) -> Item:
        """The item of the first turn as it stands in the loop."""
        path = self.scopes[number]
        scope = (
            None
            if path is None
            else tuple(hole if isinstance(part, Hole) else part for part in path)
        )
        take: Callable[[int, Value], Value] = lambda place, value: (  # noqa: E731
            carried if (number, place) in self.carried else value
        )
        match item:
            case Node() | Call():
                inputs = tuple(take(i, v) for i, v in enumerate(item.inputs))
                counted = self.literals.get(number, ())
                given = {key: with_count(value, hole) for key, value in counted}
                if isinstance(item, Node):
                    layer = replace(item.layer, **given) if given else item.layer
                    return replace(item, layer=layer, inputs=inputs, scope=scope)
                assert scope is not None
                arguments = tuple((k, given.get(k, v)) for k, v in item.arguments)
                return replace(item, inputs=inputs, scope=scope, arguments=arguments)
            case EndPoint():
                assert scope is not None
                return replace(item, value=take(0, item.value), scope=scope)
            case Loop() | Decision():
                raise AssertionError("nested loops are compared as they stand")
