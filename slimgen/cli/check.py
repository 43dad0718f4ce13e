"""`slimgen check`: the errors and warnings of sources, without a build."""

import click

from slimgen.cli.build_targets import Choices, sources_to_read
from slimgen.cli.compiling import (
    choice_options,
    files_argument,
    load,
    run_compiler,
    stdin_name_option,
    verify_option,
)
from slimgen.cli.reporting import CommandReport, reporting


@click.command(epilog="""\b
Examples:
  slimgen check nets/*.slim
  slimgen check --strict --diagnostics github      in a workflow of GitHub
  slimgen check - --stdin-filename vgg16.slim      from an editor
""")
@files_argument
@stdin_name_option
@choice_options
@verify_option
@reporting
def check(
    reporter: CommandReport,
    *,
    files: tuple[str, ...],
    stdin_filename: str | None,
    defines: tuple[tuple[str, str], ...],
    networks: tuple[str, ...],
    verify: bool,
) -> None:
    """Report errors and warnings of sources.

    Nothing is written. Without FILES, checks the sources that pyproject.toml lists.
    """
    choices = Choices(defines, networks)
    for target in sources_to_read(files, stdin_filename, choices, reporter.add):
        source = load(target, reporter)
        if source is not None:
            run_compiler(source, target.choices, reporter, emit=False, verify=verify)
