"""The jobs of an emitted file: one of each kind, and the facts that its templates read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from slimgen.ir.jobs import Evaluate, Job, LearningRate, Train, assert_never
from slimgen.layers.jobs.optimizer import RULES


@dataclass(frozen=True)
class FileJobs:
    """The jobs of one file by kind; None: the file has no job of that kind."""

    train: Train | None = None
    evaluate: Evaluate | None = None

    def context(self) -> dict[str, object]:
        """Return the variables that templates see: each job under its kind, and facts."""
        found: dict[str, object] = dict(vars(self))
        if self.train is not None:
            found["optimizer_class"] = RULES[self.train.optimizer.rule].__name__
            found["first_rate"] = first_rate(self.train.learning_rate)
        return found


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


def first_rate(learning_rate: LearningRate) -> str:
    """Write the first rate of a schedule as an attribute of the settings."""
    first = learning_rate.settings[0]
    return f"{first.name}[0]" if isinstance(first.value, tuple) else first.name


@dataclass(frozen=True)
class Needs:
    """The parts of a file's common code that a job needs.

    Attributes:
        in_16_bits: Layers may compute in 16 bits.
        holds_batch_norm: Batch norm of frozen scopes may use its moving averages.
        user_functions: The user's functions that the job calls, as `module:function`.
        sections: The templates of its sections, besides those of training.
    """

    in_16_bits: bool = False
    holds_batch_norm: bool = False
    user_functions: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def needs_of(job: Job) -> Needs:
    """Return the parts of a file's common code that a job needs."""
    match job:
        case Train():
            functions = (term.function for term in job.loss.terms if term.function)
            needs = Needs(bool(job.run.precision), job.gradients.held, tuple(functions))
        case Evaluate():
            needs = Needs()  # it runs the network as training does
        case _:
            assert_never(job)
    return needs
