"""Time whole runs of slimgen against the bare import of the libraries that it stands on.

    python benchmarks/build.py [--runs N]

Each row is a process from start to end, its own processor time as the system counts it
(user and system seconds); the median of N runs that take turns with the baseline, and the
ratio to it. Networks of 1,000 and 10,000 layers show how the time grows.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = [sys.executable, "-c", "import click, lark, jinja2, black"]
SLIMGEN = [sys.executable, "-m", "slimgen"]


@dataclass(frozen=True)
class Row:
    """A command and its measured runs, in seconds of processor time."""

    name: str
    seconds: list[float]
    baseline: list[float]

    @property
    def ratio(self) -> float:
        """Median of the ratios run by run: drift of the machine cancels out."""
        pairs = zip(self.seconds, self.baseline, strict=True)
        return statistics.median(a / b for a, b in pairs)


def run(command: list[str], folder: Path) -> float:
    """Return the processor seconds of one process; stop when it fails."""
    environment = {
        k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def measure(name: str, command: list[str], folder: Path, runs: int) -> Row:
    """Run a command and the baseline in turn; the first of each warms up."""
    seconds, baseline = [], []
    for number in range(runs + 1):
        first, second = run(BASELINE, folder), run(command, folder)
        if number:
            baseline.append(first)
            seconds.append(second)
    return Row(name, seconds, baseline)


def chain(layers: int) -> str:
    """Write a network of so many different layers, none of which make a loop."""
    lines = [f"  conv {8 + i % 7} 3x3" for i in range(layers)]
    return "\n".join(["network chain() {", "  input images 8x8x3", *lines, "}", ""])


def commands(folder: Path) -> list[tuple[str, list[str]]]:
    """Write the sources, and return what is to be measured."""
    examples = ROOT / "examples"
    for layers in (1_000, 10_000):
        (folder / f"chain{layers}.slim").write_text(chain(layers))
    vgg, resnet = str(examples / "vgg16.slim"), str(examples / "resnet_v1.slim")
    one = ["--network", "resnet_v1_152"]
    return [
        ("slimgen --version", [*SLIMGEN, "--version"]),
        ("build vgg16", [*SLIMGEN, "build", "--force", vgg, "-o", "vgg16.py"]),
        ("check vgg16", [*SLIMGEN, "check", vgg]),
        ("build --check vgg16, unchanged",
         [*SLIMGEN, "build", "--check", vgg, "-o", "vgg16.py"]),
        ("build resnet_v1_152",
         [*SLIMGEN, "build", "--force", resnet, *one, "-o", "resnet.py"]),
        ("build 1,000 layers",
         [*SLIMGEN, "build", "--force", "chain1000.slim", "-o", "chain1000.py"]),
        ("build 10,000 layers",
         [*SLIMGEN, "build", "--force", "chain10000.slim", "-o", "chain10000.py"]),
    ]  # fmt: skip


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [measure(n, c, folder, runs) for n, c in commands(folder)]
    print(f"| command | processor seconds (median of {runs}) | times the bare import |")
    print("|---|---|---|")
    bare = statistics.median(s for row in rows for s in row.baseline)
    print(f"| import click, lark, jinja2, black | {bare:.2f} | 1.0 |")
    for row in rows:
        print(
            f"| {row.name} | {statistics.median(row.seconds):.2f} | {row.ratio:.1f} |"
        )


if __name__ == "__main__":
    main()
