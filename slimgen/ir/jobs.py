"""Jobs as data: what is trained, from which examples, how."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preprocessing:
    """How images become a network's input (slim-semantics: the families of TF-Slim)."""

    family: str
    resize: tuple[int, int] | None = None
    fast: bool = True


@dataclass(frozen=True)
class LabelNames:
    """Names by the dataset's label, and the label of the first class."""

    names: tuple[str, ...] = ()
    offset: int = 0


@dataclass(frozen=True)
class Data:
    """Where the examples are: a pattern of record files or a folder.

    Attributes:
        image_key, label_key: Features of a record.
        shuffle: Records among which the next is drawn.
        batch: Examples in a step.
    """

    path: str
    image_key: str = "image/encoded"
    label_key: str = "image/class/label"
    shuffle: int = 2048
    batch: int = 32


@dataclass(frozen=True)
class Loss:
    """What is minimised, the regularisation terms besides.

    Attributes:
        auxiliary: End points whose loss is added, with their weights.
    """

    label_smoothing: float = 0.0
    auxiliary: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Optimizer:
    """How gradients change variables."""

    momentum: float = 0.9


@dataclass(frozen=True)
class LearningRate:
    """The learning rate over the steps; `every` is between decays, in `unit`."""

    schedule: str = "fixed"
    rate: float = 0.01
    decay: float = 0.94
    every: float = 2.0
    unit: str = "epochs"


@dataclass(frozen=True)
class Run:
    """Length and folder of a run, and what it writes when.

    Attributes:
        save_minutes, save_steps: Between checkpoints; 0: not by that measure.
        keep: Checkpoints to keep.
        log_steps: Between lines of progress.
    """

    directory: str
    steps: int
    seed: int = 0
    save_minutes: float = 10.0
    save_steps: int = 0
    keep: int = 5
    log_steps: int = 10


@dataclass(frozen=True)
class Train:
    """One `train` job, every setting decided.

    Attributes:
        preprocess: In place of the network's own; None: that.
    """

    network: str
    data: Data
    loss: Loss
    optimizer: Optimizer
    learning_rate: LearningRate
    run: Run
    preprocess: Preprocessing | None = None
