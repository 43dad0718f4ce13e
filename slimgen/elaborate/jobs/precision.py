"""A check that a network can compute in 16 bits: it infers every layer's types again."""

from collections.abc import Iterable, Mapping

from slimgen.elaborate.rejection import Reporter
from slimgen.ir.graph import Call, Function, Graph, Item, Network, Node, Path
from slimgen.ir.jobs import Evaluate, Train, assert_never
from slimgen.layers.declaration import ShapeError, TensorType
from slimgen.layers.mixed_precision import is_narrowed, narrowed, widened
from slimgen.messages import names as messages

Types = dict[int, TensorType]


def check_precision(graph: Graph, reporter: Reporter) -> None:
    """Report the layer of a trained network that would meet 16 and 32 bits."""
    networks = {network.name: network for network in graph.networks}
    for job in graph.jobs:
        match job:
            case Train():
                if job.run.precision:
                    _Narrowed(graph.functions, networks[job.network], reporter).check()
            case Evaluate():
                pass  # it computes as the training does
            case _:
                assert_never(job)


class _Narrowed:
    """The types of one network whose floating point values have 16 bits."""

    def __init__(
        self, functions: Iterable[Function], network: Network, reporter: Reporter
    ) -> None:
        self.functions: Mapping[str, Function] = {f.name: f for f in functions}
        self.network = network
        self.head = {name.rpartition("/")[0] for name in network.head}
        self.reporter = reporter

    def check(self) -> None:
        """Infer the types of the network; report the first layer that has none."""
        inputs = [given.value for given in self.network.inputs]
        types = {value.index: narrowed(value.type) for value in inputs}
        self._items(self.network.items, types, self.network.scope)

    def _items(self, items: Iterable[Item], types: Types, scope: str) -> bool:
        """Add the types of all results; False after a layer that has been reported."""
        for item in items:
            if isinstance(item, Node):
                if not self._node(item, types, scope):
                    return False
            elif isinstance(item, Call):
                function = self.functions[item.function]
                given = zip(function.inputs, item.inputs, strict=True)
                inner = {own.index: types[value.index] for own, value in given}
                if not self._items(function.items, inner, _joined(scope, item.scope)):
                    return False
                types[item.output.index] = inner[function.output.index]
        return True

    def _node(self, node: Node, types: Types, scope: str) -> bool:
        inputs = [types[value.index] for value in node.inputs]
        if node.scope is not None and _joined(scope, node.scope) in self.head:
            inputs = [widened(type_) for type_ in inputs]
        try:
            types[node.output.index] = _output(node, inputs)
        except ShapeError:
            found = " and ".join(dict.fromkeys(type_.dtype for type_ in inputs))
            self.reporter.report(
                messages.wrong_value(
                    node.span,
                    "`precision`",
                    "layers whose inputs are of one type",
                    found,
                    f"`{node.layer.word}` would have these with 16 bits",
                )
            )
            return False
        return True


def _output(node: Node, inputs: list[TensorType]) -> TensorType:
    (found,) = node.layer.outputs(inputs)
    return narrowed(found) if is_narrowed(node.layer, inputs) else found


def _joined(scope: str, path: Path) -> str:
    return "/".join(part for part in (scope, "".join(map(str, path))) if part)
