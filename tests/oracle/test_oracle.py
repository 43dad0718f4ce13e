"""The oracle's networks are the ones of TF-Slim, and TF-Slim runs every case of a layer."""

import numpy as np
import pytest

from oracle.cases import CASES
from oracle.reference import count_networks, run_layers

pytestmark = [pytest.mark.slow, pytest.mark.oracle]

# Measured once with research/slim's factory at weight decay 4e-5, in training mode, on
# images of the network's own size: elements that are trained, elements of all model
# variables, variables, regularisation losses, update operations.
COUNTS = {
    "lenet": (28, 3_274_634, 3_274_634, 8, 4, 0),
    "vgg16": (224, 138_357_544, 138_357_544, 32, 16, 0),
    "vgg_16": (224, 138_357_544, 138_357_544, 32, 16, 0),
    "alexnet_v2": (224, 50_303_912, 50_303_912, 16, 8, 0),
    "overfeat": (231, 145_704_424, 145_704_424, 16, 8, 0),
    "resnet_v1_50": (224, 25_557_032, 25_610_152, 267, 54, 106),
    "resnet_v2_50": (224, 25_568_360, 25_613_800, 272, 54, 98),
    "inception_v3": (299, 27_145_970, 27_182_194, 388, 98, 192),
}


def test_the_reference_networks_have_the_sizes_of_tf_slim():
    specs = [
        [name, [2, size, size, 1 if name == "lenet" else 3], {"weight_decay": 4e-5}]
        for name, (size, *_) in COUNTS.items()
    ]

    counted = [tuple(counts.values()) for counts in count_networks(specs)]

    assert [tuple(counts) for _, *counts in COUNTS.values()] == counted


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    return run_layers(CASES, tmp_path_factory.mktemp("layers"))


def test_tf_slim_runs_every_case(layers):
    errors = {name: layer.error for name, layer in layers.items() if layer.error}

    assert len(CASES) == len(layers)
    assert {} == errors


def test_a_layer_s_reference_is_what_its_formula_says(layers):
    layer = layers["fc-all"]
    weights, biases = (layer.values[v.name] for v in layer.variables)
    scope = "fully_connected"

    # Sums of four products in float32: a few ulps of numbers around one.
    close = {"rtol": 0, "atol": 2e-6}
    np.testing.assert_allclose(layer.input @ weights + biases, layer.output, **close)
    np.testing.assert_allclose(
        layer.cotangent @ weights.T, layer.input_gradient, **close
    )
    np.testing.assert_allclose(
        0.25 * np.sum(weights**2) / 2, layer.regularization[f"{scope}/weights"], **close
    )
    np.testing.assert_allclose(
        0.1 * np.sum(np.abs(biases)), layer.regularization[f"{scope}/biases"], **close
    )
    np.testing.assert_array_equal(
        np.full(5, 0.1, "f4"), layer.initial[f"{scope}/biases"]
    )


def test_regularizers_are_part_of_no_gradient_of_a_layer(layers):
    layer = layers["fc-all"]

    np.testing.assert_allclose(
        layer.input.T @ layer.cotangent,
        layer.gradients["fully_connected/weights"],
        rtol=0,
        atol=2e-6,
    )
