"""The lines of jobs and what belongs to a network's weights, declared as layers are.

They have the same parameters, checks and documentation, but make no tensors.
"""

from dataclasses import dataclass

from slimgen.layers.kinds import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    Optional,
    Real,
    Text,
)
from slimgen.layers.spec import Layer, parameter
from slimgen.layers.weights import Weights

NUMBER = Real(at_least=0)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Preprocess(Layer):
    """How an image becomes this network's input, in training and after.

    Source: TF-Slim's preprocessing families (research/slim/preprocessing).
    """

    word = "preprocess"
    family = "Weights"
    example = "preprocess vgg"

    kind: str = parameter(
        Choice(("vgg", "inception", "cifarnet", "lenet", "none")), "the family"
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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Labels(Layer):
    """The names of the dataset's labels, and which of them is the first class."""

    word = "labels"
    family = "Weights"
    example = "labels offset=1"

    file: str | None = parameter(
        Optional(Text()), "a text file with a name a line, or `id:name`", None
    )
    offset: int = parameter(
        Integer(0), "label of the first class; 1 leaves out a background", 0,
        positional=False,
    )  # fmt: skip


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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Steps(Layer):
    """How many steps the job has in all."""

    word = "steps"
    family = "Training"
    example = "steps 100000"

    count: int = parameter(Integer(1), "steps in all")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Seed(Layer):
    """What every random choice of the job derives from."""

    word = "seed"
    family = "Training"
    example = "seed 1"

    value: int = parameter(Integer(0, 2**31 - 1), "the seed")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Directory(Layer):
    """The folder of the run: its checkpoints and its log."""

    word = "directory"
    family = "Training"
    example = 'directory "runs/vgg"'

    path: str = parameter(Text(), "the folder")


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
        NUMBER, "factor of an end point's term", 1.0, positional=False
    )
    label_smoothing: float = parameter(
        Real(at_least=0, at_most=1), "share of a label spread over all classes", 0.0,
        positional=False,
    )  # fmt: skip


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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Checkpoint(Layer):
    """When a checkpoint is written, and how many are kept."""

    word = "checkpoint"
    family = "Training"
    example = "checkpoint every 10 minutes keep=5"

    keep: int = parameter(Integer(1), "checkpoints to keep", 5, positional=False)
    every: float | None = parameter(
        Optional(Real(above=0)), "what lies between checkpoints", None, positional=False
    )
    unit: str = parameter(
        Choice(("minutes", "steps")), "in what `every` counts", "minutes",
        positional=False,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Log(Layer):
    """How often the progress is told."""

    word = "log"
    family = "Training"
    example = "log every 10 steps"

    every: float | None = parameter(
        Optional(Real(above=0)), "what lies between lines", None, positional=False
    )
    unit: str = parameter(
        Choice(("steps",)), "in what `every` counts", "steps", positional=False
    )


NETWORK_LINES: dict[str, type[Layer]] = {
    line.word: line for line in (Preprocess, Labels, Weights)
}

TRAIN_LINES: dict[str, type[Layer]] = {
    line.word: line
    for line in (
        Preprocess, Data, Batch, Steps, Loss, Optimizer, LearningRate, Checkpoint, Log, Seed, Directory,
    )
}  # fmt: skip
