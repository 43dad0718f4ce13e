"""The part that all lines of jobs share."""

from collections.abc import Mapping
from typing import ClassVar

from slimgen.frozen import Frozen
from slimgen.layers.setting_line import SettingLine


class JobLine(SettingLine):
    """A line of a job; some of its numbers are settings of the built file."""

    family = "Training"
    # Settings with another name, or another text, than their argument.
    renamed: ClassVar[Mapping[str, str]] = {}
    texts: ClassVar[Mapping[str, str]] = {}

    def subject(self) -> tuple[str | None, ...]:
        """Return the words that tell this line from others with the same first word."""
        return ()


class Misfit(Frozen):
    """An argument of a line that cannot have its value, and the values that it takes."""

    argument: str
    expected: str
