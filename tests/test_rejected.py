"""Mistakes and what the user reads about them: a folder a case, one code and construct each.

A folder holds `model.slim`, what it uses, and `stderr.txt`, the message as the user sees it.
`commands.txt` says what is run; without it, `slimgen check model.slim`. `pytest --update`
rewrites the messages; read the diff.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from absent import hide_package
from click.testing import CliRunner

from slimgen.cli import main
from slimgen.messages.pages import codes

FOLDER = Path(__file__).parent / "rejected"
CASES = sorted(path.name for path in FOLDER.iterdir())
FOUND = re.compile(r"^(?:error|warning)\[(.*?)\]", re.MULTILINE)
CHECK = "slimgen check model.slim\n"


def run_case(folder: Path) -> tuple[str, int]:
    """Run the commands of a case; return what the user reads, and the last exit code."""
    commands = folder / "commands.txt"
    text = commands.read_text() if commands.exists() else CHECK
    printed, code = "", 0
    for command in text.splitlines():
        if not command.startswith("slimgen "):
            subprocess.run(["bash", "-ec", command], cwd=folder, check=True)
            continue
        outcome = CliRunner().invoke(main, shlex.split(command)[1:])
        printed += outcome.stderr
        code = outcome.exit_code
    return printed, code


@pytest.mark.parametrize("name", CASES)
def test_the_message_is_the_one_that_was_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: bool
) -> None:
    case = shutil.copytree(FOLDER / name, tmp_path / name)
    monkeypatch.chdir(case)
    if name.startswith("E940"):
        hide_package(monkeypatch, "tf_slim")
    if name.startswith("E951"):
        hide_package(monkeypatch, "h5py")
    if name.startswith("E964"):
        hide_package(monkeypatch, "PIL")

    printed, exit_code = run_case(case)

    golden = FOLDER / name / "stderr.txt"
    if update:
        golden.write_text(printed, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == printed
    assert set(FOUND.findall(printed)) == {name[:4]}
    assert exit_code == (1 if name.startswith("E") else 0)


def test_every_code_is_shown() -> None:
    assert set(codes()) == {name[:4] for name in CASES}


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(CASES) >= 80
    assert all(re.fullmatch(r"[EW]\d{3}_[a-z0-9_]+", name) for name in CASES)


def test_no_two_cases_are_the_same_text() -> None:
    sources = [
        b"".join(
            path.read_bytes()
            for path in sorted((FOLDER / name).iterdir())
            if path.name != "stderr.txt"
        )
        for name in CASES
    ]

    assert len(sources) == len(set(sources))


@pytest.mark.parametrize("name", CASES)
def test_a_message_is_one_clear_sentence(name: str) -> None:
    text = (FOLDER / name / "stderr.txt").read_text(encoding="utf-8")
    messages = re.findall(r"^(?:error|warning)\[.*?\]: (.*)", text, re.MULTILINE)

    for message in messages:
        assert not message.endswith((".", "!", ":")), message
        assert len(message) <= 160, message
        assert message.count("`") % 2 == 0, message
        assert not re.search(r"\b(?:invalid|unexpected|Error|object at)\b", message)
