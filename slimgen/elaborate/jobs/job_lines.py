"""Binding the lines of jobs: arguments as everywhere, and the parts that all jobs share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.arguments import Binder, EvaluatedLine
from slimgen.elaborate.evaluated import Argument, Evaluated, Frame, Tensor
from slimgen.elaborate.evaluator import Evaluator
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.vocabulary import universal_words
from slimgen.frozen import Frozen
from slimgen.ir.graph import Network
from slimgen.ir.jobs import Setting, Train
from slimgen.layers.argument_types import (
    ArgumentError,
    BareWord,
    Integer,
    ListOf,
    Optional,
    Real,
)
from slimgen.layers.declaration import parameters
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.setting_line import SettingLine
from slimgen.messages import names as messages
from slimgen.messages.foreign import kind_advice
from slimgen.source import Span
from slimgen.syntax import tree

LineT = TypeVar("LineT", bound=JobLine)
PlainT = TypeVar("PlainT", bound=SettingLine)

COUNTS = ("every", "over")  # before a number and its unit


class BoundLine(Frozen):
    """A line of a job: its settings, and the statement that has them."""

    line: JobLine
    statement: tree.Line


class JobText(Frozen):
    """A job whose lines are bound; its reader makes the job of it.

    Attributes:
        statement: The job as it was written.
        network: The job's network; its inputs are keys of `data`.
        end_points: The end points that a loss may take.
        bound: The lines in their order.
        binder: Binds the lines between the braces of one.
        train: The `train` job of the network, for kinds of job that need it.
    """

    statement: tree.Job
    network: Network
    end_points: Mapping[str, Tensor]
    bound: Sequence[BoundLine]
    binder: "JobLines"
    train: Train | None = None

    @property
    def reporter(self) -> Reporter:
        """The reporter of mistakes."""
        return self.binder.reporter

    def lines(self, kind: type[LineT]) -> Sequence[tuple[LineT, tree.Line]]:
        """Return the lines of a kind, each with its statement."""
        return [
            (bound.line, bound.statement)
            for bound in self.bound
            if isinstance(bound.line, kind)
        ]

    def line(self, kind: type[LineT]) -> tuple[LineT, tree.Line] | None:
        """Return the line of a kind that stands once at most, with its statement."""
        found = self.lines(kind)
        return found[0] if found else None

    def required_line(self, kind: type[LineT]) -> tuple[LineT, tree.Line]:
        """Return the line of a kind that every such job has."""
        (found,) = self.lines(kind)
        return found


def words_of(lines: Iterable[type[SettingLine]]) -> frozenset[str]:
    """Every bare word that one of some lines takes."""
    words = {*COUNTS}
    forms = (form for line in lines for form in (line, *line.forms.values()))
    for line in forms:
        for parameter in parameters(line):
            words.update(parameter.kind.words)
    return universal_words() | words


class JobLines:
    """Binds the lines of one job or network, among those that it may have."""

    def __init__(
        self, reporter: Reporter, frame: Frame, lines: Iterable[type[SettingLine]]
    ) -> None:
        self.reporter = reporter
        self.binder = Binder(reporter)
        self.evaluator = Evaluator(words_of(lines))
        self.frame = frame

    def bind(
        self, line: tree.Line, declared: type[SettingLine], image: str = ""
    ) -> SettingLine:
        """Return the settings of a line; `image` is another key for its image."""
        braces = line.body is not None and not declared.takes_braces
        if braces or line.name is not None:
            raise Rejected(
                messages.misplaced(
                    line.span, "a name or braces", f"after `{declared.word}`"
                )
            )
        given = EvaluatedLine(line.word.text, line.word.span)
        for argument in line.arguments:
            value = Argument(self._value(argument.value, declared), argument.span)
            if argument.key is None:
                given.positional.append(_word_of_none(value, declared))
                continue
            key = "image" if argument.key.text == image else argument.key.text
            if key in given.keywords:
                raise Rejected(
                    messages.repeated_argument(
                        argument.span, declared.word, argument.key.text
                    )
                )
            given.keywords[key] = value
        take_every(given)
        if declared.gathers and given.positional:
            names = tuple(argument.value for argument in given.positional)
            given.positional = [replace(given.positional[0], value=names)]
        return self.binder.bind(take_form(declared, given), given, {}, None).layer

    def bind_as(self, line: tree.Line, declared: type[PlainT]) -> PlainT:
        """Return the settings of a line that has no forms."""
        bound = self.bind(line, declared)
        assert isinstance(bound, declared)
        return bound

    def _value(
        self, expression: tree.Expression, declared: type[SettingLine]
    ) -> Evaluated:
        name = expression.text if isinstance(expression, tree.Name) else ""
        if not name or name in self.frame.known():
            value: Evaluated = self.evaluator.evaluate(expression, self.frame)
            return value
        words = {w for p in parameters(declared) for w in p.kind.words}
        takes_names = declared.takes_names
        words |= set(declared.forms)
        if takes_names and name not in words:
            return name  # end points and features need no quotes
        return BareWord(name, place=expression.span)


def _word_of_none(given: Argument, declared: type[SettingLine]) -> Argument:
    """Return `none` as the word that the line's first argument takes, if it does."""
    if given.value is None and "none" in parameters(declared)[0].kind.words:
        return replace(given, value=BareWord("none", place=given.span))
    return given


def take_form(declared: type[SettingLine], line: EvaluatedLine) -> type[SettingLine]:
    """Return the form that the line's first argument picks, and take it off the line.

    An argument that picks no form and is no word stays alone, so that only it is reported.
    """
    if not declared.forms:
        return declared
    (choice,) = parameters(declared)
    given = line.keywords.pop(choice.name, None)
    if given is not None:
        line.positional.insert(0, given)
    try:
        form = declared.forms[str(choice.kind.coerce(line.positional[0].value))]
    except (IndexError, ArgumentError) as error:
        word = error.word if isinstance(error, ArgumentError) else ""
        if word:
            sort = f"kind of `{declared.word}`"
            hint = kind_advice(word, declared.forms)
            found = messages.unknown_word(
                line.positional[0].span, word, declared.forms, hint, sort
            )
            raise Rejected(found) from None
        line.positional, line.keywords = line.positional[:1], {}
        return declared
    del line.positional[0]
    line.word = f"{line.word} {form.form}"
    return form


def take_every(line: EvaluatedLine) -> None:
    """Turn `every 2.0 epochs` into `every=2.0 unit=epochs`, and `over` likewise."""
    for index, given in enumerate(line.positional):
        if isinstance(given.value, BareWord) and given.value.text in COUNTS:
            word = given.value.text
            found = line.positional[index + 1 : index + 3]
            if len(found) < 2:
                raise Rejected(
                    messages.missing_argument(
                        given.span, line.word, word, "a number and its unit"
                    )
                )
            line.keywords[word], line.keywords["unit"] = found
            del line.positional[index : index + 3]
            return


def settings_of(line: JobLine) -> tuple[Setting, ...]:
    """Return the numbers of a line as settings of the built file."""
    found = []
    for declared in parameters(line):
        kind, value = declared.kind, getattr(line, declared.name)
        if isinstance(kind, Optional | ListOf):
            kind = kind.item
        if value is None or not isinstance(kind, Real | Integer):
            continue
        name = line.renamed.get(declared.name, declared.name)
        text = line.texts.get(declared.name, declared.doc)
        low: float | None = kind.at_least
        if isinstance(kind, Real) and kind.above is not None:
            low = kind.above
        low = None if isinstance(value, tuple) else low
        found.append(Setting(name, value, text, low, kind.at_most))
    return tuple(found)


def key_span(statement: tree.Line, key: str) -> Span:
    """Return the span of the argument of this key; else that of the whole line."""
    for argument in statement.arguments:
        if argument.key is not None and argument.key.text == key:
            return argument.span
    return statement.span


def ignored_argument(statement: tree.Line, key: str, why: str) -> Diagnostic:
    """Report an argument of a line that nothing would read."""
    span = key_span(statement, key)
    return messages.without_meaning(span, statement.word.text, key, why)


def whole_steps(count: float, statement: tree.Line) -> int:
    """Return a number of steps as a whole number, or raise Rejected."""
    if count != int(count):
        where = f"`every` of `{statement.word.text}`"
        needed, found = "a whole number of steps", f"`{count:g}`"
        raise Rejected(messages.wrong_value(statement.span, where, needed, found))
    return int(count)
