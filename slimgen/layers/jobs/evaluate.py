"""Lines of `evaluate` jobs."""

from slimgen.layers.argument_types import Choice
from slimgen.layers.declaration import Layer, parameter


class Every(Layer):
    """When training evaluates: at each checkpoint, by a line of an `evaluate` job."""

    word = "every"
    family = "Training"
    example = "every checkpoint"

    moment: str = parameter(Choice(("checkpoint",)), "when")
