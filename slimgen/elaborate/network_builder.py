"""One network with its parameters: its walk, its cut, and the lines about its weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from slimgen.diagnostics import Diagnostics
from slimgen.elaborate.calls import Naming
from slimgen.elaborate.comments import leading_comment
from slimgen.elaborate.env import BlockTable, Env
from slimgen.elaborate.evaluated import Evaluated, Frame, Tensor
from slimgen.elaborate.evaluator import Evaluator
from slimgen.elaborate.graph_builder import GraphBuilder
from slimgen.elaborate.head import head_by_classes, named_head
from slimgen.elaborate.jobs.images import (
    check_images,
    check_labels,
    is_classifier,
    label_names,
    preprocessing,
)
from slimgen.elaborate.loading import Loaded, Program
from slimgen.elaborate.network_lines import network_lines
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.scopes import is_scope_name
from slimgen.elaborate.statement_table import STATEMENTS
from slimgen.elaborate.vocabulary import FINAL_ENDPOINT, universal_words
from slimgen.elaborate.walk import Walk
from slimgen.elaborate.weight_maps import Usage, expand_rules
from slimgen.frozen import Frozen
from slimgen.ir.cut_at_end_point import cut_at_end_point
from slimgen.ir.graph import (
    Call,
    Function,
    Graph,
    Item,
    Network,
    NetworkInput,
    NetworkVariable,
)
from slimgen.layers.jobs.images import LabelsLine, PreprocessLine
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.weight_lines import HeadLine
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of

Defines = Mapping[str, tuple[tree.Expression | None, str]]
"""`-D` by name: the value, and its text."""


class BuiltNetwork(Frozen):
    """A network, its functions, and the end points that a job may name."""

    network: Network
    functions: tuple[Function, ...]
    end_points: Mapping[str, Tensor]


@dataclass
class NetworkBuilder:
    """Builds one network of a program."""

    program: Program
    main: Loaded
    node: tree.Network
    defines: Defines
    usage: Usage = field(default_factory=Usage)

    def build(self, parameters: Mapping[str, Evaluated]) -> BuiltNetwork | None:
        """Return the network with the lines about its weights, or None after errors."""
        reporter = self.program.reporter
        walk, env = self._walk(parameters, reporter)
        made = self._graph(walk, env, parameters)
        if made is None:
            return None
        network, functions = made
        network = self._with_weights(network, walk, env)
        statement = walk.lines.get(HeadLine.word)
        if statement is None:
            head, sizes = head_by_classes(made, parameters, self._rebuilt)
        else:
            line = network_lines(reporter, env).bind_as(statement, HeadLine)
            head, sizes = named_head(network, line, statement, bool(self.defines)), ()
        network = replace(network, head=head, head_sizes=sizes)
        return BuiltNetwork(network, functions, _end_point_names(walk))

    def _walk(
        self, parameters: Mapping[str, Evaluated], reporter: Reporter
    ) -> tuple[Walk, Env]:
        """Walk the network's statements."""
        frame = Frame(self.main.frame, dict(parameters))
        evaluator = Evaluator(universal_words())
        root = self._root(evaluator, frame)
        final = self.defines.get(FINAL_ENDPOINT, (None, None))[1]
        naming = Naming(final)
        sizes = self._sizes(evaluator, frame)
        walk = Walk(STATEMENTS, reporter, evaluator, naming, root, parameters, sizes)
        builder = GraphBuilder(None, root, walk.totals)
        env = Env(builder, frame, BlockTable(self.main.words), root)
        if root:
            naming.variable_scopes.open(root)
        try:
            walk.body(self.node.body, env)
        finally:
            reporter.muted = False
        return walk, env

    def _root(self, evaluator: Evaluator, frame: Frame) -> str:
        scope = self.node.scope
        if scope is not None and scope.template is None:
            return ""
        span, name = self.node.name.span, self.node.name.text
        if scope is not None and scope.template is not None:
            span, name = scope.span, evaluator.text(scope.template, frame)
        if not is_scope_name(name, root=True):
            raise Rejected(messages.bad_scope_name(span, name))
        return name

    def _sizes(
        self, evaluator: Evaluator, frame: Frame
    ) -> dict[str, tuple[Evaluated, Span | None]]:
        """Return the sizes of inputs that `-D` sets."""
        sizes: dict[str, tuple[Evaluated, Span | None]] = {}
        for statement in inputs_of(self.node):
            expression = self.defines.get(statement.name.text, (None, ""))[0]
            if expression is not None:
                value = evaluator.evaluate(expression, frame)
                sizes[statement.name.text] = (value, expression.span)
        return sizes

    def _graph(
        self, walk: Walk, env: Env, parameters: Mapping[str, Evaluated]
    ) -> tuple[Network, tuple[Function, ...]] | None:
        """Return the network that was walked, cut at its final end point, and its functions."""
        net, name = env.net, self.node.name
        if net is None:
            if walk.failures:
                return None
            raise Rejected(messages.nothing_in_network(name.span, name.text))
        tensors = {"": net} if walk.naming.cut else walk.outputs or {"": net}
        if walk.failures or any(tensor.value is None for tensor in tensors.values()):
            return None  # after an error the end point may only not have been reached
        outputs = tuple((n, env.builder.take(t)) for n, t in tensors.items())
        network = Network(
            name.text,
            walk.root,
            tuple(parameters.items()),
            tuple(NetworkInput(name, value) for name, value in walk.inputs),
            env.builder.finished(value for _, value in outputs),
            outputs,
            tuple(NetworkVariable(n, c.spec) for n, c in walk.totals.variables.items()),
            comment=leading_comment(self.main.file, self.node),
            span=name.span,
        )
        functions = tuple(walk.functions)
        final = walk.naming.final_endpoint
        if final is not None:
            whole = Graph((network,), functions)
            graph = cut_at_end_point(whole, network.name, final)
            if graph is None:
                full = list(walk.totals.end_points)
                known = [*map(walk.calls.own_name, full), *full]
                missing = messages.no_such_end_point(name.text, final, known)
                walk.reporter.report(missing)
                return None
            (network,), functions = graph.networks, graph.functions
        return _with_prefix(network, functions, f"{name.text}.")

    def _with_weights(self, network: Network, walk: Walk, env: Env) -> Network:
        """Return the network with its lines about weights: images, labels and maps."""
        result = env.net.value if env.net is not None else None
        if walk.naming.cut:
            result = network.outputs[0][1]
        lines = network_lines(walk.reporter, env)
        for word, statement in walk.lines.items():
            if word == HeadLine.word:
                continue
            line = lines.bind(statement, NETWORK_LINES[word])
            if isinstance(line, PreprocessLine):
                found = preprocessing(line, statement)
                inputs = [each.value for each in network.inputs]
                check_images(found, statement, inputs, is_classifier(result))
                network = replace(network, preprocess=found)
            elif isinstance(line, LabelsLine):
                labels, source = label_names(line, statement, self.program.reader)
                if source is not None and source not in self.program.sources:
                    self.program.sources.append(source)
                network = replace(network, labels=labels)
        check_labels(network.labels, walk.lines, result, walk.reporter)
        maps = tuple(
            expand_rules(rules, network.variables, walk.root, self.usage, walk.reporter)
            for rules in walk.maps
        )
        return replace(network, maps=maps)

    def _rebuilt(
        self, parameters: Mapping[str, Evaluated]
    ) -> tuple[Network, tuple[Function, ...]] | None:
        """Return the network with other parameters; None where they are not allowed."""
        try:
            walk, env = self._walk(parameters, Reporter(Diagnostics()))
            return self._graph(walk, env, parameters)
        except Rejected:
            return None


def inputs_of(node: tree.Network) -> list[tree.Input]:
    """The inputs of a network, those in braces too."""
    return [found for found in nodes_of(node.body) if isinstance(found, tree.Input)]


def _end_point_names(walk: Walk) -> dict[str, Tensor]:
    """The end points by full and by own name."""
    full = walk.totals.end_points
    tensors = {name: found[0] for name, found in full.items()}
    own = {walk.calls.own_name(name): tensor for name, tensor in tensors.items()}
    return {**own, **tensors}


def _with_prefix(
    network: Network, functions: Sequence[Function], prefix: str
) -> tuple[Network, tuple[Function, ...]]:
    """Make the names of functions unique across the networks of a file."""

    def renamed(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(
            replace(i, function=prefix + i.function) if isinstance(i, Call) else i
            for i in items
        )

    made = (replace(f, name=prefix + f.name, items=renamed(f.items)) for f in functions)
    return replace(network, items=renamed(network.items)), tuple(made)
