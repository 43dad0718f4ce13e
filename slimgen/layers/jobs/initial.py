"""Lines of jobs about the weights that a job starts from."""

from slimgen.layers.argument_types import Boolean, Choice, ListOf, Optional, Text
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.gradients import SCOPES
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.weight_lines import FORMATS


class FromLine(JobLine):
    """The weights that a job starts from: `train vgg_16 from slim "vgg_16.ckpt" { … }`.

    A run that is in the job's folder already resumes instead. A variable that the file does
    not have, or has in another shape, is an error; `include`, `exclude` and `rename` say
    which variables the job takes, and from which names.
    """

    word = "from"

    format: str = parameter(
        Choice(("slim", *FORMATS)),
        "the names in the file: TF-Slim's, or those of the network's `weights`",
    )
    path: str = parameter(Text(), "the file, or a folder with checkpoints")
    head: str = parameter(
        Choice(("auto", "strict")),
        "auto: leave out the variables that depend on the number of classes",
        "auto",
        positional=False,
    )
    average: bool = parameter(
        Boolean(), "load moving averages where there are any", False, positional=False
    )
    strict: bool = parameter(
        Boolean(),
        "refuse a file with names that no variable takes",
        False,
        positional=False,
    )


class IncludeLine(JobLine):
    """Load a part of the weights that the job starts from; the rest stays as initialised."""

    word = "include"
    example = "include conv1"
    takes_names = True
    gathers = True

    names: tuple[str, ...] = parameter(ListOf(Text()), SCOPES)


class ExcludeLine(JobLine):
    """Leave out a part of the weights that the job starts from.

    Source: the train script's `checkpoint_exclude_scopes`
    """

    word = "exclude"
    example = "exclude AuxLogits"
    takes_names = True
    gathers = True

    names: tuple[str, ...] = parameter(ListOf(Text()), SCOPES)


class InitialRenameLine(JobLine):
    """The names of the variables in the weights that a job starts from.

    `rename "vgg16/{name}"` forms a whole name from the one below the network's scope;
    `rename "weights" "params1"` replaces a part of each name. Several lines are rules that
    apply in order, each to the names that the one before has given.
    """

    word = "rename"
    example = 'rename "vgg16/{name}"'

    pattern: str = parameter(Text(), "a whole name with `{name}`, or the part replaced")
    part: str | None = parameter(
        Optional(Text()), "the part that stands there instead", None
    )

    def subject(self) -> tuple[str | None, ...]:
        return (self.pattern,)


START_LINES = (IncludeLine, ExcludeLine, InitialRenameLine)
