"""An `evaluate` job: the data by which a trained network is measured, and when."""

from slimgen.elaborate.jobs.data import read_data
from slimgen.elaborate.jobs.lines import JobLines, JobText, ignored_argument
from slimgen.elaborate.jobs.train import bind_job, require_lines
from slimgen.elaborate.rejection import Rejected
from slimgen.ir.graph import Network
from slimgen.ir.jobs import Data, Evaluate, Train
from slimgen.layers.jobs import EVALUATE_LINES
from slimgen.layers.jobs.data import Data as DataLine
from slimgen.layers.jobs.evaluate import Every
from slimgen.messages import names as messages
from slimgen.syntax import tree

NEEDED = ("data",)
OF_TRAIN = {
    "shuffle": "an evaluation reads in order",
    "corrupt": "it is as the `train` job says",
}


def evaluate_job(
    job: tree.Job, network: Network, train: Train, lines: JobLines
) -> Evaluate | None:
    """Return what an `evaluate` job says beside the `train` job; None after errors."""
    if job.origin or job.name is not None:
        what = job.origin[0].span if job.origin else job.span
        raise Rejected(
            messages.misplaced(what, "`from` or `as`", "on an `evaluate` job yet")
        )
    bound = bind_job(job, network, lines, EVALUATE_LINES)
    if bound is None:
        return None
    require_lines(job, bound, NEEDED)
    text = JobText(job, network, {}, bound, lines)
    _check_data(text, train.data)
    (data, _), every = text.required(DataLine), text.one(Every)
    return Evaluate(network.name, data.path, every is not None)


def _check_data(job: JobText, train: Data) -> None:
    """Refuse examples that are not read as those of the `train` job."""
    data, statement = job.required(DataLine)
    for argument in statement.arguments:
        if argument.key is not None and argument.key.text in OF_TRAIN:
            key = argument.key.text
            raise Rejected(ignored_argument(statement, key, OF_TRAIN[key]))
    keys = [one for one in statement.arguments if one.key is not None]
    same = train.foldable or data.kind != "folder"
    if keys or statement.body is not None:
        same = same and _read_as(read_data(job)) == _read_as(train)
    if not same:
        raise Rejected(
            messages.wrong_value(
                statement.word.span, "`data` of `evaluate`",
                "the items and features of the `train` job", "others",
                "name the path alone, and examples are read as in training",
            )
        )  # fmt: skip


def _read_as(data: Data) -> object:
    """How the built file reads an example."""
    items = (*data.inputs, *data.labels)
    return {(i.name, i.feature, i.image, i.raw) for i in items}
