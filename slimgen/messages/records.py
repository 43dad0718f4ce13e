"""Diagnostics about records and the images that they are made of: E96x."""

from collections.abc import Sequence

from slimgen.diagnostics import Diagnostic, Severity
from slimgen.messages.names import counted, suggestion


def no_images(folder: str) -> Diagnostic:
    """Report a folder without folders of images."""
    return Diagnostic(
        "E960",
        f"`{folder}` has no folders with images in them",
        help="each class has a folder of its own with .jpg, .png, .gif or .bmp files",
    )


def unreadable_image(path: str, reason: str) -> Diagnostic:
    """Report an image that cannot be decoded, so that nothing is written."""
    return Diagnostic(
        "E961",
        f"`{path}` cannot be read: {reason}",
        help="`--corrupt skip` leaves out such images",
    )


def image_left_out(path: str, reason: str) -> Diagnostic:
    """Report an image that cannot be decoded and is left out."""
    return Diagnostic(
        "W962", f"`{path}` is left out: {reason}", severity=Severity.WARNING
    )


def files_left_out(paths: Sequence[str]) -> Diagnostic:
    """Report the files in folders of images that are no images."""
    shown = ", ".join(f"`{path}`" for path in paths[:5]) + ", …" * (len(paths) > 5)
    return Diagnostic(
        "W965",
        f"{counted(len(paths), 'file')} left out, no images: {shown}",
        severity=Severity.WARNING,
    )


def unknown_class(
    folder: str, name: str, labels: str, known: Sequence[str]
) -> Diagnostic:
    """Report a folder whose name is not in the file of labels."""
    return Diagnostic(
        "E966",
        f"`{folder}/{name}` is not one of the classes in `{labels}`",
        help=suggestion(name, known),
    )


def records_exist(folder: str, first: str) -> Diagnostic:
    """Report records of an earlier run: one pattern would match old and new ones."""
    return Diagnostic(
        "E963",
        f"`{folder}` holds records: `{first}`",
        help="`--force` replaces them",
    )


def pillow_missing() -> Diagnostic:
    """Report that Pillow, which decodes the images, is not installed."""
    return Diagnostic(
        "E964",
        "`PIL`, which reads images, is not installed",
        help="`pip install 'slimgen[records]'` installs it",
    )
