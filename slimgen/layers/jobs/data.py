"""Lines of jobs about the examples."""

from dataclasses import dataclass

from slimgen.layers.kinds import Choice, Integer, Text
from slimgen.layers.spec import Layer, parameter


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Data(Layer):
    """Where the examples are: records, or a folder with a folder for each class.

    The keys are the network's input and `label`: names of features in the records.
    """

    word = "data"
    family = "Training"
    example = 'data records "train-*.tfrecord" images=image/encoded'

    kind: str = parameter(Choice(("records", "folder")), "what the path names")
    path: str = parameter(Text(), "a pattern of record files, or a folder")
    image: str = parameter(
        Text(), "the feature that holds the image", "image/encoded", positional=False
    )
    label: str = parameter(
        Text(),
        "the feature that holds the label",
        "image/class/label",
        positional=False,
    )
    shuffle: int = parameter(
        Integer(1), "records among which the next is drawn", 2048, positional=False
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Batch(Layer):
    """How many examples a step takes."""

    word = "batch"
    family = "Training"
    example = "batch 32"

    size: int = parameter(Integer(1), "examples in a step")
