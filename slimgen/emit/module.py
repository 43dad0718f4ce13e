"""Graph to the plain data that the templates need, and the whole file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from slimgen.emit.bodies import FunctionText, block_lines, network_result, section
from slimgen.emit.docstrings import docstring_text, with_shapes, wrapped
from slimgen.emit.fitting import fitted, signature, tidy
from slimgen.emit.forms import EJECTED, ONE_FILE, SPLIT
from slimgen.emit.head import head
from slimgen.emit.identifiers import RESERVED, Names, class_name, identifier
from slimgen.emit.jobs import needs_of
from slimgen.emit.layer_functions import FunctionDefinition, LayerUse, define_functions
from slimgen.emit.library import used_names
from slimgen.emit.openings import openings, with_openings
from slimgen.emit.parts import Runtime, describe_runtime
from slimgen.emit.shape_texts import shapes_text
from slimgen.emit.shared_module import import_of_shared, shared_names
from slimgen.emit.spelling import (
    constant_values,
    import_of,
    respell_file,
    respell_function,
)
from slimgen.emit.statements import BodyWriter, Emitted
from slimgen.emit.templates import defined_names, imports_of, render, top_level_names
from slimgen.emit.tensorflow.definitions import definition, helpers
from slimgen.emit.tensorflow.functions import needed_functions
from slimgen.emit.tensorflow.values import python
from slimgen.emit.weight_tables import (
    OtherNames,
    head_scopes,
    other_map,
)
from slimgen.ir.graph import (
    Function,
    Graph,
    Item,
    Loop,
    Network,
    Node,
    Value,
    walk,
)
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.literals import NamedFunction as Named


@dataclass(frozen=True)
class TensorText:
    """An input or output of a network."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class NetworkText:
    """The facts of a network that its template reads."""

    name: str
    class_name: str
    function: str
    scope: str
    doc: tuple[str, ...]
    inputs: tuple[TensorText, ...]
    outputs: tuple[TensorText, ...]
    head: tuple[str, ...]
    maps: tuple[OtherNames, ...]


def emit(graph: Graph, source_name: str, digest: str, form: str = ONE_FILE) -> str:
    """Write the whole file in one of `FORMS`."""
    body = _Module(graph, split=form == SPLIT).text()
    return body if form == EJECTED else head(source_name, digest, body) + body


def function_layers(layer: Layer) -> Iterable[Layer]:
    """Yield the layers that are arguments of a layer: its normalizer."""
    for field in fields(layer):
        value = getattr(layer, field.name)
        if isinstance(value, Layer):
            yield value


class _Module:
    """Collects what one file needs, then writes it."""

    def __init__(self, graph: Graph, split: bool = False) -> None:
        self.split = split
        self.runtime: Runtime = describe_runtime(graph, split)
        self.names = Names(
            RESERVED
            | top_level_names(self.runtime.templates)
            | self.runtime.possible_names
            | (shared_names() if split else frozenset())
        )
        self.normalizers: dict[tuple[Layer, int], str] = {}
        self.openings = openings(graph)
        graph = with_openings(self._respelled(graph), self.openings)
        self.graph = self._with_normalizers(graph)
        uses = [*self._uses(self.graph), *self._normalizer_uses(graph)]
        self.mixed = any(needs_of(job).in_16_bits for job in graph.jobs)
        self.layers = define_functions(uses, self.names.free, self.mixed)
        self.helpers = self._helpers(uses)
        self.functions = {
            network.name: self.names.free(
                name := identifier(network.name), f"{name}_net"
            )
            for network in graph.networks
        }
        self.blocks = {
            function.name: self.names.free(
                name := identifier(function.name), f"{name}_block"
            )
            for function in graph.functions
        }
        self.emitted = Emitted(
            self.layers,
            self.blocks,
            frozenset(self.openings),
            {function.name: function.parameters for function in graph.functions},
            self.names.taken,
            self.mixed,
        )

    # Names in use.

    def _respelled(self, graph: Graph) -> Graph:
        """Give names of the file's to constants and modules, all others being reserved."""
        uses = [*self._uses(graph), *self._normalizer_uses(graph)]
        self.imported = self._standard_imports(uses)
        reserved = [name.rpartition(".")[2] for name in self.imported]
        reserved += [use.written.name for use in uses if use.written]
        reserved += [class_name(network.name) for network in graph.networks]
        for name in [*reserved, *self._helpers(uses)]:
            self.names.take(name)
        self.spelling = respell_file(graph, self.names, frozenset(self.imported))
        return self.spelling.graph(graph)

    def _with_normalizers(self, graph: Graph) -> Graph:
        """Replace each normalizer by the name of a small function that applies it."""

        def rewritten(items: tuple[Item, ...]) -> tuple[Item, ...]:
            return tuple(map(one, items))

        def one(item: Item) -> Item:
            if isinstance(item, Loop):
                return replace(item, items=rewritten(item.items))
            if not isinstance(item, Node):
                return item
            changed = {
                field.name: self._normalizer(getattr(item.layer, field.name), item)
                for field in fields(item.layer)
                if isinstance(getattr(item.layer, field.name), Layer)
            }
            return replace(item, layer=replace(item.layer, **changed))

        return replace(
            graph,
            networks=tuple(
                replace(n, items=rewritten(n.items)) for n in graph.networks
            ),
            functions=tuple(
                replace(f, items=rewritten(f.items)) for f in graph.functions
            ),
        )

    def _normalizer(self, layer: Layer, node: Node) -> Named:
        key = (layer, node.output.type.rank)
        if key not in self.normalizers:
            self.normalizers[key] = self.names.free("normalize")
        return Named("normalize", path=self.normalizers[key])

    def _items(self, graph: Graph) -> Iterable[Item]:
        for function in graph.functions:
            yield from walk(function.items)
        for network in graph.networks:
            yield from walk(network.items)

    def _uses(self, graph: Graph) -> list[LayerUse]:
        return [
            LayerUse(item.layer, tuple(value.type for value in item.inputs))
            for item in self._items(graph)
            if isinstance(item, Node)
        ]

    def _normalizer_uses(self, graph: Graph) -> list[LayerUse]:
        found: list[LayerUse] = []
        for item in self._items(graph):
            if isinstance(item, Node):
                types = (item.output.type,)
                found.extend(
                    LayerUse(layer, types) for layer in function_layers(item.layer)
                )
        return found

    def _helpers(self, uses: Sequence[LayerUse]) -> list[str]:
        """The helper functions, each after those that it calls."""
        order: dict[str, None] = {}
        for use in uses:
            order |= dict.fromkeys(helpers(use.layer, use.inputs))
            order |= dict.fromkeys(needed_functions(use.layer))
        return list(order)

    # Text.

    def text(self) -> str:
        """Write everything below the head."""
        networks = [self._network(network) for network in self.graph.networks]
        firsts = {f.block: f.name for f in reversed(self.graph.functions)}
        functions = [
            self._function(function, firsts[function.block] == function.name)
            for function in self.graph.functions
        ]
        layers = self._layer_functions()
        bodies = [
            section(
                f"Network{'s' * (len(networks) > 1)}",
                map(self._network_function, self.graph.networks),
            ),
            *([section("Blocks", functions)] if functions else []),
        ]
        classes = tidy(render("networks.py.j2", networks=networks))
        held = any(needs_of(job).holds_batch_norm for job in self.graph.jobs)
        text = "".join([layers, *bodies])
        options = [name for name in OPTIONS if f"{name}=" in text]
        model = [
            render(
                "scope.py.j2",
                options=options,
                foreign=bool(self.spelling.modules),
                held=held,
                mixed=self.mixed,
            ),
            render("network.py.j2", held=held, mixed=self.mixed),
        ]
        parts = [
            *bodies,
            *([] if self.split else [render("layer.py.j2", mixed=self.mixed)]),
            *([layers] if layers.strip() else []),
            *([] if self.split else model),
            classes,
        ]
        context = self.runtime.context(networks, self.spelling.modules)
        parts += self.runtime.sections(context)
        body = "\n\n\n".join(part.strip("\n") for part in parts) + "\n"
        imports = self._imports(used_names(body), defined_names(body))
        above = [render("docstring.py.j2", lines=self._docstring()), imports]
        constants = self._constants(body)
        return "\n".join([*above, *constants]) + "\n" * (1 + bool(constants)) + body

    def _docstring(self) -> list[str]:
        comment = self.graph.comment.splitlines()
        lines = [line for line in comment if line.strip()] or [
            f"The network{'s' if len(self.graph.networks) > 1 else ''} "
            + ", ".join(network.name for network in self.graph.networks)
            + "."
        ]
        lines.append("")
        for network in self.graph.networks:
            lines.append(_size(network))
        return [docstring_text(line) for line in lines]

    def _standard_imports(self, uses: Sequence[LayerUse]) -> list[str]:
        """The imports from Python's library: modules, and members with a dot."""
        templates = ["scope.py.j2", "network.py.j2", "networks.py.j2"]
        templates += [f"{part}.py.j2" for part in self.runtime.templates]
        templates += [f"layers/{u.written.template}.py.j2" for u in uses if u.written]
        templates += [f"functions/{helper}.py.j2" for helper in self._helpers(uses)]
        library = self.runtime.library.imports(self.runtime.possible_names)
        needed = library | {
            "contextlib",
            "dataclasses",
            "functools",
        }
        for template in dict.fromkeys(templates):
            needed |= imports_of(template)
        return sorted(name for name in needed if name not in THIRD)

    def _imports(self, used: frozenset[str], defined: frozenset[str]) -> str:
        """Write the imports of the names that the file uses."""
        imported = [n for n in self.imported if n.rpartition(".")[2] in used]
        lines = [f"import {name}" for name in imported if "." not in name]
        for name in imported:
            module, dot, member = name.rpartition(".")
            if dot:
                lines.append(f"from {module} import {member}")
        third = {"np": "numpy", "tf": "tensorflow"}
        lines += ["", *(f"import {m} as {n}" for n, m in third.items() if n in used)]
        modules = self.spelling.modules.items()
        own = [import_of(n, alias) for n, alias in modules if n not in self.imported]
        if own:
            lines += ["", *own]
        if self.split:
            lines += ["", *import_of_shared(used - defined)]
        return "\n".join(lines) + "\n"

    def _constants(self, body: str) -> list[str]:
        """The build parameters that the rest of the file reads."""
        values = constant_values(self.graph)
        lines = [
            f"{name} = {python(values[name])}"
            for name in self.spelling.constants.values()
            if re.search(rf"\b{name}\b", body)
        ]
        return [tidy("\n".join(lines))] if lines else []

    def _layer_functions(self) -> str:
        texts = [render(f"functions/{name}.py.j2") for name in self.helpers]
        constants = next((d.constants for d in self.layers.values()), {})
        if constants:
            lines = (fitted(f"{n} = {text}", 0) for text, n in constants.items())
            texts.append("\n".join(line for part in lines for line in part))
        # A normalizer may be a default of the functions below it.
        normal = {self._normalizing(*key).name for key in self.normalizers}
        layers = self.layers.values()
        texts += [layer.text() for layer in layers if layer.name in normal]
        for (layer, rank), name in self.normalizers.items():
            texts.append(self._normalize(layer, rank, name))
        texts += [layer.text() for layer in layers if layer.name not in normal]
        return "\n\n\n".join(text.strip("\n") for text in texts) + "\n"

    def _normalizing(self, layer: Layer, rank: int) -> FunctionDefinition:
        written = definition(layer, (TensorType((None,) * rank),))
        assert written is not None
        return self.layers[written.name]

    def _normalize(self, layer: Layer, rank: int, name: str) -> str:
        definition = self._normalizing(layer, rank)
        given = ", ".join(["inputs", *definition.arguments(layer, ["inputs"])])
        scope = f"scope / {python(type(layer).normalizer_scope)}"
        call = f"return {definition.name}({scope}, {given})"
        return "\n".join([f"def {name}(scope, inputs):", *fitted(call, 1)])

    def _function(self, function: Function, documented: bool) -> FunctionText:
        """Write a block's function; only the first of a block repeats the source's comment."""
        inputs, body = self._body(
            [(value.index, (*value.names, value.hint)[0]) for value in function.inputs],
            function.items,
            function.parameters,
        )
        depth = 2 if function.name in self.openings else 1
        body.write(function.items, [function.output], depth)
        name = self.blocks[function.name]
        # The comment above the first line already documents the file.
        said = function.comment == " ".join(self.graph.comment.split())
        comment = function.comment if documented and not said else ""
        parameters = {name: body.spelling.locals[name] for name in function.parameters}
        return FunctionText(
            signature(name, ["scope", *inputs, *parameters.values()]),
            with_shapes(comment, shapes_text(function, parameters)),
            tuple(block_lines(body, function.output, self.openings.get(function.name))),
        )

    def _body(
        self,
        inputs: Sequence[tuple[int, str]],
        items: Sequence[Item],
        parameters: Sequence[str] = (),
    ) -> tuple[list[str], BodyWriter]:
        """The names of a function's inputs, and what writes its body."""
        local = respell_function(parameters, items, self.emitted.taken)
        free = Names(self.emitted.taken.union(local.locals.values()))
        names = {index: free.free(identifier(hint)) for index, hint in inputs}
        return list(names.values()), BodyWriter(self.emitted, names, local)

    def _network_function(self, network: Network) -> FunctionText:
        inputs, body = self._body(
            [(one.value.index, one.name) for one in network.inputs], network.items
        )
        outputs = [value for _, value in network.outputs]
        body.write(network.items, outputs, shows=True)
        result = f"    return {network_result(network, body.names)}"
        definition = signature(self.functions[network.name], ["scope", *inputs])
        return FunctionText(definition, (), (*body.lines, result))

    def _network(self, network: Network) -> NetworkText:
        name = self.functions[network.name]
        return NetworkText(
            network.name,
            class_name(network.name),
            name,
            network.scope,
            _class_doc(network, self.graph.comment),
            tuple(
                TensorText(i.name, i.value.type.shape, i.value.type.dtype)
                for i in network.inputs
            ),
            tuple(
                TensorText(name or _output(value), value.type.shape, value.type.dtype)
                for name, value in network.outputs
            ),
            head_scopes(network),
            self._maps(network, name.upper()),
        )

    def _maps(self, network: Network, stem: str) -> tuple[OtherNames, ...]:
        return tuple(
            other_map(network, one, self.names.free(f"{stem}_{one.format.upper()}"))
            for one in network.maps
        )


THIRD = ("numpy", "tensorflow")
OPTIONS = ("dtype", "device", "saved")  # of a variable, in few files only


def _size(network: Network) -> str:
    """Write inputs, outputs and size of a network in a line."""
    takes = ", ".join(f"{i.name} {i.value.type}" for i in network.inputs)
    gives = ", ".join(f"{name} {value.type}".strip() for name, value in network.outputs)
    count = 0
    for variable in network.variables:
        size = 1
        for length in variable.spec.shape:
            size *= length
        count += size if variable.spec.saved else 0
    return f"{network.name}: {takes} -> {gives}; {count:,} parameters."


def _class_doc(network: Network, said: str) -> tuple[str, ...]:
    """The source's comment on a network, unless it is `said` already, and its size."""
    comment = "" if network.comment == said else " ".join(network.comment.split())
    return wrapped(comment, _size(network).removeprefix(f"{network.name}: "))


def _output(value: Value) -> str:
    """How the only output of a network is called."""
    return "logits" if value.type.rank == 2 else "output"
