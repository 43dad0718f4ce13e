"""The loss that a job minimises."""

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from slimgen.elaborate.evaluated import describe
from slimgen.elaborate.jobs.job_lines import JobText, key_span, settings_of
from slimgen.elaborate.jobs.loss_targets import (
    BlamedSpans,
    Unfit,
    items_of,
    read_target,
    read_weights,
)
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.ir.graph import Network, Value
from slimgen.layers.argument_types import ArgumentError
from slimgen.layers.declaration import TensorType
from slimgen.layers.functions import python_target
from slimgen.layers.jobs.data import DataLine
from slimgen.layers.jobs.loss import USUAL_LOSS, LossKind, Regularization
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

Statement = tree.Line | None
"""The line of a term; None for the term that an only output has without a line."""


def read_loss(job: JobText, data: ir.Data) -> ir.Loss:
    """Return the terms of the loss; softmax cross-entropy is that of an only output."""
    spans = _blamed_spans(job)
    outputs = dict(job.network.outputs)
    lines = _term_lines(job, outputs, spans)
    items = items_of(data, job.network)
    settings: dict[str, ir.Setting] = {}
    _shared_settings(lines, settings)
    terms: list[ir.Term] = []
    for line, statement in lines:
        output, end = _output(job, line, statement, outputs)
        target = read_target(line, statement, output, items, spans)
        _check_classes(terms, target, output, statement)
        _check_arguments(line, statement, output)
        weights = read_weights(line, statement, output, items)
        term = _term(line, statement, settings)
        term = replace(term, target=target, end=end, weights=weights)
        term = _with_positive(job, line, statement, term, output)
        name = _name(term, job.network, {other.name for other in terms})
        only = not end and len(outputs) == 1
        terms.append(replace(term, name=name, output="" if only else term.output))
    return _with_regularization(job, tuple(terms), settings)


def _blamed_spans(job: JobText) -> BlamedSpans:
    word, network = job.statement.word.text, job.statement.network.span
    return BlamedSpans(word, network, job.required_line(DataLine)[1].word.span)


def _term_lines(
    job: JobText, outputs: Mapping[str, Value], spans: BlamedSpans
) -> Sequence[tuple[LossKind, Statement]]:
    """Return the lines about outputs, and the term that an only output has without one."""
    lines: list[tuple[LossKind, Statement]] = [*job.lines(LossKind)]
    if any(line.output is None or line.output in outputs for line, _ in lines):
        return lines
    if len(outputs) > 1:
        names = ", ".join(f"`{name}`" for name in outputs)
        doc = f"a line `loss KIND OUTPUT` about {names}"
        raise Unfit(messages.missing_argument(spans.network, spans.word, "loss", doc))
    return [(USUAL_LOSS(), None), *lines]


def _with_regularization(
    job: JobText, terms: tuple[ir.Term, ...], settings: dict[str, ir.Setting]
) -> ir.Loss:
    line = job.line(Regularization)
    regularization = line[0].weight if line else 1.0
    if regularization not in (0, 1):
        name, text = "regularization_weight", "factor of the regularisers"
        settings[name] = ir.Setting(name, regularization, text, 0)
    (_, first), *others = job.network.outputs
    return ir.Loss(
        terms,
        tuple(settings.values()),
        regularization,
        any(made.spec.regularizer is not None for made in job.network.variables),
        not others and first.type.rank == 2,
    )


def _shared_settings(
    lines: Sequence[tuple[LossKind, Statement]], settings: dict[str, ir.Setting]
) -> None:
    """Add the settings that all terms share: the value is that of the first such line."""
    for line, statement in lines:
        for setting in _settings(line):
            if setting.name not in line.shared:
                continue
            if setting.name not in settings:
                settings[setting.name] = setting
            elif setting.value and statement is not None:
                why = "that of the first such loss serves for all"
                raise Rejected(
                    messages.without_meaning(
                        key_span(statement, setting.name),
                        statement.word.text,
                        setting.name,
                        why,
                    )
                )


def _settings(line: LossKind) -> list[ir.Setting]:
    """Return the arguments of a term that the built file has as settings."""
    others = ("weight", *line.constants)
    return [number for number in settings_of(line) if number.name not in others]


def _term(
    line: LossKind, statement: Statement, settings: dict[str, ir.Setting]
) -> ir.Term:
    """Return a term without its target and its name."""
    output = line.output or ""
    stem = _identifier(output)
    weight = ""
    if line.weight != 1.0:
        text = f"factor of the loss of {output or 'the output'}"
        names = f"{stem or line.form}_weight", f"{stem or 'loss'}_{line.form}_weight"
        weight = _own(ir.Setting("", line.weight, text, 0), names, settings)
    arguments = []
    for setting in _settings(line):
        name, value = setting.name, setting.value
        assert not isinstance(value, tuple)  # a loss has single numbers
        own = name
        if name not in line.shared:
            own = _own(setting, (name, f"{stem or line.form}_{name}"), settings)
        arguments.append(ir.LossArgument(name, value, own))
    arguments += [ir.LossArgument(name, getattr(line, name)) for name in line.constants]
    return ir.Term(
        line.form,
        "",
        ir.Target(""),
        output,
        weight=weight,
        arguments=tuple(arguments),
        function=_function(line, statement),
    )


def _identifier(output: str) -> str:
    """Return the name of an output as a part of a setting's."""
    stem = re.sub(r"\W+", "_", output, flags=re.ASCII).strip("_").lower()
    return f"loss_{stem}" if stem[:1].isdigit() else stem


def _own(
    setting: ir.Setting, names: tuple[str, str], settings: dict[str, ir.Setting]
) -> str:
    """Add a number of a term under the first of the names that is free."""
    numbered = (f"{names[1]}_{number}" for number in itertools.count(2))
    free = (name for name in itertools.chain(names, numbered) if name not in settings)
    name = next(free)
    settings[name] = replace(setting, name=name)
    return name


def _name(term: ir.Term, network: Network, taken: Collection[str]) -> str:
    """Return a term's name in the progress: its output, as far as that tells it apart."""
    (output, value), *_ = network.outputs
    name = term.output or output or ("logits" if value.type.rank == 2 else "output")
    number = 1
    stem = name
    while name in taken or name == "regularization":
        name = f"{stem}_{term.loss}" if number == 1 else f"{stem}_{term.loss}_{number}"
        number += 1
    return name


def _function(line: LossKind, statement: Statement) -> str:
    """Return the user's function of a term, if it has the form of one."""
    function = line.user_function()
    if not function or statement is None:
        return ""
    try:
        python_target(function)
    except ArgumentError:
        where = f"`target` of `loss {line.form}`"
        needed = '`"module:function"`'
        raise Rejected(
            messages.wrong_value(statement.span, where, needed, f"`{function}`")
        ) from None
    return function


def _output(
    job: JobText, line: LossKind, statement: Statement, outputs: Mapping[str, Value]
) -> tuple[TensorType, bool]:
    """Return the type of a term's output, and whether it is an end point."""
    if line.output is not None and line.output in outputs:
        return outputs[line.output].type, False
    if line.output is None or statement is None:
        if len(outputs) == 1:
            (value,) = outputs.values()
            return value.type, False
        assert statement is not None
        doc = f"one of {', '.join(f'`{name}`' for name in outputs)}"
        where = f"loss {line.form}"
        raise Unfit(messages.missing_argument(statement.span, where, "output", doc))
    return _end_point(job, line.output, statement.span).type, True


def _end_point(job: JobText, name: str, span: Span) -> Value:
    """Return the end point of a name; a suggestion may be an output too."""
    known = [*filter(None, dict(job.network.outputs)), *job.end_points]
    value = job.end_points[name].value if name in job.end_points else None
    if value is None:
        raise Unfit(messages.not_a_tensor(span, name, known))
    return value


def _with_positive(
    job: JobText,
    line: LossKind,
    statement: Statement,
    term: ir.Term,
    output: TensorType,
) -> ir.Term:
    """Add to a term the other output that it compares with."""
    name = line.other_output()
    if not name or statement is None:
        return term
    outputs, span = dict(job.network.outputs), key_span(statement, "positive")
    value = outputs.get(name) or _end_point(job, name, messages.value_of(span))
    if value.type != output:
        where = f"`positive` of `loss {line.form}`"
        needed = f"what has the shape of the output, {output}"
        raise Unfit(messages.wrong_value(span, where, needed, str(value.type)))
    only = len(outputs) == 1 and name in outputs
    end = name not in outputs
    return replace(term, positive="" if only else name, positive_end=end)


def _check_arguments(line: LossKind, statement: Statement, output: TensorType) -> None:
    """Refuse an argument that the output does not allow."""
    misfit = line.misfit(output)
    if misfit is not None and statement is not None:
        where = f"`{misfit.argument}` of `loss {line.form}`"
        span = key_span(statement, misfit.argument)
        found = describe(getattr(line, misfit.argument))
        raise Unfit(messages.wrong_value(span, where, misfit.expected, found))


def _check_classes(
    terms: Sequence[ir.Term],
    target: ir.Target,
    output: TensorType,
    statement: Statement,
) -> None:
    """Refuse a label that has fewer classes for one output than for another."""
    for other in (term.target for term in terms):
        if other.label != target.label or not other.classes or not target.classes:
            continue
        if other.classes != target.classes and statement is not None:
            classes = f"an output of {other.classes} classes"
            needed = f"{classes}, as the other with this label"
            raise Unfit(
                messages.wrong_value(statement.span, "`loss`", needed, str(output))
            )
