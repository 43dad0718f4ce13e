"""Lines of jobs about the variables that move, and changes to their gradients."""

from slimgen.layers.argument_types import Choice, Integer, ListOf, Optional, Real, Text
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine

SCOPES = "scopes or variables below the network's scope; in quotes, globs"


class ClipLine(JobLine):
    """Bound the gradients before they are applied, in one of three ways.

    TF-Slim's `clip_gradient_norm` is `norm`.
    """

    word = "clip"
    example = "clip norm=5.0"

    norm: float | None = parameter(
        Optional(Real(above=0)),
        "greatest length of each variable's gradient",
        None,
        positional=False,
    )
    global_norm: float | None = parameter(
        Optional(Real(above=0)),
        "greatest length of all gradients together",
        None,
        positional=False,
    )
    value: float | None = parameter(
        Optional(Real(above=0)),
        "greatest magnitude of each number",
        None,
        positional=False,
    )


class MultiplyGradientsLine(JobLine):
    """Multiply the gradients of some variables, before they are clipped.

    TF-Slim's `gradient_multipliers`, by scope.
    """

    word = "multiply_gradients"
    example = "multiply_gradients AuxLogits 10.0"
    takes_names = True

    scope: str = parameter(Text(), "a scope or a variable; in quotes, a glob")
    factor: float = parameter(Real(), "the factor")

    def subject(self) -> tuple[str | None, ...]:
        return (self.scope,)


class AccumulateLine(JobLine):
    """Work through each batch in equal parts, and step by the mean of their gradients."""

    word = "accumulate"
    example = "accumulate 4"

    parts: int = parameter(Integer(1), "parts of a batch")


class AverageLine(JobLine):
    """Keep moving averages of all variables, which `evaluate --average` uses.

    The decay of a step is min(decay, (1 + step) / (10 + step)). The averages are called
    `NAME/ExponentialMovingAverage`.

    Source: tf.train.ExponentialMovingAverage; the train script's `moving_average_decay`
    """

    word = "average"
    example = "average 0.9999"

    decay: float = parameter(
        Real(at_least=0, at_most=1), "share of an average that a step keeps"
    )


class StillLine(JobLine):
    """A line by which some variables stay as they are."""

    takes_names = True
    gathers = True

    names: tuple[str, ...] = parameter(ListOf(Text()), SCOPES)
    batch_norm: str = parameter(
        Choice(("updated", "held")),
        "the averages of batch norm in a frozen scope",
        "updated",
        positional=False,
    )


class FreezeLine(StillLine):
    """Leave some variables as they are.

    Batch norm of a frozen scope uses the batch and updates its averages, as in TF-Slim. When
    it is held, it uses its averages and leaves them.
    """

    word = "freeze"
    example = 'freeze "*/biases" batch_norm=held'


class TrainOnlyLine(StillLine):
    """Train some variables, and freeze all others, as `freeze` does."""

    word = "train"
    example = "train AuxLogits"
