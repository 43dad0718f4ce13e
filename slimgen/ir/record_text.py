"""Jobs, maps and the like as text: a line a record, its parts below it."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass

from slimgen.ir.jobs import Job, LabelNames
from slimgen.ir.literal_text import literal
from slimgen.ir.weight_map import MapEntry, WeightMap

INDENT = "  "


def job_lines(job: Job) -> Iterator[str]:
    """Yield the lines of a job; settings at their defaults are left out."""
    return record_lines(type(job).__name__.lower(), job)


def record_lines(word: str, record: object) -> Iterator[str]:
    """Yield a record's plain fields behind its word, then its records, indented."""
    plain: list[str] = []
    parts: list[str] = []
    for one in fields(record):  # type: ignore[arg-type]  # a dataclass of ir/jobs.py
        value: object = getattr(record, one.name)
        if value == _default(one):
            continue
        inner = value if isinstance(value, tuple) else (value,)
        if inner and all(map(is_dataclass, inner)):
            parts += [line for item in inner for line in record_lines(one.name, item)]
        else:
            plain.append(f"{one.name}={literal(value)}")
    head = " ".join([word, *plain])
    return _with_parts(head, parts)


def map_lines(found: WeightMap) -> Iterator[str]:
    """Yield a map's entries, a variable a line, then the patterns and the variables without an entry."""
    head = f'weights {found.format} "{found.source}"'
    parts = [_entry(entry) for entry in found.entries]
    parts += [f'ignore "{pattern}"' for pattern in found.ignored]
    return _with_parts(head, [*parts, *(f"{name} unsaid" for name in found.unsaid)])


def label_lines(labels: LabelNames) -> Iterator[str]:
    """Yield the label of the first class, and the names, one a line."""
    offset = f" offset={labels.offset}" if labels.offset else ""
    return _with_parts(f"labels{offset}", [literal(name) for name in labels.names])


def _entry(entry: MapEntry) -> str:
    steps = "".join(
        f" {one.name}={literal(getattr(entry.transform, one.name))}"
        for one in fields(entry.transform)
        if getattr(entry.transform, one.name) is not None
    )
    return f'{entry.variable} = "{entry.source}"{steps}'


def _with_parts(head: str, parts: list[str]) -> Iterator[str]:
    if not parts:
        yield head
        return
    yield f"{head} {{"
    yield from (f"{INDENT}{part}" for part in parts)
    yield "}"


def _default(one: "Field[object]") -> object:
    if one.default_factory is not MISSING:
        return one.default_factory()
    return one.default
