"""… folders of images."""

import os
import re

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
IMAGE_START = rb"(?s)\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP"
HIDDEN = (".", "Thumbs.db", "desktop.ini", "__MACOSX")


def folders_in(path):
    """Return the names of the folders in a folder, without hidden ones."""
    with os.scandir(path) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    return [name for name in names if not name.startswith(HIDDEN)]


def files_below(folder):
    """Return the files in a folder and its folders, in order, without hidden ones."""
    found = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not name.startswith(HIDDEN):
            found += files_below(path) if os.path.isdir(path) else [path]
    return found


def is_image(path):
    """Return whether a file is an image by its bytes, or should be one by its name."""
    if path.lower().endswith(IMAGE_SUFFIXES):
        return True  # a damaged one is reported where it is read
    with open(path, "rb") as file:
        return re.match(IMAGE_START, file.read(12)) is not None


def images_at(path):
    """Return the images in a folder and its folders, or the one file that is given."""
    if not os.path.isdir(path):
        return [path]
    return [file for file in files_below(path) if is_image(file)]
