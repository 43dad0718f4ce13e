"""Names of the emitted file: the user's where legal and free, else with a letter."""

import builtins
import keyword
import re
from collections.abc import Iterator
from itertools import chain, product
from string import ascii_lowercase

from slimgen.emit.tensorflow.values import python
from slimgen.ir.graph import Path
from slimgen.layers.literals import Hole

# Names in the statements that the emitter itself writes; `_` takes what is not used.
STATEMENTS = ("scope", "tf", "np", "_")
PYTHON = frozenset([*keyword.kwlist, *keyword.softkwlist, *dir(builtins)])
RESERVED = PYTHON.union(STATEMENTS)


def class_name(name: str) -> str:
    """Write a network's name in CapWords: `resnet_v1_50` is `ResnetV150`."""
    written = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return f"_{written}" if written[:1].isdigit() else written or "Network"


def identifier(text: str) -> str:
    """Make a legal Python name of any text; a reserved one gets an underscore."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)  # AuxLogits: aux_logits
    name = re.sub(r"\W", "_", text, flags=re.ASCII).strip("_").lower() or "net"
    if name[0].isdigit():
        name = f"_{name}"
    return f"{name}_" if name in RESERVED else name


def _letters() -> Iterator[str]:
    """Yield b to z, then longer endings."""
    yield from ascii_lowercase[1:]
    yield from map("".join, product(ascii_lowercase, repeat=2))
    yield from map("".join, product(ascii_lowercase, repeat=3))


class Names:
    """Hands out names, each once."""

    def __init__(self, taken: frozenset[str] = RESERVED) -> None:
        self._taken = set(taken)

    def free(self, wanted: str, *others: str) -> str:
        """Return the first of the names that is free, or `wanted` with a letter."""
        if wanted.startswith("__"):  # Python would mangle it in a class
            wanted = f"_{wanted.lstrip('_')}"
        stem = wanted.rstrip("_")
        letters = (f"{stem}_{letter}" for letter in _letters())
        names = (wanted, *others)
        free = (name for name in chain(names, letters) if name not in self._taken)
        name = next(free)
        self._taken.add(name)
        return name

    def take(self, name: str) -> None:
        """Make sure that a name of the file's own is not handed out."""
        self._taken.add(name)

    @property
    def taken(self) -> frozenset[str]:
        """All names that are handed out or were taken from the start."""
        return frozenset(self._taken)


def scope_text(path: Path) -> str:
    """Write a scope relative to the function's as Python."""
    if not path:
        return "scope"
    if not any(isinstance(part, Hole) for part in path):
        return f"scope / {python(''.join(str(part) for part in path))}"
    # Scope names have no braces, quotes or backslashes: they need no escapes.
    text = "".join(
        f"{{{part.name}}}" if isinstance(part, Hole) else part for part in path
    )
    return f'scope / f"{text}"'
