"""The rule by which a job changes the variables, and its rate."""

from dataclasses import replace

from slimgen.elaborate.evaluated import describe
from slimgen.elaborate.jobs.job_lines import JobText, settings_of
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.declaration import parameters
from slimgen.layers.jobs.learning_rate import USUAL_SCHEDULE, Schedule, WarmupLine
from slimgen.layers.jobs.optimizer import USUAL_RULE, OptimizerRule
from slimgen.messages import names as messages


def read_optimizer(job: JobText) -> ir.Optimizer:
    """Return the rule by which gradients change variables."""
    line = job.line(OptimizerRule)
    rule = line[0] if line else USUAL_RULE()
    flags = [p.name for p in parameters(rule) if getattr(rule, p.name) is True]
    return ir.Optimizer(rule.form, settings_of(rule), tuple(flags))


def read_learning_rate(job: JobText) -> ir.LearningRate:
    """Return the learning rate over the steps."""
    line = job.line(Schedule)
    schedule = line[0] if line else USUAL_SCHEDULE()
    if line is not None and (misfit := schedule.misfit()):
        where = f"`{misfit.argument}` of `learning_rate`"
        span, expected = line[1].span, misfit.expected
        value = describe(getattr(schedule, misfit.argument))
        raise Rejected(messages.wrong_value(span, where, expected, value))
    found = _rate(schedule)
    warmup = job.line(WarmupLine)
    if warmup is None:
        return found
    unit = warmup[0].unit
    text = f"{unit} in which the learning rate rises; 0: none"
    length = ir.Setting("warmup", warmup[0].length, text, 0)
    return replace(found, settings=(*found.settings, length), warmup=unit)


def _rate(schedule: Schedule) -> ir.LearningRate:
    unit = schedule.time_unit()
    counted = {schedule.renamed.get(name, name) for name in schedule.counted}
    settings = tuple(
        (
            replace(setting, text=f"{setting.text}, in {unit}")
            if setting.name in counted
            else setting
        )
        for setting in settings_of(schedule)
    )
    return ir.LearningRate(
        schedule.form,
        settings,
        unit,
        whole_run=schedule.falls_to_the_end(),
        staircase=schedule.falls_at_once(),
    )
