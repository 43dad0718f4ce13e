"""Images in a folder for each class: which there are, which are held out, what they hold."""

import io
import os
import random
import warnings
from collections.abc import Sequence

from slimgen.frozen import Frozen
from slimgen.records.framing import example

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
# The formats that TensorFlow decodes, by Pillow's names; an MPO is a JPEG with a tail.
FORMATS = {"JPEG": b"jpg", "MPO": b"jpg", "PNG": b"png", "GIF": b"gif", "BMP": b"bmp"}


class UnreadableImage(Exception):
    """A file that TensorFlow cannot decode; the message is the reason."""


class Image(Frozen):
    """An image file, relative to its folder, and the number of its class."""

    path: str
    label: int


def find_images(folder: str) -> tuple[list[str], list[Image]]:
    """Return the classes, by number if all are numbers, and the images in order."""
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir() and e.name[0] != ".")
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    images = [
        Image(f"{name}/{file}", label)
        for label, name in enumerate(names)
        for file in sorted(os.listdir(os.path.join(folder, name)))
        if file.lower().endswith(SUFFIXES)
    ]
    return names, images


def split(
    images: Sequence[Image], share: float, seed: int
) -> tuple[list[Image], list[Image]]:
    """Shuffle, and return what is kept and what is held out: the same share of each class."""
    generator = random.Random(seed)
    kept: list[Image] = []
    held_out: list[Image] = []
    for label in sorted({image.label for image in images}):
        alike = [image for image in images if image.label == label]
        generator.shuffle(alike)
        count = round(len(alike) * share)
        held_out += alike[:count]
        kept += alike[count:]
    generator.shuffle(kept)
    generator.shuffle(held_out)
    return kept, held_out


def record(folder: str, image: Image) -> bytes:
    """Return the record of an image, whose bytes stay as they are; or raise Unreadable."""
    with open(os.path.join(folder, image.path), "rb") as file:
        encoded = file.read()
    kind, width, height = _look_at(encoded)
    return example(
        {
            "image/encoded": encoded,
            "image/format": kind,
            "image/class/label": image.label,
            "image/height": height,
            "image/width": width,
            "image/filename": image.path.encode("utf-8", "surrogateescape"),
        }
    )


def _look_at(encoded: bytes) -> tuple[bytes, int, int]:
    """Decode an image; return its format, width and height."""
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # about odd files that are read all the same
            with Pillow.open(io.BytesIO(encoded)) as found:
                found.load()
                kind, (width, height) = found.format or "", found.size
    except UnidentifiedImageError:
        raise UnreadableImage("it is not an image") from None
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise UnreadableImage(str(error)) from None
    if kind not in FORMATS:
        raise UnreadableImage(f"TensorFlow decodes no {kind}")
    return FORMATS[kind], width, height
