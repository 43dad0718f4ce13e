"""How a job changes the variables, and at which rate."""

from dataclasses import replace
from typing import Any

from slimgen.elaborate.evaluated import describe
from slimgen.elaborate.jobs.lines import JobText, settings_of
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.learning_rate import (
    Fixed,
    LearningRate,
    Piecewise,
    Schedule,
    Warmup,
)
from slimgen.layers.jobs.optimizer import Momentum, Optimizer
from slimgen.messages import names as messages
from slimgen.syntax import tree

COUNTED = ("decay_every", "decay_over", "boundaries")  # in the schedule's unit


def read_optimizer(job: JobText) -> ir.Optimizer:
    """Return the rule by which gradients change variables."""
    said = job.one(Optimizer)
    rule: Any = Momentum() if said is None else said[0]
    return ir.Optimizer(
        rule.form,
        type(rule).__name__,
        settings_of(rule, rule.renamed),
        isinstance(rule, Momentum) and rule.nesterov,
    )


def read_learning_rate(job: JobText) -> ir.LearningRate:
    """Return the learning rate over the steps."""
    said = job.one(LearningRate)
    schedule: Any = Fixed() if said is None else said[0]
    if said is not None and isinstance(schedule, Piecewise):
        _check_boundaries(schedule, said[1])
    found = _rate(schedule)
    warmup = job.one(Warmup)
    if warmup is None:
        return found
    line, _ = warmup
    text = f"{line.unit} in which the learning rate rises; 0: none"
    length = ir.Setting("warmup", line.length, text, 0)
    return replace(found, settings=(*found.settings, length), warmup=line.unit)


def _rate(schedule: Schedule) -> ir.LearningRate:
    unit = getattr(schedule, "unit", "")
    settings = tuple(
        replace(one, text=f"{one.text}, in {unit}") if one.name in COUNTED else one
        for one in settings_of(schedule, schedule.renamed)
    )
    return ir.LearningRate(
        schedule.form,
        settings,
        unit,
        whole_run=getattr(schedule, "over", 0.0) is None,
        staircase=getattr(schedule, "staircase", True),
    )


def _check_boundaries(schedule: Piecewise, said: tree.Line) -> None:
    """Refuse boundaries that do not rise, or that are not one fewer than the rates."""
    boundaries = schedule.boundaries
    if len(boundaries) != len(schedule.rates) - 1 or not schedule.boundaries:
        needed = f"one boundary fewer than rates, so {max(len(schedule.rates) - 1, 1)}"
    elif list(boundaries) != sorted(set(boundaries)):
        needed = "numbers that rise"
    else:
        return
    raise Rejected(
        messages.wrong_value(
            said.span, "`boundaries` of `learning_rate`", needed, describe(boundaries)
        )
    )
