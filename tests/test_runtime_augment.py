"""Random augmentation of images: formulas, statistics, dependence on the seed only."""

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from runtime_fixture import image_network, train_job
from train_harness import module_of

tf = pytest.importorskip("tensorflow")

from test_runtime import example  # noqa: E402

SIDE = 32
DRAWS = 1000
LINES = """data records "none" shuffle=5
  batch 4
  steps 2
  augment random_resized_crop scale=[0.1, 0.5]
  augment flip 0.3
  augment color_jitter brightness=0.4 contrast=0.4 saturation=0.4 hue=0.1
  augment random_erasing 0.25
  augment mixup 0.4
  augment cutmix 1.0
  loss softmax_cross_entropy label_smoothing=0.1"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted file of a job that does all of it."""
    network = image_network(f"{SIDE}x{SIDE}x3", "preprocess none")
    return module_of(
        tmp_path_factory.mktemp("all"), network + train_job(LINES, "model")
    )


def draws(function: Callable[[Any], Any]) -> list[np.ndarray]:
    """The results of a function for many seeds."""
    seeds = tf.data.Dataset.range(DRAWS).map(lambda number: function([0, number]))
    return [np.array(one) for one in zip(*seeds.as_numpy_iterator(), strict=True)]


def test_a_part_has_its_share_of_the_area_and_lies_anywhere(
    program: ModuleType,
) -> None:
    def part(seed: Any) -> Any:
        return tuple(
            program.random_window([200, 300, 3], (0.1, 0.5), (0.75, 4 / 3), seed)
        )

    top, left, height, width = draws(part)
    area, ratio = height * width / 60000, width / height

    # Sides are rounded to pixels: by half a pixel of 70 at least.
    assert 0.098 < area.min() < 0.11
    assert 0.49 < area.max() < 0.51
    assert 0.74 < ratio.min() < 0.77
    assert 1.30 < ratio.max() < 1.35
    # Means of 1000 uniform numbers, within four of their deviations.
    assert abs(area.mean() - 0.3) < 4 * 0.4 / np.sqrt(12 * DRAWS)
    assert abs(np.log(ratio).mean()) < 4 * 2 * np.log(4 / 3) / np.sqrt(12 * DRAWS)
    for place, free in ((top, 200 - height), (left, 300 - width)):
        assert ((place >= 0) & (place <= free)).all()
        assert abs((place / free).mean() - 0.5) < 4 / np.sqrt(12 * DRAWS)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [([30, 1000], (0, 480, 30, 40)), ([1000, 30], (480, 0, 40, 30))],
)
def test_the_middle_is_taken_where_no_part_fits(
    program: ModuleType, shape: list[int], expected: tuple[int, ...]
) -> None:
    part = program.random_window([*shape, 3], (0.9, 1.0), (0.75, 4 / 3), [1, 2])

    assert tuple(map(int, part)) == expected


def clipped(image: np.ndarray) -> np.ndarray:
    """Values clipped to [0, 1]."""
    return np.clip(image, 0, 1)


def test_colours_change_by_the_formulas_of_torchvision(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    factors = {"brightness": 1.3, "contrast": 0.6, "saturation": 1.4}
    settings = program.Settings(hue=0.0, **factors)
    monkeypatch.setattr(program, "random_factor", lambda change, seed: change)
    image = np.random.default_rng(0).random([5, 6, 3], np.float32)
    grey = np.array([0.2989, 0.587, 0.114], np.float32)  # torchvision's weights
    expected = clipped(1.3 * image)
    expected = clipped(0.6 * expected + 0.4 * (expected @ grey).mean())
    expected = clipped(1.4 * expected - 0.4 * (expected @ grey)[..., np.newaxis])
    found = program.with_other_colors(tf.constant(image), settings, [0, 0])

    # Some additions in float32, and a hue that is turned by nothing: to HSV and back.
    np.testing.assert_allclose(found, expected, atol=2e-6)
    monkeypatch.undo()
    (factors_drawn,) = draws(lambda seed: (program.random_factor(0.4, seed),))
    assert abs(factors_drawn.mean() - 1) < 4 * 0.8 / np.sqrt(12 * DRAWS)
    assert 0.6 <= factors_drawn.min() < 0.61
    assert 1.39 < factors_drawn.max() < 1.4
    assert min(draws(lambda seed: (program.random_factor(2.0, seed),))[0]) >= 0


def test_the_share_of_images_is_erased_and_flipped(program: ModuleType) -> None:
    settings = program.Settings()
    image = tf.constant(np.arange(1, SIDE * SIDE * 3 + 1), tf.float32)
    image = tf.reshape(image, [SIDE, SIDE, 3])
    (found,) = draws(lambda seed: (program.partly_erased(image, settings, seed),))
    shares = (found == 0).mean((1, 2, 3))
    erased = shares > 0

    assert abs(erased.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / DRAWS)
    assert 0.015 < shares[erased].min()  # rounded to pixels of 32
    assert shares[erased].max() < 0.345
    assert ((found == 0) | (found == image.numpy())).all()


FAMILIES = ("vgg", "inception", "cifarnet", "lenet", "torchvision", "none")


@pytest.mark.parametrize("family", FAMILIES)
def test_values_and_size_are_those_of_evaluation(family: str, tmp_path: Path) -> None:
    network = image_network("24x24x3", f"preprocess {family}")
    job = 'data records "none"\n  steps 1\n  augment flip 0.0'
    module = module_of(tmp_path, network + train_job(job, "model"))
    pixels = np.random.default_rng(0).integers(0, 256, [40, 52, 3], np.uint8)
    settings = module.Settings()
    found = module.augmented(tf.constant(pixels), settings, [0, 0])
    flipped = dataclasses.replace(settings, flip=1.0)
    mirrored = module.augmented(tf.constant(pixels), flipped, [0, 0])

    # The order of scaling and resizing differs: an ulp or two of values up to 255.
    np.testing.assert_allclose(found, module.preprocess(pixels), atol=1e-4)
    np.testing.assert_array_equal(mirrored, found[:, ::-1])


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Images that tell their place in the batch, and their labels."""
    images = np.ones([4, SIDE, SIDE, 3], np.float32)
    return images * np.arange(1, 5, dtype="f4")[:, None, None, None], np.arange(4)


def test_mixup_blends_neighbours_by_a_share_of_beta(program: ModuleType) -> None:
    images, _ = batch()
    others = np.roll(images, 1, 0)
    mixed, share = program.mixup(images, others, 0.4, [0, 1])
    (shares,) = draws(lambda seed: (program.random_beta(0.4, seed),))

    np.testing.assert_allclose(mixed, share * images + (1 - share) * others, rtol=1e-6)
    # The variance of Beta(a, a) is 1 / (4 (2a + 1)); its fourth moment is below 1/16.
    assert abs(shares.mean() - 0.5) < 4 * np.sqrt(1 / 7.2 / DRAWS)
    assert abs(shares.var() - 1 / 7.2) < 4 * 0.25 / np.sqrt(DRAWS)


def test_cutmix_gives_labels_the_share_of_the_area_that_stays(
    program: ModuleType,
) -> None:
    images, _ = batch()
    others = np.roll(images, 1, 0)

    def stays(seed: Any) -> Any:
        mixed, share = program.cutmix(images, others, 1.0, seed)
        return tf.reduce_mean(tf.cast(mixed == images, tf.float32)), share

    measured, shares = draws(stays)

    np.testing.assert_allclose(measured, shares, atol=1e-6)
    # With sides s of which s² is uniform, and a uniform centre, what lies in the image has
    # the mean area ∫ (s - s²/4)² 2s ds = 77/240; sides are rounded down to pixels of 32.
    assert abs(shares.mean() - (1 - 77 / 240)) < 0.05
    assert shares.min() >= 0
    assert shares.max() == 1


def test_the_loss_of_a_mixed_batch_is_that_of_soft_labels(program: ModuleType) -> None:
    images, classes = batch()
    settings = dataclasses.replace(program.Settings(), label_smoothing=0.0)
    inputs, labels = program.mixed(
        {"images": tf.constant(images)},
        {"label": tf.constant(classes)},
        settings,
        [3, 4],
    )
    model = program.Model(seed=1)
    share = labels["share"].numpy()[:, None]
    soft = share * np.eye(5)[classes] + (1 - share) * np.eye(5)[np.roll(classes, 1)]
    logits, _ = model(inputs, training=True)
    expected = tf.nn.softmax_cross_entropy_with_logits(soft.astype("float32"), logits)

    assert 0 < share[0] < 1
    np.testing.assert_allclose(
        program.total_loss(model, inputs, labels, settings),
        tf.reduce_mean(expected),
        rtol=1e-6,
    )


@pytest.mark.slow
def test_all_of_it_depends_on_seed_and_number_alone(
    program: ModuleType, tmp_path: Path
) -> None:
    generator = np.random.default_rng(0)
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        for label in range(10):
            pixels = generator.integers(0, 256, [40, 50, 3], np.uint8)
            writer.write(example(tf.io.encode_png(pixels).numpy(), label % 5))
    settings = program.Settings(data=str(tmp_path / "a.tfrecord"))
    source = program.open_data(settings.data)

    def batches(start: int, seed: int = 0) -> list[np.ndarray]:
        seeded = dataclasses.replace(settings, seed=seed)
        examples = program.Examples(source, seeded, training=True)
        found = program.batches(examples, start)
        return [inputs["images"].numpy() for inputs, _ in itertools.islice(found, 4)]

    whole = batches(0)

    assert np.array_equal(whole[2:], batches(8)[:2])
    assert not np.array_equal(whole, batches(0, seed=1))
    assert len({image.tobytes() for image in np.concatenate(whole)}) == 16
