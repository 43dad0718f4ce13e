"""Texts of the source, spelled so that the emitted file can hold them.

A build parameter becomes a constant, a parameter of a block a parameter of a function, a
loop's name its variable, a module of the user's an import. Any of them may be a word of
Python or of the emitted file itself: then it gets another name, here and at every use.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, fields, replace
from typing import Any

from slimgen.emit.identifiers import RESERVED, Names
from slimgen.emit.jobs import needs_of
from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    Case,
    Decision,
    EndPoint,
    Graph,
    Item,
    Loop,
    Node,
    Value,
    walk,
)
from slimgen.layers.declaration import Layer
from slimgen.layers.literals import (
    Hole,
    NamedFloat,
    NamedFunction,
    NamedInt,
    NamedStr,
    named,
)

Constant = NamedInt | NamedFloat | NamedStr


class Spelling(Frozen):
    """Old name to new for those that change.

    Attributes:
        constants: By the name of the build parameter.
        modules: By the user's module, with dots.
        locals: Holes of one function, by the name of its parameter or loop.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    locals: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: Any) -> Any:
        """Return a value with the new names."""
        match value:
            case Hole(name=name) if name in self.locals:
                return replace(value, name=self.locals[name])
            case NamedInt() | NamedFloat() | NamedStr() if value.name in self.constants:
                return named(plain(value), self.constants[value.name])
            case tuple():
                return tuple(map(self.value, value))
            case NamedFunction():
                return self._function(value)
            case Layer():
                return self._layer(value)
        return value

    def graph(self, graph: Graph) -> Graph:
        """Return a graph with the new names."""
        networks = tuple(
            replace(
                network,
                parameters=tuple((k, self.value(v)) for k, v in network.parameters),
                inputs=tuple(
                    replace(one, value=self._shape(one.value)) for one in network.inputs
                ),
                items=self.items(network.items),
                outputs=tuple((k, self._shape(v)) for k, v in network.outputs),
            )
            for network in graph.networks
        )
        functions = tuple(
            replace(function, items=self.items(function.items))
            for function in graph.functions
        )
        return replace(graph, networks=networks, functions=functions)

    def _shape(self, value: Value) -> Value:
        shape = tuple(map(self.value, value.type.shape))
        return replace(value, type=replace(value.type, shape=shape))

    def items(self, items: Iterable[Item]) -> tuple[Item, ...]:
        """Return items with the new names."""
        return tuple(map(self._item, items))

    def _function(self, function: NamedFunction) -> NamedFunction:
        path = function.path
        if function.word == "python":
            module, _, name = path.rpartition(".")
            path = f"{self.modules.get(module, module)}.{name}"
        elif not function.arguments:
            return function
        arguments = tuple((key, self.value(item)) for key, item in function.arguments)
        return replace(function, arguments=arguments, path=path)

    def _layer(self, layer: Layer) -> Layer:
        changed = {}
        for one in fields(layer):
            old = getattr(layer, one.name)
            new = self.value(old)
            # Named constants equal their values: identity tells whether one changed.
            if new is not old and (new != old or _constants_in(new)):
                changed[one.name] = new
        return replace(layer, **changed) if changed else layer

    def _item(self, item: Item) -> Item:
        match item:
            case Node():
                layer = self._layer(item.layer)
                if item.scope is None or not self.locals:
                    return item if layer is item.layer else replace(item, layer=layer)
                return replace(item, layer=layer, scope=self.value(item.scope))
            case Call():
                arguments = tuple((key, self.value(v)) for key, v in item.arguments)
                return replace(item, arguments=arguments, scope=self.value(item.scope))
            case EndPoint():
                return replace(item, scope=self.value(item.scope))
            case Loop():
                variable = self.locals.get(item.variable, item.variable)
                return replace(item, variable=variable, items=self.items(item.items))
            case Decision():
                return replace(item, cases=tuple(map(self._case, item.cases)))

    def _case(self, case: Case) -> Case:
        condition = case.condition
        if condition is not None:
            left, right = self.value(condition.left), self.value(condition.right)
            condition = replace(condition, left=left, right=right)
        return replace(case, condition=condition, items=self.items(case.items))


def _constants_in(value: Any) -> bool:
    match value:
        case NamedInt() | NamedFloat() | NamedStr():
            return True
        case tuple():
            return any(map(_constants_in, value))
        case NamedFunction(arguments=arguments):
            return any(_constants_in(item) for _, item in arguments)
        case Layer():
            return any(_constants_in(getattr(value, f.name)) for f in fields(value))
    return False


def plain(value: Any) -> Any:
    """Return a build parameter as the literal that it is."""
    for marked, base in ((NamedInt, int), (NamedFloat, float), (NamedStr, str)):
        if isinstance(value, marked):
            return base(value)
    return value


def respell_file(
    graph: Graph, names: Names, imported: frozenset[str], words: frozenset[str]
) -> Spelling:
    """Choose names for the constants and the user's modules of a file.

    `names` holds what the file itself uses, and takes what is chosen; `imported` are the
    modules that the file imports under their own names. Functions that call a module may
    have `words` as local names, which no module's name is.
    """
    constants = {name: names.free(name.upper()) for name in constant_values(graph)}
    modules = {}
    kept = set(imported)
    for module in modules_of(graph):
        root = module.partition(".")[0]
        if root not in kept | words and names.free(root) == root:
            kept.add(root)
        alias = f"{module.replace('.', '_')}_module"
        modules[module] = module if root in kept else names.free(alias)
    return Spelling(constants, modules)


def constant_values(graph: Graph) -> dict[str, Any]:
    """Return the build parameters that are constants, by name, as plain literals."""
    return {
        value.name: plain(value)
        for network in graph.networks
        for _, value in network.parameters
        if isinstance(value, Constant)
    }


def import_of(module: str, name: str) -> str:
    """Return the statement that imports a module of the user's."""
    return f"import {module}" if name == module else f"import {module} as {name}"


def respell_function(
    parameters: Sequence[str], items: Sequence[Item], taken: frozenset[str]
) -> Spelling:
    """Choose names for the parameters and loop variables of a function."""
    names = Names(taken | RESERVED)
    loops = (item.variable for item in walk(tuple(items)) if isinstance(item, Loop))
    wanted = dict.fromkeys([*parameters, *loops])
    chosen = {name: names.free(_legal(name)) for name in wanted}
    return Spelling(locals=chosen)


def _legal(name: str) -> str:
    return f"{name}_" if name in RESERVED else name


def modules_of(graph: Graph) -> list[str]:
    """Return the user's modules, from `python "module:function"`, in order of name."""
    found: dict[str, None] = {}
    bodies = [function.items for function in graph.functions]
    bodies += [network.items for network in graph.networks]
    for items in bodies:
        for item in walk(items):
            if isinstance(item, Node):
                found |= dict.fromkeys(_modules(item.layer))
    for job in graph.jobs:
        functions = needs_of(job).user_functions
        found |= dict.fromkeys(name.partition(":")[0] for name in functions)
    return sorted(found)


def _modules(value: Any) -> Iterable[str]:
    match value:
        case Layer():
            for one in fields(value):
                yield from _modules(getattr(value, one.name))
        case tuple():
            for item in value:
                yield from _modules(item)
        case Hole(values=values):
            yield from _modules(values)
        case NamedFunction(word="python", path=path):
            yield path.rpartition(".")[0]
        case NamedFunction(arguments=arguments):
            for _, item in arguments:
                yield from _modules(item)
