"""What all walks share: the state of one network, evaluated lines, names and braces."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.calls import LayerCalls, Naming
from slimgen.elaborate.env import BlockDeclaration, Env
from slimgen.elaborate.evaluated import Argument, Failed, Tensor, describe
from slimgen.elaborate.expressions import Evaluator, Silent
from slimgen.elaborate.graph_builder import NetworkTotals
from slimgen.elaborate.rejection import Rejected, Reporter, TooMuch
from slimgen.elaborate.scopes import is_scope_name, join
from slimgen.elaborate.vocabulary import REUSE, known_keys
from slimgen.elaborate.weight_maps import Rules
from slimgen.ir.graph import Function, Value
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

MOST_TURNS = 100_000

Name = str | bool | None
"""Name of a scope: text, None for `none`, True for the default."""


class Common:
    """The state of one network's walk, and what every statement needs."""

    def __init__(
        self, reporter: Reporter, evaluator: Evaluator, naming: Naming, root: str
    ) -> None:
        self.reporter = reporter
        self.evaluator = evaluator
        evaluator.hint = self._hint
        self.naming = naming
        self.calls = LayerCalls(reporter, naming, root)
        self.functions: list[Function] = []
        self.inputs: list[tuple[str, Value]] = []
        self.outputs: dict[str, Tensor] = {}
        self.parameters: Collection[str] = ()
        self.sizes: dict[str, tuple[Any, Span | None]] = {}
        self.weights: dict[str, tree.Line] = {}
        self.maps: list[Rules] = []
        self.totals = NetworkTotals()
        self._active: list[BlockDeclaration] = []
        self._turns = 0
        self.failures = 0

    def body(self, body: tree.Body, env: Env) -> None:
        """Walk the statements between braces."""
        raise NotImplementedError

    def apply(self, line: EvaluatedLine, name: "Name", env: Env) -> Tensor:
        """Apply a layer, a block or a network to the current tensor."""
        raise NotImplementedError

    def _evaluated(
        self, word: tree.Name, arguments: Sequence[tree.Argument], env: Env
    ) -> EvaluatedLine:
        line = EvaluatedLine(word.text, word.span)
        for argument in arguments:
            value = self._value(argument.value, env)
            if argument.key is None:
                line.positional.append(Argument(value, argument.span))
            elif argument.key.text in line.keywords:
                raise Rejected(
                    messages.repeated_argument(
                        argument.span, word.text, argument.key.text
                    )
                )
            else:
                line.keywords[argument.key.text] = Argument(value, argument.span)
        _tell_keys(line)
        if self.reporter.lost:  # the line itself may be mistaken: it is not judged
            line.refuse_failed(self.reporter)
        return line

    def _value(self, expression: tree.Expression, env: Env) -> Any:
        """Return the value of an argument, or what is wrong with it."""
        try:
            return self.evaluator.evaluate(expression, env.frame)
        except TooMuch:
            raise
        except Silent:
            return Failed(None)
        except Rejected as rejected:
            return Failed(rejected.diagnostic)

    def _hint(self, name: str) -> str:
        """What to say where a value is called like a layer: end points are no values."""
        known = self.totals.end_points
        found = name in known or join(self.calls.root, name) in known
        return messages.end_point_hint(name) if found else ""

    def _name(self, name: tree.ScopeName | None, env: Env) -> Name:
        if name is None:
            return True
        if name.template is None:
            return None
        text = self.evaluator.text(name.template, env.frame)
        if not is_scope_name(text, root=not env.scope):
            raise Rejected(messages.bad_scope_name(name.span, text))
        return text

    def _reuse(self, line: EvaluatedLine, env: Env) -> bool:
        given = line.keywords.pop(REUSE, None)
        if given is None:
            return env.reuse
        line.refuse_failed(self.reporter, [given])
        if not isinstance(given.value, bool):
            raise Rejected(
                messages.wrong_value(
                    given.span,
                    f"`reuse` of `{line.word}`",
                    "`true` or `false`",
                    describe(given.value),
                )
            )
        return given.value or env.reuse

    def _inside(self, help: str) -> tuple[str, str]:
        """Where an input or output cannot stand, and what to do about it."""
        if self._active and self._active[-1].is_network:
            return (
                "in a network that is a word in another",
                "such a network takes the current tensor and gives its last one",
            )
        return "inside a block", help

    @contextmanager
    def _scope_open(self, scope: str | None, again: bool = False) -> Iterator[None]:
        """Open a scope; `again`: what is in it is called as the first time."""
        if scope is not None and again:
            self.naming.name_scopes.close(scope)
        if scope is not None:
            self.naming.variable_scopes.open(scope)
        yield
        if scope is not None:
            self.naming.variable_scopes.close(scope)

    @contextmanager
    def _braces(self, env: Env) -> Iterator[None]:
        """Scopes of defaults end with the braces that they stand in."""
        defaults = env.defaults
        yield
        env.defaults = defaults

    def _assign(
        self,
        names: Sequence[tree.Name],
        unpack: bool,
        value: Any,
        span: Span,
        env: Env,
    ) -> None:
        if not unpack:
            env.frame.names[names[0].text] = value
            return
        if not isinstance(value, tuple) or len(value) != len(names):
            raise Rejected(messages.cannot_unpack(span, len(names), describe(value)))
        for name, item in zip(names, value, strict=True):
            env.frame.names[name.text] = item

    def _count_turns(self, count: int, span: Span) -> None:
        self._turns += count
        if self._turns > MOST_TURNS:
            raise TooMuch(messages.limit_exceeded(span, "turns of loops", MOST_TURNS))


def _tell_keys(line: EvaluatedLine) -> None:
    """Say of a key among the values that it is one, and nothing of the values after it."""
    layer = LAYERS.get(line.word)
    keys = [] if layer is None else known_keys(layer)
    for place, given in enumerate(line.positional):
        failed, text = given.value, given.span.text
        if isinstance(failed, Failed) and failed.diagnostic and text in keys:
            told = Failed(messages.key_without_value(given.span, text))
            after = [
                Argument(Failed(None), it.span) for it in line.positional[place + 1 :]
            ]
            line.positional[place:] = [Argument(told, given.span), *after]
            return
