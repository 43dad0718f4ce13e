"""Sources, and ways to run the command line, that its tests share."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slimgen.cli import main

TINY = """\
network tiny(classes = 10) {
  input images 8x8x1
  conv 4 3x3 as conv1
  conv classes 8x8 padding=VALID as conv2
}
"""
WRONG = """\
network wrong {
  input images 8x8x1
  convv 4 3x3
  conv 4 3x3 activation=relo
}
"""
UNUSED = """\
network unused(classes = 10) {
  input images 8x8x1
  conv 4 3x3
}
"""
SHARED = """\
use "parts/block.slim"

network shared {
  input images 8x8x1
  twice 4
}
"""
BLOCK = """\
block twice(depth) {
  conv depth 3x3
  conv depth 3x3
}
"""


@pytest.fixture(name="folder", autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for every test, with a small source."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "SLIMGEN_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tiny.slim").write_text(TINY)
    return tmp_path


def run(*args: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, args, input=given)


def run_apart(*args: str, **settings: object) -> "subprocess.CompletedProcess[str]":
    """Run slimgen in a process of its own."""
    command = [sys.executable, "-m", "slimgen", *args]
    return subprocess.run(command, capture_output=True, text=True, **settings)  # type: ignore[call-overload, no-any-return]


def last_line(outcome: Result) -> str:
    return outcome.stderr.splitlines()[-1]


def code_of(outcome: Result) -> str:
    """The code of the only finding."""
    document = json.loads(outcome.stderr)
    (found,) = document["diagnostics"]
    return str(found["code"])


def found_by_check(*args: str) -> list[str]:
    outcome = run("build", "--check", "--diagnostics", "json", *args)
    document = json.loads(outcome.stderr)

    assert outcome.exit_code == (1 if document["errors"] else 0)
    assert outcome.stdout == ""
    return [found["code"] for found in document["diagnostics"]]


def loaded_by(*args: str) -> set[str]:
    """The modules that a command imports."""
    program = (
        "import json, sys\n"
        "from slimgen.cli import main\n"
        "try:\n"
        "    main(json.loads(sys.argv[1]))\n"
        "except SystemExit as error:\n"
        "    assert not error.code, error.code\n"
        "sys.stderr.write('\\0' + json.dumps(list(sys.modules)))\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program, json.dumps(args)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(outcome.stderr.rpartition("\0")[2]))
