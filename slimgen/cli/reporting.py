"""The diagnostics of a command, collected and printed once, in the form of `--diagnostics`."""

import functools
from collections.abc import Callable
from typing import Any

import click

from slimgen.cli import exits
from slimgen.cli.program import version
from slimgen.cli.streams import style_of, wants_color, write_error
from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.messages import pages
from slimgen.render import render_github, render_json, render_sarif, render_text

FORMATS = ("text", "json", "github", "sarif")


class CommandReport:
    """The diagnostics of one run of a command."""

    def __init__(self, form: str, strict: bool, color: str) -> None:
        self.color = color
        self._form = form
        self._strict = strict
        self._found = Diagnostics()
        self._failed = False

    def add(self, found: Diagnostics) -> bool:
        """Take the diagnostics of one file; return whether no error is among them."""
        judged = found.with_warnings_as_errors() if self._strict else found
        for one in judged:
            self._found.report(one)
        return not judged.has_errors

    def report(self, one: Diagnostic) -> bool:
        """Take one diagnostic; return True unless it is an error."""
        found = Diagnostics()
        found.report(one)
        return self.add(found)

    def fail(self) -> None:
        """End the run with exit code 1; the command's own output names the reason."""
        self._failed = True

    def say(self, text: str) -> None:
        """Print a message for people; `--diagnostics json` and `sarif` stay one document."""
        if self._form == "text":
            write_error(f"{text}\n")

    def finish(self) -> int:
        """Print the diagnostics to standard error; return the exit code."""
        color = wants_color(self.color, error=True)
        write_error(self._render(color), color)
        failed = self._failed or self._found.has_errors
        return exits.FINDINGS if failed else exits.DONE

    def _render(self, color: bool) -> str:
        match self._form:
            case "json":
                return render_json(self._found)
            case "github":
                return render_github(self._found)
            case "sarif":
                return render_sarif(self._found, version(), pages.titles())
            case _:
                return render_text(self._found, style_of(color))


def reporting(command: Callable[..., None]) -> Callable[..., int]:
    """Add the options about diagnostics to a command, and a report as first argument."""

    @click.option(
        "--diagnostics",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="Format of the diagnostics, on standard error.",
    )
    @click.option("--strict", is_flag=True, help="Treat warnings as errors.")
    @click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        help="Colour the output; auto: on a terminal, unless NO_COLOR is set.",
    )
    @click.option(
        "--traceback",
        is_flag=True,
        expose_value=False,
        help="Show where slimgen itself failed (also SLIMGEN_TRACEBACK=1).",
    )
    @functools.wraps(command)
    def wrapped(diagnostics: str, strict: bool, color: str, **given: Any) -> int:
        reporter = CommandReport(diagnostics, strict, color)
        command(reporter, **given)
        return reporter.finish()

    return wrapped
