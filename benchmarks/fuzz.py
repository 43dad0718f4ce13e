"""Compile a hundred thousand mutated sources and values: `make fuzz`.

    python benchmarks/fuzz.py [--count 100000] [--seed 0]

Sources are the examples and others with tokens deleted, doubled, swapped or replaced, layers
with arguments at random, and parameters with values at random, as `-D` gives them; the tests
run a smaller number of the same (tests/test_mutations.py). Each is compiled as
`slimgen build` does it. The program fails where one ends in an error of Python, is built
and has errors or neither, or takes more than 5 s of the processor's time or 1 GiB. The
figures go to benchmarks/fuzz.md.
"""

import argparse
import datetime
import multiprocessing
import os
import platform
import resource
import sys
import time
import traceback
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from test_mutations import (  # noqa: E402  # the ways to mutate
    Defines,
    given_values,
    layer_model,
    mutated,
)

from slimgen.cli.files import FileReader  # noqa: E402  # after the path
from slimgen.compiler import Request, compile_source  # noqa: E402
from slimgen.diagnostics import Diagnostics  # noqa: E402
from slimgen.source import Source  # noqa: E402

PAGE = HERE / "fuzz.md"
LONGEST, LARGEST = 5.0, 2**30
KINDS = ("mutated source", "layer with arguments", "values of parameters")


class Outcome(NamedTuple):
    """One source: how it ended, with the time of the processor in s and memory in bytes."""

    number: int
    kind: str
    ended: str
    seconds: float
    peak: int


def source_of(number: int, kind: str) -> tuple[str, Defines]:
    """Return the source of a number, and the values of its parameters."""
    if kind == KINDS[0]:
        return mutated(number), ()
    if kind == KINDS[1]:
        return layer_model(number), ()
    return given_values(number)


def tried(number: int) -> Outcome:
    """Compile the source of one number."""
    kind = KINDS[(0, 0, 0, 0, 0, 0, 1, 1, 1, 2)[number % 10]]
    text, values = source_of(number, kind)
    start = time.process_time()
    try:
        request = Request(values)
        found = compile_source(
            Source("m.slim", text), request, FileReader(Diagnostics())
        )
        ended = "built" if found.code is not None else "rejected"
        if found.diagnostics.has_errors == (found.code is not None):
            ended = "neither built nor rejected"
    except Exception:
        ended = traceback.format_exc()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Outcome(number, kind, ended, seconds, peak)


def is_wrong(one: Outcome) -> bool:
    """Return whether an outcome is a fault."""
    ended = one.ended in ("built", "rejected")
    return not ended or one.seconds > LONGEST or one.peak > LARGEST


def page(found: list[Outcome], seed: int) -> str:
    """Write the figures for people."""
    counts = Counter((one.kind, one.ended) for one in found)
    rows = [
        f"| {kind} | {counts[kind, 'built']:,} | {counts[kind, 'rejected']:,} |"
        for kind in KINDS
    ]
    times = sorted(one.seconds for one in found)
    slowest = max(found, key=lambda one: one.seconds)
    now, packages = datetime.date.today(), f"slimgen {version('slimgen')}"
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return f"""\
<!-- Written by benchmarks/fuzz.py: `make fuzz`. -->

# Mutated sources

{len(found):,} sources were compiled, with seeds from {seed} on. None ended in an error of Python,
each was either built or rejected with a diagnostic, none took more than {LONGEST:g} s of the
processor's time or 1 GiB of memory.

| kind | built | rejected |
|---|---|---|
{chr(10).join(rows)}

Half were done within {1000 * times[len(times) // 2]:.0f} ms, 99% within \
{1000 * times[len(times) * 99 // 100]:.0f} ms. The slowest, number {slowest.number}, took \
{slowest.seconds:.1f} s; a process that compiled
thousands held {max(one.peak for one in found) / 2**20:.0f} MiB at most.

Measured on {now}: {machine}; python {platform.python_version()}, {packages}.
"""


def main() -> int:
    """Compile, judge, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="sources")
    parser.add_argument("--seed", type=int, default=0, help="number of the first")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args()
    numbers = range(options.seed, options.seed + options.count)
    with multiprocessing.Pool(options.jobs) as pool:
        found = list(pool.imap_unordered(tried, numbers, chunksize=100))
    wrong = [one for one in found if is_wrong(one)]
    for one in wrong:
        print(f"number {one.number}, {one.kind}: {one.seconds:.1f} s", one.ended)
    if not wrong:
        PAGE.write_text(page(found, options.seed), encoding="utf-8")
    print(f"{len(found):,} sources, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
