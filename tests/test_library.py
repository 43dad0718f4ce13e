"""The emitter takes the definitions that a file reaches from modules under `templates/`."""

import ast
import builtins
import importlib
import symtable
from pathlib import Path

import pytest

from slimgen.emit import library
from slimgen.emit.folding import fold
from slimgen.emit.library import Library, LibraryModule, open_library, used_names
from slimgen.emit.shared_module import shared_module
from slimgen.emit.templates import defined_names

ROOT = Path(__file__).parent.parent / "templates"
PARTS = [
    str(path.relative_to(ROOT))
    for path in sorted(ROOT.rglob("*.py"))
    if path.name not in ("__init__.py", "flags.py", "stand_ins.py")
]
FLAGS = {"BOXES": True, "GREY": False}

PROGRAM = '''\
def read(
    image,
    boxes=None,  # if BOXES
    grey=None,  # if GREY
):
    """Read an image."""
    # Boxes come first.
    if BOXES:
        # All of them.
        image = crop(image, boxes)
    else:
        image = whole(image)
    if GREY and boxes:
        image = grey_of(image)
    elif image:
        image = mean(
            image, axis=-1
        )
    else:
        pass
    return image
'''
FOLDED = '''\
def read(image, boxes=None):
    """Read an image."""
    # Boxes come first.
    # All of them.
    image = crop(image, boxes)
    if image:
        image = mean(image, axis=-1)
    else:
        pass
    return image
'''


def test_a_test_of_flags_is_folded_and_its_comments_are_kept() -> None:
    assert fold(PROGRAM, FLAGS) == FOLDED


def test_a_branch_inside_a_kept_branch_is_folded() -> None:
    text = "if BOXES:\n    if GREY:\n        a()\n    elif b:\n        b()\nc()\n"
    assert fold(text, FLAGS) == "if b:\n    b()\nc()\n"


@pytest.mark.parametrize(
    ("test", "left"),
    [
        ("BOXES and not GREY", ""),
        ("GREY or BOXES", ""),
        ("BOXES and x > 1", "if x > 1:"),
        ("LIMIT", "if LIMIT:"),
        ("not GREY and x", "if x:"),
    ],
)
def test_the_rest_of_a_test_is_kept(test: str, left: str) -> None:
    body = "run()" if not left else f"{left}\n    run()"
    assert fold(f"if {test}:\n    run()\n", FLAGS) == f"{body}\n"


def test_names_are_read_without_attributes_keywords_strings_and_comments() -> None:
    text = 'f(a.b, key=c, d == 1)  # g\n"""h"""\n"i", f"j {k!r:>{l}} {m[\'n\']}"\n'
    assert used_names(text) == {"f", "a", "c", "d", "k", "r", "l", "m"}


def module(text: str) -> LibraryModule:
    return LibraryModule("Part.", tuple(library._definitions(text)))


def test_only_what_is_reached_is_written_in_the_order_of_the_module() -> None:
    text = (
        "LIMIT = 1\n# A note.\nOTHER = {\n    2: LIMIT,\n}\nUNUSED = 3\n\n\n"
        "def first():\n    return second()\n\n\n@kept\ndef second():\n    return OTHER\n"
    )
    found = Library({"part": module(text)})
    reached = found.reached(["first"])
    assert reached == {"first", "second", "OTHER", "LIMIT"}
    assert found.modules["part"].text(reached) == "# Part.\n\n" + text.replace(
        "UNUSED = 3\n", ""
    )
    assert found.modules["part"].text(frozenset()) == ""


def test_a_name_that_the_file_defines_is_not_taken_from_the_library() -> None:
    found = Library({"part": module("def a():\n    b()\n\n\ndef b():\n    c\n")})
    assert found.reached(["a"], frozenset(["b"])) == {"a"}


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(KeyError, match="NO_FLAG"):
        open_library([], {"NO_FLAG": True})


def test_no_two_sections_define_one_name() -> None:
    definitions = [
        definition.name
        for part in PARTS
        for definition in open_library([part], {}).modules[part].definitions
    ]
    assert [n for n in definitions if definitions.count(n) > 1] == []
    for template in ROOT.rglob("*.py.j2"):
        if template.name == "split.py.j2":
            continue  # its file takes the definitions of these names from another module
        text = template.read_text(encoding="utf-8")
        shared = defined_names(text) & set(definitions)
        assert not shared, template


@pytest.mark.parametrize("part", PARTS)
def test_a_module_of_the_library_can_be_imported(part: str) -> None:
    pytest.importorskip("tensorflow")
    name = part.removesuffix(".py").replace("/", ".")
    module = importlib.import_module(f"slimgen.templates.{name}")
    for definition in open_library([part], {}).modules[part].definitions:
        assert hasattr(module, definition.name)


@pytest.mark.parametrize("part", PARTS)
def test_uses_are_those_of_pythons_symbol_table(part: str) -> None:
    text = (ROOT / part).read_text(encoding="utf-8")
    top = symtable.symtable(text, part, "exec")
    known = open_library(PARTS, {}).names
    imported = {
        name for name in top.get_identifiers() if top.lookup(name).is_imported()
    }
    for definition in open_library([part], {}).modules[part].definitions:
        body = symtable.symtable(definition.text, part, "exec")
        expected = {name for name in _globals(body) if name in known | imported}
        found = {name for name in definition.uses if name in known | imported}
        assert found == expected - {definition.name}, definition.name
    assert ast.get_docstring(ast.parse(text))


def _globals(table: symtable.SymbolTable) -> set[str]:
    top = table.get_type() == "module"
    found = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if (symbol.is_global() or top) and symbol.is_referenced()
    }
    for inner in table.get_children():
        found |= _globals(inner)
    return found - set(dir(builtins))


def test_the_shared_module_defines_every_name_that_its_functions_use() -> None:
    text = shared_module()
    module = symtable.symtable(text, "slim_runtime.py", "exec")
    known = {name.get_name() for name in module.get_symbols()} | {*dir(builtins)}
    tables, unknown = [*module.get_children()], set()
    while tables:
        table = tables.pop()
        names = [name.get_name() for name in table.get_symbols() if name.is_global()]
        unknown |= {(table.get_name(), name) for name in names if name not in known}
        tables += table.get_children()

    assert unknown == set()
