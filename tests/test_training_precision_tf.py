"""Training in 16 bits: what has them and what does not, and the scale of the loss."""

import dataclasses
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from test_runtime_run import example
from train_harness import network_of, trainer

tf = pytest.importorskip("tensorflow")

MIXED = """
network mixed(classes = 3) {
  input images 6x6x1
  preprocess none
  conv 4 3x3 normalizer=batch_norm as conv1
  variable gamma [4] initializer=ones
  multiply [net, gamma]; let scaled = net
  constant [2, 0] int32; embedding 3 4 as words; reduce_mean 0; let row = net
  add [scaled, row]
  add {
    branch { conv 4 3x3 normalizer=layer_norm as a }
    branch { max_pool 2x2; resize 6x6; conv 4 1x1 as b }
    branch { resize 6x6 as c }
  }
  flatten
  dropout 0.5 as drop
  fc classes activation=none as logits
}
"""
IMAGES = np.random.default_rng(0).normal(size=(8, 6, 6, 1)).astype(np.float32)
LABELS = {"label": tf.constant(np.arange(8) % 3)}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A program whose file asks for bfloat16."""
    return trainer(
        tmp_path_factory.mktemp("mixed"),
        "precision bfloat16 growth_steps=3", "batch 8", "learning_rate fixed 0.05",
        network=MIXED,
    )  # fmt: skip


def begun(module: ModuleType, **settings: Any) -> tuple[Any, Any]:
    """A run, and its step."""
    chosen = module.Settings(**settings)
    run = module.Run(chosen, 8)
    return run, module.training_step(run)


def values(run: Any) -> dict[str, np.ndarray]:
    """The value of each variable of a run, the optimizer's too."""
    return {v.name: v.numpy() for v in (*run.model.variables, *run.optimizer.variables)}


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Whether all values are equal to the last bit."""
    return all(np.array_equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_layers_have_16_bits_and_variables_head_and_loss_32(
    mixed: ModuleType, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    types, keep = {}, mixed.end_point

    def end_point(scope: Any, tensor: Any) -> Any:
        types[scope.name] = tensor.dtype.name
        return keep(scope, tensor)

    wide, _ = begun(mixed, precision="float32")
    run, step = begun(mixed, precision=precision)
    expected, gradients = mixed.loss_and_gradients(
        run=wide, inputs=IMAGES, labels=LABELS
    )
    state = run.model.generator.state.numpy()
    monkeypatch.setattr(mixed, "end_point", end_point)
    loss, found = mixed.loss_and_gradients(run, IMAGES, LABELS)

    assert types.pop("mixed/logits") == "float32"
    assert types.keys() > {"mixed/conv1", "mixed/conv1/BatchNorm", "mixed/a/LayerNorm"}
    assert set(types.values()) == {precision}
    assert loss.dtype == tf.float32
    assert {v.dtype.name for v in (*run.model.variables, *found.values())} == {
        "float32"
    }
    # Of 8 bits, or 11; a few roundings, one after the other.
    close = 8 * 2.0 ** {"bfloat16": -8, "float16": -11}[precision]
    np.testing.assert_allclose(loss, expected, rtol=close)
    for name, gradient in gradients.items():
        error = np.linalg.norm(found[name] - gradient) / np.linalg.norm(gradient)
        assert error < 4 * close, name
    run.model.generator.state.assign(state)
    losses = [float(step(IMAGES, LABELS)[0]) for _ in range(12)]
    assert losses[-1] < 0.5 * losses[0]
    assert bool(run.sound)


def test_evaluation_has_32_bits(mixed: ModuleType) -> None:
    run, _ = begun(mixed, precision="bfloat16")
    model = network_of(mixed)(seed=1)
    for name, variable in model.named_variables.items():
        variable.assign(run.model.named_variables[name])

    outputs, end_points = model(IMAGES)

    rounded, _ = run.model(IMAGES)
    assert outputs.dtype == rounded.dtype == end_points["conv1"].dtype == tf.float32
    assert 0 < np.abs(outputs - rounded).max() < 0.1


def test_the_scale_moves_as_keras_moves_its_own(mixed: ModuleType) -> None:
    scale = mixed.LossScale(mixed.Settings(loss_scale=8.0))
    keras = tf.keras.mixed_precision.LossScaleOptimizer(
        tf.keras.optimizers.SGD(0.0), initial_scale=8.0, dynamic_growth_steps=3
    )
    variable = tf.Variable(1.0)
    keras.build([variable])
    found, expected = [], []
    for finite in (True, True, True, True, True, False, True, True, True, False, True):
        assert bool(scale.update(tf.constant(finite)))
        keras.apply([tf.constant(1.0 if finite else np.inf)], [variable])
        found.append(float(scale.value))
        expected.append(float(keras.dynamic_scale))

    assert found == expected
    assert expected[4:7] == [16.0, 8.0, 8.0]
    lowest = mixed.LossScale(mixed.Settings(loss_scale=1.0))
    assert not bool(lowest.update(tf.constant(False)))
    assert float(lowest.value) == 1.0


def test_a_step_that_overflows_is_left_out_and_the_scale_halved(
    mixed: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, step = begun(mixed, precision="float16", loss_scale=2.0**24)
    before = values(run)
    step(IMAGES, LABELS)
    assert same(before, values(run))
    assert (int(run.step), float(run.scale.value), bool(run.sound)) == (
        1,
        2.0**23,
        True,
    )
    for _ in range(16):
        step(IMAGES, LABELS)
    assert not same(before, values(run))
    assert (int(run.step), bool(run.sound)) == (17, True)

    step(IMAGES * np.nan, LABELS)  # which no scale helps against
    assert (int(run.step), bool(run.sound)) == (17, False)
    lowest, step = begun(mixed, precision="float16", loss_scale=1.0)
    loss = mixed.loss
    monkeypatch.setattr(
        mixed, "loss", lambda outputs, *rest: loss(1e6 * outputs, *rest) * 1e38
    )
    step(IMAGES, LABELS)
    assert (int(lowest.step), bool(lowest.sound)) == (0, False)


def test_a_run_keeps_its_precision_and_its_scale(
    mixed: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "data")) as writer:
        for image, label in zip(IMAGES, np.arange(8) % 3, strict=True):
            pixels = np.uint8(40 * np.abs(image))
            writer.write(example(tf.io.encode_png(pixels).numpy(), int(label)))
    command = ["train", "--data", str(tmp_path / "data"), "--directory"]
    whole, parts = str(tmp_path / "whole"), str(tmp_path / "parts")
    begin = ["--precision", "float16", "--loss-scale", "4096", "--jit", "off"]
    assert mixed.main([*command, whole, *begin, "--steps", "8"]) == 0
    assert mixed.main([*command, parts, *begin, "--steps", "4"]) == 0
    assert json.loads(Path(parts, "run.json").read_text())["precision"] == "float16"
    capsys.readouterr()
    other = [*command, parts, "--precision", "float32"]
    assert mixed.main(other) == 1
    told = f"error: {parts} holds a run with --precision float16, not float32; "
    assert capsys.readouterr().err.startswith(told)

    settings = mixed.Settings(data=command[2], directory=parts, steps=8)
    mixed.train(settings)

    assert "precision is float16, as the run was begun\n" in capsys.readouterr().out
    found = []
    for folder in (whole, parts):
        reader = tf.train.load_checkpoint(folder)
        keys = [k for k in reader.get_variable_to_shape_map() if "GRAPH" not in k]
        found.append({k: reader.get_tensor(k) for k in keys if "save_c" not in k})
    assert same(*found)
    # Three good steps double it: two times in eight.
    scale = found[0]["scale/value/.ATTRIBUTES/VARIABLE_VALUE"]
    assert scale == 4 * 4096
    assert dataclasses.asdict(settings)["precision"] == "bfloat16"


def test_auto_is_16_bits_where_the_device_has_them(
    mixed: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda _: ["first", "second"]
    )
    found = {}
    for capability in ((9, 0), (8, 0), (7, 5), (6, 1), None):
        details = {"second": {"compute_capability": capability} if capability else {}}
        monkeypatch.setattr(
            tf.config.experimental, "get_device_details", details.__getitem__
        )
        found[capability] = mixed.choose_precision("auto", "/GPU:1")

    assert list(found.values()) == [
        "bfloat16", "bfloat16", "float16", "float32", "float32"
    ]  # fmt: skip
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    expected = "bfloat16" if "avx512_bf16" in flags else "float32"
    assert mixed.choose_precision("auto", "/CPU:0") == expected
    assert mixed.choose_precision("float16", "/CPU:0") == "float16"
