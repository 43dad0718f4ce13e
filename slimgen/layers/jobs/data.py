"""Lines of jobs about the examples."""

from slimgen.layers.argument_types import Choice, Integer, ListOf, Optional, Text
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine


class DataLine(JobLine):
    """The examples: in records, or in a folder with a folder for each class.

    In records, keys name the feature that holds the image and the one that holds the label;
    the image's key is `image`, or the name of the network's input. Examples of another
    kind are declared between braces, a line for each input and label: see `item`.
    """

    word = "data"
    takes_names = True
    takes_braces = True
    example = 'data records "train-*.tfrecord" images=image/encoded'

    kind: str = parameter(Choice(("records", "folder")), "the kind of the path")
    path: str = parameter(Text(), "a pattern of record files, or a folder")
    image: str = parameter(
        Text(), "the feature that holds the image", "image/encoded", positional=False
    )
    label: str = parameter(
        Text(),
        "the feature that holds the label",
        "image/class/label",
        positional=False,
    )
    shuffle: int = parameter(
        Integer(1), "records among which the next is drawn", 2048, positional=False
    )
    readers: int | None = parameter(
        Optional(Integer(1)),
        "files that are read at once; none: 8",
        None,
        positional=False,
    )
    block_length: int | None = parameter(
        Optional(Integer(1)),
        "records of a file that come one after another; none: 1",
        None,
        positional=False,
    )
    order: str = parameter(
        Choice(("exact", "sloppy")),
        "sloppy: examples come in the order in which they are read, and no two runs are alike",
        "exact",
        positional=False,
    )
    prefetch: int | None = parameter(
        Optional(Integer(1)),
        "batches that are made ahead; none: as many as help",
        None,
        positional=False,
    )
    boxes: str | None = parameter(
        Optional(Text()),
        "the start of the features `…/ymin`, `…/xmin`, `…/ymax`, `…/xmax`: objects of which "
        "each crop of `preprocess inception` holds a part",
        None,
        positional=False,
    )
    corrupt: str = parameter(
        Choice(("stop", "skip")),
        "after an example that cannot be read: end the run, or continue without it",
        "stop",
        positional=False,
    )


class ItemLine(JobLine):
    """An input or a label between the braces of `data`; the line begins with its name.

    It is an image where `channels` is given, or where the network's input of that name is
    one and no `shape` is. An image is decoded by its bytes, whichever format it has; with
    `dtype=float32` it keeps its values from 0 to 255. All else is a list of numbers.
    """

    word = "item"
    takes_names = True
    example = (
        'data records "rooms-*.tfrecord" {\n'
        "  images image/encoded\n"
        "  label image/scene\n"
        "  pose image/pose shape=[6] dtype=float32\n"
        "}"
    )

    feature: str = parameter(Text(), "the feature that holds it")
    channels: int | None = parameter(
        Optional(Integer(1, 4)), "of an image", None, positional=False
    )
    shape: tuple[int, ...] | None = parameter(
        Optional(ListOf(Integer(1))),
        "its sizes; the input's, or one number, unless given",
        None,
        positional=False,
    )
    dtype: str | None = parameter(
        Optional(Choice(("uint8", "uint16", "int64", "float32"))),
        "of an image uint8, of an input the input's, of a label int64, unless given",
        None,
        positional=False,
    )
    format: str = parameter(
        Choice(("encoded", "raw")),
        "raw: the bytes are the values of an image, and `shape` is its size",
        "encoded",
        positional=False,
    )


class BatchLine(JobLine):
    """The number of examples in a step."""

    word = "batch"
    example = "batch 32"

    size: int = parameter(Integer(1), "examples in a step")
