"""Which files a source reads, found without parsing: for `build --check`, which is quick.

Strings are literal and `use` is reserved, so outside comments and strings `use "…"` is
never anything else; a line of `labels` ends in its file.
"""

import re
from collections.abc import Callable

from slimgen.elaborate.rejection import Rejected
from slimgen.source import Source

TOKENS = re.compile(
    r'(?<![^\s;{}])(?:use|labels\b[^"\n;#{}]*?)[ \t]*"(?P<file>[^"\n]*)"'
    r'|"[^"\n]*"|#[^\n]*'  # last: else the string of a `use` would match
)


def files_of(source: Source) -> list[str]:
    """Return the paths that a source names, as written."""
    matches = TOKENS.finditer(source.text)
    return [match["file"] for match in matches if match["file"] is not None]


def with_paths(source: Source, rewrite: Callable[[str], str]) -> str:
    """Return the text of a source with other paths in place of those that it names."""

    def rewritten(match: re.Match[str]) -> str:
        path = match["file"]
        whole = match[0]
        return whole if path is None else f'{whole[: -len(path) - 2]}"{rewrite(path)}"'

    return TOKENS.sub(rewritten, source.text)


def with_files(
    source: Source, read: Callable[[str, Source], Source | None]
) -> tuple[Source, ...]:
    """Return a source and all files that it uses, directly or not, each once.

    It may be more than the compiler reads: the labels of a network that is not chosen.
    """
    found = {source.name: source}
    waiting = [source]
    while waiting:
        user = waiting.pop(0)
        for path in files_of(user):
            try:
                used = read(path, user)
            except Rejected:
                continue
            if used is not None and used.name not in found:
                found[used.name] = used
                waiting.append(used)
    return tuple(found.values())
