"""The label that a term of the loss compares its output with, and whether it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.jobs.data import LABEL
from slimgen.elaborate.jobs.job_lines import key_span
from slimgen.elaborate.rejection import Rejected
from slimgen.frozen import Frozen
from slimgen.ir import jobs as ir
from slimgen.ir.graph import Network
from slimgen.layers.declaration import TensorType
from slimgen.layers.jobs.loss import LossKind
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree


class Unfit(Rejected):
    """The network's outputs are not what the job needs of them."""


class BlamedSpans(Frozen):
    """The parts of a job that are blamed for a term without a line."""

    word: str
    network: Span
    data: Span


class Items(Frozen):
    """The items of an example, by name.

    Attributes:
        labels: The items for the losses alone.
        inputs: Those for the network, with the shapes in which it takes them.
        images: The inputs that are images.
    """

    labels: dict[str, ir.DataItem]
    inputs: dict[str, ir.DataItem]
    images: frozenset[str]


def items_of(data: ir.Data, network: Network) -> Items:
    """Return the items that a term may name."""
    sizes = {given.name: given.value.type.shape[1:] for given in network.inputs}
    inputs = {
        item.name: (
            replace(
                item,
                image=False,
                shape=tuple(size or 0 for size in sizes[item.name]),
                dtype="float32",
            )
            if item.image
            else item
        )
        for item in data.inputs
    }
    images = frozenset(item.name for item in data.inputs if item.image)
    return Items({item.name: item for item in data.labels}, inputs, images)


def read_target(
    line: LossKind,
    statement: tree.Line | None,
    output: TensorType,
    items: Items,
    job: BlamedSpans,
) -> ir.Target:
    """Return the label of a term whose output is known, or raise Rejected."""
    item = _item(line, statement, items, job.data)
    if line.labels == "identities":
        return _identity(line, statement, output, item, job)
    found = fitting(item, output)
    if line.labels == "stored":
        classes = found.classes if found else 0
        found = ir.Target(item.name, classes, dtype=item.dtype)
    elif found is None or not _allowed(line, found.classes):
        raise Unfit(_unfit(line, statement, output, item, job))
    return replace(found, prepared=item.name in items.images)


def _allowed(line: LossKind, classes: int) -> bool:
    """Return whether a loss takes a label of so many classes; 0: of numbers."""
    return classes > 0 if line.labels == "classes" else classes != 1


def _identity(
    line: LossKind,
    statement: tree.Line | None,
    output: TensorType,
    item: ir.DataItem,
    job: BlamedSpans,
) -> ir.Target:
    """Return the label that says which rows of a batch are alike."""
    span = key_span(statement, "label") if statement else job.network
    where = f"`loss {line.form}`"
    if output.rank != 2:
        needed, found = "an output [batch, numbers]", str(output)
        raise Unfit(messages.wrong_value(span, where, needed, found))
    if item.shape != () or item.dtype == "float32":
        needed = "a label [batch] int64"
        raise Unfit(messages.wrong_value(span, where, needed, _shown(item)))
    return ir.Target(item.name, dtype=item.dtype)


def _unfit(
    line: LossKind,
    statement: tree.Line | None,
    output: TensorType,
    item: ir.DataItem,
    job: BlamedSpans,
) -> Diagnostic:
    """Report an output, or a label, that a term does not take."""
    where = f"`loss {line.form}`" if statement else f"`{job.word}` without `loss`"
    span = key_span(statement, "label") if statement else job.network
    classes = f"classes {TensorType(output.shape[:-1], 'int64')}"
    if line.labels == "classes" and (
        output.rank < 2 or item.shape == () != output.shape[2:]
    ):
        expected, found = "an output [batch, classes]", str(output)
    elif line.labels == "classes":
        expected, found = f"{classes} for the output {output}", _shown(item)
    else:
        many = output.rank > 1 and output.shape[-1] != 1
        expected = f"a label {output}{f', or {classes}' if many else ''}"
        found = _shown(item)
    help = _remedy(item, output) if statement else "say its loss: `loss KIND`"
    return messages.wrong_value(span, where, expected, found, help)


def _item(
    line: LossKind, statement: tree.Line | None, items: Items, span: Span
) -> ir.DataItem:
    """Return the item that a term names, else that of its output's name, else `label`."""
    name, output = line.label, line.output
    if name is not None and statement is not None:
        return _known(statement, "label", name, items)
    for key in (output, LABEL):
        if key is not None and key in items.labels:
            return items.labels[key]
    own = f"or `{output}`, " if output else ""
    doc = f"{own}the label of `loss {line.form}`"
    if not items.labels and statement is not None:
        doc += f"; `label={next(iter(items.inputs))}` takes an input"
    raise Rejected(messages.missing_argument(span, "data", LABEL, doc))


def _known(statement: tree.Line, key: str, name: str, items: Items) -> ir.DataItem:
    """Return the item that a key of a line names: a label, or an input of the network."""
    known = {**items.inputs, **items.labels}
    if name not in known:
        span = messages.value_of(key_span(statement, key))
        raise Rejected(messages.unknown_word(span, name, known, what="item in `data`"))
    return known[name]


def fitting(item: ir.DataItem, output: TensorType) -> ir.Target | None:
    """Return how a label is compared with an output: as classes or as numbers."""
    whole = output.shape[1:]
    if _fits(item, whole):
        return ir.Target(item.name, dtype=item.dtype)
    if item.dtype == "float32" or not whole or whole[-1] is None:
        return None
    target = ir.Target(item.name, whole[-1], dtype=item.dtype)
    if _fits(item, whole[:-1]):
        return target
    if len(whole) > 1 and _fits(item, (*whole[:-1], 1)):
        return replace(target, squeezed=True)
    return None


def _fits(item: ir.DataItem, sizes: Sequence[int | None]) -> bool:
    """Return whether an item has these sizes, or is an image that may have them."""
    if item.shape is not None:
        return item.shape == tuple(sizes)
    known = len(sizes) == 3 and None not in sizes
    return known and item.channels in (None, sizes[-1])


def _shown(item: ir.DataItem) -> str:
    """Write shape and dtype of an item."""
    sizes = (None, None, item.channels) if item.shape is None else item.shape
    return f"`{item.name}` {TensorType((None, *sizes))} {item.dtype}"


def _remedy(item: ir.DataItem, output: TensorType) -> str:
    """Propose a shape where the label is one number, and the output has one."""
    single = item.shape == () and output.shape[1:] == (1,)
    return f"declare it with its axis: `{item.name} … shape=[1]`" if single else ""


def read_weights(
    line: LossKind, statement: tree.Line | None, output: TensorType, items: Items
) -> ir.LossWeights | None:
    """Return the weights that a term names, or raise Rejected."""
    name = line.weights_item()
    if name is None or statement is None:
        return None
    item = _known(statement, "weights", name, items)
    losses = _losses(line, output)
    found = fitting_weights(item, losses)
    if found is not None:
        return replace(found, prepared=item.name in items.images)
    each = f" or {TensorType((None, *losses))}" if losses else ""
    where, needed = f"`weights` of `loss {line.form}`", f"an item [batch]{each}"
    span = key_span(statement, "weights")
    raise Unfit(messages.wrong_value(span, where, needed, _shown(item)))


def _losses(line: LossKind, output: TensorType) -> tuple[int | None, ...]:
    """The sizes of an example's losses before their mean."""
    sizes = output.shape[1:]
    if line.labels == "classes":
        return sizes[:-1]
    return () if line.by_example else sizes


def fitting_weights(
    item: ir.DataItem, losses: Sequence[int | None]
) -> ir.LossWeights | None:
    """Return how an item weighs losses: by its first axes, a last one of 1 apart."""
    whole = item.dtype != "float32"
    for end in range(len(losses) + 1):
        if _fits(item, losses[:end]):
            return ir.LossWeights(item.name, whole=whole)
    for end in range(1, len(losses) + 1):
        if _fits(item, (*losses[:end], 1)):
            return ir.LossWeights(item.name, squeezed=True, whole=whole)
    return None


def with_compared_inputs(data: ir.Data, loss: ir.Loss) -> ir.Data:
    """Read the inputs that terms name, other than images, as labels too.

    So they are checked as labels are: that classes are in range, and weights not negative.
    """
    named = {term.target.label for term in loss.terms if not term.target.prepared}
    weights = [term.weights for term in loss.terms if term.weights]
    named |= {one.item for one in weights if not one.prepared}
    both = tuple(item for item in data.inputs if item.name in named)
    return replace(data, labels=(*data.labels, *both))


def with_sizes(data: ir.Data, sizes: Mapping[str, Sequence[int]]) -> ir.Data:
    """Give images without a size that of the output or the losses that they belong to."""
    labels = tuple(
        (
            replace(item, shape=tuple(sizes[item.name]))
            if item.shape is None and item.name in sizes
            else item
        )
        for item in data.labels
    )
    return replace(data, labels=labels)


def sizes_of(loss: ir.Loss, outputs: Sequence[TensorType]) -> dict[str, Sequence[int]]:
    """Return the sizes of images among the labels; a user's function takes any."""
    found: dict[str, Sequence[int]] = {}
    for term, output in zip(loss.terms, outputs, strict=True):
        if term.function or output.rank != 4:
            continue
        height, width, channels = (size or 0 for size in output.shape[1:])
        if term.weights is not None:
            last = 1 if term.weights.squeezed else channels
            found[term.weights.item] = height, width, last
        last = 1 if term.target.squeezed else channels
        found[term.target.label] = height, width, last
    return found
