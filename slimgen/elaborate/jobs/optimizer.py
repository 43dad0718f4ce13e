"""How a job changes the variables."""

from slimgen.elaborate.jobs.lines import JobText, moot
from slimgen.elaborate.report import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.optimizer import LearningRate, Optimizer


def read_optimizer(job: JobText) -> ir.Optimizer:
    """Return the rule by which gradients change variables."""
    said = job.one(Optimizer)
    return ir.Optimizer() if said is None else ir.Optimizer(said[0].momentum)


def read_learning_rate(job: JobText) -> ir.LearningRate:
    """Return the learning rate over the steps."""
    found = job.one(LearningRate)
    if found is None:
        return ir.LearningRate()
    line, said = found
    if line.kind == "exponential":
        every = line.every if line.every is not None else 2.0
        return ir.LearningRate(line.kind, line.rate, line.decay, every, line.unit)
    if line.every is not None or any(
        a.key is not None and a.key.text == "decay" for a in said.arguments
    ):
        raise Rejected(moot(said, "decay", "a fixed rate does not decay"))
    return ir.LearningRate(line.kind, line.rate)
