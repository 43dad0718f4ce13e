"""Checks of every emitted file: black leaves it alone, and all its names are defined."""

import ast
import builtins
import functools
import symtable
from collections.abc import Iterator

import black
from black.mode import TargetVersion

MODE = black.Mode(target_versions={TargetVersion.PY310})
OWN_IMPORTS = {
    *(
        "argparse",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "difflib",
    ),
    *(
        "fcntl",
        "fnmatch",
        "functools",
        "glob",
        "hashlib",
        "h5py",
        "itertools",
        "io",
        "json",
        "math",
        "numpy",
        "os",
    ),
    *("pickle", "re", "secrets", "shutil", "signal", "sys", "tempfile", "tensorflow"),
    *("threading", "time", "typing", "weakref", "zipfile"),
}


@functools.cache
def _formatted(part: str) -> str:
    return black.format_str(part, mode=MODE)


def assert_is_tidy_python(code: str) -> None:
    """Check the parts between blank lines; most are alike in all files, and done once."""
    compile(code, "<emitted>", "exec", dont_inherit=True)
    assert code.endswith("\n")
    assert not code.endswith("\n\n")
    for part in code.split("\n\n\n"):
        part = part.strip("\n") + "\n"
        assert _formatted(part) == part
    assert "\n\n\n\n" not in code


@functools.lru_cache(maxsize=4)
def tree_of(code: str) -> ast.Module:
    """The tree of a file, which several checks read."""
    return ast.parse(code)


@functools.lru_cache(maxsize=4)
def imported(code: str) -> frozenset[str]:
    """The modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(tree_of(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert node.level == 0
            found.add(node.module)
    return frozenset(found)


def assert_names_are_known(code: str) -> None:
    """Check that no name is bound twice, hidden, or used without being bound."""
    tree = tree_of(code)
    modules = {name for name in map(_module_of, tree.body) if name}
    top = [*modules, *(name for node in tree.body for name in _bound_by(node))]
    assert len(top) == len(set(top)), sorted(n for n in set(top) if top.count(n) > 1)
    assert not set(top) & set(dir(builtins)) - {"__doc__"}
    assert_globals_are_bound(code)
    for network in _networks(tree):
        bound = {name for node in network.body for name in _bound_by(node)}
        assert not bound & {
            node.id
            for inner in network.body
            if not isinstance(inner, ast.FunctionDef)  # which do not see them
            for node in ast.walk(inner)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }, network.name
    functions = [*_functions_of_networks(tree)]
    assert functions
    for function in functions:
        local = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        local |= {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert not local & {*top, *dir(builtins)}, function.name
        loaded = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        assert loaded <= {*top, *local, "range", "len"}, function.name


def _module_of(node: ast.stmt) -> str | None:
    """The name that an import binds: `import a` and `import a.b` bind one name."""
    if not isinstance(node, ast.Import):
        return None
    (alias,) = node.names
    return alias.asname or alias.name.partition(".")[0]


def _bound_by(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.ImportFrom(names=names):
            yield from (n.asname or n.name for n in names)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name)]):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _functions_of_networks(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions of networks and blocks: they take a scope, and stand above the layers."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            first = node.args.args[0].arg if node.args.args else ""
            if node.decorator_list or first != "scope":
                return
            yield node


def _networks(tree: ast.Module) -> Iterator[ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(
            "HEAD" in _bound_by(n) for n in node.body
        ):
            yield node


def assert_globals_are_bound(code: str) -> None:
    """Check that each name that a function or a class takes from the file is there."""
    table = symtable.symtable(code, "<emitted>", "exec")
    top = {one.get_name() for one in table.get_symbols() if one.is_assigned()}
    top |= {one.get_name() for one in table.get_symbols() if one.is_imported()}
    top |= {one.get_name() for one in table.get_symbols() if one.is_namespace()}
    used = set(_globals_of(table))
    assert used <= {*top, *dir(builtins), "__file__"}, used - top


def _globals_of(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals_of(inner)
