"""… names and reports."""

import contextlib
import dataclasses
import difflib
import fnmatch
import functools
import re
from collections import namedtuple

import numpy as np

from slimgen.templates.runtime.flags import (
    IGNORES,
    OTHER_TYPES,
    RENAMED,
    SEVERAL_FORMATS,
    TRAINS,
    TRANSFORMS,
)

if TRAINS:

    class UserError(ValueError):
        """A mistake in what the program was given; the message is one line."""

    class RestoreError(UserError):
        """Weights cannot be loaded; `report`, if there is one, lists the reasons."""

        def __init__(self, message, report=None):
            super().__init__(message)
            self.report = report

else:

    class RestoreError(ValueError):
        """Weights cannot be loaded; `report`, if there is one, lists the reasons."""

        def __init__(self, message, report=None):
            super().__init__(message)
            self.report = report


class Report:
    """Variables of the model and names of a source, by what `restore` does."""

    def __init__(self):
        self.loaded = []  # variables
        self.transformed = []  # loaded by way of an `Entry`  # if TRANSFORMS
        self.renamed = []  # loaded by the names of `weights slim`  # if RENAMED
        self.averaged = []  # loaded from their moving averages
        self.not_averaged = []  # likewise asked for, but the source has no average
        self.left_out = []  # variables that keep their values on purpose
        self.missing = []  # variables that the source does not hold
        self.mismatched = []  # variables of another shape or type, with both
        self.unused = []  # names of the source that no variable takes
        self.training_state = []  # likewise: steps, averages, optimizer slots
        self.not_finite = []  # loaded variables that hold NaN or infinity

    def __str__(self):
        """List everything but the loaded variables and the training state."""
        lines = []
        for kind, names in vars(self).items():
            lines.append(f"{kind.replace('_', ' ')}: {len(names)}")
            if kind not in ("loaded", "training_state"):
                lines += [f"  {name}" for name in names]
        return "\n".join(lines)

    def summary(self, *kinds):
        """Return the number of names of each kind, and the first ones, in one line."""
        texts = []
        for kind in kinds:
            if names := getattr(self, kind):
                shown = names
                if kind == "training_state":  # "*/Momentum" is a slot
                    shown = [*dict.fromkeys(re.sub(r".+/", "*/", n) for n in names)]
                elif kind in ("left_out", "missing", "unused"):
                    shown = grouped(names, [*self.loaded, *self.mismatched])
                first = ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")
                texts.append(f"{len(names)} {kind.replace('_', ' ')} ({first})")
        return "; ".join(texts)


def grouped(names, others):
    """Return `names`; those below a scope that holds none of `others` by that scope."""
    groups = {}
    for name in names:
        ends = [end.start() + 1 for end in re.finditer("/", name)][1:]  # of scopes
        free = (
            name[:end]
            for end in ends
            if not any(o.startswith(name[:end]) for o in others)
        )
        groups.setdefault(next(free, name).rstrip("/"), []).append(name)
    return [scope if len(group) > 1 else group[0] for scope, group in groups.items()]


def read_value(model, path, weights, name, entries):
    """Return a variable's value in the source, in the variable's type."""
    dtype = np.dtype(model.named_variables[name].dtype.as_numpy_dtype)
    with explained(f"{path} cannot be read"), np.errstate(over="ignore"):
        stored = weights.read(str(entries[name]))
        if TRANSFORMS:
            stored = arranged(entries[name], stored)
        value = np.asarray(stored, dtype)
        kept = np.isfinite(value) == np.isfinite(stored)
        if OTHER_TYPES and dtype.kind in "iu":
            kept = value == stored
        if not kept.all():
            raise ValueError(f"{entries[name]} holds values beyond {dtype}")
    return value


def compare(model, weights, chosen, entries):
    """Return the `Report` on loading the variables `chosen`; read no values."""
    report = Report()
    for name, variable in model.named_variables.items():
        if name not in chosen:
            report.left_out.append(name)
            continue
        shape, dtype, entry = tuple(variable.shape), variable.dtype.name, entries[name]
        found, stored = weights.shapes.get(str(entry)), weights.dtypes.get(str(entry))
        found = arranged_shape(entry, found)  # if TRANSFORMS
        if found is None:
            report.missing.append(name)
        elif found != shape:
            report.mismatched.append(f"{name}: {[*shape]} here, {[*found]} there")
        elif OTHER_TYPES and number_kind(dtype) != number_kind(stored):
            report.mismatched.append(f"{name}: {dtype} here, {stored} there")
        elif not OTHER_TYPES and "float" not in stored:
            report.mismatched.append(f"{name}: {dtype} here, {stored} there")
        else:
            report.loaded.append(name)
            if TRANSFORMS and isinstance(entry, Entry):
                report.transformed.append(name)
    used = {str(one) for one in entries.values()}
    used |= {name.removesuffix(AVERAGE) for name in used}
    if IGNORES:
        ignored = getattr(model, "IGNORED", {}).get(weights.format, ())
        used |= {n for n in weights.shapes for p in ignored if re.fullmatch(p, n)}
    for name in sorted(weights.shapes.keys() - used):
        state = name in weights.training_state
        (report.training_state if state else report.unused).append(name)
    return report


def number_kind(dtype):
    """Return what a type stands for: float for float64 and bfloat16, int for uint8."""
    found = re.fullmatch(r"[bu]?(float|int)\d+", dtype)
    return found[1] if found else dtype


def selected(model, include, exclude, head):
    """Return the names of the variables to load, in their order."""
    if head not in ("strict", "auto"):
        raise RestoreError(f'head is "strict" or "auto", not {head!r}')
    chosen = set(model.named_variables) if include is None else matching(model, include)
    chosen -= matching(model, exclude)
    if head == "auto":
        chosen -= matching(model, model.HEAD)
    if model.named_variables and not chosen:
        raise RestoreError("include, exclude and head leave nothing to load")
    return [name for name in model.named_variables if name in chosen]


def listed(values):
    """Return a value, or a sequence of them, or None, as a list."""
    single = isinstance(values, str) or callable(values)
    return [values] if single else [*(values or ())]


def matching(model, patterns):
    """Return the set of variables at or below some names or globs."""
    found = set()
    for pattern in listed(patterns):
        below = f"{model.relative(pattern.rstrip('/'))}/*"
        fits = functools.partial(fnmatch.fnmatchcase, pat=below)
        names = {n for n in model.named_variables if fits(f"{model.relative(n)}/")}
        if not names:
            raise RestoreError(unknown_name(model, pattern))
        found |= names
    return found


def unknown_name(model, pattern):
    """Return the message about a name that fits no variable, with similar names."""
    parts = [model.relative(name).split("/") for name in model.named_variables]
    known = {"/".join(path[:end]) for path in parts for end in range(1, 1 + len(path))}
    close = difflib.get_close_matches(model.relative(pattern), sorted(known))
    first = dict.fromkeys(path[0] for path in parts)
    hint = f"{'did you mean' if close else 'there are'} {', '.join(close or first)}"
    return f"{pattern} is no variable of {model.name}; {hint}"


def renamed(model, weights, rules, average):
    """Return the source's name of each variable, as `rules` change it."""
    if SEVERAL_FORMATS and weights.format not in model.CHECKPOINT_MAPS:
        raise RestoreError(f"{model.name} has no map for {weights.format} weights")
    if RENAMED:
        entries = model.CHECKPOINT_MAPS[map_for(model, weights)]
        sources = {name: str(entry) for name, entry in entries.items()}
    elif TRANSFORMS:
        entries = model.CHECKPOINT_MAPS[weights.format]
        sources = {name: str(entry) for name, entry in entries.items()}
    else:
        sources = model.CHECKPOINT_MAPS[weights.format]
    for rule in listed(rules):
        before = sources
        if callable(rule):
            sources = {name: rule(source) for name, source in before.items()}
        elif "{name}" in rule:
            names = {name: model.relative(source) for name, source in before.items()}
            sources = {name: rule.replace("{name}", names[name]) for name in before}
        elif "=" in rule:
            old, new = rule.split("=", 1)
            part = re.compile(rf"(?<![^/]){re.escape(old)}(?![^/])")
            sources = {name: new.join(part.split(before[name])) for name in before}
        if sources == before:
            hint = "write OLD=NEW or SCOPE/{name}"
            raise RestoreError(f"{rule} renames nothing: {hint}")
    if average:
        sources = {name: source + AVERAGE for name, source in sources.items()}
    asked = {name: one for name, one in sources.items() if one.endswith(AVERAGE)}
    absent = {name: one for name, one in asked.items() if one not in weights.shapes}
    if asked and absent == asked:
        raise RestoreError(
            f"the weights hold no averages, such as {min(asked.values())}"
        )
    # An average where there is one, else the variable itself.
    sources = sources | {n: one.removesuffix(AVERAGE) for n, one in absent.items()}
    if TRANSFORMS:
        return {name: with_source(entries[name], sources[name]) for name in sources}
    return sources


def map_for(model, weights):
    """Return the map for a source: of two for a checkpoint, the one that finds more.

    If both find as many, it is that of the network's own names.
    """
    if weights.format != "slim" or "renamed" not in model.CHECKPOINT_MAPS:
        return weights.format
    known = {name.removesuffix(AVERAGE) for name in weights.shapes}

    def found(kind):
        entries = model.CHECKPOINT_MAPS[kind].values()
        return sum(str(entry) in known for entry in entries)

    return max("slim", "renamed", key=found)


AVERAGE = "/ExponentialMovingAverage"  # the end of an average's name, as in TF-Slim

# An opened source: its names with shapes and types, and a function that reads one.
Weights = namedtuple("Weights", "format shapes dtypes read training_state")


@contextlib.contextmanager
def explained(problem):
    """Turn any error into a RestoreError that says `problem`, then the reason."""
    try:
        yield
    except Exception as error:  # damaged files raise errors of many types
        if TRAINS:
            raise RestoreError(f"{problem}: {first_line(error)}") from error
        else:
            text = getattr(error, "strerror", None) or getattr(
                error, "message", str(error)
            )
            text = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", text)  # places in the graph
            reason = text.strip().split("\n")[0] or type(error).__name__
            raise RestoreError(f"{problem}: {reason}") from error


def first_line(error):
    """Return the first line of an error's message, without places in the graph."""
    text = getattr(error, "strerror", None) or getattr(error, "message", str(error))
    text = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", text)
    return text.strip().split("\n")[0] or type(error).__name__


@dataclasses.dataclass(frozen=True)
class Entry:
    """A name of the source whose value is sliced, then reshaped, then transposed."""

    source: str
    transpose: tuple | None = None
    reshape: tuple | None = None
    slice: tuple | None = None  # one (start, stop) an axis

    def __str__(self):
        return self.source

    def apply(self, value):
        """Return the array `value` of the source in the variable's layout."""
        if self.slice is not None:
            value = value[tuple(slice(*bounds) for bounds in self.slice)]
        if self.reshape is not None:
            value = np.reshape(value, self.reshape)
        if self.transpose is not None:
            value = np.transpose(value, self.transpose)
        return value


def arranged(entry, value):
    """Return a value of the source in the variable's layout."""
    return entry.apply(value) if isinstance(entry, Entry) else value


def arranged_shape(entry, shape):
    """Return the shape in which an entry's value arrives; None stays None."""
    if shape is None:
        return None
    try:
        return arranged(entry, np.broadcast_to(False, shape)).shape  # takes no memory
    except (ValueError, IndexError, TypeError):
        return shape  # values that cannot be arranged are shown as a mismatch


def with_source(entry, source):
    """Return an entry with another name of the source."""
    if isinstance(entry, Entry):
        return dataclasses.replace(entry, source=source)
    return source


def weight_map(scope, table):
    """Return the names in a source of the variables below `scope`, by patterns of both.

    A pattern stands for as many names as that of the source.
    """
    found = {}
    for pattern, source in table.items():
        for name, theirs in zip(expand(pattern), expand(str(source))):
            name = f"{scope}/{name}" if scope else name
            found[name] = with_source(source, theirs)  # if TRANSFORMS
            found[name] = theirs  # if not TRANSFORMS
    return found


def expand(pattern):
    """Return the names that "conv{1..2}/{weights,biases}" stands for, in that order."""
    start = end = pattern.find("{")
    if start < 0:
        return [pattern]
    depth, parts, begin = 1, [], start + 1
    while depth:
        end += 1
        depth += {"{": 1, "}": -1}.get(pattern[end], 0)
        if not depth or (depth == 1 and pattern[end] == ","):
            parts.append(pattern[begin:end])
            begin = end + 1
    choices = [choice for part in parts for choice in expand_choice(part)]
    tails = expand(pattern[end + 1 :])
    return [pattern[:start] + choice + tail for choice in choices for tail in tails]


def expand_choice(part):
    """Return what "1..3" counts, or the names that another part of a brace stands for."""
    numbers = re.fullmatch(r"(\d+)\.\.(\d+)", part)
    if numbers is None:
        return expand(part)
    return [str(number) for number in range(int(numbers[1]), int(numbers[2]) + 1)]
