"""One network with its parameters: its walk, and what belongs to its weights."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slimgen.diagnostics import Diagnostics
from slimgen.elaborate.calls import FinalEndpoint, Naming
from slimgen.elaborate.comments import leading_comment
from slimgen.elaborate.env import BlockTable, Env
from slimgen.elaborate.evaluated import Frame, Tensor
from slimgen.elaborate.expressions import Evaluator
from slimgen.elaborate.graph_builder import GraphBuilder
from slimgen.elaborate.jobs.images import (
    check_images,
    check_labels,
    is_classifier,
    label_names,
    preprocessing,
)
from slimgen.elaborate.jobs.lines import JobLines
from slimgen.elaborate.loading import Loaded, Program
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.scopes import is_scope_name
from slimgen.elaborate.unused import nodes_of
from slimgen.elaborate.vocabulary import universal_words
from slimgen.elaborate.walker import Walker
from slimgen.elaborate.weight_maps import Usage, expand_rules
from slimgen.ir.graph import Call, Function, Input, Item, Network, Variable
from slimgen.ir.jobs import LabelNames, Preprocessing
from slimgen.layers.jobs import NETWORK_LINES
from slimgen.layers.jobs.images import LabelsLine, PreprocessLine
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

FINAL_ENDPOINT = "final_endpoint"

Defines = Mapping[str, tuple[tree.Expression | None, str]]
"""`-D` by name: the value, and its text."""


class OneNetwork:
    """Builds one network of a program."""

    def __init__(
        self,
        program: Program,
        main: Loaded,
        node: tree.Network,
        defines: Defines,
    ) -> None:
        self.program = program
        self.main = main
        self.node = node
        self.defines = defines
        self.end_points: Mapping[str, Tensor] = {}
        self.usage = Usage()

    def _weights(
        self, walker: Walker, env: Env
    ) -> tuple[Preprocessing | None, LabelNames | None]:
        """What the network says of its weights: preprocessing and labels."""
        lines = JobLines(walker.reporter, env.frame)
        classifies = env.net is not None and is_classifier(env.net.value)
        found: list[Any] = [None, None]
        for word, statement in walker.weights.items():
            line = lines.bind(statement, NETWORK_LINES[word])
            if isinstance(line, PreprocessLine):
                found[0] = preprocessing(line, statement)
                inputs = [value for _, value in walker.inputs]
                check_images(found[0], statement, inputs, classifies)
            elif isinstance(line, LabelsLine):
                found[1], source = label_names(line, statement, self.program.reader)
                if source is not None and source not in self.program.sources:
                    self.program.sources.append(source)
        return found[0], found[1]

    def build(
        self, parameters: Mapping[str, Any], reporter: Reporter | None = None
    ) -> tuple[Network, list[Function]] | None:
        """Return the network and its functions, or None after errors."""
        reporter = reporter or self.program.reporter
        frame = Frame(self.main.frame, dict(parameters))
        evaluator = Evaluator(universal_words())
        root = self._root(evaluator, frame)
        final = self.defines.get(FINAL_ENDPOINT, (None, None))[1]
        naming = Naming(final)
        walker = Walker(reporter, evaluator, naming, root)
        walker.parameters = parameters
        walker.sizes = self._sizes(evaluator, frame)
        builder = GraphBuilder(None, root, walker.totals)
        env = Env(builder, frame, BlockTable(self.main.words), root)
        if root:
            naming.variable_scopes.open(root)
        with contextlib.suppress(FinalEndpoint):
            walker.body(self.node.body, env)
        # After an error the end point may only not have been reached.
        if final is not None and not naming.final_reached and not walker.failures:
            full = list(walker.totals.end_points)
            known = [*map(walker.calls.own_name, full), *full]
            name = self.node.name.text
            reporter.report(messages.no_such_end_point(name, final, known))
        return self._network(walker, env, parameters, root)

    def _root(self, evaluator: Evaluator, frame: Frame) -> str:
        scope = self.node.scope
        if scope is not None and scope.template is None:
            return ""
        where, name = self.node.name.span, self.node.name.text
        if scope is not None and scope.template is not None:
            where, name = scope.span, evaluator.text(scope.template, frame)
        if not is_scope_name(name, root=True):
            raise Rejected(messages.bad_scope_name(where, name))
        return name

    def _sizes(
        self, evaluator: Evaluator, frame: Frame
    ) -> dict[str, tuple[Any, Span | None]]:
        sizes: dict[str, tuple[Any, Span | None]] = {}
        for statement in inputs_of(self.node):
            expression = self.defines.get(statement.name.text, (None, ""))[0]
            if expression is not None:
                value = evaluator.evaluate(expression, frame)
                sizes[statement.name.text] = (value, expression.span)
        return sizes

    def _network(
        self, walker: Walker, env: Env, parameters: Mapping[str, Any], root: str
    ) -> tuple[Network, list[Function]] | None:
        net = env.net
        if net is None:
            if walker.failures:
                return None
            name = self.node.name
            raise Rejected(messages.nothing_in_network(name.span, name.text))
        cut = walker.naming.final_reached  # what it names is the only output
        tensors = {"": net} if cut else walker.outputs or {"": net}
        if walker.failures or any(tensor.value is None for tensor in tensors.values()):
            return None
        self.end_points = _end_point_names(walker)
        preprocess, labels = self._weights(walker, env)
        check_labels(labels, walker.weights, net.value, walker.reporter)
        variables = tuple(
            Variable(n, c.spec) for n, c in walker.totals.variables.items()
        )
        network = Network(
            self.node.name.text,
            root,
            tuple(parameters.items()),
            tuple(Input(name, value) for name, value in walker.inputs),
            tuple(env.builder.items),
            tuple((name, env.builder.take(t)) for name, t in tensors.items()),
            variables,
            comment=leading_comment(self.main.file, self.node),
            preprocess=preprocess,
            labels=labels,
            maps=tuple(
                expand_rules(rules, variables, root, self.usage, walker.reporter)
                for rules in walker.maps
            ),
            span=self.node.name.span,
        )
        prefix = f"{self.node.name.text}."
        return _with_prefix(network, walker.functions, prefix)

    def head(self, network: Network, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """The variables whose shape depends on `classes`: build with one class more."""
        classes = parameters.get("classes")
        if not isinstance(classes, int) or isinstance(classes, bool):
            return ()
        quiet = Reporter(Diagnostics())
        try:
            built = self.build({**parameters, "classes": classes + 1}, quiet)
        except Rejected:
            return ()
        if built is None:
            return ()
        shapes = {v.name: v.spec.shape for v in built[0].variables}
        return tuple(
            v.name for v in network.variables if shapes.get(v.name) != v.spec.shape
        )


def inputs_of(node: tree.Network) -> list[tree.Input]:
    """The inputs of a network, those in braces too."""
    return [found for found in nodes_of(node.body) if isinstance(found, tree.Input)]


def _end_point_names(walker: Walker) -> dict[str, Tensor]:
    """The end points by full and by own name."""
    full = walker.totals.end_points
    tensors = {name: found[0] for name, found in full.items()}
    own = {walker.calls.own_name(name): tensor for name, tensor in tensors.items()}
    return {**own, **tensors}


def _with_prefix(
    network: Network, functions: Sequence[Function], prefix: str
) -> tuple[Network, list[Function]]:
    """Make the names of functions unique across the networks of a file."""

    def renamed(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(
            replace(i, function=prefix + i.function) if isinstance(i, Call) else i
            for i in items
        )

    made = [replace(f, name=prefix + f.name, items=renamed(f.items)) for f in functions]
    return replace(network, items=renamed(network.items)), made
