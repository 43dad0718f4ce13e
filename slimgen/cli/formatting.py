"""`slimgen fmt`: sources in their canonical form."""

import click

from slimgen.cli.build_targets import BuildTarget, Choices, sources_to_read
from slimgen.cli.compiling import files_argument, load, stdin_name_option
from slimgen.cli.current import unified
from slimgen.cli.files import STDIN, refusal, write_file
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import style_of, wants_color, write_output
from slimgen.diagnostics import Diagnostics
from slimgen.messages import commands
from slimgen.source import Source


@click.command(epilog="""\b
Examples:
  slimgen fmt nets/*.slim
  slimgen fmt --check --diff
  slimgen fmt - < vgg16.slim
""")
@files_argument
@stdin_name_option
@click.option(
    "--check", is_flag=True, help="Write nothing; report files that would change."
)
@click.option("--diff", is_flag=True, help="Write nothing; print the changes.")
@reporting
def fmt(
    reporter: CommandReport,
    *,
    files: tuple[str, ...],
    stdin_filename: str | None,
    check: bool,
    diff: bool,
) -> None:
    """Rewrite sources in their canonical form.

    Comments stay where they stand. Without FILES, formats the sources that pyproject.toml lists.
    """
    targets = sources_to_read(files, stdin_filename, Choices(), reporter.add)
    for target in {target.source: target for target in targets}.values():
        source = load(target, reporter)
        text = None if source is None else _canonical(source, reporter)
        if source is None or text is None:
            continue
        if diff:
            _show_difference(source, text, reporter)
        if check and text != source.text:
            reporter.report(commands.not_formatted(target.name))
        if not (check or diff):
            _write(target, text, reporter)


def _canonical(source: Source, reporter: CommandReport) -> str | None:
    from slimgen.syntax.printer import format_source

    found = Diagnostics()
    text = format_source(source, found)
    reporter.add(found)
    # A file that git checked out for Windows keeps the line ends of its first line.
    if text is not None and "\r\n" in source.text.partition("\n")[0] + "\n":
        return text.replace("\n", "\r\n")
    return text


def _show_difference(source: Source, text: str, reporter: CommandReport) -> None:
    style = style_of(wants_color(reporter.color, error=False))
    write_output("".join(unified(source.text, text, source.name, style)))


def _write(target: BuildTarget, text: str, reporter: CommandReport) -> None:
    try:
        if write_file(target.source, text) and target.source != STDIN:
            reporter.say(f"{target.source}: formatted")
    except OSError as error:
        reporter.report(refusal(target.source, error))
