"""docs/zoo.md lists every network, and what it says was measured on today's sources."""

import importlib.util
import json
import math
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from test_examples import length

from slimgen.shipped import read_shipped

ROOT = Path(__file__).resolve().parents[1]
ROUNDED = {"keras_inception_v3", "cyclegan_generator_resnet"}
NETWORK = re.compile(r"^network (\w+)", re.MULTILINE)


def sources(zoo: ModuleType) -> list[str]:
    """The sources of examples/ and examples/zoo/, as one tree."""
    found = [path.relative_to(zoo.EXAMPLES) for path in zoo.EXAMPLES.rglob("*.slim")]
    return [path.as_posix().removeprefix("zoo/") for path in found]


def test_no_two_sources_of_the_zoo_have_one_path(zoo: ModuleType) -> None:
    assert len(sources(zoo)) == len(set(sources(zoo)))


@pytest.fixture(scope="module")
def zoo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_zoo", ROOT / "docs" / "zoo.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["docs_zoo"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_network_of_the_examples_has_a_row(zoo: ModuleType) -> None:
    declared = {
        (path.relative_to(zoo.EXAMPLES).with_suffix("").as_posix(), name)
        for path in zoo.EXAMPLES.rglob("*.slim")
        for name in NETWORK.findall(path.read_text(encoding="utf-8"))
    }

    assert declared == {(row.file, row.network) for row in zoo.ROWS}


def test_what_was_measured_is_current(zoo: ModuleType) -> None:
    measured = zoo.results()
    rows = {zoo.key(row): row for row in zoo.ROWS if row.against}

    assert measured.keys() <= rows.keys(), "`make zoo`"  # others are "not yet"
    for name, found in measured.items():
        assert found["digest"] == zoo.digest_of(rows[name]), f"`make zoo`: {name}"
        # `diverges` is by the command's own bounds; the page says what passes them.
        assert found["diverges"] is None or rows[name].network in ROUNDED, name
        assert found["values"] <= (2e-5 if rows[name].network in ROUNDED else 1e-4)
        assert (found["gradients"] or 0.0) <= 1e-3, name


def test_the_table_of_the_zoo_is_current(zoo: ModuleType, update: bool) -> None:
    found = json.loads(zoo.TABLE.read_text(encoding="utf-8"))
    if update:
        found = zoo.table(found)
        zoo.TABLE.write_text(zoo.table_text(found), encoding="utf-8")

    assert {f"zoo/{path}" for path in sources(zoo)} == found["digests"].keys()
    assert found["digests"] == {zoo.zoo_path(r): zoo.digest_of(r) for r in zoo.ROWS}
    assert len(found["networks"]) == len({(r.file, r.network) for r in zoo.ROWS})
    for entry in found["networks"]:
        source = read_shipped(entry["source"])
        assert source is not None
        assert f"network {entry['network']}(" in source.text
        assert entry["preprocess"] is None or "preprocess" in source.text


def test_the_readme_states_how_close_the_networks_are(zoo: ModuleType) -> None:
    found = list(zoo.results().values())
    values = [one["values"] for one in found]
    same, most = values.count(0.0), math.ceil(max(values) * 1e5) / 1e5
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    assert f"{len(found)} originals of TF-Slim, research/slim and Keras" in readme
    assert f"{same} agree to the last bit" in readme
    assert f"none differs by more than {most:.5f} of the largest value" in readme


def test_the_page_shows_what_was_measured(zoo: ModuleType) -> None:
    lines = zoo.PAGE.read_text(encoding="utf-8").splitlines()
    measured = zoo.results()
    for row in zoo.ROWS:
        start = f"| [{row.network}](../examples/{row.file}.slim) |"
        against = f"`{row.against}`" if row.against else "–"
        ends = [
            line
            for line in lines
            if line.startswith(start) and f"| {against} |" in line
        ]
        shown = " | ".join(zoo.outcome(row, measured.get(zoo.key(row))))

        assert len(ends) == 1, row
        assert f"| {against} | {shown} | {zoo.weights(row)} |" in ends[0]


@pytest.mark.slow
def test_page_and_table_are_what_the_program_writes(zoo: ModuleType) -> None:
    nothing: dict[str, object] = {"digests": {}, "networks": []}

    assert zoo.PAGE.read_text(encoding="utf-8") == zoo.page(zoo.results())
    assert zoo.TABLE.read_text("utf-8") == zoo.table_text(zoo.table(nothing))


# Once everything is counted that an example stands for: the blocks that it uses; what an
# original imports from beside it, and the file of its preprocessing.
def test_no_example_is_longer_than_a_quarter_of_its_original(zoo: ModuleType) -> None:
    rows = {row.path: row for row in zoo.ROWS if row.against}
    original = {
        path: zoo.original_lines(row.against) + zoo.preprocessing_lines(path)
        for path, row in rows.items()
    }

    assert len(rows) > 25
    for path, lines in original.items():
        assert length(path) <= lines / 4, path.name
