"""Jobs and what belongs to a network's weights: lines to settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.arguments import Binder, Line
from slimgen.elaborate.expressions import Evaluator, Silent
from slimgen.elaborate.keys import universal_words
from slimgen.elaborate.report import Rejected, Reporter
from slimgen.elaborate.values import Frame, Given, Tensor
from slimgen.ir.graph import Network, Value
from slimgen.ir.jobs import LabelNames, Preprocessing, Train
from slimgen.layers.jobs import (
    NETWORK_LINES,
    TRAIN_LINES,
    Batch,
    Checkpoint,
    Data,
    Directory,
    Labels,
    LearningRate,
    Log,
    Loss,
    Optimizer,
    Preprocess,
    Seed,
    Steps,
)
from slimgen.layers.kinds import Word
from slimgen.layers.spec import Layer, parameters
from slimgen.messages import names as messages
from slimgen.source import Source, Span
from slimgen.syntax import tree

JOBS = ("train",)
Reader = Callable[[str, Source], Source | None]


def job_words() -> frozenset[str]:
    """Every bare word that a line of a job or of a network's weights takes."""
    words = {"every"}
    for line in (*NETWORK_LINES.values(), *TRAIN_LINES.values()):
        for parameter in parameters(line):
            words.update(parameter.kind.words)
    return universal_words() | words


class JobLines:
    """Binds the lines of one job or network."""

    def __init__(self, reporter: Reporter, frame: Frame) -> None:
        self.reporter = reporter
        self.binder = Binder(reporter)
        self.evaluator = Evaluator(job_words())
        self.frame = frame

    def bind(self, line: tree.Line, layer: type[Layer], image: str = "") -> Layer:
        """Return the settings of a line; `image` is another key for its image."""
        if line.body is not None or line.name is not None:
            raise Rejected(
                messages.misplaced(
                    line.span, "a name or braces", f"after `{layer.word}`"
                )
            )
        given = Line(line.word.text, line.word.span)
        for argument in line.arguments:
            value = Given(self._value(argument.value, layer), argument.span)
            if argument.key is None:
                given.positional.append(value)
                continue
            key = "image" if argument.key.text == image else argument.key.text
            if key in given.keywords:
                raise Rejected(
                    messages.repeated_argument(
                        argument.span, layer.word, argument.key.text
                    )
                )
            given.keywords[key] = value
        _take_every(given)
        return self.binder.bind(layer, given, {}, None).layer

    def _value(self, expression: tree.Expression, layer: type[Layer]) -> Any:
        name = expression.text if isinstance(expression, tree.Name) else ""
        if not name or name in self.frame.known():
            return self.evaluator.evaluate(expression, self.frame)
        words = {w for p in parameters(layer) for w in p.kind.words}
        if layer in (Loss, Data) and name not in words:
            return name  # end points and features need no quotes
        return Word(name, place=expression.span)


def _take_every(line: Line) -> None:
    """Turn `every 2.0 epochs` into `every=2.0 unit=epochs`."""
    for place, given in enumerate(line.positional):
        if isinstance(given.value, Word) and given.value.text == "every":
            found = line.positional[place + 1 : place + 3]
            if len(found) < 2:
                raise Rejected(
                    messages.missing_argument(
                        given.span, line.word, "every", "a number and its unit"
                    )
                )
            line.keywords["every"], line.keywords["unit"] = found
            del line.positional[place : place + 3]
            return


def preprocessing(line: Preprocess, statement: tree.Line) -> Preprocessing:
    """Return the preprocessing that a line says."""
    if line.resize and line.kind != "vgg":
        raise Rejected(
            _moot(statement, "resize", "only `vgg` resizes the shorter side")
        )
    if not line.fast and line.kind != "inception":
        raise Rejected(_moot(statement, "fast", "only `inception` distorts colours"))
    resize = (min(line.resize), max(line.resize)) if line.resize else None
    return Preprocessing(line.kind, resize, line.fast)


def _moot(statement: tree.Line, key: str, why: str) -> Diagnostic:
    """An argument that a line has and nothing would read."""
    span = next(
        (
            a.span
            for a in statement.arguments
            if a.key is not None and a.key.text == key
        ),
        statement.span,
    )
    return messages.without_meaning(span, statement.word.text, key, why)


def check_images(
    found: Preprocessing,
    statement: tree.Line,
    inputs: Sequence[Value],
    classifies: bool,
) -> None:
    """Refuse a family that cannot make this network's input.

    Sizes matter to a classifier alone: no other network gets a `predict`.
    """
    if found.family == "none" or not inputs:
        return
    type_ = inputs[0].type
    if type_.rank != 4 or len(inputs) > 1:
        needed = "a network with one image [batch, height, width, channels]"
    elif found.family in ("vgg", "inception") and type_.shape[-1] not in (3, None):
        needed = "images of 3 channels"
    elif (
        classifies
        and found.family == "vgg"
        and max(n or 0 for n in type_.shape[1:3]) > _shorter(found)
    ):
        needed = f"images of at most {_shorter(found)} a side, or a larger `resize=`"
    else:
        return
    shown = ", ".join(str(value.type) for value in inputs)
    raise Rejected(
        messages.wrong_value(
            statement.span, f"`preprocess {found.family}`", needed, shown
        )
    )


def is_classifier(result: Value | None) -> bool:
    """Whether a network's result is [batch, classes]."""
    return result is not None and result.type.rank == 2


def _shorter(found: Preprocessing) -> int:
    """Length of the shorter side to which vgg resizes an image before it is cropped."""
    return found.resize[0] if found.resize else 256


def label_names(
    line: Labels, statement: tree.Line, reader: Reader
) -> tuple[LabelNames, Source | None]:
    """Return the labels that a line names, and the file that they are read from."""
    if line.file is None:
        return LabelNames((), line.offset), None
    source = reader(line.file, statement.span.source)
    if source is None:
        raise Rejected(messages.no_such_file(statement.span, line.file, ()))
    names: dict[int, str] = {}
    rows = [row.strip() for row in source.text.splitlines()]
    for number, row in enumerate(row for row in rows if row):
        key, colon, name = row.partition(":")
        if colon and key.isdecimal():
            names[int(key)] = name
        else:
            names[number] = row
    if sorted(names) != list(range(len(names))):
        raise Rejected(
            messages.wrong_value(
                statement.span, "`labels`",
                "a file that numbers its names from 0 on", "numbers with gaps",
            )
        )  # fmt: skip
    return LabelNames(tuple(names[n] for n in range(len(names))), line.offset), source


def check_labels(
    labels: LabelNames | None,
    lines: Mapping[str, tree.Line],
    result: Value | None,
    reporter: Reporter,
) -> None:
    """Report names that are not one for each class and each label before the first."""
    if labels is None or not labels.names or result is None or result.type.rank != 2:
        return
    classes = result.type.shape[-1]
    if classes is not None and len(labels.names) != classes + labels.offset:
        reporter.report(
            messages.labels_do_not_fit(
                lines["labels"].span, len(labels.names), classes, labels.offset
            )
        )


def unfit_for_training(job: tree.Job, network: Network) -> Diagnostic | None:
    """Say what a network lacks for a job: it takes one image and gives classes."""
    images = len(network.inputs) == 1 and network.inputs[0].value.type.rank == 4
    classes = len(network.outputs) == 1 and is_classifier(network.outputs[0][1])
    found = ", ".join(str(value.type) for _, value in network.outputs)
    needed = ""
    if not images or not classes:
        needed = (
            "a network from one image [batch, height, width, channels] "
            "to one output [batch, classes]"
        )
    elif None in network.inputs[0].value.type.shape[1:]:
        needed = "a network with a fixed input size"
        found = str(network.inputs[0].value.type)
    if not needed:
        return None
    return messages.wrong_value(job.network.span, f"`{job.word.text}`", needed, found)


def train_job(
    job: tree.Job,
    network: Network,
    end_points: Mapping[str, Tensor],
    lines: JobLines,
) -> Train | None:
    """Return the settings of a `train` job, or None after errors."""
    if job.origin or job.name is not None:
        what = job.origin[0].span if job.origin else job.span
        raise Rejected(
            messages.misplaced(what, "`from` or `as`", "on a `train` job yet")
        )
    reading = _Reading(lines, network, end_points)
    reading.settings["directory"] = f"runs/{network.name}"
    failed = False
    for statement in job.body.statements:
        try:
            reading.take(statement)
        except Rejected as rejected:
            failed = True
            if not isinstance(rejected, Silent):
                lines.reporter.report(rejected.diagnostic)
    if failed:
        return None
    for word in ("data", "steps"):
        if word not in reading.seen:
            raise Rejected(
                messages.missing_argument(
                    job.word.span, "train", word, f"a line `{word} …`"
                )
            )
    return Train(network.name, **reading.settings)


@dataclass
class _Reading:
    """A job while its lines are read.

    Attributes:
        network: What is trained; its input is the key of the image in `data`.
        end_points: What a loss may take.
        settings: What the lines said so far, under the names of `Train`.
        seen: Where each line stands, by word.
    """

    lines: JobLines
    network: Network
    end_points: Mapping[str, Tensor]
    settings: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Span] = field(default_factory=dict)

    def take(self, statement: tree.Statement) -> None:
        """Read one line, or raise Rejected."""
        if not isinstance(statement, tree.Line):
            what = f"`{statement.span.text.split()[0]}`"
            raise Rejected(messages.misplaced(statement.span, what, "in a job"))
        word = statement.word
        if word.text not in TRAIN_LINES:
            raise Rejected(
                messages.unknown_job_line(word.span, word.text, list(TRAIN_LINES))
            )
        image = self.network.inputs[0].name if word.text == "data" else ""
        line = self.lines.bind(statement, TRAIN_LINES[word.text], image)
        what = word.text
        if isinstance(line, Loss) and line.logits is not None:
            self._check_logits(line, statement)
            what = f"{what} {line.logits}"
        self._once(what, word.span)
        self.settings.update(_settings(line, statement, self))

    def _check_logits(self, line: Loss, statement: tree.Line) -> None:
        """Refuse the loss of an end point that is no further head."""
        assert line.logits is not None
        known = list(self.end_points)
        if line.logits not in self.end_points:
            raise Rejected(messages.not_a_tensor(statement.span, line.logits, known))
        value = self.end_points[line.logits].value
        output = self.network.outputs[0][1].type
        if value is not None and value.type != output:
            raise Rejected(
                messages.wrong_value(
                    statement.span, "`loss`", f"logits {output}", str(value.type)
                )
            )

    def _once(self, what: str, span: Span) -> None:
        """Remember a line that may stand once; a loss may for each head."""
        if what in self.seen:
            first = self.seen[what]
            raise Rejected(messages.name_taken(span, what, "a line of this job", first))
        self.seen[what] = span


def _settings(line: Layer, said: tree.Line, job: _Reading) -> dict[str, Any]:
    """What a line says, under the names of `Train`."""
    match line:
        case Data():
            return {
                "data": line.path,
                "image_key": line.image,
                "label_key": line.label,
                "shuffle": line.shuffle,
            }
        case Loss():
            return _loss(line, said, job.settings.get("auxiliary", ()))
        case LearningRate():
            return _learning_rate(line, said)
        case Checkpoint():
            return _checkpoint(line, said)
        case Log():
            return {} if line.every is None else {"log_steps": _whole(line.every, said)}
        case Preprocess():
            found = preprocessing(line, said)
            check_images(found, said, [i.value for i in job.network.inputs], True)
            return {"preprocess": found}
    name, field = SIMPLE[type(line)]
    return {name: getattr(line, field)}


# The lines that say one setting: its name, and the field that has it.
SIMPLE: dict[type[Layer], tuple[str, str]] = {
    Batch: ("batch", "size"),
    Steps: ("steps", "count"),
    Seed: ("seed", "value"),
    Directory: ("directory", "path"),
    Optimizer: ("momentum", "momentum"),
}


def _loss(line: Loss, said: tree.Line, auxiliary: tuple[Any, ...]) -> dict[str, Any]:
    if line.logits is None:
        if line.weight != 1.0:
            why = "the output's loss has weight 1, that of an end point its own"
            raise Rejected(_moot(said, "weight", why))
        return {"label_smoothing": line.label_smoothing}
    if line.label_smoothing:
        why = "that of the output's loss serves for all"
        raise Rejected(_moot(said, "label_smoothing", why))
    return {"auxiliary": (*auxiliary, (line.logits, line.weight))}


def _learning_rate(line: LearningRate, said: tree.Line) -> dict[str, Any]:
    found: dict[str, Any] = {"learning_rate": line.rate, "schedule": line.kind}
    if line.kind == "exponential":
        found["decay"] = line.decay
        found["decay_every"] = line.every if line.every is not None else 2.0
        found["decay_unit"] = line.unit
    elif line.every is not None or any(
        a.key is not None and a.key.text == "decay" for a in said.arguments
    ):
        raise Rejected(_moot(said, "decay", "a fixed rate does not decay"))
    return found


def _checkpoint(line: Checkpoint, said: tree.Line) -> dict[str, Any]:
    if line.every is not None and line.unit == "steps":
        steps = _whole(line.every, said)
        return {"keep": line.keep, "save_steps": steps, "save_minutes": 0.0}
    if line.every is not None:
        return {"keep": line.keep, "save_minutes": line.every}
    return {"keep": line.keep}


def _whole(count: float, said: tree.Line) -> int:
    """A number of steps."""
    if count != int(count):
        raise Rejected(
            messages.wrong_value(
                said.span, f"`every` of `{said.word.text}`",
                "a whole number of steps", f"`{count:g}`",
            )
        )  # fmt: skip
    return int(count)
