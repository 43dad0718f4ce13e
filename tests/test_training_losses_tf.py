"""The terms of the loss: TensorFlow 1's own where TF-Slim's are the same, else formulas."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import TINY, network_of, trainer

tf = pytest.importorskip("tensorflow")
v1 = tf.compat.v1.losses

OUTPUTS = np.random.default_rng(0).uniform(0.1, 0.9, (3, 4)).astype(np.float32)
TARGETS = np.eye(4, dtype=np.float32)[[2, 0, 3]]
HEADS = TINY.replace(
    "fc classes", "branch { fc classes as aux; tap aux }\n  fc classes"
)

OF_TENSORFLOW_1: dict[str, tuple[tuple[Any, ...], Callable[[], Any]]] = {
    "sigmoid_cross_entropy": (
        (0.1,), lambda: v1.sigmoid_cross_entropy(TARGETS, OUTPUTS, label_smoothing=0.1)
    ),
    "log_loss": ((1e-3,), lambda: v1.log_loss(TARGETS, OUTPUTS, epsilon=1e-3)),
    "mean_squared_error": ((), lambda: v1.mean_squared_error(TARGETS, OUTPUTS)),
    "absolute_difference": ((), lambda: v1.absolute_difference(TARGETS, OUTPUTS)),
    "cosine_distance": ((1,), lambda: v1.cosine_distance(TARGETS, OUTPUTS, axis=1)),
    "hinge_loss": ((), lambda: v1.hinge_loss(TARGETS, OUTPUTS)),
}  # fmt: skip


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A file with every loss."""
    kinds = [*OF_TENSORFLOW_1, "mean_pairwise_squared_error"]
    kinds.append("sparse_softmax_cross_entropy")
    lines = [f"loss {kind}" for kind in kinds]
    return trainer(tmp_path_factory.mktemp("losses"), *lines)


@pytest.mark.parametrize("name", OF_TENSORFLOW_1)
def test_a_loss_is_that_of_tensorflow_1(losses: ModuleType, name: str) -> None:
    options, expected = OF_TENSORFLOW_1[name]
    found = getattr(losses, name)(tf.constant(OUTPUTS), TARGETS, *options)

    # The mean of twelve numbers of float32.
    assert float(found) == pytest.approx(float(expected()), rel=1e-6)


def test_the_loss_over_pairs_is_tf_slims(losses: ModuleType) -> None:
    found = losses.mean_pairwise_squared_error(
        tf.constant([[1.0, 2.0, 3.0]]), tf.constant([[1.0, 1.0, 1.0]])
    )
    d = np.array([0.0, 1.0, 2.0])

    # slim-semantics 4.3: 2 Σd²/n - 2 (Σd)²/n².
    expected = 2 * (d**2).sum() / 3 - 2 * d.sum() ** 2 / 9
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_the_sparse_loss_takes_classes(losses: ModuleType) -> None:
    found = losses.sparse_softmax_cross_entropy(tf.constant(OUTPUTS), [2, 0, 3])
    expected = v1.softmax_cross_entropy(TARGETS, OUTPUTS)

    assert float(found) == pytest.approx(float(expected), rel=1e-6)


def total(module: ModuleType, **settings: float) -> float:
    """The loss of a batch of zeros but for the biases."""
    model = network_of(module)(seed=0)
    for name, variable in model.named_variables.items():
        if name.endswith("biases"):
            variable.assign([0.1, 0.5, 0.3, 0.2])
    images = tf.zeros([2, 4, 4, 1])
    labels = {"label": [0, 1]}
    found = module.total_loss(model, images, labels, module.Settings(**settings))
    return float(found[0] if isinstance(found, tuple) else found)


def test_terms_are_weighted_and_added_to_the_regularisers(tmp_path: Path) -> None:
    network = HEADS.replace("flatten", "scope fc < regularizer=l2(0.5) >; flatten")
    plain = total(trainer(tmp_path, "loss regularization weight=0", network=network))
    whole = total(trainer(tmp_path, network=network))
    half = trainer(tmp_path, "loss regularization weight=0.5", network=network)
    added = trainer(
        tmp_path,
        "loss mean_squared_error aux weight=3.0",
        "loss regularization weight=0",
        network=network,
    )
    row = np.array([0.1, 0.5, 0.3, 0.2])
    squared = np.mean([np.mean((row - np.eye(4)[label]) ** 2) for label in (0, 1)])

    assert whole > plain + 1
    assert total(half) == pytest.approx((plain + whole) / 2, rel=1e-6)
    assert total(half, regularization_weight=1.0) == pytest.approx(whole, rel=1e-6)
    assert total(added) == pytest.approx(plain + 3 * squared, rel=1e-6)
    assert total(added, aux_weight=1.0) == pytest.approx(plain + squared, rel=1e-6)


def test_a_function_of_the_users_may_be_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_losses.py").write_text(
        "def first(outputs, labels):\n    return outputs[:, 0] + 0.0 * outputs[:, 1]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = trainer(tmp_path, 'loss python "own_losses:first" weight=2.0')

    assert total(module) == pytest.approx(0.2, rel=1e-6)
    assert total(module, python_weight=1.0) == pytest.approx(0.1, rel=1e-6)
    assert sys.modules["own_losses"]
