"""The sections of a `train` job: the flags and the constants of the library in them."""

from collections.abc import Mapping

from slimgen.emit.example_reading import Examples, describe_examples
from slimgen.emit.identifiers import class_name
from slimgen.emit.jobs import FileJobs
from slimgen.emit.losses import (
    Losses,
    describe_losses,
    output_functions,
    weighted_flags,
)
from slimgen.emit.run_facts import facts_of_run
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.graph import Graph, Network
from slimgen.ir.jobs import Evaluate, LabelNames, Train
from slimgen.ir.unroll import unroll, values_in
from slimgen.layers.jobs.learning_rate import SCHEDULES
from slimgen.layers.jobs.optimizer import RULES
from slimgen.layers.normalization import EmittedBatchNorm

FAMILIES = ("cifarnet", "inception", "lenet", "torchvision", "vgg")


class JobSections(Frozen):
    """The facts of a job and of its network that decide about the sections."""

    train: Train
    evaluate: Evaluate | None
    network: Network
    configuration: dict[str, str]
    batch_norms: tuple[EmittedBatchNorm, ...]
    shares: bool
    examples: Examples
    classes: bool
    label_names: bool
    label_offset: int

    @property
    def words(self) -> dict[str, str]:
        """The text in place of each stand-in."""
        given = self.train.data.given
        return {
            "AHEAD": "settings.prefetch" if "prefetch" in given else "tf.data.AUTOTUNE",
            "CYCLE": "settings.readers" if "readers" in given else "8",
            "INPUT": python(self.train.data.inputs[0].name),
            "OPTIMIZER": self.optimizer,
            "DECAY": python(float(self.decay)),
            "AUGMENTED": class_name(self.network.name),
        }

    @property
    def decay(self) -> float:
        """The greatest decay of an average of batch norm; 0: there is none."""
        return max((float(one.decay) for one in self.batch_norms), default=0.0)

    @property
    def recomputes(self) -> bool:
        """Whether averages of batch norm are sums of batches by one decay below 1."""
        decays = {float(one.decay) for one in self.batch_norms}
        plain = not any(o.renorm or o.zero_debias_moving_mean for o in self.batch_norms)
        return len(decays) == 1 and max(decays) < 1 and plain and not self.shares

    @property
    def optimizer(self) -> str:
        """The class of the optimizer."""
        return RULES[self.train.optimizer.rule].__name__

    @property
    def flags(self) -> dict[str, bool]:
        """The flags of the modules under `templates/runtime/training`."""
        return {
            **self._loss_flags(),
            **self._optimizer_flags(),
            **self._step_flags(),
            **self._input_flags(),
            **self._augmentation_flags(),
        }

    @property
    def hidden(self) -> frozenset[str]:
        """The functions of outputs that the file does without."""
        if self.classes:
            return frozenset()
        return frozenset({"loss", "accuracy"}) - output_functions(self.train.loss.terms)

    def losses(self, modules: Mapping[str, str]) -> Losses:
        """Write the terms of the loss; `modules` are names of the user's."""
        mixed = bool(self.train.augment.mixes)
        return describe_losses(self.train.loss, modules, mixed)

    def _loss_flags(self) -> dict[str, bool]:
        weighted = [term for term in self.train.loss.terms if term.weights]
        functions = output_functions(weighted)
        return {
            "WEIGHTED_LOSS": "loss" in functions,
            "WEIGHTED_ACCURACY": "accuracy" in functions,
            **weighted_flags(self.train.loss),
        }

    def _optimizer_flags(self) -> dict[str, bool]:
        rate = self.train.learning_rate
        return {
            "NESTEROV": "nesterov" in self.train.optimizer.flags,
            "MANY_TYPES": self.other_types,
            **{name.upper(): rate.schedule == name for name in SCHEDULES},
            "STAIRCASE": rate.staircase,
            "WHOLE_RUN": rate.whole_run,
            "DECAY_IN_EPOCHS": rate.unit == "epochs",
            "WARMUP": bool(rate.warmup),
            "WARMUP_IN_EPOCHS": rate.warmup == "epochs",
        }

    def _step_flags(self) -> dict[str, bool]:
        gradients, evaluate = self.train.gradients, self.evaluate
        variables = self.network.variables
        train = self.train
        lines = (train.data, train.augment, train.loss, train.learning_rate)
        settings = [
            one
            for line in (*lines, train.optimizer, train.gradients)
            for one in line.settings
        ]
        return {
            "TERMS": len(self.train.loss.terms) > 1,
            "ACCUMULATE": gradients.parts > 1,
            "ADJUSTED": bool(gradients.multipliers or gradients.clip),
            "MULTIPLIED": bool(gradients.multipliers),
            "CLIP_NORM": gradients.clip == "norm",
            "CLIP_VALUE": gradients.clip == "value",
            "CLIP_GLOBAL_NORM": gradients.clip == "global_norm",
            "PRECISION": bool(self.train.run.precision),
            "UNTRAINED": not all(one.spec.trainable for one in variables),
            "FROZEN": bool(gradients.frozen),
            "ONLY": bool(gradients.only),
            "HELD": gradients.held,
            "BATCH_NORM": bool(self.batch_norms),
            "RECOMPUTES": self.recomputes,
            "SUMMARIES": bool(self.train.run.summary_steps),
            "EVALUATED": evaluate is not None,
            "EVALUATES": evaluate is not None and evaluate.during,
            "PLAIN": self.train.loss.plain,
            "LISTS": any(not isinstance(one.value, int | float) for one in settings),
            "COUNTED": bool(self.train.loss.weighted),
        }

    def _input_flags(self) -> dict[str, bool]:
        data = self.train.data
        return {
            "FOLDERS": data.foldable,
            "SKIP": data.skip,
            "SLOPPY": data.sloppy,
            "READERS": "readers" in data.given,
            "BLOCK_LENGTH": "block_length" in data.given,
            "IMAGE": bool(self.examples.image),
            "RAW": data.inputs[0].raw,
            "BOXES": bool(self.examples.boxes),
            "CHECKED": self.checked,
            "COUNTED_CLASSES": "label" in self.examples.classes,
            "LABELED": self.label_names,
            "OFFSET": bool(self.label_offset) and bool(self.examples.counted),
        }

    def _augmentation_flags(self) -> dict[str, bool]:
        augment, family = self.train.augment, self.family
        grey = self.network.inputs[0].value.type.shape[-1:] == (1,)
        return {
            "AUGMENT": augment.examples,
            "AUGMENT_IMAGES": augment.images,
            **{f"AUGMENT_{name.upper()}": name == family for name in FAMILIES},
            "RANDOM_RESIZED_CROP": augment.crop == "random_resized_crop",
            "RANDOM_CROP": augment.crop == "random_crop",
            "FLIP": augment.flip,
            "COLORS": bool(augment.colors),
            "BRIGHTNESS": "brightness" in augment.colors,
            "CONTRAST": "contrast" in augment.colors,
            "SATURATION": "saturation" in augment.colors,
            "HUE": "hue" in augment.colors,
            "AUGMENT_GREY": grey,
            "ERASING": augment.erasing,
            "MIXES": bool(augment.mixes),
            "MIXUP": "mixup" in augment.mixes,
            "CUTMIX": "cutmix" in augment.mixes,
        }

    @property
    def family(self) -> str:
        """The family of the preprocessing that the job uses."""
        given = self.train.preprocess or self.network.preprocess
        return given.family if given else "none"

    @property
    def _weights(self) -> tuple[str, ...]:
        """The items that weigh losses, other than images."""
        used = {term.weights.item for term in self.train.loss.terms if term.weights}
        items = self.train.data.labels
        return tuple(i.name for i in items if i.name in used and not i.image)

    @property
    def checked(self) -> bool:
        """Whether labels are looked at: classes, and weights of losses."""
        return bool(self.examples.classes or self._weights)

    @property
    def regularized(self) -> bool:
        """Whether terms of regularisers are part of the loss."""
        return bool(self.train.loss.regularization) and self.train.loss.regularized

    @property
    def other_types(self) -> bool:
        """Whether a variable is not float32."""
        return any(one.spec.dtype != "float32" for one in self.network.variables)

    @property
    def constants(self) -> tuple[str, ...]:
        """The constants that the modules of the library read, as Python."""
        gradients = self.train.gradients
        facts = self.configuration.items()
        lines = [
            "# The facts of a run beside its settings: it resumes with these alone."
        ]
        lines += ["CONFIGURATION = {"]
        lines += [f"    {python(name)}: {python(text)}," for name, text in facts]
        lines += ["}"]
        if self.checked:
            ranges = [self._range(*one) for one in self.examples.classes.items()]
            # The weights of losses are in the table for their least value.
            ranges += [f"{python(name)}: range(10**9)" for name in self._weights]
            lines.append(f"LABEL_RANGES = {{{', '.join(ranges)}}}")
        if gradients.multipliers:
            lines.append(f"MULTIPLIERS = {python(gradients.multipliers)}")
        if gradients.only:
            lines.append(f"TRAINED_SCOPES = {python(gradients.only)}")
        if gradients.frozen:
            lines.append(f"FROZEN_SCOPES = {python(gradients.frozen)}")
        if self.evaluate:
            lines.append(f"EVALUATION_DATA = {python(self.evaluate.path)}")
        return tuple(lines)

    def _range(self, label: str, count: int) -> str:
        if label == self.examples.counted and self.label_offset:
            return f"{python(label)}: range(LABELS_OFFSET, LABELS_OFFSET + {count})"
        return f"{python(label)}: range({count})"


def job_sections(
    jobs: FileJobs, graph: Graph, labels: LabelNames, classes: bool
) -> JobSections:
    """Collect the facts that decide about the sections of a `train` job.

    Args:
        jobs: The jobs of the file; one trains.
        graph: The networks of the file, the first of which it trains.
        labels: The names of the labels, and the label of the first class.
        classes: The file has constants for them.
    """
    assert jobs.train is not None
    network, train = graph.networks[0], jobs.train
    examples = describe_examples(train, network, labels.offset)
    configuration = facts_of_run(graph, train, labels.offset)
    named = bool(labels.names) and classes
    applied = [*unroll(graph, network).applied()]
    norms = [
        one
        for part in applied
        for one in values_in(part.layer)
        if isinstance(one, EmittedBatchNorm)
        if one.updated and one.is_training is not False
    ]
    return JobSections(
        train=train,
        evaluate=jobs.evaluate,
        network=network,
        configuration=configuration,
        batch_norms=() if train.gradients.held else tuple(norms),
        shares=any(part.shared for part in applied),
        examples=examples,
        classes=classes,
        label_names=named,
        label_offset=labels.offset,
    )
