"""The terms of a loss, and the measures of a network, as the emitted file writes them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.jobs import Loss, LossArgument, Target, Term
from slimgen.layers.jobs import loss as declared

OUTPUT_LOSSES: Mapping[type[declared.LossKind], str] = {
    declared.SoftmaxCrossEntropy: "loss"
}
"""The losses whose functions a classifier has without a job too, and their names there.

The function of any other loss is called by its word, in `runtime/training/losses.py`.
"""


def _declaration(term: Term) -> type[declared.LossKind]:
    return declared.LOSSES[term.loss]


def output_functions(terms: Iterable[Term]) -> frozenset[str]:
    """Return the functions of a classifier that some terms and their measures call."""
    found = set()
    for term in terms:
        found.add(OUTPUT_LOSSES.get(_declaration(term), ""))
        found.add("accuracy" if term.target.classes else "")
    return frozenset(filter(None, found))


def weighted_flags(loss: Loss) -> dict[str, bool]:
    """Return for each loss whether its function takes weights, as flags of the library."""
    return {
        f"WEIGHTED_{word.upper()}": word in loss.weighted
        for word, kind in declared.LOSSES.items()
        if kind.takes_weights and kind not in OUTPUT_LOSSES
    }


class Losses(Frozen):
    """The facts of the loss that templates read.

    Attributes:
        terms: Name and Python of each.
        measures: The measures of `evaluate`: the name and the mean of each as Python.
        counts: With weights, how much each measure counts for, as Python.
        measured_ends: A measure is over an end point.
    """

    terms: tuple[tuple[str, str], ...]
    measures: tuple[tuple[str, str], ...]
    counts: dict[str, str]
    measured_ends: bool


def describe_losses(loss: Loss, modules: Mapping[str, str], mixed: bool) -> Losses:
    """Write the terms and the measures; `modules` are what the file calls the user's.

    The examples of a batch may be `mixed`, and then have two labels.
    """
    measured = [term for term in loss.terms if not (term.end and term.target.classes)]
    measures: dict[str, str] = {}
    counts: dict[str, str] = {}
    for term in measured:
        kind, measure = _measure(term, modules)
        about = term.output if len(loss.terms) > 1 else ""
        name = f"{about} {kind}".strip()
        if measures.get(name, measure) != measure:
            name = f"{term.name} {kind}"
        measures[name], counts[name] = measure, _count(term)
    return Losses(
        tuple((term.name, _weighted(term, modules, mixed)) for term in loss.terms),
        tuple(measures.items()),
        counts if loss.weighted else {},
        any(term.end or term.positive_end for term in measured),
    )


def _weighted(term: Term, modules: Mapping[str, str], mixed: bool) -> str:
    call = _call(term, modules)
    if mixed:
        other = replace(term, target=replace(term.target, label="other"))
        call = f"by_share({call}, {_call(other, modules)}, labels)"
    return f"settings.{term.weight} * {call}" if term.weight else call


def _call(term: Term, modules: Mapping[str, str]) -> str:
    """Write the loss of an output without the term's weight."""
    name = OUTPUT_LOSSES.get(_declaration(term), term.loss)
    if term.function:
        module, _, function = term.function.partition(":")
        name = f"{modules[module]}.{function}"
    outputs, labels = _outputs(term), _labels(term)
    arguments = [outputs, labels]
    if term.positive is not None:
        arguments.insert(1, _named(term.positive, term.positive_end))
    arguments += [_argument(argument) for argument in term.arguments]
    arguments += [f"weights={_weights(term)}"] if term.weights else []
    call = f"{name}({', '.join(arguments)})"
    return f"tf.cast(tf.reduce_mean({call}), tf.float32)" if term.function else call


def _argument(argument: LossArgument) -> str:
    return (
        f"settings.{argument.setting}" if argument.setting else python(argument.value)
    )


def _outputs(term: Term) -> str:
    return _named(term.output, term.end)


def _named(output: str, end: bool) -> str:
    if end:
        return f"end_points[{python(output)}]"
    return f"outputs[{python(output)}]" if output else "outputs"


def _labels(term: Term) -> str:
    """Write the labels of an output: classes, rows of a one and zeros, or numbers."""
    labels = _read(term.target.label, term.target.prepared)
    kind = _declaration(term).labels
    if kind in ("stored", "identities"):
        return labels
    if not term.target.classes:
        return labels if term.target.dtype == "float32" else _cast(labels, "float32")
    classes = _classes(term.target)
    if kind == "classes":
        return classes
    return f"tf.one_hot({classes}, {_outputs(term)}.shape[-1])"


def _read(item: str, prepared: bool) -> str:
    """Write an item of a batch; an image among the inputs comes prepared from there."""
    return f"{'inputs' if prepared else 'labels'}[{python(item)}]"


def _classes(target: Target) -> str:
    classes = _read(target.label, target.prepared)
    classes += "[..., 0]" if target.squeezed else ""
    return classes if target.dtype == "int64" else _cast(classes, "int64")


def _weights(term: Term) -> str:
    assert term.weights is not None
    weights = _read(term.weights.item, term.weights.prepared)
    weights = f"{weights}[..., 0]" if term.weights.squeezed else weights
    return _cast(weights, "float32") if term.weights.whole else weights


def _count(term: Term) -> str:
    """Write how much a batch counts for in a mean over all of them."""
    if term.weights is None:
        return f"{_outputs(term)}.shape[0]"
    if term.target.classes:
        weights = _weights(term)
        kept = weights if term.weights.whole else _cast(weights, "float32")
        return f"tf.reduce_sum({kept})"
    return f"tf.math.count_nonzero({_weights(term)})"


def _cast(tensor: str, dtype: str) -> str:
    return f"tf.cast({tensor}, tf.{dtype})"


def _measure(term: Term, modules: Mapping[str, str]) -> tuple[str, str]:
    """Name and write the measure of an output: its accuracy, else its loss."""
    if term.target.classes:
        arguments = [_outputs(term), _classes(term.target)]
        arguments += [_weights(term)] if term.weights else []
        return "accuracy", f"accuracy({', '.join(arguments)})"
    call = _call(term, modules)
    if _declaration(term).summed:
        count = f"tf.maximum({_count(term)}, 1)" if term.weights else _count(term)
        call = f"{call} / {_cast(count, 'float32') if term.weights else count}"
    return term.function.partition(":")[2] or term.loss, call
