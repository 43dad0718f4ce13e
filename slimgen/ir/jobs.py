"""Jobs as data: plain values that an emitter, or another back end, reads."""

from typing import NoReturn

from slimgen.frozen import Frozen

BATCH = 32  # of a job without the line


class Preprocessing(Frozen):
    """The way from an image to a network's input: one of TF-Slim's families."""

    family: str
    resize: tuple[int, int] | None = None
    fast: bool = True


class LabelNames(Frozen):
    """The names of the dataset's labels in order, and the label of the first class."""

    names: tuple[str, ...] = ()
    offset: int = 0


class Setting(Frozen):
    """A number of a job that the user of the built file may set; None: no bound."""

    name: str
    value: float | tuple[float, ...]
    text: str
    at_least: float | None = None
    at_most: float | None = None


class DataItem(Frozen):
    """A tensor of an example, under its name.

    Attributes:
        feature: The feature of a record that holds it.
        image: It is an image; else it is a list of numbers.
        channels: The channels of an image; None: as many as the file has.
        shape: Its sizes without the batch; None: an image of any size.
        dtype: The type of the decoded image; for a list that of the record.
        raw: The bytes of an image are its values.
    """

    name: str
    feature: str
    image: bool
    channels: int | None
    shape: tuple[int, ...] | None
    dtype: str
    raw: bool = False


class Data(Frozen):
    """The examples of a job: in record files, or in a folder.

    Attributes:
        path: A pattern of record files, or a folder.
        inputs, labels: The items of a record for the network, and for the losses.
        foldable: A folder with a folder for each class would hold the same.
        shuffle: The number of records among which the next is drawn.
        batch: The number of examples in a step.
        skip: Examples that cannot be read are left out; else they end the run.
        settings: The numbers of the line that the source gives.
        sloppy: Examples come in the order in which they are read.
        boxes: The start of the features with boxes around objects; "": there are none.
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
    def given(self) -> frozenset[str]:
        """The names of the settings."""
        return frozenset(setting.name for setting in self.settings)


class Target(Frozen):
    """The label that a term compares its output with.

    Attributes:
        label: The item of the data that holds it.
        classes: The number of its classes; 0: it is numbers, as the output has them.
        squeezed: Its last axis has length 1, and the output has no such axis.
        dtype: The type of the item.
        prepared: It is an image that the network takes, as `preprocess` has made it.
    """

    label: str
    classes: int = 0
    squeezed: bool = False
    dtype: str = "int64"
    prepared: bool = False


class LossWeights(Frozen):
    """The weights of a term's losses: for each example, or for each loss of it.

    Attributes:
        item: The item of the data that holds them.
        squeezed: Its last axis has length 1, and the losses have no such axis.
        whole: They are whole numbers.
        prepared: They are an image that the network takes.
    """

    item: str
    squeezed: bool = False
    whole: bool = False
    prepared: bool = False


class LossArgument(Frozen):
    """An argument of a loss: a number, which a setting of the built file may hold.

    Attributes:
        setting: The name of the setting; "": the number is a constant.
    """

    name: str
    value: float
    setting: str = ""


class Term(Frozen):
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


class Loss(Frozen):
    """The loss: the sum of its terms.

    Attributes:
        settings: The numbers of all terms.
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
        """True if a term is over an end point."""
        return any(term.end or term.positive_end for term in self.terms)

    @property
    def classes(self) -> dict[str, int]:
        """The number of classes of each label that has classes."""
        targets = [term.target for term in self.terms]
        return {target.label: target.classes for target in targets if target.classes}

    @property
    def plain(self) -> bool:
        """True if all terms are about the classes of the only output, without weights."""
        labels = {term.target.label for term in self.terms}
        alike = self.sole and not self.weighted
        return alike and labels == {"label"} == self.classes.keys()

    @property
    def weighted(self) -> frozenset[str]:
        """The words of the losses that have weights in some term."""
        return frozenset(term.loss for term in self.terms if term.weights)


class Optimizer(Frozen):
    """The rule by which gradients change variables.

    Attributes:
        rule: The word for it in the language.
        flags: The arguments of the rule that are true, by name.
    """

    rule: str
    settings: tuple[Setting, ...] = ()
    flags: tuple[str, ...] = ()


class LearningRate(Frozen):
    """The learning rate over the steps.

    Attributes:
        unit: The unit in which the schedule counts: epochs or steps; "": it does not.
        whole_run: The rate falls until the run's last step.
        staircase: The rate changes at once, not a little at each step.
        warmup: The unit in which the warm-up counts; "": there is none.
        settings: The numbers of the schedule, its first rate or its rates in front.
    """

    schedule: str
    settings: tuple[Setting, ...]
    unit: str = "epochs"
    whole_run: bool = False
    staircase: bool = True
    warmup: str = ""


class Gradients(Frozen):
    """The variables that move, and the changes to their gradients, in this order.

    Attributes:
        clip: The bound: `norm`, `global_norm` or `value`; "": there is none.
        multipliers: Scopes, names or globs below the network's, and their settings.
        parts: The number of parts in which a batch is worked through.
        average: Moving averages of the variables are kept.
        frozen: The variables that do not move.
        only: The variables among the others that move; none: all.
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


class Augment(Frozen):
    """The random changes to images, in this order.

    Attributes:
        crop: The crop: `random_resized_crop` or `random_crop`; "": there is none.
        colors: The properties of colours that change.
        mixes: The ways in which examples of a batch are blended.
    """

    settings: tuple[Setting, ...] = ()
    crop: str = ""
    flip: bool = False
    colors: tuple[str, ...] = ()
    erasing: bool = False
    mixes: tuple[str, ...] = ()

    @property
    def images(self) -> bool:
        """True if it replaces the random changes of a family of preprocessing."""
        return bool(self.crop or self.flip or self.colors)

    @property
    def examples(self) -> bool:
        """True if it changes each example by itself."""
        return self.images or self.erasing


class Run(Frozen):
    """The length and the folder of a run, and the times at which it writes.

    Attributes:
        save_minutes, save_steps: The time between checkpoints; 0: not by that measure.
        keep: The number of checkpoints to keep.
        keep_hours: The hours between checkpoints that are kept for good; 0: none are.
        log_steps: The steps between lines of progress.
        summary_steps: The steps between summaries for TensorBoard; 0: there are none.
        summary_images: The number of images of the batch in each.
        precision: The type in which training computes; "": 32 bits, and no choice.
        loss_scale, growth_steps: The loss's first factor for float16, and the number of
            steps after which it doubles.
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


class Initial(Frozen):
    """The weights that a job starts from, and the part of them that it takes.

    Attributes:
        head: "auto": variables that depend on the number of classes are left out.
        average: Moving averages are loaded where there are any.
        strict: Weights with names that no variable takes are refused.
        rename: Rules in order: "prefix/{name}", or "OLD=NEW" for a part of each name.
    """

    path: str | None = None
    head: str = "auto"
    average: bool = False
    strict: bool = False
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    rename: tuple[str, ...] = ()


class Train(Frozen):
    """One `train` job, every setting decided.

    Attributes:
        preprocess: The preprocessing that replaces the network's; None: none does.
        initial: The weights that it starts from unless its folder has a run.
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


class Evaluate(Frozen):
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
