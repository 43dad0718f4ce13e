"""Files that a source uses: links, and files outside of the source's project."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from slimgen.cli import main

NETWORK = "network n {\n  input images 8x8x3\n  relu\n}\n"


def check(path: Path) -> str:
    return CliRunner().invoke(main, ["check", str(path)]).stderr


def project(folder: Path) -> Path:
    """A project folder with a folder for sources."""
    sources = folder / "project" / "sources"
    sources.mkdir(parents=True)
    (folder / "project" / "pyproject.toml").touch()
    return sources


def test_a_link_that_leads_back_is_followed_once(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "model.slim").write_text(f'use "loop/model.slim"\n{NETWORK}')

    printed = check(tmp_path / "model.slim")

    assert "error[E111]: the file `loop/model.slim` uses itself" in printed
    assert "1 error" in printed


@pytest.mark.parametrize("data", [b"key: secret\n", b"\xff secret\n"])
def test_no_text_of_a_file_outside_of_the_project_is_shown(
    tmp_path: Path, data: bytes
) -> None:
    source = project(tmp_path) / "model.slim"
    source.write_text(f'use "../../outside"\n{NETWORK}')
    (tmp_path / "outside").write_bytes(data)

    printed = check(source)

    assert "it is outside of the project" in printed
    assert "secret" not in printed


def test_a_source_outside_of_the_project_can_be_used(tmp_path: Path) -> None:
    source = project(tmp_path) / "model.slim"
    source.write_text(f'use "../../blocks.slim"\n{NETWORK.replace("relu", "one 3")}')
    (tmp_path / "blocks.slim").write_text("block one(d) {\n  conv d 3x3\n}\n")

    assert check(source) == ""


def test_mistakes_in_a_file_of_the_project_are_shown(tmp_path: Path) -> None:
    source = project(tmp_path) / "model.slim"
    source.write_text(f'use "../blocks.slim"\n{NETWORK}')
    (source.parent.parent / "blocks.slim").write_text("block one(d {\n")

    assert "block one(d {" in check(source)
