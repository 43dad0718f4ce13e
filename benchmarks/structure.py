"""Count what makes the code hard to change, in this checkout and in others beside it.

    python benchmarks/structure.py [CHECKOUT ...]

Each checkout is a column: the size of files and functions, words that switch the type checker
or the formatter off, and names that two files or two classes of the package share.
`tests/test_architecture.py` holds the bounds.
"""

import argparse
import ast
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCANTATION = "dataclass(frozen=True, kw_only=True, eq=False, repr=False)"


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository."""

    root: Path

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The modules of the package, by path."""
        paths = sorted((self.root / "slimgen").rglob("*.py"))
        return {path: path.read_text(encoding="utf-8") for path in paths}

    @cached_property
    def trees(self) -> list[ast.Module]:
        """The modules' syntax trees."""
        return [ast.parse(text) for text in self.texts.values()]

    def nodes(self, kind: type[ast.AST]) -> Iterator[ast.AST]:
        """Yield all nodes of a kind."""
        for tree in self.trees:
            yield from (node for node in ast.walk(tree) if isinstance(node, kind))

    @property
    def lines(self) -> list[int]:
        """The length of each module."""
        return [len(text.splitlines()) for text in self.texts.values()]

    @property
    def functions(self) -> list[int]:
        """The length of each function."""
        found = self.nodes(ast.FunctionDef)
        return [n.end_lineno - n.lineno + 1 for n in found]  # type: ignore[attr-defined]

    def count(self, pattern: str) -> int:
        """Count a pattern in the modules' texts."""
        return sum(len(re.findall(pattern, text)) for text in self.texts.values())

    @property
    def any_words(self) -> int:
        """Count the uses of `Any`: its imports are not counted."""
        names = sum(node.id == "Any" for node in self.nodes(ast.Name))  # type: ignore[attr-defined]
        quoted = self.count(r'"[^"\n]*\bAny\b[^"\n]*"')
        return names + quoted

    @property
    def template_lines(self) -> tuple[int, int]:
        """Lines of Jinja templates, and of ordinary Python beside them."""
        folder = self.root / "templates"
        jinja = sum(
            len(p.read_text("utf-8").splitlines()) for p in folder.rglob("*.j2")
        )
        python = sum(
            len(p.read_text("utf-8").splitlines()) for p in folder.rglob("*.py")
        )
        return jinja, python

    @property
    def repeated_files(self) -> list[str]:
        """Names that several modules have, `__init__` aside."""
        counts = Counter(path.stem for path in self.texts)
        return sorted(n for n, count in counts.items() if count > 1 and n[0] != "_")

    @property
    def repeated_classes(self) -> list[str]:
        """Names that several classes have."""
        counts = Counter(node.name for node in self.nodes(ast.ClassDef))  # type: ignore[attr-defined]
        return sorted(name for name, count in counts.items() if count > 1)


def spread(lengths: list[int]) -> str:
    """Write the median, the ninth decile and the largest of some lengths."""
    deciles = statistics.quantiles(lengths, n=10)
    return f"{statistics.median(lengths):.0f} / {deciles[8]:.0f} / {max(lengths)}"


FIGURES: dict[str, Callable[[Checkout], object]] = {
    "modules": lambda c: len(c.texts),
    "lines of Python": lambda c: sum(c.lines),
    "lines of templates: Jinja, Python": lambda c: "{}, {}".format(*c.template_lines),
    "lines a module: median / 90% / most": lambda c: spread(c.lines),
    "lines a function: median / 90% / most": lambda c: spread(c.functions),
    "`Any`": lambda c: c.any_words,
    "`# fmt: skip`": lambda c: c.count("# fmt: skip"),
    "the declaration's dataclass arguments": lambda c: c.count(re.escape(INCANTATION)),
    "names of several modules": lambda c: len(c.repeated_files),
    "names of several classes": lambda c: len(c.repeated_classes),
}


def table(checkouts: list[Checkout], names: list[str]) -> Iterator[str]:
    """Yield the lines of a Markdown table, a column a checkout."""
    yield f"| | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for title, figure in FIGURES.items():
        cells = " | ".join(str(figure(checkout)) for checkout in checkouts)
        yield f"| {title} | {cells} |"


def main() -> None:
    """Print the table, then the names that repeat in this checkout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT")
    others = parser.parse_args().checkouts
    here = Checkout(ROOT)
    names = [*(path.name for path in others), "this checkout"]
    print("\n".join(table([*map(Checkout, others), here], names)))
    print(f"\nmodules: {', '.join(here.repeated_files)}")
    print(f"classes: {', '.join(here.repeated_classes)}")


if __name__ == "__main__":
    main()
