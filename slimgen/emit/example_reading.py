"""How the emitted file reads examples: features of a record, and what they become."""

from collections.abc import Sequence
from dataclasses import dataclass

from slimgen.emit.tensorflow.values import python
from slimgen.ir.jobs import DataItem, Train


@dataclass(frozen=True)
class Examples:
    """What templates see of `data`.

    Attributes:
        features: The features of a record, each with how it is parsed.
        inputs, labels: The dicts of what is parsed, as Python.
        image: The input that `preprocess` makes; "" where that is another's business.
        image_decoded: How it is decoded, as Python.
        decoded: Dict, name and Python for each other image.
        foldable: A folder with a folder for each class would hold the same.
        classes: How many classes each label tells apart that has classes.
        counted: The label from which the offset of the network's labels is taken; "": none.
        boxes: Where boxes around objects are, which `preprocess` takes; "": nowhere.
    """

    features: tuple[tuple[str, str], ...]
    inputs: str
    labels: str
    image: str
    image_decoded: str
    decoded: tuple[tuple[str, str, str], ...]
    foldable: bool
    classes: dict[str, int]
    counted: str
    boxes: str


def describe_examples(train: Train, preprocessed: bool) -> Examples:
    """Decide how examples are read; `preprocessed`: the network takes one image."""
    data, classes = train.data, train.loss.classes
    counted = "label" if train.loss.sole and "label" in classes else ""
    features = {item.feature: _parser(item) for item in (*data.inputs, *data.labels)}
    if data.boxes and preprocessed:
        corners = (f"{data.boxes}/{side}" for side in ("ymin", "xmin", "ymax", "xmax"))
        features |= dict.fromkeys(corners, "tf.io.VarLenFeature(tf.float32)")
    first = data.inputs[0]
    decoded = [] if preprocessed else [_input(i) for i in data.inputs if i.image]
    decoded += [("labels", i.name, _typed(i, "labels")) for i in data.labels if i.image]
    encoded = f"inputs[{python(first.name)}]"
    whole = f"decode_image({encoded}, network)"
    return Examples(
        tuple(features.items()),
        _dict(data.inputs),
        _dict(data.labels, counted),
        first.name if preprocessed else "",
        _raw(first, encoded) if first.raw else whole,
        tuple(decoded),
        data.foldable,
        classes,
        counted,
        data.boxes if preprocessed else "",
    )


def _parser(item: DataItem) -> str:
    if item.image:
        return "tf.io.FixedLenFeature([], tf.string)"
    return f"tf.io.FixedLenFeature({list(item.shape or ())}, tf.{item.dtype})"


def _dict(items: Sequence[DataItem], counted: str = "") -> str:
    """Write the dict of some items; `counted` is the one that labels classes."""
    pairs = []
    for item in items:
        offset = " - LABELS_OFFSET" if item.name == counted else ""
        pairs.append(f"{python(item.name)}: example[{python(item.feature)}]{offset}")
    return f"{{{', '.join(pairs)}}}"


def _input(item: DataItem) -> tuple[str, str, str]:
    """An image among several inputs: brought to the size that the network takes."""
    image = _typed(item, "inputs")
    name = python(item.name)
    return "inputs", item.name, f"fitted({image}, network.inputs[{name}])"


def _typed(item: DataItem, where: str) -> str:
    """Write how an image is decoded; numbers other than integers keep their values."""
    encoded = f"{where}[{python(item.name)}]"
    if item.raw:
        image = _raw(item, encoded)
    else:
        kind = ", tf.uint16" if item.dtype == "uint16" else ""
        given = f"{encoded}, {item.channels or 0}{kind}"
        image = f"tf.io.decode_image({given}, expand_animations=False)"
        if item.shape:
            image = f"tf.ensure_shape({image}, {list(item.shape)})"
    return f"tf.cast({image}, tf.float32)" if item.dtype == "float32" else image


def _raw(item: DataItem, encoded: str) -> str:
    kind = "tf.uint16" if item.dtype == "uint16" else "tf.uint8"
    return f"tf.reshape(tf.io.decode_raw({encoded}, {kind}), {list(item.shape or ())})"
