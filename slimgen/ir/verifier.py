"""The rules of every graph; a graph that breaks one shows a bug of slimgen.

The structure is checked after every stage, which costs little. The types and variables of
whole networks are inferred again only where `--verify` asks for it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from slimgen.ir.graph import (
    Call,
    Case,
    Decision,
    EndPoint,
    Function,
    Graph,
    Item,
    Length,
    Loop,
    Network,
    NetworkVariable,
    Node,
    Path,
    Value,
    walk,
)
from slimgen.ir.unroll import Applied, Entered, Part, unroll, values_in
from slimgen.layers.declaration import ShapeError, TensorType, VariableSpec
from slimgen.layers.literals import Hole, Operand

SCOPE = re.compile(r"[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*", re.ASCII)


class InternalError(Exception):
    """A bug of the compiler; the message is for its report."""


def require_sound(graph: Graph, stage: str, thorough: bool = False) -> None:
    """Raise InternalError, with the graph as text, if the graph breaks a rule.

    Types and variables are inferred again if the check is `thorough`.
    """
    problems = verify(graph) if thorough else structure_problems(graph)
    if problems:
        from slimgen.ir.text import print_graph

        listed = "\n".join(f"- {problem}" for problem in problems)
        raise InternalError(
            f"the graph after {stage} is not sound: {problems[0]}\n"
            f"{listed}\n\n{print_graph(graph)}"
        )


def verify(graph: Graph) -> list[str]:
    """Return the rules that a graph breaks, in sentences; types only if nothing else is."""
    problems = structure_problems(graph)
    if not problems:
        for network in graph.networks:
            problems += _run(graph, network)
    return problems


def structure_problems(graph: Graph) -> list[str]:
    """Return the rules about names, values, calls and scopes that a graph breaks."""
    problems = list(_names(graph))
    for function in graph.functions:
        problems += _BodyCheck(graph, function.name, function.parameters).check(
            function.inputs, function.items, [function.output]
        )
    for network in graph.networks:
        problems += _BodyCheck(graph, network.name, ()).check(
            [one.value for one in network.inputs],
            network.items,
            [value for _, value in network.outputs],
        )
    return problems


def _names(graph: Graph) -> Iterator[str]:
    """Each function has a name of its own and comes before its callers."""
    known: set[str] = set()
    for function in graph.functions:
        for item in walk(function.items):
            if isinstance(item, Call) and item.function not in known:
                yield f"{function.name} calls {item.function}, which does not come before"
        if function.name in known:
            yield f"two functions are called {function.name}"
        known.add(function.name)
    names = [network.name for network in graph.networks]
    if len(set(names)) < len(names):
        yield f"two networks have one name: {', '.join(names)}"


# Without types: values, holes, calls, scopes.


class _BodyCheck:
    """Checks the items of one function or network."""

    def __init__(self, graph: Graph, name: str, holes: Sequence[str]) -> None:
        self.functions = {function.name: function for function in graph.functions}
        self.name = name
        self.holes = set(holes)
        self.types: dict[int, TensorType] = {}
        self.defined: set[int] = set()
        self.problems: list[str] = []

    def check(
        self, inputs: Iterable[Value], items: Iterable[Item], outputs: Iterable[Value]
    ) -> list[str]:
        """Return the broken rules, in sentences."""
        for value in inputs:
            self._define(value)
        self._items(items)
        for value in outputs:
            self._use(value, "the output")
        return self.problems

    def _say(self, problem: str) -> None:
        self.problems.append(f"{self.name}: {problem}")

    def _define(self, value: Value) -> None:
        if value.index in self.types:
            self._say(f"%{value.index} is defined twice")
        self.types[value.index] = value.type
        self.defined.add(value.index)

    def _use(self, value: Value, where: str) -> None:
        if value.index not in self.defined:
            self._say(f"{where} uses %{value.index} before it is defined")
        elif self.types[value.index] != value.type:
            self._say(
                f"{where} uses %{value.index} as {value.type},"
                f" it is {self.types[value.index]}"
            )

    def _items(self, items: Iterable[Item]) -> None:
        for item in items:
            match item:
                case Node():
                    self._node(item)
                case Call():
                    self._call(item)
                case EndPoint():
                    self._use(item.value, "an end point")
                    self._path(item.scope)
                case Loop():
                    self._loop(item)
                case Decision():
                    self._decision(item)

    def _node(self, node: Node) -> None:
        for value in node.inputs:
            self._use(value, node.layer.word)
        self._path(node.scope or ())
        least, most = node.layer.inputs
        count = len(node.inputs)
        found = list(values_in(node.layer))
        operands = [one.index for one in found if isinstance(one, Operand)]
        if count < least or (most is not None and count > most + len(operands)):
            self._say(f"{node.layer.word} takes {least} to {most} inputs, not {count}")
        for hole in found:
            if isinstance(hole, Hole) and hole.name not in self.holes:
                self._say(
                    f"{node.layer.word} uses {{{hole.name}}}, which nothing gives"
                )
        for index in operands:
            if index >= count:
                self._say(f"{node.layer.word} names input {index} of {count}")
        self._define(node.output)

    def _call(self, call: Call) -> None:
        for value in call.inputs:
            self._use(value, call.function)
        self._path(call.scope)
        function = self.functions.get(call.function)
        if function is None:
            self._say(f"there is no function {call.function}")
        else:
            self._arguments(call, function)
        self._define(call.output)

    def _arguments(self, call: Call, function: Function) -> None:
        if len(call.inputs) != len(function.inputs):
            self._say(
                f"{function.name} takes {len(function.inputs)} tensors,"
                f" not {len(call.inputs)}"
            )
        given = tuple(name for name, _ in call.arguments)
        # Before blocks are shared a call keeps what the source gave, and no hole takes it.
        if function.parameters and given != function.parameters:
            self._say(f"{function.name} takes {function.parameters}, not {given}")
        if function.parameters:
            for _, value in call.arguments:
                for hole in _holes(value):
                    if hole not in self.holes:
                        self._say(f"a call passes {{{hole}}}, which nothing gives")

    def _loop(self, loop: Loop) -> None:
        if loop.last < loop.first:
            self._say(f"a loop from {loop.first} to {loop.last} has no turn")
        if loop.variable in self.holes:
            self._say(f"a loop counts with {loop.variable}, which has a value already")
        self._use(loop.start, "a loop")
        outside = set(self.defined)
        self._define(loop.carried)
        self.holes.add(loop.variable)
        self._items(loop.items)
        self._use(loop.result, "the next turn")
        self.holes.discard(loop.variable)
        # The values of a turn end with it, except the loop's output.
        self.defined = outside
        self._define(loop.output)

    def _decision(self, decision: Decision) -> None:
        *tested, last = decision.cases
        if last.condition or not all(case.condition for case in tested):
            self._say("a decision has one case without a condition, the last")
        outside = set(self.defined)
        for case in decision.cases:
            self._condition(case)
            self._items(case.items)
            self._use(case.result, "the output of a decision")
            self.defined = set(outside)
        self._define(decision.output)

    def _condition(self, case: Case) -> None:
        if case.condition is None:
            return
        for side in (case.condition.left, case.condition.right):
            if isinstance(side, Length):
                self._use(side.value, "a condition")
            elif isinstance(side, Hole) and side.name not in self.holes:
                self._say(f"a condition uses {{{side.name}}}, which nothing gives")

    def _path(self, path: Path) -> None:
        for part in path:
            if isinstance(part, Hole) and part.name not in self.holes:
                self._say(f"a scope uses {{{part.name}}}, which nothing gives")


def _holes(value: object) -> Iterator[str]:
    for found in values_in(value):
        if isinstance(found, Hole):
            yield found.name


# With types: each network unrolled.


def _run(graph: Graph, network: Network) -> Iterator[str]:
    try:
        unrolled = unroll(graph, network)
    except (ShapeError, KeyError, ValueError) as error:
        yield f"{network.name} does not run: {error!r}"
        return
    yield from _types(unrolled.parts)
    yield from _scopes(unrolled.applied())
    yield from _variables(network, list(unrolled.applied()))


def _types(parts: Iterable[Part]) -> Iterator[str]:
    """The types of the graph are those that the layers infer, where the graph knows them."""
    for part in parts:
        match part:
            case Applied(node=node):
                yield from _type(node.layer.word, node.output, part.output.type)
            case Entered(call=call):
                yield from _type(call.function, call.output, part.output.type)
                yield from _types(part.parts)


def _type(what: str, value: Value, inferred: TensorType) -> Iterator[str]:
    said = value.type
    fits = said.dtype == inferred.dtype and said.rank == inferred.rank
    if not fits or any(
        a is not None and a != b
        for a, b in zip(said.shape, inferred.shape, strict=True)
    ):
        yield f"%{value.index} of {what} is {inferred}, the graph says {said}"


def _scopes(parts: Iterable[Applied]) -> Iterator[str]:
    for part in parts:
        if part.scope and not SCOPE.fullmatch(part.scope):
            yield f"`{part.scope}` of {part.layer.word} is no scope"


def _variables(network: Network, parts: Sequence[Applied]) -> Iterator[str]:
    """Each variable is created once, by the layers, in the order of the list."""
    created: dict[str, VariableSpec] = {}
    for part in parts:
        types = [tensor.type for tensor in part.inputs]
        specs = part.layer.variables(types)
        for name, spec in zip(part.variable_names, specs, strict=True):
            first = created.setdefault(name, spec)
            if not part.node.shared and first is not spec:
                yield f"`{name}` is created twice"
            elif first.shape != spec.shape:
                yield f"`{name}` is shared with another shape"
    found = tuple(NetworkVariable(name, spec) for name, spec in created.items())
    if found != network.variables:
        yield from _differences(network, found)


def _differences(network: Network, found: Sequence[NetworkVariable]) -> Iterator[str]:
    listed = {variable.name: variable.spec for variable in network.variables}
    made = {variable.name: variable.spec for variable in found}
    for name in [name for name in listed if name not in made]:
        yield f"no layer creates `{name}`"
    for name in [name for name in made if name not in listed]:
        yield f"`{name}` is not in the list of variables"
    for name in [name for name in made if name in listed]:
        if made[name] != listed[name]:
            yield f"`{name}` is {made[name]}, the list says {listed[name]}"
    if listed == made:
        yield f"the variables of {network.name} are listed in another order"
