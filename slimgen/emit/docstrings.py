"""Docstrings of the emitted file: texts of the source, made harmless and wrapped."""

import re
import textwrap

from slimgen.emit.fitting import INDENT

SHAPE = re.compile(r"\[[^]]*\]")
UNBROKEN = "\0"  # stands for a blank at which no line ends


def wrapped(*paragraphs: str) -> tuple[str, ...]:
    """Texts as the lines of a docstring, indented and in quotes; shapes stay whole."""
    lines: list[str] = []
    for text in filter(None, map(docstring_text, paragraphs)):
        text = SHAPE.sub(lambda s: s[0].replace(" ", UNBROKEN), text)
        wrapped = [line.replace(UNBROKEN, " ") for line in textwrap.wrap(text, 77)]
        lines += ["", *wrapped] if lines else wrapped
    if not lines:
        return ()
    indent = " " * INDENT
    if len(lines) == 1:
        return (f'{indent}"""{lines[0]}"""',)
    first, *rest = (f"{indent}{line}" if line else "" for line in lines)
    return (f'{indent}"""{first.strip()}', *rest, f'{indent}"""')


def docstring_text(text: str) -> str:
    """Make a line harmless within a docstring."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    # The first line describes the command line: argparse would fill this in.
    shown = shown.replace("%(prog)", "% (prog)")
    return shown.replace("\\", "\\\\").replace('"', "'").strip()
