"""The emitted preprocessing is TF-Slim's, and its randomness follows the seed alone."""

from typing import Any

import numpy as np
import pytest
from runtime_fixture import Network, Preprocess, Program, render

tf = pytest.importorskip("tensorflow")

FAMILIES = ("vgg", "inception", "cifarnet", "lenet", "none")
IMAGE = np.random.default_rng(0).integers(0, 256, [90, 130, 3], np.uint8)


def emitted(
    family: str, size: list[int | None], fast: bool = True, free_size: bool = False
) -> dict[str, Any]:
    """The names that a file with this preprocessing defines."""
    program = Program(
        (Network("net", "Net", family),),
        Preprocess((family,), (40, 60), fast, free_size),
    )

    class Net:
        inputs = {"images": tf.TensorSpec([None, *size], tf.float32)}  # noqa: RUF012

    names: dict[str, Any] = {"tf": tf, "Net": Net}
    exec("import functools, re\n", names)
    exec(render("names", program) + render("preprocess", program), names)
    return names


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """TensorFlow 1's bilinear resize: a pixel is its upper left corner."""
    for axis, size in ((0, height), (1, width)):
        length = image.shape[axis]
        place = np.arange(size, dtype=np.float32) * np.float32(length / size)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, length - 1)
        shape = [-1 if a == axis else 1 for a in range(3)]
        share = (place - low).reshape(shape)
        image = image.take(low, axis) * (1 - share) + image.take(high, axis) * share
    return image


def crop(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image."""
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def expected(family: str) -> np.ndarray:
    """What TF-Slim gives for the image, evaluated at 32 × 36 pixels."""
    image = IMAGE.astype(np.float32)
    if family == "vgg":  # 130 · 40 / 90 = 57.8
        return crop(resize(image, 40, 58), 32, 36) - [123.68, 116.78, 103.94]
    if family == "inception":  # 90 · 0.875 = 78.75, from row int(5.625)
        return (resize(image[5:85, 8:122] / 255, 32, 36) - 0.5) * 2
    if family == "cifarnet":
        part = crop(image, 32, 36)
        return (part - part.mean()) / max(part.std(), part.size**-0.5)
    if family == "lenet":
        return (crop(image, 32, 36) - 128) / 128
    return resize(image / 255, 32, 36)


@pytest.mark.parametrize("family", FAMILIES)
def test_evaluation_is_that_of_slim(family: str) -> None:
    image = emitted(family, [32, 36, 3])["preprocess"](IMAGE)

    assert image.dtype == tf.float32
    assert np.allclose(expected(family), image.numpy(), rtol=0, atol=2e-4)


@pytest.mark.parametrize("family", ["cifarnet", "lenet"])
def test_a_small_image_is_padded(family: str) -> None:
    image = emitted(family, [100, 200, 3])["preprocess"](IMAGE)

    assert image.shape == [100, 200, 3]
    assert image[0, 0, 0] == image[-1, -1, -1]


@pytest.mark.parametrize(
    ("family", "fast"), [*((f, True) for f in FAMILIES), ("inception", False)]
)
def test_training_follows_the_seed(family: str, fast: bool) -> None:
    preprocess = emitted(family, [32, 36, 3], fast)["preprocess"]
    seeds = [[0, number // 2] for number in range(12)]
    images = tf.data.Dataset.from_tensor_slices(tf.constant(seeds, tf.int64))
    images = images.map(lambda seed: preprocess(IMAGE, True, seed))
    images = np.stack([image.numpy() for image in images])
    kinds = {image.tobytes() for image in images}

    assert images.shape == (12, 32, 36, 3)
    assert np.isfinite(images).all()
    assert np.array_equal(images[::2], images[1::2])
    assert len(kinds) == (1 if family in ("lenet", "none") else 6)
    assert preprocess(IMAGE, training=True).shape == [32, 36, 3]
    if family == "inception":
        assert images.min() >= -1
        assert images.max() <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_free_size_keeps_the_image_s_own(family: str) -> None:
    names = emitted(family, [None, None, 3], free_size=True)
    shape = (40, 58, 3) if family == "vgg" else IMAGE.shape

    assert names["preprocess"](IMAGE).shape == shape


def test_half_of_the_free_size_may_be_fixed() -> None:
    names = emitted("none", [32, None, 3], free_size=True)

    assert names["preprocess"](IMAGE).shape == [32, 130, 3]


def test_each_network_has_its_own_preprocessing() -> None:
    program = Program(
        (Network("a", "A", "vgg"), Network("b", "B", "lenet")),
        Preprocess(("vgg", "lenet"), (40, 60)),
    )
    sizes = {"A": [32, 36, 3], "B": [28, 28, 3]}
    names: dict[str, Any] = {"tf": tf}
    for name, size in sizes.items():
        inputs = {"images": tf.TensorSpec([None, *size], tf.float32)}
        names[name] = type(name, (), {"inputs": inputs})
    exec(render("names", program) + render("preprocess", program), names)
    image = names["preprocess"](IMAGE, network=names["B"])

    assert names["preprocess"](IMAGE).shape == sizes["A"]
    assert np.allclose((crop(IMAGE, 28, 28) - 128.0) / 128, image, rtol=0, atol=1e-6)
