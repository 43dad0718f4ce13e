"""`slimgen summary`: layers, shapes, parameters and work of the networks of a source."""

import click

from slimgen.cli.build_targets import Choices, targets_of_files
from slimgen.cli.compiling import (
    PATH,
    choice_options,
    load,
    run_compiler,
    stdin_name_option,
)
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output


@click.command(epilog="""\b
Examples:
  slimgen summary vgg16.slim
  slimgen summary vgg16.slim -D classes=10 --format json
""")
@click.argument("file", type=PATH)
@click.option(
    "--format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the summary, on standard output.",
)
@stdin_name_option
@choice_options
@reporting
def summary(
    reporter: CommandReport,
    *,
    file: str,
    format: str,
    stdin_filename: str | None,
    defines: tuple[tuple[str, str], ...],
    networks: tuple[str, ...],
) -> None:
    """Print layers, shapes, parameters and work.

    Multiply-adds and memory are those of one example; repeats are folded into one row.
    """
    from slimgen.ir.summary import summarize
    from slimgen.ir.summary_text import summary_json, summary_text

    choices = Choices(defines, networks)
    (target,) = targets_of_files([file], None, stdin_filename, choices)
    source = load(target, reporter)
    if source is None:
        return
    compilation = run_compiler(source, choices, reporter, emit=False)
    if compilation is not None and compilation.graph is not None:
        table = summarize(compilation.graph)
        write_output(summary_json(table) if format == "json" else summary_text(table))
