"""The report on a file of weights, for people and for programs."""

import json
import math
import re
from collections.abc import Iterator, Sequence

from slimgen.ir.literal_text import literal
from slimgen.ir.weight_map import Transform
from slimgen.messages.names import listed
from slimgen.render.snippet import visible
from slimgen.weights.network_fit import SAME_NAMES, Fit, FittedPart
from slimgen.weights.proposing import Proposal
from slimgen.weights.reading import StoredValue, WeightFile

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


def _value(value: StoredValue) -> dict[str, object]:
    return {
        "name": value.name,
        "shape": list(value.shape),
        "dtype": value.dtype,
        "training_state": value.state,
    }


# A network beside it.


def fit_text(fit: Fit, proposal: Proposal) -> str:
    """Write the weights that a network loads, and rules for the rest."""
    by = f'by its map to "{fit.source}"' if fit.source is not None else "without a map"
    if fit.source == SAME_NAMES:
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
    lines += _hints(fit, proposal)
    lines += _rules(fit, proposal)
    return "\n".join([*lines, ""])


def _hints(fit: Fit, proposal: Proposal) -> Iterator[str]:
    """Hints: likely intentions, and options with which the file fits without rules."""
    amiss = [*fit.mismatched, *(part for part in fit.missing if part.source)]
    others = [part for part in fit.mismatched if not _in_head(part, fit.head)]
    if fit.loaded and not others and any(_in_head(part, fit.head) for part in amiss):
        heads = " and ".join(fit.head)
        option = 'restore(…, head="auto") or `--head auto`'
        yield f"{option} leaves out what depends on classes: {heads}"
    sizes_differ = bool(others) and not any(part.types for part in others)
    if sizes_differ and fit.parameters and not (fit.missing or proposal.rules):
        given = ", ".join(fit.parameters)
        yield (
            "all names are there, but sizes differ: "
            f"check the network's parameters, which `-D` sets ({given})"
        )


def _rules(fit: Fit, proposal: Proposal) -> Iterator[str]:
    if proposal.rename:
        option = f"restore(…, rename=\"{proposal.rename}\") or `--rename '{proposal.rename}'`"
        yield f"{option} finds {proposal.renamed} of {len(fit.missing)} variables"
    if proposal.unwritable:
        yield f"no rule can hold {visible(listed(proposal.unwritable, 3))}"
    rules = [*proposal.rules]
    if proposal.guessed:
        rules += ["# a guess, by order or likeness of names", *proposal.guessed]
    if not rules:
        return
    if fit.source in (None, SAME_NAMES):
        yield from ("", "rules that may fit:", f'weights {fit.format} "…" {{')
        yield from (f"{INDENT}{rule}" for rule in rules)
        yield "}"
        return
    # The first rule that fits a variable decides.
    statement = f'`weights {fit.format} "{fit.source}"`'
    yield from ("", f"rules that may fit, to put first in {statement}:", *rules)


def _in_head(part: FittedPart, scopes: Sequence[str]) -> bool:
    return any(f"{part.variable}/".startswith(f"{scope}/") for scope in scopes)


def _section(title: str, parts: Sequence[FittedPart]) -> Iterator[str]:
    yield f"{title}: {len(parts)}"
    rows = []
    for part in parts:
        row = [f"{part.variable} {literal(part.shape)}"] if part.variable else []
        if part.source:
            found = part.source_shape
            shape = "not there" if found is None else literal(found)
            row.append(f"{'<- ' if row else ''}{part.source} {shape}")
        keys = ", ".join([*_changes(part.transform), *filter(None, [part.types])])
        rows.append((*row, keys) if keys else tuple(row))
    yield from _table(rows)


def _changes(transform: Transform) -> Iterator[str]:
    for key, value in vars(transform).items():
        if value is not None:
            yield f"{key}={literal(value)}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    # Characters of a name that would steer the terminal are spelled out.
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [
        max(len(row[place]) for row in shown if len(row) > place)
        for place in range(max(map(len, shown), default=0))
    ]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"{INDENT}{'  '.join(cells).rstrip()}"


def fit_json(fit: Fit, proposal: Proposal) -> str:
    """Write the weights that a network loads, for programs."""
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
            "rules": [*proposal.rules, *proposal.guessed],
            "guessed": list(proposal.guessed),
            "unwritable": list(proposal.unwritable),
            "rename": proposal.rename or None,
        }
    )


def _part(part: FittedPart) -> dict[str, object]:
    found: dict[str, object] = {}
    if part.variable:
        found |= {"variable": part.variable, "shape": list(part.shape)}
    if part.source:
        shape = part.source_shape
        found |= {
            "source": part.source,
            "source_shape": None if shape is None else list(shape),
        }
    if part.types:
        found["types"] = part.types
    return found | {k: v for k, v in vars(part.transform).items() if v is not None}


def _document(found: dict[str, object]) -> str:
    text = json.dumps(found, indent=2, ensure_ascii=False)
    # Halves of surrogate pairs, which a name may hold, are no UTF-8.
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):x}", text) + "\n"
