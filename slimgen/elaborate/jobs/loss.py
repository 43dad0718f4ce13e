"""What a job minimises."""

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slimgen.elaborate.jobs.lines import JobText, moot, place_of
from slimgen.elaborate.jobs.loss_targets import (
    Places,
    Unfit,
    read_target,
    read_weights,
)
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.ir.graph import Network, Value
from slimgen.layers.argument_types import ArgumentError
from slimgen.layers.declaration import TensorType
from slimgen.layers.functions import python_target
from slimgen.layers.jobs.data import Data
from slimgen.layers.jobs.loss import (
    CosineDistance,
    Loss,
    Python,
    Regularization,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

# Numbers of losses that are settings, and what they are.
NUMBERS = {
    "log_epsilon": "what keeps the logarithms from zero",
    "reg_lambda": "factor of the mean squared length of rows, halved",
    "margin": "how much further apart others are to be",
}
SMOOTHED = (SoftmaxCrossEntropy, SigmoidCrossEntropy)


def read_loss(job: JobText, data: ir.Data) -> ir.Loss:
    """Return the terms of the loss; softmax cross-entropy is that of an only output."""
    places = _places(job)
    outputs = dict(job.network.outputs)
    said = _said(job, outputs, places)
    settings: dict[str, ir.Setting] = {}
    _smoothing(said, settings)
    terms: list[ir.Term] = []
    for line, place in said:
        output, end = _output(job, line, place, outputs)
        target = read_target(line, place, output, data, places)
        _check_classes(terms, target, output, place)
        _check_axis(line, place, output)
        weights = read_weights(line, place, output, data)
        term = _term(line, place, settings)
        term = replace(term, target=target, end=end, weights=weights)
        term = _with_positive(job, line, place, term, output)
        name = _name(term, job.network, {one.name for one in terms})
        only = not end and len(outputs) == 1
        terms.append(replace(term, name=name, output="" if only else term.output))
    return _with_regularization(job, tuple(terms), settings)


def _places(job: JobText) -> Places:
    data = job.one(Data)
    assert data is not None  # every job has the line
    word, network = job.statement.word.text, job.statement.network.span
    return Places(word, network, data[1].word.span)


def _said(
    job: JobText, outputs: Mapping[str, Value], places: Places
) -> Sequence[tuple[Any, tree.Line | None]]:
    """Return the lines about outputs, and the one that an only output has without."""
    said: list[tuple[Any, tree.Line | None]] = [
        pair for pair in job.all(Loss) if not isinstance(pair[0], Regularization)
    ]
    if any(line.output is None or line.output in outputs for line, _ in said):
        return said
    if len(outputs) > 1:
        names = ", ".join(f"`{name}`" for name in outputs)
        doc = f"a line `loss KIND OUTPUT` about {names}"
        raise Unfit(messages.missing_argument(places.network, places.word, "loss", doc))
    return [(SoftmaxCrossEntropy(), None), *said]


def _with_regularization(
    job: JobText, terms: tuple[ir.Term, ...], settings: dict[str, ir.Setting]
) -> ir.Loss:
    regularization = 1.0
    for line, _ in job.all(Loss):
        if isinstance(line, Regularization):
            regularization = line.weight
    if regularization not in (0, 1):
        name = "regularization_weight"
        settings[name] = ir.Setting(
            name, regularization, "factor of the regularisers", 0
        )
    (_, first), *others = job.network.outputs
    return ir.Loss(
        terms,
        tuple(settings.values()),
        regularization,
        any(one.spec.regularizer is not None for one in job.network.variables),
        not others and first.type.rank == 2,
    )


def _smoothing(
    said: Sequence[tuple[Any, tree.Line | None]], settings: dict[str, ir.Setting]
) -> None:
    """Decide on the smoothing of labels: one for all terms, that of the first."""
    smoothed = [pair for pair in said if isinstance(pair[0], SMOOTHED)]
    for line, statement in smoothed[1:]:
        if line.label_smoothing and statement is not None:
            why = "that of the first such loss serves for all"
            raise Rejected(moot(statement, "label_smoothing", why))
    if smoothed:
        value = smoothed[0][0].label_smoothing
        text = "share of a label spread over all classes"
        settings["label_smoothing"] = ir.Setting("label_smoothing", value, text, 0, 1)


def _term(
    line: Any, said: tree.Line | None, settings: dict[str, ir.Setting]
) -> ir.Term:
    """Return a term without its target and its name."""
    output = line.output or ""
    stem = _identifier(output)
    weight = ""
    if line.weight != 1.0:
        text = f"factor of the loss of {output or 'the output'}"
        names = f"{stem or line.form}_weight", f"{stem or 'loss'}_{line.form}_weight"
        weight = _own(ir.Setting("", line.weight, text, 0), names, settings)
    options = "settings.label_smoothing" if isinstance(line, SMOOTHED) else ""
    for name, text in NUMBERS.items():
        if hasattr(line, name):
            names = name, f"{stem or line.form}_{name}"
            own = _own(ir.Setting("", getattr(line, name), text, 0), names, settings)
            options = f"settings.{own}"
    if isinstance(line, CosineDistance):
        options = repr(line.axis)
    function = _function(line, said) if isinstance(line, Python) and said else ""
    return ir.Term(
        line.form, "", ir.Target(""), output, False, weight, line.one_hot, options,
        function,
    )  # fmt: skip


def _identifier(output: str) -> str:
    """Return the name of an output as a part of a setting's."""
    stem = re.sub(r"\W+", "_", output, flags=re.ASCII).strip("_").lower()
    return f"loss_{stem}" if stem[:1].isdigit() else stem


def _own(
    setting: ir.Setting, names: tuple[str, str], settings: dict[str, ir.Setting]
) -> str:
    """Add a number of a term under the first of the names that is free."""
    numbered = (f"{names[1]}_{number}" for number in itertools.count(2))
    name = next(
        one
        for one in (*names, *itertools.islice(numbered, len(settings) + 1))
        if one not in settings
    )
    settings[name] = replace(setting, name=name)
    return name


def _name(term: ir.Term, network: Network, taken: Collection[str]) -> str:
    """Return what the progress calls a term: its output, as far as that tells it apart."""
    (output, value), *_ = network.outputs
    name = term.output or output or ("logits" if value.type.rank == 2 else "output")
    number = 1
    stem = name
    while name in taken or name == "regularization":
        name = f"{stem}_{term.loss}" if number == 1 else f"{stem}_{term.loss}_{number}"
        number += 1
    return name


def _function(line: Python, said: tree.Line) -> str:
    """Return the dotted name of a user's function."""
    try:
        return python_target(line.target)
    except ArgumentError:
        raise Rejected(
            messages.wrong_value(
                said.span, "`target` of `loss python`", '`"module:function"`',
                f"`{line.target}`",
            )
        ) from None  # fmt: skip


def _output(
    job: JobText, line: Any, said: tree.Line | None, outputs: Mapping[str, Value]
) -> tuple[TensorType, bool]:
    """Return what a term is over, and whether it is an end point."""
    if line.output in outputs:
        return outputs[line.output].type, False
    if line.output is None or said is None:
        if len(outputs) == 1:
            (value,) = outputs.values()
            return value.type, False
        assert said is not None
        doc = f"one of {', '.join(f'`{name}`' for name in outputs)}"
        raise Unfit(
            messages.missing_argument(said.span, f"loss {line.form}", "output", doc)
        )
    return _end_point(job, line.output, said.span).type, True


def _end_point(job: JobText, name: str, place: Span) -> Value:
    """Return the end point of a name; outputs are known too."""
    known = [*filter(None, dict(job.network.outputs)), *job.end_points]
    value = job.end_points[name].value if name in job.end_points else None
    if value is None:
        raise Unfit(messages.not_a_tensor(place, name, known))
    return value


def _with_positive(
    job: JobText, line: Any, said: tree.Line | None, term: ir.Term, output: TensorType
) -> ir.Term:
    """Add to a term the other output that it compares with."""
    name = getattr(line, "positive", "")
    if not name or said is None:
        return term
    outputs, place = dict(job.network.outputs), place_of(said, "positive")
    value = outputs.get(name) or _end_point(job, name, messages.value_of(place))
    if value.type != output:
        where = f"`positive` of `loss {line.form}`"
        needed = f"what has the shape of the output, {output}"
        raise Unfit(messages.wrong_value(place, where, needed, str(value.type)))
    only = len(outputs) == 1 and name in outputs
    end = name not in outputs
    return replace(term, positive="" if only else name, positive_end=end)


def _check_axis(line: Any, said: tree.Line | None, output: TensorType) -> None:
    """Refuse an axis that the output does not have."""
    if not isinstance(line, CosineDistance) or said is None:
        return
    if not -output.rank <= line.axis < output.rank:
        where, place = "`axis` of `loss cosine_distance`", place_of(said, "axis")
        needed = f"an axis of the output {output}, {-output.rank} to {output.rank - 1}"
        raise Unfit(messages.wrong_value(place, where, needed, str(line.axis)))


def _check_classes(
    terms: Sequence[ir.Term],
    target: ir.Target,
    output: TensorType,
    said: tree.Line | None,
) -> None:
    """Refuse a label that has fewer classes for one output than for another."""
    for term in terms:
        other = term.target
        if other.label != target.label or not other.classes or not target.classes:
            continue
        if other.classes != target.classes and said is not None:
            raise Unfit(
                messages.wrong_value(
                    said.span, "`loss`",
                    f"an output of {other.classes} classes, as the other with this label",
                    str(output),
                )
            )  # fmt: skip
