"""Docstrings of the emitted file: texts of the source, made harmless and wrapped."""

import re
import textwrap

from slimgen.emit.fitting import INDENT, WIDTH

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


def with_shapes(comment: str, shapes: str) -> tuple[str, ...]:
    """Return a docstring of a comment and of shapes: in one line, or apart."""
    if not comment or not shapes:
        return wrapped(comment or f"{shapes}.") if comment or shapes else ()
    line = f"{comment.rstrip('.')}: {shapes}."
    single = ". " not in comment and "\n" not in comment and "," != comment[-1:]
    if single and len(line) <= WIDTH - INDENT - 6:
        return wrapped(line)
    return wrapped(comment, f"{shapes}.")


def docstring_text(text: str) -> str:
    """Make a line harmless within a docstring."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    # The first line describes the command line: argparse would fill this in.
    shown = shown.replace("%(prog)", "% (prog)")
    return shown.replace("\\", "\\\\").replace('"', "'").strip()
