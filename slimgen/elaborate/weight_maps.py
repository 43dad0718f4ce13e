"""Maps of weights: rules over a network's variables, and the proof that they are complete."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.elaborate.evaluated import Frame
from slimgen.elaborate.evaluator import Evaluator, Silent
from slimgen.elaborate.jobs.job_lines import JobLines
from slimgen.elaborate.name_patterns import (
    NTH,
    Captures,
    Pattern,
    PatternError,
    PatternFit,
    SourceName,
    read_pattern,
    read_source_name,
)
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.frozen import Frozen
from slimgen.ir.graph import NetworkVariable
from slimgen.ir.weight_map import MapEntry, Transform, WeightMap
from slimgen.layers.declaration import VariableSpec
from slimgen.layers.weight_lines import MAP_LINES, NewLine, RenameLine, WeightsLine
from slimgen.messages import names as messages
from slimgen.messages import weights as weight_messages
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.parser import parse_expression


class RenameRule(Frozen):
    """A line of a map; without a source, the variables that fit are new."""

    line: tree.Line
    pattern: Pattern
    source: SourceName | None = None
    transform: Transform = field(default_factory=Transform)

    @property
    def text(self) -> str:
        """The pattern as written."""
        return _string(self.line, 0)


class Rules(Frozen):
    """A `weights` statement as read, with the names that its expressions see."""

    statement: tree.Line
    format: str
    source: str
    rules: tuple[RenameRule, ...]
    frame: Frame


@dataclass
class Usage:
    """Rules that decided about a variable of some network, and those that did not."""

    used: set[Span] = field(default_factory=set)
    unused: dict[Span, Diagnostic] = field(default_factory=dict)

    def report(self, reporter: Reporter) -> None:
        """Report the rules that no network used."""
        for span, diagnostic in self.unused.items():
            if span not in self.used:
                reporter.report(diagnostic)


# Reading.


def read_rules(statement: tree.Line, lines: JobLines) -> Rules:
    """Return the rules of a `weights` statement, or report its mistakes and raise."""
    head = tree.Line(statement.span, statement.word, statement.groups, statement.name)
    weights = lines.bind_as(head, WeightsLine)
    if statement.body is None:
        raise Rejected(
            messages.missing_argument(
                statement.span, "weights", "rules", "between braces, one a line"
            )
        )
    rules: list[RenameRule] = []
    failed = False
    for line in statement.body.statements:
        try:
            rules.append(_rule(line, lines))
        except Rejected as rejected:
            failed = True
            if not isinstance(rejected, Silent):
                lines.reporter.report(rejected.diagnostic)
    if failed:
        raise Silent(statement.span)
    seen = {name: lines.frame.find(name) for name in lines.frame.known()}
    return Rules(
        statement, weights.format, weights.source, tuple(rules), Frame(names=seen)
    )


def _rule(line: tree.Statement, lines: JobLines) -> RenameRule:
    if not isinstance(line, tree.Line):
        called = f"`{line.span.text.split()[0]}`"
        raise Rejected(messages.misplaced(line.span, called, "in a map of weights"))
    word = line.word
    if word.text not in MAP_LINES:
        called = "line of a map of weights"
        raise Rejected(
            messages.unknown_word(word.span, word.text, list(MAP_LINES), what=called)
        )
    bound = lines.bind(line, MAP_LINES[word.text])
    index = 0
    try:
        if isinstance(bound, NewLine):
            return RenameRule(line, read_pattern(bound.pattern))
        assert isinstance(bound, RenameLine)
        pattern = read_pattern(bound.pattern)
        index = 1
        source = read_source_name(bound.source, pattern)
    except PatternError as error:
        raise Rejected(_bad_pattern(line, index, str(error))) from None
    transform = Transform(bound.slice, bound.reshape, bound.transpose)
    return RenameRule(line, pattern, source, transform)


def _bad_pattern(line: tree.Line, index: int, reason: str) -> Diagnostic:
    span = _argument(line, index).span
    return weight_messages.bad_pattern(span, _string(line, index), reason)


def _argument(line: tree.Line, index: int) -> tree.Argument:
    """The pattern (0) or the source's name (1) of a rule, with its key or without."""
    key = ("pattern", "source")[index]
    without = [argument for argument in line.arguments if argument.key is None]
    named = {a.key.text: a for a in line.arguments if a.key is not None}
    return named[key] if key in named else without[index]


def _string(line: tree.Line, index: int) -> str:
    value = _argument(line, index).value
    return value.value if isinstance(value, tree.String) else value.span.text


# Expanding.


def expand_rules(
    rules: Rules,
    variables: Iterable[NetworkVariable],
    root: str,
    usage: Usage,
    reporter: Reporter,
) -> WeightMap:
    """Return the map of a network's variables; report where it is no map."""
    expansion = _Expansion(rules, reporter)
    prefix = f"{root}/" if root else ""
    specs = {
        variable.name.removeprefix(prefix): variable.spec
        for variable in variables
        if variable.spec.saved
    }
    entries: list[MapEntry] = []
    left: list[str] = []
    for name, spec in specs.items():
        decided = expansion.decide(name)
        if decided is None:
            left.append(name)
            continue
        rule, source = decided
        if source is not None:
            expansion.check_shape(rule, name, spec)
            entries.append(MapEntry(prefix + name, source, rule.transform))
    if left:
        span = rules.statement.word.span
        called = f'`{rules.format} "{rules.source}"`'
        reporter.report(weight_messages.no_source(span, called, left))
    expansion.note_usage(usage, list(specs))
    unsaid = tuple(prefix + name for name in left)
    return WeightMap(rules.format, rules.source, tuple(entries), unsaid)


class _Expansion:
    """The rules of one map at work on the variables of one network, in order."""

    def __init__(self, rules: Rules, reporter: Reporter) -> None:
        self.rules = rules
        self.reporter = reporter
        self.evaluator = Evaluator(frozenset())
        self.counts: dict[tuple[int, tuple[int, ...]], int] = {}
        self.fitting: set[int] = set()
        self.deciding: set[int] = set()
        self.taken: dict[str, tuple[str, RenameRule]] = {}
        self.expressions: dict[str, tree.Expression | None] = {}

    def decide(self, name: str) -> tuple[RenameRule, str | None] | None:
        """Return the first rule that fits a variable, and its source if it has one."""
        decided: tuple[RenameRule, str | None] | None = None
        for index, rule in enumerate(self.rules.rules):
            fit = rule.pattern.fit(name)
            if fit is None:
                continue
            self.fitting.add(index)
            if decided is None:
                self.deciding.add(index)
                decided = rule, self._source(index, rule, fit)
                self._take(decided[1], name, rule)
        return decided

    def _source(self, index: int, rule: RenameRule, fit: PatternFit) -> str | None:
        """Return the name of a variable in the source; None where it is new, or has no value."""
        if rule.source is None:
            return None
        key = (index, fit.chosen)
        self.counts[key] = self.counts.get(key, 0) + 1
        parts = PatternFit({**fit.parts, NTH: self.counts[key]}, fit.chosen)
        try:
            return _checked(rule.source.name(parts, self._evaluate))
        except PatternError as error:
            self.reporter.report(_bad_pattern(rule.line, 1, str(error)))
            return None

    def _evaluate(self, text: str, parts: Captures) -> str:
        if text not in self.expressions:
            self.expressions[text] = parse_expression(
                f"({text})", "a name", Diagnostics()
            )
        expression = self.expressions[text]
        if expression is None:
            raise PatternError(f"`{{{text}}}` is no expression")
        frame = Frame(self.rules.frame, dict(parts))
        try:
            template = tree.Template(expression.span, (expression,))
            return self.evaluator.text(template, frame)
        except Rejected as rejected:
            raise PatternError(rejected.diagnostic.message) from None

    def _take(self, source: str | None, name: str, rule: RenameRule) -> None:
        """Report a source that is taken already, unless each takes a slice of its own."""
        if source is None:
            return
        first = self.taken.setdefault(source, (name, rule))
        shared = rule.transform.slice and first[1].transform.slice
        if first[0] == name or (
            shared and rule.transform.slice != first[1].transform.slice
        ):
            return
        span, other = (_argument(each.line, 1).span for each in (rule, first[1]))
        self.reporter.report(
            weight_messages.source_used_twice(span, source, (first[0], name), other)
        )

    def check_shape(self, rule: RenameRule, name: str, spec: VariableSpec) -> None:
        """Report a transform that cannot give the shape of a variable."""
        wrong = wrong_transform(rule.transform, spec.shape)
        if wrong is None:
            return
        key, found = wrong
        keyed = (a for a in rule.line.arguments if a.key is not None)
        span = next(a.span for a in keyed if a.key is not None and a.key.text == key)
        self.reporter.report(
            weight_messages.wrong_transform(span, key, name, spec.shape, found)
        )

    def note_usage(self, usage: Usage, names: Sequence[str]) -> None:
        """Keep which rules decided about a variable."""
        for index, rule in enumerate(self.rules.rules):
            span = rule.line.span
            if index in self.deciding:
                usage.used.add(span)
            else:
                usage.unused[span] = weight_messages.unused_rule(
                    span, rule.text, index in self.fitting, names
                )


def _checked(name: str) -> str:
    """Return a name that an expression is a part of, unless it would read as a pattern."""
    if "{" in name or "}" in name:
        raise PatternError("a name of a source holds no braces")
    return name


def wrong_transform(
    transform: Transform, shape: tuple[int, ...]
) -> tuple[str, str] | None:
    """Return the part of a transform that cannot give `shape`, and its result."""
    before = shape
    axes = transform.transpose
    if axes is not None:
        if sorted(axes) != list(range(len(shape))):
            return "transpose", f"the axes {list(axes)}"
        before = tuple(shape[axes.index(axis)] for axis in range(len(shape)))
    sizes = transform.reshape
    if sizes is not None:
        fits = len(sizes) == len(before) and sizes.count(-1) <= 1
        if not fits or any(
            s not in (-1, b) for s, b in zip(sizes, before, strict=True)
        ):
            return "reshape", str(list(sizes))
        return None  # a slice before it may have any shape of that size
    return _wrong_slice(transform, before)


def _wrong_slice(
    transform: Transform, before: tuple[int, ...]
) -> tuple[str, str] | None:
    """A slice that leaves another number of places along an axis than the variable has."""
    lengths = [_length(bounds) for bounds in transform.slice or ()]
    given = [
        size if length is None else length
        for length, size in zip(lengths, before, strict=False)
    ]
    if len(lengths) > len(before) or given != list(before[: len(given)]):
        shown = ", ".join("?" if n is None else str(n) for n in lengths)
        return "slice", f"[{shown}]"
    return None


def _length(bounds: tuple[int | None, ...] | None) -> int | None:
    """How many places a slice leaves of an axis; None where that depends on the source."""
    first, end, step = (*(bounds or (None, None)), None)[:3]
    if step == 0:
        return 0
    if first is None or end is None or (first < 0) != (end < 0):
        return None
    return len(range(first, end, step or 1))
