"""The sources that come with slimgen: the blocks of `std/…`, the networks of `zoo/…`."""

import posixpath
from importlib.resources import files
from pathlib import Path

from slimgen.source import Source

# The folders of each package whose sources are one tree: no path is in two of them.
TREES = {"std": ("",), "zoo": ("zoo/", "")}


def is_reserved(path: str) -> bool:
    """Whether a path names a source of slimgen: `std/blocks.slim`, also without its ending."""
    tree, slash, _ = path.partition("/")
    return (
        bool(slash) and tree in TREES and posixpath.splitext(path)[1] in ("", ".slim")
    )


def read_shipped(path: str) -> Source | None:
    """Return the source of a reserved path; None if there is none.

    Its name, `<zoo>/resnet_v1.slim`, is the same on every machine.
    """
    tree, _, inside = posixpath.normpath(path).partition("/")
    inside = inside.removesuffix(".slim") + ".slim"
    if tree not in TREES or inside.startswith(tuple(filter(None, TREES[tree]))):
        return None
    for folder in TREES[tree]:
        file = _root(tree) / folder / inside
        if file.is_file():
            return Source(f"<{tree}>/{inside}", file.read_text(encoding="utf-8"))
    return None


def is_shipped(name: str) -> bool:
    """Whether the source of this name comes with slimgen."""
    return name.startswith(tuple(f"<{tree}>/" for tree in TREES))


def path_beside(path: str, user: str) -> str:
    """Return the reserved path of what `user`, a source of slimgen, names as `path`."""
    tree, _, inside = user.removeprefix("<").partition(">/")
    # The folders lie one in the other: `..` leads from any of them to the root of the tree.
    joined = posixpath.normpath(posixpath.join("/", posixpath.dirname(inside), path))
    for folder in filter(None, TREES[tree]):
        joined = joined.removeprefix(f"/{folder}")
    return f"{tree}/{joined.removeprefix('/')}"


def shipped_paths() -> list[str]:
    """Return the reserved paths of all sources, in order."""
    found: set[str] = set()
    for tree, folders in TREES.items():
        for file in _root(tree).rglob("*.slim"):
            inside = file.relative_to(_root(tree)).as_posix()
            for folder in folders:
                inside = inside.removeprefix(folder)
            found.add(f"{tree}/{inside}")
    return sorted(found)


def _root(tree: str) -> Path:
    return Path(str(files(f"slimgen.{tree}")))
