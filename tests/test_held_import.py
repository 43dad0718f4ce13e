"""Output of an import that built files hold back when that is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slimgen.emit.module import HELD_IMPORT
from slimgen.emit.templates import render

NOISY = "import os\nos.write(2, b'noise\\n')\n"


def run(folder: Path, module: str, level: str) -> subprocess.CompletedProcess[str]:
    """Run the text of built files with another module in the place of TensorFlow."""
    (folder / "noisy.py").write_text(module)
    (folder / "tensorflow.py").write_text("import noisy\n")
    held = render(HELD_IMPORT, imports=["import tensorflow as tf"])
    imports = "import os, sys, tempfile\n"
    (folder / "program.py").write_text(f"{imports}{held}os.write(2, b'after')\n")
    return subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": level},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("level", "shown"), [("3", "after"), ("2", "noise\nafter")])
def test_the_import_is_silent_where_that_is_asked_for(
    tmp_path: Path, level: str, shown: str
) -> None:
    assert run(tmp_path, NOISY, level).stderr == shown


def test_an_import_that_fails_shows_what_was_held(tmp_path: Path) -> None:
    done = run(tmp_path, f"{NOISY}raise ImportError('no libcuda')\n", "3")

    assert done.returncode == 1
    assert done.stderr.startswith("noise\nTraceback")
    assert "ImportError: no libcuda" in done.stderr
