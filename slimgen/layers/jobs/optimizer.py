"""Lines of jobs about how gradients change the variables."""

from dataclasses import dataclass

from slimgen.layers.kinds import Choice, Optional, Real
from slimgen.layers.spec import Layer, parameter


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Optimizer(Layer):
    """How gradients change the variables, with TensorFlow 1's arithmetic."""

    word = "optimizer"
    family = "Training"
    example = "optimizer momentum 0.9"

    kind: str = parameter(Choice(("momentum",)), "the rule")
    momentum: float = parameter(
        Real(at_least=0, at_most=1), "share of the velocity that a step keeps", 0.9
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LearningRate(Layer):
    """The learning rate over the steps."""

    word = "learning_rate"
    family = "Training"
    example = "learning_rate exponential 0.01 every 2 epochs decay=0.94"

    kind: str = parameter(Choice(("fixed", "exponential")), "the schedule")
    rate: float = parameter(Real(above=0), "the rate at the start")
    decay: float = parameter(
        Real(above=0), "factor at each decay", 0.94, positional=False
    )
    every: float | None = parameter(
        Optional(Real(above=0)), "what lies between decays", None, positional=False
    )
    unit: str = parameter(
        Choice(("epochs", "steps")),
        "in what `every` counts",
        "epochs",
        positional=False,
    )
