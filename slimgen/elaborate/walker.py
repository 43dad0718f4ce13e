"""Statements to graph: walks the bodies of networks and blocks, every decision taken."""

from typing import Any

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.blocks import declare
from slimgen.elaborate.env import Env
from slimgen.elaborate.evaluated import UNKNOWN, Argument, Closure, Tensor, describe
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.flow import FlowWalk
from slimgen.elaborate.rejection import Rejected, TooMuch
from slimgen.elaborate.unused import nodes_of
from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import TensorType
from slimgen.layers.variable import FreeVariable
from slimgen.messages import names as messages
from slimgen.messages import shapes
from slimgen.source import Span
from slimgen.syntax import tree

IN_MERGE = (
    tree.Branch,
    tree.Let,
    tree.LetFunction,
    tree.If,
    tree.For,
    tree.In,
    tree.Scope,
    tree.Require,
)

CHANGES_NET = (
    tree.Line,
    tree.Repeat,
    tree.Stack,
    tree.From,
    tree.Input,
    tree.If,
    tree.For,
    tree.In,
    tree.Scope,
)

DTYPES = (
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "uint8",
    "int32",
    "int64",
    "bool",
)


class Walker(FlowWalk):
    """Walks one network; makes functions for its blocks."""

    def body(self, body: tree.Body, env: Env) -> None:
        """Walk the statements between braces; a failed one is reported and passed over."""
        for statement in body.statements:
            self.evaluator.net = env.net
            try:
                self._statement(statement, env)
            except TooMuch:
                raise
            except Rejected as rejected:
                if not isinstance(rejected, Silent):
                    self.reporter.report(rejected.diagnostic)
                self._fail(statement, env)

    def _fail(self, statement: tree.Statement, env: Env) -> None:
        """Let a failed statement define what it would have, as unknown."""
        self.failures += 1
        unknown = Tensor(None, env.builder)
        if env.merge is None and isinstance(statement, CHANGES_NET):
            env.net = unknown
        for node in nodes_of(statement):
            match node:
                case tree.Let(names=names) | tree.For(names=names):
                    for name in names:
                        env.frame.names[name.text] = UNKNOWN
                case tree.Input() | tree.Tap() | tree.Output() | tree.Variable():
                    if isinstance(node.name, tree.Name):
                        env.frame.names.setdefault(node.name.text, unknown)
                case _:
                    pass

    def _statement(self, statement: tree.Statement, env: Env) -> None:
        if env.merge is not None and not isinstance(statement, IN_MERGE):
            raise Rejected(
                messages.misplaced(
                    _head(statement),
                    f"`{_head(statement).text.split()[0]}`",
                    "between the braces of a merging layer",
                    "put it into a `branch { … }`",
                )
            )
        match statement:
            case tree.Line():
                self._line(statement, env)
            case tree.Repeat():
                self._repeat(statement, env)
            case tree.Stack():
                self._stack(statement, env)
            case tree.For():
                self._for(statement, env)
            case tree.If():
                self._if(statement, env)
            case tree.Scope():
                self._scope(statement, env)
            case tree.Branch():
                self._branch(statement, env)
            case tree.In():
                self._in(statement, env)
            case tree.Tap() | tree.Output() | tree.From():
                self._name_tensor(statement, env)
            case _:
                self._declaration(statement, env)

    def _name_tensor(
        self, statement: tree.Tap | tree.Output | tree.From, env: Env
    ) -> None:
        match statement:
            case tree.Tap():
                self._tap(statement, env)
            case tree.Output():
                self._output(statement, env)
            case tree.From():
                self._from(statement, env)

    def _declaration(self, statement: tree.Statement, env: Env) -> None:
        match statement:
            case tree.Let():
                self._let(statement, env)
            case tree.LetFunction():
                self._let_function(statement, env)
            case tree.Require():
                self._require(statement, env)
            case tree.Input():
                self._input(statement, env)
            case tree.Variable():
                self._variable(statement, env)
            case tree.Block():
                self._block(statement, env)
            case _:
                raise AssertionError(statement)

    def _let(self, statement: tree.Let, env: Env) -> None:
        value = self.evaluator.evaluate(statement.value, env.frame)
        self._assign(
            statement.names, statement.unpack, value, statement.value.span, env
        )

    def _let_function(self, statement: tree.LetFunction, env: Env) -> None:
        env.frame.names[statement.name.text] = Closure(statement, env.frame)

    def _if(self, statement: tree.If, env: Env) -> None:
        for condition, body in statement.cases:
            if self.evaluator.condition(condition, env.frame):
                with self._braces(env):
                    self.body(body, env)
                return
        if statement.otherwise is not None:
            with self._braces(env):
                self.body(statement.otherwise, env)

    def _require(self, statement: tree.Require, env: Env) -> None:
        if not self.evaluator.condition(statement.condition, env.frame):
            raise Rejected(
                messages.requirement_failed(
                    statement.condition.span, statement.message.value
                )
            )

    def _input(self, statement: tree.Input, env: Env) -> None:
        name = statement.name.text
        if env.builder.parent is not None:
            raise Rejected(
                messages.misplaced(
                    statement.span,
                    "an input",
                    *self._inside("the inputs stand in the network's own braces"),
                )
            )
        if any(name == known for known, _ in self.inputs):
            raise Rejected(
                messages.name_taken(statement.name.span, name, "an input", None)
            )
        if name in self.parameters:  # `-D` would set both
            raise Rejected(
                messages.name_taken(statement.name.span, name, "a parameter", None)
            )
        size, span = self.sizes.get(name, (None, None))
        if size is None:
            size = self.evaluator.evaluate(statement.size, env.frame)
        where = span or statement.size.span
        shape = self._input_shape(name, size, where)
        line = self._evaluated(statement.name, statement.settings, env)
        dtype = self._dtype(line)
        value = env.builder.value(TensorType(shape, dtype), name)
        tensor = Tensor(value, env.builder)
        self.inputs.append((name, value))
        env.frame.names[name] = tensor
        if env.net is None:
            env.net = tensor

    def _input_shape(self, name: str, size: Any, span: Span) -> tuple[int | None, ...]:
        lengths = size if isinstance(size, tuple) else (size,)
        good = all(
            n is None
            or (isinstance(n, int) and not isinstance(n, bool) and 0 < n < 2**31)
            for n in lengths
        )
        if not good or len(lengths) > 7 or size is None:
            raise Rejected(
                shapes.wrong_input_size(
                    span, name, "up to seven lengths from 1, `?` for a free one",
                    describe(size),
                )
            )  # fmt: skip
        return (None, *lengths)

    def _dtype(self, line: EvaluatedLine) -> str:
        dtype = "float32"
        for key, given in line.keywords.items():
            if key != "dtype":
                raise Rejected(
                    messages.unknown_argument(given.span, "input", key, ["dtype"])
                )
            line.refuse_failed(self.reporter)
            text = (
                given.value.text if isinstance(given.value, BareWord) else given.value
            )
            if text not in DTYPES:
                raise Rejected(
                    messages.wrong_value(
                        given.span, "`dtype` of `input`",
                        f"one of {messages.listed(DTYPES)}", describe(given.value),
                    )
                )  # fmt: skip
            dtype = str(text)
        return dtype

    def _variable(self, statement: tree.Variable, env: Env) -> None:
        name = self.evaluator.text(statement.name, env.frame)
        word = "local_variable" if statement.local else "variable"
        line = self._evaluated(
            tree.Name(statement.name.span, word), statement.arguments, env
        )
        if statement.local:
            line.keywords["saved"] = Argument(False, statement.span)
            line.keywords.setdefault("trainable", Argument(False, statement.span))
        inner = env.inside(reuse=self._reuse(line, env), hint=name)
        tensor = self.calls.apply(FreeVariable, line, name, inner)
        env.frame.names[name] = tensor

    def _block(self, statement: tree.Block, env: Env) -> None:
        declare(statement, env.frame, env.words, self.reporter)


def _head(statement: tree.Statement) -> Span:
    if isinstance(statement, tree.Line):
        return statement.word.span
    return statement.span
