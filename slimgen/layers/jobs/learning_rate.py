"""Lines of jobs about the learning rate over the steps, with TensorFlow 1's numbers."""

from collections.abc import Mapping
from typing import ClassVar

from slimgen.layers.argument_types import Boolean, Choice, ListOf, Optional, Real
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine, Misfit

UNITS = ("epochs", "steps")
RATE = "the rate at the start"
OVER = "time for which the rate falls; none: to the run's end"


class Schedule(JobLine):
    """A learning rate over the steps; its first argument is the first rate, or all rates."""

    word = "learning_rate"
    renamed: ClassVar = {
        "rate": "learning_rate",
        "rates": "learning_rates",
        "every": "decay_every",
        "over": "decay_over",
        "end": "end_learning_rate",
    }
    counted: ClassVar[tuple[str, ...]] = ()  # arguments that count in the unit

    def time_unit(self) -> str:
        """Return the unit in which the schedule counts; "" for one that does not count."""
        return ""

    def falls_to_the_end(self) -> bool:
        """Return whether the rate falls until the run's last step."""
        return False

    def falls_at_once(self) -> bool:
        """Return whether the rate changes at once, not a little at each step."""
        return True

    def misfit(self) -> Misfit | None:
        """Return the argument that does not fit the others, if there is one."""
        return None


class Fixed(Schedule):
    """The same rate at every step."""

    form = "fixed"
    example = "learning_rate fixed 0.01"

    rate: float = parameter(Real(above=0), "the rate", 0.01)


class Exponential(Schedule):
    """rate decay^(steps / every), the power rounded down in a staircase.

    The train script of TF-Slim has this, a staircase, with these defaults. Epochs become
    `int(examples * every / batch)` steps.

    Source: tf.train.exponential_decay
    """

    form = "exponential"
    example = "learning_rate exponential 0.01 every 2 epochs decay=0.94"
    counted = ("every",)

    rate: float = parameter(Real(above=0), RATE)
    decay: float = parameter(
        Real(above=0),
        "factor of the learning rate at each decay",
        0.94,
        positional=False,
    )
    every: float = parameter(
        Real(above=0), "time between decays", 2.0, positional=False
    )
    unit: str = parameter(
        Choice(UNITS), "the unit of `every`", "epochs", positional=False
    )
    staircase: bool = parameter(
        Boolean(), "decay at once, not a little at each step", True, positional=False
    )

    def time_unit(self) -> str:
        return self.unit

    def falls_at_once(self) -> bool:
        return self.staircase


class Polynomial(Schedule):
    """(rate - end) (1 - steps / over)^power + end, and `end` after that.

    The train script of TF-Slim has `over 2 epochs end=0.0001`.

    Source: tf.train.polynomial_decay
    """

    form = "polynomial"
    example = "learning_rate polynomial 0.01 over 90 epochs end=0.0001"
    counted = ("over",)

    rate: float = parameter(Real(above=0), RATE)
    end: float = parameter(
        Real(at_least=0), "the rate at the end", 0.0001, positional=False
    )
    power: float = parameter(
        Real(above=0), "power of the part that is left", 1.0, positional=False
    )
    over: float | None = parameter(
        Optional(Real(above=0)), OVER, None, positional=False
    )
    unit: str = parameter(
        Choice(UNITS), "the unit of `over`", "epochs", positional=False
    )

    def time_unit(self) -> str:
        return self.unit

    def falls_to_the_end(self) -> bool:
        return self.over is None


class Cosine(Schedule):
    """(rate - end) (1 + cos(π steps / over)) / 2 + end, and `end` after that.

    Source: tf.train.cosine_decay; Loshchilov & Hutter, arXiv:1608.03983
    """

    form = "cosine"
    example = "learning_rate cosine 0.1 over 90 epochs"
    counted = ("over",)

    rate: float = parameter(Real(above=0), RATE)
    end: float = parameter(
        Real(at_least=0), "the rate at the end", 0.0, positional=False
    )
    over: float | None = parameter(
        Optional(Real(above=0)), OVER, None, positional=False
    )
    unit: str = parameter(
        Choice(UNITS), "the unit of `over`", "epochs", positional=False
    )

    def time_unit(self) -> str:
        return self.unit

    def falls_to_the_end(self) -> bool:
        return self.over is None


class Piecewise(Schedule):
    """The first rate up to the first boundary, then the next.

    Source: tf.train.piecewise_constant
    """

    form = "piecewise"
    example = "learning_rate piecewise [0.1, 0.01, 0.001] [30, 60] unit=epochs"
    counted = ("boundaries",)

    rates: tuple[float, ...] = parameter(
        ListOf(Real(above=0)), "the rates, one after the other"
    )
    boundaries: tuple[float, ...] = parameter(
        ListOf(Real(above=0)), "the ends of all rates but the last"
    )
    unit: str = parameter(
        Choice(UNITS), "the unit of the boundaries", "epochs", positional=False
    )

    def time_unit(self) -> str:
        return self.unit

    def misfit(self) -> Misfit | None:
        ends = list(self.boundaries)
        if len(ends) != len(self.rates) - 1 or not ends:
            few = max(len(self.rates) - 1, 1)
            return Misfit("boundaries", f"one boundary fewer than rates, so {few}")
        rising = ends == sorted(set(ends))
        return None if rising else Misfit("boundaries", "numbers that rise")


SCHEDULES: Mapping[str, type[Schedule]] = {
    schedule.form: schedule
    for schedule in (Fixed, Exponential, Polynomial, Cosine, Piecewise)
}
USUAL_SCHEDULE = Fixed  # of a job without a line


class LearningRateLine(JobLine):
    """The learning rate over the steps."""

    word = "learning_rate"
    example = "learning_rate fixed 0.01"
    forms = SCHEDULES

    kind: str = parameter(
        Choice(tuple(SCHEDULES)), "the schedule, whose arguments follow"
    )


class WarmupLine(JobLine):
    """Let the rate rise from 0 along a line: min(first rate * steps / length, schedule).

    Source: research/slim/train_image_classifier.py, `warmup_epochs`
    """

    word = "warmup"
    example = "warmup 5 epochs"

    length: float = parameter(Real(above=0), "time for which the rate rises")
    unit: str = parameter(Choice(UNITS), "the unit of the length", "epochs")
