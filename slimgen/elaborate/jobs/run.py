"""The run of a job: its length, its folder, what is written when."""

from dataclasses import replace

from slimgen.elaborate.jobs.lines import JobText, whole
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.run import (
    Checkpoint,
    Deterministic,
    Directory,
    Log,
    Precision,
    Seed,
    Steps,
    Summaries,
)

SUMMARY_STEPS = 100  # unless the line says it, as for a MonitoredTrainingSession


def read_run(job: JobText) -> ir.Run:
    """Return the settings of the run."""
    steps = job.one(Steps)
    assert steps is not None  # every job has the line
    run = ir.Run(f"runs/{job.network.name}", steps[0].count)
    if directory := job.one(Directory):
        run = replace(run, directory=directory[0].path)
    if seed := job.one(Seed):
        run = replace(run, seed=seed[0].value)
    if said := job.one(Deterministic):
        run = replace(run, deterministic=said[0].value)
    if precision := job.one(Precision):
        line = precision[0]
        run = replace(
            run, precision=line.kind, loss_scale=line.loss_scale,
            growth_steps=line.growth_steps,
        )  # fmt: skip
    if (log := job.one(Log)) and log[0].every is not None:
        run = replace(run, log_steps=whole(log[0].every, log[1]))
    return _checkpoints(job, _summaries(job, run))


def _summaries(job: JobText, run: ir.Run) -> ir.Run:
    found = job.one(Summaries)
    if found is None:
        return run
    line, said = found
    steps = SUMMARY_STEPS if line.every is None else whole(line.every, said)
    return replace(run, summary_steps=steps, summary_images=line.images)


def _checkpoints(job: JobText, run: ir.Run) -> ir.Run:
    found = job.one(Checkpoint)
    if found is None:
        return run
    line, said = found
    run = replace(run, keep=line.keep, keep_hours=line.keep_hours or 0.0)
    if line.every is not None and line.unit == "steps":
        return replace(run, save_steps=whole(line.every, said), save_minutes=0.0)
    return run if line.every is None else replace(run, save_minutes=line.every)
