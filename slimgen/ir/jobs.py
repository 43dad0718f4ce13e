"""Jobs as data: plain values that an emitter, or another back end, reads."""

from dataclasses import dataclass
from typing import NoReturn

BATCH = 32  # unless the job says it


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
class Setting:
    """A number of a job, which the built file's user may set; None: no bound."""

    name: str
    value: float | tuple[float, ...]
    text: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class DataItem:
    """One of the tensors of an example, under its name.

    Attributes:
        feature: Where a record has it.
        image: Whether it is an image; else it is a list of numbers.
        channels: Of an image; None: as many as the file has.
        shape: Without the batch; None: an image of any size.
        dtype: Of the decoded image; of a list that of the record.
        raw: The bytes of an image are its values.
    """

    name: str
    feature: str
    image: bool
    channels: int | None
    shape: tuple[int, ...] | None
    dtype: str
    raw: bool = False


@dataclass(frozen=True)
class Data:
    """Where the examples are: a pattern of record files or a folder.

    Attributes:
        inputs, labels: What a record holds for the network, and for the losses.
        foldable: A folder with a folder for each class would hold the same.
        shuffle: Records among which the next is drawn.
        batch: Examples in a step.
        skip: What cannot be read is left out; else it ends the run.
        settings: Numbers of the input that the job says.
        sloppy: What is read first comes first.
        boxes: Where records have boxes around objects; "": nowhere.
    """

    path: str
    inputs: tuple[DataItem, ...]
    labels: tuple[DataItem, ...]
    foldable: bool = True
    shuffle: int = 2048
    batch: int = BATCH
    skip: bool = False
    settings: tuple[Setting, ...] = ()
    sloppy: bool = False
    boxes: str = ""

    @property
    def said(self) -> frozenset[str]:
        """The names of the settings."""
        return frozenset(one.name for one in self.settings)


@dataclass(frozen=True)
class Target:
    """The label that a term compares its output with.

    Attributes:
        label: The item that holds it.
        classes: How many classes it tells apart; 0: it is numbers, as the output has them.
        squeezed: Its last axis, of length 1, is none of the output's.
        dtype: That of the item.
    """

    label: str
    classes: int = 0
    squeezed: bool = False
    dtype: str = "int64"


@dataclass(frozen=True)
class LossWeights:
    """The weights of a term's losses: for each example, or for each loss of it.

    Attributes:
        item: The item of the data that holds them.
        squeezed: Its last axis, of length 1, is none of the losses'.
    """

    item: str
    squeezed: bool = False


@dataclass(frozen=True)
class LossArgument:
    """An argument of a loss: a number, which a setting of the built file may hold.

    Attributes:
        setting: The name of the setting; "": the number is a constant.
    """

    name: str
    value: float
    setting: str = ""


@dataclass(frozen=True)
class Term:
    """A term of the loss.

    Attributes:
        loss: The word for it in the language; its declaration has the loss's facts.
        name: The term's name in the progress.
        target: The label that the output is compared with.
        output: One of several outputs, or an end point; "": the only output.
        end: It is an end point.
        weight: The setting that it is multiplied by; "": 1.
        arguments: The loss's own arguments, in the order of its declaration.
        function: A user's function, as `module:function`; "": a loss of the language.
        weights: Of the losses of which it is the mean; None: all count alike.
        positive: The output, or end point, with whose rows the rows are compared; "": the
            only output; None: the loss compares with no other output.
        positive_end: `positive` is an end point.
    """

    loss: str
    name: str
    target: Target
    output: str = ""
    end: bool = False
    weight: str = ""
    arguments: tuple[LossArgument, ...] = ()
    function: str = ""
    weights: LossWeights | None = None
    positive: str | None = None
    positive_end: bool = False


@dataclass(frozen=True)
class Loss:
    """What is minimised.

    Attributes:
        regularization: The factor of the regularisers; 0: they have no part.
        regularized: The network has regularisers.
        sole: The network has one output, which is [batch, classes].
    """

    terms: tuple[Term, ...]
    settings: tuple[Setting, ...]
    regularization: float = 1.0
    regularized: bool = True
    sole: bool = True

    @property
    def ends(self) -> bool:
        """Whether a term is over an end point."""
        return any(term.end or term.positive_end for term in self.terms)

    @property
    def classes(self) -> dict[str, int]:
        """How many classes each label tells apart that has classes."""
        targets = (term.target for term in self.terms)
        return {one.label: one.classes for one in targets if one.classes}

    @property
    def plain(self) -> bool:
        """Whether it is about nothing but the classes of the only output, alike."""
        labels = {term.target.label for term in self.terms}
        alike = self.sole and not self.weighted
        return alike and labels == {"label"} == self.classes.keys()

    @property
    def weighted(self) -> frozenset[str]:
        """The losses of which a term has weights."""
        return frozenset(term.loss for term in self.terms if term.weights)


@dataclass(frozen=True)
class Optimizer:
    """How gradients change variables.

    Attributes:
        rule: The word for it in the language.
        flags: The arguments of the rule that are true, by name.
    """

    rule: str
    settings: tuple[Setting, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class LearningRate:
    """The learning rate over the steps.

    Attributes:
        unit: In what the schedule counts: epochs or steps.
        whole_run: The rate falls until the run's last step.
        staircase: It falls at once, not a little at each step.
        warmup: The unit in which the warm-up counts; "": there is none.
        settings: The numbers of the schedule, its first rate or its rates in front.
    """

    schedule: str
    settings: tuple[Setting, ...]
    unit: str = "epochs"
    whole_run: bool = False
    staircase: bool = True
    warmup: str = ""


@dataclass(frozen=True)
class Gradients:
    """Which variables move, and what becomes of their gradients, in this order.

    Attributes:
        multipliers: Scopes, names or globs below the network's, and their settings.
        clip: By `norm`, `global_norm` or `value`; "": not.
        parts: In which a batch is worked through.
        average: Whether moving averages of the variables are kept.
        frozen: Variables that do not move.
        only: The others that move; none: all.
        held: Batch norm of frozen scopes uses its moving averages and leaves them.
    """

    settings: tuple[Setting, ...] = ()
    clip: str = ""
    multipliers: tuple[tuple[str, str], ...] = ()
    parts: int = 1
    average: bool = False
    frozen: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    held: bool = False


@dataclass(frozen=True)
class Augment:
    """What is done to images at random, in this order.

    Attributes:
        crop: By `random_resized_crop` or `random_crop`; "": not.
        colors: What of the colours changes.
        mixes: By which examples of a batch are blended.
    """

    settings: tuple[Setting, ...] = ()
    crop: str = ""
    flip: bool = False
    colors: tuple[str, ...] = ()
    erasing: bool = False
    mixes: tuple[str, ...] = ()

    @property
    def images(self) -> bool:
        """Whether it stands in place of what a family does at random."""
        return bool(self.crop or self.flip or self.colors)

    @property
    def examples(self) -> bool:
        """Whether it concerns each example."""
        return self.images or self.erasing


@dataclass(frozen=True)
class Run:
    """Length and folder of a run, and what it writes when.

    Attributes:
        save_minutes, save_steps: Between checkpoints; 0: not by that measure.
        keep: Checkpoints to keep.
        keep_hours: Between those that are kept for good; 0: none are.
        log_steps: Between lines of progress.
        summary_steps: Between summaries for TensorBoard; 0: there are none.
        summary_images: Of the batch in each.
        precision: The type of what training computes; "": 32 bits, and no choice.
        loss_scale, growth_steps: The loss's factor for float16 at first, and after how
            many steps it doubles.
    """

    directory: str
    steps: int
    seed: int = 0
    deterministic: bool = True
    save_minutes: float = 10.0
    save_steps: int = 0
    keep: int = 5
    keep_hours: float = 0.0
    log_steps: int = 10
    summary_steps: int = 0
    summary_images: int = 3
    precision: str = ""
    loss_scale: float = 32768.0
    growth_steps: int = 2000


@dataclass(frozen=True)
class Initial:
    """The weights that a job starts from, and which of them under which names.

    Attributes:
        head: "auto": what depends on the number of classes is left out.
        rename: "prefix/{name}", or "OLD=NEW" for a part of each name.
    """

    path: str | None = None
    head: str = "auto"
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    rename: str | None = None


@dataclass(frozen=True)
class Train:
    """One `train` job, every setting decided.

    Attributes:
        preprocess: In place of the network's own; None: that.
        initial: What it starts from unless its folder has a run; without: as initialised.
    """

    network: str
    data: Data
    loss: Loss
    optimizer: Optimizer
    learning_rate: LearningRate
    gradients: Gradients
    run: Run
    preprocess: Preprocessing | None = None
    augment: Augment = Augment()
    initial: Initial = Initial()


@dataclass(frozen=True)
class Evaluate:
    """One `evaluate` job: examples that measure a network which the file trains.

    Attributes:
        path: A pattern of record files, or a folder; they are read as the `train` job's.
        during: Training evaluates at each checkpoint too.
    """

    network: str
    path: str
    during: bool


Job = Train | Evaluate
"""A job of any kind. Whoever asks for the kind uses `match` and ends with `assert_never`, so
that `mypy --strict` names every place that must learn of a new one."""


def assert_never(job: NoReturn) -> NoReturn:
    """Fail at run time where `mypy` would have found a kind of job that is not handled."""
    raise AssertionError(f"a job of an unknown kind: {job!r}")
