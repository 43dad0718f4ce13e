"""Find the phrases that docs/banned_phrases.txt bans, wherever people read them.

    python docs/english.py [FOLDER…]

It reads the strings and comments of Python files, templates, the grammar, sources in `.slim`
and pages. `make check` runs it: it prints file, line, phrase and advice for each phrase that it
finds, and ends with 1 if there is one.
"""

import bisect
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "banned_phrases.txt"
ENDINGS = {".py", ".md", ".j2", ".slim", ".lark"}
LEFT_OUT = {".venv", ".git", "build", "dist", "accepted", "rejected"}
GENERATED = "<!-- Written by docs/generate.py"  # the declarations are read instead

# A sentence begins a text, or follows a full stop, a cell of a table, a `#`, a dash or a quote.
BEGINNING = r"(?:^|(?<=[.:!?|#*\"-] )|(?<=[*\"]))"
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")
STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


@dataclass(frozen=True)
class Phrase:
    """A banned phrase, and a better way to say it."""

    pattern: re.Pattern[str]
    advice: str


@dataclass(frozen=True)
class Line:
    """A line of a text, without blanks and signs around it, and its number in the file."""

    number: int
    words: str


Text = Sequence[Line]  # the lines that belong together


def read_phrases(text: str) -> list[Phrase]:
    """Read the list of banned phrases."""
    found = []
    for line in text.splitlines():
        if not line.startswith("#"):
            pattern, _, advice = line.partition("  ")
            start = BEGINNING if pattern.startswith("^") else ""
            found.append(
                Phrase(re.compile(start + pattern.removeprefix("^")), advice.strip())
            )
    return found


def texts_of(path: Path) -> Iterator[Text]:
    """Yield the texts of a file: paragraphs, or strings and comments of Python."""
    content = path.read_text(encoding="utf-8")
    if content.startswith(GENERATED):
        return
    if path.suffix == ".py":
        yield from python_texts(content)
    else:
        yield from paragraphs(JINJA.sub("", content), 1)


def python_texts(content: str) -> Iterator[Text]:
    """Yield the strings and comments of a Python file; neighbours are one text."""
    text: list[Line] = []
    kind = None
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type == tokenize.NL:
            continue
        if token.type != kind:
            yield text
            text, kind = [], None
        if token.type in STRINGS or token.type == tokenize.COMMENT:
            kind = token.type
            for part in paragraphs(token.string, token.start[0]):
                text += part
    yield text


def paragraphs(content: str, first: int) -> Iterator[Text]:
    """Yield the lines between empty ones; `first` is the number of the first line."""
    text: list[Line] = []
    for number, line in enumerate(content.splitlines(), first):
        words = line.strip().lstrip("#-*>|bfru").lstrip("\"' ")
        if words:
            text.append(Line(number, words))
        else:
            yield text
            text = []
    yield text


def found_in(text: Text, phrases: Sequence[Phrase]) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the words and the advice of each banned phrase in a text."""
    joined = " ".join(line.words for line in text)
    starts = [0, *accumulate(len(line.words) + 1 for line in text)]
    for phrase in phrases:
        for match in phrase.pattern.finditer(joined):
            line = text[bisect.bisect_right(starts, match.start()) - 1]
            yield line.number, match[0].strip(), phrase.advice


def files(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the files with texts in the folders; a file stands for itself."""
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.suffix in ENDINGS and not LEFT_OUT & set(path.parts):
                yield path


def check(folders: Sequence[Path]) -> list[str]:
    """Return a line for each banned phrase in the files of the folders."""
    phrases = read_phrases(LIST.read_text(encoding="utf-8"))
    return [
        f"{path.relative_to(ROOT)}:{number}: `{words}`: {advice}"
        for path in files(folders)
        for text in texts_of(path)
        for number, words, advice in sorted(found_in(text, phrases))
    ]


if __name__ == "__main__":
    problems = check([Path(name).resolve() for name in sys.argv[1:]] or [ROOT])
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.exit(bool(problems))
