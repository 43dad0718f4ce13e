"""A `train` job: its lines to settings, part by part."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from slimgen.elaborate.evaluated import Tensor
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.jobs.augment import check_mixed, read_augment
from slimgen.elaborate.jobs.data import read_data
from slimgen.elaborate.jobs.gradients import read_gradients
from slimgen.elaborate.jobs.images import check_images, preprocessing
from slimgen.elaborate.jobs.initial import read_initial
from slimgen.elaborate.jobs.lines import BoundLine, JobLines, JobText
from slimgen.elaborate.jobs.loss import read_loss
from slimgen.elaborate.jobs.loss_targets import Unfit, sizes_of, with_sizes
from slimgen.elaborate.jobs.optimizer import read_learning_rate, read_optimizer
from slimgen.elaborate.jobs.run import read_run
from slimgen.elaborate.rejection import Rejected
from slimgen.ir.graph import Network
from slimgen.ir.jobs import Loss, Preprocessing, Train
from slimgen.layers.declaration import Layer, TensorType
from slimgen.layers.jobs import TRAIN_LINES
from slimgen.layers.jobs.images import Preprocess
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

# The parts of a job that its lines alone decide; the loss needs to know the data.
PARTS: dict[str, Callable[[JobText], Any]] = {
    "augment": read_augment,
    "data": read_data,
    "optimizer": read_optimizer,
    "learning_rate": read_learning_rate,
    "gradients": read_gradients,
    "run": read_run,
    "initial": read_initial,
}
NEEDED = ("data", "steps")


def train_job(
    job: tree.Job,
    network: Network,
    end_points: Mapping[str, Tensor],
    lines: JobLines,
) -> Train | None:
    """Return the settings of a `train` job, or None after errors."""
    if job.name is not None:
        raise Rejected(
            messages.misplaced(job.name.span, "`as`", "on a `train` job yet")
        )
    bound = bind_job(job, network, lines, TRAIN_LINES)
    if bound is None:
        return None
    require_lines(job, bound, NEEDED)
    text = JobText(job, network, end_points, bound, lines)
    found = lines.reporter.found
    parts = {name: _read(part, text) for name, part in PARTS.items()}
    preprocess = _read(_read_preprocess, text)
    data = parts["data"]
    loss = None if data is None else _read(lambda text: read_loss(text, data), text)
    if lines.reporter.found > found or loss is None:
        return None
    check_mixed(text, loss)
    parts["data"] = with_sizes(data, sizes_of(loss, _outputs(text, loss)))
    return Train(network.name, loss=loss, preprocess=preprocess, **parts)


def _outputs(job: JobText, loss: Loss) -> list[TensorType]:
    """What each term is over."""
    found = []
    for term in loss.terms:
        values = dict(job.network.outputs)
        if len(values) == 1:
            values[""] = job.network.outputs[0][1]
        value = job.end_points[term.output].value if term.end else values[term.output]
        assert value is not None  # else the term was refused
        found.append(value.type)
    return found


def bind_job(
    job: tree.Job, network: Network, lines: JobLines, known: Mapping[str, type[Layer]]
) -> list[BoundLine] | None:
    """Bind every line of a job, which are of the `known` kinds; None after errors."""
    bound: list[BoundLine] = []
    spans: dict[str, Span] = {}
    failed = False
    for statement in job.body.statements:
        try:
            bound.append(_bind_line(statement, network, lines, known, spans))
        except Rejected as rejected:
            failed = True
            if not isinstance(rejected, Silent):
                lines.reporter.report(rejected.diagnostic)
    return None if failed else bound


def _bind_line(
    statement: tree.Statement,
    network: Network,
    lines: JobLines,
    known: Mapping[str, type[Layer]],
    spans: dict[str, Span],
) -> BoundLine:
    """Bind one line, or raise Rejected; `spans` has those of the lines before."""
    if not isinstance(statement, tree.Line):
        what = f"`{statement.span.text.split()[0]}`"
        raise Rejected(messages.misplaced(statement.span, what, "in a job"))
    word = statement.word
    kind = known.get(word.text)
    if kind is None:
        raise Rejected(messages.unknown_job_line(word.span, word.text, list(known)))
    image = network.inputs[0].name if word.text == "data" else ""
    line = lines.bind(statement, kind, image)
    subject = " ".join(filter(None, (word.text, *line.subject())))
    if subject in spans:
        earlier, kind_of_name = spans[subject], "a line of this job"
        raise Rejected(messages.name_taken(word.span, subject, kind_of_name, earlier))
    spans[subject] = word.span
    return BoundLine(line, statement)


def require_lines(
    job: tree.Job, bound: Iterable[BoundLine], needed: Iterable[str]
) -> None:
    """Refuse a job without the lines that every job of its kind has."""
    words = {line.statement.word.text for line in bound}
    for word in needed:
        if word not in words:
            raise Rejected(
                messages.missing_argument(
                    job.word.span, job.word.text, word, f"a line `{word} …`"
                )
            )


def _read(part: Callable[[JobText], Any], text: JobText) -> Any:
    """Read a part of a job; report what is wrong with it."""
    try:
        return part(text)
    except Unfit:
        raise
    except Rejected as rejected:
        if not isinstance(rejected, Silent):
            text.reporter.report(rejected.diagnostic)
        return None


def _read_preprocess(job: JobText) -> Preprocessing | None:
    """Return the job's own preprocessing, in place of the network's."""
    said = job.one(Preprocess)
    if said is None:
        return None
    found = preprocessing(*said)
    check_images(found, said[1], [i.value for i in job.network.inputs], True)
    return found


def check_inputs(job: tree.Job, network: Network) -> None:
    """Refuse a network without the inputs of fixed sizes that a job needs."""
    free = [one for one in network.inputs if None in one.value.type.shape[1:]]
    if free:
        needed, found = "a network with fixed input sizes", str(free[0].value.type)
        where = f"`{job.word.text}`"
        raise Unfit(messages.wrong_value(job.network.span, where, needed, found))
