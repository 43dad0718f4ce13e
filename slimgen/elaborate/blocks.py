"""Blocks, and networks used as words: a function of the graph for each call."""

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.calls import EndReached
from slimgen.elaborate.comments import comment_above
from slimgen.elaborate.env import BlockDeclaration, BlockTable, Env
from slimgen.elaborate.evaluated import Argument, Frame, Tensor
from slimgen.elaborate.graph_builder import GraphBuilder
from slimgen.elaborate.line_evaluation import LineName
from slimgen.elaborate.network_lines import is_network_line
from slimgen.elaborate.rejection import Rejected, Reporter, TooMuch
from slimgen.elaborate.scopes import join
from slimgen.elaborate.vocabulary import FINAL_ENDPOINT, REUSE
from slimgen.elaborate.walk import DEEPEST_CALLS, Walk
from slimgen.frozen import Frozen
from slimgen.ir.graph import Call, Function
from slimgen.layers import LAYERS
from slimgen.layers.functions import ACTIVATIONS
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.weight_lines import HeadLine
from slimgen.messages import names as messages
from slimgen.syntax import tree


class BlockCall(Frozen):
    """A line that calls a block or a network.

    Attributes:
        name: The name after `as`.
        reuse: The variables in it are those of earlier layers.
        end: The name of the end point that a network ends at.
    """

    block: BlockDeclaration
    line: EvaluatedLine
    name: LineName
    reuse: bool
    end: Argument | None = None


def call_block(call: BlockCall, walk: Walk, env: Env) -> Tensor:
    """Apply a block or a network to the current tensor."""
    block, line = call.block, call.line
    if any(block.node is active.node for active in walk.active):
        kind = "the network" if block.is_network else "the block"
        raise Rejected(messages.recursion(line.span, kind, line.word))
    if len(walk.active) >= DEEPEST_CALLS:
        raise TooMuch(
            messages.limit_exceeded(
                line.span, "blocks inside each other", DEEPEST_CALLS
            )
        )
    if env.net is None:
        raise Rejected(messages.no_current_tensor(line.span, line.word))
    frame = Frame(block.frame)
    _bind_parameters(call, walk, env, frame)
    scope = _scope_of(call, walk, env, frame)
    builder = GraphBuilder(env.builder, scope, walk.totals)
    inner = Env(
        builder,
        frame,
        BlockTable(block.words),
        scope,
        net=_entry(builder, env.net),
        defaults=env.defaults,
        reuse=call.reuse,
    )
    reached = _walk_to_the_end(call, walk, inner, env)
    tensor = _finish(call, walk, inner, env)
    if reached is not None:
        raise EndReached(reached, tensor)
    if scope != env.scope:
        walk.calls.end_point(scope, tensor, line.span, env)
    return tensor


def _walk_to_the_end(call: BlockCall, walk: Walk, inner: Env, env: Env) -> str | None:
    """Walk a block to its last line, or to the end point that it or a network around it has.

    That of a network around it is returned.
    """
    block, scope = call.block, inner.scope
    ends: frozenset[str] = frozenset()
    if call.end is not None:
        name = str(call.end.value)
        # As `from` finds it, or in the network.
        around = ("", walk.root, env.scope, scope)
        ends = frozenset(join(each, name) for each in around)
    walk.active.append(block)
    walk.naming.used_ends.append(ends)
    try:
        opened = scope if scope != env.scope else None
        with walk.scope_open(opened, call.reuse and not env.reuse):
            _walk_body(block, walk, inner)
    except EndReached as end:
        inner.net = end.tensor
        others = walk.naming.used_ends[:-1]
        return end.scope if any(end.scope in names for names in others) else None
    finally:
        walk.active.pop()
        walk.naming.used_ends.pop()
    if call.end is not None and not walk.failures:
        raise Rejected(_no_such_end(call, walk, scope))
    return None


def _no_such_end(call: BlockCall, walk: Walk, scope: str) -> Diagnostic:
    assert call.end is not None
    inside = f"{scope}/" if scope else ""
    known = [
        name.removeprefix(inside)
        for name in walk.totals.end_points
        if name.startswith(inside)
    ]
    name = str(call.end.value)
    return messages.no_such_end_point(call.line.word, name, known, call.end.span)


def _walk_body(block: BlockDeclaration, walk: Walk, env: Env) -> None:
    body = block.node.body
    if not block.is_network:
        walk.body(body, env)
        return
    # The current tensor is the first input of a network used as a word; lines about its
    # own weights do not concern the network around it.
    rest = []
    taken = False
    for statement in body.statements:
        if isinstance(statement, tree.Input) and not taken:
            env.frame.names[statement.name.text] = env.net
            taken = True
        elif not (isinstance(statement, tree.Line) and is_network_line(statement, env)):
            rest.append(statement)
    walk.body(tree.Body(body.span, tuple(rest)), env)


def _entry(builder: GraphBuilder, net: Tensor) -> Tensor:
    if net.value is None:
        return Tensor(None, builder)
    return Tensor(builder.take(net, "net"), builder)


def _bind_parameters(call: BlockCall, walk: Walk, env: Env, frame: Frame) -> None:
    """Give the block's parameters their values in `frame`."""
    line, parameters = call.line, call.block.node.parameters
    known = [parameter.name.text for parameter in parameters]
    by_place = known[: len(line.positional)]
    for key, argument in line.keywords.items():
        if key not in known:
            words = [*known, REUSE, *[FINAL_ENDPOINT] * call.block.is_network]
            raise Rejected(
                messages.unknown_argument(argument.span, line.word, key, words)
            )
        if key in by_place:
            raise Rejected(messages.repeated_argument(argument.span, line.word, key))
    if len(line.positional) > len(known):
        beyond = line.positional[len(known)].span
        raise Rejected(
            messages.too_many_arguments(
                beyond, line.word, len(known), len(line.positional)
            )
        )
    keywords: dict[str, Argument] = {
        key: argument
        for key, argument in env.defaults.get(line.word, {}).items()
        if key not in by_place
    } | line.keywords
    line.refuse_failed(walk.reporter, [*line.positional, *keywords.values()])
    positional = [argument.value for argument in line.positional]
    named = {key: argument.value for key, argument in keywords.items()}
    walk.evaluator.bind(line.span, line.word, parameters, (positional, named), frame)


def _scope_of(call: BlockCall, walk: Walk, env: Env, frame: Frame) -> str:
    """Return the variable scope of a call: the scope around it where it has no name."""
    node = call.block.node
    stem: str | None = None
    if call.name is True:
        default = node.scope
        if default is not None and default.template is not None:
            stem = walk.evaluator.text(default.template, frame)
        elif default is None and call.block.is_network:
            stem = node.name.text
        if stem is None:
            return env.scope
    scope = walk.calls.layer_scope(None, call.line.span, call.name, env, stem)
    return scope if scope is not None else env.scope


def _finish(call: BlockCall, walk: Walk, inner: Env, env: Env) -> Tensor:
    """Close a block's function and put the call into the caller's."""
    builder, node = inner.builder, call.block.node
    result = inner.net
    if result is None or result.value is None:
        return Tensor(None, env.builder)
    output = builder.take(result)
    captured = tuple(builder.captured.values())
    for parameter in node.parameters:
        for outer, inside in captured[1:]:
            if inner.frame.names.get(parameter.name.text) == outer:
                builder.name(Tensor(inside, builder), parameter.name.text)
    word = node.name.text
    function = Function(
        f"{word}.{len(walk.functions)}",
        word,
        tuple(builder.named(inside) for _, inside in captured),
        (),
        builder.finished((output,)),
        output,
        comment_above(node.span),
    )
    walk.functions.append(function)
    value = env.builder.value(output.type, env.hint)
    names = [parameter.name.text for parameter in node.parameters]
    arguments = {n: inner.frame.names[n] for n in names if n in inner.frame.names}
    item = Call(
        function.name,
        tuple(env.builder.take(outer) for outer, _ in captured),
        value,
        env.builder.relative(builder.scope),
        tuple(arguments.items()),
        call.line.span,
        env.steps,
        builder.scope != env.scope,
    )
    env.builder.add(item, call.line.span)
    for name, tensor in builder.results.items():
        if tensor.value is not None:
            tensor = env.builder.recall(
                join(builder.scope, name), tensor, call.line.span
            )
        env.frame.names[name] = tensor
    return Tensor(value, env.builder)


def declare(
    node: tree.Block | tree.Network, frame: Frame, words: BlockTable, reporter: Reporter
) -> None:
    """Declare a block or network as a word; a layer's word stays the layer's."""
    name = node.name.text
    line = name in NETWORK_LINES and name != HeadLine.word
    if name in LAYERS or name in ACTIVATIONS or line:
        kind = "a line of a network" if line else "a layer"
        reporter.report(messages.name_taken(node.name.span, name, kind, None))
        return
    first = words.declared.get(name)
    if first is not None and first.node.span != node.span:
        reporter.report(
            messages.name_taken(
                node.name.span, name, "a block or a network", first.node.name.span
            )
        )
        return
    words.declared[name] = BlockDeclaration(node, frame, words)
