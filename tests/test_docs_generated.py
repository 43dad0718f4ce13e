"""Generated pages are current; numbers and defaults in the docs are those of the code."""

import importlib.util
import re
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from test_architecture import LEVELS

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.elaborate import evaluated, evaluator, graph_builder, scopes, walk
from slimgen.layers import LAYERS
from slimgen.layers.describe import FUNCTIONS
from slimgen.layers.jobs.kinds import DATA_LINES, JOB_LINES
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.weight_lines import MAP_LINES
from slimgen.messages.pages import codes
from slimgen.source import Source
from slimgen.syntax import layout, lexer, numbers
from slimgen.syntax.tokens import RESERVED

DOCS = Path(__file__).resolve().parent.parent / "docs"

LIMITS = {
    "characters in a file": lexer.MAX_FILE,
    "characters in one word, string or comment": lexer.MAX_TOKEN,
    "digits of a whole number": numbers.MAX_DIGITS,
    "brackets and braces open at once": layout.MAX_NESTING,
    "depth of an expression": layout.MAX_DEPTH,
    "reported errors in the text": layout.MAX_ERRORS,
    "values in a list or a range": evaluated.LONGEST_LIST,
    "characters in a value or a name put together": evaluated.LONGEST_TEXT,
    "characters in the name of a variable scope": scopes.LONGEST_NAME,
    "turns of all loops of a network": walk.MOST_TURNS,
    "layers, taps and calls of blocks in a network": graph_builder.MOST_ITEMS,
    "blocks called inside each other": walk.DEEPEST_CALLS,
    "functions called inside each other": evaluator.DEEPEST_CALL,
}


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current(generate: ModuleType, update: bool) -> None:
    if update:
        generate.main()
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("layers/*.md")}

    made = generate.pages()

    assert {*written, "errors.md"} == set(made), "`make docs` writes the pages"
    for name, text in made.items():
        assert read(name) == text, f"`make docs` writes docs/{name}"


def test_every_word_has_its_part(generate: ModuleType) -> None:
    words = {
        *LAYERS,
        *NETWORK_LINES,
        *MAP_LINES,
        *(line.word for line in JOB_LINES),
        *DATA_LINES,
        "variable",
        "from",
    }
    words |= {word for table in FUNCTIONS.values() for word in table}
    found = {
        word
        for name, text in generate.pages().items()
        if name.startswith("layers/")
        and name not in ("layers/README.md", "layers/std.md")
        for word in re.findall(r"^## (\w+)$", text, re.MULTILINE)
    }

    assert found == words


def test_every_code_is_listed() -> None:
    listed = re.findall(r"^\| `([EW]\d{3})` \|", read("errors.md"), re.MULTILINE)

    assert sorted(listed) == sorted(codes())


def test_the_limits_are_those_of_the_code() -> None:
    part = read("language.md").split("## 18. Limits")[1].split("## 19.")[0]
    rows = dict(
        re.findall(r"^\| ([a-z][^|]*[a-z]) \| ([\d,]+) \|$", part, re.MULTILINE)
    )

    assert rows == {name: f"{number:,}" for name, number in LIMITS.items()}


def test_the_reserved_words_are_those_of_the_code() -> None:
    part = read("language.md").split("cannot be declared:")[1]
    match = re.search(r"```text\n(.*?)```", part, re.DOTALL)

    assert match is not None
    assert sorted(match[1].split()) == sorted(RESERVED)


def test_the_levels_are_those_that_are_tested() -> None:
    text = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.MULTILINE)
    levels = {
        part: int(n) for n, parts in rows for part in re.findall(r"`(\w+)`", parts)
    }

    assert levels == LEVELS


def test_the_table_of_tests_has_every_file() -> None:
    text = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## The tests")[1].split("**Goldens**")[0]
    patterns = re.findall(r"`(test_[\w*]+)`", table)
    names = [path.stem for path in (DOCS.parent / "tests").glob("test_*.py")]

    assert [] == [n for n in names if not any(fnmatch(n, p) for p in patterns)]


def train_job(lines: str) -> Any:
    text = (
        "network n() { input images 8x8x3; flatten; fc 2 as logits }\n"
        f'train n {{ data folder "x"; steps 1\n{lines}\n}}\n'
    )
    found = analyze(Source("n.slim", text), Request(), FileReader(Diagnostics()))
    assert found.graph is not None
    return found.graph.jobs[0]


def test_the_lines_that_a_job_has_by_itself_are_its_defaults() -> None:
    fence = re.search(r"```slimgen\n(.*?)```", read("layers/jobs.md"), re.DOTALL)

    assert fence is not None
    assert train_job(fence[1]) == train_job('directory "runs/n"') == train_job("")
