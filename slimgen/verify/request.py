"""The settings of a comparison, in a file that its programs read."""

import json
from dataclasses import asdict
from pathlib import Path

from slimgen.frozen import Frozen
from slimgen.verify.against import Against, parse_against
from slimgen.verify.untyped import Report


class ComparisonRequest(Frozen):
    """One comparison.

    Attributes:
        model: The built file, of one network.
        shape: Of the images, the batch first.
        classes: How many the network tells apart; None where it has no such parameter, 0
            where it ends in features.
        weights: A file of weights in the original's format; random values without one.
        seed: Of every random value.
        training: Compare a step of training too.
        smooth: Put softplus in the place of relu, softplus(x) - softplus(x - 6) in that of
            relu6, and average pooling in that of max pooling, on both sides. Gradients of a
            network with kinks can only be compared where both sides round alike: half an ulp
            at the input flips units on and off.
        jit: Compile the built network with XLA.
        gentle: Random scales and offsets under which rounding does not grow with depth;
            without it scales are near one and offsets near zero.
    """

    against: Against
    model: str
    shape: tuple[int, ...]
    classes: int | None = None
    weights: str | None = None
    seed: int = 0
    training: bool = False
    smooth: bool = False
    jit: bool = False
    gentle: bool = True

    def write(self, folder: Path) -> None:
        """Put the request where `read` finds it."""
        text = json.dumps({**asdict(self), "against": str(self.against)})
        (folder / "request.json").write_text(text, encoding="utf-8")


def read_request(folder: Path) -> ComparisonRequest:
    """Return the request in `folder`."""
    given: Report = json.loads((folder / "request.json").read_text("utf-8"))
    against = parse_against(given.pop("against"))
    return ComparisonRequest(against, **{**given, "shape": tuple(given["shape"])})


class Failure(Exception):
    """A comparison that cannot be made: the sentence that a user reads.

    `kind` is "original" where the original is at fault or the weights are not its own, and
    "network" where the built network is; `help` is what may be done about that.
    """

    def __init__(self, kind: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.help = help
