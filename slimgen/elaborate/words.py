"""Lines: layers, activations, blocks and merging layers."""

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.blocks import BlockWalk
from slimgen.elaborate.calls import FinalEndpoint
from slimgen.elaborate.common import Name
from slimgen.elaborate.env import BranchEnd, Env
from slimgen.elaborate.evaluated import Argument, Tensor, describe
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.jobs.lines import JobLines
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.scopes import join
from slimgen.elaborate.vocabulary import unknown_word
from slimgen.elaborate.weight_maps import read_rules
from slimgen.layers import LAYERS
from slimgen.layers.activation import Activate
from slimgen.layers.argument_types import ArgumentError, BareWord
from slimgen.layers.declaration import Layer
from slimgen.layers.functions import ACTIVATIONS
from slimgen.layers.jobs import NETWORK_LINES
from slimgen.layers.weight_lines import WeightsLine
from slimgen.messages import names as messages
from slimgen.syntax import tree


class WordWalk(BlockWalk):
    """Applies the word of a line."""

    def _line(self, statement: tree.Line, env: Env) -> None:
        if statement.word.text in NETWORK_LINES:
            self._about_weights(statement, env)
            return
        if len(statement.groups) > 1:
            raise Rejected(
                messages.misplaced(
                    statement.groups[1][0].span if statement.groups[1] else statement.span,
                    "a comma", "between the arguments of a layer",
                    "blanks separate arguments; a list is written in brackets",
                )
            )  # fmt: skip
        line = self._evaluated(statement.word, statement.arguments, env)
        name = self._name(statement.name, env)
        if statement.body is not None:
            env.net = self._merge(statement, line, name, env)
        else:
            env.net = self.apply(line, name, env)

    def _about_weights(self, statement: tree.Line, env: Env) -> None:
        """Keep a line that belongs to the network's weights."""
        word = statement.word
        if word.text == WeightsLine.word:
            self._map(statement, env)
            return
        if env.builder.parent is not None:
            raise Rejected(
                messages.misplaced(
                    word.span, f"`{word.text}`", "inside a block",
                    "it belongs to the network that has the weights",
                )
            )  # fmt: skip
        if word.text in self.weights:
            first = self.weights[word.text].word.span
            raise Rejected(messages.name_taken(word.span, word.text, "given", first))
        self.weights[word.text] = statement

    def _map(self, statement: tree.Line, env: Env) -> None:
        """Keep a map of weights; a block may say it for the network that calls it."""
        if any(block.is_network for block in self._active):
            return  # the weights of a network that is a word in this one
        rules = read_rules(statement, JobLines(self.reporter, env.frame))
        for other in self.maps:
            if other.format == rules.format:
                what, first = f"weights {rules.format}", other.statement.word.span
                raise Rejected(
                    messages.name_taken(statement.word.span, what, "given", first)
                )
        self.maps.append(rules)

    def apply(self, line: EvaluatedLine, name: Name, env: Env) -> Tensor:
        block = env.words.find(line.word)
        inner = env.inside(reuse=self._reuse(line, env))
        if block is not None:
            return self._call(block, line, name, inner, env)
        layer = self._layer(line, env)
        if layer.merges and not line.positional:
            raise Rejected(messages.missing_operands(line.span, line.word))
        try:
            return self.calls.apply(layer, line, name, inner)
        except FinalEndpoint:
            env.net = inner.net
            raise

    def _layer(self, line: EvaluatedLine, env: Env) -> type[Layer]:
        if line.word in ACTIVATIONS and line.word not in LAYERS:
            self._bind_activation(line)
            return Activate
        if line.word not in LAYERS:
            known = [*env.words.known(), *LAYERS, *ACTIVATIONS]
            self.reporter.report(unknown_word(line.word, line.span, known))
            line.refuse_failed(self.reporter)
            raise Silent(line.span)
        return LAYERS[line.word]

    def _bind_activation(self, line: EvaluatedLine) -> None:
        """Turn `leaky_relu 0.2` into the layer that applies that function."""
        line.refuse_failed(self.reporter)
        word = BareWord(
            line.word,
            tuple(given.value for given in line.positional),
            tuple((key, given.value) for key, given in line.keywords.items()),
            True,
            line.span,
        )
        try:
            function = ACTIVATIONS[line.word].bind(word)
        except ArgumentError as error:
            given = [*line.positional, *line.keywords.values()]
            found = " and ".join(describe(one.value) for one in given) or "nothing"
            place = given[0].span if len(given) == 1 else line.span
            help = messages.suggestion(error.word, error.words) if error.word else ""
            raise Rejected(
                messages.wrong_value(
                    place, f"`{line.word}`", error.expected, found, help
                )
            ) from None
        line.positional = [Argument(function, line.span)]
        line.keywords = {}

    def _merge(
        self, statement: tree.Line, line: EvaluatedLine, name: Name, env: Env
    ) -> Tensor:
        assert statement.body is not None
        layer = LAYERS.get(line.word)
        if not (layer or line.word in ACTIVATIONS or env.words.find(line.word)):
            merging = [word for word, layer in LAYERS.items() if layer.merges]
            raise Rejected(unknown_word(line.word, line.span, merging))
        if layer is None or not layer.merges:
            raise Rejected(
                messages.misplaced(
                    statement.word.span, "a body in braces", f"after `{line.word}`",
                    "only merging layers, such as `add` and `concat`, have branches",
                )
            )  # fmt: skip
        if env.net is None:
            raise Rejected(messages.no_current_tensor(line.span, line.word))
        reuse = self._reuse(line, env)
        scope: str | None = None
        if isinstance(name, str):
            scope = join(env.scope, name)
        parts: list[BranchEnd] = []
        inner = env.inside(scope=scope or env.scope, merge=parts, reuse=reuse)
        failures = self.failures
        with self._scope_open(scope):
            try:
                self.body(statement.body, inner)
            except FinalEndpoint:
                env.net = inner.net
                raise
        if not parts and self.failures > failures:
            raise Silent(line.span)
        if not parts:
            raise Rejected(messages.missing_operands(line.span, line.word))
        return self.calls.merge(layer, line, parts, scope, env)
