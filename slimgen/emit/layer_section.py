"""The section of layers: functions of layers, and of the values that they take."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from slimgen.emit.fitting import fitted
from slimgen.emit.layer_functions import (
    FunctionDefinition,
    LayerUse,
    define_functions,
    with_normalizers,
)
from slimgen.emit.library import used_names
from slimgen.emit.shared_layers import (
    shared_initializers,
    shared_layer,
    shared_layers,
)
from slimgen.emit.templates import imports_of, render, words_of
from slimgen.emit.tensorflow.definitions import helpers, is_defined
from slimgen.emit.tensorflow.file_functions import FileFunctions, file_functions
from slimgen.emit.tensorflow.functions import needed_functions
from slimgen.frozen import Frozen
from slimgen.ir.graph import Call, EndPoint, Graph, Item, Node, rewritten, walk
from slimgen.layers.declaration import parameters
from slimgen.layers.literals import Literal
from slimgen.layers.variable import FreeVariable


class LayerSection(Frozen):
    """The layers of one file.

    Attributes:
        definitions: The function of each kind of layer, by name.
        values: The other functions that the file may need, by name.
        terms: The parameter of `Scope.variable` for terms of the loss.
        shared: The functions that the file imports of the shared module.
    """

    definitions: Mapping[str, FunctionDefinition]
    values: Mapping[str, str]
    terms: str
    shared: frozenset[str] = frozenset()

    @property
    def constants(self) -> Mapping[str, str]:
        """The names of defaults that are made by calls, by their text."""
        return next((d.constants for d in self.definitions.values()), {})

    def text(self, above: Iterable[str]) -> str:
        """Write the functions; `above` are the texts of networks and blocks."""
        layers = {
            name: one.text()
            for name, one in self.definitions.items()
            if name not in self.shared
        }
        constants = [
            "\n".join(fitted(f"{name} = {text}", 0))
            for text, name in self.constants.items()
        ]
        reached = self._reached([*above, *layers.values(), *constants])
        declared = [p for one in self.definitions.values() for p in one.parameters]
        first = self._reached([*declared, *constants])
        first |= dict.fromkeys(used_names("\n".join(declared)) & layers.keys())
        texts = [self.values[name] for name in reached if name in first]
        texts += ["\n".join(constants)] if constants else []
        texts += [layers[name] for name in layers if name in first]
        texts += [layers[name] for name in layers if name not in first]
        texts += [self.values[name] for name in reached if name not in first]
        return "\n\n\n".join(text.strip("\n") for text in texts) + "\n"

    def _reached(self, texts: Iterable[str]) -> dict[str, None]:
        """Return the functions that some texts name, and those that these call."""
        found: set[str] = set()
        names = used_names("\n".join(texts))
        while names:
            now = names & self.values.keys() - found
            found |= now
            names = used_names("\n".join(self.values[name] for name in now))
        return {name: None for name in self.values if name in found}


def uses_of(graph: Graph) -> list[LayerUse]:
    """Return the calls of layers of a graph, normalizers too."""
    nodes = [item for item in _items(graph) if isinstance(item, Node)]
    uses = [
        LayerUse(node.layer, tuple(v.type for v in node.inputs), node.output.type)
        for node in nodes
    ]
    return list(with_normalizers(uses))


def functions_of(graph: Graph) -> FileFunctions:
    """Return the form that the named functions of a file have."""
    variables = [one.spec for network in graph.networks for one in network.variables]
    values = [item.layer for item in _items(graph) if isinstance(item, Node)]
    return file_functions(values, variables)


def layer_section(
    uses: Sequence[LayerUse],
    functions: FileFunctions,
    free: Callable[[str], str],
    mixed: bool = False,
    split: bool = False,
) -> LayerSection:
    """Define the functions of layers in the form that is written."""
    values, terms = value_texts(functions, uses), functions.terms
    if not split or mixed:
        return LayerSection(define_functions(uses, free, mixed, terms), values, terms)
    found = define_functions(uses, free, terms=terms, shared=shared_layer)
    shared = {name for name, one in found.items() if one in shared_layers().values()}
    own = {k: v for k, v in values.items() if v != shared_initializers().get(k)}
    return LayerSection(found, own, terms, frozenset(shared))


def value_texts(functions: FileFunctions, uses: Sequence[LayerUse]) -> dict[str, str]:
    """Return the text of every function that values and layers may need, by name."""
    texts = functions.texts()
    for name in other_names(uses):
        if name not in texts:
            texts[name] = render(f"functions/{name}.py.j2")
    return texts


def other_names(uses: Sequence[LayerUse]) -> list[str]:
    """Return the functions that layers call, in order: names of templates."""
    found: dict[str, None] = {}
    for use in uses:
        found |= dict.fromkeys(helpers(use.layer, use.inputs))
        found |= dict.fromkeys(needed_functions(use.layer))
    return list(found)


def reserved_names(functions: FileFunctions, uses: Sequence[LayerUse]) -> list[str]:
    """Return the names that the section may define."""
    layers = [use.written.name for use in uses if use.written]
    return [*layers, *value_texts(functions, uses)]


def words_around_calls(uses: Sequence[LayerUse]) -> frozenset[str]:
    """Return the words of the functions that may call one of a user's module."""
    templates = {f"layers/{u.written.template}.py.j2" for u in uses if u.written}
    templates |= {"layers/macros.j2", "train/loss.py.j2"}
    names = (one.name for use in uses for one in parameters(use.layer))
    return frozenset(names).union(*map(words_of, templates))


def needed_imports(functions: FileFunctions, uses: Sequence[LayerUse]) -> set[str]:
    """Return the modules of Python that the section may need."""
    templates = [f"layers/{use.written.template}.py.j2" for use in uses if use.written]
    found: set[str] = set()
    for template in dict.fromkeys(templates):
        found |= imports_of(template)
    texts = value_texts(functions, uses).values()
    return found | ({"math"} if any("math." in text for text in texts) else set())


def with_functions(graph: Graph, functions: FileFunctions) -> Graph:
    """Return a graph whose named functions have the form that the file has."""

    def one(item: Node | Call | EndPoint) -> Item:
        match item:
            case Node():
                return replace(item, layer=functions.layer(item.layer))
            case Call():
                given = tuple(
                    (k, functions.value(cast(Literal, v))) for k, v in item.arguments
                )
                return replace(item, arguments=given)
        return item

    networks = tuple(replace(n, items=rewritten(n.items, one)) for n in graph.networks)
    blocks = tuple(replace(f, items=rewritten(f.items, one)) for f in graph.functions)
    return replace(graph, networks=networks, functions=blocks)


def has_unnamed_scope(graph: Graph) -> bool:
    """Whether a network has no scope, or a variable has the name of its block's."""
    variables = (item for item in _items(graph) if isinstance(item, Node))
    return any(not network.scope for network in graph.networks) or any(
        isinstance(one.layer, FreeVariable) and not one.scope for one in variables
    )


def has_layer_without_scope(graph: Graph) -> bool:
    """Whether a function of a layer is called without a scope."""
    return any(
        isinstance(item, Node) and item.scope is None and is_defined(type(item.layer))
        for item in _items(graph)
    )


def _items(graph: Graph) -> Iterable[Item]:
    for function in graph.functions:
        yield from walk(function.items)
    for network in graph.networks:
        yield from walk(network.items)
