"""Layers, blocks and networks applied to the current tensor."""

from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.arguments import Binder, Bound, EvaluatedLine, LineOperands
from slimgen.elaborate.env import BranchEnd, Env
from slimgen.elaborate.evaluated import Argument, Tensor
from slimgen.elaborate.graph_builder import Created
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.scopes import ScopeNames, is_scope_name, join
from slimgen.ir.graph import Call, Node, Value
from slimgen.layers.declaration import Layer, ShapeError, TensorType, VariableSpec
from slimgen.layers.merge import UnlikeInputs
from slimgen.messages import names as messages
from slimgen.messages import shapes
from slimgen.source import Span


class EndReached(Exception):
    """The end point that a used network ends at, under its full `scope`."""

    def __init__(self, scope: str, tensor: Tensor) -> None:
        super().__init__(scope)
        self.scope = scope
        self.tensor = tensor


class Naming:
    """The variable scopes of one network, and the end points that it and used ones end at.

    Attributes:
        final_endpoint: The end point after which the network will be cut; None: it is not.
        cut: This end point stands before the current statement.
        used_ends: The end points that the used networks whose calls are open end at, each
            under the full names that it may have.
    """

    def __init__(self, final_endpoint: str | None) -> None:
        self.variable_scopes = ScopeNames()
        self.name_scopes = ScopeNames()
        self.final_endpoint = final_endpoint
        self.cut = False
        self.used_ends: list[frozenset[str]] = []

    def unique(self, layer: "type[Layer] | None", parent: str, stem: str) -> str:
        """Return a free default name in `parent`."""
        return self._of(layer).unique(parent, stem)

    def visit(self, layer: "type[Layer] | None", scope: str) -> None:
        """Open and close the scope of one layer."""
        names = self._of(layer)
        names.open(scope)
        names.close(scope)

    def _of(self, layer: "type[Layer] | None") -> ScopeNames:
        opens = layer is None or layer.opens_variable_scope
        return self.variable_scopes if opens else self.name_scopes


def _rank(tensors: Sequence[Tensor]) -> int | None:
    """Return the rank of the first input, where there is one and it is known."""
    value = tensors[0].value if tensors else None
    return None if value is None else value.type.rank


class LayerCalls:
    """Puts layers into the graph: names, shapes, variables."""

    def __init__(self, reporter: Reporter, naming: Naming, root: str) -> None:
        self.reporter = reporter
        self.naming = naming
        self.root = root
        self.binder = Binder(reporter)

    def apply(
        self,
        layer: type[Layer],
        line: EvaluatedLine,
        name: "str | bool | None",
        env: Env,
    ) -> Tensor:
        """Apply a layer; `name` is its scope name, None for none, True for the default."""
        operands = self._operands(layer, line, env)
        bound = self.binder.bind(layer, line, env.defaults, operands)
        tensors = operands.tensors
        stem = layer.scope_for(_rank(tensors))
        scope = self.layer_scope(layer, line.span, name, env, stem)
        if any(tensor.value is None for tensor in tensors):
            return Tensor(None, env.builder)
        values = tuple(env.builder.take(tensor) for tensor in tensors)
        types = [value.type for value in values]
        made, output = self._shape(bound, line, types)
        shared = self._create(made, types, line, scope, env)
        value = env.builder.value(output, env.hint)
        # A layer without a name may create variables: they stand in the scope around it.
        creates = scope is None and bool(made.variables(types))
        within = env.scope if creates else scope
        relative = None if within is None else env.builder.relative(within)
        node = Node(
            made, values, value, relative, line.span, env.steps, bound.origins, shared
        )
        env.builder.add(node, line.span)
        tensor = Tensor(value, env.builder)
        if scope is not None:
            self.end_point(scope, tensor, line.span, env)
        return tensor

    def _operands(
        self, layer: type[Layer], line: EvaluatedLine, env: Env
    ) -> LineOperands:
        if layer.inputs[0] == 0 or (layer.merges and line.positional):
            return LineOperands()
        if env.net is None:
            raise Rejected(messages.no_current_tensor(line.span, line.word))
        return LineOperands([env.net])

    def layer_scope(
        self,
        layer: "type[Layer] | None",
        span: Span,
        name: "str | bool | None",
        env: Env,
        stem: str | None = None,
    ) -> str | None:
        """Return the full scope of a layer or block, or None when it has none."""
        if name is None:
            return env.scope if layer is None or layer.default_scope else None
        if name is True:
            if stem is None:
                return None
            name = self.naming.unique(layer, env.scope, stem)
        assert isinstance(name, str)
        if not is_scope_name(name, root=not env.scope):
            raise Rejected(messages.bad_scope_name(span, name))
        scope = join(env.scope, name)
        if layer is not None:
            self.naming.visit(layer, scope)
        return scope

    def _shape(
        self, bound: Bound[Layer], line: EvaluatedLine, types: Sequence[TensorType]
    ) -> tuple[Layer, TensorType]:
        layer = bound.layer
        least = type(layer).inputs[0]
        try:
            if type(layer).merges and len(types) < max(least, 1):
                raise ShapeError("at least one tensor is needed")
            (output,) = layer.outputs(types)
            _check_normalizer(layer, output)
            return layer, output
        except ShapeError as error:
            found = [str(t) for t in types]
            raise Rejected(
                shapes.does_not_fit(line.span, line.word, str(error), found, error.help)
            ) from None

    def _create(
        self,
        layer: Layer,
        types: Sequence[TensorType],
        line: EvaluatedLine,
        scope: str | None,
        env: Env,
    ) -> bool:
        try:
            specs = layer.variables(types)
        except ShapeError as error:
            found = [str(t) for t in types]
            raise Rejected(
                shapes.does_not_fit(line.span, line.word, str(error), found, error.help)
            ) from None
        for spec in specs:
            self._create_one(spec, spec.full_name(scope or env.scope), line, env)
        return bool(specs) and env.reuse

    def _create_one(
        self, spec: VariableSpec, name: str, line: EvaluatedLine, env: Env
    ) -> None:
        variables = env.builder.totals.variables
        first = variables.get(name)
        if env.reuse and first is None:
            raise Rejected(messages.nothing_to_reuse(line.span, name, list(variables)))
        if first is None:
            variables[name] = Created(spec, line.span)
        elif not env.reuse:
            raise Rejected(messages.variable_exists(line.span, name, first.span))
        elif first.spec.shape != spec.shape:
            here, there = str(list(spec.shape)), str(list(first.spec.shape))
            raise Rejected(
                shapes.reused_shape_differs(line.span, name, here, there, first.span)
            )

    def end_point(self, scope: str, tensor: Tensor, span: Span, env: Env) -> None:
        """Keep a tensor as the end point of a full scope.

        Behind the end point that the network is cut at nothing matters: a mistake there,
        such as a window too large for a small image, is no mistake of the cut network.
        """
        if self.naming.cut:
            return
        env.builder.totals.end_points[scope] = (tensor, span)
        final = self.naming.final_endpoint
        if final is not None and final in (scope, self.own_name(scope)):
            self.naming.cut = True
            self.reporter.muted = True
        if any(scope in names for names in self.naming.used_ends):
            raise EndReached(scope, tensor)

    def own_name(self, scope: str) -> str:
        """Name of a full scope in the network's own braces."""
        return scope.removeprefix(f"{self.root}/") if self.root else scope

    def merge(
        self,
        layer: type[Layer],
        line: EvaluatedLine,
        parts: Sequence[BranchEnd],
        scope: str | None,
        env: Env,
    ) -> Tensor:
        """Join finished branches by a merging layer whose scope is open already."""
        tensors = [part.tensor for part in parts]
        operands = LineOperands(tensors)
        line.positional.insert(0, Argument(tuple(tensors), line.span))
        bound = self.binder.bind(layer, line, env.defaults, operands)
        if any(tensor.value is None for tensor in tensors):
            return Tensor(None, env.builder)
        values = tuple(env.builder.take(tensor) for tensor in operands.tensors)
        types = [value.type for value in values]
        made, output = self._merged_shape(bound, line, types, parts, env)
        value: Value = env.builder.value(output, env.hint)
        relative = None if scope is None else env.builder.relative(scope)
        node = Node(made, values, value, relative, line.span, env.steps, bound.origins)
        env.builder.add(node, line.span)
        tensor = Tensor(value, env.builder)
        if scope is not None:
            self.end_point(scope, tensor, line.span, env)
        return tensor

    def _merged_shape(
        self,
        bound: Bound[Layer],
        line: EvaluatedLine,
        types: Sequence[TensorType],
        parts: Sequence[BranchEnd],
        env: Env,
    ) -> tuple[Layer, TensorType]:
        try:
            (output,) = bound.layer.outputs(types)
            return bound.layer, output
        except UnlikeInputs as error:
            raise Rejected(_unlike(error, line, types, parts, env)) from None
        except ShapeError as error:
            found = [str(t) for t in types]
            raise Rejected(
                shapes.does_not_fit(line.span, line.word, str(error), found, error.help)
            ) from None


def _unlike(
    error: UnlikeInputs,
    line: EvaluatedLine,
    types: Sequence[TensorType],
    parts: Sequence[BranchEnd],
    env: Env,
) -> Diagnostic:
    """Say which branches differ, and which of them divides the size."""
    rule = f"`{line.word}` {error.rule('branches')}"
    chosen = sorted((error.against, error.differing))
    shown = [(parts[i].span, i, str(types[i])) for i in chosen]
    factors = [(i, *_shrinking(env, parts[i].tensor)) for i in chosen]
    same_rank = len({types[i].rank for i in chosen}) == 1
    differ = same_rank and len({factor for _, factor, _ in factors}) > 1
    help = shapes.shrinking_branches(factors) if differ else ""
    return shapes.parts_differ(line.span, line.word, rule, shown, help)


def _shrinking(env: Env, tensor: Tensor) -> tuple[int, int]:
    """By how much a branch divides the height, and the line that does so last."""
    made = {
        item.output.index: item
        for item in env.builder.items
        if isinstance(item, Node | Call)
    }
    start = env.net.value if env.net is not None else None
    if tensor.value is None or start is None or start.type.rank < 3:
        return 1, 0
    value, line = tensor.value, 0
    while value.index != start.index and value.index in made:
        item = made[value.index]
        if not item.inputs:
            break
        if not line and _height(item.inputs[0]) > _height(value) > 0:
            line = item.span.line
        value = item.inputs[0]
    height = _height(tensor.value)
    return (-(-_height(start) // height), line) if line and height else (1, 0)


def _height(value: Value) -> int:
    shape = value.type.shape
    return shape[1] or 0 if len(shape) > 2 else 0


def _check_normalizer(layer: Layer, output: TensorType) -> None:
    """Raise ShapeError if a layer's normalizer does not take the layer's output."""
    normalizer = getattr(layer, "normalizer", None)
    if isinstance(normalizer, Layer):
        normalizer.outputs((output,))
