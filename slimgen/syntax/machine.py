"""The LALR machine: Lark's tables, run one token at a time.

Lark's own loop takes a token in some 12 µs, this one in 3; and recovery after a mistake needs a
stack that can be cut back.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark
from lark.lexer import Lexer as LarkLexer
from lark.lexer import Token as LarkToken
from lark.parsers.lalr_analysis import Shift
from platformdirs import user_cache_path

from slimgen.syntax.tokens import Token
from slimgen.syntax.tree_builder import LEAVES, Part, TreeBuilder

# How many parts a rule takes off the stack, its name, and what makes the whole of them.
Reduction = tuple[int, str, Callable[[list[Part]], Part]]
# The actions of a state: with a terminal, go to a state, complete a rule, or complete one that
# only passes its part on (its name is enough); after a rule, go to a state.
Actions = dict[int, dict[str, int | Reduction | str]]


class NoLexer(LarkLexer):
    """Stands where Lark wants a lexer; ours feeds the machine token by token."""

    def __init__(self, lexer_conf: object) -> None:
        pass

    def lex(self, *arguments: object) -> Iterator[LarkToken]:
        """Return no token."""
        return iter(())


def read_grammar(strict: bool = False, cache: str | bool = False) -> Lark:
    """Return Lark's parser of grammar/slim.lark.

    Args:
        strict: Refuse any conflict in the grammar.
        cache: A file that keeps the tables from one run to the next. Lark checks that it
            is of this grammar, and computes them again where it is not, or is damaged.
    """
    text = (files("slimgen.grammar") / "slim.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer=NoLexer,
        start=["file", "setting"],
        transformer=TreeBuilder(),
        maybe_placeholders=False,
        strict=strict,
        cache=cache,
    )


def cache_file() -> str | bool:
    """Return where this user's tables are kept; False where nothing can be.

    Computing them takes as long as a small file's whole compilation. Like black's, the
    file is the user's own: it is unpickled, so that nobody else may write it.
    """
    folder = user_cache_path("slimgen")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return str(folder / "grammar")


@contextmanager
def paused_collector() -> Iterator[None]:
    """Keep the garbage collector from walking again and again what only grows."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def load_tables() -> tuple[Actions, dict[str, tuple[int, int]]]:
    """Return the tables, and the first and last state of each start rule."""
    with paused_collector():
        lark = read_grammar(cache=cache_file())
    actions: Actions = {}
    ends = {}
    for start in ("file", "setting"):
        conf: Any = lark.parse_interactive(start=start).parser_state.parse_conf
        ends[start] = (conf.start_state, conf.end_state)
        for state, row in conf.states.items():
            actions[state] = {
                str(name): target if action is Shift else reduction_of(target, conf)
                for name, (action, target) in row.items()
            }
    return actions, ends


def reduction_of(rule: Any, conf: Any) -> Reduction | str:
    """Return what completes one of Lark's rules."""
    if rule.options.expand1 and len(rule.expansion) == 1 and rule.alias is None:
        return str(rule.origin.name)
    return len(rule.expansion), str(rule.origin.name), conf.callbacks[rule]


class Machine:
    """A parse that is under way."""

    def __init__(self, start: str) -> None:
        self._actions, ends = load_tables()
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
