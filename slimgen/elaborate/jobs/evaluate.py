"""An `evaluate` job: the data by which a trained network is measured, and when."""

from slimgen.elaborate.jobs.data import read_data
from slimgen.elaborate.jobs.job_lines import JobText, ignored_argument
from slimgen.elaborate.rejection import Rejected
from slimgen.ir.jobs import Data, Evaluate
from slimgen.layers.jobs.data import DataLine
from slimgen.layers.jobs.evaluate import EveryLine
from slimgen.messages import names as messages

OF_TRAIN = {
    "shuffle": "an evaluation reads in order",
    "corrupt": "it is as the `train` job says",
}


def read_evaluate(job: JobText) -> Evaluate:
    """Return an `evaluate` job; the `train` job of its network says how data is read."""
    assert job.train is not None  # the kind needs one
    _check_data(job, job.train.data)
    (data, _), every = job.required_line(DataLine), job.line(EveryLine)
    return Evaluate(job.network.name, data.path, every is not None)


def _check_data(job: JobText, train: Data) -> None:
    """Refuse examples that are not read as those of the `train` job."""
    data, statement = job.required_line(DataLine)
    for argument in statement.arguments:
        if argument.key is not None and argument.key.text in OF_TRAIN:
            key = argument.key.text
            raise Rejected(ignored_argument(statement, key, OF_TRAIN[key]))
    keys = [argument for argument in statement.arguments if argument.key is not None]
    same = train.foldable or data.kind != "folder"
    if keys or statement.body is not None:
        same = same and _read_as(read_data(job)) == _read_as(train)
    if not same:
        where = "`data` of `evaluate`"
        needed, found = "the items and features of the `train` job", "others"
        help = "name the path alone, and examples are read as in training"
        span = statement.word.span
        raise Rejected(messages.wrong_value(span, where, needed, found, help))


def _read_as(data: Data) -> object:
    """Return the facts that decide how the built file reads an example."""
    items = (*data.inputs, *data.labels)
    return {(i.name, i.feature, i.image, i.raw) for i in items}
