"""Items to statements: one line a layer, its output's shape as a comment."""

from collections.abc import Iterable, Mapping, Sequence

from slimgen.emit.fitting import fits, fitted
from slimgen.emit.identifiers import identifier, scope_text
from slimgen.emit.layer_functions import FunctionDefinition, LayerUse
from slimgen.emit.spelling import Spelling
from slimgen.emit.tensor_names import choices, tensor_names
from slimgen.emit.tensorflow.definitions import definition
from slimgen.emit.tensorflow.expressions import expression
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.graph import (
    Call,
    Case,
    Condition,
    Decision,
    EndPoint,
    Item,
    Length,
    Loop,
    Node,
    Path,
    Term,
    Value,
)
from slimgen.layers.declaration import TensorType
from slimgen.layers.mixed_precision import SHORT, is_narrowed, narrowed
from slimgen.layers.recall import Recall
from slimgen.layers.variable import FreeVariable


class Emitted(Frozen):
    """The functions that statements may call.

    Attributes:
        layers: Function of each kind of layer.
        blocks: Name of the emitted function of each block.
        scoped: The blocks whose function records its result as an end point itself.
        parameters: The literals that each block takes.
        defaults: The parameters of each block that calls may leave out: name in the
            graph to that in the file and the value.
        taken: Every name that the file gives to something: no local name hides one.
        mixed: Training may compute in 16 bits, of variables with 32.
    """

    layers: Mapping[str, FunctionDefinition]
    blocks: Mapping[str, str]
    scoped: frozenset[str]
    parameters: Mapping[str, tuple[str, ...]]
    defaults: Mapping[str, Mapping[str, tuple[str, object]]]
    taken: frozenset[str]
    mixed: bool = False


class BodyWriter:
    """Writes the body of one function; `spelling` has the names of its literals."""

    def __init__(
        self, emitted: Emitted, names: Mapping[int, str], spelling: Spelling
    ) -> None:
        self.emitted = emitted
        self.spelling = spelling
        self.taken = emitted.taken.union(spelling.locals.values())
        self.names: dict[int, str] = dict(names)
        self.lines: list[str] = []
        self._live: dict[str, int] = {name: index for index, name in self.names.items()}
        self._wanted: dict[int, tuple[str, ...]] = {}
        self._later: dict[int, list[str]] = {}
        self._following: Item | None = None
        self._number = 0  # of the item in its list
        self._kept: Item | None = None  # written in the statement before it
        self._shows = False  # every line shows its shape
        self._at_loop = ""  # the shape that the loop's first line can show
        self._needs_loop = False
        self._postponed = ""  # a shape for the next line, which has room for it

    def write(
        self,
        items: Sequence[Item],
        outputs: Iterable[Value],
        depth: int = 1,
        shows: bool = False,
    ) -> None:
        """Write all statements; the outputs stay alive to the end.

        With `shows` the shape of every value stands in a comment.
        """
        last: dict[int, int] = {}
        for number, item in enumerate(items):
            for index in uses(item):
                last[index] = number
        for value in outputs:
            last[value.index] = len(items)
        self._shows = shows
        self._wanted = tensor_names(items, last)
        self._later = {
            item.output.index: [*item.output.names[1:]]
            for item in items
            if not isinstance(item, EndPoint)
        }
        self._release(index for index in self.names if index not in last)
        self._items(self.spelling.items(items), last, depth)

    def _items(
        self, items: Sequence[Item], last: Mapping[int, int], depth: int
    ) -> None:
        """Write statements; a name is free again from the last use of its value on."""
        ends: dict[int, list[int]] = {}
        for index, number in last.items():
            ends.setdefault(number, []).append(index)
        for number, item in enumerate(items):
            self._release(ends.get(number, ()))
            if item is self._kept:
                continue
            self._number = number
            self._following = items[number + 1] if number + 1 < len(items) else None
            self._item(item, last, depth)
            if isinstance(item, Loop):
                self._release(ends.get(number, ()))

    def _release(self, indices: Iterable[int]) -> None:
        """Free the names of values that nothing needs any more."""
        for index in indices:
            name = self.names.get(index, "")
            if self._live.get(name) == index:
                del self._live[name]

    def _name(self, value: Value) -> str:
        """Choose the name of a new value."""
        wanted = self._wanted.get(value.index) or (*value.names[:1], value.hint)
        free = (name for name in choices(wanted) if self._is_free(name))
        name = next(free)
        self._live[name] = value.index
        self.names[value.index] = name
        return name

    def _is_free(self, name: str) -> bool:
        return name not in self._live and name not in self.taken

    def _item(self, item: Item, last: Mapping[int, int], depth: int) -> None:
        match item:
            case Node(layer=FreeVariable()):
                text = self._node(item)  # which says its shape
                used = item.output.index in last
                code = self._assigned(item.output, text) if used else text
                self._line(code, depth)
            case Node():
                self._result(item.output, self._node(item), last, depth)
            case Call():
                self._result(item.output, self._call(item), last, depth)
            case EndPoint():
                code = f"end_point({scope_text(item.scope)}, {self.names[item.value.index]})"
                self._line(code, depth, self._postponed)
                self._postponed = ""
            case Loop():
                self._loop(item, depth)
            case Decision():
                self._decision(item, depth)

    def _result(
        self, value: Value, text: str, last: Mapping[int, int], depth: int
    ) -> None:
        # A merge of one branch is that branch, by its name if nothing else needs that.
        if text.isidentifier() and text not in self._live:
            self.names[value.index] = text
            self._live[text] = value.index
            return
        # A result that nothing takes, such as a mere end point, needs no name.
        code = self._assigned(value, text) if value.index in last else text
        comment = shape_comment(value.type, self._shows)
        kept = self._with_end_point(value, code, last)
        if kept and fits(kept, depth, comment):
            self._kept = self._following
            self._line(kept, depth, comment)
            return
        if comment and not fits(code, depth, comment):
            if comment == self._at_loop:
                self._needs_loop = True
                comment = ""
            elif self._is_kept_next(value, depth, comment):
                self._postponed, comment = comment, ""
        self._line(code, depth, comment, self._shows)

    def _assigned(self, value: Value, text: str) -> str:
        """Assign a new value; one that the source calls on by another name moves there."""
        wanted, *_ = self._wanted.get(value.index) or (value.hint,)
        holder = self._live.get(identifier(wanted))
        later = [] if holder is None or self._at_loop else self._later.get(holder, [])
        name = next(
            (name for name in map(identifier, later) if self._is_free(name)), ""
        )
        if holder is None or not name:
            return f"{self._name(value)} = {text}"
        old = self.names[holder]
        del self._live[old]
        self._live[name], self.names[holder] = holder, name
        target = f"{name}, {self._name(value)}"
        code = f"{target} = {old}, {text}"
        return code if fits(code, 1) else f"{target} = ({old}, {text})"

    def _with_end_point(self, value: Value, code: str, last: Mapping[int, int]) -> str:
        """Keep a value as the end point that follows; "" where that is another statement."""
        item = self._following
        if not isinstance(item, EndPoint) or item.value.index != value.index:
            return ""
        name, _, text = code.partition(" = ")
        if "," in name or text.startswith("end_point("):
            return ""
        kept = f"end_point({scope_text(item.scope)}, {text})"
        return kept if last[value.index] == self._number + 1 else f"{name} = {kept}"

    def _is_kept_next(self, value: Value, depth: int, comment: str) -> bool:
        """Whether the next statement keeps the value, with room for a comment."""
        item = self._following
        if not isinstance(item, EndPoint) or item.value.index != value.index:
            return False
        name = self.names.get(value.index, "")
        return fits(f"end_point({scope_text(item.scope)}, {name})", depth, comment)

    def _line(
        self, code: str, depth: int, comment: str = "", always: bool = False
    ) -> None:
        self.lines.extend(fitted(code, depth, comment, always))

    def _node(self, node: Node) -> str:
        names = [self.names[value.index] for value in node.inputs]
        types = tuple(value.type for value in node.inputs)
        scope = scope_text(node.scope) if node.scope is not None else None
        if isinstance(node.layer, FreeVariable):
            return self._narrow(free_variable(node.layer, node.scope or ()), node)
        if isinstance(node.layer, Recall):
            return f"recall({scope})"
        written = definition(node.layer, types)
        if written is None:
            text = self._narrow(expression(node.layer, names), node)
            return text if scope is None else f"end_point({scope}, {text})"
        function = self.emitted.layers[written.name]
        use = LayerUse(node.layer, types, node.output.type)
        arguments = function.arguments(use, names)
        given = [scope or "None", *names[:1], *arguments]
        return f"{function.name}({', '.join(given)})"

    def _narrow(self, text: str, node: Node) -> str:
        """Give a result the bits of a network's precision, where a layer would not."""
        types = [narrowed(value.type) for value in node.inputs]
        if not (self.emitted.mixed and is_narrowed(node.layer, types)):
            return text
        for value, type_ in zip(node.inputs, types, strict=True):
            if type_.dtype == SHORT:  # 32 bits in the head
                return f"tf.cast({text}, {self.names[value.index]}.dtype)"
        return f"narrow({text}, scope.model.precision)"

    def _call(self, call: Call) -> str:
        names = [self.names[value.index] for value in call.inputs]
        # Before blocks are shared, a call says what the source does, and nothing takes it.
        taken = self.emitted.parameters[call.function]
        defaults = self.emitted.defaults[call.function]
        arguments = []
        for name, value in call.arguments:
            shown, usual = defaults.get(name, ("", None))
            if name in taken and (not shown or python(value) != python(usual)):
                arguments.append(f"{shown}={python(value)}" if shown else python(value))
        scope = scope_text(call.scope)
        given = ", ".join([scope, *names, *arguments])
        text = f"{self.emitted.blocks[call.function]}({given})"
        if call.opens and call.function not in self.emitted.scoped:
            return f"end_point({scope}, {text})"
        return text

    def _loop(self, loop: Loop, depth: int) -> None:
        last = self._last_in_turn(loop)
        start = self.names[loop.start.index]
        carried = self._name(loop.output)
        if start != carried:
            self._line(f"{carried} = {start}", depth)
        self.names[loop.carried.index] = carried
        low = f"{loop.first}, " if loop.first else ""
        count = f"range({low}{loop.last + 1})"
        header = len(self.lines)
        self._line(f"for {loop.variable} in {count}:", depth)
        around = self._at_loop, self._needs_loop
        comment = shape_comment(loop.output.type, self._shows)
        shown = fits(self.lines[header], 0, comment)
        self._at_loop, self._needs_loop = comment if shown else "?", False
        usual = (*loop.output.names[:1], loop.output.hint)[0]
        for index, names in tensor_names(loop.items, last).items():
            alike = names[0] == usual or index == loop.result.index
            self._wanted[index] = (carried, *names) if alike else names
        kept = dict(self._live)
        # The carried name is free for the turn's own values once it is used up.
        self._live[carried] = loop.carried.index
        self._items(loop.items, last, depth + 1)
        result = self.names[loop.result.index]
        if result != carried:
            self._line(f"{carried} = {result}", depth + 1)
        if len(self.lines) == header + 1:
            del self.lines[header:]  # its turns do nothing
        elif self._needs_loop:
            self.lines[header] += f"  # {comment}"
        elif comment and loop.result.type != loop.output.type:
            reached = f"to {comment}"  # the lines of a turn cannot say it
            if fits(self.lines[header], 0, reached):
                self.lines[header] += f"  # {reached}"
        self._at_loop, self._needs_loop = around
        self._live = {**kept, carried: loop.output.index}
        self.names[loop.output.index] = carried

    def _decision(self, decision: Decision, depth: int) -> None:
        """Write `if`, `elif` and `else`, each of which gives the output its value."""
        living, names = dict(self._live), dict(self.names)
        name = self._name(decision.output)
        word = "if"
        for case in decision.cases:
            self.names = {**names, decision.output.index: name}
            condition = case.condition
            test = f"{word} {self._condition(condition)}" if condition else "else"
            header = len(self.lines)
            self._line(f"{test}:", depth)
            self._case(case, name, living, depth + 1)
            if len(self.lines) == header + 1:
                if condition:
                    self._line("pass", depth + 1)
                else:
                    del self.lines[header:]  # the value is already called so
            word = "elif"
        self.names = {**names, decision.output.index: name}
        self._live = {**living, name: decision.output.index}

    def _case(
        self, case: Case, name: str, living: Mapping[str, int], depth: int
    ) -> None:
        last: dict[int, int] = {}
        for number, item in enumerate(case.items):
            for index in uses(item):
                last[index] = number
        last[case.result.index] = len(case.items)
        # A value that only this decision takes lives until its last use in the case.
        self._live = dict(living)
        for index in last:
            if index in self.names:
                self._live.setdefault(self.names[index], index)
        kept = set(living.values())
        for index, wanted in tensor_names(case.items, last).items():
            is_result = index == case.result.index
            self._wanted[index] = (name, *wanted) if is_result else wanted
        around, self._at_loop = self._at_loop, "?"  # no name moves in one case only
        ends = {index: number for index, number in last.items() if index not in kept}
        self._items(case.items, ends, depth)
        self._at_loop = around
        result = self.names[case.result.index]
        if result != name:
            self._line(f"{name} = {result}", depth)

    def _condition(self, condition: Condition) -> str:
        """Write a condition in Python."""
        left = self._term(condition.left)
        right = condition.right
        if condition.sign == "==" and isinstance(right, bool):
            return left if right else f"not {left}"
        return f"{left} {condition.sign} {self._term(right)}"

    def _term(self, term: Term) -> str:
        if isinstance(term, Length):
            return f"{self.names[term.value.index]}.shape[{term.axis}]"
        return python(term)

    def _last_in_turn(self, loop: Loop) -> dict[int, int]:
        """The last use of each value of a turn; what comes from outside stays alive."""
        last: dict[int, int] = {}
        for number, item in enumerate(loop.items):
            for index in uses(item):
                last[index] = number
        last[loop.result.index] = len(loop.items)
        own = {
            item.output.index for item in loop.items if not isinstance(item, EndPoint)
        }
        for index in [index for index in last if index not in own]:
            if index != loop.carried.index:
                self._live[self.names[index]] = index
                del last[index]
        return last


def uses(item: Item) -> list[int]:
    """Indices of the values that an item takes."""
    match item:
        case Node() | Call():
            return [value.index for value in item.inputs]
        case EndPoint():
            return [item.value.index]
        case Loop():
            return [item.start.index, *(u for part in item.items for u in uses(part))]
        case Decision():
            return [index for case in item.cases for index in uses_in_case(case)]


def uses_in_case(case: Case) -> list[int]:
    """Indices of the values that a case takes, among them those it makes itself."""
    sides = (case.condition.left, case.condition.right) if case.condition else ()
    lengths = [side.value.index for side in sides if isinstance(side, Length)]
    inner = [index for item in case.items for index in uses(item)]
    return [*lengths, *inner, case.result.index]


def shape_comment(type_: TensorType, always: bool = False) -> str:
    """Write a shape without its batch; nothing where all lengths differ between calls."""
    shape = type_.example
    if not always and all(length is None for length in shape):
        return ""
    return f"[{', '.join('?' if n is None else str(n) for n in shape)}]"


def free_variable(layer: FreeVariable, path: Path) -> str:
    """Write the creation of a variable that stands by itself; its scope is its name."""
    name = scope_text(path).removeprefix("scope / ") if path else python("")
    texts = [name, python(layer.shape), python(layer.initializer)]
    if layer.regularizer is not None:
        texts.append(python(layer.regularizer))
    for name, neutral in (
        ("trainable", True), ("dtype", "float32"), ("device", None), ("saved", True)
    ):  # fmt: skip
        value = getattr(layer, name)
        if value != neutral:
            texts.append(f"{name}={python(value)}")
    return f"scope.variable({', '.join(texts)})"
