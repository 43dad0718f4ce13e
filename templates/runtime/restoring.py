"""Weights."""

import contextlib
import sys
from collections import Counter

import numpy as np

from slimgen.templates.runtime.flags import RENAMED, SEVERAL_FORMATS
from slimgen.templates.runtime.stand_ins import open_weights
from slimgen.templates.runtime.weights import (
    AVERAGE,
    RestoreError,
    arranged_shape,
    compare,
    grouped,
    listed,
    map_for,
    matching,
    read_value,
    renamed,
    selected,
)


def restore(
    model,
    path,
    include=None,
    exclude=(),
    rename=(),
    head="strict",
    average=False,
    strict=False,
):
    """Load the weights at `path` into `model`, all or nothing; return a `Report`.

    Args:
        path: A TensorFlow checkpoint, or a folder, which means its latest one.
            Or weights of OTHER_FORMATS.  # if SEVERAL_FORMATS
        include: Load only these variables: a name or glob, or a list of them;
            "block1/unit_1" means all variables below it.
        exclude: Do not load these variables.
        rename: Rules from this file's names to the source's, applied in order:
            "weights=params" replaces a part of the path, "net/{name}" the network's
            scope. Or functions from name to name.
        head: "auto" leaves out the variables that depend on the number of classes.
        average: Load the moving average of a variable where the source has one.
        strict: Refuse a source with names that no variable takes.

    Raises:
        RestoreError: The source is damaged, a name or rule fits nothing, or a
            variable is missing or of another shape. No variable has changed then.
    """
    weights = open_weights(path)
    options = {"include": include, "exclude": exclude, "rename": rename}
    options |= {"head": head, "average": average}
    report, entries = planned(model, weights, **options)
    if report.summary("missing", "mismatched", *["unused"] * strict):
        misfit = report.summary("missing", "mismatched", "unused")
        told = [f"{path} does not fit {model.name}: {misfit}"]
        wrong = {n.partition(": ")[0] for n in report.missing + report.mismatched}
        if wrong:
            told += other_sizes(model, weights, entries, wrong)
            told += fitting_options(model, weights, options, report.unused)
        if "…" in misfit:
            told.append(f"`checkpoint compare {path}` lists all")
        raise RestoreError("; ".join(told), report)
    chosen = report.loaded
    values = {name: read_value(model, path, weights, name, entries) for name in chosen}
    for name, value in values.items():
        model.named_variables[name].assign(value)
    report.not_finite += [n for n in chosen if not np.isfinite(values[n]).all()]
    return report


def planned(model, weights, include, exclude, rename, head, average):
    """Return the `Report` on loading with these options, and each variable's entry."""
    chosen = selected(model, include, exclude, head)
    entries = renamed(model, weights, rename, average)
    if SEVERAL_FORMATS or RENAMED:
        chosen = [name for name in chosen if name in entries]
    report = compare(model, weights, chosen, entries)
    if RENAMED and map_for(model, weights) == "renamed":
        report.renamed += report.loaded
    averages = {name for name in entries if str(entries[name]).endswith(AVERAGE)}
    if averages:
        report.averaged += [name for name in report.loaded if name in averages]
        report.not_averaged += [name for name in report.loaded if name not in averages]
    return report, entries


def restore_with(model, path, options):
    """Load weights with the options of a command; print and return the `Report`."""
    names = "include", "exclude", "rename", "head", "average", "strict"
    report = restore(model, path, **{name: getattr(options, name) for name in names})
    kinds = "averaged", "not_averaged", "left_out", "unused", "training_state"
    kinds = ("renamed", *kinds)  # if RENAMED
    loaded = f"{path}: {len(report.loaded)} variables loaded"
    told = filter(None, [loaded, report.summary(*kinds)])
    print("; ".join(told), file=sys.stderr)
    if report.not_finite:
        found = f"warning: {path} holds NaN or infinity"
        print(f"{found}: {report.summary('not_finite')}", file=sys.stderr)
    return report


def other_sizes(model, weights, entries, wrong):
    """Return the build parameter with which the head has the shapes of the source."""
    pairs = set()
    for name in wrong:
        found = weights.shapes.get(str(entries[name]), ())
        found = arranged_shape(entries[name], found)  # if TRANSFORMS
        here = tuple(model.named_variables[name].shape)
        pairs |= {*zip(here, found)} if len(here) == len(found) else {(here, found)}
    pairs = {(here, there) for here, there in pairs if here != there}
    if len(pairs) != 1 or wrong != matching(model, model.HEAD):
        return []
    ((here, there),) = pairs
    names = [name for name, size in model.HEAD_SIZES.items() if size == here]
    return [f"a build with `-D {name}={there}` has these shapes" for name in names[:1]]


def fitting_options(model, weights, options, unused):
    """Return the options with which most of a source is loaded, all of them tried."""
    names = [model.relative(name) for name in model.named_variables]
    ends = ((o, n) for o in unused for n in names if f"/{o}".endswith(f"/{n}"))
    scopes = Counter(other.removesuffix(name) for other, name in ends)
    rules = [(), *((scope + "{name}",) for scope, _ in scopes.most_common(1))]
    heads = dict.fromkeys([options["head"], "auto"])
    averages = dict.fromkeys([options["average"], True])
    trials = [
        (r, average, head) for r in rules for average in averages for head in heads
    ]
    found = []
    for rule, average, head in trials:
        tried = options | {"average": average, "head": head}
        tried["rename"] = [*listed(options["rename"]), *rule]
        with contextlib.suppress(RestoreError):  # this option changes nothing
            report, _ = planned(model, weights, **tried)
            wrong = [n.partition(": ")[0] for n in report.missing + report.mismatched]
            parts = [model.relative(name) for name in grouped(wrong, report.loaded)]
            tried["exclude"] = [*listed(options["exclude"]), *parts]
            loaded = len(planned(model, weights, **tried)[0].loaded)
            flags = [*(f"--rename '{one}'" for one in rule), *["--average"] * average]
            flags += ["--head auto"] * (head == "auto")
            flags += [f"--exclude {part}" for part in parts]
            if len(parts) <= 8 and (rule or len(wrong) <= loaded):
                text = f"`{' '.join(flags)}` loads {loaded} of {len(names)} variables"
                found.append((-loaded, len(parts), text))
    return [text for _, _, text in sorted(found)[:1]]
