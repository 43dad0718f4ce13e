"""The command line: usage, streams, colour, exit codes, what is loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from cli_harness import TINY, WRONG, loaded_by, own_folder, run, run_apart

from slimgen.cli import COMMANDS
from slimgen.cli.uses import files_of
from slimgen.source import Source

__all__ = ["own_folder"]

ROOT = Path(__file__).resolve().parent.parent

# Help, version, usage.


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_examples_and_exit_codes(flag: str) -> None:
    outcome = run(flag)

    assert outcome.exit_code == 0
    assert "slimgen build vgg16.slim" in outcome.stdout
    assert (
        "0 done, 1 findings (errors, stale files), 2 usage, 3 a bug" in outcome.stdout
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    outcome = run(name, "-h")

    assert outcome.exit_code == 0
    assert f"  slimgen {name}" in outcome.stdout or "$(slimgen" in outcome.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"completion"}))
def test_every_command_takes_the_options_about_diagnostics(name: str) -> None:
    for option in ("--diagnostics", "--strict", "--color"):
        assert option in run(name, "-h").stdout


def test_version() -> None:
    assert run("--version").stdout == "slimgen 0.1.0\n"


@pytest.mark.parametrize(
    "args",
    [
        ["biuld"],
        ["build", "--no-such-option"],
        ["build"],
        ["build", "tiny.slim", "-D", "classes"],
        ["build", "tiny.slim", "-D", "=5"],
        ["build", "tiny.slim", "-D", "classes="],
        ["build", "tiny.slim", "-D", "classes=1", "-D", "classes=2"],
        ["build", "tiny.slim", "--diff"],
        ["build", "tiny.slim", "--full"],
        ["build", "tiny.slim", "--check", "-o", "-"],
        ["build", "tiny.slim", "other.slim", "-o", "one.py"],
        ["build", "tiny.slim", "other.slim", "-o", "-"],
        ["build", "tiny.slim", "-"],
        ["build", "tiny.slim", "--stdin-filename", "a.slim"],
        ["build", "tiny.slim", "--passes", "no_such_pass"],
        ["build", "-D", "classes=5"],
        ["check"],
        ["show", "tiny.slim"],
        ["show", "tiny.slim", "--stage", "soup"],
        ["explain", "E000"],
        ["layers", "no_such_layer"],
        ["completion", "tcsh"],
    ],
)
def test_mistakes_on_the_command_line_are_usage_errors(args: list[str]) -> None:
    outcome = run(*args)

    assert outcome.exit_code == 2
    assert "Usage: slimgen" in outcome.stderr
    assert outcome.stdout == ""


def test_an_unknown_command_is_told_with_a_suggestion() -> None:
    assert "build" in run("biuld").stderr


# fmt, show, check


def test_fmt_rewrites_in_place_once(folder: Path) -> None:
    untidy = TINY.replace("  conv 4", "  conv    4")
    (folder / "tiny.slim").write_text(untidy)

    assert run("fmt", "--check", "tiny.slim").exit_code == 1
    assert run("fmt", "--diff", "tiny.slim").stdout.startswith("--- a/tiny.slim\n")
    assert (folder / "tiny.slim").read_text() == untidy
    assert run("fmt", "tiny.slim").stderr == "tiny.slim: formatted\n"
    assert (folder / "tiny.slim").read_text() == TINY
    assert run("fmt", "tiny.slim").stderr == ""
    assert run("fmt", "--check", "tiny.slim").exit_code == 0


def test_fmt_of_standard_input_goes_to_standard_output() -> None:
    outcome = run("fmt", "-", given=TINY.replace("  conv 4", "  conv    4"))

    assert outcome.stdout == TINY


def test_fmt_leaves_a_file_with_errors_alone(folder: Path) -> None:
    (folder / "wrong.slim").write_text("network {\n")

    assert run("fmt", "wrong.slim").exit_code == 1
    assert (folder / "wrong.slim").read_text() == "network {\n"


def test_the_tree_is_shown_with_places() -> None:
    outcome = run("show", "tiny.slim", "--stage", "tree")

    assert outcome.stdout.startswith(
        "File\n  Network 1:1\n    name:\n      Name 1:9 'tiny'\n"
    )


@pytest.mark.parametrize("stage", ["graph", "resolved", "lowered", "source"])
def test_the_graph_is_shown(stage: str) -> None:
    outcome = run("show", "tiny.slim", "--stage", stage)

    assert outcome.exit_code == 0
    assert "conv2" in outcome.stdout


@pytest.mark.parametrize(
    "command",
    [["build", "-o", "-"], ["check"], ["show", "--stage", "lowered"]],
    ids=lambda command: command[0],
)
def test_a_good_source_passes_the_verifier(command: list[str]) -> None:
    outcome = run(*command, "tiny.slim", "--verify")

    assert (outcome.exit_code, outcome.stderr) == (0, "")


def test_check_is_silent_about_a_good_source() -> None:
    outcome = run("check", "tiny.slim")

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


# Diagnostics in every form, colour, streams.


def test_json_is_one_document_for_all_files(folder: Path) -> None:
    (folder / "wrong.slim").write_text(WRONG)
    schema = json.loads((ROOT / "docs/schemas/diagnostics.json").read_text())

    outcome = run("check", "wrong.slim", "none.slim", "--diagnostics", "json")
    document = json.loads(outcome.stderr)

    jsonschema.validate(document, schema)
    assert document["errors"] == 3


def test_github_annotates_lines(folder: Path) -> None:
    (folder / "wrong.slim").write_text(WRONG)

    first = run("check", "wrong.slim", "--diagnostics", "github").stderr.splitlines()[0]

    assert first.startswith(
        "::error file=wrong.slim,line=3,endLine=3,col=3,endColumn=7,"
    )


def test_sarif_names_rules(folder: Path) -> None:
    log = json.loads(run("check", "none.slim", "--diagnostics", "sarif").stderr)

    assert log["runs"][0]["tool"]["driver"]["rules"] == [
        {"id": "E901", "shortDescription": {"text": "a file cannot be read"}}
    ]


@pytest.mark.parametrize(
    ("args", "variables", "colored"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "always"], {"TERM": "dumb"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_asked_for(
    args: list[str],
    variables: dict[str, str],
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert ("\033[" in run("check", "none.slim", *args).stderr) == colored


@pytest.mark.parametrize(("term", "colored"), [("xterm", True), ("dumb", False)])
def test_a_terminal_has_colour(
    term: str, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pty

    monkeypatch.setenv("TERM", term)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "slimgen", "check", "none.slim"]
    subprocess.run(command, stderr=theirs)
    os.close(theirs)
    told = os.read(ours, 10_000)
    os.close(ours)

    assert (b"\033[" in told) == colored
    assert b"cannot be read" in told


def test_a_closed_pipe_is_no_failure() -> None:
    command = f"{sys.executable} -m slimgen explain | true; exit ${{PIPESTATUS[0]}}"

    outcome = subprocess.run(["bash", "-c", command], capture_output=True, text=True)

    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_a_full_disk_behind_standard_output_is_told() -> None:
    with open("/dev/full", "w") as full:
        outcome = subprocess.run(
            [sys.executable, "-m", "slimgen", "explain"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert outcome.returncode == 1
    assert "cannot write to standard output: No space left on device" in outcome.stderr


def test_the_locale_changes_nothing(folder: Path) -> None:
    (folder / "tiny.slim").write_text("# 日本語\n" + TINY, encoding="utf-8")
    outputs = [
        run_apart(
            "build",
            "tiny.slim",
            "-o",
            "-",
            env={
                **os.environ,
                "LC_ALL": "C",
                "PYTHONUTF8": "0",
                "PYTHONHASHSEED": seed,
            },
            encoding="utf-8",
        ).stdout
        for seed in ("0", "1")
    ]

    assert outputs == [run("build", "tiny.slim", "-o", "-").stdout] * 2


# Our own bugs, interrupts, imports.


def test_a_bug_of_ours_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_compiler(monkeypatch, RuntimeError("boom"))

    outcome = run("build", "tiny.slim")

    assert outcome.exit_code == 3
    assert outcome.stderr.startswith("internal error: RuntimeError: boom\n")
    assert "Please report it" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_bug_of_ours_is_shown_on_request(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_compiler(monkeypatch, RuntimeError("boom"))
    if how == "variable":
        monkeypatch.setenv("SLIMGEN_TRACEBACK", "1")

    args = ["--traceback"] if how == "option" else []

    assert (
        "Traceback (most recent call last)" in run("check", "tiny.slim", *args).stderr
    )


def test_an_interrupt_leaves_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    break_compiler(monkeypatch, KeyboardInterrupt())

    outcome = run("build", "tiny.slim")

    assert outcome.exit_code == 130
    assert outcome.stderr.strip() == "interrupted"


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["check", "tiny.slim"],
        ["fmt", "--check", "tiny.slim"],
        ["explain"],
        ["layers"],
    ],
)
def test_a_command_loads_only_what_it_needs(args: list[str]) -> None:
    loaded = loaded_by(*args)

    assert "slimgen.cli" in loaded
    assert not {"black", "tensorflow", "numpy", "keras"} & loaded
    if args[0] in ("--help", "explain", "layers"):
        assert not {"lark", "jinja2"} & loaded


def test_building_never_loads_tensorflow() -> None:
    loaded = loaded_by("build", "tiny.slim")

    assert "slimgen.emit.module" in loaded
    assert not {"tensorflow", "numpy", "keras"} & loaded


def break_compiler(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Put a bug into the compiler."""
    import slimgen.compiler

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(slimgen.compiler, "analyze", fail)
    monkeypatch.setattr(slimgen.compiler, "compile_source", fail)


# Completion and the scan for `use`.


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    outcome = run("completion", shell)

    assert outcome.exit_code == 0
    assert "_SLIMGEN_COMPLETE" in outcome.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("slimgen bu", "build"),
        ("slimgen explain E90", "E901"),
        ("slimgen layers con", "conv"),
        ("slimgen show --stage re", "resolved"),
    ],
)
def test_completion(words: str, expected: str) -> None:
    environment = {
        **os.environ,
        "_SLIMGEN_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }

    assert f"plain,{expected}\n" in run_apart(env=environment).stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('use "a.slim"\n', ["a.slim"]),
        ('use "a.slim"; use "b/c.slim" # use "d"\n', ["a.slim", "b/c.slim"]),
        ('  use\t"std/se.slim"', ["std/se.slim"]),
        ('# use "a.slim"\n', []),
        ('require (x) "use "\nlet reuse = "use"', []),
        ('labels "use" # "\nuse "a"', ["use", "a"]),
        ('  labels offset=1 "names.txt"; use"b"', ["names.txt", "b"]),
        ('  labels offset=1 # "names.txt"', []),
        ('reuse "a"\nre.use "b"', []),
    ],
)
def test_used_files_are_found_without_parsing(text: str, expected: list[str]) -> None:
    assert files_of(Source("net.slim", text)) == expected
