"""docs/commands.md holds what `-h` prints; `make update` writes it there."""

import re
from pathlib import Path

import click

from slimgen.cli import COMMANDS, main
from slimgen.messages.pages import codes

PART = re.compile(r"<!-- help: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def help_of(match: re.Match[str]) -> str:
    name = match[1]
    settings = {**main.context_settings, "terminal_width": 80}
    with click.Context(main, info_name="slimgen", **settings) as parent:
        text = click.Context(COMMANDS[name], parent, name, **settings).get_help()
    return f"<!-- help: {name} -->\n```console\n{text}\n```\n<!-- end -->"


def test_the_help_of_every_command_is_current(root: Path, update: bool) -> None:
    path = root / "docs" / "commands.md"
    text = path.read_text(encoding="utf-8")
    current = PART.sub(help_of, text)
    if update:
        path.write_text(current, encoding="utf-8")
        text = current

    assert current == text, "`make update` writes the help texts"
    assert sorted(COMMANDS) == sorted(match[1] for match in PART.finditer(text))


def test_the_codes_that_are_named_exist(root: Path) -> None:
    text = (root / "docs" / "commands.md").read_text(encoding="utf-8")

    assert set(re.findall(r"\b[EW]\d{3}\b", text)) <= set(codes()) | {"E203"}
