"""Maps that are proposed for Keras Applications: few rules, which say what ours by hand say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Network
from slimgen.ir.weight_map import MapEntry, WeightMap
from slimgen.source import Source
from slimgen.weights.network_fit import fit
from slimgen.weights.proposing import propose
from slimgen.weights.reading import StoredValue, WeightFile, natural, run_readers
from slimgen.weights.rule_check import map_of_rules

ZOO = Path(__file__).resolve().parents[1] / "examples" / "zoo"
NETWORKS = {  # those whose maps other tests load from Keras' own files
    "vgg.slim": "vgg_16",
    "keras/convnext.slim": "convnext_tiny",
    "keras/densenet.slim": "densenet121",
    "keras/efficientnet.slim": "efficientnet_b0",
    "keras/efficientnet_v2.slim": "efficientnet_v2_s",
    "keras/inception_v3.slim": "keras_inception_v3",
    "keras/mobilenet_v1.slim": "keras_mobilenet",
    "keras/mobilenet_v2.slim": "keras_mobilenet_v2",
    "keras/mobilenet_v3.slim": "keras_mobilenet_v3_small",
    "keras/resnet.slim": "resnet50",
    "keras/resnet_v2.slim": "resnet50_v2",
    "keras/xception.slim": "xception",
}


@pytest.fixture(scope="module")
def readers() -> dict[str, Any]:
    return run_readers()


def network_of(file: str, name: str) -> Network:
    path = ZOO / file
    source = Source(str(path), path.read_text(encoding="utf-8"))
    found = analyze(source, Request((), (name,)), FileReader(Diagnostics()))
    assert found.graph is not None, list(found.diagnostics)
    return found.graph.networks[0]


def stored_shape(entry: MapEntry, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that a value of Keras has: a kernel that our map reshapes is a matrix."""
    axes = entry.transform.transpose
    if axes is not None:
        shape = tuple(shape[axes.index(axis)] for axis in range(len(axes)))
    if entry.transform.reshape is None:
        return shape
    return shape if shape[0] > 1 else tuple(size for size in shape if size > 1)


def file_of(
    network: Network, weights: WeightMap, readers: dict[str, Any]
) -> WeightFile:
    """The names and shapes of the file that a map is for."""
    specs = {one.name: one.spec for one in network.variables}
    shapes = {
        one.source: stored_shape(one, specs[one.variable].shape)
        for one in weights.entries
    }
    names = sorted(shapes, key=natural)
    values = tuple(StoredValue(n, shapes[n], "float32", False) for n in names)
    types = dict.fromkeys(names, "float32")
    opened = readers["Weights"]("keras", shapes, types, None, set())
    return WeightFile("keras", values, readers, opened)


@pytest.mark.parametrize(("file", "name"), NETWORKS.items())
def test_the_proposal_for_a_network_of_keras_is_the_map_by_hand(
    file: str, name: str, readers: dict[str, Any]
) -> None:
    network = network_of(file, name)
    by_hand = next(one for one in network.maps if one.format == "keras")
    bare = replace(network, maps=())
    stored = file_of(network, by_hand, readers)
    proposal = propose(fit(bare, stored), bare, stored)
    rules = (*proposal.rules, *proposal.guessed)
    found = map_of_rules(bare, "keras", rules)

    assert len(rules) <= 11
    assert not any(rule.startswith("new") for rule in rules)
    assert found is not None
    assert sources(found) == sources(by_hand)
    assert fit(replace(bare, maps=(found,)), stored).is_whole


def sources(weights: WeightMap) -> dict[str, str]:
    return {one.variable: one.source for one in weights.entries}
