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
class Train:
    """One `train` job, every setting decided.

    Attributes:
        preprocess: In place of the network's own; None: that.
        data: A pattern of record files, or a folder.
        directory: Folder of the run.
        decay_every: Between decays of the learning rate, in `decay_unit`.
        auxiliary: End points whose loss is added, with their weights.
        save_minutes, save_steps: Between checkpoints; 0: not by that measure.
    """

    network: str
    data: str
    preprocess: Preprocessing | None = None
    image_key: str = "image/encoded"
    label_key: str = "image/class/label"
    directory: str = ""
    batch: int = 32
    steps: int = 100_000
    seed: int = 0
    learning_rate: float = 0.01
    schedule: str = "fixed"
    decay: float = 0.94
    decay_every: float = 2.0
    decay_unit: str = "epochs"
    momentum: float = 0.9
    label_smoothing: float = 0.0
    auxiliary: tuple[tuple[str, float], ...] = ()
    shuffle: int = 2048
    save_minutes: float = 10.0
    save_steps: int = 0
    keep: int = 5
    log_steps: int = 10
