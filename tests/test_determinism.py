"""The same source gives the same bytes, wherever and however it is built."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slimgen.cli.files import FileReader, read_source
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

pytestmark = pytest.mark.slow  # minutes on two busy cores

MODEL = """# Größe: ein Modell — "für" alle.
use "parts/units.slim"
use "std/blocks"

network first(classes = 10, rate = 0.5, decay = 0.001, mode = "SAME") {
  input images 16x16x3
  labels "names.txt"
  scope conv, fc < regularizer=l2(decay) activation=elu >
  for (name, depth) in [("a", 4), ("b", 8)] {
    in {name} { for i in 1..3 { unit depth as unit_{i} } }
  }
  concat as mixed {
    branch Branch_0 { conv 4 1x1 padding=mode }
    branch Branch_1 { unit 4 normalizer=batch_norm as unit; squeeze_excite }
    branch Branch_2 { max_pool 3x3 1 SAME }
  }
  branch { global_avg_pool; flatten; fc classes as aux; tap AuxLogits }
  dropout rate; global_avg_pool; flatten
  fc classes activation=none as logits
}

network second(classes = 10) {
  input images 16x16x3
  labels "names.txt"
  conv 4 3x3; flatten; fc classes
}

train first {
  data records "train-*" image=image/encoded label=image/class/label
  loss softmax_cross_entropy; loss softmax_cross_entropy AuxLogits weight=0.4
  steps 100
}
"""
UNITS = """
block unit(depth, normalizer = none) {
  conv depth 3x3 normalizer=normalizer as one
  conv depth 3x3 as two
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models" / "parts").mkdir(parents=True)
    (tmp_path / "models" / "model.slim").write_text(MODEL, encoding="utf-8")
    (tmp_path / "models" / "parts" / "units.slim").write_text(UNITS)
    names = "".join(f"Ä{number}\n" for number in range(10))
    (tmp_path / "models" / "names.txt").write_text(names, encoding="utf-8")
    return tmp_path


def build(path: str, cwd: Path, *options: str, **environment: str) -> bytes:
    """The output of `slimgen build` in another process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-m", "slimgen", "build", path, "-o", "-", *options],
        capture_output=True,
        cwd=cwd,
        env={**kept, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout
    return done.stdout


def test_bytes_do_not_depend_on_where_and_how_they_are_built(folder: Path) -> None:
    models = folder / "models"
    deep = models / "parts"
    ways = [
        build("model.slim", models, PYTHONHASHSEED="0", LC_ALL="C.UTF-8"),
        build("models/model.slim", folder, PYTHONHASHSEED="1", LC_ALL="C"),
        build(str(models / "model.slim"), Path("/"), PYTHONHASHSEED="77", LANG="POSIX"),
        build("../model.slim", deep, PYTHONHASHSEED="random", TZ="Asia/Tokyo"),
        build(".././model.slim", deep, PYTHONUTF8="0", PYTHONIOENCODING="latin-1"),
    ]

    assert [ways[0]] * len(ways) == ways
    text = ways[0].decode("utf-8")
    assert "Größe" in text
    assert str(folder) not in text


def test_bytes_do_not_depend_on_the_order_of_options(folder: Path) -> None:
    def compiled(*defines: str, networks: tuple[str, ...]) -> str | None:
        pairs = tuple(tuple(define.split("=", 1)) for define in defines)
        source = Source(str(folder / "models" / "model.slim"), MODEL)
        request = Request(pairs, networks)  # type: ignore[arg-type]
        return compile_source(source, request, FileReader(Diagnostics())).code

    one = compiled("decay=0.1", "rate=0.4", networks=("second", "first"))
    two = compiled("rate=0.4", "decay=0.1", networks=("first", "second"))

    assert one is not None
    assert one == two


def compiled_here(path: Path) -> str:
    diagnostics = Diagnostics()
    source = read_source(str(path), path.name, diagnostics)
    assert source is not None
    source = Source(str(path), source.text)
    code = compile_source(source, Request(), FileReader(diagnostics)).code
    assert code is not None
    return code


def test_line_ends_of_the_source_change_nothing(folder: Path) -> None:
    """Not even the digests: git may turn line ends on checkout."""
    models = folder / "models"
    unix = compiled_here(models / "model.slim")
    for name in ("model.slim", "parts/units.slim", "names.txt"):
        path = models / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert compiled_here(models / "model.slim") == unix
    assert "\r" not in unix


def test_a_byte_order_mark_changes_nothing(folder: Path) -> None:
    path = folder / "models" / "model.slim"
    plain = compiled_here(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert compiled_here(path) == plain


def test_what_stands_in_a_process_changes_nothing(folder: Path) -> None:
    """The sources compiled before, and how often."""
    source = Source(str(folder / "models" / "model.slim"), MODEL)
    other = Source("o.slim", "network n(decay = 1) { input x 4x4x1; conv 1 1x1 }")
    codes = []
    for _ in range(3):
        codes.append(compile_source(source, Request(), FileReader(Diagnostics())).code)
        compile_source(other, Request(), FileReader(Diagnostics()))

    assert codes[0] is not None
    assert [codes[0]] * 3 == codes
