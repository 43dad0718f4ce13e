"""The networks of the libraries, found in their files without importing them."""

import ast
from importlib.util import find_spec
from pathlib import Path

# Where each library has its networks, and an argument that all of them take.
PLACES = {
    "tf_slim": ("tf_slim", "nets", "is_training"),
    "keras": ("keras", "src/applications", "include_top"),
}


def networks(library: str) -> dict[str, str]:
    """Return the module of each network of a library, by the network's name."""
    package, folder, argument = PLACES[library]
    found: dict[str, str] = {}
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted((Path(root) / folder).glob("*.py")):
            module = ".".join([package, *folder.split("/"), path.stem])
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if _is_network(node, argument):
                    found[node.name] = module  # type: ignore[attr-defined]
    return found


def _is_network(node: ast.stmt, argument: str) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    arguments = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
    return argument in arguments and not node.name.startswith("_")
