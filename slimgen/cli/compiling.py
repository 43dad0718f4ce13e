"""Options and the call of the compiler, shared by all commands that compile."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from slimgen.cli.build_targets import BuildTarget, Choices, parse_defines
from slimgen.cli.files import FileReader, read_source
from slimgen.cli.reporting import CommandReport
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

if (
    TYPE_CHECKING
):  # the compiler brings Lark and Black: only a command that needs it loads it
    from slimgen.compiler import Compilation, Request

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(allow_dash=True, readable=False)  # E901 says why


def files_argument(command: Command) -> Command:
    """Add the argument FILES to a command."""
    return click.argument("files", nargs=-1, type=PATH)(command)


def stdin_name_option(command: Command) -> Command:
    """Add `--stdin-filename` to a command."""
    return click.option(
        "--stdin-filename",
        metavar="NAME",
        help="Name of the source on standard input; `use` is relative to its folder.",
    )(command)


def choice_options(command: Command) -> Command:
    """Add `-D` and `--network` to a command."""
    command = click.option(
        "--network",
        "networks",
        multiple=True,
        metavar="NAME",
        help="Only this network (repeatable).",
    )(command)
    return click.option(
        "-D",
        "defines",
        multiple=True,
        metavar="NAME=VALUE",
        callback=parse_defines,
        help="Set a parameter or the size of an input (repeatable).",
    )(command)


def passes_option(command: Command) -> Command:
    """Add `--passes` to a command."""
    return click.option(
        "--passes",
        metavar="none|all|NAME,…",
        callback=_parse_passes,
        help="Passes over the graph to run (default: all).",
    )(command)


def _parse_passes(
    _context: click.Context, _parameter: click.Parameter, given: str | None
) -> tuple[str, ...] | None:
    if given is None or given == "all":
        return None
    if given == "none":
        return ()
    from slimgen.passes import PASS_NAMES

    chosen = [name.strip() for name in given.split(",")]
    for name in chosen:
        if name not in PASS_NAMES:
            known = f"{', '.join(PASS_NAMES)}; or 'none' or 'all' alone"
            raise click.BadParameter(f"there is no pass '{name}'; known: {known}.")
    return tuple(name for name in PASS_NAMES if name in chosen)


def verify_option(command: Command) -> Command:
    """Give a command `--verify`."""
    return click.option(
        "--verify",
        is_flag=True,
        help="Check slimgen itself: infer all types and variables again after each pass.",
    )(command)


def suggestion(word: str, known: list[str]) -> str:
    """Return ` Did you mean …?`, or ""."""
    near = difflib.get_close_matches(word, known, 1)
    return f" Did you mean '{near[0]}'?" if near else ""


def load(target: BuildTarget, reporter: CommandReport) -> Source | None:
    """Return the source of a target; None after an error is reported."""
    found = Diagnostics()
    source = read_source(target.source, target.name, found)
    reporter.add(found)
    return source


def run_compiler(
    source: Source,
    choices: Choices,
    reporter: CommandReport,
    *,
    emit: bool,
    tolerated: frozenset[str] = frozenset(),
    verify: bool = False,
) -> "Compilation | None":
    """Compile a source; None after its errors are reported.

    Mistakes with one of the codes in `tolerated` do not matter here.
    """
    from slimgen.compiler import analyze, compile_source

    found = Diagnostics()
    stage = compile_source if emit else analyze
    request = replace(_request(choices), tolerated=tolerated, verify=verify)
    compilation = stage(source, request, FileReader(found))
    sound = reporter.add(compilation.diagnostics)
    return compilation if reporter.add(found) and sound else None


def compile_quietly(source: Source, choices: Choices) -> "Compilation | None":
    """Compile up to the graph without a report; None if the source has errors."""
    from slimgen.compiler import analyze

    compilation = analyze(source, _request(choices), FileReader(Diagnostics()))
    return None if compilation.diagnostics.has_errors else compilation


def _request(choices: Choices) -> "Request":
    """Return the compiler's form of the user's choices."""
    from slimgen.compiler import Request

    return Request(choices.defines, choices.networks, choices.passes, form=choices.form)
