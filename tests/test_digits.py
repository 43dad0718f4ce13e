"""The accuracy on digits that benchmarks/digits.md tells is that of the job in examples/."""

import importlib.util
import json
import statistics
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "benchmarks"

pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def digits() -> ModuleType:
    """The program that measures."""
    spec = importlib.util.spec_from_file_location("digits", FOLDER / "digits.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results() -> Any:
    return json.loads((FOLDER / "digits.json").read_text(encoding="utf-8"))


def test_the_measured_job_is_that_of_the_example(
    digits: ModuleType, results: Any
) -> None:
    assert results["seeds"]["job"] == digits.recipe(digits.SOURCE)


def test_the_job_is_the_best_of_the_candidates(
    digits: ModuleType, results: Any
) -> None:
    right = {n: sum(folds) for n, folds in results["candidates"]["right"].items()}

    assert set(right) == set(digits.CANDIDATES)
    best = max(right, key=lambda name: right[name])
    assert digits.CANDIDATES[best] == results["seeds"]["job"]


def test_all_seeds_are_there_and_enough_digits_are_right(
    digits: ModuleType, results: Any
) -> None:
    seeds = results["seeds"]

    assert len(seeds["right"]) == digits.SEEDS
    assert statistics.mean(seeds["right"]) >= digits.NEEDED * seeds["examples"]


def test_the_page_is_current(digits: ModuleType, results: Any) -> None:
    page = (FOLDER / "digits.md").read_text(encoding="utf-8")

    assert digits.page(results) == page
