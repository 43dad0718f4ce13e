"""The run of a job: its length, its folder, what is written when."""

from dataclasses import replace

from slimgen.elaborate.jobs.job_lines import JobText, whole_steps
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.run import (
    CheckpointLine,
    DeterministicLine,
    DirectoryLine,
    LogLine,
    PrecisionLine,
    SeedLine,
    StepsLine,
    SummariesLine,
)

SUMMARY_STEPS = 100  # unless the line says it, as for a MonitoredTrainingSession


def read_run(job: JobText) -> ir.Run:
    """Return the settings of the run."""
    steps, _ = job.required_line(StepsLine)
    run = ir.Run(f"runs/{job.network.name}", steps.count)
    if directory := job.line(DirectoryLine):
        run = replace(run, directory=directory[0].path)
    if seed := job.line(SeedLine):
        run = replace(run, seed=seed[0].value)
    if deterministic := job.line(DeterministicLine):
        run = replace(run, deterministic=deterministic[0].value)
    if precision := job.line(PrecisionLine):
        line = precision[0]
        scale, growth = line.loss_scale, line.growth_steps
        run = replace(run, precision=line.kind, loss_scale=scale, growth_steps=growth)
    if (log := job.line(LogLine)) and log[0].every is not None:
        run = replace(run, log_steps=whole_steps(log[0].every, log[1]))
    return _checkpoints(job, _summaries(job, run))


def _summaries(job: JobText, run: ir.Run) -> ir.Run:
    found = job.line(SummariesLine)
    if found is None:
        return run
    line, statement = found
    steps = SUMMARY_STEPS if line.every is None else whole_steps(line.every, statement)
    return replace(run, summary_steps=steps, summary_images=line.images)


def _checkpoints(job: JobText, run: ir.Run) -> ir.Run:
    found = job.line(CheckpointLine)
    if found is None:
        return run
    line, statement = found
    run = replace(run, keep=line.keep, keep_hours=line.keep_hours or 0.0)
    if line.every is not None and line.unit == "steps":
        return replace(
            run, save_steps=whole_steps(line.every, statement), save_minutes=0.0
        )
    return run if line.every is None else replace(run, save_minutes=line.every)
