"""Collecting what a command finds, and telling it once, in the form that is asked for."""

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
    """The findings of one run of a command."""

    def __init__(self, form: str, strict: bool, color: str) -> None:
        self.color = color
        self._form = form
        self._strict = strict
        self._found = Diagnostics()
        self._failed = False

    def add(self, found: Diagnostics) -> bool:
        """Take the findings of one file; say whether there is no error among them."""
        judged = found.with_warnings_as_errors() if self._strict else found
        for one in judged:
            self._found.report(one)
        return not judged.has_errors

    def report(self, one: Diagnostic) -> bool:
        """Take one finding; return True unless it is an error."""
        found = Diagnostics()
        found.report(one)
        return self.add(found)

    def fail(self) -> None:
        """Let the run end as one with an error; the command's own result says which."""
        self._failed = True

    def say(self, text: str) -> None:
        """Tell the user what was done, where that does not spoil a document."""
        if self._form == "text":
            write_error(f"{text}\n")

    def finish(self) -> int:
        """Print what was found to standard error; return the exit code."""
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
    """Give a command the options about diagnostics, and a Reporter as its first argument."""

    @click.option(
        "--diagnostics",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="Form of what is found, on standard error.",
    )
    @click.option("--strict", is_flag=True, help="Take warnings for errors.")
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
