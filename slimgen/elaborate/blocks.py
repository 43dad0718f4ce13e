"""Blocks, and networks used as words: a function of the graph for each call."""

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.calls import FinalEndpoint
from slimgen.elaborate.comments import comment_above
from slimgen.elaborate.common import Common, Name
from slimgen.elaborate.env import BlockDeclaration, BlockTable, Env
from slimgen.elaborate.evaluated import Frame, Tensor
from slimgen.elaborate.graph_builder import GraphBuilder
from slimgen.elaborate.rejection import Rejected, Reporter, TooMuch
from slimgen.elaborate.vocabulary import REUSE
from slimgen.ir.graph import Call, Function
from slimgen.layers import LAYERS
from slimgen.layers.functions import ACTIVATIONS
from slimgen.layers.jobs import NETWORK_LINES
from slimgen.messages import names as messages
from slimgen.syntax import tree

DEEPEST_CALLS = 60


class BlockWalk(Common):
    """Calls of blocks."""

    def _call(
        self,
        block: BlockDeclaration,
        line: EvaluatedLine,
        name: Name,
        inner: Env,
        env: Env,
    ) -> Tensor:
        node = block.node
        if any(node is active.node for active in self._active):
            what = "the network" if block.is_network else "the block"
            raise Rejected(messages.recursion(line.span, what, line.word))
        if len(self._active) >= DEEPEST_CALLS:
            raise TooMuch(
                messages.limit_exceeded(
                    line.span, "blocks inside each other", DEEPEST_CALLS
                )
            )
        if env.net is None:
            raise Rejected(messages.no_current_tensor(line.span, line.word))
        frame = Frame(block.frame)
        self._bind_block(block, line, env, frame)
        scope = self._block_scope(block, line, name, env, frame)
        builder = GraphBuilder(env.builder, scope, self.totals)
        start = self._entry(builder, env.net)
        body = env.inside(
            builder=builder, frame=frame, words=BlockTable(block.words), scope=scope,
            net=start, merge=None, reuse=inner.reuse, steps=(), hint="net",
        )  # fmt: skip
        self._active.append(block)
        try:
            opened = scope if scope != env.scope else None
            with self._scope_open(opened, body.reuse and not env.reuse):
                self._block_body(block, body)
        except FinalEndpoint:
            env.net = self._finish(block, line, body, env)
            raise
        finally:
            self._active.pop()
        tensor = self._finish(block, line, body, env)
        if scope != env.scope:
            self.calls.end_point(scope, tensor, line.span, env)
        return tensor

    def _block_body(self, block: BlockDeclaration, body: Env) -> None:
        statements = block.node.body.statements
        if not block.is_network:
            self.body(block.node.body, body)
            return
        # The current tensor is the first input of a network used as a word; what belongs
        # to its own weights is no matter of the network around it.
        rest = []
        taken = False
        for statement in statements:
            if isinstance(statement, tree.Input) and not taken:
                body.frame.names[statement.name.text] = body.net
                taken = True
            elif not _of_weights(statement):
                rest.append(statement)
        self.body(tree.Body(block.node.body.span, tuple(rest)), body)

    def _entry(self, builder: GraphBuilder, net: Tensor) -> Tensor:
        if net.value is None:
            return Tensor(None, builder)
        return Tensor(builder.take(net, "net"), builder)

    def _bind_block(
        self, block: BlockDeclaration, line: EvaluatedLine, env: Env, frame: Frame
    ) -> None:
        inherited = env.defaults.get(line.word, {})
        parameters = block.node.parameters
        known = [parameter.name.text for parameter in parameters]
        for key, given in line.keywords.items():
            if key not in known:
                raise Rejected(
                    messages.unknown_argument(
                        given.span, line.word, key, [*known, REUSE]
                    )
                )
            if key in known[: len(line.positional)]:
                raise Rejected(messages.repeated_argument(given.span, line.word, key))
        if len(line.positional) > len(known):
            beyond = line.positional[len(known)].span
            raise Rejected(
                messages.too_many_arguments(
                    beyond, line.word, len(known), len(line.positional)
                )
            )
        keywords = {
            key: given
            for key, given in inherited.items()
            if key not in known[: len(line.positional)]
        } | line.keywords
        line.refuse_failed(self.reporter, [*line.positional, *keywords.values()])
        positional = [given.value for given in line.positional]
        self.evaluator.bind(
            line.span,
            line.word,
            parameters,
            (positional, {key: given.value for key, given in keywords.items()}),
            frame,
        )

    def _block_scope(
        self,
        block: BlockDeclaration,
        line: EvaluatedLine,
        name: Name,
        env: Env,
        frame: Frame,
    ) -> str:
        stem: str | None = None
        if name is True:
            default = block.node.scope
            if default is not None and default.template is not None:
                stem = self.evaluator.text(default.template, frame)
            elif default is None and block.is_network:
                stem = block.node.name.text
            if stem is None:
                return env.scope
        scope = self.calls.layer_scope(None, line.span, name, env, stem)
        return scope if scope is not None else env.scope

    def _finish(
        self, block: BlockDeclaration, line: EvaluatedLine, body: Env, env: Env
    ) -> Tensor:
        """Close a block's function and put the call into the caller's."""
        builder, frame = body.builder, body.frame
        result = body.net
        if result is None or result.value is None:
            return Tensor(None, env.builder)
        output = builder.take(result)
        captured = tuple(builder.captured.values())
        word = block.node.name.text
        function = Function(
            f"{word}.{len(self.functions)}",
            word,
            tuple(inside for _, inside in captured),
            (),
            tuple(builder.items),
            output,
            comment_above(block.node.span),
        )
        self.functions.append(function)
        value = env.builder.value(output.type, env.hint)
        arguments = tuple(
            (parameter.name.text, frame.names[parameter.name.text])
            for parameter in block.node.parameters
            if parameter.name.text in frame.names
        )
        env.builder.add(
            Call(
                function.name,
                tuple(env.builder.take(outer) for outer, _ in captured),
                value,
                env.builder.relative(builder.scope),
                arguments,
                line.span,
                env.steps,
                builder.scope != env.scope,
            ),
            line.span,
        )
        return Tensor(value, env.builder)


def declare(
    node: tree.Block | tree.Network, frame: Frame, words: BlockTable, reporter: Reporter
) -> None:
    """Declare a block or network as a word; a layer's word stays the layer's."""
    name = node.name.text
    if name in LAYERS or name in ACTIVATIONS or name in NETWORK_LINES:
        what = "a line of a network" if name in NETWORK_LINES else "a layer"
        reporter.report(messages.name_taken(node.name.span, name, what, None))
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


def _of_weights(statement: tree.Statement) -> bool:
    return isinstance(statement, tree.Line) and statement.word.text in NETWORK_LINES
