"""A graph as a tree of source: one flat network, whose own graph computes the same.

Blocks are entered and loops unrolled. The tree keeps layers with their arguments, scopes, end
points, inputs, outputs, parameters and maps of weights; jobs are not part of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from slimgen.emit.slim.expressions import (
    NOWHERE,
    NamesInReach,
    argument,
    expression,
    line_arguments,
    name,
    on_line,
)
from slimgen.emit.slim.weight_statements import weight_statements
from slimgen.ir.graph import Graph, Network
from slimgen.ir.unroll import (
    Applied,
    Entered,
    Part,
    Tapped,
    UnrolledTensor,
    unroll,
)
from slimgen.layers.activation import Activate
from slimgen.layers.literals import NamedFunction
from slimgen.layers.python_function import Python
from slimgen.layers.variable import FreeVariable
from slimgen.syntax import tree


def raise_graph(graph: Graph) -> tree.File:
    """Return the source of a graph's networks, each flat, as a tree."""
    items = tuple(_NetworkSource(graph, one).network_node() for one in graph.networks)
    return tree.File(NOWHERE.source, items)


@dataclass
class _Written:
    """A statement, and the tensor that it makes current, if any."""

    statement: tree.Statement
    tensor: int | None = None


@dataclass
class _NetworkSource:
    """The statements of one network, and the names of its tensors."""

    graph: Graph
    network: Network
    statements: list[_Written] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    hints: dict[int, str] = field(default_factory=dict)
    current: int | None = None

    def __post_init__(self) -> None:
        self.unrolled = unroll(self.graph, self.network)
        self.parameters = frozenset(key for key, _ in self.network.parameters)
        self.taken = set(self._names_of_the_source())
        self.used = {
            tensor.number for part in self.unrolled.applied() for tensor in part.inputs
        } | {tensor.number for _, tensor in self.unrolled.outputs}

    def network_node(self) -> tree.Network:
        """Return the network's statement."""
        body = [*self._inputs(), *weight_statements(self.network)]
        self._parts(self.unrolled.parts)
        self._outputs()
        body += self._with_lets()
        return tree.Network(
            NOWHERE,
            name(self.network.name),
            tuple(self._parameters()),
            self._root(),
            tree.Body(NOWHERE, tuple(body)),
        )

    # Lines before the layers.

    def _parameters(self) -> Iterator[tree.Parameter]:
        for key, value in self.network.parameters:
            default = expression(value, NamesInReach())
            yield tree.Parameter(NOWHERE, name(key), default)

    def _root(self) -> tree.ScopeName | None:
        scope = self.network.scope
        return None if scope == self.network.name else _scope_name(scope)

    def _inputs(self) -> Iterator[tree.Statement]:
        for key, tensor in self.unrolled.inputs:
            lengths = tensor.type.shape[1:]
            size: tree.Expression = tree.Size(NOWHERE, lengths)
            if len(lengths) < 2 and None not in lengths:
                size = expression(lengths, NamesInReach())
            dtype = tensor.type.dtype
            given = () if dtype == "float32" else (argument("dtype", name(dtype)),)
            yield tree.Input(NOWHERE, name(key), size, given)
            self.names[tensor.number] = key
            self.current = tensor.number if self.current is None else self.current

    # Layers and end points.

    def _parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            match part:
                case Applied(layer=FreeVariable()):
                    self._variable(part)
                case Applied():
                    self._layer(part)
                case Tapped():
                    self._tap(part.scope, part.tensor)
                case Entered():
                    self._parts(part.parts)
                    if part.opens:
                        self._tap(part.scope, part.output)

    def _layer(self, part: Applied) -> None:
        layer, inputs = part.layer, [tensor.number for tensor in part.inputs]
        body = None
        if layer.merges and len(set(inputs)) < len(inputs):
            # A list would name the tensor once; branches give it as often as they end.
            body = self._branches(inputs)
        elif inputs and not layer.merges:
            self._go_to(inputs[0])
        arguments = self._arguments(part, [self._named(number) for number in inputs])
        if body is not None:
            arguments = arguments[1:]
        groups = (tuple(arguments),) if arguments else ()
        scope = None if part.scope is None else self._own_name(part.scope)
        as_name = None if scope is None else _scope_name(scope)
        line = tree.Line(NOWHERE, name(self._word(part)), groups, as_name, body)
        self._made(line, part)

    def _arguments(self, part: Applied, operands: Sequence[str]) -> list[tree.Argument]:
        names = NamesInReach(self.parameters, tuple(operands))
        shared = [argument("reuse", tree.Constant(NOWHERE, True))] * part.node.shared
        match part.layer:
            case Activate(activation=NamedFunction(arguments=given)):
                found = [argument(k, on_line(expression(v, names))) for k, v in given]
            case Python(op=op):
                rest = line_arguments(part.layer, names)[1:]
                found = [argument("", expression(op.reference, names)), *rest]
            case layer:
                found = line_arguments(layer, names)
        return found + shared

    def _word(self, part: Applied) -> str:
        layer = part.layer
        return layer.activation.word if isinstance(layer, Activate) else layer.word

    def _branches(self, inputs: Sequence[int]) -> tree.Body:
        froms = [tree.From(NOWHERE, name(self._of(number))) for number in inputs]
        return tree.Body(
            NOWHERE,
            tuple(
                tree.Branch(NOWHERE, None, tree.Body(NOWHERE, (one,))) for one in froms
            ),
        )

    def _variable(self, part: Applied) -> None:
        layer = part.layer
        assert isinstance(layer, FreeVariable)
        assert part.scope is not None
        label = _label(self._own_name(part.scope))
        given = [
            one
            for one in self._arguments(part, ())
            if one.key is None or one.key.text not in ("saved", "trainable")
        ]
        if layer.trainable != layer.saved:
            trainable = tree.Constant(NOWHERE, layer.trainable)
            given.append(argument("trainable", trainable))
        statement = tree.Variable(NOWHERE, label, tuple(given), not layer.saved)
        self.statements.append(_Written(statement))
        if part.output.number in self.used:
            self._made(tree.From(NOWHERE, label), part)

    def _made(self, statement: tree.Statement, part: Applied) -> None:
        number = part.output.number
        self.hints[number] = part.node.output.hint
        self.statements.append(_Written(statement, number))
        self.current = number

    def _tap(self, scope: str, tensor: UnrolledTensor) -> None:
        self._go_to(tensor.number)
        label = _label(self._own_name(scope))
        self.statements.append(_Written(tree.Tap(NOWHERE, label)))

    def _outputs(self) -> None:
        for key, tensor in self.unrolled.outputs:
            self._go_to(tensor.number)
            if key:
                self.statements.append(_Written(tree.Output(NOWHERE, _label(key))))

    # Names of tensors.

    def _go_to(self, number: int) -> None:
        """Make a tensor the current one."""
        if number != self.current:
            self.statements.append(_Written(tree.From(NOWHERE, name(self._of(number)))))
            self.current = number

    def _named(self, number: int) -> str:
        return "net" if number == self.current else self._of(number)

    def _of(self, number: int) -> str:
        """Return the name of a tensor, which a `let` gives it where it is made."""
        if number not in self.names:
            self.names[number] = self._free_name(self.hints[number])
        return self.names[number]

    def _free_name(self, hint: str) -> str:
        stem = hint.lower() if hint.isidentifier() else "net"
        count = 1
        while f"{stem}_{count}" in self.taken:
            count += 1
        self.taken.add(f"{stem}_{count}")
        return f"{stem}_{count}"

    def _names_of_the_source(self) -> Iterator[str]:
        yield from self.parameters
        yield from (key for key, _ in self.unrolled.inputs)
        yield from (key for key, _ in self.unrolled.outputs)
        yield from (self._own_name(scope) for scope, _ in self.unrolled.end_points())

    def _with_lets(self) -> Iterator[tree.Statement]:
        """Yield the statements, a `let` behind each whose tensor is named later."""
        for written in self.statements:
            yield written.statement
            number = written.tensor
            if number is not None and number in self.names:
                yield tree.Let(NOWHERE, (name(self.names[number]),), name("net"))

    def _own_name(self, scope: str) -> str:
        """Return a full scope relative to the network's; "" for that itself."""
        root = self.network.scope
        if scope == root:
            return ""
        return scope.removeprefix(f"{root}/") if root else scope


def _scope_name(text: str) -> tree.ScopeName:
    template = tree.Template(NOWHERE, (text,)) if text else None
    return tree.ScopeName(NOWHERE, template)


def _label(text: str) -> tree.Name | tree.Template:
    return name(text) if text.isidentifier() else tree.Template(NOWHERE, (text,))
