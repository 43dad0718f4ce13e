"""A network as it runs: every call entered, every turn taken, every literal in its place.

Counts and checks use this form, so that they are the same before and after passes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    Condition,
    Decision,
    EndPoint,
    Graph,
    Item,
    Length,
    Loop,
    Network,
    Node,
    Path,
    Step,
    Term,
    Value,
    walk,
)
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.literals import Hole, NamedFunction
from slimgen.layers.recall import Recall


class UnrolledTensor(Frozen):
    """A tensor of one run: a number of its own, and its type as its layer infers it."""

    number: int
    type: TensorType


class Applied(Frozen):
    """A layer applied.

    Attributes:
        scope: In full; None when it has no name.
        place: The scope around it.
        shared: Its variables are those of an earlier layer.
    """

    node: Node
    layer: Layer
    inputs: tuple[UnrolledTensor, ...]
    output: UnrolledTensor
    scope: str | None
    place: str
    steps: tuple[Step, ...]
    shared: bool = False

    @property
    def variable_names(self) -> tuple[str, ...]:
        """The full names of its variables, in order of creation."""
        scope = self.place if self.scope is None else self.scope
        types = [tensor.type for tensor in self.inputs]
        return tuple(spec.full_name(scope) for spec in self.layer.variables(types))


class Entered(Frozen):
    """A call with the parts of its function; `opens`: it opens a variable scope."""

    call: Call
    block: str
    scope: str
    parts: "tuple[Part, ...]"
    output: UnrolledTensor
    steps: tuple[Step, ...]

    @property
    def opens(self) -> bool:
        """True if the call opens a variable scope."""
        return self.call.opens


class Tapped(Frozen):
    """A tensor that a `tap` makes an end point under a scope, in full."""

    scope: str
    tensor: UnrolledTensor


Part = Applied | Entered | Tapped


class Unrolled(Frozen):
    """The parts of a network in order, and its input and output tensors."""

    inputs: tuple[tuple[str, UnrolledTensor], ...]
    outputs: tuple[tuple[str, UnrolledTensor], ...]
    parts: tuple[Part, ...]

    def applied(self) -> Iterator[Applied]:
        """Yield every application of a layer, in order."""
        yield from applied(self.parts)

    def end_points(self) -> Iterator[tuple[str, UnrolledTensor]]:
        """Yield the end points with their scopes, in the order in which they are kept."""
        yield from _end_points(self.parts)


def applied(parts: Sequence[Part]) -> Iterator[Applied]:
    """Yield every application of a layer among `parts`, in order."""
    for part in parts:
        if isinstance(part, Applied):
            yield part
        elif isinstance(part, Entered):
            yield from applied(part.parts)


def _end_points(parts: Sequence[Part]) -> Iterator[tuple[str, UnrolledTensor]]:
    for part in parts:
        match part:
            case Applied(scope=str(scope)):
                yield scope, part.output
            case Entered():
                yield from _end_points(part.parts)
                if part.opens:
                    yield part.scope, part.output
            case Tapped():
                yield part.scope, part.tensor


def unroll(graph: Graph, network: Network) -> Unrolled:
    """Run a network on types; raises ShapeError where a layer does not take its inputs."""
    run = _Run(graph)
    tensors = {i.value.index: run.tensor(i.value.type) for i in network.inputs}
    parts = run.items(network.items, _Frame(network.scope, tensors))
    return Unrolled(
        tuple((i.name, tensors[i.value.index]) for i in network.inputs),
        tuple((name, tensors[value.index]) for name, value in network.outputs),
        parts,
    )


def join(parent: str, name: str) -> str:
    """Join two scopes, either of which may be empty."""
    return f"{parent}/{name}" if parent and name else parent or name


@dataclass
class _Frame:
    """One run of one function: its scope, its tensors by index, its literals by name."""

    scope: str
    tensors: dict[int, UnrolledTensor]
    literals: Mapping[str, object] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    skipped: int = 0  # how many of an item's steps `steps` replaces

    def path(self, path: Path) -> str:
        """Write a relative scope in full."""
        return join(self.scope, "".join(str(filled(p, self.literals)) for p in path))

    def take(self, values: Sequence[Value]) -> tuple[UnrolledTensor, ...]:
        """Return the tensors behind values."""
        return tuple(self.tensors[value.index] for value in values)

    def taken(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Return the steps of an item as they are in this turn."""
        return self.steps + steps[self.skipped :]


class _Run:
    """Walks the items of a network; numbers tensors."""

    def __init__(self, graph: Graph) -> None:
        self.functions = {function.name: function for function in graph.functions}
        self._tensors = 0
        self._created: set[str] = set()
        self._kept: dict[str, UnrolledTensor] = {}  # the end points so far
        bodies = [n.items for n in graph.networks] + [f.items for f in graph.functions]
        self._shares = any(
            isinstance(item, Node) and item.shared
            for items in bodies
            for item in walk(items)
        )

    def tensor(self, type_: TensorType) -> UnrolledTensor:
        """Make a new tensor."""
        self._tensors += 1
        return UnrolledTensor(self._tensors - 1, type_)

    def items(self, items: Sequence[Item], frame: _Frame) -> tuple[Part, ...]:
        """Run items in order."""
        parts: list[Part] = []
        for item in items:
            match item:
                case Node(layer=Recall(), scope=scope):
                    kept = self._kept[frame.path(scope or ())]
                    frame.tensors[item.output.index] = kept
                case Node():
                    parts.append(self._node(item, frame))
                case Call():
                    parts.append(self._call(item, frame))
                case Loop():
                    parts.extend(self._loop(item, frame))
                case Decision():
                    parts.extend(self._decision(item, frame))
                case EndPoint():
                    (tensor,) = frame.take([item.value])
                    parts.append(Tapped(frame.path(item.scope), tensor))
                    self._kept[frame.path(item.scope)] = tensor
        return tuple(parts)

    def _node(self, node: Node, frame: _Frame) -> Applied:
        inputs = frame.take(node.inputs)
        layer = filled(node.layer, frame.literals)
        (type_,) = layer.outputs([tensor.type for tensor in inputs])
        output = frame.tensors[node.output.index] = self.tensor(type_)
        scope = None if node.scope is None else frame.path(node.scope)
        if scope is not None:
            self._kept[scope] = output
        steps = frame.taken(node.steps)
        made = Applied(node, layer, inputs, output, scope, frame.scope, steps)
        if not self._shares:
            return made
        names = made.variable_names
        shared = node.shared and self._created.issuperset(names) and bool(names)
        self._created.update(names)
        return replace(made, shared=shared)

    def _call(self, call: Call, frame: _Frame) -> Entered:
        function = self.functions[call.function]
        scope = frame.path(call.scope)
        indices = [value.index for value in function.inputs]
        given = zip(indices, frame.take(call.inputs), strict=True)
        literals = {
            name: filled(value, frame.literals)
            for name, value in call.arguments
            if name in function.parameters
        }
        inner = _Frame(scope, dict(given), literals)
        parts = self.items(function.items, inner)
        output = inner.tensors[function.output.index]
        frame.tensors[call.output.index] = output
        if call.opens:
            self._kept[scope] = output
        steps = frame.taken(call.steps)
        return Entered(call, function.block, scope, parts, output, steps)

    def _decision(self, decision: Decision, frame: _Frame) -> tuple[Part, ...]:
        case = next(
            case
            for case in decision.cases
            if case.condition is None or _holds(case.condition, frame)
        )
        parts = self.items(case.items, frame)
        frame.tensors[decision.output.index] = frame.tensors[case.result.index]
        return parts

    def _loop(self, loop: Loop, frame: _Frame) -> Iterator[Part]:
        depth = len(loop.steps)
        number = next(
            (item.steps[depth].loop for item in loop.items if len(item.steps) > depth),
            0,
        )
        outer = frame.taken(loop.steps)
        frame.tensors[loop.carried.index] = frame.tensors[loop.start.index]
        for index in range(loop.first, loop.last + 1):
            turn = _Frame(
                frame.scope,
                frame.tensors,
                {**frame.literals, loop.variable: index},
                (*outer, Step(number, loop.variable, index)),
                depth + 1,
            )
            yield from self.items(loop.items, turn)
            frame.tensors[loop.carried.index] = frame.tensors[loop.result.index]
        frame.tensors[loop.output.index] = frame.tensors[loop.result.index]


def _holds(condition: Condition, frame: _Frame) -> bool:
    """Return whether a condition is true of the tensors and literals of a call."""

    def term(side: Term) -> Any:
        if isinstance(side, Length):
            return frame.tensors[side.value.index].type.shape[side.axis]
        return filled(side, frame.literals)

    left, right = term(condition.left), term(condition.right)
    match condition.sign:
        case "==" | "is":
            return bool(left == right)
        case "!=" | "is not":
            return bool(left != right)
    return bool(left > right)


def filled(value: Any, literals: Mapping[str, object]) -> Any:
    """Return a value with every hole replaced by the literal of its name."""
    match value:
        case Hole(name=name, factor=1, offset=0):
            return literals[name]
        case Hole(name=name, factor=factor, offset=offset):
            count = literals[name]
            assert isinstance(count, int)
            return factor * count + offset
        case tuple():
            return tuple(filled(item, literals) for item in value)
        case NamedFunction() if value.arguments:
            arguments = tuple((k, filled(v, literals)) for k, v in value.arguments)
            return replace(value, arguments=arguments)
        case Layer() if literals:
            old = {field.name: getattr(value, field.name) for field in fields(value)}
            new = {name: filled(item, literals) for name, item in old.items()}
            return replace(value, **new) if new != old else value
        case _:
            return value


def values_in(value: object) -> Iterator[object]:
    """Yield a value and all that it consists of, but for numbers and texts.

    That is items, arguments, and fields of a layer. Each stage asks it for every layer.
    """
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if found is None or isinstance(found, PLAIN):
            continue
        yield found
        match found:
            case tuple():
                waiting.extend(reversed(found))
            case NamedFunction():
                waiting.extend(item for _, item in reversed(found.arguments))
            case Layer():
                waiting.extend(reversed(vars(found).values()))


PLAIN = (int, float, str)
