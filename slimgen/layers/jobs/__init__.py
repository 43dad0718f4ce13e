"""The lines of jobs and of a network's weights, declared as layers are.

They have the same parameters, checks and documentation, but make no tensors.
"""

from slimgen.layers.jobs.data import ItemLine
from slimgen.layers.jobs.images import LabelsLine, PreprocessLine
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.jobs.kinds import JOB_KINDS
from slimgen.layers.setting_line import SettingLine
from slimgen.layers.weight_lines import HeadLine, WeightsLine

NETWORK_LINES: dict[str, type[SettingLine]] = {
    line.word: line for line in (PreprocessLine, LabelsLine, HeadLine, WeightsLine)
}

DATA_LINES: dict[str, type[JobLine]] = {ItemLine.word: ItemLine}
"""The lines between the braces of `data`, under names of the user's own."""

JOB_LINES: tuple[type[JobLine], ...] = tuple(
    dict.fromkeys(line for kind in JOB_KINDS.values() for line in kind.lines)
)
"""The lines of all jobs, in the order of the documentation."""
