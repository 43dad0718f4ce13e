"""Lines of jobs about the run: its length, its folder, the times at which it writes."""

from slimgen.layers.argument_types import Boolean, Choice, Integer, Optional, Real, Text
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine


class StepsLine(JobLine):
    """The number of steps of the job."""

    word = "steps"
    example = "steps 100000"

    count: int = parameter(Integer(1), "steps in all")


class SeedLine(JobLine):
    """The seed of every random choice of the job."""

    word = "seed"
    example = "seed 1"

    value: int = parameter(Integer(0, 2**31 - 1), "the seed")


class DeterministicLine(JobLine):
    """The same bits each time, on the same machine, or not."""

    word = "deterministic"
    example = "deterministic false"

    value: bool = parameter(
        Boolean(), "`false` lets TensorFlow choose what is faster, on a GPU most of all"
    )


class PrecisionLine(JobLine):
    """The type in which training computes; variables, batch norm, head and loss have 32 bits.

    `auto` is `bfloat16` or `float16` where the device multiplies them faster. For `float16`
    the loss is scaled: the factor is halved when a gradient is not finite, and that step
    left out; it doubles after `growth_steps` steps without one.

    Source: tf.keras.mixed_precision.LossScaleOptimizer
    """

    word = "precision"
    example = "precision bfloat16"

    kind: str = parameter(
        Choice(("auto", "float32", "bfloat16", "float16")), "the type"
    )
    loss_scale: float = parameter(
        Real(at_least=1),
        "factor of the loss at first, for float16",
        32768.0,
        positional=False,
    )
    growth_steps: int = parameter(
        Integer(1), "steps after which that doubles", 2000, positional=False
    )


class DirectoryLine(JobLine):
    """The folder of the run: its checkpoints and its log."""

    word = "directory"
    example = 'directory "runs/vgg"'

    path: str = parameter(Text(), "the folder")


class CheckpointLine(JobLine):
    """The times at which checkpoints are written, and the number that is kept."""

    word = "checkpoint"
    example = "checkpoint every 10 minutes keep=5"

    keep: int = parameter(Integer(1), "checkpoints to keep", 5, positional=False)
    every: float | None = parameter(
        Optional(Real(above=0)), "time between checkpoints", None, positional=False
    )
    unit: str = parameter(
        Choice(("minutes", "steps")),
        "the unit of `every`",
        "minutes",
        positional=False,
    )
    keep_hours: float | None = parameter(
        Optional(Real(above=0)),
        "hours between those that are kept for good",
        None,
        positional=False,
    )


class LogLine(JobLine):
    """The steps between lines of progress."""

    word = "log"
    example = "log every 10 steps"

    every: float | None = parameter(
        Optional(Real(above=0)), "steps between lines", None, positional=False
    )
    unit: str = parameter(
        Choice(("steps",)), "the unit of `every`", "steps", positional=False
    )


class SummariesLine(JobLine):
    """Summaries of the run for TensorBoard, in `summaries` of its folder.

    Losses, learning rate and speed; the spread of variables and gradients; the share of
    zeros in each end point; some images; the graph. The train script has them under the
    same names.
    """

    word = "summaries"
    example = "summaries every 100 steps"

    every: float | None = parameter(
        Optional(Real(above=0)),
        "steps between summaries; 100 unless given",
        None,
        positional=False,
    )
    unit: str = parameter(
        Choice(("steps",)), "the unit of `every`", "steps", positional=False
    )
    images: int = parameter(
        Integer(0), "images of the batch in each", 3, positional=False
    )
