"""`slimgen build --check`, and the settings of a project."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cli_harness import BLOCK, SHARED, TINY, found_by_check, loaded_by, own_folder, run

__all__ = ["own_folder"]


# build --check


@pytest.mark.parametrize("full", [[], ["--full"]])
def test_a_fresh_output_is_current(full: list[str]) -> None:
    run("build", "tiny.slim")

    assert found_by_check("tiny.slim", *full) == []


def test_an_output_that_was_never_built_is_missing(folder: Path) -> None:
    assert found_by_check("tiny.slim") == ["E921"]
    assert not (folder / "tiny.py").exists()


def test_a_changed_source_makes_the_output_stale(folder: Path) -> None:
    run("build", "tiny.slim")
    (folder / "tiny.slim").write_text(TINY + "# more\n")

    assert found_by_check("tiny.slim") == ["E920"]


def test_a_changed_used_file_makes_the_output_stale(folder: Path) -> None:
    (folder / "shared.slim").write_text(SHARED)
    (folder / "parts").mkdir()
    (folder / "parts" / "block.slim").write_text(BLOCK)
    run("build", "shared.slim")

    assert found_by_check("shared.slim") == []
    (folder / "parts" / "block.slim").write_text(BLOCK + "# more\n")
    assert found_by_check("shared.slim") == ["E920"]


@pytest.mark.parametrize("option", [("-D", "classes=5"), ("--passes", "none")])
def test_other_options_make_the_output_stale(option: tuple[str, str]) -> None:
    run("build", "tiny.slim", *option)

    assert found_by_check("tiny.slim", *option) == []
    assert found_by_check("tiny.slim") == ["E920"]


def test_a_renamed_source_makes_the_output_stale(folder: Path) -> None:
    run("build", "tiny.slim")
    (folder / "tiny.slim").rename(folder / "small.slim")

    assert found_by_check("small.slim", "-o", "tiny.py") == ["E920"]


@pytest.mark.parametrize("line", [1, 2, 5])
def test_edits_by_hand_are_told(folder: Path, line: int) -> None:
    run("build", "tiny.slim")
    rows = (folder / "tiny.py").read_text().splitlines(keepends=True)
    rows[line - 1] = rows[line - 1].rstrip("\n") + " x\n"
    (folder / "tiny.py").write_text("".join(rows))

    assert found_by_check("tiny.slim") == ["E922"]


def test_edited_and_stale_are_both_told(folder: Path) -> None:
    run("build", "tiny.slim")
    (folder / "tiny.slim").write_text(TINY + "# more\n")
    with (folder / "tiny.py").open("a") as file:
        file.write("x = 1\n")

    assert found_by_check("tiny.slim") == ["E920", "E922"]


def test_line_ends_of_a_checkout_are_no_edits(folder: Path) -> None:
    run("build", "tiny.slim")
    text = (folder / "tiny.py").read_bytes().replace(b"\n", b"\r\n")
    (folder / "tiny.py").write_bytes(text)

    assert found_by_check("tiny.slim") == []


def test_another_format_is_told(folder: Path) -> None:
    run("build", "tiny.slim")
    text = (folder / "tiny.py").read_text()
    (folder / "tiny.py").write_text(text.replace("format=", "format=9", 1))

    assert found_by_check("tiny.slim") == ["E923"]


def test_a_file_that_is_not_ours_is_told(folder: Path) -> None:
    (folder / "tiny.py").write_text("x = 1\n")

    assert found_by_check("tiny.slim") == ["E905"]


def test_full_compares_the_text_itself(folder: Path) -> None:
    from slimgen.emit.file_head import body_digest

    run("build", "tiny.slim")
    text = (folder / "tiny.py").read_text()
    head, body = text.split("\n", 2)[:2], text.split("\n", 2)[2] + "x = 1\n"
    second = head[1].rpartition("=")[0] + f"={body_digest(body)}"
    (folder / "tiny.py").write_text("\n".join([head[0], second, body]))

    assert found_by_check("tiny.slim") == []
    assert found_by_check("tiny.slim", "--full") == ["E920"]


def test_the_command_that_mends_it_does(folder: Path) -> None:
    checked = ("tiny.slim", "-o", "a b.py", "-D", "classes=5", "--network", "tiny")
    (found,) = json.loads(
        run("build", "--check", *checked, "--diagnostics", "json").stderr
    )["diagnostics"]
    command = found["help"].split("`")[1]

    assert command == (
        "slimgen build tiny.slim -o 'a b.py' -D classes=5 --network tiny"
    )
    assert subprocess.run([sys.executable, "-m", *_words(command)]).returncode == 0
    assert found_by_check(*checked) == []


def _words(command: str) -> list[str]:

    return shlex.split(command)


def test_diff_shows_what_a_build_would_change(folder: Path) -> None:
    run("build", "tiny.slim", "-D", "classes=5")

    outcome = run("build", "--check", "--diff", "tiny.slim")

    assert outcome.exit_code == 1
    assert outcome.stdout.startswith("--- a/tiny.py\n+++ b/tiny.py\n@@ ")
    patched = subprocess.run(
        ["patch", "-p1", "-s"], input=outcome.stdout, text=True, cwd=folder
    )
    assert patched.returncode == 0
    assert found_by_check("tiny.slim", "--full") == []


def test_check_is_quick_because_it_compiles_nothing() -> None:
    run("build", "tiny.slim")

    loaded = loaded_by("build", "--check", "tiny.slim")

    assert not {"lark", "black", "jinja2", "slimgen.compiler"} & loaded


# The project's settings.


def test_settings_say_what_is_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text(
        "[[tool.slimgen.build]]\n"
        'source = "tiny.slim"\n'
        'output = "nets/five.py"\n'
        "define = { classes = 5 }\n"
        'network = ["tiny"]\n'
        "[[tool.slimgen.build]]\n"
        'source = "tiny.slim"\n'
    )
    (folder / "nets").mkdir()
    monkeypatch.chdir(folder / "nets")

    outcome = run("build")

    assert outcome.exit_code == 0
    assert outcome.stderr == "five.py: written\n../tiny.py: written\n"
    assert found_by_check() == []
    monkeypatch.chdir(folder)
    assert found_by_check() == []
    arguments = ("-o", "nets/five.py", "-D", "classes=5", "--network", "tiny")
    assert found_by_check("tiny.slim", *arguments) == []


def test_settings_without_ours_are_looked_past(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.slimgen]\nbuild = [{source="tiny.slim"}]'
    )
    (folder / "inner").mkdir()
    (folder / "inner" / "pyproject.toml").write_text("[tool.other]\n")
    monkeypatch.chdir(folder / "inner")

    assert run("check").exit_code == 0
    assert run("build").stderr == "../tiny.py: written\n"


@pytest.mark.parametrize("text", ["[tool.slimgen]\n", "[tool.slimgen]\nbuild = []\n"])
def test_settings_that_list_nothing_are_a_usage_error(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)

    outcome = run("build", "--check")

    assert outcome.exit_code == 2
    assert "no [[tool.slimgen.build]]" in outcome.stderr


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[tool.slimgen\n", (1, 14), "`pyproject.toml` is not TOML"),
        ("[tool.slimgen]\nbiuld = 1\n", (2, 1), "`tool.slimgen` has no key `biuld`"),
        ("[tool]\nslimgen = 3\n", (1, 1), "`tool.slimgen` takes a table"),
        ("[tool.slimgen]\nbuild = 3\n", (2, 1), "`build` takes tables"),
        ("[tool.slimgen]\nbuild = [3]\n", (1, 1), "`tool.slimgen.build` takes a table"),
        (
            '[[tool.slimgen.build]]\nsource = "a"\n[[tool.slimgen.build]]\nsource = 3\n',
            (4, 1),
            "`source` takes text",
        ),
        (
            '[[tool.slimgen.build]]\nsource = "a"\ndefine = { a = 1979-05-27 }\n',
            (3, 12),
            "`a` takes a number, text, true, false or a list of them",
        ),
        (
            '[[tool.slimgen.build]]\nsource = "a"\nnetwork = [1]\n',
            (3, 1),
            "`network` takes a list of names",
        ),
    ],
)
def test_mistakes_in_settings_have_a_place(
    folder: Path, text: str, place: tuple[int, int], message: str
) -> None:
    (folder / "pyproject.toml").write_text(text)

    outcome = run("build", "--diagnostics", "json")
    found = json.loads(outcome.stderr)["diagnostics"][0]

    assert outcome.exit_code == 1
    assert found["message"] == message
    start = found["place"]["start"]
    assert (start["line"], start["column"]) == place


def test_an_unknown_setting_is_told_with_a_suggestion(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[[tool.slimgen.build]]\nsource = "tiny.slim"\ndefines = {}\n'
    )

    assert "= help: did you mean `define`?" in run("build").stderr
