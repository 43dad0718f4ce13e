"""The jobs of docs/cookbook.md with several tensors, trained on scikit-learn's digits."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from test_docs import NAMED, ROOT, fences_of
from train_harness import module_of, network_of

tf = pytest.importorskip("tensorflow")
datasets = pytest.importorskip("sklearn.datasets")

from test_runtime import run  # noqa: E402
from test_runtime_data import encoded, record, write  # noqa: E402

HELD_OUT = 400  # the last of the 1,797 digits
Digits = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def digits() -> Digits:
    """The digits as grey images of 8-bit values, and their classes."""
    found = datasets.load_digits()
    return (found.images * (255 / 16)).astype(np.uint8), found.target


def recipe(name: str, folder: Path) -> ModuleType:
    """Build the source of that name on the page."""
    sources = {
        match[1]: fence.text
        for fence in fences_of(ROOT / "docs/cookbook.md")
        if (match := NAMED.match(fence.text))
    }
    return module_of(folder, sources[name])


def trained(module: ModuleType, folder: Path, written: Iterator[bytes]) -> Any:
    """Train with all records but the last; return the lines of `evaluate` about those."""
    records = list(written)
    train = write(folder / "train.tfrecord", *records[:-HELD_OUT])
    test = write(folder / "test.tfrecord", *records[-HELD_OUT:])
    options = ["--directory", folder / "run"]
    code, out, err = run(module, "train", "--data", train, *options)
    assert code == 0, err
    options = ["--data", test, "--checkpoint", folder / "run"]
    code, out, err = run(module, "evaluate", *options)
    assert code == 0, err
    measures = [line.split() for line in out.splitlines()]
    assert all(line[-3:] == ["over", str(HELD_OUT), "examples"] for line in measures)
    return {" ".join(line[:-4]): float(line[-4]) for line in measures}


def restored(module: ModuleType, folder: Path) -> Callable[[Any], Any]:
    """The network with the weights of a run."""
    model = network_of(module)()
    module.restore(model, str(folder / "run"))
    return lambda inputs: model(inputs)[0]


@pytest.mark.slow
def test_an_autoencoder_reproduces_digits_it_has_not_seen(
    digits: Digits, tmp_path: Path
) -> None:
    images, _ = digits
    module = recipe("autoencoder.slim", tmp_path)
    written = (record(image_encoded=encoded(image)) for image in images)
    found = trained(module, tmp_path, written)
    values = images[..., np.newaxis].astype(np.float32) / 255
    held_out = values[-HELD_OUT:]
    outputs = restored(module, tmp_path)(held_out)
    error = np.mean((outputs - held_out) ** 2)
    variance = np.mean((values[:-HELD_OUT].mean(0) - held_out) ** 2)

    assert found["mean_squared_error"] == pytest.approx(float(error), abs=6e-5)
    # Twelve principal components leave 29 % of the variance.
    assert error < 0.3 * variance


@pytest.mark.slow
def test_a_siamese_network_tells_whether_two_digits_are_equal(
    digits: Digits, tmp_path: Path
) -> None:
    images, classes = digits
    random = np.random.default_rng(0)
    count = len(images) - HELD_OUT
    first = [*random.integers(count, size=3000), *range(count, len(images))]
    second = [
        random.choice(partners(classes, one, number % 2 == 0, count))
        for number, one in enumerate(first)
    ]
    same = classes[first] == classes[second]
    module = recipe("pairs.slim", tmp_path)
    written = (
        record(
            image_left=encoded(images[a]),
            image_right=encoded(images[b]),
            image_same=int(alike),
        )
        for a, b, alike in zip(first, second, same, strict=True)
    )
    trained(module, tmp_path, written)
    left, right = (
        images[numbers[-HELD_OUT:], ..., np.newaxis].astype(np.float32) / 255
        for numbers in (first, second)
    )
    outputs = restored(module, tmp_path)({"left": left, "right": right})
    distances = np.linalg.norm(
        outputs["left_embedding"] - outputs["right_embedding"], axis=-1
    )
    share = np.mean((distances < 0.5) == same[-HELD_OUT:])
    assert share > 0.9


def partners(classes: np.ndarray, one: int, alike: bool, count: int) -> np.ndarray:
    """The digits that may stand beside a digit: of its class or not, of its part."""
    numbers = np.arange(len(classes))
    part = (numbers < count) == (one < count)
    return numbers[part & ((classes == classes[one]) == alike)]


@pytest.mark.slow
def test_two_tasks_are_learned_from_one_image(digits: Digits, tmp_path: Path) -> None:
    images, classes = digits
    # The mean of each quarter of the image.
    ink = images.reshape(-1, 2, 4, 2, 4).mean((2, 4)).reshape(-1, 4) / 255
    module = recipe("tasks.slim", tmp_path)
    written = (
        record(
            image_encoded=encoded(image), image_digit=int(digit), image_ink=of.tolist()
        )
        for image, digit, of in zip(images, classes, ink, strict=True)
    )
    found = trained(module, tmp_path, written)

    assert found["digit accuracy"] > 0.9
    assert found["ink mean_squared_error"] < 0.1 * np.var(ink[-HELD_OUT:], 0).mean()
