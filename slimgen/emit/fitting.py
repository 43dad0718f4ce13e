"""Lines that fit, laid out as black does.

Most statements fit a line, or do once their arguments have a line of their own; black,
slow to import and slower to run, is asked only for the others.
"""

from collections.abc import Sequence

WIDTH = 88
INDENT = 4


def fitted(code: str, depth: int, comment: str = "") -> list[str]:
    """Return a statement as lines indented by `depth` steps, its comment at the end."""
    indent = " " * INDENT * depth
    end = f"  # {comment}" if comment else ""
    if len(indent + code + end) <= WIDTH:
        return [indent + code + end]
    if len(indent + code) <= WIDTH:
        return [indent + code]  # the comment alone would part the line
    parts = _last_brackets(code)
    if parts is not None:
        before, inside, after = parts
        body = f"{indent}{' ' * INDENT}{inside}"
        if len(body) <= WIDTH and len(indent + before) <= WIDTH:
            return [indent + before, body, indent + after + end]
    return _by_black(code + end, len(indent))


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
    if code[-1:] not in (")", "]"):
        return None
    opened: list[int] = []
    quote = ""
    start = -1
    for place, character in enumerate(code):
        if quote:
            if character == "\\":
                return None  # escapes are black's business
            if character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "([{":
            opened.append(place)
        elif character in ")]}":
            start = opened.pop()
    return code[: start + 1], code[start + 1 : -1], code[-1]
