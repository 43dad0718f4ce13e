"""Branches, scopes, taps and outputs: which tensor and which names are current."""

from slimgen.elaborate.calls import FinalEndpoint
from slimgen.elaborate.common import Name
from slimgen.elaborate.env import BranchEnd, Env
from slimgen.elaborate.evaluated import Argument, Failed, Tensor, Unknown
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.graph_builder import GraphBuilder
from slimgen.elaborate.loops import LoopWalk
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.scopes import is_scope_name, join, with_defaults
from slimgen.elaborate.vocabulary import (
    REUSE,
    known_keys,
    unknown_scope_key,
    unknown_word,
)
from slimgen.ir.graph import EndPoint
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.syntax import tree


class FlowWalk(LoopWalk):
    """Where tensors and defaults go."""

    def _branch(self, statement: tree.Branch, env: Env) -> None:
        if env.net is None:
            raise Rejected(messages.no_current_tensor(statement.span, "branch"))
        name = None
        if statement.name is not None:
            name = self._name(statement.name, env)
        scope = env.scope
        if isinstance(name, str):
            scope = join(env.scope, name)
        inner = env.inside(scope=scope, merge=None)
        if env.merge is not None:
            inner.hint = _branch_hint(env, name)
        else:
            inner.hint = _side_hint(statement, name)
        try:
            with self._scope_open(scope if scope != env.scope else None):
                self.body(statement.body, inner)
        except FinalEndpoint:
            env.net = inner.net
            raise
        if env.merge is not None:
            assert inner.net is not None
            env.merge.append(BranchEnd(inner.net, statement.span))

    def _in(self, statement: tree.In, env: Env) -> None:
        line = self._evaluated(tree.Name(statement.span, "in"), statement.settings, env)
        reuse = self._reuse(line, env)
        for key, given in line.keywords.items():
            raise Rejected(messages.unknown_argument(given.span, "in", key, [REUSE]))
        name = self._name(statement.name, env)
        scope = join(env.scope, name) if isinstance(name, str) else env.scope
        kept = env.scope, env.reuse
        opened = scope if scope != env.scope else None
        again = reuse and not env.reuse
        with self._scope_open(opened, again), self._braces(env):
            env.scope, env.reuse = scope, reuse
            try:
                self.body(statement.body, env)
            finally:
                env.scope, env.reuse = kept

    def _tap(self, statement: tree.Tap, env: Env) -> None:
        name = self.evaluator.text(statement.name, env.frame)
        tensor = self._current(statement, env)
        if not is_scope_name(name, root=False):
            raise Rejected(messages.bad_scope_name(statement.name.span, name))
        env.frame.names[name] = tensor
        scope = join(env.scope, name)
        if tensor.value is not None:
            value = env.builder.take(tensor)
            env.builder.add(
                EndPoint(
                    value,
                    env.builder.relative(scope),
                    statement.name.span,
                    env.steps,
                ),
                statement.span,
            )
            self.calls.end_point(scope, tensor, statement.span, env)

    def _current(self, statement: tree.Tap | tree.Output, env: Env) -> Tensor:
        if env.net is None:
            word = "tap" if isinstance(statement, tree.Tap) else "output"
            raise Rejected(messages.no_current_tensor(statement.span, word))
        return env.net

    def _output(self, statement: tree.Output, env: Env) -> None:
        name = self.evaluator.text(statement.name, env.frame)
        tensor = self._current(statement, env)
        if self._active or env.builder.parent is not None:
            raise Rejected(
                messages.misplaced(
                    statement.span, "an output",
                    *self._inside(
                        "a block's result is its last tensor; name it where it is used"
                    ),
                )
            )  # fmt: skip
        if name in self.outputs:
            raise Rejected(
                messages.name_taken(statement.name.span, name, "an output", None)
            )
        env.frame.names[name] = tensor
        self.outputs[name] = tensor

    def _from(self, statement: tree.From, env: Env) -> None:
        name = self.evaluator.text(statement.name, env.frame)
        try:
            tensor = env.frame.find(name)
        except KeyError:
            tensor = self._end_point(name, env)
        if isinstance(tensor, Unknown):
            raise Silent(statement.name.span)
        if not isinstance(tensor, Tensor) or not self._visible(tensor, env):
            if isinstance(tensor, Tensor):
                raise Rejected(messages.out_of_reach(statement.name.span, name))
            known = self._tensor_names(env)
            raise Rejected(messages.not_a_tensor(statement.name.span, name, known))
        env.net = tensor

    def _tensor_names(self, env: Env) -> list[str]:
        names = env.frame.known()
        found = [name for name in names if isinstance(env.frame.find(name), Tensor)]
        ends = self.totals.end_points.items()
        visible = [name for name, (end, _) in ends if self._visible(end, env)]
        return found + [self.calls.own_name(name) for name in visible]

    def _end_point(self, name: str, env: Env) -> Tensor | None:
        root = self.calls.root
        for scope in (join(env.scope, name), join(root, name), name):
            found = self.totals.end_points.get(scope)
            if found is not None:
                return found[0]
        return None

    def _visible(self, tensor: Tensor, env: Env) -> bool:
        builder: GraphBuilder | None = env.builder
        while builder is not None:
            if builder is tensor.home:
                return True
            builder = builder.parent
        return False

    def _scope(self, statement: tree.Scope, env: Env) -> None:
        settings = self._settings(statement, env)
        inner = with_defaults(env.defaults, settings)
        if statement.body is None:
            env.defaults = inner
            return
        with self._braces(env):
            env.defaults = inner
            self.body(statement.body, env)

    def _settings(
        self, statement: tree.Scope, env: Env
    ) -> dict[str, dict[str, Argument]]:
        keys = {word.text: self._keys_of(word, env) for word in statement.words}
        settings: dict[str, dict[str, Argument]] = {word: {} for word in keys}
        for setting in statement.settings:
            if setting.key is None:
                raise Rejected(
                    messages.misplaced(
                        setting.span, "a value without a key", "in a scope",
                        "write `key=value`",
                    )
                )  # fmt: skip
            unknown = unknown_scope_key(keys, setting)
            if unknown is not None:
                self.reporter.report(unknown)
                continue
            value = self._value(setting.value, env)
            if isinstance(value, Failed) and value.diagnostic is not None:
                self.reporter.report(value.diagnostic)
            for taker, known in keys.items():
                if setting.key.text in known:
                    settings[taker][setting.key.text] = Argument(
                        value, setting.span, True
                    )
        return settings

    def _keys_of(self, word: tree.Name, env: Env) -> list[str]:
        block = env.words.find(word.text)
        if block is not None:
            return [parameter.name.text for parameter in block.node.parameters]
        if word.text not in LAYERS:
            raise Rejected(
                unknown_word(word.text, word.span, [*env.words.known(), *LAYERS])
            )
        return known_keys(LAYERS[word.text])


def _branch_hint(env: Env, name: Name) -> str:
    if isinstance(name, str):
        return name.lower()
    assert env.merge is not None
    stem = "branch" if env.hint == "net" else env.hint
    return f"{stem}_{len(env.merge)}"


def _side_hint(statement: tree.Branch, name: str | bool | None) -> str:
    """What a side path is called: after its scope, or after what it taps."""
    if isinstance(name, str):
        return name.rpartition("/")[2]
    for inner in statement.body.statements:
        match inner:
            case tree.Tap(name=tree.Name(text=text)):
                return text
            case tree.Output(name=tree.Name(text=text)):
                return text
    return "side"
