"""Gradients before they are applied, and the variables that they move."""

import contextlib
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import trainer

tf = pytest.importorskip("tensorflow")

NORMED = """
network normed(classes = 3) {
  input images 4x4x1
  scope conv < normalizer=batch_norm(decay=0.5) >
  conv 2 3x3 as first
  conv 2 3x3 as second
  flatten
  fc classes activation=none as logits
}
"""
IMAGES = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype(np.float32)
LABELS = np.arange(8) % 3
PLAIN = ("batch 8", "optimizer sgd", "learning_rate fixed 1.0")
# One step of a gradient that is added up in another order.
CLOSE = {"rtol": 1e-4, "atol": 1e-6}


def step(module: ModuleType, steps: int = 1, **settings: Any) -> dict[str, np.ndarray]:
    """How far each variable moves in some steps from the seed's values."""
    run, before, _ = ran(module, steps, **settings)
    return {n: v.numpy() - before[n] for n, v in run.model.named_variables.items()}


def ran(module: ModuleType, steps: int, **settings: Any) -> tuple[Any, Any, list[Any]]:
    """A run after some steps, its first values, and the values after each step."""
    chosen = module.Settings(**settings)
    run = module.Run(chosen, 8)
    variables = run.model.named_variables
    before = {name: variable.numpy() for name, variable in variables.items()}
    one_step = module.training_step(run)
    seen = []
    for _ in range(steps):
        one_step(tf.constant(IMAGES), labels())
        seen.append({name: variable.numpy() for name, variable in variables.items()})
    return run, before, seen


def labels() -> Any:
    """The labels of a batch."""
    return {"label": tf.constant(LABELS)}


@pytest.fixture(scope="module")
def gradients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The gradient of each variable, by a step of rate 1 of plain descent."""
    module = trainer(tmp_path_factory.mktemp("plain"), *PLAIN, network=NORMED)
    found = step(module)
    return {n: -v for n, v in found.items() if "moving" not in n}


def moved(module: ModuleType, **settings: Any) -> dict[str, np.ndarray]:
    """The change of each trained variable in a step."""
    return {
        n: -v for n, v in step(module, **settings).items() if "moving" not in n
    }  # fmt: skip


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    """Whether all arrays agree."""
    return found.keys() == expected.keys() and all(
        np.allclose(value, expected[name], **CLOSE) for name, value in found.items()
    )


def test_gradients_are_clipped_in_each_way(gradients: Any, tmp_path: Path) -> None:
    lengths = {name: np.linalg.norm(value) for name, value in gradients.items()}
    whole = np.sqrt(sum(length**2 for length in lengths.values()))
    most = 0.05
    assert min(lengths.values()) < most < max(lengths.values())
    expected = {
        "norm": {
            n: g * min(1.0, most / max(lengths[n], 1e-12)) for n, g in gradients.items()
        },
        "global_norm": {n: g * min(1.0, most / whole) for n, g in gradients.items()},
        "value": {n: np.clip(g, -most, most) for n, g in gradients.items()},
    }
    for way, clipped in expected.items():
        module = trainer(tmp_path, *PLAIN, f"clip {way}={most}", network=NORMED)

        assert same(moved(module), clipped), way


def test_gradients_are_multiplied_by_scope_and_then_clipped(
    gradients: Any, tmp_path: Path
) -> None:
    lines = ["multiply_gradients first 3", 'multiply_gradients "*/biases" 0.5']
    factors = {
        name: (3.0 if "/first/" in name else 1.0) * (0.5 if "biases" in name else 1.0)
        for name in gradients
    }
    module = trainer(tmp_path, *PLAIN, *lines, network=NORMED)
    multiplied = {name: factors[name] * g for name, g in gradients.items()}
    assert same(moved(module), multiplied)
    assert same(moved(module, first_multiplier=1.0, biases_multiplier=1.0), gradients)

    clipping = trainer(tmp_path, *PLAIN, *lines, "clip value=0.05", network=NORMED)
    clipped = {name: np.clip(g, -0.05, 0.05) for name, g in multiplied.items()}
    assert same(moved(clipping), clipped)


def test_parts_of_a_batch_give_its_gradient(tmp_path: Path) -> None:
    network = NORMED.replace("normalizer=batch_norm(decay=0.5)", "stride=1")
    whole = trainer(tmp_path, *PLAIN, network=network)
    parted = trainer(tmp_path, *PLAIN, "accumulate 4", network=network)

    assert same(step(parted), step(whole))
    assert any(np.abs(value).max() > 0.01 for value in step(parted).values())
    with pytest.raises(parted.UserError, match="8 is no multiple of 3"):
        step(parted, accumulate=3)


def test_only_what_is_trained_moves_and_batch_norm_goes_on(tmp_path: Path) -> None:
    for lines in (
        ['freeze first, "second/weights"'],
        ["train logits, second/BatchNorm"],
    ):
        found = step(trainer(tmp_path, *PLAIN, *lines, network=NORMED))
        still = {name for name, value in found.items() if not value.any()}

        assert still == {
            "normed/first/weights", "normed/first/BatchNorm/beta",
            "normed/second/weights",
        }  # fmt: skip


def test_batch_norm_of_a_frozen_scope_may_be_held(tmp_path: Path) -> None:
    held = trainer(tmp_path, *PLAIN, "freeze first batch_norm=held", network=NORMED)
    run, before, _ = ran(held, 1)
    still = {
        n for n, v in run.model.named_variables.items() if np.array_equal(v, before[n])
    }

    assert still == {n for n in before if "/first/" in n}
    assert run.model.held == {"normed/first/BatchNorm"}
    # It normalizes by its averages in training too: those of a new network change nothing.
    _, training = run.model(IMAGES, training=True)
    _, testing = run.model(IMAGES, training=False)
    assert np.allclose(training["first"], testing["first"])
    assert not np.allclose(training["second"], testing["second"])


def test_averages_follow_as_in_tensorflow_1(tmp_path: Path) -> None:
    module = trainer(tmp_path, *PLAIN, "average 0.3", network=NORMED)
    run, before, seen = ran(module, 4)
    expected = dict(before)
    for number, values in enumerate(seen, 1):
        decay = min(0.3, (1 + number) / (10 + number))
        for name, value in values.items():
            expected[name] = expected[name] - (1 - decay) * (expected[name] - value)
    found = {name: shadow.numpy() for name, shadow in run.averages.shadows.items()}

    assert same(found, expected)
    names = {shadow.name for shadow in run.averages.shadows.values()}
    assert names == {f"{name}/ExponentialMovingAverage:0" for name in before}
    assert "normed/first/BatchNorm/moving_mean" in found


def test_evaluate_and_convert_can_use_the_averages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = trainer(tmp_path, *PLAIN, "average 0.9", network=NORMED)
    run, _, _ = ran(module, 3, directory=str(tmp_path / "run"))
    run.resume()
    run.save()
    run.averages.shadows["normed/logits/biases"].assign([0.0, 1e6, 0.0])
    run.save()
    for label in range(3):
        folder = tmp_path / "images" / str(label)
        folder.mkdir(parents=True)
        for number in range(1 + label):
            image = tf.zeros([4, 4, 1], tf.uint8)
            path = folder / f"{number}.png"
            path.write_bytes(tf.io.encode_png(image).numpy())
    command = ["evaluate", "--data", str(tmp_path / "images"), "--checkpoint"]
    assert module.main([*command, str(tmp_path / "run"), "--average"]) == 0
    assert "accuracy 0.3333 over 6" in capsys.readouterr().out

    out = str(tmp_path / "averaged")
    rename = "normed/{name}/ExponentialMovingAverage"
    command = ["checkpoint", "convert", str(tmp_path / "run"), out]
    assert module.main([*command, "--include", "*", "--rename", rename]) == 0
    value = tf.train.load_checkpoint(out).get_tensor("normed/logits/biases")
    assert value.tolist() == [0.0, 1e6, 0.0]
    with contextlib.redirect_stdout(io.StringIO()) as listed:
        module.main(["checkpoint", "list", str(tmp_path / "run")])
    assert "normed/logits/biases/ExponentialMovingAverage [3]" in listed.getvalue()
