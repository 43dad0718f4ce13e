"""What a job minimises."""

from slimgen.elaborate.jobs.lines import JobText, moot
from slimgen.elaborate.report import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.loss import Loss
from slimgen.messages import names as messages
from slimgen.syntax import tree


def read_loss(job: JobText) -> ir.Loss:
    """Return the loss of the output, and those of end points that are added to it."""
    smoothing, auxiliary = 0.0, []
    for line, said in job.all(Loss):
        if line.logits is None:
            if line.weight != 1.0:
                why = "the output's loss has weight 1, that of an end point its own"
                raise Rejected(moot(said, "weight", why))
            smoothing = line.label_smoothing
            continue
        _check_logits(job, line.logits, said)
        if line.label_smoothing:
            why = "that of the output's loss serves for all"
            raise Rejected(moot(said, "label_smoothing", why))
        auxiliary.append((line.logits, line.weight))
    return ir.Loss(smoothing, tuple(auxiliary))


def _check_logits(job: JobText, name: str, said: tree.Line) -> None:
    """Refuse the loss of an end point that is no further head."""
    if name not in job.end_points:
        known = list(job.end_points)
        raise Rejected(messages.not_a_tensor(said.span, name, known))
    value = job.end_points[name].value
    output = job.network.outputs[0][1].type
    if value is not None and value.type != output:
        raise Rejected(
            messages.wrong_value(
                said.span, "`loss`", f"logits {output}", str(value.type)
            )
        )
