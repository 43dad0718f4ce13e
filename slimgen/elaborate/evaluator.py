"""Expressions to values: Python's operators on numbers, strings, lists and words."""

from collections.abc import Callable, Sequence

from slimgen.elaborate.evaluated import (
    LONGEST_LIST,
    LONGEST_TEXT,
    Closure,
    Evaluated,
    Frame,
    Tensor,
    Unknown,
    describe,
)
from slimgen.elaborate.operators import (
    ARITHMETIC,
    BUILTINS,
    ORDER,
    check_power,
    checked,
    compare,
    equal,
    is_number,
    text_of,
)
from slimgen.elaborate.rejection import Rejected, TooMuch
from slimgen.layers.argument_types import BareWord
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

DEEPEST_CALL = 100
FACTS = {"channels": -1, "height": -3, "width": -2}  # axes, channels last


class Evaluator:
    """Evaluates expressions in a frame, with the current tensor for the facts.

    `words` are the bare words that some argument takes: without a value of that name they
    stand for themselves, in any case, and are looked up when they reach their argument.

    Attributes:
        net: The current tensor.
        hint: The remedy for a name without a value, if there is one.
    """

    def __init__(self, words: frozenset[str]) -> None:
        self.words = words
        self.net: Tensor | None = None
        self.hint: Callable[[str], str] = lambda name: ""
        self._any_case = frozenset(word.lower() for word in words)
        self._calls: list[Closure] = []

    def evaluate(self, expression: tree.Expression, frame: Frame) -> Evaluated:
        """Return the value of an expression, or raise Rejected."""
        match expression:
            case tree.Number() | tree.String() | tree.Constant():
                return expression.value
            case tree.Size(dimensions=dimensions):
                return dimensions
            case tree.Name():
                return self._name(expression, frame)
            case tree.Template():
                return self._template(expression, frame)
            case tree.List(items=items) | tree.Tuple(items=items):
                found = tuple(self.evaluate(item, frame) for item in items)
                return checked(found, expression.span)
            case tree.Range():
                return self._range(expression, frame)
            case tree.CallExpression():
                return self._call(expression, frame)
            case tree.Index():
                return self._index(expression, frame)
            case tree.Conditional(condition=condition):
                chosen = self.condition(condition, frame)
                part = expression.value if chosen else expression.otherwise
                return self.evaluate(part, frame)
            case tree.Unary():
                return self._unary(expression, frame)
            case tree.Binary():
                return self._binary(expression, frame)

    def condition(self, expression: tree.Expression, frame: Frame) -> bool:
        """Return the truth of a condition; anything but true and false is an error."""
        value = self.evaluate(expression, frame)
        if not isinstance(value, bool):
            raise Rejected(messages.not_a_condition(expression.span, describe(value)))
        return value

    def text(self, template: tree.Template | tree.Name, frame: Frame) -> str:
        """Return the text of a name put together."""
        if isinstance(template, tree.Name):
            return template.text
        parts = [
            part if isinstance(part, str) else self._text_of(part, frame)
            for part in template.parts
        ]
        text = "".join(parts)
        if len(text) > LONGEST_TEXT:
            raise TooMuch(
                messages.limit_exceeded(
                    template.span, "characters in a name", LONGEST_TEXT
                )
            )
        return text

    def _text_of(self, part: tree.Expression, frame: Frame) -> str:
        value = self.evaluate(part, frame)
        if isinstance(value, BareWord) and not value.called:
            return value.text
        text = text_of(value)
        if text is not None:
            return text
        raise Rejected(
            messages.wrong_value(
                part.span, "a name", "a number or a string", describe(value)
            )
        )

    def _name(self, name: tree.Name, frame: Frame) -> Evaluated:
        text = name.text
        if text in FACTS:
            return self._fact(name)
        if text == "net":
            if self.net is None:
                raise Rejected(messages.no_current_tensor(name.span, "net"))
            return self.net
        try:
            return _known(frame.find(text), name.span)
        except KeyError:
            if text.lower() in self._any_case:
                return BareWord(text, place=name.span)
            known = [*frame.known(), *sorted(self.words)]
            hint = f"`{text}(…)` is a function" if text in BUILTINS else self.hint(text)
            raise Rejected(
                messages.unknown_name(name.span, text, known, hint)
            ) from None

    def _fact(self, name: tree.Name) -> int:
        if self.net is None:
            raise Rejected(messages.no_current_tensor(name.span, name.text))
        if self.net.value is None:
            raise Silent(name.span)
        type_ = self.net.value.type
        axis = type_.rank + FACTS[name.text]
        length = type_.shape[axis] if axis > 0 else None
        if length is None:
            raise Rejected(
                messages.unknown_fact(name.span, name.text, str(type_), axis > 0)
            )
        return length

    def _template(self, template: tree.Template, frame: Frame) -> Evaluated:
        text = self.text(template, frame)
        if all(isinstance(part, str) for part in template.parts) or "/" in text:
            return text
        try:
            return _known(frame.find(text), template.span)
        except KeyError:
            raise Rejected(
                messages.unknown_name(
                    template.span, text, frame.known(), self.hint(text)
                )
            ) from None

    def _range(self, expression: tree.Range, frame: Frame) -> tuple[int, ...]:
        ends = []
        for end in (expression.first, expression.last):
            value = self.evaluate(end, frame)
            if not isinstance(value, int) or isinstance(value, bool):
                raise Rejected(
                    messages.wrong_value(
                        end.span, "a range", "whole numbers", describe(value)
                    )
                )
            ends.append(int(value))
        if ends[1] - ends[0] >= LONGEST_LIST:
            raise TooMuch(
                messages.limit_exceeded(
                    expression.span, "values in a range", LONGEST_LIST
                )
            )
        return tuple(range(ends[0], ends[1] + 1))

    def _index(self, expression: tree.Index, frame: Frame) -> Evaluated:
        items = self.evaluate(expression.value, frame)
        index = self.evaluate(expression.index, frame)
        if not isinstance(items, tuple):
            raise Rejected(
                messages.cannot_compute(
                    expression.span, f"{describe(items)} is not a list"
                )
            )
        if not isinstance(index, int) or isinstance(index, bool):
            raise Rejected(
                messages.wrong_value(
                    expression.index.span, "an index", "a whole number", describe(index)
                )
            )
        if not -len(items) <= index < len(items):
            raise Rejected(
                messages.cannot_compute(
                    expression.span,
                    f"index {index} of a list of {len(items)}",
                    "an index counts from 0",
                )
            )
        return items[index]

    def _unary(self, expression: tree.Unary, frame: Frame) -> Evaluated:
        if expression.operator == "not":
            return not self.condition(expression.operand, frame)
        value = self.evaluate(expression.operand, frame)
        if not is_number(value):
            raise Rejected(
                messages.cannot_compute(
                    expression.span, f"{describe(value)} is not a number"
                )
            )
        return -value if expression.operator == "-" else +value

    def _binary(self, expression: tree.Binary, frame: Frame) -> Evaluated:
        symbol = expression.operator
        if symbol in ("and", "or"):
            truth = self.condition(expression.left, frame)
            if truth == (symbol == "or"):
                return truth
            return self.condition(expression.right, frame)
        left = self.evaluate(expression.left, frame)
        right = self.evaluate(expression.right, frame)
        if symbol in ("==", "!="):
            return (equal(left, right)) == (symbol == "==")
        if symbol in ("in", "not in"):
            return self._contains(expression, left, right) == (symbol == "in")
        if symbol in ORDER:
            return self._ordered(expression, left, right)
        return self._arithmetic(expression, left, right)

    def _contains(
        self, expression: tree.Binary, item: Evaluated, items: Evaluated
    ) -> bool:
        if not isinstance(items, tuple):
            raise Rejected(
                messages.cannot_compute(
                    expression.span, f"{describe(items)} is not a list"
                )
            )
        return any(equal(item, other) for other in items)

    def _ordered(
        self, expression: tree.Binary, left: Evaluated, right: Evaluated
    ) -> bool:
        sign = compare(left, right)
        if sign is None:
            raise Rejected(
                messages.cannot_compute(
                    expression.span,
                    f"`{expression.operator}` of {describe(left)} and {describe(right)}",
                )
            )
        return ORDER[expression.operator](sign, 0)

    def _arithmetic(
        self, expression: tree.Binary, left: Evaluated, right: Evaluated
    ) -> Evaluated:
        symbol = expression.operator
        both = (left, right)
        joined = symbol == "+" and (
            all(isinstance(v, str) for v in both)
            or all(isinstance(v, tuple) for v in both)
        )
        if not joined and not all(is_number(v) for v in both):
            texts = symbol == "+" and all(text_of(v) is not None for v in both)
            raise Rejected(
                messages.cannot_compute(
                    expression.span,
                    f"`{symbol}` of {describe(left)} and {describe(right)}",
                    "`str(…)` makes a string of a number" if texts else "",
                )
            )
        if symbol == "**" and is_number(left) and is_number(right):
            check_power(expression.span, left, right)
        try:
            result = ARITHMETIC[symbol](left, right)
        except ZeroDivisionError:
            raise Rejected(
                messages.cannot_compute(expression.span, "a division by zero")
            ) from None
        except OverflowError:
            raise Rejected(
                messages.cannot_compute(expression.span, "the number is too large")
            ) from None
        return checked(result, expression.span)

    def _call(self, call: tree.CallExpression, frame: Frame) -> Evaluated:
        name = call.name.text
        positional = [
            self.evaluate(a.value, frame) for a in call.arguments if a.key is None
        ]
        keywords: dict[str, Evaluated] = {}
        for argument in call.arguments:
            if argument.key is None:
                continue
            if argument.key.text in keywords:
                raise Rejected(
                    messages.repeated_argument(argument.span, name, argument.key.text)
                )
            keywords[argument.key.text] = self.evaluate(argument.value, frame)
        function = None
        try:
            function = _known(frame.find(name), call.name.span)
        except KeyError:
            if name in BUILTINS:
                return self._builtin(call, positional, keywords)
        if isinstance(function, Closure):
            return self.apply(call, function, positional, keywords)
        if function is None and name in self.words:
            arguments = sorted(call.arguments, key=lambda a: a.key is not None)
            places = tuple(argument.span for argument in arguments)
            named = tuple(keywords.items())
            return BareWord(name, tuple(positional), named, True, call.span, places)
        if function is not None:
            raise Rejected(
                messages.cannot_compute(
                    call.span, f"{describe(function)} is not a function"
                )
            )
        known = [*frame.known(), *BUILTINS, *sorted(self.words)]
        raise Rejected(messages.unknown_name(call.name.span, name, known))

    def _builtin(
        self,
        call: tree.CallExpression,
        positional: list[Evaluated],
        keywords: dict[str, Evaluated],
    ) -> Evaluated:
        name = call.name.text
        if keywords:
            key = next(iter(keywords))
            raise Rejected(messages.keyless(call.span, name, key))
        try:
            return checked(BUILTINS[name](*positional), call.span)
        except (TypeError, ValueError, OverflowError):
            found = ", ".join(describe(value) for value in positional) or "nothing"
            raise Rejected(
                messages.cannot_compute(call.span, f"`{name}` of {found}")
            ) from None

    def apply(
        self,
        call: tree.CallExpression,
        function: Closure,
        positional: Sequence[Evaluated],
        keywords: dict[str, Evaluated],
    ) -> Evaluated:
        name = call.name.text
        # Functions of two files may have one name; those seen from one frame may not.
        active = any(
            function.declaration is called.declaration for called in self._calls
        )
        if active or len(self._calls) >= DEEPEST_CALL:
            raise Rejected(messages.recursion(call.span, "the function", name))
        frame = Frame(function.frame)
        self._calls.append(function)
        try:
            taken = function.declaration.parameters
            self.bind(call.span, name, taken, (positional, keywords), frame)
            return self.evaluate(function.declaration.value, frame)
        finally:
            self._calls.pop()

    def bind(
        self,
        span: Span,
        name: str,
        parameters: Sequence[tree.Parameter],
        given: tuple[Sequence[Evaluated], dict[str, Evaluated]],
        frame: Frame,
    ) -> dict[str, Evaluated]:
        """Give each parameter its argument or its default, evaluated in `frame`."""
        positional, keywords = given
        known = [parameter.name.text for parameter in parameters]
        if len(positional) > len(known):
            raise Rejected(
                messages.too_many_arguments(span, name, len(known), len(positional))
            )
        for key in keywords:
            if key not in known:
                raise Rejected(messages.unknown_argument(span, name, key, known))
            if key in known[: len(positional)]:
                raise Rejected(messages.repeated_argument(span, name, key))
        values = dict(zip(known, positional, strict=False)) | keywords
        for parameter in parameters:
            key = parameter.name.text
            if key not in values:
                if parameter.default is None:
                    raise Rejected(messages.missing_argument(span, name, key, ""))
                values[key] = self.evaluate(parameter.default, frame)
            frame.names[key] = values[key]
        return {key: values[key] for key in known}


class Silent(Rejected):
    """Something that follows from an earlier error and is not reported again."""

    def __init__(self, span: Span) -> None:
        super().__init__(messages.cannot_compute(span, "an earlier error"))


def _known(value: Evaluated, span: Span) -> Evaluated:
    """Return a value, or raise Silent for one that was to come from a failed line."""
    if isinstance(value, Unknown):
        raise Silent(span)
    return value
