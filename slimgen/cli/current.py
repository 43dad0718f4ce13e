"""`slimgen build --check`: say whether an output is what its source gives."""

import difflib
import io
from collections.abc import Iterator

from slimgen.cli.build_targets import BuildTarget
from slimgen.cli.compiling import compile_quietly, load, run_compiler
from slimgen.cli.files import FileReader, read_built, reason_of
from slimgen.cli.reporting import CommandReport
from slimgen.cli.streams import style_of, wants_color, write_output
from slimgen.cli.uses import with_files
from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.emit.file_head import FORMAT, read_head, source_digest
from slimgen.messages import commands
from slimgen.render import Style
from slimgen.source import Source


def check_target(
    target: BuildTarget, reporter: CommandReport, *, diff: bool, full: bool
) -> None:
    """Report in what way the output is not current.

    Args:
        target: The source, its output and the options.
        reporter: Takes the findings.
        diff: Print what a build would change.
        full: Build and compare even where the digests agree.
    """
    source = load(target, reporter)
    if source is None:
        return
    try:
        text = read_built(target.output)
    except OSError as error:
        reason = reason_of(error)
        reporter.report(commands.unreadable_file(target.output, reason))
        return
    findings = list(_compare_heads(target, source, text))
    for one in findings:
        reporter.report(one)
    if not (diff if findings else full):
        return
    compilation = run_compiler(source, target.choices, reporter, emit=True)
    if compilation is None or compilation.code is None:
        return
    if text is not None and with_unix_ends(text) == compilation.code:
        return
    if not findings:
        reason = f"another text is built from `{target.name}` now"
        found = commands.output_stale(target.output, reason, target.command)
        reporter.report(found)
    if diff:
        style = style_of(wants_color(reporter.color, error=False))
        rows = unified(text, compilation.code, target.output, style)
        write_output("".join(rows))


def check_shared(target: BuildTarget, reporter: CommandReport, *, diff: bool) -> None:
    """Report in what way `slim_runtime.py` is not the one of this version.

    Args:
        target: Any network of the folder, with the module as its output.
        reporter: Takes the findings.
        diff: Print what a build would change.
    """
    from slimgen.emit.shared_module import shared_module

    try:
        text = read_built(target.output)
    except OSError as error:
        reason = reason_of(error)
        reporter.report(commands.unreadable_file(target.output, reason))
        return
    code = shared_module()
    if text is not None and with_unix_ends(text) == code:
        return
    findings = list(_compare_heads(target, None, text))
    if not findings:
        reason = "another text is built now"
        findings = [commands.output_stale(target.output, reason, target.command)]
    for one in findings:
        reporter.report(one)
    if diff:
        style = style_of(wants_color(reporter.color, error=False))
        write_output("".join(unified(text, code, target.output, style)))


def with_unix_ends(text: str) -> str:
    """Return the text as it was built, where git checked it out for Windows."""
    return text.replace("\r\n", "\n")


def _compare_heads(
    target: BuildTarget, source: Source | None, text: str | None
) -> Iterator[Diagnostic]:
    """Yield what the head of the output tells, without building anything."""
    if text is None:
        yield commands.output_missing(target.output, target.command)
        return
    head = read_head(text)
    if head is None:
        yield commands.output_not_ours(target.output, target.command)
    elif head.format != FORMAT:
        yield commands.output_of_other_format(
            target.output, head.format, FORMAT, target.command
        )
    else:
        if head.edited:
            yield commands.output_edited(target.output, target.command)
        if source is None:
            return
        if head.source_digest and not _is_from(head.source_digest, target, source):
            reason = f"`{target.name}`, what it uses or the options have changed"
            yield commands.output_stale(target.output, reason, target.command)


def _is_from(digest: str, target: BuildTarget, source: Source) -> bool:
    """Whether a digest is that of a source as it stands, with all that it reads."""
    # The build that the message recommends reports a source that cannot be read.
    scanned = with_files(source, FileReader(Diagnostics()))
    if source_digest(scanned, target.choices) == digest:
        return True
    if len(scanned) == 1:
        return False
    # The scan may find more than the compiler reads, never less.
    read = compile_quietly(source, target.choices)
    return read is not None and source_digest(read.sources, target.choices) == digest


def unified(old: str | None, new: str, name: str, style: Style) -> Iterator[str]:
    """Yield the lines of a unified diff, without times, so that it is the same tomorrow."""
    before, after = (list(io.StringIO(text, newline="\n")) for text in (old or "", new))
    source = f"a/{name}" if old is not None else "/dev/null"
    colors = {"+": style.note, "-": style.error, "@": style.frame}
    for row in difflib.unified_diff(before, after, source, f"b/{name}"):
        line = row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"
        yield style.paint(colors.get(row[0], ""), line[:-1]) + "\n"
