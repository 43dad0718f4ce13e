"""The preprocessing and the labels that belong to a network's weights."""

from collections.abc import Callable, Mapping, Sequence

from slimgen.elaborate.jobs.job_lines import JobText, ignored_argument
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.ir.graph import Network, Value
from slimgen.ir.jobs import Data, LabelNames, Loss, Preprocessing
from slimgen.layers.jobs.data import DataLine
from slimgen.layers.jobs.images import LabelsLine, PreprocessLine
from slimgen.messages import jobs as job_messages
from slimgen.messages import names as messages
from slimgen.messages import warnings
from slimgen.messages.used_files import no_such_file
from slimgen.source import Source
from slimgen.syntax import tree

OF_COLOURS = ("vgg", "inception", "torchvision")
Reader = Callable[[str, Source], Source | None]


def preprocessing(line: PreprocessLine, statement: tree.Line) -> Preprocessing:
    """Return the preprocessing that a line says."""
    if line.resize and line.kind != "vgg":
        raise Rejected(
            ignored_argument(statement, "resize", "only `vgg` resizes the shorter side")
        )
    if not line.fast and line.kind != "inception":
        raise Rejected(
            ignored_argument(statement, "fast", "only `inception` distorts colours")
        )
    resize = (min(line.resize), max(line.resize)) if line.resize else None
    return Preprocessing(line.kind, resize, line.fast)


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
    elif found.family in OF_COLOURS and type_.shape[-1] not in (3, None):
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


def warn_of_ranges(job: JobText, data: Data, loss: Loss) -> None:
    """Warn of a label that is an input's image with the values of its file.

    A job with such labels has `preprocess none`, which makes values from 0 to 1. Among
    several inputs one of floats keeps its values.
    """
    kept = "float32" if len(data.inputs) > 1 else ""
    images = [item for item in data.inputs if item.image and item.dtype != kept]
    inputs = {item.feature: item.name for item in images}
    targets = (term.target for term in loss.terms)
    compared = {one.label for one in targets if not (one.classes or one.prepared)}
    body = job.required_line(DataLine)[1].body
    lines = (
        [one for one in body.statements if isinstance(one, tree.Line)] if body else []
    )
    spans = {line.word.text: line.word.span for line in lines}
    for item in data.labels:
        name = inputs.get(item.feature)
        if item.image and name and item.name in compared:
            highest = 65535 if item.dtype == "uint16" else 255
            found = warnings.other_range(spans[item.name], item.name, highest, name)
            job.reporter.report(found)


def is_classifier(result: Value | None) -> bool:
    """Return whether a network's result is [batch, classes]."""
    return result is not None and result.type.rank == 2


def _shorter(found: Preprocessing) -> int:
    """Length of the shorter side to which vgg resizes an image before it is cropped."""
    return found.resize[0] if found.resize else 256


def label_names(
    line: LabelsLine, statement: tree.Line, reader: Reader
) -> tuple[LabelNames, Source | None]:
    """Return the labels that a line names, and the file that they are read from."""
    if line.file is None:
        return LabelNames((), line.offset), None
    source = reader(line.file, statement.span.source)
    if source is None:
        raise Rejected(no_such_file(statement.span, line.file, ()))
    lines = enumerate(source.text.splitlines(), 1)
    rows = [(number, row.strip()) for number, row in lines if row.strip()]
    names: dict[int, str] = {}
    twice = ""
    for place, (number, row) in enumerate(rows):
        key, colon, name = row.partition(":")
        label, name = (int(key), name) if colon and key.isdecimal() else (place, row)
        if label in names or name in names.values():
            twice = twice or f"`{row}` again in line {number}"
        names[label] = name
    needed = found = help = ""
    if sorted(names) != list(range(len(names))):
        needed, found = "a file that numbers its names from 0 on", "numbers with gaps"
    elif twice:
        needed, found = "a file in which each label and each name stands once", twice
        help = "tell names apart, as `crane (bird)` and `crane (machine)`"
    if needed:
        raise Rejected(
            messages.wrong_value(statement.span, "`labels`", needed, found, help)
        )
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
            job_messages.labels_do_not_fit(
                lines["labels"].span, len(labels.names), classes, labels.offset
            )
        )


def check_alike(networks: Sequence[Network], reporter: Reporter) -> None:
    """Report networks of one file whose labels or images the file would have to tell apart."""
    _check_shared(
        "labels", [_labels(network) for network in networks], networks, reporter
    )
    images = [_images(network) for network in networks]
    _check_shared("preprocess", images, networks, reporter)


def _check_shared(
    part: str, values: Sequence[object], networks: Sequence[Network], reporter: Reporter
) -> None:
    """Report the networks whose value is not that of the first."""
    for network, value in zip(networks, values, strict=True):
        if value != values[0] and network.span is not None:
            name, first = network.name, networks[0].name
            reporter.report(
                job_messages.networks_differ(network.span, part, name, first)
            )


def _labels(network: Network) -> LabelNames:
    return network.labels or LabelNames()


def _images(network: Network) -> object:
    """The part of the preprocessing that a file has once; each network has its family."""
    found = network.preprocess
    return (found.resize, found.fast) if found else (None, True)
