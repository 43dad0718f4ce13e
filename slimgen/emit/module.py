"""Graph to the plain data that the templates need, and the whole file."""

from collections.abc import Sequence

from slimgen.emit.bodies import (
    FunctionText,
    block_lines,
    network_result,
    returning,
    section,
)
from slimgen.emit.docstrings import docstring_text, with_shapes, wrapped
from slimgen.emit.file_head import head
from slimgen.emit.fitting import signature, tidy
from slimgen.emit.forms import EJECTED, ONE_FILE, SPLIT
from slimgen.emit.identifiers import RESERVED, Names, class_name, identifier
from slimgen.emit.jobs import needs_of, needs_own_network
from slimgen.emit.layer_section import (
    functions_of,
    has_layer_without_scope,
    has_unnamed_scope,
    layer_section,
    needed_imports,
    reserved_names,
    uses_of,
    with_functions,
    words_around_calls,
)
from slimgen.emit.library import import_lines, used_names
from slimgen.emit.openings import openings, with_openings
from slimgen.emit.parts import Runtime, describe_runtime
from slimgen.emit.shape_texts import shapes_text
from slimgen.emit.shared_module import import_of_shared, shared_names
from slimgen.emit.spelling import (
    constant_values,
    import_of,
    modules_of,
    respell_file,
    respell_function,
)
from slimgen.emit.statements import BodyWriter, Emitted
from slimgen.emit.templates import (
    assigned_names,
    defined_names,
    imports_of,
    member_names,
    render,
    top_level_names,
)
from slimgen.emit.tensorflow.values import python
from slimgen.emit.weight_tables import (
    OtherNames,
    head_scopes,
    ignored_names,
    other_map,
)
from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Function,
    Graph,
    Item,
    Network,
    Value,
)


class TensorText(Frozen):
    """An input or output of a network."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class NetworkText(Frozen):
    """The facts of a network that its template reads."""

    name: str
    class_name: str
    function: str
    scope: str
    doc: tuple[str, ...]
    inputs: tuple[TensorText, ...]
    outputs: tuple[TensorText, ...]
    head: tuple[str, ...]
    head_sizes: tuple[tuple[str, int], ...]
    ignored: tuple[tuple[str, tuple[str, ...]], ...]
    maps: tuple[OtherNames, ...]


def emit(graph: Graph, source_name: str, digest: str, form: str = ONE_FILE) -> str:
    """Write the whole file in one of `FORMS`."""
    split = form == SPLIT and not any(map(needs_own_network, graph.jobs))
    body = _Module(graph, split=split).text()
    return body if form == EJECTED else head(source_name, digest, body) + body


class _Module:
    """Collects what one file needs, then writes it."""

    def __init__(self, graph: Graph, split: bool = False) -> None:
        self.split = split
        self.runtime: Runtime = describe_runtime(graph, split)
        self.names = Names(
            RESERVED
            | top_level_names(("networks", "network", "scope", "layer"))
            | assigned_names(HELD_IMPORT)
            | self._names_of_parts(graph)
            | (shared_names() if split else frozenset())
        )
        self.openings = openings(graph)
        graph = with_openings(self._respelled(graph), self.openings)
        functions = functions_of(graph)
        self.graph = graph = with_functions(graph, functions)
        self.mixed = any(needs_of(job).in_16_bits for job in graph.jobs)
        self.layers = layer_section(
            uses_of(graph), functions, self.names.free, self.mixed, split
        )
        # The class of a network reads its function among the names of its members.
        members = Names(self.names.taken | self.members)
        self.functions = {
            network.name: members.free(name := identifier(network.name), f"{name}_net")
            for network in graph.networks
        }
        for name in self.functions.values():
            self.names.take(name)
        self.blocks = {
            function.name: self.names.free(
                name := identifier(function.name), f"{name}_block"
            )
            for function in graph.functions
        }
        self.emitted = Emitted(
            self.layers.definitions,
            self.blocks,
            frozenset(self.openings),
            {function.name: function.parameters for function in graph.functions},
            {function.name: self._defaults(function) for function in graph.functions},
            self.names.taken,
            self.mixed,
        )

    # Names in use.

    def _names_of_parts(self, graph: Graph) -> frozenset[str]:
        """Return the names that the parts below the networks define."""
        networks = [
            NetworkText(n.name, class_name(n.name), "", "", (), (), (), (), (), (), ())
            for n in graph.networks
        ]
        modules = dict.fromkeys(modules_of(graph), "tf")
        self.parts = self.runtime.names(self.runtime.context(networks, modules))
        self.members = member_names(render("networks.py.j2", networks=networks))
        return self.parts

    def _respelled(self, graph: Graph) -> Graph:
        """Give names of the file's to constants and modules, all others being reserved."""
        uses, functions = uses_of(graph), functions_of(graph)
        self.imported = self._standard_imports(needed_imports(functions, uses))
        reserved = [name.rpartition(".")[2] for name in self.imported]
        reserved += [class_name(network.name) for network in graph.networks]
        for name in [*reserved, *reserved_names(functions, uses)]:
            self.names.take(name)
        self.spelling = respell_file(
            graph, self.names, frozenset(self.imported), words_around_calls(uses)
        )
        return self.spelling.graph(graph)

    # Text.

    def text(self) -> str:
        """Write everything below the head."""
        networks = [self._network(network) for network in self.graph.networks]
        firsts = {f.block: f.name for f in reversed(self.graph.functions)}
        functions = [
            self._function(function, firsts[function.block] == function.name)
            for function in self.graph.functions
        ]
        bodies = [
            section(
                f"Network{'s' * (len(networks) > 1)}",
                map(self._network_function, self.graph.networks),
            ),
            *([section("Blocks", functions)] if functions else []),
        ]
        layers = self.layers.text(bodies)
        # The class of one network needs no base.
        only = networks[0] if len(networks) == 1 and not self.split else None
        derived = [] if only else networks
        classes = tidy(render("networks.py.j2", networks=derived)) if derived else ""
        held = any(needs_of(job).holds_batch_norm for job in self.graph.jobs)
        text = "".join([layers, *bodies])
        options = [name for name in OPTIONS if f"{name}=" in text]
        opens = "scope.open(" in text
        runner = render(
            "layer.py.j2",
            mixed=self.mixed,
            opens=opens,
            unscoped=has_layer_without_scope(self.graph),
            recalls="recall(" in text,
        )
        facts = {"held": held, "mixed": self.mixed, "terms": self.layers.terms}
        scope = render(
            "scope.py.j2",
            options=options,
            foreign=bool(self.spelling.modules),
            opens=opens,
            unnamed=has_unnamed_scope(self.graph),
            **facts,
        )
        network = tidy(
            render("network.py.j2", network=only, saved="saved" in options, **facts)
        )
        parts = [
            *bodies,
            *([] if self.split else [runner]),
            *([layers] if layers.strip() else []),
            *([] if self.split else [scope, network]),
            *([classes] if classes else []),
        ]
        context = self.runtime.context(networks, self.spelling.modules)
        parts += self.runtime.sections(context, defined_names("\n".join(parts)))
        body = "\n\n\n".join(part.strip("\n") for part in parts) + "\n"
        used = used_names(body)
        imports = self._imports(used, defined_names(body))
        above = [render("docstring.py.j2", lines=self._docstring()), imports]
        constants = self._constants(used)
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

    def _standard_imports(self, needed_by_layers: set[str]) -> list[str]:
        """The imports from Python's library: modules, and members with a dot."""
        templates = ["scope.py.j2", "network.py.j2", "networks.py.j2"]
        templates += [] if self.split else [HELD_IMPORT]
        templates += [f"{part}.py.j2" for part in self.runtime.templates]
        library = self.runtime.library.imports(self.parts)
        needed = {"contextlib", "dataclasses", "functools"}
        needed |= library | needed_by_layers
        for template in dict.fromkeys(templates):
            needed |= imports_of(template)
        return sorted(name for name in needed if name not in THIRD)

    def _imports(self, used: frozenset[str], defined: frozenset[str]) -> str:
        """Write the imports of the names that the file uses."""
        modules = self.spelling.modules.items()
        own = [import_of(n, alias) for n, alias in modules if n not in self.imported]
        own = ["import tensorflow as tf", *[""] * bool(own), *own]
        numpy = ["import numpy as np"] if "np" in used else []
        held = "" if self.split else render(HELD_IMPORT, imports=own)
        used |= used_names(held)
        imported = [n for n in self.imported if n.rpartition(".")[2] in used]
        lines = [*import_lines(imported), "", *numpy]
        if not self.split:
            return "\n".join([*lines, *[""] * bool(numpy), held])
        # The shared module imports TensorFlow, in silence where that is asked for.
        first, *others = import_of_shared(used - defined)
        lines += [*[""] * bool(numpy), first, "", *own, *others]
        return "\n".join(lines) + "\n"

    def _constants(self, used: frozenset[str]) -> list[str]:
        """The build parameters that the rest of the file reads."""
        values = constant_values(self.graph)
        lines = [
            f"{name} = {python(values[name])}"
            for name in self.spelling.constants.values()
            if name in used
        ]
        return [tidy("\n".join(lines))] if lines else []

    def _function(self, function: Function, documented: bool) -> FunctionText:
        """Write a block's function; only the first of a block repeats the source's comment."""
        inputs, body = self._body(
            [
                (value.index, (*value.names[: place > 0], value.hint)[0])
                for place, value in enumerate(function.inputs)
            ],
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
        usual = {name: python(value) for name, value in function.defaults}
        given = [
            f"{shown}={usual[name]}" if name in usual else shown
            for name, shown in parameters.items()
        ]
        return FunctionText(
            signature(name, ["scope", *inputs, *given]),
            with_shapes(comment, shapes_text(function, parameters)),
            tuple(block_lines(body, function.output, self.openings.get(function.name))),
        )

    def _defaults(self, function: Function) -> dict[str, tuple[str, object]]:
        """The parameters with defaults: their names in the file, and the values."""
        taken = self.names.taken
        shown = respell_function(function.parameters, function.items, taken).locals
        return {name: (shown[name], value) for name, value in function.defaults}

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
        lines = returning(body.lines, network_result(network, body.names))
        definition = signature(self.functions[network.name], ["scope", *inputs])
        return FunctionText(definition, (), tuple(lines))

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
            network.head_sizes,
            ignored_names(network),
            self._maps(network, name.upper()),
        )

    def _maps(self, network: Network, stem: str) -> tuple[OtherNames, ...]:
        return tuple(
            other_map(network, one, self.names.free(f"{stem}_{one.format.upper()}"))
            for one in network.maps
        )


HELD_IMPORT = "held_import.py.j2"
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
