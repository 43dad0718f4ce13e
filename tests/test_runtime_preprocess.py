"""The emitted preprocessing is TF-Slim's, and its randomness follows the seed alone."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from runtime_fixture import build, image_network

tf = pytest.importorskip("tensorflow")

FAMILIES = ("vgg", "inception", "cifarnet", "lenet", "none")
IMAGE = np.random.default_rng(0).integers(0, 256, [90, 130, 3], np.uint8)


def emitted(family: str, size: str, keys: str = "") -> dict[str, Any]:
    """The names that a file with this preprocessing defines."""
    keys = keys or ("resize=40..60" if family == "vgg" else "")
    names: dict[str, Any] = {}
    exec(build(image_network(size, f"preprocess {family} {keys}")), names)
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
    """TF-Slim's result for the image, evaluated at 32 × 36 pixels."""
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
    image = emitted(family, "32x36x3")["preprocess"](IMAGE)

    assert image.dtype == tf.float32
    assert np.allclose(expected(family), image.numpy(), rtol=0, atol=2e-4)


def test_torchvision_s_is_that_of_pillow() -> None:
    names = emitted(
        "torchvision", "56x64x3"
    )  # 56 · 8 / 7 = 64, and 130 · 64 / 90 = 92.4
    resized = Image.fromarray(IMAGE).resize((92, 64), Image.Resampling.BILINEAR)
    part = crop(np.asarray(resized, np.float32), 56, 64) / 255
    expected = (part - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    found = names["preprocess"](IMAGE)

    # Pillow rounds to whole values of 255 after each of two passes.
    np.testing.assert_allclose(found, expected, atol=1.5 / 255 / 0.224)
    assert np.array_equal(found, names["preprocess"](IMAGE, training=True))


@pytest.mark.parametrize("family", ["cifarnet", "lenet"])
def test_a_small_image_is_padded(family: str) -> None:
    image = emitted(family, "100x200x3")["preprocess"](IMAGE)

    assert image.shape == [100, 200, 3]
    assert image[0, 0, 0] == image[-1, -1, -1]


@pytest.mark.parametrize(
    ("family", "keys"), [*((f, "") for f in FAMILIES), ("inception", "fast=false")]
)
def test_training_follows_the_seed(family: str, keys: str) -> None:
    preprocess = emitted(family, "32x36x3", keys)["preprocess"]
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
    names = emitted(family, "?x?x3")
    shape = (40, 58, 3) if family == "vgg" else IMAGE.shape

    assert names["preprocess"](IMAGE).shape == shape


def test_half_of_the_free_size_may_be_fixed() -> None:
    names = emitted("none", "32x?x3")

    assert names["preprocess"](IMAGE).shape == [32, 130, 3]


def test_each_network_has_its_own_preprocessing() -> None:
    names: dict[str, Any] = {}
    a = image_network("32x36x3", "preprocess vgg", "a")
    b = image_network("28x28x3", "preprocess lenet", "b")
    exec(build(a + b), names)
    image = names["preprocess"](IMAGE, network=names["B"])

    assert names["preprocess"](IMAGE).shape == [32, 36, 3]
    assert np.allclose((crop(IMAGE, 28, 28) - 128.0) / 128, image, rtol=0, atol=1e-6)


def file_of(image: Image.Image, format: str, **options: Any) -> bytes:
    """An image file."""
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


@pytest.mark.slow
def test_images_are_upright_and_in_their_colours_in_a_graph_too() -> None:
    names, grey = emitted("none", "4x4x3"), emitted("none", "4x4x1")
    in_graph = tf.function(
        names["decode_image"], input_signature=[tf.TensorSpec([], tf.string)]
    )
    patches = np.random.default_rng(0).integers(0, 255, [2, 3, 3])
    image = Image.fromarray(np.kron(patches, np.ones([8, 8, 1])).astype(np.uint8))
    turned = b""
    for orientation in range(10):  # 0 and 9 mean nothing
        for endian in "<>":
            data = Image.Exif()
            data.endian = endian
            data[0x010F], data[0x0112] = "a maker", orientation
            encoded = file_of(image, "JPEG", quality=95, exif=data)
            upright = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded)))
            for decode in (names["decode_image"], in_graph):
                found = decode(encoded).numpy().astype(int)
                assert found.shape == np.shape(upright)
                turned = encoded if orientation == 6 else turned
                assert np.abs(found - np.asarray(upright)).max() < 6  # two decoders
    assert names["decode_image"](turned).shape == np.rot90(image).shape
    names["UPRIGHT"] = False  # as TF-Slim does
    assert names["decode_image"](turned).shape == np.shape(image)
    indexed = image.convert("P")
    decoded = names["decode_image"](file_of(indexed, "BMP")).numpy()
    assert (decoded == np.asarray(indexed.convert("RGB"))).all()
    inks = file_of(image.convert("CMYK"), "JPEG", quality=95)
    for encoded, seen in ((inks, image), (file_of(indexed, "BMP"), indexed)):
        found = grey["decode_image"](encoded).numpy()[:, :, 0].astype(int)
        assert np.abs(found - np.asarray(seen.convert("RGB").convert("L"))).max() < 4
