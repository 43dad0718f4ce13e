"""Functions of the graph while they are built."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from slimgen.elaborate.evaluated import Tensor
from slimgen.elaborate.rejection import TooMuch
from slimgen.ir.graph import Call, EndPoint, Item, Node, Value
from slimgen.layers.declaration import TensorType, VariableSpec
from slimgen.layers.recall import Recall
from slimgen.messages import names as messages
from slimgen.source import Span

MOST_ITEMS = 20_000


@dataclass
class Created:
    """A variable and the layer that created it."""

    spec: VariableSpec
    span: Span


@dataclass
class NetworkTotals:
    """Counts and names that the functions of one network share.

    Attributes:
        most: How many items the network may have.
    """

    items: int = 0
    most: int = MOST_ITEMS
    loops: int = 0
    variables: dict[str, Created] = field(default_factory=dict)
    end_points: dict[str, tuple[Tensor, Span]] = field(default_factory=dict)


class GraphBuilder:
    """One function: its items, and the outer tensors that it takes as inputs."""

    def __init__(
        self, parent: "GraphBuilder | None", scope: str, totals: NetworkTotals
    ) -> None:
        self.parent = parent
        self.scope = scope
        self.totals = totals
        self.items: list[Item] = []
        self.captured: dict[tuple[int, int], tuple[Tensor, Value]] = {}
        self.names: dict[int, list[str]] = {}
        self.results: dict[str, Tensor] = (
            {}
        )  # of a block, by the names of its `output`s
        self._count = 0

    def value(self, type_: TensorType, hint: str) -> Value:
        """Make a new value."""
        self._count += 1
        return Value(self._count - 1, type_, hint)

    def take(self, tensor: Tensor, hint: str | None = None) -> Value:
        """Return the value of a tensor here; one from outside becomes an input."""
        assert tensor.value is not None
        if tensor.home is self:
            return tensor.value
        key = (id(tensor.home), tensor.value.index)
        if key not in self.captured:
            inside = self.value(tensor.value.type, hint or tensor.value.hint)
            self.captured[key] = (tensor, inside)
        return self.captured[key][1]

    def name(self, tensor: Tensor, name: str) -> None:
        """Note a name that the source gives to a tensor of this function."""
        if tensor.home is self and tensor.value is not None:
            names = self.names.setdefault(tensor.value.index, [])
            if name not in names:
                names.append(name)

    def named(self, value: Value) -> Value:
        """Return a value with the names that the source gives it."""
        return replace(value, names=tuple(self.names.get(value.index, ())))

    def holds(self, tensor: Tensor) -> bool:
        """Whether a tensor is one of this function, or of one around it."""
        builder: GraphBuilder | None = self
        while builder is not None and builder is not tensor.home:
            builder = builder.parent
        return builder is not None

    def recall(self, scope: str, tensor: Tensor, span: Span) -> Tensor:
        """Return the tensor of an end point of a function that has ended.

        The innermost function around both of them recalls it.
        """
        builder = self
        while not _is_around(builder, tensor.home):
            assert builder.parent is not None
            builder = builder.parent
        assert tensor.value is not None
        type_ = tensor.value.type
        value = builder.value(type_, scope.rpartition("/")[2])
        layer = Recall(shape=type_.shape, dtype=type_.dtype)
        builder.add(Node(layer, (), value, builder.relative(scope), span), span)
        return Tensor(value, builder)

    def finished(self, outputs: Iterable[Value]) -> tuple[Item, ...]:
        """Return the items that matter, each value with its names where it is made."""
        taken = {value.index for value in outputs}
        for item in self.items:
            if isinstance(item, EndPoint):
                taken.add(item.value.index)
            elif isinstance(item, Node | Call):
                taken.update(value.index for value in item.inputs)
        return tuple(
            (
                replace(item, output=self.named(item.output))
                if not isinstance(item, EndPoint) and item.output.index in self.names
                else item
            )
            for item in self.items
            if not _is_recalled_for_nothing(item, taken)
        )

    def add(self, item: Item, span: Span) -> None:
        """Append an item."""
        self.totals.items += 1
        if self.totals.items > self.totals.most:
            raise TooMuch(
                messages.limit_exceeded(span, "layers in one network", MOST_ITEMS)
            )
        self.items.append(item)

    def relative(self, scope: str) -> tuple[str, ...]:
        """Return a full scope relative to this function's, as a path."""
        if scope == self.scope:
            return ()
        return (scope.removeprefix(f"{self.scope}/") if self.scope else scope,)


def _is_around(builder: GraphBuilder, inner: GraphBuilder) -> bool:
    """Whether a function is another one, or one around it."""
    around: GraphBuilder | None = inner
    while around is not None and around is not builder:
        around = around.parent
    return around is not None


def _is_recalled_for_nothing(item: Item, taken: Collection[int]) -> bool:
    if not isinstance(item, Node) or not isinstance(item.layer, Recall):
        return False
    return item.output.index not in taken
