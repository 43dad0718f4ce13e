"""Lark's tables of the grammar, as data.

    python -m slimgen.syntax.grammar_tables

writes `grammar/slim.tables.json` of `grammar/slim.lark`.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from lark import Lark
from lark.lexer import Lexer as LarkLexer
from lark.lexer import Token as LarkToken

from slimgen.syntax.tables import Row, Rule, Tables, digest_of, read_data

STARTS = ("file", "setting")


class NoLexer(LarkLexer):
    """Stands where Lark wants a lexer; ours feeds the machine token by token."""

    def __init__(self, lexer_conf: object) -> None:
        pass

    def lex(self, *arguments: object) -> Iterator[LarkToken]:
        """Return no token."""
        return iter(())


def read_grammar(strict: bool = False) -> Lark:
    """Return Lark's parser of grammar/slim.lark.

    Args:
        strict: Refuse any conflict in the grammar.
    """
    return Lark(
        read_data("slim.lark"),
        parser="lalr",
        lexer=NoLexer,
        start=list(STARTS),
        maybe_placeholders=False,
        strict=strict,
    )


def tables_of(lark: Lark) -> Tables:
    """Return Lark's tables.

    States and rules are numbered in the order in which they are reached from the start, so
    that the tables of a grammar are always the same.
    """
    configurations: dict[str, Any] = {
        start: lark.parse_interactive(start=start).parser_state.parse_conf
        for start in STARTS
    }
    order = [configurations[start].start_state for start in STARTS]
    numbers = {state: number for number, state in enumerate(order)}
    rules: dict[Any, int] = {}
    rows: list[Row] = []
    table = configurations[STARTS[0]].states | configurations[STARTS[1]].states
    for state in order:  # grows as states are reached
        row: Row = {}
        for name, (action, target) in sorted(table[state].items(), key=first):
            if action.name == "Shift":
                if target not in numbers:
                    numbers[target] = len(order)
                    order.append(target)
                row[str(name)] = numbers[target]
            elif passes_its_part(target):
                row[str(name)] = str(target.origin.name)
            else:
                row[str(name)] = [rules.setdefault(target, len(rules))]
        rows.append(row)
    ends = {
        start: [numbers[conf.start_state], numbers[conf.end_state]]
        for start, conf in configurations.items()
    }
    return Tables(rows, [rule_of(rule) for rule in rules], ends)


def first(item: tuple[str, object]) -> str:
    """Return the name of an entry of a row."""
    return str(item[0])


def passes_its_part(rule: Any) -> bool:
    """Whether one of Lark's rules has one part and passes it on."""
    return bool(
        rule.options.expand1 and len(rule.expansion) == 1 and rule.alias is None
    )


def rule_of(rule: Any) -> Rule:
    """Return one of Lark's rules as data."""
    origin = str(rule.origin.name)
    method = "" if origin.startswith("_") else str(rule.alias or origin)
    symbols = [str(symbol.name) for symbol in rule.expansion]
    return Rule(origin, method, symbols, bool(rule.options.expand1 and not rule.alias))


def text_of(tables: Tables) -> str:
    """Return the text of slim.tables.json: a line for each state and rule."""

    def lines(values: list[Any]) -> str:
        return ",\n".join(json.dumps(value) for value in values)

    rules = [
        [rule.origin, rule.method, rule.symbols, rule.passes_one]
        for rule in tables.rules
    ]
    return (
        f'{{"grammar": "{digest_of(read_data("slim.lark"))}",\n'
        f'"ends": {json.dumps(tables.ends)},\n'
        f'"rules": [\n{lines(rules)}\n],\n"rows": [\n{lines(tables.rows)}\n]}}\n'
    )


if __name__ == "__main__":
    folder = Path(str(files("slimgen.grammar") / "slim.lark")).parent
    text = text_of(tables_of(read_grammar()))
    (folder / "slim.tables.json").write_text(text, encoding="utf-8")
