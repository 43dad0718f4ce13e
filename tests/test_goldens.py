"""Built files and graphs of a dozen models that show the language, kept as text.

`graph.txt` is the graph after all passes. `model.py` is what the model decides about in the
emitted file: parts that every file has are left out, and covered by the digest of the whole
file in `FORMAT`. There the number of the emission format stands, too: an output that
changes while its number stays is an error until `pytest --update` says that it is meant.
"""

from pathlib import Path

import pytest
from output import assert_is_tidy_python, assert_names_are_known

from slimgen.cli.files import FileReader
from slimgen.compiler import Compilation, Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.emit.file_head import FORMAT, body_digest
from slimgen.ir.text import print_graph
from slimgen.source import Source
from slimgen.syntax.printer import format_source

ACCEPTED = Path(__file__).parent / "accepted"
MODELS = sorted(path.parent for path in ACCEPTED.glob("*/model.slim"))
HELD = ACCEPTED / "FORMAT"

# The parts that every file has stand in one of these.
COMMON = (
    """
network images {
  input images 8x8x3
  conv 2 3x3
}
""",
    """
network classes {
  input images 8x8x3
  flatten
  fc 2
}
""",
)


def compiled(text: str) -> Compilation:
    source = Source("model.slim", text)
    found = compile_source(source, Request(), FileReader(Diagnostics()))
    assert [] == [one.message for one in found.diagnostics]
    return found


def code_of(text: str) -> str:
    code = compiled(text).code
    assert code is not None
    return code


def parts_of(code: str) -> list[str]:
    """The parts of a file between blank lines, less its head."""
    return [part.strip("\n") for part in code.split("\n", 2)[2].split("\n\n\n")]


@pytest.fixture(scope="module")
def common() -> set[str]:
    return {part for text in COMMON for part in parts_of(code_of(text))}


def hold(path: Path, text: str, update: bool) -> None:
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "`pytest --update` writes it"
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
def test_an_accepted_model(folder: Path, common: set[str], update: bool) -> None:
    text = (folder / "model.slim").read_text(encoding="utf-8")
    found = compiled(text)

    assert found.graph is not None
    assert found.code is not None
    assert_is_tidy_python(found.code)
    assert_names_are_known(found.code)
    own = [part for part in parts_of(found.code) if part not in common]
    hold(folder / "graph.txt", print_graph(found.graph), update)
    hold(folder / "model.py", "\n\n\n".join(own) + "\n", update)


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
def test_an_accepted_model_is_in_canonical_form(folder: Path) -> None:
    text = (folder / "model.slim").read_text(encoding="utf-8")

    assert format_source(Source("model.slim", text), Diagnostics()) == text


# The number of the emission format.


def record_of(number: int, digests: dict[str, str]) -> str:
    lines = [
        f"format {number}",
        *(f"{digest} {name}" for name, digest in digests.items()),
    ]
    return "\n".join(lines) + "\n"


def complaint(held: str, now: str) -> str:
    """The error in a change of the record, if there is one."""
    if held == now:
        return ""
    number, *outputs = held.splitlines() or ["format 0"]
    number_now, *outputs_now = now.splitlines()
    names = {line.partition(" ")[2] for line in set(outputs_now) & set(outputs)}
    both = {line.partition(" ")[2] for line in outputs} & {
        line.partition(" ")[2] for line in outputs_now
    }
    changed = sorted(both - names)
    if changed and number == number_now:
        return (
            f"raise FORMAT in slimgen/emit/file_head.py: {', '.join(changed)} changed"
        )
    return "run `pytest --update` and commit tests/accepted/FORMAT"


def test_an_output_changes_with_the_number_of_its_format(update: bool) -> None:
    digests = {
        folder.name: body_digest(code_of((folder / "model.slim").read_text("utf-8")))
        for folder in MODELS
    }
    now = record_of(FORMAT, digests)
    if update:
        HELD.write_text(now)

    assert complaint(HELD.read_text(), now) == ""


def test_a_change_of_output_under_the_same_number_is_found() -> None:
    held = record_of(1, {"a": "00", "b": "11"})

    assert complaint(held, held) == ""
    assert complaint(held, record_of(1, {"a": "00", "b": "12"})).startswith(
        "raise FORMAT"
    )
    assert complaint(held, record_of(2, {"a": "00", "b": "12"})).startswith("run")
    assert complaint(held, record_of(1, {"a": "00", "c": "12"})).startswith("run")
    assert complaint("", held).startswith("run")
