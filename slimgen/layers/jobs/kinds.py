"""The kinds of jobs: the lines of each, and what it needs of its file.

To add a kind, add its word and its row here, the file of its lines beside this one, and the
file of its reader in `elaborate/jobs`. `mypy --strict` names the other places.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from slimgen.frozen import Frozen
from slimgen.layers.jobs.augment import AugmentLine
from slimgen.layers.jobs.data import BatchLine, DataLine, ItemLine
from slimgen.layers.jobs.evaluate import EveryLine
from slimgen.layers.jobs.gradients import (
    AccumulateLine,
    AverageLine,
    ClipLine,
    FreezeLine,
    MultiplyGradientsLine,
    TrainOnlyLine,
)
from slimgen.layers.jobs.images import PreprocessLine
from slimgen.layers.jobs.initial import ExcludeLine, IncludeLine, InitialRenameLine
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.jobs.learning_rate import LearningRateLine, WarmupLine
from slimgen.layers.jobs.loss import LossLine
from slimgen.layers.jobs.optimizer import OptimizerLine
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

JobWord = Literal["train", "evaluate"]


class JobKind(Frozen):
    """A kind of job.

    Attributes:
        word: The first word of the job.
        lines: The lines that it may have, in the order of the documentation.
        required: The lines that it must have.
        takes_weights: `from` may name the weights that it starts from.
        fixed_sizes: Its network has inputs of fixed sizes.
        trained: Its network has a `train` job in the same file.
    """

    word: JobWord
    lines: tuple[type[JobLine], ...]
    required: tuple[type[JobLine], ...] = ()
    takes_weights: bool = False
    fixed_sizes: bool = False
    trained: bool = False

    @cached_property
    def by_word(self) -> Mapping[str, type[JobLine]]:
        """The lines by their first word."""
        return {line.word: line for line in self.lines}

    @property
    def called(self) -> str:
        """The kind in a sentence."""
        article = "an" if self.word[0] in "aeiou" else "a"
        return f"{article} `{self.word}` job"


TRAIN_LINES: tuple[type[JobLine], ...] = (
    *(IncludeLine, ExcludeLine, InitialRenameLine, PreprocessLine, AugmentLine),
    *(DataLine, BatchLine, StepsLine, LossLine, OptimizerLine, LearningRateLine),
    *(WarmupLine, TrainOnlyLine, FreezeLine, MultiplyGradientsLine, ClipLine),
    *(AccumulateLine, AverageLine, CheckpointLine, LogLine, SummariesLine, SeedLine),
    *(DeterministicLine, PrecisionLine, DirectoryLine),
)

# A kind that needs jobs of another kind stands after it.
JOB_KINDS: Mapping[str, JobKind] = {
    kind.word: kind
    for kind in (
        JobKind(
            "train",
            TRAIN_LINES,
            required=(DataLine, StepsLine),
            takes_weights=True,
            fixed_sizes=True,
        ),
        JobKind("evaluate", (DataLine, EveryLine), required=(DataLine,), trained=True),
    )
}

DATA_LINES: dict[str, type[JobLine]] = {ItemLine.word: ItemLine}
"""The lines between the braces of `data`, under names of the user's own."""

JOB_LINES: tuple[type[JobLine], ...] = tuple(
    dict.fromkeys(line for kind in JOB_KINDS.values() for line in kind.lines)
)
"""The lines of all jobs, in the order of the documentation."""
