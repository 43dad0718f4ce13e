"""The colours of a terminal, in one place."""

from slimgen.diagnostics import Severity
from slimgen.frozen import Frozen

RESET = "\033[0m"


class Style(Frozen):
    """The escape codes before each kind of text; empty without colour."""

    error: str = ""
    warning: str = ""
    message: str = ""
    frame: str = ""
    note: str = ""

    def of(self, severity: Severity) -> str:
        """Return the colour of a severity."""
        return self.error if severity is Severity.ERROR else self.warning

    def paint(self, color: str, text: str) -> str:
        """Return `text` in a colour of this style."""
        return f"{color}{text}{RESET}" if color and text else text


PLAIN = Style()
COLOR = Style(
    error="\033[1;31m",
    warning="\033[1;33m",
    message="\033[1m",
    frame="\033[1;34m",
    note="\033[1;36m",
)
