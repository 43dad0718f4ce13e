"""The pages that `slimgen explain` prints, one Markdown file a code.

A page is `# E203: title`, an explanation, `## Wrong` and `## Right` with one fence each:
`slimgen` (a file that gives exactly this code, and its mended form) or, where no file alone
can show it, `console` (the commands).
"""

import re
from functools import cache
from importlib.resources import files

from slimgen.frozen import Frozen

PAGE = re.compile(
    r"\A# (?P<code>[EW]\d{3}): (?P<title>[^\n]+)\n\n(?P<text>.*?)\n*"
    r"^## Wrong\n\n.*?^```(?P<wrong_kind>slimgen|console)\n(?P<wrong>.*?)^```\n.*?"
    r"^## Right\n\n.*?^```(?P<right_kind>slimgen|console)\n(?P<right>.*?)^```\n.*\Z",
    re.MULTILINE | re.DOTALL,
)


class Example(Frozen):
    """A fence of a page: a file in the language, or commands."""

    kind: str
    text: str


class Page(Frozen):
    """The page of one code, with its two examples."""

    code: str
    title: str
    whole: str
    wrong: Example
    right: Example


@cache
def codes() -> tuple[str, ...]:
    """Return the codes that have a page, in order."""
    folder = files("slimgen.messages") / "pages"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-3] for name in names if name.endswith(".md")))


def read_page(code: str) -> Page:
    """Return the page of one of `codes()`; a page of another form raises ValueError."""
    path = files("slimgen.messages") / "pages" / f"{code}.md"
    return parse_page(path.read_text(encoding="utf-8"))


def parse_page(text: str) -> Page:
    """Return the parts of a page."""
    match = PAGE.match(text)
    if match is None:
        raise ValueError(f"not a page: {text[:60]!r}")
    return Page(
        match["code"],
        match["title"],
        text,
        Example(match["wrong_kind"], match["wrong"]),
        Example(match["right_kind"], match["right"]),
    )


def titles() -> dict[str, str]:
    """Return the title of each code."""
    return {code: read_page(code).title for code in codes()}
