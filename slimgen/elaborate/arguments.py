"""Arguments of a line to a layer: positions, keys, scopes of defaults, kinds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from slimgen.elaborate.evaluated import Argument, Failed, Tensor, describe
from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.scopes import Defaults
from slimgen.elaborate.vocabulary import unknown_key
from slimgen.frozen import Frozen
from slimgen.ir.graph import Origin, Value
from slimgen.layers import LAYERS
from slimgen.layers.argument_types import (
    ArgumentError,
    BareWord,
    Either,
    LayerKind,
    Optional,
)
from slimgen.layers.declaration import Declaration, Layer, Parameter, parameters
from slimgen.layers.literals import Literal, Operand
from slimgen.messages import names as messages
from slimgen.messages.foreign import value_advice
from slimgen.source import Span


@dataclass
class EvaluatedLine:
    """The evaluated arguments of one line."""

    word: str
    span: Span
    positional: list[Argument] = field(default_factory=list)
    keywords: dict[str, Argument] = field(default_factory=dict)

    def refuse_failed(
        self, reporter: Reporter, arguments: Sequence[Argument] | None = None
    ) -> None:
        """Report arguments without a value, all unless given, and raise if there are."""
        if arguments is None:
            arguments = [*self.positional, *self.keywords.values()]
        failed = [a.value for a in arguments if isinstance(a.value, Failed)]
        for failure in failed:
            if failure.diagnostic is not None:
                reporter.report(failure.diagnostic)
        if failed:
            raise Silent(self.span)


class LineOperands:
    """The tensors that a line names, in order of first mention."""

    def __init__(self, first: Sequence[Tensor] = ()) -> None:
        self.tensors: list[Tensor] = []
        self._places: dict[tuple[int, Value], int] = {}
        for tensor in first:
            self._add(tensor)

    def _add(self, tensor: Tensor) -> int:
        index = len(self.tensors)
        self.tensors.append(tensor)
        if tensor.value is not None:
            index = self._places.setdefault((id(tensor.home), tensor.value), index)
        return index

    def lower(self, value: object) -> object:
        """Replace each tensor in a value by its place among the inputs."""
        if isinstance(value, Tensor):
            index = None
            if value.value is not None:
                index = self._places.get((id(value.home), value.value))
            return Operand(self._add(value) if index is None else index)
        if isinstance(value, tuple):
            return tuple(self.lower(item) for item in value)
        return value


DeclaredT = TypeVar("DeclaredT", bound=Declaration)


class Bound(Frozen, Generic[DeclaredT]):
    """A layer or a line with its arguments, and where each comes from."""

    layer: DeclaredT
    origins: tuple[Origin, ...]


class Binder:
    """Makes layers from lines."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter

    def bind(
        self,
        layer: type[DeclaredT],
        line: EvaluatedLine,
        defaults: Defaults,
        operands: LineOperands | None,
    ) -> Bound[DeclaredT]:
        """Return the layer, or report all that is wrong with the line and raise.

        `operands` collects the tensors that the line names; None: it may name none.
        """
        before = self.reporter.found
        arguments = self._by_parameter(layer, line)
        inherited = defaults.get(layer.word, {})
        values: dict[str, Literal] = {}
        origins: list[Origin] = []
        missing: list[Parameter] = []
        failed = False
        for parameter in parameters(layer):
            source = arguments.get(parameter.name) or inherited.get(parameter.name)
            if source is None:
                origins.append(Origin(parameter.name, None))
                if parameter.required:
                    missing.append(parameter)
                continue
            value = self._coerce(line, parameter, source, defaults, operands)
            inner: tuple[Origin, ...] = ()
            if isinstance(value, _Failed):
                failed = True
                continue
            if isinstance(value, Bound):
                inner, value = value.origins, value.layer
            origins.append(Origin(parameter.name, source.span, source.scope, inner))
            values[parameter.name] = value
        if self.reporter.found == before:
            self._missing(layer, line, missing)  # else a key may be misspelt
        if self.reporter.found > before or failed:
            raise Silent(line.span)
        return Bound(layer(**values), tuple(origins))

    def _missing(
        self,
        layer: type[Declaration],
        line: EvaluatedLine,
        missing: Sequence[Parameter],
    ) -> None:
        if len(missing) == 1:
            (parameter,) = missing
            self.reporter.report(
                messages.missing_argument(
                    line.span, layer.word, parameter.name, parameter.doc
                )
            )
        elif missing:
            names = [parameter.name for parameter in missing]
            self.reporter.report(
                messages.missing_arguments(line.span, layer.word, names)
            )

    def _by_parameter(
        self, layer: type[Declaration], line: EvaluatedLine
    ) -> dict[str, Argument]:
        places = [p.name for p in parameters(layer) if p.positional]
        most, found = len(places), len(line.positional)
        if found > most:
            span = line.positional[most].span
            self.reporter.report(
                messages.too_many_arguments(span, line.word, most, found)
            )
        arguments = dict(zip(places, line.positional, strict=False))
        for key, value in line.keywords.items():
            unknown = unknown_key(layer, line.word, key, value.span)
            if unknown is not None:
                self.reporter.report(unknown)
            elif key in arguments:
                self.reporter.report(
                    messages.repeated_argument(value.span, line.word, key)
                )
            else:
                arguments[key] = value
        return arguments

    def _coerce(
        self,
        line: EvaluatedLine,
        parameter: Parameter,
        source: Argument,
        defaults: Defaults,
        operands: LineOperands | None,
    ) -> "Literal | Bound[Layer] | _Failed":
        value: object = source.value
        if isinstance(value, Failed):
            if value.diagnostic is not None:
                self.reporter.report(value.diagnostic)
            return FAILED
        nested = _layer_kind(parameter.kind)
        try:
            if nested and isinstance(value, BareWord) and value.text in nested.words:
                return self._nested(value, source, defaults)
            if operands is not None:
                value = operands.lower(value)
            elif isinstance(value, Tensor):
                self.reporter.report(
                    messages.no_tensor_inside(source.span, parameter.name, line.word)
                )
                return FAILED
            return parameter.kind.coerce(value)
        except ArgumentError as error:
            where = f"`{parameter.name}` of `{line.word}`"
            help = messages.suggestion(error.word, error.words) if error.word else ""
            whole = isinstance(value, float) and value.is_integer()
            if whole and "a whole number" in error.expected:
                help = f"{describe(value)} is a fraction: `//` and `int(…)` give none"
            written = messages.value_of(source.span).text
            help = value_advice(parameter.name, written, parameter.kind.words) or help
            self.reporter.report(
                messages.wrong_value(
                    source.span, where, error.expected, describe(source.value), help
                )
            )
        except Rejected as rejected:
            if not isinstance(rejected, Silent):
                self.reporter.report(rejected.diagnostic)
        return FAILED

    def _nested(
        self, word: BareWord, source: Argument, defaults: Defaults
    ) -> Bound[Layer]:
        """Resolve a layer used as a value, `normalizer=batch_norm(decay=0.9)`."""
        place = word.place if isinstance(word.place, Span) else source.span
        arguments = [
            Argument(value, where, source.scope)
            for value, where in zip(
                [*word.positional, *(value for _, value in word.keywords)],
                word.places,
                strict=True,
            )
        ]
        keys = [key for key, _ in word.keywords]
        first = len(word.positional)
        keywords = dict(zip(keys, arguments[first:], strict=True))
        line = EvaluatedLine(word.text, place, arguments[:first], keywords)
        return self.bind(LAYERS[word.text], line, defaults, None)


class _Failed:
    """Stands for a value that was reported."""


FAILED = _Failed()


def _layer_kind(kind: object) -> LayerKind | None:
    if isinstance(kind, LayerKind):
        return kind
    if isinstance(kind, Optional):
        return _layer_kind(kind.item)
    if isinstance(kind, Either):
        for item in kind.kinds:
            found = _layer_kind(item)
            if found:
                return found
    return None
