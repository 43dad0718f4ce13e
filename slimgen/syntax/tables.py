"""The tables of the LALR machine: data in the package, computed by Lark from the grammar.

`grammar/slim.tables.json` is plain data, so that reading it can run no code. After an edit of
`grammar/slim.lark` it is that of another grammar; then Lark computes the tables at each
start, in some 0.2 s, until `python -m slimgen.syntax.grammar_tables` writes the file.
"""

import gc
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# The actions of a state: with a terminal, go to a state, complete the rule of a number, or
# complete one that only passes its part on (its name is enough); after a rule, go to a state.
Row = dict[str, int | list[int] | str]


@dataclass(frozen=True)
class Rule:
    """A rule of the grammar.

    Attributes:
        origin: The symbol that it makes.
        method: The callback's name; empty for a symbol that only repeats others.
        symbols: Its parts in order.
        passes_one: Whether one part alone is passed on as it is (`?rule`).
    """

    origin: str
    method: str
    symbols: list[str]
    passes_one: bool


@dataclass(frozen=True)
class Tables:
    """The tables of one grammar.

    Attributes:
        rows: The actions of each state.
        rules: The rules that the actions name by number.
        ends: The first and last state of each start rule.
    """

    rows: list[Row]
    rules: list[Rule]
    ends: dict[str, list[int]]


@cache
def load_tables() -> Tables:
    """Return the tables of the grammar."""
    grammar = read_data("slim.lark")
    with paused_collector():
        found = json.loads(read_data("slim.tables.json"))
        if found["grammar"] != digest_of(grammar):
            from slimgen.syntax.grammar_tables import read_grammar, tables_of

            return tables_of(read_grammar())
        rules = [Rule(*fields) for fields in found["rules"]]
        return Tables(found["rows"], rules, found["ends"])


def read_data(name: str) -> str:
    """Return the text of a file of the grammar's folder."""
    return (files("slimgen.grammar") / name).read_text(encoding="utf-8")


def digest_of(grammar: str) -> str:
    """Return a digest of the grammar's text, whatever its line ends are."""
    lines = "\n".join(grammar.splitlines())
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


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
