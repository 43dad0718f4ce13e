"""The graph: networks and functions of nodes in order of computation.

Blocks stay functions and loops stay loops. Everything is frozen; a pass makes a new graph.
Names of variable scopes are relative to the function that they stand in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace

from slimgen.frozen import Frozen
from slimgen.ir.jobs import Job, LabelNames, Preprocessing
from slimgen.ir.weight_map import WeightMap
from slimgen.layers.declaration import Layer, TensorType, VariableSpec
from slimgen.layers.literals import Hole
from slimgen.source import Span

Path = tuple[str | Hole, ...]
"""A scope relative to the function's: text and loop variables, joined without a separator."""


class Value(Frozen):
    """A tensor: its number within the function, its type, and a name that would suit it.

    `names` are those that the source gives it, in order: `let`, a parameter of a block.
    """

    index: int
    type: TensorType
    hint: str = "net"
    names: tuple[str, ...] = field(default=(), compare=False)


class Step(Frozen):
    """One turn of a `repeat` or `for`: which loop, the name it counts with, and the count."""

    loop: int
    name: str
    index: int


class Origin(Frozen):
    """The origin of an argument of a layer: the line, a scope, or the default (None).

    `inner` has those of an argument that is a layer itself, such as a normalizer.
    """

    parameter: str
    span: Span | None
    scope: bool = False
    inner: "tuple[Origin, ...]" = ()


class Node(Frozen):
    """A layer applied to tensors.

    Attributes:
        layer: All its arguments; tensor arguments are `Operand(i)` into `inputs`.
        scope: Its variable scope, () for the function's own; None when it has no name.
        steps: The loops that it stands in, outermost first.
        origins: Where each argument comes from, for `show --stage resolved`.
        shared: Its variables may be those of an earlier layer. In a function that is
            called under a name again they are: from the second call on.
    """

    layer: Layer
    inputs: tuple[Value, ...]
    output: Value
    scope: Path | None
    span: Span = field(compare=False, repr=False)
    steps: tuple[Step, ...] = field(compare=False, default=())
    origins: tuple[Origin, ...] = field(compare=False, default=(), repr=False)
    shared: bool = False


class Call(Frozen):
    """A function applied to tensors; `arguments` are the literals that it takes.

    `opens`: the block has the scope to itself, and its result is the end point of that
    name. Without, it is that of an `in` or a `branch` around the call.
    """

    function: str
    inputs: tuple[Value, ...]
    output: Value
    scope: Path
    arguments: tuple[tuple[str, object], ...]
    span: Span = field(compare=False, repr=False)
    steps: tuple[Step, ...] = field(compare=False, default=())
    opens: bool = True


class EndPoint(Frozen):
    """A `tap`: the tensor is an end point under this scope."""

    value: Value
    scope: Path
    span: Span = field(compare=False, repr=False)
    steps: tuple[Step, ...] = field(compare=False, default=())


class Loop(Frozen):
    """Items that are run for `variable` from `first` to `last`, both included.

    `start` enters the first turn as `carried`; what a turn leaves as `result` enters the
    next as `carried`, and after the last is the loop's `output`.
    """

    variable: str
    first: int
    last: int
    items: "tuple[Item, ...]"
    start: Value
    carried: Value
    result: Value
    output: Value
    steps: tuple[Step, ...] = field(compare=False, default=())


class Length(Frozen):
    """The length of one axis of a value; -1 is the last axis."""

    value: Value
    axis: int


Term = Length | Hole | int | str | bool | None


class Condition(Frozen):
    """A comparison with the sign that Python gives it: `==`, `!=`, `>`, `is`, `is not`."""

    left: Length | Hole
    sign: str
    right: Term


class Case(Frozen):
    """One way of a decision; the last case has no condition."""

    condition: Condition | None
    items: "tuple[Item, ...]"
    result: Value


class Decision(Frozen):
    """Cases of which the first that holds is run; its result is the output."""

    cases: tuple[Case, ...]
    output: Value
    steps: tuple[Step, ...] = field(compare=False, default=())


Item = Node | Call | EndPoint | Loop | Decision


class Signature(Frozen):
    """The types and the literals of one call of a function."""

    inputs: tuple[TensorType, ...]
    output: TensorType
    arguments: tuple[tuple[str, object], ...]


class Function(Frozen):
    """A block: items from inputs to one output.

    Attributes:
        name: Unique in the graph; the block's own name with a number where needed.
        block: The name of the block.
        parameters: The literals that calls give, in order.
        comment: The comment above the block in the source.
        signatures: The types that each call of a shared block passes and gets.
        defaults: The usual values of the last parameters.
    """

    name: str
    block: str
    inputs: tuple[Value, ...]
    parameters: tuple[str, ...]
    items: tuple[Item, ...]
    output: Value
    comment: str = field(compare=False, default="")
    signatures: tuple[Signature, ...] = field(compare=False, default=(), repr=False)
    defaults: tuple[tuple[str, object], ...] = field(compare=False, default=())


class NetworkInput(Frozen):
    """An input of a network by name."""

    name: str
    value: Value


class NetworkVariable(Frozen):
    """A variable of a network under its full name."""

    name: str
    spec: VariableSpec


class Network(Frozen):
    """One network with every decision taken.

    Attributes:
        scope: Root of its variable names; "" for none.
        parameters: The build parameters and their values, in order.
        outputs: Name and value of each; a single one without a name is `("", value)`.
        variables: In order of creation.
        head: Names of the variables whose shape depends on the number of classes.
        head_sizes: The build parameters that are this number, with their values.
        maps: The names of the variables in other sources of weights.
    """

    name: str
    scope: str
    parameters: tuple[tuple[str, object], ...]
    inputs: tuple[NetworkInput, ...]
    items: tuple[Item, ...]
    outputs: tuple[tuple[str, Value], ...]
    variables: tuple[NetworkVariable, ...]
    head: tuple[str, ...] = ()
    head_sizes: tuple[tuple[str, int], ...] = ()
    comment: str = ""
    preprocess: Preprocessing | None = None
    labels: LabelNames | None = None
    maps: tuple[WeightMap, ...] = ()
    span: Span | None = field(compare=False, default=None, repr=False)


class Graph(Frozen):
    """The content of a source: its networks, the functions that they call, and its jobs."""

    networks: tuple[Network, ...]
    functions: tuple[Function, ...]
    jobs: tuple[Job, ...] = ()
    comment: str = ""

    def function(self, name: str) -> Function:
        """Return the function called `name`."""
        for function in self.functions:
            if function.name == name:
                return function
        raise KeyError(name)


def walk(items: tuple[Item, ...]) -> Iterator[Item]:
    """Yield all items in order, those inside loops and decisions too."""
    for item in items:
        yield item
        match item:
            case Loop():
                yield from walk(item.items)
            case Decision():
                for case in item.cases:
                    yield from walk(case.items)


def rewritten(
    items: Iterable[Item], change: Callable[[Node | Call | EndPoint], Item]
) -> tuple[Item, ...]:
    """Return items with each layer, call and end point changed, at any depth."""

    def one(item: Item) -> Item:
        match item:
            case Loop():
                return replace(item, items=rewritten(item.items, change))
            case Decision():
                cases = (
                    replace(case, items=rewritten(case.items, change))
                    for case in item.cases
                )
                return replace(item, cases=tuple(cases))
        return change(item)

    return tuple(map(one, items))


def path_text(path: Path) -> str:
    """Write a scope with `{name}` for each hole."""
    return "".join(
        part if isinstance(part, str) else f"{{{part.name}}}" for part in path
    )
