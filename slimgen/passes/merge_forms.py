"""Make one function of the forms of a block that differ by an `if` of the source.

before    func bottleneck#0: %2 = conv(%0) as shortcut       %3 = conv(%0) as conv1 …
          func bottleneck#1: %3 = max_pool(%0) as MaxPool2D  %4 = conv(%0) as conv1 …
after     func bottleneck(stride): %2 = choose { if {stride} > 1 {…} else {…} }  %3 = …

Items that all forms have keep their place; between them stand decisions. Each form runs
its own items in its own order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from slimgen.ir.graph import (
    Call,
    Case,
    Decision,
    EndPoint,
    Function,
    Item,
    Node,
    Signature,
    Value,
)
from slimgen.layers.declaration import TensorType
from slimgen.layers.literals import Hole
from slimgen.passes.case_conditions import Member, conditions
from slimgen.passes.literal_slots import (
    MOST_PARAMETERS,
    UNBOUND,
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

MOST_DECISIONS = 2
Arguments = tuple[tuple[str, Any], ...]


class NotAlike(Exception):
    """Forms that no single function replaces."""


@dataclass(frozen=True)
class Merged:
    """One function for several forms, and the arguments of each call, form by form."""

    function: Function
    arguments: list[Arguments]


@dataclass
class _Row:
    """An item as each form that has it numbers it."""

    places: dict[int, int]  # form to the item's number
    gap: int = -1
    inputs: Sequence[int] = ()
    output: Value | None = None
    holes: dict[Slot, Hole] = field(default_factory=dict)


@dataclass
class _Gap:
    """A decision to be: its rows, and the value with which each form continues."""

    rows: list[_Row]
    output: int = -1
    earlier: frozenset[int] = frozenset()  # values that are there before
    made: set[int] = field(default_factory=set)
    results: dict[int, int] = field(default_factory=dict)  # form to merged value
    own: dict[int, int] = field(default_factory=dict)  # form to its value for that


def merge_forms(
    name: str,
    groups: Sequence[Sequence[Function]],
    bound: Sequence[Sequence[Mapping[str, Any]]],
) -> Merged | None:
    """Return the one function for the forms, each a group of functions; None without."""
    if any(item.steps for group in groups for item in group[0].items):
        return None
    if len({len(group[0].inputs) for group in groups}) > 1:
        return None
    try:
        return _Merger(name, groups, bound).merged()
    except NotAlike:
        return None


class _Merger:
    """Merges the forms of one block."""

    def __init__(
        self,
        name: str,
        groups: Sequence[Sequence[Function]],
        bound: Sequence[Sequence[Mapping[str, Any]]],
    ) -> None:
        self.name = name
        self.groups = groups
        self.forms = range(len(groups))
        self.bound = [one for group in bound for one in group]
        self.members = [(f, m) for f in self.forms for m in range(len(groups[f]))]
        self.types = [[_types(one) for one in group] for group in groups]
        self.literals = [[literals_of(one) for one in group] for group in groups]
        self.next_index = 0
        self.to: list[dict[int, int]] = [{} for _ in self.forms]
        self.values: dict[int, Value] = {}
        self.gaps: list[_Gap] = []
        self.open = -1
        self.parameters: dict[str, list[Any]] = {}
        self.optional: set[str] = set()  # parameters that some calls have no value for
        self.everywhere: set[str] = set()  # parameters that items of all forms take

    def merged(self) -> Merged:
        """Return the merged function; raises NotAlike."""
        inputs = [
            self._value({f: self.groups[f][0].inputs[place] for f in self.forms})
            for place in range(len(self.groups[0][0].inputs))
        ]
        parts = self._aligned()
        for part in parts:
            self._enter(part)
        output = self._use({f: self.groups[f][0].output for f in self.forms})
        self._set_outputs()
        self._give_holes(row for part in parts for row in part if row.gap < 0)
        self._give_holes(row for part in parts for row in part if row.gap >= 0)
        items = [
            (
                self._item(part[0])
                if part[0].gap < 0
                else self._decision(self.gaps[part[0].gap], inputs)
            )
            for part in parts
        ]
        return self._function(inputs, items, self.values[output])

    # Alignment.

    def _aligned(self) -> list[list[_Row]]:
        """Return single items that all forms have, and lists of those between them."""
        from difflib import SequenceMatcher  # few files need it

        keys = [[item_kind(item) for item in group[0].items] for group in self.groups]
        anchors: list[tuple[int, ...]] = [(place,) for place in range(len(keys[0]))]
        for other in keys[1:]:
            here = [keys[0][anchor[0]] for anchor in anchors]
            matcher = SequenceMatcher(None, here, other, autojunk=False)
            anchors = [
                (*anchors[block.a + i], block.b + i)
                for block in matcher.get_matching_blocks()
                for i in range(block.size)
            ]
        parts: list[list[_Row]] = []
        before = (-1,) * len(keys)
        for anchor in [*anchors, tuple(len(one) for one in keys)]:
            between = self._between(keys, before, anchor)
            if between:
                parts.append(between)
            parts.append([_Row(dict(enumerate(anchor)))])
            before = anchor
        parts.pop()
        self._require_few(parts)
        return parts

    def _require_few(self, parts: Sequence[Sequence[_Row]]) -> None:
        """Merge only what is shorter and simpler to read in one function."""
        decisions = [part for part in parts if part[0].gap >= 0]
        merged = sum(map(len, parts))
        written = sum(len(group[0].items) for group in self.groups)
        if len(decisions) > MOST_DECISIONS or 3 * merged > 2 * written:
            raise NotAlike

    def _between(
        self, keys: Sequence[Sequence[Any]], start: Sequence[int], end: Sequence[int]
    ) -> list[_Row]:
        """Return the rows between two anchors; forms with the same items share them."""
        rows: dict[tuple[Any, ...], list[_Row]] = {}
        for form in self.forms:
            places = range(start[form] + 1, end[form])
            found = rows.setdefault(
                tuple(keys[form][place] for place in places),
                [_Row({}, len(self.gaps)) for _ in places],
            )
            for row, place in zip(found, places, strict=True):
                row.places[form] = place
        flat = [row for found in rows.values() for row in found]
        if flat:
            self.gaps.append(_Gap(flat))
        return flat

    # Values.

    def _enter(self, rows: list[_Row]) -> None:
        """Give a number to each value of the rows, and find what they take."""
        self.open = rows[0].gap
        if self.open >= 0:
            gap = self.gaps[self.open]
            inside = {index for one in self.gaps for index in one.made}
            gap.earlier = frozenset(self.values) - inside
            gap.output = self._index()
        for row in rows:
            items = {f: self.groups[f][0].items[p] for f, p in row.places.items()}
            taken = {form: _taken(item) for form, item in items.items()}
            count = len(next(iter(taken.values())))
            row.inputs = [
                self._use({form: values[place] for form, values in taken.items()})
                for place in range(count)
            ]
            made = {f: i.output for f, i in items.items() if isinstance(i, Node | Call)}
            if made:
                row.output = self._value(made)
                if self.open >= 0:
                    self.gaps[self.open].made.add(row.output.index)
        self.open = -1

    def _index(self) -> int:
        self.next_index += 1
        return self.next_index - 1

    def _value(self, own: Mapping[int, Value]) -> Value:
        """Make the value that stands for one of each form."""
        first = next(iter(own.values()))
        type_ = self._common({form: value.index for form, value in own.items()})
        value = replace(first, index=self._index(), type=type_)
        for form, one in own.items():
            self.to[form][one.index] = value.index
        self.values[value.index] = value
        return value

    def _common(self, own: Mapping[int, int]) -> TensorType:
        types = [one[index] for form, index in own.items() for one in self.types[form]]
        if len({(one.rank, one.dtype) for one in types}) > 1:
            raise NotAlike
        common = types[0]
        for one in types:
            common = common_type(common, one)
        return common

    def _use(self, own: Mapping[int, Value]) -> int:
        """Return the merged value that all forms take here."""
        found = {form: self.to[form][value.index] for form, value in own.items()}
        gaps = [
            n for n, g in enumerate(self.gaps) if g.made.intersection(found.values())
        ]
        if not gaps or gaps == [self.open]:
            if len(set(found.values())) > 1:
                raise NotAlike
            return next(iter(found.values()))
        gap = self.gaps[max(gaps)]
        if self.open == max(gaps):
            raise NotAlike
        for form, index in found.items():
            is_known = index in gap.made or index in gap.earlier
            if not is_known or gap.results.setdefault(form, index) != index:
                raise NotAlike
            gap.own[form] = own[form].index
        return gap.output

    # Literals.

    def _give_holes(self, rows: Iterable[_Row]) -> None:
        """Make parameters of the literals that differ between calls."""
        for row in rows:
            form, place = next(iter(row.places.items()))
            for number, name, places in self.literals[form][0]:
                if number == place:
                    self._give_hole(row, name, places)

    def _give_hole(self, row: _Row, name: str, places: tuple[int, ...]) -> None:
        found = [
            (
                self.literals[f][m][row.places[f], name, places]
                if f in row.places
                else UNBOUND
            )
            for f, m in self.members
        ]
        given: list[Any] = [value for value in found if value is not UNBOUND]
        if all(same(value, given[0]) for value in given):
            return
        parameter = self._parameter(name, found)
        if row.gap < 0:
            self.everywhere.add(parameter)
        values = tuple(dict.fromkeys(given))
        row.holes[0, name, places] = Hole(parameter, values)

    def _parameter(self, field_name: str, found: Sequence[Any]) -> str:
        """Return the parameter with these values; one that the source has, if it can be."""
        for name, values in self.parameters.items():
            if _fits(values, found):
                return name
        for name in own_names(self.bound[0]):
            values = [own_value(name, one) for one in self.bound]
            if name not in self.parameters and _fits(values, found):
                self.parameters[name] = values
                return name
        if field_name in self.parameters or field_name in self.bound[0]:
            raise NotAlike  # no name that says something is left
        values = [None if value is UNBOUND else value for value in found]
        self.parameters[field_name] = values
        if None in values:
            self.optional.add(field_name)
        return field_name

    # The merged function.

    def _item(self, row: _Row) -> Item:
        """Return an item with its holes and its merged values."""
        form, place = next(iter(row.places.items()))
        item = self.groups[form][0].items[place]
        inputs = tuple(self.values[index] for index in row.inputs)
        match item:
            case Node():
                assert row.output is not None
                shared = any(
                    _is_shared(one.items[p])
                    for f, p in row.places.items()
                    for one in self.groups[f]
                )
                layer = layer_with_holes(item.layer, 0, row.holes)
                return replace(
                    item, layer=layer, inputs=inputs, output=row.output, shared=shared
                )
            case Call():
                assert row.output is not None
                arguments = tuple(
                    (key, row.holes.get((0, key, ()), value))
                    for key, value in item.arguments
                )
                return replace(
                    item, arguments=arguments, inputs=inputs, output=row.output
                )
            case EndPoint():
                return replace(item, value=inputs[0])
        raise AssertionError("loops and decisions are made later")

    def _set_outputs(self) -> None:
        """Give each decision's output the type that all its results have."""
        for gap in self.gaps:
            if set(gap.results) != set(self.forms):
                raise NotAlike
            made = next(i for i in gap.results.values() if i in gap.made)
            type_ = self._common(gap.own)
            self.values[gap.output] = replace(
                self.values[made], index=gap.output, type=type_
            )

    def _decision(self, gap: _Gap, inputs: Sequence[Value]) -> Decision:
        ways: dict[tuple[int, ...], list[int]] = {}
        rows = {
            form: [n for n, row in enumerate(gap.rows) if form in row.places]
            for form in self.forms
        }
        for form in self.forms:
            ways.setdefault((*rows[form], -1, gap.results[form]), []).append(form)
        if len({way[: way.index(-1)] for way in ways}) < len(ways):
            raise NotAlike
        order = sorted(ways.values(), key=lambda forms: -len(rows[forms[0]]))
        members = [
            [self._member(f, m) for f, m in self.members if f in w] for w in order
        ]
        found = conditions(members, inputs)
        if found is None:
            raise NotAlike
        cases = []
        for number, condition in found:
            form = order[number][0]
            for side in (condition.left, condition.right) if condition else ():
                if isinstance(side, Hole):
                    values = [one[side.name] for one in self.bound]
                    self.parameters.setdefault(side.name, values)
            items = tuple(self._item(gap.rows[n]) for n in rows[form])
            cases.append(Case(condition, items, self.values[gap.results[form]]))
        return Decision(tuple(cases), self.values[gap.output])

    def _member(self, form: int, number: int) -> Member:
        function = self.groups[form][number]
        bound = self.bound[self.members.index((form, number))]
        return Member(bound, tuple(value.type for value in function.inputs))

    def _function(
        self, inputs: Sequence[Value], items: Sequence[Item], output: Value
    ) -> Merged:
        own = [n for n in own_names(self.bound[0]) if n in self.parameters]
        names = own + [name for name in self.parameters if name not in own]
        usual = [name for name in names if name not in self.everywhere]
        order = [name for name in names if name in self.everywhere] + usual
        plain = (value for name in usual for value in self.parameters[name])
        if len(order) > MOST_PARAMETERS or not all(map(_is_plain, plain)):
            raise NotAlike
        defaults = tuple(
            (name, None if name in self.optional else _usual(self.parameters[name]))
            for name in usual
        )
        arguments: list[Arguments] = []
        signatures: dict[Signature, None] = {}
        for number, (form, m) in enumerate(self.members):
            given = tuple((name, self.parameters[name][number]) for name in order)
            arguments.append(given)
            one = self.groups[form][m]
            types = tuple(value.type for value in one.inputs)
            signatures[Signature(types, one.output.type, given)] = None
        first = self.groups[0][0]
        comments = (
            one.comment for group in self.groups for one in group if one.comment
        )
        function = Function(
            self.name,
            first.block,
            tuple(inputs),
            tuple(order),
            tuple(items),
            output,
            next(comments, ""),
            tuple(signatures),
            defaults,
        )
        return Merged(function, arguments)


def _taken(item: Item) -> tuple[Value, ...]:
    match item:
        case Node() | Call():
            return item.inputs
        case EndPoint():
            return (item.value,)
    raise AssertionError("loops and decisions are made later")


def _types(function: Function) -> dict[int, TensorType]:
    values = [*function.inputs, function.output]
    values += [i.output for i in function.items if isinstance(i, Node | Call)]
    return {value.index: value.type for value in values}


def _fits(values: Sequence[Any], found: Sequence[Any]) -> bool:
    """Whether a parameter has the values found, where any are."""
    return UNBOUND not in values and all(
        given is UNBOUND or same(value, given)
        for value, given in zip(values, found, strict=True)
    )


def _usual(values: Sequence[Any]) -> Any:
    """Return the value that most calls have."""
    return Counter(map(marked, values)).most_common(1)[0][0][1]


def _is_plain(value: Any) -> bool:
    """Whether a value can be the default of a parameter in any file."""
    return value is None or type(value) in (bool, int, float, str)


def _is_shared(item: Item) -> bool:
    return isinstance(item, Node) and item.shared
