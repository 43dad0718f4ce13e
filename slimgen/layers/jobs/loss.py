"""Lines of jobs about what is minimised."""

from dataclasses import dataclass

from slimgen.layers.kinds import Choice, Optional, Real, Text
from slimgen.layers.spec import Layer, parameter


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Loss(Layer):
    """A term of the loss: softmax cross-entropy of the output, or of an end point."""

    word = "loss"
    family = "Training"
    example = "loss softmax_cross_entropy label_smoothing=0.1"

    kind: str = parameter(Choice(("softmax_cross_entropy",)), "the loss")
    logits: str | None = parameter(
        Optional(Text()), "an end point, such as `AuxLogits`; none: the output", None
    )
    weight: float = parameter(
        Real(at_least=0), "factor of an end point's term", 1.0, positional=False
    )
    label_smoothing: float = parameter(
        Real(at_least=0, at_most=1), "share of a label spread over all classes", 0.0,
        positional=False,
    )  # fmt: skip
