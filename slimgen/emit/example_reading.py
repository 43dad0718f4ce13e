"""How the emitted file reads a record: its features, and the tensors made of them."""

from collections.abc import Sequence

from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.graph import Network
from slimgen.ir.jobs import DataItem, Train


class Examples(Frozen):
    """The facts of `data` for templates.

    Attributes:
        features: The features of a record, each with its parser.
        inputs, labels: The dicts of tensors, as Python.
        image: The input that `preprocess` makes; "" for a network of other inputs.
        fitted: Images are brought to the sizes of several inputs.
        classes: The number of classes of each label that has classes.
        counted: The label from which the offset of the network's labels is taken, or "".
        boxes: The feature of boxes around objects that `preprocess` takes, or "".
    """

    features: tuple[tuple[str, str], ...]
    inputs: str
    labels: str
    image: str
    fitted: bool
    classes: dict[str, int]
    counted: str
    boxes: str


def describe_examples(train: Train, network: Network, offset: int) -> Examples:
    """Decide how examples are read.

    Args:
        train: The job.
        network: Its network.
        offset: The label of the first class.
    """
    data, classes = train.data, train.loss.classes
    inputs = network.inputs
    prepared = len(inputs) == 1 and inputs[0].value.type.rank == 4
    counted = "label" if train.loss.sole and "label" in classes else ""
    features = {item.feature: _parser(item) for item in (*data.inputs, *data.labels)}
    if data.boxes and prepared:
        corners = (f"{data.boxes}/{side}" for side in ("ymin", "xmin", "ymax", "xmax"))
        features |= dict.fromkeys(corners, "tf.io.VarLenFeature(tf.float32)")
    sizes = {one.name: one.value.type.shape[1:3] for one in inputs}
    read = [
        (item.name, _encoded(item) if prepared else _input(item, sizes[item.name]))
        for item in data.inputs
    ]
    labels = [
        (item.name, _label(item, offset if item.name == counted else 0))
        for item in data.labels
    ]
    return Examples(
        tuple(features.items()),
        _dict(read),
        _dict(labels),
        data.inputs[0].name if prepared else "",
        not prepared and any(item.image for item in data.inputs),
        classes,
        counted,
        data.boxes if prepared else "",
    )


def _parser(item: DataItem) -> str:
    if item.image:
        return "tf.io.FixedLenFeature([], tf.string)"
    return f"tf.io.FixedLenFeature({list(item.shape or ())}, tf.{item.dtype})"


def _dict(pairs: Sequence[tuple[str, str]]) -> str:
    """Write a dict of Python expressions."""
    return f"{{{', '.join(f'{python(name)}: {text}' for name, text in pairs)}}}"


def _feature(item: DataItem) -> str:
    return f"example[{python(item.feature)}]"


def _encoded(item: DataItem) -> str:
    """Write the only image: `preprocess` takes its pixels, which come decoded if raw."""
    return _raw(item) if item.raw else _feature(item)


def _input(item: DataItem, size: Sequence[int | None]) -> str:
    """Write an input among several: an image is brought to the size of the input."""
    if not item.image:
        return _feature(item)
    return f"fitted({_decoded(item)}, {list(size)})"


def _label(item: DataItem, offset: int) -> str:
    if item.image:
        return _decoded(item)
    return f"{_feature(item)} - LABELS_OFFSET" if offset else _feature(item)


def _decoded(item: DataItem) -> str:
    """Write how an image is decoded; numbers other than integers keep their values."""
    if item.raw:
        image = _raw(item)
    else:
        given = f"{_feature(item)}, {item.channels or 0}"
        image = f"decode_upright({given})"
        if item.dtype == "uint16":
            image = f"tf.io.decode_image({given}, tf.uint16, expand_animations=False)"
        if item.shape:
            image = f"tf.ensure_shape({image}, {list(item.shape)})"
    return f"tf.cast({image}, tf.float32)" if item.dtype == "float32" else image


def _raw(item: DataItem) -> str:
    kind = "tf.uint16" if item.dtype == "uint16" else "tf.uint8"
    shape = list(item.shape or ())
    return f"tf.reshape(tf.io.decode_raw({_feature(item)}, {kind}), {shape})"
