"""`slimgen zoo`, and `use "zoo/…"` from any folder."""

import json
from pathlib import Path

import pytest
from cli_harness import run

from slimgen.cli.uses import files_of
from slimgen.shipped import is_reserved, path_beside, read_shipped, shipped_paths
from slimgen.source import Source

USES_LENET = """\
use "zoo/lenet.slim"

network small(classes = 10) {
  input images 28x28x1
  lenet classes=classes
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_has_every_network_with_its_facts() -> None:
    lines = run("zoo").stdout.splitlines()

    assert lines[0].split() == [
        *("network", "source", "input", "parameters", "preprocess", "weights")
    ]
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in lines[1:]}
    vgg = ["224x224x3", "138,357,544", "vgg", "slim,", "keras,", "caffe"]
    assert rows["vgg_16", "zoo/vgg.slim"] == vgg
    lenet = ["28x28x1", "3,274,634", "lenet", "slim"]
    assert rows["lenet", "zoo/lenet.slim"] == lenet
    sources = {path for path in shipped_paths() if path.startswith("zoo/")}
    assert sources == {source for _, source in rows}


def test_the_list_of_one_source_is_json_too() -> None:
    found = json.loads(run("zoo", "keras/mobilenet_v3", "--format", "json").stdout)

    names = [row["network"] for row in found]
    assert names == ["keras_mobilenet_v3_small", "keras_mobilenet_v3_large"]
    assert found[0]["parameters"] == 2_554_968


@pytest.mark.parametrize(
    "name", ["resnet_v1", "resnet_v1.slim", "zoo/resnet_v1.slim", "resnet_v1_101"]
)
def test_a_source_is_found_by_its_path_or_by_a_network(name: str) -> None:
    lines = run("zoo", name).stdout.splitlines()

    names = [line.split()[0] for line in lines[1:]]
    assert names == ["resnet_v1_50", "resnet_v1_101", "resnet_v1_152"]


def test_a_name_of_two_sources_and_an_unknown_name_are_wrong() -> None:
    several, unknown = run("zoo", "vgg_16"), run("zoo", "resnet_v3")

    assert (several.exit_code, unknown.exit_code) == (2, 2)
    assert "in 'vgg' and 'vgg16'" in several.stderr
    assert "Did you mean 'resnet_v" in unknown.stderr
    assert run("zoo", "-o", ".").exit_code == 2
    assert run("zoo", "lenet", "--force").exit_code == 2


def test_a_copy_builds_at_once(folder: Path) -> None:
    assert run("zoo", "lenet", "-o", ".").stderr == "./lenet.slim: written\n"
    assert run("build", "lenet.slim").exit_code == 0

    source = read_shipped("zoo/lenet.slim")
    assert source is not None
    assert source.text == (folder / "lenet.slim").read_text()
    assert run("zoo", "lenet", "-o", "lenet.slim").stderr.endswith(": unchanged\n")


def test_a_copy_uses_the_zoo_where_its_source_uses_a_file_beside_it() -> None:
    run("zoo", "keras_mobilenet", "-o", "mine.slim")

    copied = Path("mine.slim").read_text()
    assert 'use "zoo/mobilenet_v1.slim"' in copied
    assert run("check", "mine.slim").exit_code == 0
    assert run("zoo", "keras_mobilenet", "-o", "-").stdout == copied


def test_a_file_that_differs_is_not_replaced_unless_forced(folder: Path) -> None:
    mine = folder / "lenet.slim"
    mine.write_text("# mine\n")

    refused = run("zoo", "lenet", "-o", ".")
    assert refused.exit_code == 1
    assert "`slimgen zoo lenet -o . --force` replaces it" in refused.stderr
    assert mine.read_text() == "# mine\n"
    assert run("zoo", "lenet", "-o", ".", "--force").exit_code == 0
    assert "network lenet(" in mine.read_text()
    assert "there is no folder" in run("zoo", "lenet", "-o", "a/b.slim").stderr


def test_a_source_anywhere_uses_the_zoo_and_stays_current(folder: Path) -> None:
    (folder / "net.slim").write_text(USES_LENET)

    assert run("build", "net.slim").exit_code == 0
    assert "def lenet(" in (folder / "net.py").read_text()
    assert run("build", "--check", "net.slim").exit_code == 0


def test_a_file_beside_the_source_needs_a_dot(folder: Path) -> None:
    (folder / "zoo").mkdir()
    (folder / "zoo" / "lenet.slim").write_text("block lenet(n) { flatten; fc n }\n")
    (folder / "net.slim").write_text(USES_LENET)

    refused = run("check", "net.slim")
    assert refused.exit_code == 1
    assert "E134" in refused.stderr
    assert '`use "./zoo/lenet.slim"`' in refused.stderr
    net = USES_LENET.replace("zoo/", "./zoo/").replace("classes=classes", "classes")
    (folder / "net.slim").write_text(net)
    assert run("check", "net.slim").exit_code == 0


def test_every_file_that_a_source_of_the_zoo_uses_is_in_the_package() -> None:
    sources = {path: read_shipped(path) for path in shipped_paths()}

    assert len(sources) > 35
    for path, source in sources.items():
        assert source is not None, path
        assert read_shipped(path.removesuffix(".slim")) == source
        for used in files_of(source):
            named = used if is_reserved(used) else path_beside(used, source.name)
            assert named in sources, (path, used)


def test_only_paths_of_the_two_trees_are_reserved() -> None:
    found = [read_shipped(path) for path in ("zoo/../README", "zoo/zoo/vgg.slim")]

    assert found == [None, None]
    assert not any(map(is_reserved, ["zoo", "zoology/a.slim", "./zoo/a", "zoo/a.txt"]))
    assert read_shipped("zoo/demo/../vgg.slim") == read_shipped("zoo/vgg")
    assert isinstance(read_shipped("std/blocks"), Source)
