"""Write the pages that derive from declarations: docs/layers/ and the list in docs/errors.md.

    python docs/generate.py

`make docs` runs this; tests/test_docs_generated.py says when a page is not current.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from slimgen.diagnostics import Diagnostics
from slimgen.elaborate.comments import leading_comment
from slimgen.layers import DECLARATIONS
from slimgen.layers.argument_types import FunctionSpec
from slimgen.layers.declaration import Layer, parameters
from slimgen.layers.describe import (
    FUNCTIONS,
    describe,
    describe_function,
    families,
    summary_of,
)
from slimgen.layers.jobs.initial import FromLine
from slimgen.layers.jobs.kinds import DATA_LINES, JOB_LINES
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.variable import FreeVariable
from slimgen.layers.weight_lines import MAP_LINES
from slimgen.messages.pages import titles
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.parser import parse

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py from the declarations: `make docs`. -->"
CODES = re.compile(r"<!-- codes -->\n.*<!-- end -->", re.DOTALL)
WIDTH = 100
UNBROKEN = re.compile(r"(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|\S)+")  # a word, code or a link
ITEM = re.compile(r" *(?:- |\d+\. )?")
GROUPS = {
    "E0": "The text",
    "E1": "Names, arguments and values",
    "E2": "Shapes",
    "W3": "Statements and arguments without an effect",
    "E9": "Files, settings and the command line",
    "W9": "Warnings of the command line",
}

ABOUT_LAYERS = """\
All words that a line may begin with, and all functions that an argument may name. `slimgen layers`
prints the list, `slimgen layers conv` the page of a word."""

ABOUT_FUNCTIONS = """\
A function without arguments, or with its defaults, is a bare word; arguments stand in parentheses,
by position or by key: `l2(0.1)`, `truncated_normal(stddev=0.01)`."""

ABOUT_LINES = """\
[training.md](../training.md) explains these lines in the order of a training.

- Between a network's braces stand `preprocess`, `labels` and `weights`; between those of `weights`,
  `rename` and `new`.
- `from FORMAT "FILE"` stands in the head of a job; then `include`, `exclude` and `rename` may stand
  between its braces.
- Between the braces of `train NETWORK { … }` stand all other lines, and a `preprocess` that
  replaces the network's in training; between those of `data`, a line for each input and label
  (`item`).
- Between the braces of `evaluate NETWORK { … }` stand `data` and `every`.
- `every N UNIT` is short for `every=N unit=UNIT`, likewise `over`; it stands before the keys.

A job needs `data` and `steps`. The defaults of the other lines are these, the preprocessing of its
network, and `directory "runs/NETWORK"`:

```slimgen
batch 32
loss softmax_cross_entropy
optimizer momentum 0.9
learning_rate fixed 0.01
checkpoint every 10 minutes keep=5
log every 10 steps
seed 0
deterministic true
```"""

LINES = (
    *NETWORK_LINES.items(),
    *MAP_LINES.items(),
    (FromLine.word, FromLine),
    *((line.word, line) for line in JOB_LINES if line.word not in NETWORK_LINES),
    *DATA_LINES.items(),
)

ABOUT_STD = """\
Blocks that several networks share, in the language itself. `use "std/blocks.slim"` brings them."""


def pages() -> dict[str, str]:
    """Return the text of every page, by its path in docs/."""
    found = {"layers/README.md": overview()}
    for family, members in layer_families().items():
        text = "\n".join(section(describe(layer)) for layer in members)
        found[path_of(family)] = page(family, "", text)
    for title, table in FUNCTIONS.items():
        text = "\n".join(section(describe_function(spec)) for spec in table.values())
        found[path_of(title)] = page(title, ABOUT_FUNCTIONS, text)
    found["layers/jobs.md"] = page("Lines of jobs", about_lines(), job_lines())
    found["layers/std.md"] = page("The blocks of std", ABOUT_STD, standard_blocks())
    errors = (DOCS / "errors.md").read_text(encoding="utf-8")
    listed = f"<!-- codes -->\n{codes()}\n<!-- end -->"
    found["errors.md"] = CODES.sub(lambda _: listed, errors)
    return found


def layer_families() -> dict[str, list[type[Layer]]]:
    """Return the layers by family, the free-standing variable among them."""
    return {**families(), FreeVariable.family: [FreeVariable]}


def path_of(title: str) -> str:
    """Return the page of a family."""
    return f"layers/{title.lower().replace(' ', '_')}.md"


def page(title: str, about: str, text: str) -> str:
    """Return a page with its head."""
    back = "[All words](README.md)"
    parts = (NOTE, f"# {title}", back, about, text)
    return wrapped("\n\n".join(part for part in parts if part))


def wrapped(text: str) -> str:
    """Break long lines of prose, but not code or links; leave fences and tables."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        fenced ^= line.startswith("```")
        if fenced or len(line) <= WIDTH or line.startswith("|"):
            lines.append(line)
            continue
        start = ITEM.match(line)[0]  # type: ignore[index]  # it matches any line
        words = [word.replace(" ", "\0") for word in UNBROKEN.findall(line, len(start))]
        broken = textwrap.wrap(
            " ".join(words),
            WIDTH,
            initial_indent=start,
            subsequent_indent=" " * len(start),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [part.replace("\0", " ") for part in broken]
    return "\n".join(lines)


def section(described: str) -> str:
    """Return what `slimgen layers` prints about a word as a part of a page."""
    return re.sub("^#", "##", described, flags=re.MULTILINE)


def about_lines() -> str:
    """Return what the lines have in common, and links to them."""
    words = [word for word, _ in LINES]
    links = " · ".join(
        # As GitHub does: the second `rename` of the page is `rename-1`.
        f"[{word}](#{word}{'-1' if word in words[:place] else ''})"
        for place, word in enumerate(words)
    )
    return f"{ABOUT_LINES}\n\n{links}"


def job_lines() -> str:
    """Return the lines about weights, and those of `train`."""
    return "\n".join(section(describe(line)) for _, line in LINES)


def standard_blocks() -> str:
    """Return the blocks and functions of std/ with the comments above them."""
    parts = []
    folder = files("slimgen.std")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".slim"):
            source = Source(f"std/{entry.name}", entry.read_text(encoding="utf-8"))
            parts += [declaration(*found) for found in declared(source)]
    return "\n\n".join(parts) + "\n"


def declared(source: Source) -> Iterator[tuple[tree.Block | tree.LetFunction, str]]:
    """Yield each block and function of a file with its comment.

    A function without a comment belongs to the one before it.
    """
    file = parse(source, Diagnostics())
    comment = ""
    for item in file.items:
        if isinstance(item, tree.Block | tree.LetFunction):
            comment = leading_comment(file, item) or comment
            yield item, comment


def declaration(item: tree.Block | tree.LetFunction, comment: str) -> str:
    """Return a block or a function: its first line without the brace, and what it does."""
    end = (
        item.body.span.start if isinstance(item, tree.Block) else item.value.span.start
    )
    head = item.span.source.text[item.span.start : end].rstrip(" =\n")
    return f"## {item.name.text}\n\n```text\n{head}\n```\n\n{comment}"


# All words at a glance.


def overview() -> str:
    """Return the page that lists everything."""
    parts = [NOTE, "# Layers", ABOUT_LAYERS]
    for family, members in layer_families().items():
        rows = [layer_row(layer, path_of(family)) for layer in members]
        head = ("word", "", "TF-Slim", "TensorFlow", "scope without a name")
        parts.append(f"## {family}\n\n{table(head, rows)}")
    for title, specs in FUNCTIONS.items():
        rows = [function_row(spec, path_of(title)) for spec in specs.values()]
        head = ("word", "", "TF-Slim or TensorFlow")
        parts.append(f"## {title}\n\n{table(head, rows)}")
    parts.append(
        "## Elsewhere\n\n- [Lines about weights and of jobs](jobs.md)\n"
        "- [The blocks of std](std.md)"
    )
    parts.append(f"## Arguments that TF-Slim calls otherwise\n\n{renamed_arguments()}")
    return "\n\n".join(parts) + "\n"


def layer_row(layer: type[Layer], path: str) -> tuple[str, ...]:
    """Return a layer's row of the overview."""
    return (
        link(layer.word, path),
        summary_of(layer),
        code(layer.slim),
        code(layer.tensorflow),
        code(layer.default_scope or ""),
    )


def function_row(spec: FunctionSpec, path: str) -> tuple[str, ...]:
    """Return a function's row of the overview."""
    return link(spec.word, path), spec.doc, code(spec.slim)


def renamed_arguments() -> str:
    """Return the arguments whose names differ, and the words that have them."""
    found: dict[tuple[str, str], list[str]] = {}
    for layer in DECLARATIONS:
        for one in parameters(layer):
            if one.slim != one.name:
                found.setdefault((one.slim, one.name), []).append(layer.word)
    rows = [
        (code(slim), code(name), ", ".join(code(word) for word in words))
        for (slim, name), words in sorted(found.items())
    ]
    return table(("TF-Slim", "here", "of"), rows)


# The list of codes.


def codes() -> str:
    """Return all codes by group."""
    parts = []
    for start, title in GROUPS.items():
        rows = [(code(c), t) for c, t in titles().items() if c.startswith(start)]
        parts.append(f"### {title}\n\n{table(('code', 'meaning'), rows)}")
    return "\n\n".join(parts)


# Markdown.


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(text: str) -> str:
    """Return a text that does not end its cell."""
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """Return a text as code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def link(word: str, path: str) -> str:
    """Return a word with a link to its part of a page."""
    return f"[`{word}`]({Path(path).name}#{word})"


def main() -> None:
    """Write what has changed, and remove pages of families that are gone."""
    made = pages()
    (DOCS / "layers").mkdir(exist_ok=True)
    for path in (DOCS / "layers").glob("*.md"):
        if path.relative_to(DOCS).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
