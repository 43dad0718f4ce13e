"""The examples of a job."""

from dataclasses import replace

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.jobs.job_lines import JobText, ignored_argument
from slimgen.elaborate.rejection import Rejected
from slimgen.ir import jobs as ir
from slimgen.ir.graph import NetworkInput
from slimgen.layers.jobs.augment import Augmentation
from slimgen.layers.jobs.data import BatchLine, DataLine, ItemLine
from slimgen.layers.jobs.images import PreprocessLine
from slimgen.layers.jobs.run import DeterministicLine
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

LABEL = "label"
OF_IMAGES = ("uint8", "uint16", "float32")
OF_NUMBERS = ("int64", "float32")
WHOLE = (
    *("path", "shuffle", "readers", "block_length", "order", "prefetch", "boxes"),
    "corrupt",
)  # keys that concern all items


def read_data(job: JobText) -> ir.Data:
    """Return the examples of a job: their path, their items and the size of a batch."""
    data, statement = job.required_line(DataLine)
    inputs = {given.name: given for given in job.network.inputs}
    items = read_items(job)
    for name in inputs:
        if name not in items:
            doc = f"a line `{name} FEATURE` between the braces"
            raise Rejected(
                messages.missing_argument(statement.word.span, "data", name, doc)
            )
    found = ir.Data(
        data.path,
        tuple(items[name] for name in inputs),
        tuple(item for name, item in items.items() if name not in inputs),
        statement.body is None and data.boxes is None,
        data.shuffle,
        skip=data.corrupt == "skip",
        settings=_settings(data),
        sloppy=data.order == "sloppy",
        boxes=data.boxes or "",
    )
    if unfit := _unfit_order(job, data, statement) or _unfit_boxes(
        job, data, statement
    ):
        raise Rejected(unfit)
    _check_distortion(job, found, statement)
    if batch := job.line(BatchLine):
        found = replace(found, batch=batch[0].size)
    return found


def _settings(data: DataLine) -> tuple[ir.Setting, ...]:
    """Return the numbers that the source gives."""
    texts = {
        "readers": "files that are read at once",
        "block_length": "records of a file that come one after another",
        "prefetch": "batches that are made ahead",
    }
    values = {name: getattr(data, name) for name in texts}
    return tuple(
        ir.Setting(name, value, texts[name], 1)
        for name, value in values.items()
        if value is not None
    )


def _unfit_order(
    job: JobText, data: DataLine, statement: tree.Line
) -> Diagnostic | None:
    """Report an order that does not depend on the seed alone where it must."""
    exact = job.line(DeterministicLine)
    if data.order == "exact":
        return None
    if data.corrupt == "skip":
        return ignored_argument(
            statement, "corrupt", "a sloppy order does not tell what was left out"
        )
    if exact is not None and not exact[0].value:
        return None
    return messages.wrong_value(
        statement.word.span,
        "`data` with `order=sloppy`",
        "a job whose runs may differ",
        "`deterministic true`",
        "say `deterministic false` in the job",
    )


def _unfit_boxes(
    job: JobText, data: DataLine, statement: tree.Line
) -> Diagnostic | None:
    """Report boxes that have no use."""
    if data.boxes is None:
        return None
    family = _family(job)
    if family != "inception":
        return ignored_argument(
            statement, "boxes", "only `preprocess inception` crops by them"
        )
    if any(line.replaces_family for line, _ in job.lines(Augmentation)):
        return ignored_argument(statement, "boxes", "`augment` crops in its own way")
    if data.kind == "folder":
        return ignored_argument(statement, "boxes", "a folder has none; write records")
    return None


def _family(job: JobText) -> str:
    """Return the family of preprocessing: the job's own, else the network's."""
    own, preprocess = job.line(PreprocessLine), job.network.preprocess
    if own:
        return own[0].kind
    return preprocess.family if preprocess else "none"


def _check_distortion(job: JobText, data: ir.Data, statement: tree.Line) -> None:
    """Refuse labels that are images where the input is cropped without them."""
    family = _family(job)
    images = [f"`{item.name}`" for item in data.labels if item.image]
    for line, augment in job.lines(Augmentation):
        if images and line.moves:
            where = f"`augment {line.form}`"
            needed = "labels that are no images, since it moves the input alone"
            found = ", ".join(images)
            raise Rejected(messages.wrong_value(augment.span, where, needed, found))
    if images and family != "none":
        raise Rejected(
            messages.wrong_value(
                statement.word.span,
                f"`data` with `preprocess {family}`",
                "labels that are no images, since it crops the input alone",
                ", ".join(images),
                "say `preprocess none` in the job",
            )
        )


def read_items(job: JobText) -> dict[str, ir.DataItem]:
    """Return the items of an example by name: inputs of the network, and labels."""
    data, statement = job.required_line(DataLine)
    if statement.body is None:
        return _usual_items(job, data, statement)
    for argument in statement.arguments:
        if argument.key is not None and argument.key.text not in WHOLE:
            why = "the lines between the braces name the features"
            raise Rejected(ignored_argument(statement, argument.key.text, why))
    if data.kind == "folder":
        where = "after `data folder`"
        raise Rejected(
            messages.misplaced(
                statement.word.span,
                "a list of items",
                where,
                "a folder holds an image and a label an example; write records",
            )
        )
    inputs = {given.name: given for given in job.network.inputs}
    items: dict[str, ir.DataItem] = {}
    spans: dict[str, Span] = {}
    for line in statement.body.statements:
        if not isinstance(line, tree.Line):
            first = f"`{line.span.text.split()[0]}`"
            raise Rejected(messages.misplaced(line.span, first, "in `data`"))
        name = line.word.text
        if name in spans:
            raise Rejected(
                messages.name_taken(line.word.span, name, "an item", spans[name])
            )
        spans[name] = line.word.span
        item = job.binder.bind_as(line, ItemLine)
        items[name] = _read_item(name, item, line, inputs.get(name))
    return items


def _usual_items(
    job: JobText, data: DataLine, statement: tree.Line
) -> dict[str, ir.DataItem]:
    """Return the items of a line without braces: an image and its class."""
    first, *others = job.network.inputs
    if others or not _is_image(first):
        raise Rejected(
            messages.wrong_value(
                statement.word.span,
                "`data` without braces",
                "a network with one image",
                ", ".join(
                    f"`{given.name}` {given.value.type}" for given in job.network.inputs
                ),
                'name each item: `data records "…" { NAME FEATURE … }`',
            )
        )
    channels = first.value.type.shape[-1]
    image = ir.DataItem(first.name, data.image, True, channels, None, "uint8")
    label = ir.DataItem(LABEL, data.label, False, None, (), "int64")
    return {first.name: image, LABEL: label}


def _read_item(
    name: str, item: ItemLine, line: tree.Line, takes: NetworkInput | None
) -> ir.DataItem:
    """Return an item; `takes` is the network's input of its name."""
    shape = takes.value.type.shape[1:] if takes else None
    image = item.channels is not None or (
        takes is not None and _is_image(takes) and item.shape is None
    )
    if item.format == "raw" and not image:
        raise Rejected(
            ignored_argument(line, "format", "only images are raw or encoded")
        )
    known = OF_IMAGES if image else OF_NUMBERS
    stored = "uint8" if image else _stored(takes)
    dtype = item.dtype or stored
    if dtype not in known:
        sort = "an image" if image else "a list of numbers"
        expected = " or ".join(f"`{word}`" for word in known)
        raise Rejected(
            messages.wrong_value(
                line.span, f"`dtype` of {sort}", expected, f"`{dtype}`"
            )
        )
    if image:
        channels = item.channels or (shape[-1] if shape else None)
        size = item.shape or (shape if item.format == "raw" else None)
        if unfit := _unfit_image(item, line, channels, size, shape):
            raise Rejected(unfit)
        raw = item.format == "raw"
        return ir.DataItem(name, item.feature, True, channels, _whole(size), dtype, raw)
    size = item.shape if item.shape is not None else shape or ()
    if shape is not None and size != shape:
        raise Rejected(
            messages.wrong_value(
                line.span,
                f"`shape` of `{name}`",
                f"the input's, {list(shape)}",
                str(list(size)),
            )
        )
    return ir.DataItem(name, item.feature, False, None, _whole(size), dtype)


def _unfit_image(
    item: ItemLine,
    line: tree.Line,
    channels: int | None,
    size: tuple[int | None, ...] | None,
    shape: tuple[int | None, ...] | None,
) -> Diagnostic | None:
    """Report wrong sizes of an image; `shape` is the input's."""
    expected = found = ""
    if size is not None and (len(size) != 3 or size[-1] != channels):
        expected = f"[height, width, {channels}]"
        found = str(list(size))
    elif item.format == "raw" and size is None:
        expected, found = "`shape=[height, width, channels]` of a raw image", "none"
    elif shape is not None and channels != shape[-1]:
        expected, found = f"{shape[-1]} channels, as the input", str(channels)
    if not expected:
        return None
    where = f"`{line.word.text}`"
    return messages.wrong_value(line.span, where, expected, found)


def _is_image(given: NetworkInput) -> bool:
    return given.value.type.rank == 4


def _stored(takes: NetworkInput | None) -> str:
    """Return the type in which records store the numbers of an input, or of a label."""
    if takes is None or "int" in takes.value.type.dtype:
        return "int64"
    return "float32"


def _whole(shape: tuple[int | None, ...] | None) -> tuple[int, ...] | None:
    """A shape whose sizes are all known; every job has a network of such inputs."""
    return None if shape is None else tuple(size or 0 for size in shape)
