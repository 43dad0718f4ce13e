"""The LALR machine: Lark's tables, run one token at a time.

Lark's own loop takes a token in some 12 µs, this one in 3; and recovery after a mistake needs a
stack that can be cut back.
"""

from collections.abc import Callable
from functools import cache

from slimgen.syntax.tables import Rule, load_tables
from slimgen.syntax.tokens import Token
from slimgen.syntax.tree_builder import LEAVES, Part, TreeBuilder

# How many parts a rule takes off the stack, its name, and the function that makes the whole
# of them.
Reduction = tuple[int, str, Callable[[list[Part]], Part]]
# As the tables have them, with the reduction in the place of a rule's number.
Actions = list[dict[str, int | Reduction | str]]


@cache
def load_actions() -> tuple[Actions, dict[str, list[int]]]:
    """Return the actions of each state, and the first and last state of each start rule."""
    tables = load_tables()
    reductions = [reduction_of(rule) for rule in tables.rules]
    actions: Actions = [
        {
            name: reductions[action[0]] if isinstance(action, list) else action
            for name, action in row.items()
        }
        for row in tables.rows
    ]
    return actions, tables.ends


def reduction_of(rule: Rule) -> Reduction:
    """Return the reduction of a rule; a symbol that only repeats others makes a list."""
    size = len(rule.symbols)
    repeated = {at for at in range(size) if rule.symbols[at].startswith("_")}
    make = getattr(TreeBuilder(), rule.method) if rule.method else list_of

    def build(parts: list[Part]) -> Part:
        items: list[Part] = []
        for at, part in enumerate(parts):
            if at not in repeated:
                items.append(part)
            elif items:
                items += part
            else:
                items = (
                    part  # nothing else holds it: a long list is not copied each time
                )
        return items[0] if rule.passes_one and len(items) == 1 else make(items)

    return size, rule.origin, build if repeated or rule.passes_one else make


def list_of(parts: list[Part]) -> list[Part]:
    """Return the parts of a symbol that only repeats others."""
    return parts


class Machine:
    """A parse that is under way."""

    def __init__(self, start: str) -> None:
        self._actions, ends = load_actions()
        self._first, self._last = ends[start]
        self._states = [self._first]
        self._values: list[Part] = []

    @property
    def height(self) -> int:
        """How much is on the stack."""
        return len(self._states)

    @property
    def result(self) -> Part:
        """The result of the start rule; after $END."""
        return self._values[-1] if self._states[-1] == self._last else None

    def cut(self, height: int) -> None:
        """Forget what came onto the stack above `height`."""
        del self._states[height:]
        del self._values[height - 1 :]

    def feed(self, token: Token) -> bool:
        """Take a token; False when no rule allows it here."""
        actions, states, values = self._actions, self._states, self._values
        kind = token.type
        while True:
            action = actions[states[-1]].get(kind)
            if isinstance(action, str):
                after = actions[states[-2]][action]
                states.pop()
            elif isinstance(action, int):
                states.append(action)
                leaf = LEAVES.get(kind)
                values.append(token if leaf is None else leaf(token))
                return True
            elif action is None:
                return kind == "$END" and states[-1] == self._last
            else:
                size, name, build = action
                parts = values[len(values) - size :]
                del states[len(states) - size :]
                del values[len(values) - size :]
                values.append(build(parts))
                after = actions[states[-1]][name]
            states.append(after)  # type: ignore[arg-type]

    def accepted(self) -> frozenset[str]:
        """Return the terminals that could stand here."""
        row = self._actions[self._states[-1]]
        return frozenset(kind for kind in row if kind.isupper() and self._takes(kind))

    def _takes(self, kind: str) -> bool:
        """Whether a terminal could be shifted, after the rules that it completes."""
        states = list(self._states)
        while True:
            action = self._actions[states[-1]].get(kind)
            if action is None or isinstance(action, int):
                return action is not None or kind == "$END"
            size, name = (1, action) if isinstance(action, str) else action[:2]
            del states[len(states) - size :]
            states.append(self._actions[states[-1]][name])  # type: ignore[arg-type]
