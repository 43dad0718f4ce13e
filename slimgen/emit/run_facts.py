"""The facts of a job that a run keeps in `run.json`, beside its settings."""

import hashlib
from collections.abc import Iterator

from slimgen.ir.graph import Graph, Network
from slimgen.ir.jobs import DataItem, Term, Train
from slimgen.ir.literal_text import changed_arguments, literal
from slimgen.ir.unroll import unroll


def facts_of_run(graph: Graph, train: Train, label_offset: int) -> dict[str, str]:
    """Return by name what a run is of, in the words of the source.

    A run that resumes compares them, so that each difference has a name.
    """
    network = graph.networks[0]
    given = (f"{name}={literal(value)}" for name, value in network.parameters)
    found = {
        "parameters": ", ".join(given),
        "layers": _layers(graph, network),
        "items": ", ".join(_items(train, label_offset)),
        "preprocess": ", ".join(_preprocess(train, network)),
        "optimizer": " ".join([train.optimizer.rule, *train.optimizer.flags]),
        "schedule": _schedule(train),
        "losses": ", ".join(map(_loss, train.loss.terms)),
        "trained": "; ".join(_trained(train)),
    }
    return {name: text for name, text in found.items() if text}


def _layers(graph: Graph, network: Network) -> str:
    """Write the number of layers, and a digest of what each computes of what."""
    unrolled, digest = unroll(graph, network), hashlib.sha256()
    layers = [*unrolled.applied()]
    for part in layers:
        inputs = [tensor.number for tensor in part.inputs]
        line = [part.scope or part.place, part.layer.word, f"{inputs}"]
        line += changed_arguments(part.layer, inputs)
        digest.update(f"{' '.join(line)}\n".encode())
    for name, tensor in (*unrolled.inputs, *unrolled.outputs):
        digest.update(f"{name} {tensor.number} {tensor.type}\n".encode())
    return f"{len(layers)}, digest {digest.hexdigest()[:8]}"


def _items(train: Train, label_offset: int) -> Iterator[str]:
    data = train.data
    yield from map(_item, (*data.inputs, *data.labels))
    if data.boxes:
        yield f"boxes {data.boxes}"
    if label_offset:
        yield f"offset={label_offset}"
    if data.skip:
        yield "corrupt=skip"


def _item(item: DataItem) -> str:
    kind = [item.name, item.feature]
    if item.shape:
        kind.append(literal(item.shape))
    if item.dtype not in ("uint8", "int64"):
        kind.append(item.dtype)
    return " ".join([*kind, *(["raw"] if item.raw else [])])


def _preprocess(train: Train, network: Network) -> Iterator[str]:
    given, augment = train.preprocess or network.preprocess, train.augment
    if given:
        yield given.family
        if given.resize:
            yield f"resize={given.resize[0]}..{given.resize[1]}"
        if not given.fast:
            yield "fast=false"
    yield from filter(None, [augment.crop, "flip" if augment.flip else ""])
    yield from augment.colors
    yield from ["random_erasing"] if augment.erasing else []
    yield from augment.mixes


def _schedule(train: Train) -> str:
    rate = train.learning_rate
    words = [rate.schedule]
    if rate.schedule != "fixed":
        words.append("to the last step" if rate.whole_run else f"in {rate.unit}")
    if rate.schedule == "exponential" and not rate.staircase:
        words.append("staircase=false")
    return " ".join([*words, *([f"warmup in {rate.warmup}"] if rate.warmup else [])])


def _loss(term: Term) -> str:
    words = [term.function or term.loss, term.output, term.target.label]
    if term.weights:
        words.append(f"weights={term.weights.item}")
    return " ".join(filter(None, words))


def _trained(train: Train) -> Iterator[str]:
    gradients = train.gradients
    if gradients.only:
        yield f"only {', '.join(gradients.only)}"
    if gradients.frozen:
        yield f"not {', '.join(gradients.frozen)}"
    if gradients.held:
        yield "batch_norm=held"
