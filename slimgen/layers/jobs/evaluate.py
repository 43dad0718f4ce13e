"""Lines of `evaluate` jobs."""

from slimgen.layers.argument_types import Choice
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine


class EveryLine(JobLine):
    """When training evaluates: at each checkpoint, by a line of an `evaluate` job."""

    word = "every"
    example = "every checkpoint"

    moment: str = parameter(Choice(("checkpoint",)), "when")
