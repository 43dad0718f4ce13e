"""Lines that fit, laid out as black does.

Most statements fit a line, or do once their arguments have a line of their own; black,
slow to import and slower to run, is asked only for the others.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

WIDTH = 88
CALL = re.compile(
    r"(return |[\w, ]+ = )?[\w.]+\("
)  # the begin of a statement that calls
INDENT = 4
# A list of numbers that is longer than a line; black would write a number a line.
NUMBERS = re.compile(rf"\[[-+\d.e, \[\]]{{{WIDTH},}}\](?=[,)])")


def fits(code: str, depth: int, comment: str = "") -> bool:
    """Return whether a statement and its comment fit a line."""
    return len(code) + INDENT * depth + (len(comment) + 4) * bool(comment) <= WIDTH


def fitted(code: str, depth: int, comment: str = "", always: bool = False) -> list[str]:
    """Return a statement as lines indented by `depth` steps, its comment at the end.

    A comment that alone would part the line is left out, unless it is shown `always`.
    """
    indent = " " * INDENT * depth
    end = f"  # {comment}" if comment else ""
    if len(indent + code + end) <= WIDTH:
        return [indent + code + end]
    if len(indent + code) <= WIDTH and not always:
        return [indent + code]
    numbers = NUMBERS.search(code)
    if numbers is not None:
        return _with_numbers(code, numbers.span(), indent, end)
    parts = _last_brackets(code)
    if parts is not None:
        before, inside, after = parts
        body = f"{indent}{' ' * INDENT}{inside}"
        is_tuple = before.endswith(" = (")
        if max(len(body), len(indent + before)) <= WIDTH and not is_tuple:
            return [indent + before, body, indent + after + end]
        if is_tuple or CALL.fullmatch(before):
            lines = [f"{indent}{' ' * INDENT}{part}," for part in _split(inside)]
            if all(len(line) <= WIDTH for line in [indent + before, *lines]):
                return [indent + before, *lines, indent + after + end]
    return _by_black(code + end, len(indent))


def _with_numbers(
    code: str, place: tuple[int, int], indent: str, end: str
) -> list[str]:
    """Return a statement with a long list of numbers, as many of them a line as fit."""
    start, stop = place
    inner = f"{indent}{' ' * INDENT}"
    parts = _split(code[start + 1 : stop - 1])
    if max(map(len, parts)) >= WIDTH - len(inner):  # rows that begin lines of their own
        rows = [line for part in parts for line in _filled(f"{part},", inner)]
    else:
        rows = _filled(", ".join(parts) + ",", inner)
    first, last = f"{indent}{code[: start + 1]}", f"{indent}{code[stop - 1 :]}{end}"
    return [f"{indent}# fmt: off", first, *rows, last, f"{indent}# fmt: on"]


def _filled(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent} " if text.startswith("[[") else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def signature(name: str, parameters: Sequence[str]) -> str:
    """Return `def name(parameters):`, a parameter a line where they are many."""
    whole = f"def {name}({', '.join(parameters)}):"
    if len(whole) <= WIDTH:
        return whole
    body = f"{' ' * INDENT}{', '.join(parameters)}"
    if len(body) <= WIDTH:
        return f"def {name}(\n{body}\n):"
    lines = [f"{' ' * INDENT}{parameter}," for parameter in parameters]
    return tidy("\n".join([f"def {name}(", *lines, "): ..."])).removesuffix(" ...\n")


def tidy(text: str) -> str:
    """Format text as black would where a line is too long; it ends with one newline."""
    text = text.strip("\n") + "\n"
    if all(len(line) <= WIDTH for line in text.splitlines()):
        return text
    return _formatted(text, WIDTH)


def _by_black(code: str, indent: int) -> list[str]:
    text = _formatted(code, WIDTH - indent)
    return [f"{' ' * indent}{line}" for line in text.splitlines()]


def _formatted(text: str, width: int) -> str:
    import black
    from black.mode import TargetVersion

    mode = black.Mode(target_versions={TargetVersion.PY310}, line_length=width)
    return black.format_str(text, mode=mode).strip("\n") + "\n"


def _last_brackets(code: str) -> tuple[str, str, str] | None:
    """Split a statement that ends with a bracket around what that bracket holds."""
    if code[-1:] not in (")", "]") or "\\" in code:
        return None  # black knows escapes
    start = -1
    opened: list[int] = []
    for place, character, _ in _outside_strings(code):
        if character in "([{":
            opened.append(place)
        elif character in ")]}":
            start = opened.pop()
    return code[: start + 1], code[start + 1 : -1], code[-1]


def _split(inside: str) -> list[str]:
    """Split the arguments within brackets at their commas, a lambda in one piece."""
    places = [p for p, c, depth in _outside_strings(inside) if c == "," and not depth]
    bounds = zip([-1, *places], [*places, len(inside)], strict=True)
    parts: list[str] = []
    for start, end in bounds:
        part = inside[start + 1 : end].strip()
        if parts and "lambda " in parts[-1] and ":" not in parts[-1]:
            parts[-1] += f", {part}"  # another parameter of the lambda
        else:
            parts.append(part)
    return parts


def _outside_strings(code: str) -> Iterator[tuple[int, str, int]]:
    """Yield each character that is not in a string: place, character, open brackets."""
    quote, depth = "", 0
    for place, character in enumerate(code):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            depth -= character in ")]}"
            yield place, character, depth
            depth += character in "([{"
