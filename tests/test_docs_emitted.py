"""docs/emitted.md is true of what is built from examples/lenet.slim.

Its `pycon` fences run as doctests, one after the other; the commands of its `console`
fences run by `lenet.main`, in the same folder.
"""

import doctest
import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from test_docs import fences_of, shows

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "emitted.md"

pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built file and twenty images in ten classes."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("emitted")
    source = ROOT / "examples" / "lenet.slim"
    text = source.read_text(encoding="utf-8")
    code = compile_source(
        Source(source.name, text), Request(), FileReader(Diagnostics())
    )
    assert code.code is not None
    (folder / "lenet.py").write_text(code.code, encoding="utf-8")
    for label in range(10):
        (folder / "digits" / str(label)).mkdir(parents=True)
        for number in range(2):
            image = tf.fill([28, 28, 1], tf.constant(25 * label + number, tf.uint8))
            path = folder / "digits" / str(label) / f"{number}.png"
            path.write_bytes(tf.io.encode_png(image).numpy())
    return folder


@pytest.fixture
def lenet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module("lenet")
    sys.modules.pop("lenet")


def test_the_page_is_a_doctest(lenet: ModuleType) -> None:
    import tensorflow as tf

    text = "\n".join(fence.text for fence in fences_of(PAGE) if fence.kind == "pycon")
    names = {"tf": tf, "images": tf.random.stateless_uniform([4, 28, 28, 1], [1, 2])}
    test = doctest.DocTestParser().get_doctest(text, names, PAGE.name, None, 0)
    printed: list[str] = []

    outcome = doctest.DocTestRunner().run(test, out=printed.append)

    assert outcome.attempted > 10
    assert outcome.failed == 0, "".join(printed)


@pytest.mark.slow
def test_the_commands_print_what_the_page_shows(
    lenet: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    lenet.write_checkpoint(lenet.Lenet(seed=1), "weights")
    for fence in (fence for fence in fences_of(PAGE) if fence.kind == "console"):
        for part in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            words = shlex.split(command)
            assert words[:2] == ["python", "lenet.py"]

            code = lenet.main(words[2:])

            printed = capsys.readouterr()
            assert code == 0, printed.err
            lines = (printed.err + printed.out).splitlines()
            assert shows(shown.splitlines(), lines), lines


def test_the_sections_stand_in_the_order_of_the_page(folder: Path) -> None:
    text = (folder / "lenet.py").read_text(encoding="utf-8")
    found = re.findall(r"^# ([A-Z].*)\.$", text, re.MULTILINE)
    table = PAGE.read_text(encoding="utf-8").split("|---|---|\n")[1].split("\n\n")[0]
    shown = re.findall(r"^\| ([A-Z][^|]*) \|", table, re.MULTILINE)

    assert [name for name in found if name in shown] == [
        name for name in shown if name != "Blocks"  # this file has no blocks
    ]
