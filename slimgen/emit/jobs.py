"""The jobs of an emitted file: one of each kind, and the parts of the file that they need."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.frozen import Frozen
from slimgen.ir.jobs import Evaluate, Job, Train, assert_never

# In order of the file; templates of Jinja stand beside modules of the library.
TRAIN_SECTIONS = (
    "runtime/training/settings.py",
    "train/settings",
    "train/reading",
    "runtime/training/losses.py",
    "runtime/training/optimizers.py",
    "runtime/training/precision.py",
    "runtime/training/steps.py",
    "train/loss",
    "runtime/training/records.py",
    "runtime/training/record_files.py",
    "runtime/training/augment.py",
    "runtime/training/skipping.py",
    "runtime/training/run.py",
    "runtime/training/folder.py",
    "runtime/training/summaries.py",
    "runtime/training/evaluation.py",
    "runtime/training/moving_averages.py",
    "runtime/training/commands.py",
)


class FileJobs(Frozen):
    """The jobs of one file by kind; None: the file has no job of that kind."""

    train: Train | None = None
    evaluate: Evaluate | None = None


def file_jobs(jobs: Sequence[Job]) -> FileJobs:
    """Sort the jobs of a graph by kind."""
    found = FileJobs()
    for job in jobs:
        match job:
            case Train():
                found = replace(found, train=job)
            case Evaluate():
                found = replace(found, evaluate=job)
            case _:
                assert_never(job)
    return found


class Needs(Frozen):
    """The parts of a file's common code that a job needs.

    Attributes:
        in_16_bits: Layers may compute in 16 bits.
        holds_batch_norm: Batch norm of frozen scopes may use its moving averages.
        user_functions: The user's functions that the job calls, as `module:function`.
        sections: Its sections in order: modules of the library end with `.py`, others are
            templates.
    """

    in_16_bits: bool = False
    holds_batch_norm: bool = False
    user_functions: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def needs_own_network(job: Job) -> bool:
    """Return whether a job changes code of the network, so that its file stays whole."""
    needs = needs_of(job)
    boxes = isinstance(job, Train) and bool(job.data.boxes)
    return needs.in_16_bits or needs.holds_batch_norm or boxes


def needs_of(job: Job) -> Needs:
    """Return the parts of a file's common code that a job needs."""
    match job:
        case Train():
            functions = (term.function for term in job.loss.terms if term.function)
            in_16_bits, held = bool(job.run.precision), job.gradients.held
            needs = Needs(in_16_bits, held, tuple(functions), TRAIN_SECTIONS)
        case Evaluate():
            needs = Needs()  # its code stands in the sections of training
        case _:
            assert_never(job)
    return needs
