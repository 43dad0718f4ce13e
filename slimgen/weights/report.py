"""What is known about a file of weights, for people and for programs."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from slimgen.ir.text import literal
from slimgen.ir.weights import Transform
from slimgen.weights.fitting import Fit, Part
from slimgen.weights.reading import Value, WeightFile

NAMES = {
    "slim": "a checkpoint of TensorFlow",
    "keras": "weights of Keras",
    "caffe": "a dictionary of arrays",
    "safetensors": "safetensors",
}
INDENT = "  "


def listing_text(file: WeightFile) -> str:
    """Write the names in a file with shapes and types."""
    rows = [(v.name, literal(list(v.shape)), v.dtype) for v in file.values]
    count = sum(math.prod(v.shape) for v in file.values if not v.state)
    noun = "value" if len(rows) == 1 else "values"
    head = f"{NAMES[file.format]}: {len(rows)} {noun}, {count:,} numbers"
    return "\n".join([head, *_table(rows), ""])


def listing_json(file: WeightFile) -> str:
    """Write the names in a file for programs."""
    return _document({"format": file.format, "values": list(map(_value, file.values))})


def _value(value: Value) -> dict[str, Any]:
    return {
        "name": value.name,
        "shape": list(value.shape),
        "dtype": value.dtype,
        "training_state": value.state,
    }


# A network beside it.


def fit_text(fit: Fit, rules: Sequence[str]) -> str:
    """Write what a network would load, and rules for the rest."""
    by = f'by its map to "{fit.source}"' if fit.source is not None else "without a map"
    if fit.format == "slim":
        by = "by the same names"
    lines = [f"{fit.network} from {NAMES[fit.format]}, {by}"]
    transformed = [part for part in fit.loaded if part.transform != Transform()]
    lines.append(f"loaded: {len(fit.loaded)}")
    lines += _section("transformed", transformed)
    lines += _section("left out", fit.left_out)
    lines += _section("missing", fit.missing)
    lines += _section("mismatched", fit.mismatched)
    lines += _section("unused", fit.unused)
    lines.append(f"training state: {len(fit.training_state)}")
    if any(_in_head(part, fit.head) for part in fit.mismatched):
        heads = " and ".join(fit.head)
        lines.append(
            f'restore(…, head="auto") leaves out what depends on classes: {heads}'
        )
    if rules:
        lines += ["", "rules that may fit:", f'weights {fit.format} "…" {{']
        lines += [*(f"{INDENT}{rule}" for rule in rules), "}"]
    return "\n".join([*lines, ""])


def _in_head(part: Part, scopes: Sequence[str]) -> bool:
    return any(f"{part.variable}/".startswith(f"{scope}/") for scope in scopes)


def _section(title: str, parts: Sequence[Part]) -> Iterator[str]:
    yield f"{title}: {len(parts)}"
    rows = []
    for part in parts:
        row = [f"{part.variable} {literal(part.shape)}"] if part.variable else []
        if part.source:
            found = part.source_shape
            shape = "not there" if found is None else literal(found)
            row.append(f"{'<- ' if row else ''}{part.source} {shape}")
        keys = ", ".join(_changes(part.transform))
        rows.append((*row, keys) if keys else tuple(row))
    yield from _table(rows)


def _changes(transform: Transform) -> Iterator[str]:
    for key, value in vars(transform).items():
        if value is not None:
            yield f"{key}={literal(value)}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [
        max(len(row[place]) for row in rows if len(row) > place)
        for place in range(max(map(len, rows), default=0))
    ]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"{INDENT}{'  '.join(cells).rstrip()}"


def fit_json(fit: Fit, rules: Sequence[str]) -> str:
    """Write what a network would load for programs."""
    transformed = [part for part in fit.loaded if part.transform != Transform()]
    return _document(
        {
            "format": fit.format,
            "network": fit.network,
            "map": fit.source,
            "loaded": list(map(_part, fit.loaded)),
            "transformed": [part.variable for part in transformed],
            "left_out": list(map(_part, fit.left_out)),
            "missing": list(map(_part, fit.missing)),
            "mismatched": list(map(_part, fit.mismatched)),
            "unused": list(map(_part, fit.unused)),
            "training_state": [part.source for part in fit.training_state],
            "head": list(fit.head),
            "rules": list(rules),
        }
    )


def _part(part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if part.variable:
        found |= {"variable": part.variable, "shape": list(part.shape)}
    if part.source:
        shape = part.source_shape
        found |= {
            "source": part.source,
            "source_shape": None if shape is None else list(shape),
        }
    return found | {k: v for k, v in vars(part.transform).items() if v is not None}


def _document(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
