"""Types of arguments: each checks a value, and names the values that it expects.

A value comes from the evaluator: a Python literal, a tuple (a list or a size), a `BareWord`
(a word or a call such as `l2(0.1)`), or a tensor. `coerce` returns a literal of
`literals.py`, ready to be stored in a layer.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Protocol, TypeGuard

from slimgen.frozen import Frozen
from slimgen.layers.literals import Literal, NamedFunction, Operand
from slimgen.source import Span


class BareWord(Frozen):
    """A bare word or a call of one, not yet looked up: `relu`, `l2(0.1)`.

    `place` is its place in the source, `places` are those of its arguments: first those
    without a key.
    """

    text: str
    positional: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()
    called: bool = False
    place: Span | None = field(default=None, compare=False, repr=False)
    places: tuple[Span, ...] = field(default=(), compare=False, repr=False)


class ArgumentError(Exception):
    """A value that the kind does not take.

    `expected` completes "expected …"; `words` are candidates for a suggestion.
    """

    def __init__(
        self, expected: str, words: tuple[str, ...] = (), word: str = ""
    ) -> None:
        super().__init__(expected)
        self.expected = expected
        self.words = words
        self.word = word


class ArgumentType(Protocol):
    """The values that one argument takes."""

    @property
    def expected(self) -> str:
        """Its values, for messages and documentation: "a whole number from 1"."""

    @property
    def words(self) -> tuple[str, ...]:
        """The bare words that it takes."""

    def coerce(self, value: object) -> Literal:
        """Return the literal for `value`, or raise ArgumentError."""


def _number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Integer(Frozen):
    """A whole number within bounds."""

    at_least: int | None = None
    at_most: int | None = None
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        low = f" from {self.at_least}" if self.at_least is not None else ""
        high = f" to {self.at_most}" if self.at_most is not None else ""
        return f"a whole number{low}{high}"

    def coerce(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ArgumentError(self.expected)
        if not _within(value, self.at_least, self.at_most):
            raise ArgumentError(self.expected)
        return value


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


class Real(Frozen):
    """A number within bounds; `above` is a bound that is not included."""

    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        low = f" from {self.at_least:g}" if self.at_least is not None else ""
        low = f" above {self.above:g}" if self.above is not None else low
        to = "to" if low else "up to"
        high = f" {to} {self.at_most:g}" if self.at_most is not None else ""
        return f"a number{low}{high}"

    def coerce(self, value: object) -> float:
        if not _number(value) or not math.isfinite(value):
            raise ArgumentError(self.expected)
        if not _within(value, self.at_least, self.at_most) or (
            self.above is not None and value <= self.above
        ):
            raise ArgumentError(self.expected)
        return value if isinstance(value, float) else float(value)


class Boolean(Frozen):
    """`true` or `false`."""

    expected: str = "`true` or `false`"
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ArgumentError(self.expected)
        return value


class Text(Frozen):
    """A string."""

    expected: str = "a string"
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> str:
        if not isinstance(value, str):
            raise ArgumentError(self.expected)
        return value


class Choice(Frozen):
    """One of some words, in any case."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        return " or ".join(f"`{word}`" for word in self.words)

    def coerce(self, value: object) -> str:
        text = value.text if isinstance(value, BareWord) and not value.called else value
        if not isinstance(text, str):
            raise ArgumentError(self.expected, self.words)
        for word in self.words:
            if text.lower() == word.lower():
                return word
        raise ArgumentError(self.expected, self.words, text)


class Window(Frozen):
    """A size along each spatial axis: `3x3`, `[kh, kw]`, or one number for all."""

    at_least: int = 1
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return f"a size such as `3x3`, or a whole number from {self.at_least}"

    def coerce(self, value: object) -> int | tuple[int, ...]:
        one = Integer(self.at_least)
        try:
            if isinstance(value, tuple):
                if not value:
                    raise ArgumentError(self.expected)
                return tuple(one.coerce(item) for item in value)
            return one.coerce(value)
        except ArgumentError:
            raise ArgumentError(self.expected) from None


class ListOf(Frozen):
    """A list, each item of one kind."""

    item: ArgumentType
    length: int | None = None
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        count = f" of {self.length}" if self.length is not None else ""
        return f"a list{count}, each {self.item.expected}"

    def coerce(self, value: object) -> tuple[Literal, ...]:
        if not isinstance(value, tuple):
            raise ArgumentError(self.expected)
        if self.length is not None and len(value) != self.length:
            raise ArgumentError(self.expected)
        try:
            return tuple(self.item.coerce(item) for item in value)
        except ArgumentError:
            raise ArgumentError(self.expected) from None


class Optional(Frozen):
    """`none`, or what another kind takes."""

    item: ArgumentType

    @property
    def expected(self) -> str:
        return f"{self.item.expected}, or `none`"

    @property
    def words(self) -> tuple[str, ...]:
        return self.item.words

    def coerce(self, value: object) -> Literal:
        if value is None:
            return None
        try:
            return self.item.coerce(value)
        except ArgumentError as error:
            # An error inside `l2(…)` helps more than the remark that `none` is allowed.
            whole = error.expected == self.item.expected
            expected = self.expected if whole else error.expected
            raise ArgumentError(expected, error.words, error.word) from None


class Either(Frozen):
    """A value of one of several types, tried in order."""

    kinds: tuple[ArgumentType, ...]

    @property
    def expected(self) -> str:
        return " or ".join(kind.expected for kind in self.kinds)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for kind in self.kinds for word in kind.words)

    def coerce(self, value: object) -> Literal:
        for kind in self.kinds:
            try:
                return kind.coerce(value)
            except ArgumentError:
                continue
        text = value.text if isinstance(value, BareWord) else ""
        raise ArgumentError(self.expected, self.words, text)


class FunctionSpec(Frozen):
    """An activation, initializer or regularizer that can be named in a source.

    Attributes:
        word: Its name in the language.
        doc: One clause, with the formula where there is one.
        parameters: Name, kind and default (`...`: required) of each argument.
        slim: TF-Slim's or TensorFlow's name.
        check: Raises ArgumentError when the arguments do not go together.
    """

    word: str
    doc: str
    parameters: tuple[tuple[str, ArgumentType, object], ...] = ()
    slim: str = ""
    check: Callable[[Mapping[str, Literal]], None] | None = None

    def bind(self, word: BareWord) -> NamedFunction:
        """Give it the arguments of `word`; arguments left at their defaults are omitted."""
        known = [name for name, _, _ in self.parameters]
        if len(word.positional) > len(known):
            raise ArgumentError(self._written())
        given = dict(zip(known, word.positional, strict=False))
        for key, value in word.keywords:
            if key not in known:
                raise ArgumentError(self._written(), tuple(known), key)
            if key in given:
                raise ArgumentError(f"`{key}` of `{self.word}` only once")
            given[key] = value
        return NamedFunction(self.word, tuple(self._arguments(given)))

    def _written(self) -> str:
        """Write the call with its parameters: `l2(scale)`."""
        if not self.parameters:
            return f"`{self.word}` without arguments"
        return f"`{self.word}({', '.join(name for name, _, _ in self.parameters)})`"

    def _arguments(self, given: dict[str, object]) -> list[tuple[str, Literal]]:
        values = {}
        for name, kind, default in self.parameters:
            if name in given:
                try:
                    values[name] = kind.coerce(given[name])
                except ArgumentError as error:
                    raise ArgumentError(
                        f"{error.expected} as `{name}` of `{self.word}`",
                        error.words,
                        error.word,
                    ) from None
            elif default is ...:
                raise ArgumentError(self._written())
        if self.check:
            self.check(values)
        defaults = {name: default for name, _, default in self.parameters}
        return [
            (name, value) for name, value in values.items() if value != defaults[name]
        ]


class FunctionKind(Frozen):
    """One of a table of functions: an activation, an initializer, a regularizer."""

    noun: str
    table: Mapping[str, FunctionSpec]

    @property
    def expected(self) -> str:
        return f"{self.noun} such as `{next(iter(self.table))}`"

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.table)

    def coerce(self, value: object) -> NamedFunction:
        if isinstance(value, NamedFunction):
            return value
        if not isinstance(value, BareWord):
            raise ArgumentError(self.expected, self.words)
        if value.text not in self.table:
            raise ArgumentError(self.expected, self.words, value.text)
        return self.table[value.text].bind(value)


class LayerKind(Frozen):
    """A layer used as a value (`normalizer=`); the elaborator resolves it first."""

    noun: str
    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        return f"{self.noun} such as `{self.words[0]}`"

    def coerce(self, value: object) -> Literal:
        if isinstance(value, BareWord):
            raise ArgumentError(self.expected, self.words, value.text)
        word = getattr(type(value), "word", None)
        if word not in self.words:
            raise ArgumentError(self.expected, self.words)
        layer: Literal = value  # type: ignore[assignment]  # only layers have a word
        return layer


class TensorKind(Frozen):
    """A tensor by name; the elaborator turns it into an Operand."""

    expected: str = "a tensor: a tap, an input, an end point or `net`"
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> Literal:
        if not isinstance(value, Operand):
            raise ArgumentError(self.expected)
        return value
