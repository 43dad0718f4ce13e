"""Optimizers and learning rates: TensorFlow 1's own, and the formulas of younger ones."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import trainer

tf = pytest.importorskip("tensorflow")
v1 = tf.compat.v1.train

RATES = (0.5, 0.5, 0.1, 0.02)
# The same kernels, or the same few float32 operations in another order.
EXACT = {"rtol": 2e-6, "atol": 1e-7}
# In 32 bits 1 - 0.999 is right to 6e-5, which the first steps divide by.
UNBIASED = {"rtol": 1e-4, "atol": 2e-5}

OF_TENSORFLOW_1: dict[str, Callable[[Any], Any]] = {
    "sgd": v1.GradientDescentOptimizer,
    "momentum 0.8": lambda rate: v1.MomentumOptimizer(rate, 0.8),
    "momentum nesterov=true": lambda rate: v1.MomentumOptimizer(
        rate, 0.9, use_nesterov=True
    ),
    "rmsprop": v1.RMSPropOptimizer,
    "rmsprop decay=0.9 momentum=0.9 epsilon=1.0": lambda rate: v1.RMSPropOptimizer(
        rate, 0.9, 0.9, 1.0
    ),
    "adam": v1.AdamOptimizer,
    "adam epsilon=1.0": lambda rate: v1.AdamOptimizer(rate, epsilon=1.0),
    "adagrad": v1.AdagradOptimizer,
    "adadelta": v1.AdadeltaOptimizer,
    "adadelta epsilon=1.0": lambda rate: v1.AdadeltaOptimizer(rate, epsilon=1.0),
    "ftrl": v1.FtrlOptimizer,
    "ftrl l1=0.05 l2=0.1 learning_rate_power=-0.4": lambda rate: v1.FtrlOptimizer(
        rate, -0.4, 0.1, 0.05, 0.1
    ),
}


def gradients() -> list[np.ndarray]:
    """A gradient for each rate, some of it zero."""
    found = np.random.default_rng(0).normal(size=(len(RATES), 3, 2))
    found[:, 0, 0] = 0.0
    return list(found.astype(np.float32))


def steps(module: ModuleType, rule: str) -> np.ndarray:
    """The variable after steps of the emitted rule."""
    variables = {"w": tf.Variable(np.ones([3, 2], np.float32))}
    optimizer = getattr(module, rule)(variables, module.Settings())
    for rate, gradient in zip(RATES, gradients(), strict=True):
        optimizer.apply(variables, {"w": tf.constant(gradient)}, tf.constant(rate))
    return np.asarray(variables["w"])


def rule_name(module: ModuleType) -> str:
    """The class of the only optimizer in an emitted file."""
    (name,) = [
        name for name, kind in vars(module).items()
        if isinstance(kind, type) and hasattr(kind, "apply") and name != "Entry"
    ]  # fmt: skip
    return name


@pytest.mark.parametrize("rule", OF_TENSORFLOW_1)
def test_a_rule_is_that_of_tensorflow_1(rule: str, tmp_path: Path) -> None:
    module = trainer(tmp_path, f"optimizer {rule}")
    optimizer = OF_TENSORFLOW_1[rule](0.0)
    own_rate = "_lr" if hasattr(optimizer, "_lr") else "_learning_rate"
    expected = tf.Variable(np.ones([3, 2], np.float32))
    for rate, gradient in zip(RATES, gradients(), strict=True):
        setattr(optimizer, own_rate, rate)  # read at each eager step
        optimizer.apply_gradients([(tf.constant(gradient), expected)])

    found = steps(module, rule_name(module))

    np.testing.assert_allclose(found, expected.numpy(), **EXACT)


def adamw(w: np.ndarray, decay: float, scaled: bool, epsilon: float) -> np.ndarray:
    """The formula of arXiv:1711.05101 in 64 bits, or of arXiv:1904.00962."""
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, (rate, g) in enumerate(zip(RATES, gradients(), strict=True), 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g.astype(np.float64) ** 2
        root = np.sqrt(v / (1 - 0.999**t)) + epsilon
        u = m / (1 - 0.9**t) / root + decay * w
        ratio = np.linalg.norm(w) / np.linalg.norm(u) if scaled else 1.0
        w = w - rate * ratio * u
    return w


def lion(w: np.ndarray, decay: float) -> np.ndarray:
    """The formula of arXiv:2302.06675 in 64 bits."""
    m = np.zeros_like(w)
    for rate, g in zip(RATES, gradients(), strict=True):
        w = w - rate * (np.sign(0.9 * m + 0.1 * g) + decay * w)
        m = 0.99 * m + 0.01 * g
    return w


YOUNGER: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[], Any]]] = {
    "adamw weight_decay=0.1": (
        lambda w: adamw(w, 0.1, False, 1e-8),
        lambda: tf.keras.optimizers.AdamW(weight_decay=0.1, epsilon=1e-8),
    ),
    "lamb weight_decay=0.1": (
        lambda w: adamw(w, 0.1, True, 1e-6),
        lambda: None,  # Keras decays beside the scaled step
    ),
    "lamb weight_decay=0.0": (
        lambda w: adamw(w, 0.0, True, 1e-6),
        lambda: tf.keras.optimizers.Lamb(epsilon=1e-6),
    ),
    "lion weight_decay=0.1": (
        lambda w: lion(w, 0.1),
        lambda: tf.keras.optimizers.Lion(weight_decay=0.1),
    ),
}


@pytest.mark.parametrize("rule", YOUNGER)
def test_a_younger_rule_is_its_formula_and_keras(rule: str, tmp_path: Path) -> None:
    formula, keras = YOUNGER[rule]
    module = trainer(tmp_path, f"optimizer {rule}")
    found = steps(module, rule_name(module))

    np.testing.assert_allclose(found, formula(np.ones([3, 2])), **UNBIASED)
    if (optimizer := keras()) is not None:
        variable = tf.Variable(np.ones([3, 2], np.float32))
        for rate, gradient in zip(RATES, gradients(), strict=True):
            optimizer.learning_rate = rate
            optimizer.apply_gradients([(tf.constant(gradient), variable)])
        np.testing.assert_allclose(found, variable.numpy(), **UNBIASED)


@pytest.mark.parametrize("rule", ["sgd", "momentum", "adam", "lamb"])
def test_the_slots_of_a_rule_are_saved_under_tensorflow_1s_names(
    rule: str, tmp_path: Path
) -> None:
    module = trainer(tmp_path, f"optimizer {rule}")
    variables = {"tiny/logits/weights": tf.Variable([1.0])}
    name = rule_name(module)
    optimizer = getattr(module, name)(variables, module.Settings())
    found = {variable.name for variable in optimizer.variables}
    saved = tf.train.Checkpoint(optimizer=optimizer).save(str(tmp_path / "slots"))
    keys = [key for key, _ in tf.train.list_variables(saved) if "optimizer/" in key]

    assert len(keys) == len(found)
    slots = {one for one in found if one.startswith("tiny/")}
    suffixes = ["", "_1"][: {"sgd": 0, "momentum": 1}.get(rule, 2)]
    assert slots == {f"tiny/logits/weights/{name}{suffix}:0" for suffix in suffixes}


SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "fixed 0.1": lambda step: 0.1,
    "exponential 0.1 every 2 epochs decay=0.5": lambda step: v1.exponential_decay(
        0.1, step, 18, 0.5, staircase=True
    )(),
    "exponential 0.1 every 7 steps staircase=false": lambda step: v1.exponential_decay(
        0.1, step, 7, 0.94
    )(),
    "polynomial 0.1 over 2 epochs": lambda step: v1.polynomial_decay(0.1, step, 18)(),
    "polynomial 0.1 over 7 steps end=0.01 power=2.0": lambda step: v1.polynomial_decay(
        0.1, step, 7, 0.01, 2.0
    )(),
    "cosine 0.1": lambda step: v1.cosine_decay(0.1, step, 20)(),
    "cosine 0.1 over 2 epochs end=0.01": lambda step: v1.cosine_decay(
        0.1, step, 18, alpha=0.1
    )(),
    "piecewise [0.1, 0.01, 0.001] [1, 2]": lambda step: v1.piecewise_constant(
        step, [9, 18], [0.1, 0.01, 0.001]
    )(),
    "piecewise [0.1, 0.01] [5] unit=steps": lambda step: v1.piecewise_constant(
        step, [5], [0.1, 0.01]
    )(),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_is_that_of_tensorflow_1(schedule: str, tmp_path: Path) -> None:
    module = trainer(tmp_path, f"learning_rate {schedule}", "batch 11")
    settings = module.Settings()
    for step in (0, 1, 5, 6, 7, 9, 10, 17, 18, 19, 40):
        # 100 examples in batches of 11: an epoch has 9 steps, two have 18.
        found = module.learning_rate(tf.constant(step, tf.int64), settings, 100)
        expected = SCHEDULES[schedule](tf.constant(step, tf.int64))

        assert float(found) == pytest.approx(float(expected), rel=2e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("line", "length"), [("warmup 2 epochs", 2 * 100 / 11), ("warmup 7 steps", 7)]
)
def test_a_rate_rises_to_its_schedule(line: str, length: float, tmp_path: Path) -> None:
    module = trainer(
        tmp_path, "learning_rate exponential 0.1 every 5 steps", line, "batch 11"
    )
    plain = module.Settings(warmup=0.0)
    for step in (0, 1, 6, 8, 30):
        scheduled = float(module.learning_rate(tf.constant(step), plain, 100))
        # slim-semantics 8.1: min(rate step / (steps an epoch * epochs), schedule).
        expected = min(0.1 * step / length, scheduled)
        found = float(module.learning_rate(tf.constant(step), module.Settings(), 100))

        assert scheduled == pytest.approx(0.1 * 0.94 ** (step // 5), rel=1e-6)
        assert found == pytest.approx(expected, rel=1e-6)
