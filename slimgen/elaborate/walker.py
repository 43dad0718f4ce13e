"""Statements to graph: walks the bodies of networks and blocks, every decision taken."""

from typing import Any

from slimgen.elaborate.arguments import Line
from slimgen.elaborate.blocks import declare
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.flow import FlowWalk
from slimgen.elaborate.place import Place
from slimgen.elaborate.report import Rejected, TooMuch
from slimgen.elaborate.unused import nodes_of
from slimgen.elaborate.values import UNKNOWN, Given, LetFunction, Tensor, describe
from slimgen.layers.kinds import Word
from slimgen.layers.spec import TensorType
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

    def body(self, body: tree.Body, place: Place) -> None:
        """Walk the statements between braces; a failed one is reported and passed over."""
        for statement in body.statements:
            self.evaluator.net = place.net
            try:
                self._statement(statement, place)
            except TooMuch:
                raise
            except Rejected as rejected:
                if not isinstance(rejected, Silent):
                    self.reporter.report(rejected.diagnostic)
                self._fail(statement, place)

    def _fail(self, statement: tree.Statement, place: Place) -> None:
        """Let a failed statement define what it would have, as unknown."""
        self.failures += 1
        unknown = Tensor(None, place.builder)
        if place.merge is None and isinstance(statement, CHANGES_NET):
            place.net = unknown
        for node in nodes_of(statement):
            match node:
                case tree.Let(names=names) | tree.For(names=names):
                    for name in names:
                        place.frame.names[name.text] = UNKNOWN
                case tree.Input() | tree.Tap() | tree.Output() | tree.Variable():
                    if isinstance(node.name, tree.Name):
                        place.frame.names.setdefault(node.name.text, unknown)
                case _:
                    pass

    def _statement(self, statement: tree.Statement, place: Place) -> None:
        if place.merge is not None and not isinstance(statement, IN_MERGE):
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
                self._line(statement, place)
            case tree.Repeat():
                self._repeat(statement, place)
            case tree.Stack():
                self._stack(statement, place)
            case tree.For():
                self._for(statement, place)
            case tree.If():
                self._if(statement, place)
            case tree.Scope():
                self._scope(statement, place)
            case tree.Branch():
                self._branch(statement, place)
            case tree.In():
                self._in(statement, place)
            case tree.Tap() | tree.Output() | tree.From():
                self._name_tensor(statement, place)
            case _:
                self._declaration(statement, place)

    def _name_tensor(
        self, statement: tree.Tap | tree.Output | tree.From, place: Place
    ) -> None:
        match statement:
            case tree.Tap():
                self._tap(statement, place)
            case tree.Output():
                self._output(statement, place)
            case tree.From():
                self._from(statement, place)

    def _declaration(self, statement: tree.Statement, place: Place) -> None:
        match statement:
            case tree.Let():
                self._let(statement, place)
            case tree.LetFunction():
                self._let_function(statement, place)
            case tree.Require():
                self._require(statement, place)
            case tree.Input():
                self._input(statement, place)
            case tree.Variable():
                self._variable(statement, place)
            case tree.Block():
                self._block(statement, place)
            case _:
                raise AssertionError(statement)

    def _let(self, statement: tree.Let, place: Place) -> None:
        value = self.evaluator.evaluate(statement.value, place.frame)
        self._assign(
            statement.names, statement.unpack, value, statement.value.span, place
        )

    def _let_function(self, statement: tree.LetFunction, place: Place) -> None:
        place.frame.names[statement.name.text] = LetFunction(statement, place.frame)

    def _if(self, statement: tree.If, place: Place) -> None:
        for condition, body in statement.cases:
            if self.evaluator.condition(condition, place.frame):
                with self._braces(place):
                    self.body(body, place)
                return
        if statement.otherwise is not None:
            with self._braces(place):
                self.body(statement.otherwise, place)

    def _require(self, statement: tree.Require, place: Place) -> None:
        if not self.evaluator.condition(statement.condition, place.frame):
            raise Rejected(
                messages.requirement_failed(
                    statement.condition.span, statement.message.value
                )
            )

    def _input(self, statement: tree.Input, place: Place) -> None:
        name = statement.name.text
        if place.builder.parent is not None:
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
            size = self.evaluator.evaluate(statement.size, place.frame)
        where = span or statement.size.span
        shape = self._input_shape(name, size, where)
        line = self._evaluated(statement.name, statement.settings, place)
        dtype = self._dtype(line)
        value = place.builder.value(TensorType(shape, dtype), name)
        tensor = Tensor(value, place.builder)
        self.inputs.append((name, value))
        place.frame.names[name] = tensor
        if place.net is None:
            place.net = tensor

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

    def _dtype(self, line: Line) -> str:
        dtype = "float32"
        for key, given in line.keywords.items():
            if key != "dtype":
                raise Rejected(
                    messages.unknown_argument(given.span, "input", key, ["dtype"])
                )
            line.refuse_failed(self.reporter)
            text = given.value.text if isinstance(given.value, Word) else given.value
            if text not in DTYPES:
                raise Rejected(
                    messages.wrong_value(
                        given.span, "`dtype` of `input`",
                        f"one of {messages.listed(DTYPES)}", describe(given.value),
                    )
                )  # fmt: skip
            dtype = str(text)
        return dtype

    def _variable(self, statement: tree.Variable, place: Place) -> None:
        name = self.evaluator.text(statement.name, place.frame)
        word = "local_variable" if statement.local else "variable"
        line = self._evaluated(
            tree.Name(statement.name.span, word), statement.arguments, place
        )
        if statement.local:
            line.keywords["saved"] = Given(False, statement.span)
            line.keywords.setdefault("trainable", Given(False, statement.span))
        inner = place.inside(reuse=self._reuse(line, place), hint=name)
        tensor = self.calls.apply(FreeVariable, line, name, inner)
        place.frame.names[name] = tensor

    def _block(self, statement: tree.Block, place: Place) -> None:
        declare(statement, place.frame, place.words, self.reporter)


def _head(statement: tree.Statement) -> Span:
    if isinstance(statement, tree.Line):
        return statement.word.span
    return statement.span
