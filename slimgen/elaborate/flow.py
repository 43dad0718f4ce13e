"""Branches, scopes, taps and outputs: which tensor and which names are current."""

from slimgen.elaborate.builder import Builder
from slimgen.elaborate.calls import FinalEndpoint
from slimgen.elaborate.common import Name
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.keys import (
    REUSE,
    known_keys,
    unknown_scope_key,
    unknown_word,
)
from slimgen.elaborate.loops import LoopWalk
from slimgen.elaborate.place import Part, Place
from slimgen.elaborate.report import Rejected
from slimgen.elaborate.scopes import is_scope_name, join, with_defaults
from slimgen.elaborate.values import Failed, Given, Tensor, Unknown
from slimgen.ir.graph import EndPoint
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.syntax import tree


class FlowWalk(LoopWalk):
    """Where tensors and defaults go."""

    def _branch(self, statement: tree.Branch, place: Place) -> None:
        if place.net is None:
            raise Rejected(messages.no_current_tensor(statement.span, "branch"))
        name = None
        if statement.name is not None:
            name = self._name(statement.name, place)
        scope = place.scope
        if isinstance(name, str):
            scope = join(place.scope, name)
        inner = place.inside(scope=scope, merge=None)
        if place.merge is not None:
            inner.hint = _branch_hint(place, name)
        else:
            inner.hint = _side_hint(statement, name)
        try:
            with self._scope_open(scope if scope != place.scope else None):
                self.body(statement.body, inner)
        except FinalEndpoint:
            place.net = inner.net
            raise
        if place.merge is not None:
            assert inner.net is not None
            place.merge.append(Part(inner.net, statement.span))

    def _in(self, statement: tree.In, place: Place) -> None:
        line = self._evaluated(
            tree.Name(statement.span, "in"), statement.settings, place
        )
        reuse = self._reuse(line, place)
        for key, given in line.keywords.items():
            raise Rejected(messages.unknown_argument(given.span, "in", key, [REUSE]))
        name = self._name(statement.name, place)
        scope = join(place.scope, name) if isinstance(name, str) else place.scope
        kept = place.scope, place.reuse
        opened = scope if scope != place.scope else None
        again = reuse and not place.reuse
        with self._scope_open(opened, again), self._braces(place):
            place.scope, place.reuse = scope, reuse
            try:
                self.body(statement.body, place)
            finally:
                place.scope, place.reuse = kept

    def _tap(self, statement: tree.Tap, place: Place) -> None:
        name = self.evaluator.text(statement.name, place.frame)
        tensor = self._current(statement, place)
        if not is_scope_name(name, root=False):
            raise Rejected(messages.bad_scope_name(statement.name.span, name))
        place.frame.names[name] = tensor
        scope = join(place.scope, name)
        if tensor.value is not None:
            value = place.builder.take(tensor)
            place.builder.add(
                EndPoint(
                    value,
                    place.builder.relative(scope),
                    statement.name.span,
                    place.steps,
                ),
                statement.span,
            )
            self.calls.end_point(scope, tensor, statement.span, place)

    def _current(self, statement: tree.Tap | tree.Output, place: Place) -> Tensor:
        if place.net is None:
            word = "tap" if isinstance(statement, tree.Tap) else "output"
            raise Rejected(messages.no_current_tensor(statement.span, word))
        return place.net

    def _output(self, statement: tree.Output, place: Place) -> None:
        name = self.evaluator.text(statement.name, place.frame)
        tensor = self._current(statement, place)
        if self._active or place.builder.parent is not None:
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
        place.frame.names[name] = tensor
        self.outputs[name] = tensor

    def _from(self, statement: tree.From, place: Place) -> None:
        name = self.evaluator.text(statement.name, place.frame)
        try:
            tensor = place.frame.find(name)
        except KeyError:
            tensor = self._end_point(name, place)
        if isinstance(tensor, Unknown):
            raise Silent(statement.name.span)
        if not isinstance(tensor, Tensor) or not self._visible(tensor, place):
            if isinstance(tensor, Tensor):
                raise Rejected(messages.out_of_reach(statement.name.span, name))
            known = self._tensor_names(place)
            raise Rejected(messages.not_a_tensor(statement.name.span, name, known))
        place.net = tensor

    def _tensor_names(self, place: Place) -> list[str]:
        names = place.frame.known()
        found = [name for name in names if isinstance(place.frame.find(name), Tensor)]
        ends = self.totals.end_points.items()
        visible = [name for name, (end, _) in ends if self._visible(end, place)]
        return found + [self.calls.own_name(name) for name in visible]

    def _end_point(self, name: str, place: Place) -> Tensor | None:
        root = self.calls.root
        for scope in (join(place.scope, name), join(root, name), name):
            found = self.totals.end_points.get(scope)
            if found is not None:
                return found[0]
        return None

    def _visible(self, tensor: Tensor, place: Place) -> bool:
        builder: Builder | None = place.builder
        while builder is not None:
            if builder is tensor.home:
                return True
            builder = builder.parent
        return False

    def _scope(self, statement: tree.Scope, place: Place) -> None:
        settings = self._settings(statement, place)
        inner = with_defaults(place.defaults, settings)
        if statement.body is None:
            place.defaults = inner
            return
        with self._braces(place):
            place.defaults = inner
            self.body(statement.body, place)

    def _settings(
        self, statement: tree.Scope, place: Place
    ) -> dict[str, dict[str, Given]]:
        keys = {word.text: self._keys_of(word, place) for word in statement.words}
        settings: dict[str, dict[str, Given]] = {word: {} for word in keys}
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
            value = self._value(setting.value, place)
            if isinstance(value, Failed) and value.diagnostic is not None:
                self.reporter.report(value.diagnostic)
            for taker, known in keys.items():
                if setting.key.text in known:
                    settings[taker][setting.key.text] = Given(value, setting.span, True)
        return settings

    def _keys_of(self, word: tree.Name, place: Place) -> list[str]:
        block = place.words.find(word.text)
        if block is not None:
            return [parameter.name.text for parameter in block.node.parameters]
        if word.text not in LAYERS:
            raise Rejected(
                unknown_word(word.text, word.span, [*place.words.known(), *LAYERS])
            )
        return known_keys(LAYERS[word.text])


def _branch_hint(place: Place, name: Name) -> str:
    if isinstance(name, str):
        return name.lower()
    assert place.merge is not None
    stem = "branch" if place.hint == "net" else place.hint
    return f"{stem}_{len(place.merge)}"


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
