"""The variables of a job that move, and the changes to their gradients."""

import re

from slimgen.elaborate.jobs.job_lines import JobText
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.variable_names import check_names, named_variables
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.data import BatchLine
from slimgen.layers.jobs.gradients import (
    AccumulateLine,
    AverageLine,
    ClipLine,
    FreezeLine,
    MultiplyGradientsLine,
    StillLine,
    TrainOnlyLine,
)
from slimgen.messages import names as messages
from slimgen.syntax import tree

HELD = "held"


def read_gradients(job: JobText) -> ir.Gradients:
    """Return the changes to gradients, and the variables that move."""
    clip, clipped = _clip(job)
    multipliers, factors = _multipliers(job)
    parts, average = _accumulate(job), job.line(AverageLine)
    settings = [*factors, *clipped]
    if parts > 1:
        text = "parts in which a batch is worked through"
        settings.append(ir.Setting("accumulate", parts, text, 1))
    if average:
        text = "decay of the averages of the weights"
        settings.append(ir.Setting("average_decay", average[0].decay, text, 0, 1))
    freeze, only = job.line(FreezeLine), job.line(TrainOnlyLine)
    still = job.lines(StillLine)
    for line, statement in still:
        check_names(job.network, line.names, statement)
    _refuse_nothing_to_train(job, freeze, only)
    return ir.Gradients(
        tuple(settings),
        clip,
        multipliers,
        parts,
        average is not None,
        freeze[0].names if freeze else (),
        only[0].names if only else (),
        any(line.batch_norm == HELD for line, _ in still),
    )


def _refuse_nothing_to_train(
    job: JobText,
    freeze: tuple[FreezeLine, tree.Line] | None,
    only: tuple[TrainOnlyLine, tree.Line] | None,
) -> None:
    """Refuse a job whose lines keep every variable of the network as it is."""
    trained = {v.name for v in job.network.variables if v.spec.trainable}
    if only:
        trained &= {*named_variables(job.network, only[0].names)}
    if freeze:
        trained -= {*named_variables(job.network, freeze[0].names)}
    last = freeze or only
    if last and not trained:
        raise Rejected(
            messages.wrong_value(
                last[1].span,
                "the job",
                "a variable that it trains",
                "none: all are frozen",
            )
        )


def _clip(job: JobText) -> tuple[str, list[ir.Setting]]:
    found = job.line(ClipLine)
    if found is None:
        return "", []
    line, statement = found
    texts = {
        "norm": "greatest length of a gradient",
        "global_norm": "greatest length of all gradients together",
        "value": "greatest magnitude of a number in a gradient",
    }
    given = [name for name in texts if getattr(line, name) is not None]
    if len(given) != 1:
        needed = "one of `norm`, `global_norm` and `value`"
        names = " and ".join(f"`{name}`" for name in given) or "none"
        raise Rejected(messages.wrong_value(statement.span, "`clip`", needed, names))
    (name,) = given
    return name, [ir.Setting(f"clip_{name}", getattr(line, name), texts[name], 0)]


def _multipliers(job: JobText) -> tuple[tuple[tuple[str, str], ...], list[ir.Setting]]:
    """Return pairs of scope and setting, and the settings."""
    pairs: list[tuple[str, str]] = []
    settings: list[ir.Setting] = []
    for line, statement in job.lines(MultiplyGradientsLine):
        check_names(job.network, [line.scope], statement)
        stem = re.sub(r"\W+", "_", line.scope, flags=re.ASCII).strip("_").lower()
        name = f"{stem}_multiplier" if stem else "multiplier"
        if name in [setting for _, setting in pairs]:
            name = f"{name}_{len(pairs) + 1}"
        if name[0].isdigit():
            name = f"scope_{name}"
        pairs.append((line.scope, name))
        text = f"factor of the gradients of {line.scope}"
        settings.append(ir.Setting(name, line.factor, text))
    return tuple(pairs), settings


def _accumulate(job: JobText) -> int:
    found, batch = job.line(AccumulateLine), job.line(BatchLine)
    if found is None:
        return 1
    line, statement = found
    size = batch[0].size if batch else ir.BATCH
    if size % line.parts:
        needed, where = f"a divisor of the batch of {size}", "`accumulate`"
        number = str(line.parts)
        raise Rejected(messages.wrong_value(statement.span, where, needed, number))
    return line.parts
