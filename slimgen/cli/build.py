"""`slimgen build`: sources to TensorFlow files, and `--check` whether those are current."""

import click

from slimgen.cli.build_targets import (
    BuildTarget,
    Choices,
    check_targets,
    project_targets,
    shared_targets,
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
from slimgen.cli.current import check_shared, check_target
from slimgen.cli.files import STDIN, read_built, refusal, write_file
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.diagnostics import Diagnostics
from slimgen.emit.file_head import read_head
from slimgen.emit.forms import EJECTED, ONE_FILE, SPLIT
from slimgen.messages import commands


@click.command(epilog="""\b
Examples:
  slimgen build vgg16.slim                    writes vgg16.py
  slimgen build vgg16.slim -o - -D classes=10
  slimgen build nets/*.slim -o built/
  slimgen build --split nets/*.slim           short files beside one slim_runtime.py
  slimgen build                               the builds in pyproject.toml
  slimgen build --check --diff                are its outputs current?
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
    "--split",
    is_flag=True,
    help="Write the networks alone, and slim_runtime.py beside them for the rest.",
)
@click.option(
    "--eject",
    is_flag=True,
    help="Write a file to edit by hand: without digests, never replaced.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; report outputs that are not current."
)
@click.option(
    "--diff", is_flag=True, help="With --check: print the changes of a new build."
)
@click.option(
    "--full", is_flag=True, help="With --check: build again and compare all bytes."
)
@click.option(
    "--force", is_flag=True, help="Replace a file that slimgen did not build."
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Do not name the files that were written."
)
@reporting
def build(
    reporter: CommandReport,
    *,
    files: tuple[str, ...],
    output: str | None,
    stdin_filename: str | None,
    split: bool,
    eject: bool,
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

    One file holds all that a network needs. With --split, the networks of a folder share
    slim_runtime.py there, which --check compares too; of a job, a file has the choices.
    """
    if (diff or full) and not check:
        raise click.UsageError("'--diff' and '--full' go with '--check'.")
    if check and output == STDIN:
        raise click.UsageError("'--check' needs a file as '-o'.")
    _check_forms(split, eject, check, output)
    form = SPLIT if split else EJECTED if eject else ONE_FILE
    choices = Choices(**chosen, form=form)  # type: ignore[arg-type]
    targets = _targets(reporter, files, output, stdin_filename, choices)
    for target in targets:
        if check:
            check_target(target, reporter, diff=diff, full=full)
        else:
            _build(target, reporter, force=force, quiet=quiet, verify=verify)
    for target in shared_targets(targets):
        if check:
            check_shared(target, reporter, diff=diff)
        elif force or _may_replace(target, reporter):
            _write(target, _shared_module(), reporter, quiet=quiet)


def _check_forms(split: bool, eject: bool, check: bool, output: str | None) -> None:
    if split and eject:
        raise click.UsageError(
            "'--split' and '--eject' cannot be combined: an ejected file stands alone."
        )
    if eject and check:
        raise click.UsageError("'--check' is for files that slimgen keeps current.")
    if split and output == STDIN:
        raise click.UsageError("'--split' writes two files: '-o' needs a folder.")


def _shared_module() -> str:
    # The emitter is slow to import: only a build of that form loads it.
    from slimgen.emit.shared_module import shared_module

    return shared_module()


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
    _write(target, compilation.code, reporter, quiet=quiet)


def _write(
    target: BuildTarget, code: str, reporter: CommandReport, *, quiet: bool
) -> None:
    try:
        changed = write_file(target.output, code)
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
