"""`slimgen build`: sources to TensorFlow files, and `--check` whether those are current."""

import click

from slimgen.cli.build_targets import (
    BuildTarget,
    Choices,
    check_targets,
    project_targets,
    targets_of_files,
)
from slimgen.cli.compiling import (
    choice_options,
    files_argument,
    load,
    passes_option,
    run_compiler,
    stdin_name_option,
    verify_option,
)
from slimgen.cli.current import check_target
from slimgen.cli.files import STDIN, read_built, refusal, write_file
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.diagnostics import Diagnostics
from slimgen.emit.head import read_head
from slimgen.messages import commands


@click.command(epilog="""\b
Examples:
  slimgen build vgg16.slim                    writes vgg16.py
  slimgen build vgg16.slim -o - -D classes=10
  slimgen build nets/*.slim -o built/
  slimgen build                               what pyproject.toml lists
  slimgen build --check --diff                is that current?
""")
@files_argument
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="File or folder; '-' is standard output (default: beside the source, .py).",
)
@stdin_name_option
@choice_options
@passes_option
@verify_option
@click.option(
    "--check", is_flag=True, help="Write nothing; say which outputs are not current."
)
@click.option(
    "--diff", is_flag=True, help="With --check: show what a build would change."
)
@click.option(
    "--full", is_flag=True, help="With --check: build anew and compare all bytes."
)
@click.option(
    "--force", is_flag=True, help="Replace a file that slimgen did not build."
)
@click.option("-q", "--quiet", is_flag=True, help="Do not say what was written.")
@reporting
def build(
    reporter: CommandReport,
    *,
    files: tuple[str, ...],
    output: str | None,
    stdin_filename: str | None,
    check: bool,
    diff: bool,
    full: bool,
    force: bool,
    quiet: bool,
    verify: bool,
    **chosen: tuple[tuple[str, str], ...],
) -> None:
    """Build one TensorFlow file from each source.

    Without FILES, builds what [[tool.slimgen.build]] lists in the nearest pyproject.toml.
    A file whose bytes are the same is not touched.
    """
    if (diff or full) and not check:
        raise click.UsageError("'--diff' and '--full' go with '--check'.")
    if check and output == STDIN:
        raise click.UsageError("'--check' needs a file as '-o'.")
    choices = Choices(**chosen)  # type: ignore[arg-type]
    for target in _targets(reporter, files, output, stdin_filename, choices):
        if check:
            check_target(target, reporter, diff=diff, full=full)
        else:
            _build(target, reporter, force=force, quiet=quiet, verify=verify)


def _targets(
    reporter: CommandReport,
    files: tuple[str, ...],
    output: str | None,
    stdin_name: str | None,
    choices: Choices,
) -> list[BuildTarget]:
    if files:
        targets = targets_of_files(files, output, stdin_name, choices)
    elif output is not None or stdin_name is not None or choices != Choices():
        raise click.UsageError("these options need FILES.")
    else:
        targets = project_targets(reporter.add)
    found = Diagnostics()
    sound = check_targets(targets, found)
    reporter.add(found)
    return sound


def _build(
    target: BuildTarget,
    reporter: CommandReport,
    *,
    force: bool,
    quiet: bool,
    verify: bool,
) -> None:
    if not (force or _may_replace(target, reporter)):
        return
    source = load(target, reporter)
    if source is None:
        return
    compilation = run_compiler(
        source, target.choices, reporter, emit=True, verify=verify
    )
    if compilation is None or compilation.code is None:
        return
    try:
        changed = write_file(target.output, compilation.code)
    except OSError as error:
        reporter.report(refusal(target.output, error))
        return
    if not quiet and target.output != STDIN:
        reporter.say(f"{target.output}: {'written' if changed else 'unchanged'}")


def _may_replace(target: BuildTarget, reporter: CommandReport) -> bool:
    """Whether what stands at the output may go: nothing, or a file that we built."""
    if target.output == STDIN:
        return True
    try:
        text = read_built(target.output)
    except OSError as error:
        return reporter.report(refusal(target.output, error))
    if not text:
        return True
    head = read_head(text)
    if head is None:
        return reporter.report(commands.output_not_ours(target.output, target.command))
    if head.edited:
        return reporter.report(commands.edits_replaced(target.output))
    return True
