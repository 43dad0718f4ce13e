"""The lines of a network that make no tensor: about its images, labels, head and weights."""

from slimgen.layers.jobs.images import LabelsLine, PreprocessLine
from slimgen.layers.setting_line import SettingLine
from slimgen.layers.weight_lines import HeadLine, WeightsLine

NETWORK_LINES: dict[str, type[SettingLine]] = {
    line.word: line for line in (PreprocessLine, LabelsLine, HeadLine, WeightsLine)
}
