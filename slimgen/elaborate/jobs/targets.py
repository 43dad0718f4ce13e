"""The label that a term of the loss compares its output with, and whether it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.jobs.data import LABEL
from slimgen.elaborate.jobs.lines import place_of
from slimgen.elaborate.report import Rejected
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.loss import Python, Term
from slimgen.layers.spec import TensorType
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree


class Unfit(Rejected):
    """The network's outputs are not what the job needs of them."""


@dataclass(frozen=True)
class Places:
    """Where a job has what a term without a line is blamed on."""

    word: str
    network: Span
    data: Span


def read_target(
    line: Term, said: tree.Line | None, output: TensorType, data: ir.Data, job: Places
) -> ir.Target:
    """Return the label of a term whose output is known, or raise Rejected."""
    item = _item(line, said, data, job.data)
    found = fitting(item, output)
    if isinstance(line, Python):
        classes = found.classes if found else 0
        return ir.Target(item.name, classes, dtype=item.dtype)
    if found is not None and found.classes > (0 if line.classes_only else 1):
        return found
    if found is not None and not found.classes and not line.classes_only:
        return found
    raise Unfit(_unfit(line, said, output, item, job))


def _unfit(
    line: Term, said: tree.Line | None, output: TensorType, item: ir.Item, job: Places
) -> Diagnostic:
    """Say what a term takes instead of its output, or of its label."""
    where = f"`loss {line.form}`" if said else f"`{job.word}` without `loss`"
    place = place_of(said, "label") if said else job.network
    classes = f"classes {TensorType(output.shape[:-1], 'int64')}"
    if line.classes_only and (output.rank < 2 or item.shape == () != output.shape[2:]):
        expected, found = "an output [batch, classes]", str(output)
    elif line.classes_only:
        expected, found = f"{classes} for the output {output}", _shown(item)
    else:
        many = output.rank > 1 and output.shape[-1] != 1
        expected = f"a label {output}{f', or {classes}' if many else ''}"
        found = _shown(item)
    help = _remedy(item, output) if said else "say its loss: `loss KIND`"
    return messages.wrong_value(place, where, expected, found, help)


def _item(line: Term, said: tree.Line | None, data: ir.Data, place: Span) -> ir.Item:
    """Return the item that a term names, else that of its output's name, else `label`."""
    items = {item.name: item for item in data.labels}
    name = getattr(line, "label", None)
    if name is not None and name not in items and said is not None:
        span, what = messages.value_of(place_of(said, "label")), "label in `data`"
        raise Rejected(messages.unknown_word(span, name, items, what=what))
    output = getattr(line, "output", None)
    for one in (name, output, LABEL):
        if one in items:
            return items[one]
    own = f"or `{output}`, " if output else ""
    doc = f"{own}the label of `loss {line.form}`"
    raise Rejected(messages.missing_argument(place, "data", LABEL, doc))


def fitting(item: ir.Item, output: TensorType) -> ir.Target | None:
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


def _fits(item: ir.Item, sizes: Sequence[int | None]) -> bool:
    """Whether an item has these sizes, or is an image that may have them."""
    if item.shape is not None:
        return item.shape == tuple(sizes)
    known = len(sizes) == 3 and None not in sizes
    return known and item.channels in (None, sizes[-1])


def _shown(item: ir.Item) -> str:
    """Write shape and dtype of an item."""
    sizes = (None, None, item.channels) if item.shape is None else item.shape
    return f"`{item.name}` {TensorType((None, *sizes), item.dtype)}"


def _remedy(item: ir.Item, output: TensorType) -> str:
    """Propose a shape where the label is one number, and the output has one."""
    one = item.shape == () and output.shape[1:] == (1,)
    return f"declare it with its axis: `{item.name} … shape=[1]`" if one else ""


def with_sizes(data: ir.Data, outputs: Mapping[str, TensorType]) -> ir.Data:
    """Give images without a size that of the output that they are a label for."""
    return replace(
        data,
        labels=tuple(_with_size(one, outputs.get(one.name)) for one in data.labels),
    )


def _with_size(item: ir.Item, output: TensorType | None) -> ir.Item:
    if item.shape is not None or output is None:
        return item
    target = fitting(item, output)
    if target is None:
        return item
    height, width, channels = output.shape[1:]
    assert height is not None
    assert width is not None
    last = 1 if target.squeezed else channels or 0
    return replace(item, shape=(height, width, last))
