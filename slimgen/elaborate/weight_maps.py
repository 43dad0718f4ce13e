"""Maps of weights: rules over a network's variables, and the proof that they are complete."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

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
from slimgen.layers.declaration import VariableSpec, parameters
from slimgen.layers.setting_line import SettingLine
from slimgen.layers.weight_lines import (
    MAP_LINES,
    IgnoreLine,
    NewLine,
    RenameLine,
    WeightsLine,
)
from slimgen.messages import names as messages
from slimgen.messages import weights as weight_messages
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.parser import parse_expression
from slimgen.syntax.tree_nodes import nodes_of


class RenameRule(Frozen):
    """A line of a map; without a source, the variables that fit are new.

    Attributes:
        settings: The changes of the value, where they read no part of the pattern.
    """

    line: tree.Line
    pattern: Pattern
    source: SourceName | None = None
    settings: RenameLine | None = None

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
    ignored: tuple[str, ...] = ()


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
    ignored: list[str] = []
    failed = False
    for line in statement.body.statements:
        try:
            found = _rule(line, lines)
            if isinstance(found, str):
                ignored.append(found)
            else:
                rules.append(found)
        except Rejected as rejected:
            failed = True
            if not isinstance(rejected, Silent):
                lines.reporter.report(rejected.diagnostic)
    if failed:
        raise Silent(statement.span)
    seen = {name: lines.frame.find(name) for name in lines.frame.known()}
    return Rules(
        statement,
        weights.format,
        weights.source,
        tuple(rules),
        Frame(names=seen),
        tuple(ignored),
    )


def _rule(line: tree.Statement, lines: JobLines) -> RenameRule | str:
    """Return a rule about variables, or the pattern of a line `ignore`."""
    if not isinstance(line, tree.Line):
        called = f"`{line.span.text.split()[0]}`"
        raise Rejected(messages.misplaced(line.span, called, "in a map of weights"))
    word = line.word
    if word.text not in MAP_LINES:
        called = "line of a map of weights"
        raise Rejected(
            messages.unknown_word(word.span, word.text, list(MAP_LINES), what=called)
        )
    declared = MAP_LINES[word.text]
    names = lines.bind(_without_changes(line, declared), declared)
    index = 0
    try:
        if isinstance(names, IgnoreLine):
            read_pattern(names.pattern)
            return names.pattern
        if isinstance(names, NewLine):
            return RenameRule(line, read_pattern(names.pattern))
        assert isinstance(names, RenameLine)
        pattern = read_pattern(names.pattern)
        index = 1
        source = read_source_name(names.source, pattern)
    except PatternError as error:
        raise Rejected(_bad_pattern(line, index, str(error))) from None
    if _reads(line, {*pattern.captures, *pattern.labels}):
        return RenameRule(line, pattern, source)
    return RenameRule(line, pattern, source, lines.bind_as(line, RenameLine))


def _without_changes(line: tree.Line, declared: type[SettingLine]) -> tree.Line:
    """A rule without the arguments in which the parts of its pattern are names."""
    changes = {one.name for one in parameters(declared) if not one.positional}
    groups = tuple(
        tuple(
            argument
            for argument in group
            if argument.key is None or argument.key.text not in changes
        )
        for group in line.groups
    )
    return replace(line, groups=groups)


def _reads(line: tree.Line, names: set[str]) -> bool:
    """True if an argument with a key reads one of some names."""
    keyed = [argument.value for argument in line.arguments if argument.key is not None]
    return any(
        isinstance(node, tree.Name) and node.text in names for node in nodes_of(keyed)
    )


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
        if decided.rule.source is None:
            continue
        transform = expansion.transform(decided, spec)
        if decided.source is not None and transform is not None:
            expansion.take(decided, transform, decided.source)
            expansion.check_shape(decided, transform, spec)
            entries.append(MapEntry(prefix + name, decided.source, transform))
    if left:
        span = rules.statement.word.span
        called = f'`{rules.format} "{rules.source}"`'
        reporter.report(weight_messages.no_source(span, called, left))
    expansion.note_usage(usage, list(specs))
    unsaid = tuple(prefix + name for name in left)
    return WeightMap(rules.format, rules.source, tuple(entries), rules.ignored, unsaid)


class Decided(Frozen):
    """The rule that decides about a variable, and what it says.

    Attributes:
        parts: The parts of the pattern, which are names in the rule.
        source: None where the variable is new, or its name has no value.
    """

    name: str
    rule: RenameRule
    parts: Captures
    source: str | None


class _Expansion:
    """The rules of one map at work on the variables of one network, in order."""

    def __init__(self, rules: Rules, reporter: Reporter) -> None:
        self.rules = rules
        self.reporter = reporter
        self.evaluator = Evaluator(frozenset())
        self.counts: dict[tuple[int, tuple[int, ...]], int] = {}
        self.fitting: set[int] = set()
        self.deciding: set[int] = set()
        self.taken: dict[str, tuple[Decided, Transform]] = {}
        self.expressions: dict[str, tree.Expression | None] = {}

    def decide(self, name: str) -> Decided | None:
        """Return what the first rule that fits a variable says about it."""
        decided: Decided | None = None
        for index, rule in enumerate(self.rules.rules):
            fit = rule.pattern.fit(name)
            if fit is None:
                continue
            self.fitting.add(index)
            if decided is None:
                self.deciding.add(index)
                parts = self._parts(index, rule, fit)
                decided = Decided(name, rule, parts, self._source(rule, fit, parts))
        return decided

    def _parts(self, index: int, rule: RenameRule, fit: PatternFit) -> Captures:
        """Return the parts of a name that fits, with its number among those of the rule."""
        if rule.source is None:
            return fit.parts
        key = (index, fit.chosen)
        self.counts[key] = self.counts.get(key, 0) + 1
        return {**fit.parts, NTH: self.counts[key]}

    def _source(self, rule: RenameRule, fit: PatternFit, parts: Captures) -> str | None:
        """Return the name of a variable in the source; None where it is new, or has no value."""
        if rule.source is None:
            return None
        try:
            named = PatternFit(parts, fit.chosen)
            return _checked(rule.source.name(named, self._evaluate))
        except PatternError as error:
            self.reporter.report(_bad_pattern(rule.line, 1, str(error)))
            return None

    def transform(self, decided: Decided, spec: VariableSpec) -> Transform | None:
        """Return the changes of a variable's value; None where they have a mistake."""
        rule = decided.rule
        settings = rule.settings
        if settings is None:
            frame = Frame(self.rules.frame, dict(decided.parts))
            lines = JobLines(self.reporter, frame, ())
            try:
                settings = lines.bind_as(rule.line, RenameLine)
            except Rejected as rejected:
                if not isinstance(rejected, Silent):
                    self.reporter.report(rejected.diagnostic)
                return None
        reshape = settings.reshape
        if isinstance(reshape, str):
            reshape = _untransposed(spec.shape, settings.transpose)
        return Transform(settings.slice, reshape, settings.transpose)

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

    def take(self, decided: Decided, transform: Transform, source: str) -> None:
        """Report a source that is taken already, unless each takes a slice of its own."""
        first, other = self.taken.setdefault(source, (decided, transform))
        shared = transform.slice and other.slice and transform.slice != other.slice
        if first.name == decided.name or shared:
            return
        span, before = (_argument(each.rule.line, 1).span for each in (decided, first))
        names = first.name, decided.name
        self.reporter.report(
            weight_messages.source_used_twice(span, source, names, before)
        )

    def check_shape(
        self, decided: Decided, transform: Transform, spec: VariableSpec
    ) -> None:
        """Report a transform that cannot give the shape of a variable."""
        wrong = wrong_transform(transform, spec.shape)
        if wrong is None:
            return
        key, found = wrong
        keyed = (a for a in decided.rule.line.arguments if a.key is not None)
        span = next(a.span for a in keyed if a.key is not None and a.key.text == key)
        self.reporter.report(
            weight_messages.wrong_transform(span, key, decided.name, spec.shape, found)
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


def _untransposed(
    shape: tuple[int, ...], axes: tuple[int, ...] | None
) -> tuple[int, ...]:
    """Return the shape that a transposition turns into `shape`."""
    if axes is None or sorted(axes) != list(range(len(shape))):
        return shape
    return tuple(shape[axes.index(axis)] for axis in range(len(shape)))


def wrong_transform(
    transform: Transform, shape: tuple[int, ...]
) -> tuple[str, str] | None:
    """Return the part of a transform that cannot give `shape`, and its result."""
    before = shape
    axes = transform.transpose
    if axes is not None:
        if sorted(axes) != list(range(len(shape))):
            return "transpose", f"the axes {list(axes)}"
        before = _untransposed(shape, axes)
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
