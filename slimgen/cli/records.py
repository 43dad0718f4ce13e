"""`slimgen records`: TFRecord files from images in a folder for each class."""

import importlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence

import click

from slimgen.cli.files import read_source, reason_of, refusal
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import progress
from slimgen.diagnostics import Diagnostics
from slimgen.frozen import Frozen
from slimgen.messages import commands
from slimgen.messages import records as messages
from slimgen.messages.names import counted
from slimgen.records.framing import framed
from slimgen.records.image_files import (
    Image,
    ImageFolder,
    UnreadableImage,
    find_images,
    read_names,
    record,
    split,
)

OURS = re.compile(r"(train|validation)-\d{5}-of-\d{5}\.tfrecord$")
LABELS = "labels.txt"


class Shard(Frozen):
    """A file to be written, and the images in it."""

    name: str
    images: Sequence[Image]


@click.command(epilog="""\b
Examples:
  slimgen records flowers flowers-records --shards 8 --split 0.1
  slimgen records digits digits-records --corrupt skip
  slimgen records more more-records --labels flowers-records/labels.txt
""")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.argument("out", type=click.Path(file_okay=False))
@click.option(
    "--shards",
    type=click.IntRange(1, 99999),
    default=1,
    show_default=True,
    help="Files to spread the records over.",
)
@click.option(
    "--split",
    "share",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="Share of each class that is held out, in files of its own.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of the order and of the split.",
)
@click.option(
    "--corrupt",
    type=click.Choice(("stop", "skip")),
    default="stop",
    show_default=True,
    help="Stop at images that cannot be read, or skip them.",
)
@click.option(
    "--labels",
    type=click.Path(),
    help="File with the names of the classes, as an earlier labels.txt.",
)
@click.option("--force", is_flag=True, help="Replace records that are in OUT.")
@reporting
def records(
    reporter: CommandReport,
    *,
    folder: str,
    out: str,
    shards: int,
    share: float,
    seed: int,
    corrupt: str,
    labels: str | None,
    force: bool,
) -> None:
    """Write the images in FOLDER into TFRecord files in OUT.

    FOLDER has a folder of images for each class. The records have TF-Slim's keys, the images stay as
    they are. OUT gets train-00000-of-00001.tfrecord and so on, with --split also validation-…, and
    labels.txt with the names of the classes; all of it or nothing.
    """
    found = _find(folder, labels, reporter)
    if found is None:
        return
    names, images = found.classes, found.images
    kept, held_out = split(images, share, seed)
    parts = [*_shards("train", kept, shards)]
    parts += _shards("validation", held_out, max(1, round(shards * share)))
    writer = Writer(folder, out, corrupt == "skip", reporter)
    try:
        if writer.write(parts, names, force):
            count = len(images) - writer.left_out
            told = f"{counted(count, 'image')}, {counted(len(names), 'label')}"
            reporter.say(f"{out}: {told}")
    except OSError as error:
        reporter.report(refusal(out, error))


def _find(
    folder: str, labels: str | None, reporter: CommandReport
) -> ImageFolder | None:
    """Return the classes and images of a folder; None after an error is reported."""
    try:
        importlib.import_module("PIL")
    except ModuleNotFoundError:
        reporter.report(messages.pillow_missing())
        return None
    unread = Diagnostics()
    source = read_source(labels, labels, unread) if labels else None
    if not reporter.add(unread):
        return None
    try:
        found = find_images(folder, read_names(source.text) if source else ())
    except OSError as error:
        reporter.report(commands.unreadable_file(folder, reason_of(error)))
        return None
    for name in found.unknown:
        known = found.classes
        reporter.report(messages.unknown_class(folder, name, str(labels), known))
    if found.unknown:
        return None
    if found.left_out:
        reporter.report(messages.files_left_out(found.left_out))
    if not found.images:
        reporter.report(messages.no_images(folder))
        return None
    return found


def _shards(stem: str, images: Sequence[Image], count: int) -> Iterator[Shard]:
    if images:
        count = min(count, len(images))  # no file without records
        for number in range(count):
            name = f"{stem}-{number:05d}-of-{count:05d}.tfrecord"
            yield Shard(name, images[number::count])


class Writer:
    """Writes shards into a temporary folder, and moves them when all are complete."""

    def __init__(
        self, folder: str, out: str, skip: bool, reporter: CommandReport
    ) -> None:
        self.folder = folder
        self.out = out
        self.skip = skip
        self.reporter = reporter
        self.left_out = 0

    def write(self, shards: Sequence[Shard], names: Sequence[str], force: bool) -> bool:
        """Write shards and labels; return whether they are complete."""
        os.makedirs(self.out, exist_ok=True)
        earlier = sorted(name for name in os.listdir(self.out) if OURS.match(name))
        if earlier and not force:
            self.reporter.report(messages.records_exist(self.out, earlier[0]))
            return False
        beside = tempfile.mkdtemp(dir=self.out, prefix=".slimgen-")
        try:
            if not self._fill(beside, shards):
                return False
            labels = "".join(f"{label}:{name}\n" for label, name in enumerate(names))
            with open(os.path.join(beside, LABELS), "w", encoding="utf-8") as file:
                file.write(labels)
            for name in earlier:
                os.unlink(os.path.join(self.out, name))
            for name in os.listdir(beside):
                os.replace(os.path.join(beside, name), os.path.join(self.out, name))
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return True

    def _fill(self, beside: str, shards: Sequence[Shard]) -> bool:
        """Write the shards; return whether every image was read or left out."""
        whole = True
        count = sum(len(shard.images) for shard in shards)
        with progress(count) as done:
            for shard in shards:
                with open(os.path.join(beside, shard.name), "wb") as file:
                    for image in shard.images:
                        data = self._record(image)
                        whole = whole and (data is not None or self.skip)
                        file.write(framed(data) if data is not None else b"")
                        done()
        if self.left_out == count and self.skip:
            self.reporter.report(messages.no_images(self.folder))
            return False
        return whole

    def _record(self, image: Image) -> bytes | None:
        """Return the record of an image; None after an error is reported."""
        try:
            return record(self.folder, image)
        except (UnreadableImage, OSError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
        path = os.path.join(self.folder, image.path)
        self.left_out += 1
        told = messages.image_left_out if self.skip else messages.unreadable_image
        self.reporter.report(told(path, reason))
        return None
