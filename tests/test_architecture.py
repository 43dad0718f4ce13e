"""Imports go downwards, files and functions stay small, only the command line prints."""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "slimgen"

# Who may import whom: only what has a lower number, or is of the same part.
LEVELS = {
    "frozen": 0,
    "source": 1,
    "shipped": 2,
    "diagnostics": 2,
    "messages": 3,
    "render": 3,
    "config": 4,
    "layers": 4,
    "syntax": 5,
    "ir": 5,
    "resolve": 6,
    "elaborate": 7,
    "passes": 8,
    "emit": 8,
    "compiler": 9,
    "verify": 9,
    "weights": 9,
    "records": 9,
    "cli": 10,
    "__init__": 10,  # the public surface: the compiler under its own name
    "__main__": 11,
    "grammar": 0,
    "checksum": 0,
    "templates": 0,
    "std": 0,
    "zoo": 0,
}
LONGEST_FILE = 475  # 500 is the limit: nothing grows up to it unseen
LONGEST_FUNCTION = 60
MOST_POSITIONAL = 5

MODULES = sorted(PACKAGE.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.j2"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def part_of(path: Path) -> str:
    """The part of the program that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports name the whole module"
            assert node.module is not None
            if node.module == "slimgen":
                yield from ((node.lineno, f"slimgen.{a.name}") for a in node.names)
            else:
                yield node.lineno, node.module


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def upward(path: Path) -> list[str]:
    part = part_of(path)
    found = []
    for line, name in imports_of(parse(path)):
        if not name.startswith("slimgen."):
            continue
        other = name.split(".")[1]
        if other != part and LEVELS[other] >= LEVELS[part]:
            found.append(f"{name_of(path)}:{line}: {part} imports {other}")
    return found


def test_every_part_has_a_level() -> None:
    parts = {part_of(path) for path in MODULES}

    assert parts <= LEVELS.keys()


def test_imports_go_downwards() -> None:
    found = [arrow for path in MODULES for arrow in upward(path)]

    assert [] == found


def test_an_upward_import_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_architecture.PACKAGE", tmp_path)
    monkeypatch.setattr("test_architecture.ROOT", tmp_path)
    module = tmp_path / "syntax.py"
    module.write_text(
        "from slimgen.elaborate.names import look_up\nimport slimgen.ir\n"
    )

    assert upward(module) == [
        "syntax.py:1: syntax imports elaborate",
        "syntax.py:2: syntax imports ir",
    ]


HEAVY = ("tensorflow", "keras", "tf_keras", "tf_slim", "h5py", "numpy")
# Started by `slimgen verify` in processes of their own.
PROGRAMS = {"slim_side", "keras_side", "built_side"}


def test_the_compiler_never_imports_tensorflow() -> None:
    found = [
        f"{name_of(path)}:{line}: {name}"
        for path in MODULES
        for line, name in imports_of(parse(path))
        if name.split(".")[0] in HEAVY and part_of(path) != "verify"
    ]

    assert [] == found


def test_only_programs_of_their_own_lead_to_tensorflow() -> None:
    heavy = {
        path.stem
        for path in MODULES
        if part_of(path) == "verify"
        and any(name.split(".")[0] in HEAVY for _, name in imports_of(parse(path)))
    }
    users = {
        f"{name_of(path)}: {name}"
        for path in MODULES
        if path.stem not in heavy
        for _, name in imports_of(parse(path))
        if name.startswith("slimgen.verify.") and name.split(".")[2] in heavy
    }

    assert PROGRAMS <= heavy
    assert set() == users


def test_only_the_command_line_prints_and_exits() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node.func)}"
        for path in MODULES
        if part_of(path) != "cli"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "input", "exit", "sys.exit", "os._exit")
    ]

    assert [] == found


def test_files_are_short() -> None:
    lengths = {name_of(p): len(p.read_text("utf-8").splitlines()) for p in MODULES}

    assert {} == {name: n for name, n in lengths.items() if n > LONGEST_FILE}


# Figures that must not grow: benchmarks/structure.py prints them.
MOST_ANY = 128
MOST_UNFORMATTED = 40
# Parallel folders mirror each other: a message, a command or a declaration is in a file of the
# name of its subject. CONTRIBUTING.md explains each.
MIRRORED_FILES = [
    *("augment", "data", "evaluate", "gradients", "images", "initial", "loss"),
    *(
        "network_lines",
        "optimizer",
        "run",
    ),  # lines in layers/, their readers in elaborate/
    "jobs",  # data in ir/, what a file needs for them in emit/, their messages
    *("expressions", "functions"),  # back ends in emit/ beside each other and layers/
    *("records", "summary", "weights"),  # commands, what they show and their messages
]
# A statement of the source, and what it becomes in the graph, a layer or a value.
MIRRORED_CLASSES = ["Argument", "Network", "Parameter"]


@pytest.fixture(scope="module")
def here() -> Any:
    """The figures of this checkout, as benchmarks/structure.py counts them."""
    path = ROOT / "benchmarks" / "structure.py"
    spec = importlib.util.spec_from_file_location("structure", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["structure"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Checkout(ROOT)


def test_the_type_checker_and_the_formatter_are_seldom_switched_off(
    here: Any,
) -> None:
    assert here.any_words <= MOST_ANY
    assert here.count("# fmt: skip") <= MOST_UNFORMATTED


def test_files_and_classes_of_one_name_mirror_each_other(here: Any) -> None:
    assert here.repeated_files == sorted(MIRRORED_FILES)
    assert here.repeated_classes == sorted(MIRRORED_CLASSES)


def test_functions_are_short() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}: {node.name}"
        for path in MODULES
        for node in functions_of(parse(path))
        if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert [] == found


def test_functions_take_few_positional_parameters() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}: {node.name}"
        for path in MODULES
        for node in functions_of(parse(path))
        if len([a for a in node.args.args if a.arg not in ("self", "cls")])
        > MOST_POSITIONAL
        and part_of(path) != "messages"  # there each is a word of one sentence
        and path.name != "program.py"  # click's own signature
    ]

    assert [] == found


def test_every_module_says_what_it_holds() -> None:
    assert [] == [name_of(p) for p in MODULES if ast.get_docstring(parse(p)) is None]


def test_templates_leave_blanks_alone() -> None:
    trimmed = re.compile(r"\{[%{#]-|-[%}#]\}")
    found = [
        f"{name_of(path)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if trimmed.search(line)
    ]

    assert [] == found


def test_nothing_in_the_repository_names_a_machine_or_a_user() -> None:
    private = re.compile(r"/(home|root|Users)/\w|/work/|\bTODO\b(?!\(#\d+\))")
    texts = [*MODULES, *TEMPLATES, *sorted((ROOT / "docs").rglob("*.md"))]
    found = [name_of(p) for p in texts if private.search(p.read_text("utf-8"))]

    assert [] == found
