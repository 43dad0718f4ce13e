"""Restores from files damaged at random and from crafted ones; run in a process of its own.

It prints what went another way than an error of one line, and how much memory was taken.
"""

import importlib.util
import json
import random
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

SEED = 9


def load(file: Path) -> ModuleType:
    """Import a built file."""
    spec = importlib.util.spec_from_file_location("built", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["built"] = module
    spec.loader.exec_module(module)
    return module


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes that are cut, filled, exchanged, repeated or moved."""
    place = chance.randrange(len(data) + 1)
    length = chance.choice((1, 1, 2, 8, 64, 1000))
    match chance.randrange(6):
        case 0:
            return data[:place]
        case 1:
            return data[:place] + chance.randbytes(length) + data[place + length :]
        case 2:
            return data[:place] + bytes(length) + data[place + length :]
        case 3:
            return data[:place] + b"\xff" * length + data[place + length :]
        case 4:
            return data[:place] + data[place + length :]
    return data[:place] + chance.randbytes(length) + data[place:]


def outcome(name: str, folder: Path, restore: Callable[[Path], object]) -> list[str]:
    """Restore from a folder; say what went another way than an error of one line."""
    try:
        restore(given(folder))
    except sys.modules["built"].RestoreError as error:
        if len(str(error).splitlines()) != 1:
            return [f"{name}: several lines"]
    except Exception as error:
        return [f"{name}: {error!r}"[:300]]
    return []


def attempts(folder: Path, count: int, restore: Callable[[Path], object]) -> list[str]:
    """Restore from damaged copies of the sources in a folder; return what went wrong."""
    chance, wrong = random.Random(SEED), []
    sources = sorted(path for path in folder.iterdir() if path.is_dir())
    for number in range(count):
        source = chance.choice(sources)
        copy = folder.parent / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        file = chance.choice(sorted(path for path in copy.rglob("*") if path.is_file()))
        file.write_bytes(damaged(file.read_bytes(), chance))
        wrong += outcome(f"{number} {source.name}/{file.name}", copy, restore)
    return wrong


def given(folder: Path) -> Path:
    """The source as a user names it: the file `x`, or else the folder."""
    files = [path for path in folder.glob("x.*") if path.stem == "x"]
    return files[0] if len(files) == 1 else folder


def main() -> None:
    """Damage the sources of a folder so many times; then take the crafted ones."""
    file, folder, crafted = map(Path, sys.argv[1:4])
    count = int(sys.argv[4])
    module = load(file)
    model = module.Small(seed=1)
    for source in folder.iterdir():  # what restoring itself takes
        module.restore(model, given(source))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wrong = attempts(folder, count, lambda path: module.restore(model, path))
    for one in sorted(crafted.iterdir()):
        wrong += outcome(one.name, one, lambda path: module.restore(model, path))
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"wrong": wrong, "megabytes": taken / 1024}))


if __name__ == "__main__":
    main()
