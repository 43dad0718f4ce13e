"""Images in a folder for each class: which there are, which are held out, what they hold."""

import io
import os
import random
import re
import warnings
from collections.abc import Iterator, Sequence

from slimgen.frozen import Frozen
from slimgen.records.framing import example

# The rules of templates/runtime/image_folders.py, so that both find the same images.
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
START = re.compile(rb"(?s)\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP")
HIDDEN = (".", "Thumbs.db", "desktop.ini", "__MACOSX")
# The formats that TensorFlow decodes, by Pillow's names; an MPO is a JPEG with a tail.
FORMATS = {
    "JPEG": b"jpg",
    "MPO": b"jpg",
    "PNG": b"png",
    "GIF": b"gif",
    "BMP": b"bmp",
    "WEBP": b"webp",
}


class UnreadableImage(Exception):
    """A file that TensorFlow cannot decode; the message is the reason."""


class Image(Frozen):
    """An image file, relative to its folder, and the number of its class."""

    path: str
    label: int


class ImageFolder(Frozen):
    """A folder with a folder of images for each class.

    Attributes:
        classes: Their names, by which the images have their labels.
        unknown: The folders that are of no class.
        left_out: The files that are no images.
    """

    classes: tuple[str, ...]
    images: tuple[Image, ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]


def find_images(folder: str, classes: Sequence[str] = ()) -> ImageFolder:
    """Find the images of each class.

    Without names of `classes` the folders are the classes, in order of their names, or of
    their numbers if all are numbers.
    """
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir())
    names = [name for name in names if not name.startswith(HIDDEN)]
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    known = tuple(classes) or tuple(names)
    images, left_out = [], []
    for name in names:
        for path in _files_below(folder, name):
            if name in known and _is_image(os.path.join(folder, path)):
                images.append(Image(path, known.index(name)))
            else:
                left_out.append(path)
    unknown = tuple(name for name in names if name not in known)
    return ImageFolder(known, tuple(images), unknown, tuple(left_out))


def _files_below(folder: str, name: str) -> Iterator[str]:
    """Yield the files in a folder and its folders, in order, without hidden ones."""
    for inner in sorted(os.listdir(os.path.join(folder, name))):
        path = f"{name}/{inner}"
        if inner.startswith(HIDDEN):
            continue
        if os.path.isdir(os.path.join(folder, path)):
            yield from _files_below(folder, path)
        else:
            yield path


def _is_image(path: str) -> bool:
    """Whether a file is an image by its bytes, or should be one by its name."""
    if path.lower().endswith(SUFFIXES):
        return True
    with open(path, "rb") as file:
        return START.match(file.read(12)) is not None


def read_names(text: str) -> list[str]:
    """Return the names in a file of labels: a name a line, or `id:name` in order."""
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    parts = [row.partition(":") for row in rows]
    if [part[0] for part in parts] == [str(number) for number in range(len(rows))]:
        return [part[2] for part in parts]
    return rows


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
