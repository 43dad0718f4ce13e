"""An emitted file, run without TensorFlow: which layer gets what from where.

The functions of networks and blocks run as they are; functions of layers record their
calls, and everything of TensorFlow's is a symbol. The record is compared with the
graph as the elaborator made it, before any pass, read by an interpreter of its own.
"""

import ast
import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from output import tree_of

from slimgen.emit.layer_section import functions_of, with_functions
from slimgen.emit.spelling import plain
from slimgen.emit.tensorflow.definitions import definition, is_defined
from slimgen.emit.tensorflow.expressions import expression
from slimgen.emit.tensorflow.values import python
from slimgen.ir.graph import Call, EndPoint, Function, Graph, Network, Node
from slimgen.layers.declaration import Layer, TensorType, parameters
from slimgen.layers.literals import NamedFunction as Named
from slimgen.layers.literals import Operand
from slimgen.layers.variable import FreeVariable
from slimgen.passes.lower import lower

# Each tensor that can be made, by what makes it of what, to its number: equal numbers
# are equal tensors, whichever of the two programs made them.
NUMBERS: dict[Any, int] = {}

# The shapes of tensors, by number, as the graph has them: blocks decide by channels.
SHAPES: dict[int, tuple[int | None, ...]] = {}


# Attributes that Python itself looks up; a user's function may have these names, too.
PROTOCOL = {"__length_hint__", "__index__", "__iter__", "__len__", "__wrapped__"}


class Token:
    """A tensor, known by what it was made of."""

    def __init__(self, *made_of: Any) -> None:
        self.number = NUMBERS.setdefault(structure_of(made_of), len(NUMBERS))

    @property
    def shape(self) -> tuple[int | None, ...]:
        return SHAPES[self.number]

    def __add__(self, other: Any) -> "Token":
        return Token("+", self, other)

    def __radd__(self, other: Any) -> "Token":
        return Token("+", other, self)

    def __mul__(self, other: Any) -> "Token":
        return Token("*", self, other)

    def __rmul__(self, other: Any) -> "Token":
        return Token("*", other, self)

    def __sub__(self, other: Any) -> "Token":
        return Token("-", self, other)

    def __rsub__(self, other: Any) -> "Token":
        return Token("-", other, self)

    def __truediv__(self, other: Any) -> "Token":
        return Token("/", self, other)

    def __rtruediv__(self, other: Any) -> "Token":
        return Token("/", other, self)

    def __getitem__(self, key: Any) -> "Token":
        return Token("item", self, repr(key))

    def __call__(self, *given: Any, **keys: Any) -> "Token":
        return Token("call", self, given, keys)

    def __getattr__(self, name: str) -> "Token":
        if name.startswith("__"):
            raise AttributeError(name)
        return Token("attribute", self, name)


def structure_of(value: Any) -> Any:
    """A value as something hashable."""
    if isinstance(value, Token):
        return ("tensor", value.number)
    if isinstance(value, Mapping):
        return tuple((key, structure_of(value[key])) for key in sorted(value))
    if isinstance(value, list | tuple):
        return tuple(map(structure_of, value))
    return value if isinstance(value, str) else repr(value)


def has_tensor(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(map(has_tensor, value))
    return isinstance(value, Token)


class Symbol:
    """Something of TensorFlow's, a helper's or a user's, by name; calls are kept as text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __getattr__(self, name: str) -> "Symbol":
        if name in PROTOCOL:
            raise AttributeError(name)
        return Symbol(f"{self.text}.{name}")

    def __call__(self, *given: Any, **keys: Any) -> Any:
        if has_tensor((given, keys)) or self.text == "tf.constant":
            return Token(self.text, given, keys)
        texts = [repr(item) for item in given]
        texts += [f"{key}={value!r}" for key, value in sorted(keys.items())]
        return Symbol(f"{self.text}({', '.join(texts)})")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self.text == other.text

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.text


class Symbols(dict[str, Any]):
    """Every name is a symbol."""

    def __missing__(self, name: str) -> Symbol:
        return Symbol(name)


@dataclass
class Applied:
    """One call of a layer: its function, full scope, arguments, and its input.

    `ignored` are the arguments that the function does not need, having no effect.
    """

    function: str
    scope: str | None
    arguments: dict[str, Any]
    taken: int
    ignored: frozenset[str] = frozenset()


@dataclass
class Record:
    """The operations of one network, in order."""

    network: str = ""
    applied: list[Applied] = field(default_factory=list)
    end_points: dict[str, int] = field(default_factory=dict)
    outputs: list[int] = field(default_factory=list)

    def result(self) -> Token:
        return Token("layer", self.network, len(self.applied))


# The emitted file.


class Scope:
    def __init__(self, record: Record, name: str) -> None:
        self.record, self.name = record, name

    def __truediv__(self, name: str) -> "Scope":
        return Scope(self.record, "/".join(p for p in (self.name, name) if p))

    @contextlib.contextmanager
    def open(self, name: str = "") -> Iterator["Scope"]:
        yield self / name

    def variable(self, name: str, *given: Any, **keys: Any) -> Token:
        return Token("variable", (self / name).name)


def end_point(scope: Scope, tensor: Token) -> Token:
    scope.record.end_points[scope.name] = tensor.number
    return tensor


def layer(function: Callable[..., Token]) -> Callable[..., Token]:
    def run(scope: Scope | None, *given: Any, **keys: Any) -> Token:
        result = function(scope, *given, **keys)
        return result if scope is None else end_point(scope, result)

    return run


@dataclass
class Recorder:
    """Takes the calls of layers."""

    record: Record = field(default_factory=Record)

    def call(self, name: str, values: dict[str, Any]) -> Token:
        """The record of a call of a layer's function."""
        scope = values.pop("scope")
        record = self.record
        token = record.result()
        taken = values.pop("inputs").number
        arguments = {key: self.simplified(value) for key, value in values.items()}
        where = None if scope is None else scope.name
        record.applied.append(Applied(name, where, arguments, taken))
        return token

    def simplified(self, value: Any) -> Any:
        """An argument in a form that can be compared."""
        if isinstance(value, Token):
            return value.number
        if isinstance(value, list | tuple):
            return [self.simplified(item) for item in value]
        if inspect.isfunction(value):  # a normalizer: what it does, not its name
            outer, self.record = self.record, Record()
            value(Scope(self.record, "S"), Token("input", "x"))
            inner, self.record = self.record, outer
            return inner.applied
        return value


def namespace_of(code: str, recorder: Recorder) -> dict[str, Any]:
    """Run the networks and blocks of an emitted file; layers and helpers are replaced."""
    names: dict[str, Any] = {
        "layer": layer, "end_point": end_point, "record_call": recorder.call,
        "functools": Symbol("functools"), "tf": Symbol("tf"), "range": range,
    }  # fmt: skip
    kept: list[ast.stmt] = []
    above_layers = True
    for node in ast.parse(code).body:
        match node:
            case ast.Import():
                names |= {_bound(alias): _imported(alias) for alias in node.names}
            case ast.If():  # the import of TensorFlow in silence
                pass
            case ast.ClassDef(name="Scope"):
                break
            case ast.FunctionDef(name="layer"):
                above_layers = False
            case ast.Assign():
                kept.append(node)
            case ast.FunctionDef() if above_layers:
                kept.append(node)
            case ast.FunctionDef(name=name) if name not in names:
                kept += _stub(node)
    exec(compile(ast.Module(kept, []), "<emitted>", "exec"), names)
    return names


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _imported(alias: ast.alias) -> Symbol:
    own = alias.name in ("tensorflow", "numpy")
    return Symbol(alias.name if alias.asname and not own else _bound(alias))


def _stub(node: ast.FunctionDef) -> list[ast.stmt]:
    if not node.decorator_list:
        return ast.parse(f"{node.name} = type(tf)({node.name!r})").body
    node.body = ast.parse(f"return record_call({node.name!r}, locals())").body
    return [ast.fix_missing_locations(node)]


def replay(code: str, graph: Graph) -> dict[str, Record]:
    """The operations of each network of an emitted file."""
    recorder = Recorder()
    names = namespace_of(code, recorder)
    found = {}
    tree = tree_of(code)
    classes = {
        node.name: {
            one.targets[0].id: one.value
            for one in node.body
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    emitted = [c for c in classes.values() if "layers" in c]
    for network, members in zip(graph.networks, emitted, strict=True):
        record = recorder.record = Record(network.name)
        function = names[ast.unparse(members["layers"].args[0])]  # type: ignore[attr-defined]
        scope = Scope(record, ast.literal_eval(members["scope"]))
        assert scope.name == network.scope
        inputs = [Token("input", network.name, i.name) for i in network.inputs]
        outputs = function(scope, *inputs)
        given = outputs.values() if isinstance(outputs, dict) else [outputs]
        record.outputs = [output.number for output in given]
        found[network.name] = record
    return found


# The graph.


class Interpreter:
    """Runs a graph without passes."""

    def __init__(self, graph: Graph) -> None:
        self.functions = {function.name: function for function in graph.functions}
        self.record = Record()

    def network(self, network: Network) -> Record:
        self.record.network = network.name
        values = {}
        for one in network.inputs:
            token = values[one.value.index] = Token("input", network.name, one.name)
            SHAPES[token.number] = one.value.type.shape
        self.items(network, network.scope, values)
        self.record.outputs = [values[v.index].number for _, v in network.outputs]
        return self.record

    def items(
        self, body: Function | Network, scope: str, values: dict[int, Token]
    ) -> None:
        for item in body.items:
            match item:
                case Node():
                    token = values[item.output.index] = self.node(item, scope, values)
                    SHAPES[token.number] = item.output.type.shape
                case Call():
                    values[item.output.index] = self.call(item, scope, values)
                case EndPoint():
                    self.end_point(join(scope, item.scope), values[item.value.index])

    def end_point(self, scope: str, tensor: Token) -> None:
        self.record.end_points[scope] = tensor.number

    def call(self, call: Call, scope: str, values: dict[int, Token]) -> Token:
        function = self.functions[call.function]
        inner = {
            own.index: values[given.index]
            for own, given in zip(function.inputs, call.inputs, strict=True)
        }
        full = join(scope, call.scope)
        self.items(function, full, inner)
        if call.opens:
            self.end_point(full, inner[function.output.index])
        return inner[function.output.index]

    def node(self, node: Node, scope: str, values: dict[int, Token]) -> Token:
        taken = [values[value.index] for value in node.inputs]
        full = None if node.scope is None else join(scope, node.scope)
        types = [value.type for value in node.inputs]
        if isinstance(node.layer, FreeVariable):
            return Token("variable", full or scope)
        if is_defined(type(node.layer)):
            result = self.record.result()
            self.record.applied.append(self.applied(node.layer, types, full, taken))
        else:
            result = expression_of(node.layer, taken)
        if full is not None:
            self.end_point(full, result)
        return result

    def applied(
        self, one: Layer, types: list[TensorType], scope: str | None, taken: list[Token]
    ) -> Applied:
        arguments = {
            parameter.name: self.argument(getattr(one, parameter.name), types, taken)
            for parameter in parameters(one)
            if parameter.emitted
        }
        ignored = frozenset(
            parameter.name
            for parameter in parameters(one)
            if getattr(one, parameter.name) == parameter.neutral
        )
        return Applied(
            definition(one, types).name, scope, arguments, taken[0].number, ignored
        )

    def argument(self, value: Any, types: list[TensorType], taken: list[Token]) -> Any:
        match value:
            case Operand(index=index):
                return taken[index].number
            case tuple():
                return [self.argument(item, types, taken) for item in value]
            case Layer():
                scope = f"S/{type(value).normalizer_scope}"
                return [self.applied(value, types, scope, [Token("input", "x")])]
        return Recorder().simplified(eval(python(plain_value(value)), {}, Symbols()))


def expression_of(layer: Layer, taken: list[Token]) -> Token:
    """The symbol of a layer without a function of its own."""
    literals = {one.name: getattr(layer, one.name) for one in fields(layer)}
    plains = {name: plain_value(value) for name, value in literals.items()}
    names: dict[str, Any] = {f"x{i}": tensor for i, tensor in enumerate(taken)}
    text = expression(replace(layer, **plains), list(names))
    found: Token = eval(text, {}, Symbols(names))
    return found


def plain_value(value: Any) -> Any:
    """A literal without the names of build parameters."""
    match value:
        case tuple():
            return tuple(map(plain_value, value))
        case Named(arguments=arguments):
            plains = tuple((key, plain_value(item)) for key, item in arguments)
            return replace(value, arguments=plains)
    return plain(value)


def join(scope: str, path: tuple[Any, ...]) -> str:
    return "/".join(part for part in (scope, "".join(path)) if part)


def expected(graph: Graph) -> dict[str, Record]:
    """The operations of each network of a graph."""
    graph = lower(graph)
    graph = with_functions(graph, functions_of(graph))
    return {n.name: Interpreter(graph).network(n) for n in graph.networks}


def differences(code: str, graph: Graph) -> list[str]:
    """The differences between an emitted file and its graph."""
    found = []
    wanted = expected(graph)
    done = replay(code, graph)
    for name, said in wanted.items():
        did = done[name]
        found += _compare_layers(name, did.applied, said.applied)
        if did.end_points != said.end_points:
            found.append(f"{name}: end points {did.end_points} != {said.end_points}")
        if did.outputs != said.outputs:
            found.append(f"{name}: outputs {did.outputs} != {said.outputs}")
    return found


def _compare_layers(name: str, did: list[Applied], said: list[Applied]) -> list[str]:
    found = []
    if len(did) != len(said):
        return [f"{name}: {len(did)} layers, the graph has {len(said)}"]
    constants: dict[tuple[str, str], Any] = {}
    for one, other in zip(did, said, strict=True):
        where = f"{name}: {other.scope}"
        if (one.function, one.scope) != (other.function, other.scope):
            found.append(f"{where}: {one.function} in {one.scope}")
        elif one.taken != other.taken:
            found.append(f"{where}: takes {one.taken}, not {other.taken}")
        else:
            for key, value in other.arguments.items():
                given = emitted_argument(key, one.arguments)
                replaced = key.startswith("biases") and other.arguments["normalizer"]
                if replaced and not other.arguments["keep_biases"]:
                    continue
                if given is not None:
                    found += _compare_values(f"{where}, {key}", given[0], value)
                    continue
                # A constant is written into the function: the same at every call.
                usual = constants.setdefault((one.function, key), value)
                if repr(usual) != repr(value):
                    found.append(f"{where}, {key}: left out, not {value!r}")
    return found


def emitted_argument(key: str, arguments: dict[str, Any]) -> tuple[Any] | None:
    """The argument of an emitted call that a layer's argument has become."""
    if key == "normalizer" and "normalize" in arguments:
        return (arguments["normalize"],)
    for name in (key, key.replace("regularizer", "weight_decay")):
        if name in arguments:
            return (arguments[name],)
    return None


def _compare_values(where: str, did: Any, said: Any) -> list[str]:
    if isinstance(said, list) and said and isinstance(said[0], Applied):
        return [] if did is True else _compare_layers(where, did, said)
    if did is False and said is None:
        return []  # the flag of a call without a normalizer
    same = type(did) is type(said) or isinstance(did, int | float)
    return [] if same and did == said else [f"{where}: {did!r}, not {said!r}"]
