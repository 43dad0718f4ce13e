"""Standard streams that are closed, full or replaced; line ends of Windows."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from slimgen.cli import main

SOURCE = "network small {\n  input images 8x8x3\n  conv 4 3x3\n}\n"


def run_in_shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run `slimgen COMMAND` with redirections of a shell."""
    (folder / "small.slim").write_text(SOURCE, encoding="utf-8")
    line = f'"{sys.executable}" -m slimgen {command}'
    return subprocess.run(
        line, shell=True, cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("check small.slim >&- 2>&-", 0),
        ("check missing.slim >&- 2>&-", 1),
        ("build small.slim -o - >&-", 1),
        ("build small.slim -o - 2>&- >/dev/null", 0),
        ("fmt - <&-", 1),
        ("layers >/dev/full", 1),
        ("--help >/dev/full", 1),
    ],
)
def test_a_closed_or_full_stream_is_no_internal_error(
    tmp_path: Path, command: str, code: int
) -> None:
    finished = run_in_shell(tmp_path, command)

    assert finished.returncode == code, finished.stderr
    assert "internal error" not in finished.stderr


def test_output_goes_to_a_stream_of_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.slim").write_text(SOURCE, encoding="utf-8")
    stream = io.StringIO()

    with contextlib.redirect_stdout(stream), pytest.raises(SystemExit) as left:
        main(["build", "small.slim", "-o", "-"])

    assert left.value.code == 0
    assert "def small(scope, images):" in stream.getvalue()


def test_line_ends_of_windows_stay_and_are_not_compared(tmp_path: Path) -> None:
    source, output = tmp_path / "small.slim", tmp_path / "small.py"
    text = SOURCE.replace("  ", "    ").replace("\n", "\r\n")
    source.write_bytes(text.encode())

    assert run(["fmt", "--check", str(source)]) == 1
    assert run(["fmt", str(source)]) == 0
    assert source.read_bytes() == SOURCE.replace("\n", "\r\n").encode()
    assert run(["fmt", "--check", str(source)]) == 0

    assert run(["build", str(source), "-o", str(output)]) == 0
    output.write_bytes(output.read_bytes().replace(b"\n", b"\r\n"))
    assert run(["build", str(source), "-o", str(output), "--check", "--full"]) == 0


def run(arguments: list[str]) -> object:
    """Return the exit code of a command."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code
