"""Variable scopes with TF-Slim's default names, and scopes of defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from slimgen.elaborate.evaluated import Argument

COMPONENT = re.compile(r"[A-Za-z0-9_.\-]+", re.ASCII)
LONGEST_NAME = 1000


def is_scope_name(name: str, root: bool) -> bool:
    """Whether TensorFlow takes `name` as a scope; at the root it begins more strictly."""
    parts = name.split("/")
    fits = all(COMPONENT.fullmatch(part) and part.strip(".") for part in parts)
    return fits and len(name) <= LONGEST_NAME and not (root and name[0] in "_-")


@dataclass
class _Opened:
    """How often a scope was opened, and what was opened in it since."""

    count: int = 0
    children: "dict[str, _Opened]" = field(default_factory=dict)


class ScopeNames:
    """Counts the scopes opened, as TensorFlow's variable store does.

    Leaving a scope forgets what was opened in it, so that entering it again begins the
    default names again (slim-semantics: counted for each enclosing variable scope).
    """

    def __init__(self) -> None:
        self._root = _Opened()

    def _find(self, name: str, make: bool) -> _Opened | None:
        here = self._root
        for part in name.split("/") if name else ():
            if part not in here.children:
                if not make:
                    return None
                here.children[part] = _Opened()
            here = here.children[part]
        return here

    def open(self, name: str) -> None:
        """Count one more opening of the scope."""
        found = self._find(name, make=True)
        assert found is not None
        found.count += 1

    def close(self, name: str) -> None:
        """Forget the scopes inside."""
        found = self._find(name, make=False)
        if found is not None:
            found.children.clear()

    def unique(self, parent: str, stem: str) -> str:
        """Return `stem`, `stem_1`, … for the first that is not open in `parent`."""
        inside = self._find(parent, make=True)
        assert inside is not None
        if not self._taken(inside, stem):
            return stem
        # Where the last search ended; numbers below are taken until the scope closes.
        hint = inside.children.setdefault(f"\0{stem}", _Opened())
        number = max(hint.count, 1)
        while self._taken(inside, f"{stem}_{number}"):
            number += 1
        hint.count = number
        return f"{stem}_{number}"

    @staticmethod
    def _taken(inside: _Opened, name: str) -> bool:
        return name in inside.children and inside.children[name].count > 0


def join(parent: str, name: str) -> str:
    """Join two scopes, either of which may be empty."""
    return f"{parent}/{name}" if parent and name else parent or name


Defaults = Mapping[str, Mapping[str, Argument]]
"""Word to key to value: what the scopes in force give."""


def with_defaults(
    defaults: Defaults, words: Mapping[str, Mapping[str, Argument]]
) -> Defaults:
    """Return the defaults with those of an inner scope, which win."""
    merged: dict[str, Mapping[str, Argument]] = dict(defaults)
    for word, settings in words.items():
        merged[word] = {**merged.get(word, {}), **settings}
    return merged
