"""`repeat`, `stack` and `for`: every turn decided when the file is compiled."""

from collections.abc import Sequence

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.calls import FinalEndpoint
from slimgen.elaborate.common import Name
from slimgen.elaborate.env import Env
from slimgen.elaborate.evaluated import describe
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.words import WordWalk
from slimgen.ir.graph import Step
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.syntax import tree

LISTS = tree.Size | tree.Tuple | tree.List
REPEAT_STEMS = {"conv": "convolution{axes}d"}


class LoopWalk(WordWalk):
    """Repetition."""

    def _repeat(self, statement: tree.Repeat, env: Env) -> None:
        count = self.evaluator.evaluate(statement.count, env.frame)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise Rejected(
                messages.wrong_value(
                    statement.count.span, "`repeat`",
                    "a whole number from 0", describe(count),
                )
            )  # fmt: skip
        line = self._evaluated(statement.line.word, statement.line.arguments, env)
        name = self._name(statement.line.name, env)
        self._series(line, [line] * int(count), name, statement, env)

    def _stack(self, statement: tree.Stack, env: Env) -> None:
        line = statement.line
        whole = self._evaluated(line.word, line.arguments, env)
        name = self._name(line.name, env)
        lines = []
        for group in line.groups:
            _refuse_list(group)
            values = [a for a in group if a.key is None]
            part = self._evaluated(line.word, values, env)
            part.keywords = dict(whole.keywords)
            lines.append(part)
        self._series(whole, lines, name, statement, env)

    def _series(
        self,
        line: EvaluatedLine,
        lines: Sequence[EvaluatedLine],
        name: Name,
        statement: tree.Repeat | tree.Stack,
        env: Env,
    ) -> None:
        """Apply lines one after the other in scopes `name/name_1`, `name/name_2`, …."""
        stem = type(statement).__name__  # `Repeat` and `Stack` are TF-Slim's names too
        if statement.line.body is not None:
            raise Rejected(
                messages.misplaced(
                    statement.line.body.span, "a body in braces", f"in `{stem.lower()}`"
                )
            )
        self._count_turns(len(lines), statement.span)
        if env.net is None:
            raise Rejected(messages.no_current_tensor(line.span, line.word))
        inner_stem = name if isinstance(name, str) else self._repeat_stem(line, env)
        scope = self.calls.layer_scope(None, line.span, name, env, stem)
        assert scope is not None
        self.totals.loops += 1
        loop = self.totals.loops
        with self._scope_open(scope if scope != env.scope else None):
            for index, part in enumerate(lines, 1):
                turn = env.inside(
                    scope=scope, steps=(*env.steps, Step(loop, "i", index))
                )
                copy = EvaluatedLine(
                    part.word, part.span, list(part.positional), dict(part.keywords)
                )
                try:
                    env.net = self.apply(copy, f"{inner_stem}_{index}", turn)
                except FinalEndpoint:
                    env.net = turn.net
                    raise

    def _repeat_stem(self, line: EvaluatedLine, env: Env) -> str:
        if line.word not in REPEAT_STEMS or env.words.find(line.word):
            layer = LAYERS.get(line.word)
            return layer.slim or line.word if layer else line.word
        tensor = env.net
        axes = tensor.value.type.rank - 2 if tensor and tensor.value else 2
        return REPEAT_STEMS[line.word].format(axes=axes)

    def _for(self, statement: tree.For, env: Env) -> None:
        items = self.evaluator.evaluate(statement.items, env.frame)
        if not isinstance(items, tuple):
            raise Rejected(
                messages.wrong_value(
                    statement.items.span, "`for`", "a list or a range", describe(items)
                )
            )
        self._count_turns(len(items), statement.span)
        self.totals.loops += 1
        loop = self.totals.loops
        for item in items:
            self._assign(
                statement.names, statement.unpack, item, statement.items.span, env
            )
            counts = isinstance(item, int) and not isinstance(item, bool)
            name = statement.names[0].text if counts else ""
            step = Step(loop, name, int(item) if counts else 0)
            with self._braces(env):
                kept = env.steps
                env.steps = (*kept, step)
                self.body(statement.body, env)
                env.steps = kept


def _refuse_list(group: Sequence[tree.Argument]) -> None:
    """Refuse `(32, 3x3)`: the arguments of one layer in a list, as TF-Slim's stack has."""
    if len(group) != 1 or not isinstance(group[0].value, tree.Tuple | tree.List):
        return
    lists = [isinstance(item, LISTS) for item in group[0].value.items]
    if any(lists[1:]) and not lists[0]:
        raise Rejected(
            messages.misplaced(
                group[0].span, "a list of arguments", "in `stack`",
                "write them as on a line: `stack conv 32 3x3, 64 1x1`",
            )
        )  # fmt: skip
