"""`slimgen build --split` and `--eject`: networks that share a module, files of the user's."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_harness import TINY, own_folder, run

__all__ = ["own_folder"]

OTHER = TINY.replace("network tiny(", "network other(")
PROJECT = """\
[tool.slimgen]
split = true

[[tool.slimgen.build]]
source = "tiny.slim"

[[tool.slimgen.build]]
source = "other.slim"
split = false
"""


def test_the_networks_of_a_folder_share_one_module(folder: Path) -> None:
    (folder / "other.slim").write_text(OTHER)
    outcome = run("build", "--split", "tiny.slim", "other.slim")

    assert outcome.exit_code == 0
    assert outcome.stderr == (
        "tiny.py: written\nother.py: written\nslim_runtime.py: written\n"
    )
    assert "def restore(" not in (folder / "tiny.py").read_text()
    assert "def restore(" in (folder / "slim_runtime.py").read_text()
    assert run("build", "--split", "--check", "tiny.slim", "other.slim").exit_code == 0


def test_the_shared_module_does_not_depend_on_the_networks(folder: Path) -> None:
    (folder / "other.slim").write_text("network n { input x 7; fc 3 as a }")
    texts = []
    for source in ("tiny.slim", "other.slim"):
        run("build", "--split", source)
        texts.append((folder / "slim_runtime.py").read_bytes())

    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("change", "code"),
    [("missing", "E921"), ("edited", "E922"), ("of another format", "E923")],
)
def test_check_compares_the_shared_module(folder: Path, change: str, code: str) -> None:
    run("build", "--split", "tiny.slim")
    file = folder / "slim_runtime.py"
    text = file.read_text()
    if change == "missing":
        file.unlink()
    else:
        new = (
            ("return 0", "return 1") if change == "edited" else ("format=", "format=1")
        )
        file.write_text(text.replace(*new, 1))
    outcome = run("build", "--split", "--check", "tiny.slim")

    assert outcome.exit_code == 1
    assert code in outcome.stderr
    assert "slim_runtime.py" in outcome.stderr


def test_a_network_beside_another_version_of_the_module_says_so(folder: Path) -> None:
    pytest.importorskip("tensorflow")
    run("build", "--split", "tiny.slim")
    file = folder / "slim_runtime.py"
    file.write_text(file.read_text().replace("\nFORMAT = ", "\nFORMAT = 1"))
    outcome = subprocess.run(
        [sys.executable, "tiny.py"], capture_output=True, text=True, check=False
    )
    last = outcome.stderr.splitlines()[-1]

    assert outcome.returncode == 1
    assert last.startswith("ImportError: slim_runtime.py has format 1")
    assert last.endswith("run `slimgen build --split` again for both")


def test_a_network_computes_the_same_in_both_forms(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow")
    run("build", "tiny.slim", "-o", "tiny_whole.py")
    run("build", "--split", "tiny.slim", "-o", "tiny_split.py")
    monkeypatch.syspath_prepend(str(folder))
    whole = importlib.import_module("tiny_whole")
    split = importlib.import_module("tiny_split")
    images = np.random.default_rng(1).normal(size=(2, 8, 8, 1)).astype(np.float32)
    (one, ends), (other, others) = (m.Tiny(seed=1)(images) for m in (whole, split))

    assert np.array_equal(one, other)
    assert list(ends) == list(others)
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)[..., :1]
    assert np.array_equal(whole.preprocess(image), split.preprocess(image))
    whole.write_checkpoint(whole.Tiny(seed=2), "weights")
    for module in (whole, split):
        assert module.main(["checkpoint", "compare", "weights"]) == 0
    # The shared module has the lines that only some maps of weights fill.
    told = re.sub("(transformed|renamed): 0\n", "", capsys.readouterr().out)
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_the_project_says_which_files_are_split(folder: Path) -> None:
    (folder / "other.slim").write_text(OTHER)
    (folder / "pyproject.toml").write_text(PROJECT)

    assert run("build").exit_code == 0
    assert "import slim_runtime" in (folder / "tiny.py").read_text()
    assert "import slim_runtime" not in (folder / "other.py").read_text()
    (folder / "pyproject.toml").write_text(PROJECT.replace("true", '"yes"'))
    assert "true or false" in run("build").stderr


def test_an_ejected_file_is_the_user_s(folder: Path) -> None:
    run("build", "tiny.slim")
    whole = (folder / "tiny.py").read_text()
    assert run("build", "--eject", "tiny.slim").exit_code == 0
    ejected = (folder / "tiny.py").read_text()

    assert ejected == whole.split("\n", 2)[2]
    assert "DO NOT EDIT" not in ejected
    assert run("build", "--check", "tiny.slim").exit_code == 1
    outcome = run("build", "tiny.slim")
    assert outcome.exit_code == 1
    assert (folder / "tiny.py").read_text() == ejected


@pytest.mark.parametrize(
    "options",
    [
        ["--split", "--eject"],
        ["--eject", "--check"],
        ["--split", "-o", "-"],
    ],
)
def test_forms_that_exclude_each_other_are_a_wrong_usage(options: list[str]) -> None:
    assert run("build", "tiny.slim", *options).exit_code == 2
