"""What the lines of jobs share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Misfit:
    """An argument of a line that cannot have its value, and the values that it takes."""

    argument: str
    expected: str
