"""The examples of a job."""

from dataclasses import replace

from slimgen.elaborate.jobs.lines import JobText
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.data import Batch, Data


def read_data(job: JobText) -> ir.Data:
    """Return where the examples are, and how many a step takes."""
    said = job.one(Data)
    assert said is not None  # every job has the line
    data, _ = said
    found = ir.Data(data.path, data.image, data.label, data.shuffle)
    if batch := job.one(Batch):
        found = replace(found, batch=batch[0].size)
    return found
