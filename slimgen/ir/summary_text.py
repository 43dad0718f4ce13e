"""A summary as an aligned table, and as JSON."""

import json
from collections.abc import Iterator, Sequence

from slimgen.ir.summary import NetworkSummary, Summary, SummaryTotals
from slimgen.ir.summary_rows import SummaryRow
from slimgen.layers.declaration import TensorType

HEAD = ("scope", "layer", "output", "parameters", "multiply-adds", "activations, bytes")
NUMBERS = 3  # the last columns are numbers and aligned at the right
INDENT = "  "


def summary_text(summary: Summary) -> str:
    """Write a summary as a table for each network."""
    return "\n".join(_network_text(network) for network in summary.networks)


def _network_text(network: NetworkSummary) -> str:
    inputs = ", ".join(f"{name} {type_}" for name, type_ in network.inputs)
    cells = [HEAD, *_cells(network.rows, 0)]
    return "\n".join(
        [
            f"{network.name}: {inputs}",
            "",
            *_aligned(cells),
            "",
            *_totals_text(network.totals),
            "",
        ]
    )


def _cells(rows: Sequence[SummaryRow], depth: int) -> Iterator[tuple[str, ...]]:
    for row in rows:
        indent = INDENT * depth
        if row.is_loop:
            yield (f"{indent}{row.name}", "", "", "", "", "")
            yield from _cells(row.rows, depth + 1)
            continue
        yield (
            f"{indent}{row.name or '-'}",
            row.word if row.count == 1 else f"{row.word} ×{row.count}",
            str(row.output),
            number(row.parameters),
            number(row.multiply_adds),
            number(row.activation_bytes),
        )


def _aligned(cells: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    texts = len(widths) - NUMBERS
    for row in cells:
        padded = [
            cell.ljust(width) if i < texts else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield (INDENT + INDENT.join(padded)).rstrip()


def _totals_text(totals: SummaryTotals) -> Iterator[str]:
    yield (
        f"parameters      {number(totals.parameters)} in {number(totals.variables)}"
        f" variables, {number(totals.trainable)} trainable,"
        f" {number(totals.regularized)} regularised"
    )
    yield f"multiply-adds   {number(totals.multiply_adds)}"
    yield f"weights         {memory(totals.weight_bytes)}"
    yield (
        f"activations     {memory(totals.activation_bytes)} of all layers,"
        f" {memory(totals.peak_bytes)} at once with the inputs"
    )


def number(value: int | None) -> str:
    """Write a number with its thousands apart; `?` for one that is not known."""
    return "?" if value is None else f"{value:,}"


def memory(value: int | None) -> str:
    """Write an amount of memory in the unit that suits it."""
    if value is None:
        return "?"
    amount, unit = float(value), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{value} bytes" if unit == "bytes" else f"{amount:,.1f} {unit}"


def summary_json(summary: Summary) -> str:
    """Write a summary as JSON; sizes that are free are null."""
    document = {"networks": [_network_json(network) for network in summary.networks]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _network_json(network: NetworkSummary) -> dict[str, object]:
    totals = network.totals
    return {
        "name": network.name,
        "scope": network.scope,
        "inputs": [_tensor_json(name, type_) for name, type_ in network.inputs],
        "outputs": [_tensor_json(name, type_) for name, type_ in network.outputs],
        "layers": [_row_json(row) for row in network.rows],
        "totals": {
            "parameters": totals.parameters,
            "trainable": totals.trainable,
            "variables": totals.variables,
            "regularized": totals.regularized,
            "multiply_adds": totals.multiply_adds,
            "weight_bytes": totals.weight_bytes,
            "activation_bytes": totals.activation_bytes,
            "peak_bytes": totals.peak_bytes,
        },
    }


def _tensor_json(name: str, type_: TensorType) -> dict[str, object]:
    return {"name": name or None, "shape": list(type_.shape), "dtype": type_.dtype}


def _row_json(row: SummaryRow) -> dict[str, object]:
    return {
        "scope": row.name or None,
        "layer": row.word or None,
        "count": row.count,
        "output": {"shape": list(row.output.shape), "dtype": row.output.dtype},
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "activation_bytes": row.activation_bytes,
        "layers": [_row_json(inner) for inner in row.rows],
    }
