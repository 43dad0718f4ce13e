"""Diagnostics about records and the images that they are made of: E96x."""

from slimgen.diagnostics import Diagnostic, Severity


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
