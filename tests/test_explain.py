"""Every code has a page, and every page is true: its examples are run."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from absent import hide_package
from click.testing import CliRunner

from slimgen.cli import main
from slimgen.messages.pages import Example, codes, parse_page, read_page, titles

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(r"[EW]\d{3}")
# The corrected examples of these codes run TensorFlow.
SLOW = ("E940", "E941", "E942")

LENET = """\
network lenet(classes = 10) {
  input images 8x8x1
  conv 4 3x3 as conv1
  conv classes 8x8 padding=VALID as conv2
}
"""


def codes_in_messages() -> Iterator[str]:
    """Every code that a function of the catalogue gives."""
    for path in sorted((ROOT / "slimgen" / "messages").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and CODE.fullmatch(value):
                yield value


def run_page(example: Example, folder: Path) -> tuple[str, int]:
    """Run an example; return what it printed for the user, and the last exit code."""
    (folder / "lenet.slim").write_text(LENET)
    if example.kind == "slimgen":
        (folder / "example.slim").write_text(example.text)
        return run_command("slimgen check example.slim", folder)
    printed, code = "", 0
    for command, shown in commands_of(example.text):
        if command.startswith("cat "):
            (folder / command.removeprefix("cat ")).write_text(shown)
            continue
        more, code = run_command(command, folder)
        printed += more
        assert_shown(shown, more)
    return printed, code


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console and what it shows after each."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run_command(command: str, folder: Path) -> tuple[str, int]:
    if not command.startswith("slimgen "):
        subprocess.run(["bash", "-ec", command], cwd=folder, check=True)
        return "", 0
    outcome = CliRunner().invoke(main, shlex.split(command)[1:])
    return outcome.stderr, outcome.exit_code


def assert_shown(shown: str, printed: str) -> None:
    """Check that the lines of a page are printed; `…` stands for the rest of a line."""
    lines = printed.splitlines()
    for line in shown.splitlines():
        if line.endswith("…"):
            assert any(printed.startswith(line[:-1]) for printed in lines)
        else:
            assert line in lines


def found_in(printed: str) -> set[str]:
    return set(re.findall(r"^(?:error|warning)\[(.*?)\]", printed, re.MULTILINE))


def test_every_code_has_a_page() -> None:
    assert sorted(set(codes_in_messages())) == list(codes())


@pytest.mark.parametrize("code", codes())
def test_a_page_is_about_its_code(code: str) -> None:
    page = read_page(code)

    assert page.code == code
    assert page.wrong.kind == page.right.kind
    prose = page.whole.split("## Wrong")[0]
    assert all(len(line) <= 100 for line in prose.splitlines())


@pytest.mark.parametrize("code", codes())
def test_the_wrong_example_gives_exactly_this_code(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if code == "E940":
        hide_package(monkeypatch, "tf_slim")
    if code == "E951":
        hide_package(monkeypatch, "h5py")
    if code == "E964":
        hide_package(monkeypatch, "PIL")

    printed, exit_code = run_page(read_page(code).wrong, tmp_path)

    assert found_in(printed) == {code}
    assert exit_code == (1 if code.startswith("E") else 0)


@pytest.mark.parametrize(
    "code",
    [pytest.param(c, marks=[pytest.mark.slow] if c in SLOW else []) for c in codes()],
)
def test_the_right_example_gives_none(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    printed, exit_code = run_page(read_page(code).right, tmp_path)

    # A console example may show the warning that it answers on its way to the end.
    assert found_in(printed) <= {"W907"} - {code}
    assert exit_code == 0


def test_explain_prints_the_page() -> None:
    outcome = CliRunner().invoke(main, ["explain", "e901"])

    assert outcome.stdout == read_page("E901").whole
    assert outcome.exit_code == 0


def test_explain_lists_the_codes() -> None:
    outcome = CliRunner().invoke(main, ["explain"])

    assert outcome.stdout.splitlines() == [f"{c}  {t}" for c, t in titles().items()]


def test_an_unknown_code_is_told_with_a_suggestion() -> None:
    outcome = CliRunner().invoke(main, ["explain", "E9011"])

    assert outcome.exit_code == 2
    assert "there is no code 'E9011'. Did you mean 'E9" in outcome.stderr


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match="not a page"):
        parse_page("# E901: title\n\n## Wrong\n")
