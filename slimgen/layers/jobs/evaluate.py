"""Lines of `evaluate` jobs."""

from dataclasses import dataclass

from slimgen.layers.kinds import Choice
from slimgen.layers.spec import Layer, parameter


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Every(Layer):
    """When training evaluates: at each checkpoint, by a line of an `evaluate` job."""

    word = "every"
    family = "Training"
    example = "every checkpoint"

    moment: str = parameter(Choice(("checkpoint",)), "when")
