"""Fold tests of named flags in Python text, as a compiler folds constants.

A module under `templates/` is ordinary Python. Where emitted files differ, it tests a flag:

    if SEVERAL_NETWORKS:                 a branch of constants only is kept or dropped
    if SEVERAL_NETWORKS and options:     a true flag is taken off, a false one drops it
    parser.add_argument("--network")     # if SEVERAL_NETWORKS

A branch that is kept loses its indentation. The comment `# if FLAGS` at the end of a line
keeps that line, without the comment, when the flags are true: for parameters, arguments and
rows of tables. `FLAGS` is made of flags, `not`, `and` and `or`. Other comments stay.
"""

import re
from collections.abc import Mapping

from slimgen.emit.fitting import WIDTH
from slimgen.frozen import Frozen

INDENT = 4
LOST = "\0"  # stands where a marked line was dropped, until brackets are joined
BRANCH = re.compile(r"( *)(if|elif) (.+):|( *)else:")
MARKED = re.compile(r"  # if ([A-Z][A-Z_]+|not [A-Z].*|[A-Z][A-Z_]+ (?:and|or) .*)$")
FLAG = re.compile(r"[A-Z][A-Z_]+")
OPERATORS = ("and", "or", "not")

Flags = Mapping[str, bool]


def fold(text: str, flags: Flags) -> str:
    """Return `text` without the tests of `flags`."""
    lines, removed = _marked(text.splitlines(), flags)
    if any(FLAG.search(line) for line in lines if BRANCH.fullmatch(line)):
        lines = _folded(lines, flags)
    folded = "\n".join(_without_gaps(lines)) + "\n"
    if removed or folded != text:
        return collapsed(folded).replace(LOST, "")
    return folded


def _marked(lines: list[str], flags: Flags) -> tuple[list[str], bool]:
    """Keep or drop the lines that end with `# if FLAGS`."""
    kept: list[str] = []
    found = False
    for line in lines:
        match = MARKED.search(line)
        value = _value(match[1], flags) if match else None
        if match is None or value is None:
            kept.append(line)
            continue
        found = True
        if value:
            kept.append(line[: match.start()])
        elif kept and kept[-1].endswith(("(", "[", "{", ",")):
            kept[-1] += LOST
    return kept, found


def _value(test: str, flags: Flags) -> bool | None:
    """Return the value of a test of flags alone; None for any other test."""
    words = re.findall(r"\w+", test)
    names = [word for word in words if word not in OPERATORS]
    if not re.fullmatch(r"[\w ()]+", test) or not set(names) <= flags.keys():
        return None
    return any(
        all(_term(term, flags) for term in choice.split(" and "))
        for choice in test.split(" or ")
    )


def _term(term: str, flags: Flags) -> bool:
    return flags[term.removeprefix("not ")] != term.startswith("not ")


class FlagBranch(Frozen):
    """One branch of an `if`: its test (empty for `else`) and its lines."""

    test: str
    body: list[str]


def _folded(lines: list[str], flags: Flags) -> list[str]:
    result: list[str] = []
    index = 0
    while index < len(lines):
        match = BRANCH.fullmatch(lines[index])
        if match is None or match[2] != "if":
            result.append(lines[index])
            index += 1
            continue
        branches, index = _branches(lines, index, len(match[1]))
        result += _written(branches, match[1], flags)
    return result


def _branches(
    lines: list[str], index: int, indent: int
) -> tuple[list[FlagBranch], int]:
    """Return the branches of the `if` at a line, and the first line after them."""
    branches: list[FlagBranch] = []
    end = index  # blank lines after the last branch stand after the statement
    while index < len(lines):
        match = BRANCH.fullmatch(lines[index])
        own = match is not None and len(match[1] or match[4] or "") == indent
        if match is None or not own or (branches and match[2] == "if"):
            break
        start = end = index = index + 1
        while index < len(lines) and _inside(lines[index], indent):
            index += 1
            end = index if lines[index - 1].strip() else end
        branches.append(FlagBranch(match[3] or "", lines[start:end]))
    return branches, end


def _inside(line: str, indent: int) -> bool:
    return not line.strip() or len(line) - len(line.lstrip()) > indent


def _written(branches: list[FlagBranch], indent: str, flags: Flags) -> list[str]:
    """Write the branches that are left."""
    left: list[FlagBranch] = []
    for branch in branches:
        test = _rest(branch.test, flags)
        if test is not None:
            left.append(FlagBranch(test, branch.body))
            if not test:
                break
    lines: list[str] = []
    for place, branch in enumerate(left):
        body = _folded(branch.body, flags)
        if branch.test:
            word = "elif" if place else "if"
            lines += [f"{indent}{word} {branch.test}:", *body]
        elif place:
            lines += [f"{indent}else:", *body]
        else:
            lines += [line[INDENT:] for line in body]
    return lines


def _rest(test: str, flags: Flags) -> str | None:
    """Return what is left of a test: nothing when it is true, None when it is false."""
    if not test:
        return ""
    value = _value(test, flags)
    if value is not None:
        return "" if value else None
    first, both, rest = test.partition(" and ")
    value = _value(first, flags) if both else None
    if value is None:
        return test
    return _rest(rest, flags) if value else None


def _without_gaps(lines: list[str]) -> list[str]:
    """Leave out blank lines below an opened block or below another inside a block."""
    kept: list[str] = []
    for place, line in enumerate(lines):
        following = next((one for one in lines[place:] if one.strip()), "")
        doubled = kept and not kept[-1].strip() and following.startswith(" ")
        if line.strip() or not doubled:
            kept.append(line)
    return kept


OPENED = re.compile(r"( *)(\S.*[(\[{])")
CLOSED = re.compile(r"( *)([)\]}].*)")


def collapsed(text: str) -> str:
    """Join the lines inside brackets where black would: they fit on one line now."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        joined = _joined(lines, index)
        if joined is not None:
            end, new = joined
            lines[index : end + 1] = new
            index = max(0, index - 1)
        else:
            index += 1
    return "\n".join(lines) + "\n"


def _joined(lines: list[str], start: int) -> tuple[int, list[str]] | None:
    """Return the last line of the brackets opened at a line, and them on fewer lines."""
    opened = OPENED.fullmatch(lines[start].rstrip(LOST))
    if opened is None:
        return None
    inner = opened[1] + " " * INDENT
    end = start + 1
    while end < len(lines) and lines[end].startswith(inner):
        if lines[end][INDENT + len(opened[1])] in " )]}#" or "  # " in lines[end]:
            return None
        end += 1
    closed = CLOSED.fullmatch(lines[end]) if end < len(lines) else None
    if closed is None or closed[1] != opened[1]:
        return None
    if end == start + 1:
        return end, [f"{opened[1]}{opened[2]}{closed[2]}"]
    lost = any(line.endswith(LOST) for line in lines[start:end])
    parts = [line.strip(f" {LOST}") for line in lines[start + 1 : end]]
    kept = parts[-1].endswith(",") and not opened[2].startswith(("def ", "class "))
    if kept and not lost:
        return None  # black keeps what a comma at the end takes apart
    body = " ".join(parts).removesuffix(",")
    whole = f"{opened[1]}{opened[2]}{body}{closed[2]}"
    if len(whole) <= WIDTH:
        return end, [whole]
    if len(parts) > 1 and len(inner + body) <= WIDTH:
        return end, [lines[start], inner + body, lines[end]]
    return None
