"""What a job minimises."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from slimgen.elaborate.jobs.lines import JobText, moot
from slimgen.elaborate.report import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.functions import python_target
from slimgen.layers.jobs.loss import (
    CosineDistance,
    LogLoss,
    Loss,
    Python,
    Regularization,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from slimgen.layers.kinds import KindError
from slimgen.messages import names as messages
from slimgen.syntax import tree

SMOOTHED = (SoftmaxCrossEntropy, SigmoidCrossEntropy)


def read_loss(job: JobText) -> ir.Loss:
    """Return the terms of the loss; softmax cross-entropy is that of the output."""
    said: Sequence[tuple[Any, tree.Line | None]] = [
        pair for pair in job.all(Loss) if not isinstance(pair[0], Regularization)
    ]
    if all(line.output is not None for line, _ in said):
        said = [(SoftmaxCrossEntropy(), None), *said]
    settings: dict[str, ir.Setting] = {}
    _smoothing(said, settings)
    terms = tuple(_term(job, line, statement, settings) for line, statement in said)
    regularization = 1.0
    for line, _ in job.all(Loss):
        if isinstance(line, Regularization):
            regularization = line.weight
    if regularization not in (0, 1):
        name = "regularization_weight"
        settings[name] = ir.Setting(
            name, regularization, "factor of the regularisers", 0
        )
    return ir.Loss(terms, tuple(settings.values()), regularization)


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
    job: JobText, line: Any, said: tree.Line | None, settings: dict[str, ir.Setting]
) -> ir.Term:
    if line.output is not None and said is not None:
        _check_output(job, line, said)
    output = line.output or ""
    weight = ""
    if line.weight != 1.0:
        weight = _free(output, line.form, settings)
        text = f"factor of the loss of {output or 'the output'}"
        settings[weight] = ir.Setting(weight, line.weight, text, 0)
    options = "settings.label_smoothing" if isinstance(line, SMOOTHED) else ""
    if isinstance(line, LogLoss):
        options = "settings.log_epsilon"
        text = "what keeps the logarithms from zero"
        settings["log_epsilon"] = ir.Setting("log_epsilon", line.log_epsilon, text, 0)
    elif isinstance(line, CosineDistance):
        options = repr(line.axis)
    function = _function(line, said) if isinstance(line, Python) and said else ""
    return ir.Term(line.form, output, weight, line.one_hot, options, function)


def _free(output: str, loss: str, settings: Mapping[str, ir.Setting]) -> str:
    """Return a name for the weight of a term that no other setting has."""
    stem = re.sub(r"\W+", "_", output, flags=re.ASCII).strip("_").lower()
    stem = f"loss_{stem}" if stem[:1].isdigit() else stem
    name = f"{stem or loss}_weight"
    return f"{stem}_{loss}_weight" if name in settings else name


def _function(line: Python, said: tree.Line) -> str:
    """Return the dotted name of a user's function."""
    try:
        return python_target(line.target)
    except KindError:
        raise Rejected(
            messages.wrong_value(
                said.span, "`target` of `loss python`", '`"module:function"`',
                f"`{line.target}`",
            )
        ) from None  # fmt: skip


def _check_output(job: JobText, line: Any, said: tree.Line) -> None:
    """Refuse a term over nothing, or over what the labels do not fit."""
    if line.output not in job.end_points:
        known = list(job.end_points)
        raise Rejected(messages.not_a_tensor(said.span, line.output, known))
    value = job.end_points[line.output].value
    output = job.network.outputs[0][1].type
    if value is not None and value.type != output and not isinstance(line, Python):
        raise Rejected(
            messages.wrong_value(
                said.span, "`loss`", f"logits {output}", str(value.type)
            )
        )
