"""Lines about the preprocessing and the labels that belong to a network's weights."""

from slimgen.layers.argument_types import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    Optional,
    Text,
)
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.setting_line import SettingLine


class PreprocessLine(JobLine):
    """The way from an image to this network's input, in training and after.

    Source: TF-Slim's preprocessing families (research/slim/preprocessing); the transforms
    of torchvision's classification weights.
    """

    word = "preprocess"
    family = "Weights"
    example = "preprocess vgg"

    kind: str = parameter(
        Choice(("vgg", "inception", "cifarnet", "lenet", "torchvision", "none")),
        "the family; `torchvision` makes no random changes but those of `augment`",
    )
    resize: tuple[int, ...] | None = parameter(
        Optional(ListOf(Integer(1))),
        "vgg: least and most length of the shorter side in training, as `256..512`",
        None,
        positional=False,
    )
    fast: bool = parameter(
        Boolean(),
        "inception: distort colours in one fixed order",
        True,
        positional=False,
    )


class LabelsLine(SettingLine):
    """The names of the dataset's labels, and which of them is the first class."""

    word = "labels"
    family = "Weights"
    example = "labels offset=1"

    file: str | None = parameter(
        Optional(Text()), "a text file with a name a line, or `id:name`", None
    )
    offset: int = parameter(
        Integer(0),
        "label of the first class; 1 leaves out a background",
        0,
        positional=False,
    )
