"""A `train` job: its lines to settings, part by part."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.jobs.augment import check_mixed, read_augment
from slimgen.elaborate.jobs.data import read_data
from slimgen.elaborate.jobs.gradients import read_gradients
from slimgen.elaborate.jobs.images import check_images, preprocessing, warn_of_ranges
from slimgen.elaborate.jobs.initial import read_initial
from slimgen.elaborate.jobs.job_lines import JobText
from slimgen.elaborate.jobs.loss import read_loss
from slimgen.elaborate.jobs.loss_targets import (
    Unfit,
    sizes_of,
    with_compared_inputs,
    with_sizes,
)
from slimgen.elaborate.jobs.optimizer import read_learning_rate, read_optimizer
from slimgen.elaborate.jobs.run import read_run
from slimgen.elaborate.rejection import Rejected
from slimgen.ir.jobs import Loss, Preprocessing, Train
from slimgen.layers.declaration import TensorType
from slimgen.layers.jobs.images import PreprocessLine

PartT = TypeVar("PartT")


def read_train(job: JobText) -> Train | None:
    """Return the settings of a `train` job, or None after errors."""
    before = job.reporter.found
    augment = _read(read_augment, job)
    data = _read(read_data, job)
    optimizer = _read(read_optimizer, job)
    rate = _read(read_learning_rate, job)
    gradients = _read(read_gradients, job)
    run = _read(read_run, job)
    initial = _read(read_initial, job)
    preprocess = _read(_read_preprocess, job)
    loss = None if data is None else _read(partial(read_loss, data=data), job)
    if augment is None or data is None or loss is None or optimizer is None:
        return None
    if rate is None or gradients is None or run is None or initial is None:
        return None
    if job.reporter.found > before:
        return None
    check_mixed(job, loss)
    data = with_compared_inputs(data, loss)
    data = with_sizes(data, sizes_of(loss, _outputs(job, loss)))
    warn_of_ranges(job, data, loss)
    return Train(
        job.network.name,
        data,
        loss,
        optimizer,
        rate,
        gradients,
        run,
        preprocess,
        augment,
        initial,
    )


def _outputs(job: JobText, loss: Loss) -> list[TensorType]:
    """Return the type of each term's output."""
    found = []
    for term in loss.terms:
        values = dict(job.network.outputs)
        if len(values) == 1:
            values[""] = job.network.outputs[0][1]
        value = job.end_points[term.output].value if term.end else values[term.output]
        assert value is not None  # else the term was refused
        found.append(value.type)
    return found


def _read(part: Callable[[JobText], PartT], job: JobText) -> PartT | None:
    """Read a part of a job; report a mistake in it."""
    try:
        return part(job)
    except Unfit:
        raise
    except Rejected as rejected:
        if not isinstance(rejected, Silent):
            job.reporter.report(rejected.diagnostic)
        return None


def _read_preprocess(job: JobText) -> Preprocessing | None:
    """Return the job's own preprocessing, in place of the network's."""
    line = job.line(PreprocessLine)
    if line is None:
        return None
    found = preprocessing(*line)
    check_images(found, line[1], [i.value for i in job.network.inputs], True)
    return found
