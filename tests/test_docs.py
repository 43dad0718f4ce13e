"""The documentation is true: its examples compile, its commands are run.

In docs/**/*.md and README.md a fence is read by its first words:

- `slimgen`: a file that gives no diagnostic; without a network of its own it stands in
  `network example() { input images 32x32x4 … }` after its `use` lines, in the pages about
  jobs in a job of such a network. A fence that opens with `# NAME.slim` is that file;
- `slimgen E103`: likewise, and gives exactly these codes;
- `console`: after `$ ` stand commands. Those of slimgen are run beside the examples, and
  what they print is compared, if anything is shown; a line `…` stands for any lines, `…`
  at the end of a line for its rest. `test_docs_walks` runs the pages in `WALKS`, each of
  which is one long example, from beginning to end;
- `python`: Python; a fence that opens with `# NAME.py` is a program that commands run.

Behind a line `# → a, b` lists scopes and variables that exist, relative to the network's
scope, and `# [8, 8, 16]` is the shape of the line's result without the batch.
"""

import ast
import json
import math
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from slimgen.cli import main
from slimgen.cli.files import FileReader
from slimgen.compiler import Compilation, Request, analyze, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Graph, Network
from slimgen.ir.unroll import Applied, Tapped, unroll
from slimgen.layers.jobs.kinds import JOB_KINDS
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.source import Source

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), README, ROOT / "CONTRIBUTING.md"]

FENCE = re.compile(
    r"^```(?P<info>\w[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
CODE = re.compile(r"[EW]\d{3}")
NETWORK = re.compile(r"^network ", re.MULTILINE)
NAMED = re.compile(r"# (\w+\.(?:slim|py))\n")
NAMES = re.compile(r"# → (?P<names>.+)$")
SHAPE = re.compile(r"# \[(?P<shape>[\d, ?]*)\]$")
LINK = re.compile(r"\]\((?!https?:)(?P<file>[^)#]*)(?:#(?P<part>[^)]*))?\)")
JOBS = ("docs/layers/jobs.md", "docs/training.md", "docs/migrate.md")
WALKS = ("docs/training.md", "docs/migrate.md", "docs/cookbook.md")

# The source of examples of mistakes, beside the files in examples/.
BROKEN = """\
network broken() {
  input images 32x32x4
  add {
    branch { max_pool 2x2 }
    branch {}
  }
}
"""


# The labels of examples of training.
FLOWERS = "daisy\nrose\ntulip\n"


# The network of examples of weights.
TINY = "network tiny { input images 8x8x3; conv 4 3x3 as conv1 }\n"
TINY_WEIGHTS = {"features.0.weight": [4, 3, 3, 3], "features.0.bias": [4]}


def write_tiny_weights(path: Path) -> None:
    """Write a safetensors file of zeros: the header's length, the header, the numbers."""
    header, end = {}, 0
    for name, shape in TINY_WEIGHTS.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(end))


@dataclass(frozen=True)
class Fence:
    """An example of a page."""

    page: str
    line: int
    info: str
    text: str

    @property
    def kind(self) -> str:
        return self.info.split()[0]


def fences_of(path: Path) -> Iterator[Fence]:
    text = path.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        page = path.relative_to(ROOT).as_posix()
        yield Fence(page, line, match["info"], match["text"])


def fences(kind: str) -> list[Fence]:
    return [f for path in PAGES for f in fences_of(path) if f.kind == kind]


def place_of(fence: Fence) -> str:
    return f"{fence.page}:{fence.line}"


def whole(fence: Fence) -> str:
    """A fence as a file: as it is, or in the network or the job that it belongs to."""
    if NETWORK.search(fence.text):
        return fence.text
    lines = fence.text.splitlines()
    uses = [line for line in lines if line.startswith("use ")]
    body = [line for line in lines if not line.startswith("use ")]
    if fence.page in JOBS and is_of_job(lines[0].split()[0], fence.page):
        return job(lines)
    channels = 3 if fence.page in JOBS else 4
    head = [*uses, "network example() {", f"input images 32x32x{channels}"]
    return "\n".join([*head, *body, "}", ""])


def is_of_job(word: str, page: str) -> bool:
    """Whether a line stands in a job: `preprocess` may stand in both."""
    return word not in NETWORK_LINES or (
        page in WALKS and word in JOB_KINDS["train"].by_word
    )


def job(lines: list[str]) -> str:
    """A job with some lines, and the network that it is about."""
    output = re.match(r"loss \w+ (scene|depth)", lines[0])
    head = f"fc 2 as {output[1]}; output {output[1]}" if output else "fc 2 as AuxLogits"
    layers = f"conv 4 3x3 as conv1; flatten; {head}"
    network = f"network example() {{ input images 32x32x3; {layers} }}"
    needed = {"data": 'data folder "x"', "steps": "steps 1"}
    needed = {w: n for w, n in needed.items() if not lines[0].startswith(w)}
    if lines[0].startswith("every "):
        evaluate = ["evaluate example {", needed["data"], *lines, "}"]
        return "\n".join(
            [network, "train example {", *needed.values(), "}", *evaluate, ""]
        )
    start = lines[0].split()[0] in ("include", "exclude", "rename")
    head = 'train example from slim "x.ckpt" {' if start else "train example {"
    return "\n".join([network, head, *needed.values(), *lines, "}", ""])


def compiled(text: str) -> Compilation:
    return analyze(Source("example.slim", text), Request(), FileReader(Diagnostics()))


def names_of(graph: Graph, network: Network) -> set[str]:
    """All scopes, end points and variables, relative to the network's scope."""
    found = set()
    for part in unroll(graph, network).applied():
        for name in (part.scope, *part.variable_names):
            found |= (
                {name.rsplit("/", n)[0] for n in range(name.count("/") + 1)}
                if name
                else set()
            )
    return {name.removeprefix(f"{network.scope}/") for name in found}


def shapes_by_line(graph: Graph, source: str) -> dict[int, str]:
    """The shape of each line's result, without the batch; of several turns the last."""
    found = {}
    for network in graph.networks:
        for part in unroll(graph, network).parts:
            if isinstance(part, Tapped):
                continue  # it keeps the tensor of the line before
            span = part.node.span if isinstance(part, Applied) else part.call.span
            found[span.line] = str(list(part.output.type.shape[1:]))
        for part in unroll(graph, network).applied():
            if part.node.span.source.name == source:
                shape = part.output.type.shape[1:]
                found.setdefault(part.node.span.line, str(list(shape)))
    return found


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples name: other sources, and names of classes."""
    folder = tmp_path_factory.mktemp("docs") / "examples"
    shutil.copytree(ROOT / "examples", folder)
    (folder / "flowers.txt").write_text(FLOWERS)
    for page in WALKS:
        write_files(ROOT / page, folder)
    return folder


def write_files(page: Path, folder: Path) -> None:
    """Write the files that a page shows under their names."""
    for fence in fences_of(page):
        if match := NAMED.match(fence.text):
            (folder / match[1]).write_text(fence.text, encoding="utf-8")


@pytest.mark.parametrize("fence", fences("slimgen"), ids=place_of)
def test_an_example_is_what_its_page_says(
    fence: Fence, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(beside)
    text = whole(fence)

    found = compiled(text)

    assert [d.code for d in found.diagnostics] == CODE.findall(fence.info)
    if found.graph is not None:
        check_annotations(found.graph, text)


def check_annotations(graph: Graph, text: str) -> None:
    names = set().union(*(names_of(graph, network) for network in graph.networks))
    shapes = shapes_by_line(graph, "example.slim")
    for number, line in enumerate(text.splitlines(), 1):
        if match := NAMES.search(line):
            assert set(match["names"].split(", ")) <= names, line
        if match := SHAPE.search(line):
            assert f"[{match['shape']}]" == shapes[number], line


COOKBOOK = [f for f in fences("slimgen") if f.page == "docs/cookbook.md"]


@pytest.mark.parametrize("fence", COOKBOOK, ids=place_of)
def test_an_example_of_the_cookbook_is_built(
    fence: Fence, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(beside)
    source, reader = Source("example.slim", whole(fence)), FileReader(Diagnostics())

    code = compile_source(source, Request(), reader).code

    assert code is not None
    assert isinstance(ast.parse(code), ast.Module)


COMMANDS = [fence for fence in fences("console") if fence.page not in WALKS]


@pytest.mark.parametrize("fence", COMMANDS, ids=place_of)
def test_a_command_prints_what_its_page_shows(
    fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for example in (ROOT / "examples").glob("*.slim"):
        shutil.copy(example, tmp_path)
    (tmp_path / "broken.slim").write_text(BROKEN)
    (tmp_path / "tiny.slim").write_text(TINY)
    write_tiny_weights(tmp_path / "tiny.safetensors")
    monkeypatch.chdir(tmp_path)
    for part in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        if not command.startswith("slimgen "):
            continue
        outcome = CliRunner().invoke(main, shlex.split(command, comments=True)[1:])

        fails = "error" in shown or "rules that may fit" in shown
        assert outcome.exit_code == (1 if fails else 0), outcome.output
        if shown:
            assert shows(shown.splitlines(), outcome.output.splitlines())


def shows(shown: list[str], printed: list[str]) -> bool:
    """Whether a page shows what was printed; `…` leaves out lines, or the rest of one."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…"
        else re.escape(line.removesuffix("…")) + ".*\n" if line.endswith("…")
        else re.escape(line.rstrip()) + r" *\n"
        for line in shown
    )  # fmt: skip
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def test_what_is_not_shown_is_found() -> None:
    assert shows(["a", "…", "d"], ["a", "b", "c", "d"])
    assert shows(["error…"], ["error: no"])
    assert not shows(["a"], ["a", "b"])
    assert not shows(["…", "d"], ["a", "b"])


@pytest.mark.parametrize("fence", fences("python"), ids=place_of)
def test_python_can_be_read(fence: Fence) -> None:
    assert isinstance(ast.parse(fence.text), ast.Module)


@pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(path: Path) -> None:
    for match in LINK.finditer(path.read_text(encoding="utf-8")):
        target = path.parent / match["file"] if match["file"] else path

        assert target.exists(), match[0]
        if match["part"]:
            assert match["part"] in anchors_of(target), match[0]


@pytest.mark.parametrize(
    "path", [*PAGES, CHANGELOG], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_prose_is_at_most_100_columns_wide(path: Path) -> None:
    prose = FENCE.sub("", path.read_text(encoding="utf-8"))

    lines = [line for line in prose.splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > 100 and " " in line.strip()] == []


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page; a second one is numbered."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    names = [heading.replace(" ", "-") for heading in plain]
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return {f"{n}-{k}" if k else n for n, k in zip(names, before, strict=True)}
