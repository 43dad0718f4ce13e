"""The networks and blocks of built files: their names, and the shapes in their comments."""

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.emit.identifiers import identifier
from slimgen.ir.graph import Graph, Signature
from slimgen.ir.unroll import Applied, Entered, Part, unroll
from slimgen.layers.variable import FreeVariable
from slimgen.source import Source

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
QUICK = sorted(EXAMPLES.glob("*.slim"))
ZOO = sorted((EXAMPLES / "zoo").rglob("*.slim"))
FILES = [
    *QUICK,
    *(pytest.param(path, marks=pytest.mark.slow) for path in ZOO),
]

by_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES).with_suffix(""))
)


@dataclass(frozen=True)
class Built:
    """A source, its graph after the passes, and the emitted file."""

    sources: str
    graph: Graph
    lines: list[str]
    tree: ast.Module

    def functions(self, first: str, last: str) -> list[ast.FunctionDef]:
        """The functions between two headings of the file."""
        start = next(i for i, line in enumerate(self.lines) if line.startswith(first))
        end = next(i for i, line in enumerate(self.lines) if line.startswith(last))
        return [
            node
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef) and start < node.lineno <= end
        ]

    def after_networks(self) -> str:
        return "# Blocks." if "# Blocks." in self.lines else "# Layers"


@cache
def built(path: Path, *networks: str) -> Built:
    source = Source(str(path), path.read_text(encoding="utf-8"))
    request = Request(networks=networks)
    found = compile_source(source, request, FileReader(Diagnostics()))
    assert found.code is not None
    assert found.graph is not None
    text = "\n".join(one.text for one in found.sources)
    return Built(text, found.graph, found.code.splitlines(), ast.parse(found.code))


def names_of_source(text: str) -> re.Pattern[str]:
    """Match what the source calls something, where `{…}` stands for a number."""
    words = re.findall(r"(?:\w|\{[^{}]*\})+", text)
    patterns = {
        re.sub(r"\\\{.*?\\\}", "[a-z0-9_]+", re.escape(word).lower()) for word in words
    }
    return re.compile("|".join(sorted(patterns)))


@by_file
def test_a_name_ends_in_a_number_where_the_source_says_so(path: Path) -> None:
    found = built(path)
    known = names_of_source(found.sources)
    names: set[str] = set()
    for function in found.functions("# Network", "# Model."):
        names.add(function.name)
        for node in ast.walk(function):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
    numbered = {name for name in names if re.search(r"_\d+$", name)}
    assert {name for name in numbered if not known.fullmatch(name)} == set()


def statements(
    body: list[ast.stmt], around: ast.For | None = None
) -> Iterator[tuple[ast.stmt, ast.stmt | None, ast.For | None]]:
    """Yield each statement, the one after it, and the loop around it, turn by turn."""
    for place, statement in enumerate(body):
        following = body[place + 1] if place + 1 < len(body) else None
        if isinstance(statement, ast.For):
            count = ast.literal_eval(
                ast.unparse(statement.iter)[len("range") :] or "()"
            )
            bounds = count if isinstance(count, tuple) else (count,)
            for _ in range(*bounds):
                yield from statements(statement.body, statement)
        else:
            yield statement, following, around


def called(statement: ast.stmt) -> ast.expr | None:
    """The call or operation of a statement; None for a plain name or an end point."""
    if not isinstance(statement, ast.Assign | ast.Expr | ast.Return):
        return None
    value = statement.value
    if value is None or isinstance(value, ast.Dict):
        return None
    if isinstance(value, ast.Tuple):  # `before, net = net, cell(…)`
        value = value.elts[-1]
    if isinstance(value, ast.Name):
        return None
    if isinstance(value, ast.Call):
        function = ast.unparse(value.func)
        if function == "end_point":
            return None if isinstance(value.args[1], ast.Name) else value
        if function in ("recall", "scope.variable"):  # no operation
            return None
    return value


def comment(found: Built, line: int) -> str:
    _, mark, text = found.lines[line - 1].rpartition("  # ")
    return text if mark else ""


def shown(
    found: Built, statement: ast.stmt, following: ast.stmt | None, loop: ast.For | None
) -> str:
    """The shape at a statement, else at its loop, else at its end point."""
    assert statement.end_lineno is not None
    at_call = comment(found, statement.end_lineno)
    at_loop = comment(found, loop.lineno) if loop else ""
    ends = following is not None and ast.unparse(following).startswith("end_point(")
    at_end = comment(found, following.lineno) if following is not None and ends else ""
    return at_call or at_end or at_loop


def text_of(shape: tuple[int | None, ...]) -> str:
    return f"[{', '.join('?' if n is None else str(n) for n in shape[1:])}]"


def is_nothing(part: Applied | Entered) -> bool:
    """Whether a layer merges one tensor, which is its result, or is a variable."""
    if not isinstance(part, Applied):
        return False
    merges_one = part.layer.merges and len(part.inputs) == 1
    return merges_one or isinstance(part.layer, FreeVariable)


def agree(shown: str, expected: str) -> bool:
    """Whether a shape is the one shown, whose lengths that grow with a loop are `?`."""
    pairs = zip_longest(shown.split(", "), expected.split(", "))
    return all(one == other or one in ("?", "[?", "?]") for one, other in pairs)


@by_file
def test_each_call_of_a_network_shows_its_shape(path: Path) -> None:
    found = built(path)
    functions = found.functions("# Network", found.after_networks())
    for network, function in zip(found.graph.networks, functions, strict=True):
        parts = unroll(found.graph, network).parts
        expected = [
            text_of(part.output.type.shape)
            for part in parts
            if isinstance(part, Applied | Entered) and not is_nothing(part)
        ]
        found_shapes = [
            shown(found, *places)
            for places in statements(function.body)
            if called(places[0]) is not None
        ]
        assert len(found_shapes) == len(expected)
        pairs = list(zip(found_shapes, expected, strict=True))
        assert [] == [pair for pair in pairs if not agree(*pair)]


@by_file
def test_the_shapes_of_a_block_hold_for_each_of_its_calls(path: Path) -> None:
    found = built(path)
    if "# Blocks." not in found.lines:
        return
    made = {
        function.name: function for function in found.functions("# Blocks", "# Layers")
    }
    given: dict[str, set[tuple[int | None, ...]]] = {}
    for network in found.graph.networks:
        for part in entered(unroll(found.graph, network).parts):
            outputs = given.setdefault(part.call.function, set())
            outputs.add(part.output.type.shape)
    for block in found.graph.functions:
        written = made[identifier(block.name)]
        doc = " ".join((ast.get_docstring(written) or "").split())
        shapes = re.search(r"\[([^]]*)\] -> \[([^]]*)\]", doc)
        assert shapes, f"{block.name}: {doc}"
        calls = block.signatures
        assert {call.output.shape for call in calls} >= given.get(block.name, set())
        for call in calls:
            check(shapes[1].split(", "), shapes[2].split(", "), call)


def entered(parts: tuple[Part, ...]) -> Iterator[Entered]:
    for part in parts:
        if isinstance(part, Entered):
            yield part
            yield from entered(part.parts)


def check(before: list[str], after: list[str], call: Signature) -> None:
    """Compare the axes in a docstring with the shapes of a call."""
    names = {name: value for name, value in call.arguments if isinstance(value, int)}
    for text, length in zip(before, call.inputs[0].shape[1:], strict=True):
        if text.isdigit():
            assert int(text) == length
        elif length is not None:
            names[text] = length
    for text, length in zip(after, call.output.shape[1:], strict=True):
        if text != "?":
            assert eval(text, {"ceil": math.ceil}, dict(names)) == length, text


@pytest.mark.parametrize("name", ["vgg16", "lenet", "resnet_v1"])
def test_the_network_begins_on_the_first_screen(name: str) -> None:
    found = built(EXAMPLES / f"{name}.slim")
    # The import of TensorFlow in silence has 13 lines.
    assert found.functions("# Network", "# Layers")[0].lineno <= 43 + 13


@pytest.mark.parametrize(
    ("name", "network", "most"),
    [("vgg16", "vgg_16", 136), ("resnet_v1", "resnet_v1_50", 196)],
)
def test_network_blocks_and_layers_are_read_on_the_first_screens(
    name: str, network: str, most: int
) -> None:
    found = built(EXAMPLES / f"{name}.slim", network)
    assert found.lines.index("# Model.") <= most
