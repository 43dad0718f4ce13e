"""A kind of job is a row of a table: `mypy` names every other place that must know of it.

The test adds `export`, with a line `signature` of its own, to a copy of the package.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimgen.layers.declaration import Layer
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.jobs.kinds import JOB_KINDS, JOB_LINES, JobKind
from slimgen.layers.jobs.learning_rate import SCHEDULES
from slimgen.layers.jobs.loss import LOSSES
from slimgen.layers.jobs.optimizer import RULES

ROOT = Path(__file__).resolve().parent.parent

OWN_FILES = {
    "slimgen/ir/export_job.py": '''\
"""The `export` job."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Export:
    """One `export` job."""

    network: str
    signature: str
''',
    "slimgen/layers/jobs/export.py": '''\
"""Lines of `export` jobs."""

from slimgen.layers.argument_types import Text
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine


class SignatureLine(JobLine):
    """The name of the function that is exported."""

    word = "signature"
    example = 'signature "serve"'

    name: str = parameter(Text(), "the name")
''',
    "slimgen/elaborate/jobs/export.py": '''\
"""An `export` job."""

from slimgen.elaborate.jobs.job_lines import JobText
from slimgen.ir.export_job import Export
from slimgen.layers.jobs.export import SignatureLine


def read_export(job: JobText) -> Export:
    """Return an `export` job."""
    line, _ = job.required_line(SignatureLine)
    return Export(job.network.name, line.name)
''',
    "templates/export.py.j2": "# Export.\n\nSIGNATURE = {{ export.signature|py }}\n",
}

TABLE = "slimgen/layers/jobs/kinds.py"
ROW = (
    'JobKind("evaluate",',
    'JobKind("export", (SignatureLine,), required=(SignatureLine,)),\n        '
    'JobKind("evaluate",',
)
IMPORTED = (
    "from slimgen.layers.jobs.job_line import",
    "from slimgen.layers.jobs.export import SignatureLine\n"
    "from slimgen.layers.jobs.job_line import",
)
WORD = ('"train", "evaluate"]', '"train", "evaluate", "export"]')

UNION = "slimgen/ir/jobs.py"
MEMBER = ("Job = Train | Evaluate", "Job = Train | Evaluate | Export")
EXPORT = "from slimgen.ir.export_job import Export\n"
IMPORT = ("from typing import", f"{EXPORT}from typing import")
BESIDE = ("from slimgen.ir.jobs import", f"{EXPORT}from slimgen.ir.jobs import")

# The places that must know of a kind, and the edits there.
PLACES = {
    "slimgen/elaborate/jobs/job_list.py": [
        (
            "        case _:\n            assert_never(kind.word)",
            '        case "export":\n            job = read_export(text)\n'
            "        case _:\n            assert_never(kind.word)",
        ),
        (
            "from slimgen.elaborate.jobs.job_lines import",
            "from slimgen.elaborate.jobs.export import read_export\n"
            "from slimgen.elaborate.jobs.job_lines import",
        ),
    ],
    "slimgen/elaborate/jobs/precision.py": [
        ("case Evaluate():", "case Evaluate() | Export():"),
        BESIDE,
    ],
    "slimgen/emit/jobs.py": [
        (
            "    evaluate: Evaluate | None = None\n",
            "    evaluate: Evaluate | None = None\n    export: Export | None = None\n",
        ),
        (
            "                found = replace(found, evaluate=job)\n",
            "                found = replace(found, evaluate=job)\n"
            "            case Export():\n"
            "                found = replace(found, export=job)\n",
        ),
        (
            "        case Evaluate():\n            needs =",
            "        case Export():\n"
            '            needs = Needs(sections=("export",))\n'
            "        case Evaluate():\n            needs =",
        ),
        BESIDE,
    ],
}

SOURCE = """\
network tiny() {
  input images 8x8x3
  conv 4 3x3 as conv1
}
export tiny { signature "serve" }
"""


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace the first place of each text, which must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{path}: {old}"
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def places_named(folder: Path) -> set[str]:
    """Return the files in which `mypy --strict` finds something."""
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode in (0, 1), found.stdout + found.stderr
    return set(re.findall(r"^(\S+?):\d+: error:", found.stdout, re.MULTILINE))


def slimgen(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the compiler of a folder, where templates and grammar lie in the package."""
    return subprocess.run(
        [sys.executable, "-m", "slimgen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package with the files of a new kind of job."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "slimgen", tmp_path / "slimgen", ignore=ignored)
    for name in ("templates", "grammar"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if (ROOT / ".mypy_cache").is_dir():  # else the first run is slower
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / ".mypy_cache")
    for name, text in OWN_FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("kind", JOB_KINDS.values(), ids=list(JOB_KINDS))
def test_a_kind_requires_only_lines_that_it_has(kind: JobKind) -> None:
    assert set(kind.required) <= set(kind.lines)
    assert len(kind.by_word) == len(kind.lines)  # no word stands for two lines


@pytest.mark.parametrize("line", JOB_LINES, ids=lambda line: line.word)
def test_a_line_of_a_job_has_nothing_that_only_a_layer_has(line: type) -> None:
    members = set(dir(line))

    assert not members & {"outputs", "variables", "default_scope", "inputs", "slim"}
    assert {"outputs", "variables", "default_scope"} <= set(dir(Layer))


@pytest.mark.parametrize("table", [LOSSES, RULES, SCHEDULES])
def test_a_word_of_a_table_is_the_form_of_its_declaration(
    table: Mapping[str, type[JobLine]],
) -> None:
    assert [form.form for form in table.values()] == list(table)
    assert all(form.example.split()[1] == word for word, form in table.items())


@pytest.mark.slow
def test_a_row_adds_a_kind_of_job_and_mypy_names_the_other_places(copy: Path) -> None:
    assert places_named(copy) == set()

    edit(copy / TABLE, ROW, IMPORTED)

    assert places_named(copy) == {TABLE}  # its word is not declared

    edit(copy / TABLE, WORD)
    edit(copy / UNION, MEMBER, IMPORT)

    assert places_named(copy) == PLACES.keys()

    for place, changes in PLACES.items():
        edit(copy / place, *changes)

    assert places_named(copy) == set()

    for name in ("templates", "grammar"):  # where an installed package has them
        shutil.move(copy / name, copy / "slimgen" / name)
    (copy / "tiny.slim").write_text(SOURCE, encoding="utf-8")
    built = slimgen(copy, "build", "tiny.slim")

    assert built.returncode == 0, built.stderr
    assert 'SIGNATURE = "serve"' in (copy / "tiny.py").read_text(encoding="utf-8")
    assert 'signature "serve"' in slimgen(copy, "layers", "signature").stdout

    (copy / "tiny.slim").write_text(SOURCE.replace("signature", "sign"))
    wrong = slimgen(copy, "check", "tiny.slim").stderr

    assert "did you mean `signature`?" in wrong
