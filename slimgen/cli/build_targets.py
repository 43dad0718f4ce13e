"""The targets of a build, from the command line or from the project's settings."""

import os
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace

import click

from slimgen.cli.files import STDIN, STDIN_NAME, read_source
from slimgen.config import BUILD, Build, read_config
from slimgen.diagnostics import Diagnostics
from slimgen.emit.forms import EJECTED, ONE_FILE, SHARED_MODULE, SPLIT
from slimgen.frozen import Frozen
from slimgen.messages import commands

DEFINE = re.compile(r"(?P<name>\w+)\s*=\s*(?P<value>.*\S)\s*", re.DOTALL)


class Choices(Frozen):
    """The user's options that reach the compiler: parameters and networks."""

    defines: tuple[tuple[str, str], ...] = ()
    networks: tuple[str, ...] = ()
    passes: tuple[str, ...] | None = None
    form: str = ONE_FILE


class BuildTarget(Frozen):
    """One source: its name, its output, and the options of its build."""

    source: str
    name: str
    output: str
    choices: Choices
    command: str


def parse_defines(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of `-D name=value`."""
    pairs: dict[str, str] = {}
    for text in given:
        match = DEFINE.fullmatch(text)
        if match is None:
            raise click.BadParameter(f"'{text}' is not of the form name=value.")
        if match["name"] in pairs:
            raise click.BadParameter(f"'{match['name']}' is given twice.")
        pairs[match["name"]] = match["value"]
    return tuple(pairs.items())


def targets_of_files(
    files: Sequence[str], output: str | None, stdin_name: str | None, choices: Choices
) -> list[BuildTarget]:
    """Return the targets of the command line; a mistake in it is a usage error."""
    files = list(dict.fromkeys(files))
    if len(files) > 1 and STDIN in files:
        raise click.UsageError("'-' stands for standard input and is read alone.")
    if stdin_name is not None and files != [STDIN]:
        raise click.UsageError("'--stdin-filename' goes with '-'.")
    folder = output is not None and output != STDIN and _is_folder(output)
    if output is not None and len(files) > 1 and not folder:
        raise click.UsageError(f"several files need a folder as '-o', not '{output}'.")
    return [_target(path, output, folder, stdin_name, choices) for path in files]


def _target(
    path: str,
    output: str | None,
    folder: bool,
    stdin_name: str | None,
    choices: Choices,
) -> BuildTarget:
    name = (stdin_name or STDIN_NAME) if path == STDIN else path
    if output is None:
        place = STDIN if path == STDIN else _beside(path)
    elif folder:
        stem = os.path.basename(_beside(name)) if name != STDIN_NAME else "stdin.py"
        place = os.path.join(output, stem)
    else:
        place = output
    given = ["slimgen", "build", path]
    given += ["--stdin-filename", stdin_name] if stdin_name else []
    given += ["-o", place] if output is not None else []
    given += ["--split"] if choices.form == SPLIT else []
    given += ["--eject"] if choices.form == EJECTED else []
    for key, value in choices.defines:
        given += ["-D", f"{key}={value}"]
    for network in choices.networks:
        given += ["--network", network]
    if choices.passes is not None:
        given += ["--passes", ",".join(choices.passes) or "none"]
    return BuildTarget(path, name, place, choices, shlex.join(given))


def _is_folder(path: str) -> bool:
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return path.endswith(separators) or os.path.isdir(path)


def _beside(path: str) -> str:
    return os.path.splitext(path)[0] + ".py"


def targets_of_project(diagnostics: Diagnostics) -> list[BuildTarget] | None:
    """Return the targets in the nearest pyproject.toml above; None without settings."""
    folder = os.getcwd()
    while True:
        path = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(path):
            builds = _read_settings(path, diagnostics)
            if builds is not None:
                return [_project_target(folder, build) for build in builds]
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _read_settings(path: str, diagnostics: Diagnostics) -> tuple[Build, ...] | None:
    source = read_source(path, os.path.relpath(path), diagnostics)
    return () if source is None else read_config(source, diagnostics)


def _project_target(folder: str, build: Build) -> BuildTarget:
    source = os.path.relpath(os.path.join(folder, build.source))
    output = build.output if build.output is not None else _beside(build.source)
    return BuildTarget(
        source,
        source,
        os.path.relpath(os.path.join(folder, output)),
        Choices(build.defines, build.networks, form=SPLIT if build.split else ONE_FILE),
        "slimgen build",
    )


def check_targets(
    targets: Sequence[BuildTarget], diagnostics: Diagnostics
) -> list[BuildTarget]:
    """Return the targets that may be built; report those that would overwrite a file."""
    sources = {os.path.realpath(t.source) for t in targets if t.source != STDIN}
    writers: dict[str, BuildTarget] = {}
    shared = {os.path.realpath(target.output) for target in shared_targets(targets)}
    sound = []
    for target in targets:
        place = os.path.realpath(target.output)
        if target.output == STDIN:
            sound.append(target)
        elif place in sources:
            diagnostics.report(commands.output_is_source(target.output))
        elif place in shared:
            found = commands.output_twice(target.output, target.name, "--split")
            diagnostics.report(found)
        elif place in writers:
            if not _same_build(writers[place], target):
                first = writers[place].name
                found = commands.output_twice(target.output, first, target.name)
                diagnostics.report(found)
        else:
            writers[place] = target
            sound.append(target)
    return sound


def shared_targets(targets: Sequence[BuildTarget]) -> list[BuildTarget]:
    """Return `slim_runtime.py` of each folder with networks that share it, as targets."""
    found: dict[str, BuildTarget] = {}
    for target in targets:
        if target.choices.form == SPLIT:
            folder = os.path.dirname(target.output)
            place = os.path.join(folder, f"{SHARED_MODULE}.py")
            found.setdefault(place, replace(target, output=place))
    return list(found.values())


def _same_build(one: BuildTarget, other: BuildTarget) -> bool:
    same_file = os.path.realpath(one.source) == os.path.realpath(other.source)
    return same_file and one.choices == other.choices


def sources_to_read(
    files: Sequence[str],
    stdin_name: str | None,
    choices: Choices,
    report: Callable[[Diagnostics], object],
) -> list[BuildTarget]:
    """Return the targets of a command without outputs: its files, or the project's."""
    if files:
        return targets_of_files(files, None, stdin_name, choices)
    if stdin_name is not None or choices != Choices():
        raise click.UsageError("these options need FILES.")
    return project_targets(report)


def project_targets(report: Callable[[Diagnostics], object]) -> list[BuildTarget]:
    """Return the targets of the project; a project without targets is a usage error."""
    found = Diagnostics()
    targets = targets_of_project(found)
    report(found)
    if targets is None or not (targets or found.has_errors):
        raise click.UsageError(
            f"no FILES, and no [[{BUILD}]] in a pyproject.toml here or above."
        )
    return targets
