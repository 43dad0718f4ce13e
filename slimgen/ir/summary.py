"""The costs of a network: a row for each layer, repeats and small blocks folded, and totals.

All figures are for one example. Counted on the unrolled network, so that passes change none.
"""

import math
from collections.abc import Iterable, Sequence

from slimgen.frozen import Frozen
from slimgen.ir.graph import Graph, Network
from slimgen.ir.summary_rows import SummaryRow, fold, total
from slimgen.ir.unroll import (
    Applied,
    Entered,
    Part,
    Tapped,
    Unrolled,
    UnrolledTensor,
    applied,
    unroll,
)
from slimgen.layers.declaration import Layer, Shape, TensorType, VariableSpec

BYTES = {
    "bool": 1,
    "uint8": 1,
    "float16": 2,
    "bfloat16": 2,
    "int32": 4,
    "float32": 4,
    "int64": 8,
    "float64": 8,
}


LARGEST_ROW = 16
"""The layers of a block that is shown as one row; a larger one is shown by its parts."""


class SummaryTotals(Frozen):
    """Sums over a network; None where a free size leaves them open.

    Attributes:
        parameters: Elements of all model variables.
        trainable: Those of them that training changes.
        variables: How many model variables there are.
        regularized: How many terms of the loss regularise them.
        weight_bytes: Memory of all variables.
        multiply_adds: Multiplications with additions.
        activation_bytes: Memory of the outputs of all layers.
        peak_bytes: Memory of the tensors that are needed at once in inference, at most.
    """

    parameters: int
    trainable: int
    variables: int
    regularized: int
    weight_bytes: int
    multiply_adds: int | None
    activation_bytes: int | None
    peak_bytes: int | None


class NetworkSummary(Frozen):
    """The table of one network; names in it are relative to `scope`."""

    name: str
    scope: str
    inputs: tuple[tuple[str, TensorType], ...]
    outputs: tuple[tuple[str, TensorType], ...]
    rows: tuple[SummaryRow, ...]
    totals: SummaryTotals


class Summary(Frozen):
    """The tables of all networks of a graph."""

    networks: tuple[NetworkSummary, ...]


def summarize(graph: Graph) -> Summary:
    """Count the costs of each network of a graph."""
    return Summary(tuple(_network(graph, network) for network in graph.networks))


def _network(graph: Graph, network: Network) -> NetworkSummary:
    unrolled = unroll(graph, network)
    return NetworkSummary(
        network.name,
        network.scope,
        tuple((name, tensor.type) for name, tensor in unrolled.inputs),
        tuple((name, tensor.type) for name, tensor in unrolled.outputs),
        fold(_rows(unrolled.parts, network.scope)),
        _totals(network, unrolled),
    )


# Rows.


def _rows(parts: Iterable[Part], root: str) -> list[SummaryRow]:
    rows: list[SummaryRow] = []
    for part in parts:
        if isinstance(part, Applied):
            rows.append(_layer_row(part, root))
        elif isinstance(part, Tapped):
            continue
        elif _is_one_row(part):
            rows.append(_block_row(part, root))
        else:
            rows += (row.within(part.steps) for row in _rows(part.parts, root))
    return rows


def _is_one_row(block: Entered) -> bool:
    """True if a call is shown as one row: if it has a scope, and not too many layers."""
    return block.opens and 1 < _size(block) <= LARGEST_ROW


def _size(block: Entered) -> int:
    return sum(1 for _ in applied(block.parts))


def _layer_row(part: Applied, root: str) -> SummaryRow:
    # Layers that compute the same are alike, however the source writes their arguments.
    layer = part.layer.canonical([tensor.type for tensor in part.inputs])
    return SummaryRow(
        "" if part.scope is None else _own_name(part.scope, root),
        _word(layer),
        part.output.type,
        _parameters(part),
        _multiply_adds(part),
        _output_bytes(part),
        likeness=layer,
        steps=part.steps,
    )


def _block_row(block: Entered, root: str) -> SummaryRow:
    rows = _rows(block.parts, root)
    return SummaryRow(
        _own_name(block.scope, root),
        block.block,
        block.output.type,
        sum(row.parameters for row in rows),
        total(row.multiply_adds for row in rows),
        total(row.activation_bytes for row in rows),
        rows=fold(rows),
        steps=block.steps,
    )


def _own_name(scope: str, root: str) -> str:
    return scope.removeprefix(f"{root}/") if root else scope


def _word(layer: Layer) -> str:
    activation = getattr(layer, "activation", None)
    return activation.word if layer.word == "activate" and activation else layer.word


# Figures.


def _specs(part: Applied) -> tuple[VariableSpec, ...]:
    if part.shared:
        return ()
    return part.layer.variables([tensor.type for tensor in part.inputs])


def _parameters(part: Applied) -> int:
    return sum(math.prod(spec.shape) for spec in _specs(part) if spec.saved)


def _multiply_adds(part: Applied) -> int | None:
    inputs = [tensor.type for tensor in part.inputs]
    work = part.layer.multiply_adds(inputs, (part.output.type,))
    if work or not any(map(_is_open, (*inputs, part.output.type))):
        return work
    # A layer that works at every size works at a free one, by an amount that is not known.
    least = part.layer.multiply_adds(
        [*map(_closed, inputs)], (_closed(part.output.type),)
    )
    return None if least else 0


def _is_open(tensor: TensorType) -> bool:
    return None in tensor.shape[1:]


def _closed(tensor: TensorType) -> TensorType:
    batch: Shape = tensor.shape[:1]
    return TensorType(batch + tuple(n or 1 for n in tensor.shape[1:]), tensor.dtype)


def _bytes(tensor: TensorType) -> int | None:
    lengths = tensor.example
    if None in lengths:
        return None
    return math.prod(n for n in lengths if n is not None) * BYTES[tensor.dtype]


def _output_bytes(part: Applied) -> int | None:
    return _bytes(part.output.type) if part.inputs else 0  # a variable is no activation


def _totals(network: Network, unrolled: Unrolled) -> SummaryTotals:
    parts = list(unrolled.applied())
    specs = [variable.spec for variable in network.variables]
    saved = [spec for spec in specs if spec.saved]
    return SummaryTotals(
        sum(math.prod(spec.shape) for spec in saved),
        sum(math.prod(spec.shape) for spec in saved if spec.trainable),
        len(saved),
        sum(1 for spec in specs if spec.regularizer is not None),
        sum(math.prod(spec.shape) * BYTES[spec.dtype] for spec in specs),
        total(map(_multiply_adds, parts)),
        total(map(_output_bytes, parts)),
        _peak(unrolled, parts),
    )


def _peak(unrolled: Unrolled, parts: Sequence[Applied]) -> int | None:
    """Follow which tensors are still needed; the inputs are, too."""
    last_use = {t.number: i for i, part in enumerate(parts) for t in part.inputs}
    last_use |= {tensor.number: len(parts) for _, tensor in unrolled.outputs}
    live: dict[int, int] = {}

    def keep(tensor: UnrolledTensor) -> bool:
        size = _bytes(tensor.type)
        live[tensor.number] = size or 0
        return size is not None

    if not all(keep(tensor) for _, tensor in unrolled.inputs):
        return None
    now = peak = sum(live.values())
    for position, part in enumerate(parts):
        if part.inputs:
            if not keep(part.output):
                return None
            now += live[part.output.number]
        peak = max(peak, now)
        for tensor in {t.number: t for t in (*part.inputs, part.output)}.values():
            if last_use.get(tensor.number, -1) <= position:
                now -= live.pop(tensor.number, 0)
    return peak
