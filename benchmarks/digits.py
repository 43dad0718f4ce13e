"""Measure how many handwritten digits LeNet reads right: `make digits`.

    python benchmarks/digits.py [--candidates]

The job of examples/lenet.slim is run for each of five seeds by the command line of the
built file, on the digits of the demonstration (examples/demo/write_digits.py), and judged
on those held out. `--candidates` repeats the cross-validation, within the digits to train
with, by which that job was chosen. The measurements go to benchmarks/digits.json, and for
people to benchmarks/digits.md.
"""

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
sys.path.insert(0, str(EXAMPLES / "demo"))
import write_digits  # noqa: E402  # a program beside the demonstration, in no package

RESULTS = HERE / "digits.json"
PAGE = HERE / "digits.md"
NEEDED = 0.985
SEEDS = 5
FOLDS = 5
PACKAGES = ("slimgen", "tensorflow", "numpy", "scikit-learn")
SOURCE = (EXAMPLES / "lenet.slim").read_text(encoding="utf-8")
ACCURACY = re.compile(r"accuracy (\S+) over (\d+) examples")

# The part of the job that was chosen, and what was tried in its place.
RECIPE = re.compile(r"  optimizer .*\n(?:  (?:learning_rate|warmup|average) .*\n)*")
AVERAGED = ["warmup 2 epochs", "average 0.99"]
CANDIDATES = {
    "fixed": ["optimizer momentum 0.9", "learning_rate fixed 0.01"],
    "cosine": ["optimizer momentum 0.9", "learning_rate cosine 0.05", *AVERAGED],
    "adamw": [
        "optimizer adamw weight_decay=0.05",
        "learning_rate cosine 0.002",
        *AVERAGED,
    ],
}


@dataclass(frozen=True)
class Digits:
    """Files of records: what a run learns from, and what it is judged on."""

    train: Path
    test: Path


def write(
    folder: Path, train: Sequence[np.ndarray], test: Sequence[np.ndarray]
) -> Digits:
    """Write images and labels of both parts as the demonstration does."""
    folder.mkdir()
    files = Digits(folder / "train.tfrecord", folder / "test.tfrecord")
    for file, (images, labels) in ((files.train, train), (files.test, test)):
        write_digits.write(str(file), images, list(labels))
    return files


def call(*words: str | Path) -> str:
    """Return what a command prints; stop if it fails."""
    command = [sys.executable, *map(str, words)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def build(source: str, name: str, folder: Path) -> Path:
    """Build a source; return the program."""
    (folder / f"{name}.slim").write_text(source, encoding="utf-8")
    program = folder / f"{name}.py"
    call("-m", "slimgen", "build", folder / f"{name}.slim", "-o", program)
    return program


def digits_right(program: Path, digits: Digits, seed: int) -> int:
    """Train from nothing; return how many digits the run, or its averages, reads right."""
    with tempfile.TemporaryDirectory() as folder:
        run = ["--seed", str(seed), "--directory", folder]
        call(program, "train", "--data", digits.train, *run)
        average = "class Averages" in program.read_text(encoding="utf-8")
        judged = ["--checkpoint", folder, *(["--average"] if average else [])]
        found = ACCURACY.match(
            call(program, "evaluate", "--data", digits.test, *judged)
        )
    if found is None:
        sys.exit(f"{program} told no accuracy")
    right = round(float(found[1]) * int(found[2]))
    print(f"{program.stem}, seed {seed}: {right} of {found[2]}", flush=True)
    return right


def measure_seeds(folder: Path) -> dict[str, Any]:
    """Run the job with each seed, on the split of the demonstration."""
    kept, held_out, labels, held_out_labels = write_digits.split()
    digits = write(folder / "split", (kept, labels), (held_out, held_out_labels))
    program = build(SOURCE, "lenet", folder)
    right = [digits_right(program, digits, seed) for seed in range(SEEDS)]
    found = {"job": recipe(SOURCE), "examples": len(held_out), "right": right}
    return {**found, **conditions()}


def measure_candidates(folder: Path) -> dict[str, Any]:
    """Cross-validate each candidate; the digits held out are not touched."""
    kept, _, labels, _ = write_digits.split()
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(kept, labels)
    parts = [
        write(folder / f"fold{number}", (kept[a], labels[a]), (kept[b], labels[b]))
        for number, (a, b) in enumerate(folds)
    ]
    right = {}
    for name, lines in CANDIDATES.items():
        text = "".join(f"  {line}\n" for line in lines)
        program = build(RECIPE.sub(text, SOURCE), name, folder)
        right[name] = [digits_right(program, part, 0) for part in parts]
    return {"examples": len(kept), "right": right, **conditions()}


def recipe(source: str) -> list[str]:
    """Return the lines of the job that are a choice."""
    found = RECIPE.search(source)
    return [line.strip() for line in found[0].splitlines()] if found else []


def conditions() -> dict[str, str]:
    """Return when and on what this is measured."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def page(results: dict[str, Any]) -> str:
    """Return the page about the results."""
    seeds, candidates = results["seeds"], results["candidates"]
    of = seeds["examples"]
    rows = [
        f"| {seed} | {right} of {of} | {right / of:.2%} |"
        for seed, right in enumerate(seeds["right"])
    ]
    tried = [
        f"| `{'; '.join(CANDIDATES[name])}` | {sum(right) / candidates['examples']:.2%} |"
        for name, right in candidates["right"].items()
    ]
    parts = [
        "<!-- Written by benchmarks/digits.py: `make digits`. -->",
        "# Handwritten digits",
        ABOUT.format(of=of, kept=candidates["examples"]),
        "\n".join(["| seed | right | share |", "|---|---|---|", *rows, mean(seeds)]),
        wrapped(measurement(seeds)),
        CHOICE.format(folds=FOLDS, kept=candidates["examples"]),
        "\n".join(["| lines of the job | right |", "|---|---|", *tried]),
        wrapped(measurement(candidates)),
    ]
    return "\n\n".join(parts) + "\n"


WIDTH = 100

ABOUT = """\
The job of [examples/lenet.slim](../examples/lenet.slim), trained on {kept} of scikit-learn's
handwritten digits and judged on the {of} held out, a quarter of each digit
([the split](../examples/demo/write_digits.py) is that of `make demo`). Every seed from 0 on is
shown, none is left out; a seed decides about the initial values, the order of the digits and
dropout. The averages of the variables are judged (`evaluate --average`)."""

CHOICE = """\
The job was chosen by {folds}-fold cross-validation within the {kept} digits to train with, seed 0, of these
candidates of the same length; the digits held out had no part in it."""


def wrapped(text: str) -> str:
    """Return prose in lines of at most 100 columns."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def mean(seeds: dict[str, Any]) -> str:
    """Return the last row: the mean, and how far the seeds lie apart."""
    shares = [right / seeds["examples"] for right in seeds["right"]]
    spread = statistics.stdev(shares)
    return f"| mean | | **{statistics.mean(shares):.2%}** ± {spread:.2%} |"


def measurement(measured: dict[str, Any]) -> str:
    """Return the date, the machine and the packages of a measurement, as a sentence."""
    packages = ", ".join(f"{name} {measured[name]}" for name in ("python", *PACKAGES))
    return f"Measured on {measured['date']}: {measured['machine']}; {packages}."


def main() -> None:
    """Measure, and write the results; 1 if fewer digits than needed are right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    text = "cross-validate the candidates instead"
    parser.add_argument("--candidates", action="store_true", help=text)
    candidates = parser.parse_args().candidates
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="slimgen-digits-") as name:
        if candidates:
            results["candidates"] = measure_candidates(Path(name))
        else:
            results["seeds"] = measure_seeds(Path(name))
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")
    seeds = results["seeds"]
    accuracy = statistics.mean(seeds["right"]) / seeds["examples"]
    print(f"mean of {len(seeds['right'])} seeds: {accuracy:.2%}")
    if accuracy < NEEDED:
        sys.exit(f"less than {NEEDED:.1%}")


if __name__ == "__main__":
    main()
