"""Every emitted network: it creates its variables, checks its inputs, trains, draws."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

tf = pytest.importorskip("tensorflow")

SOURCE = """
network small(classes = 5) {
  input images 8x8x3
  scope conv < regularizer=l2(0.1) normalizer=batch_norm(decay=0.9) >
  conv 4 3x3 as conv1; drop_path keep_prob=0.7 as path
  dropout 0.5 as drop; flatten as flat; fc classes activation=none as fc
}
"""


TWO = """
network depth() {
  input left 120x160x3
  input right 120x160x3
  concat [left, right] as both; conv 1 3x3 activation=none as depth
}
"""


def built(text: str) -> str:
    """The module that a source compiles to."""
    reader = FileReader(Diagnostics())
    code = compile_source(Source("small.slim", text), Request(), reader).code
    assert code is not None
    return code


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built network."""
    file = tmp_path_factory.mktemp("built") / "small.py"
    file.write_text(built(SOURCE), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def small(file: Path) -> ModuleType:
    """Its module."""
    return module_of(file)


def module_of(file: Path) -> ModuleType:
    """Import a file."""
    spec = importlib.util.spec_from_file_location(f"emitted_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def images(count: int = 6) -> Any:
    """Values of a batch."""
    return tf.random.stateless_uniform([count, 8, 8, 3], [1, 2])


def values(model: Any) -> dict[str, np.ndarray]:
    """The value of each variable."""
    return {name: v.numpy() for name, v in model.named_variables.items()}


def test_the_class_says_what_it_takes_and_gives() -> None:
    text = built(TWO).partition("class Depth(tf.Module):\n")[2]

    assert text.startswith(
        '    """left [batch, 120, 160, 3], right [batch, 120, 160, 3] ->\n'
        "    [batch, 120, 160, 1]; 55 parameters.\n"
    )
    assert '"output": tf.TensorSpec([None, 120, 160, 1], tf.float32)' in text


def test_creating_a_network_runs_its_layers_once(
    small: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers, calls = small.Small.layers, []

    def counted(scope: Any, images: Any) -> Any:
        calls.append(scope.name)
        return layers(scope, images)

    monkeypatch.setattr(small.Small, "layers", staticmethod(counted))
    model = small.Small()

    assert calls == ["small"]
    assert len(model.named_variables) == 6


def test_the_seed_decides_about_the_values(small: ModuleType) -> None:
    one, same, other = (values(small.Small(seed=seed)) for seed in (1, 1, 2))

    for name, value in one.items():
        assert np.array_equal(value, same[name])
    assert not np.array_equal(one["small/conv1/weights"], other["small/conv1/weights"])


VALUES = """
network own() {
  input images 8x8x3
  conv 4 3x3 initializer=python("own_values:ramp") as conv1
  variable gain [2] dtype=float64
}
"""


def test_values_of_the_user_s_own_become_those_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ModuleType("own_values")
    own.__dict__["ramp"] = lambda shape, _: np.arange(np.prod(shape)).reshape(shape)
    monkeypatch.setitem(sys.modules, "own_values", own)
    for name in ("own", "single"):
        lines = [
            line for line in VALUES.splitlines() if name == "own" or "64" not in line
        ]
        (tmp_path / f"{name}.py").write_text(built("\n".join(lines)), encoding="utf-8")
        weights = module_of(tmp_path / f"{name}.py").Own().named_variables

        assert weights["own/conv1/weights"].dtype == tf.float32
        assert weights["own/conv1/weights"][2, 2, 2, 3] == 107
        assert all(v.dtype == tf.float64 for n, v in weights.items() if "gain" in n)


def test_inputs_may_be_tensors_arrays_and_lists(small: ModuleType) -> None:
    model, batch = small.Small(seed=1), images(2)
    expected = model(batch)[0]
    for given in (batch.numpy(), batch.numpy().tolist(), {"images": batch}):
        np.testing.assert_allclose(model(given)[0], expected, rtol=1e-6)
    whole = tf.cast(batch * 255, tf.uint8)
    np.testing.assert_allclose(
        model(whole)[0], model(tf.cast(whole, tf.float32))[0], rtol=1e-6
    )


@pytest.mark.parametrize("given", ["a photo", 1.5, [1, 2], np.zeros([2, 8, 9, 3])])
def test_an_input_of_another_shape_is_an_error_with_both(
    small: ModuleType, given: Any
) -> None:
    with pytest.raises(ValueError, match=r"`images` is \(None, 8, 8, 3\) here, found"):
        small.Small(seed=1)(given)


def test_wrong_names_of_inputs_are_an_error_with_the_right_ones(
    small: ModuleType,
) -> None:
    with pytest.raises(ValueError, match=r"the inputs \['images'\]"):
        small.Small(seed=1)({"image": images()})


@pytest.mark.parametrize("how", ["eager", "function", "xla"])
def test_a_training_call_draws_alike_and_updates_once(
    small: ModuleType, how: str
) -> None:
    model, batch = small.Small(seed=1), images()
    model.generator.reset_from_seed(3)
    call = lambda x: model(x, training=True)  # noqa: E731
    if how != "eager":
        call = tf.function(call, autograph=False, jit_compile=how == "xla")
    with tf.GradientTape() as tape:
        outputs, points = call(batch)
    gradients = tape.gradient(outputs, model.trainable_variables)
    weights = model.named_variables["small/conv1/weights"]
    mean = np.mean(tf.nn.conv2d(batch, weights, 1, "SAME"), (0, 1, 2))
    other = small.Small(seed=1)
    other.generator.reset_from_seed(3)
    expected = other(batch, training=True)[1]

    assert all(gradient is not None for gradient in gradients)
    found = model.named_variables["small/conv1/BatchNorm/moving_mean"]
    np.testing.assert_allclose(found, mean * 0.1, rtol=1e-4, atol=1e-7)
    for name in ("path", "drop"):
        zero = expected[name].numpy() == 0
        np.testing.assert_array_equal(points[name].numpy() == 0, zero)


def test_regularization_is_half_the_sum_of_squares(small: ModuleType) -> None:
    model = small.Small(seed=1)
    weights = values(model)["small/conv1/weights"]
    ((name, term),) = model.regularization_losses.items()

    assert name == "small/conv1/weights"
    assert float(term) == pytest.approx(0.1 * np.sum(weights**2) / 2, rel=1e-5)


def test_a_network_is_saved_and_loaded_as_tensorflow_does(
    small: ModuleType, tmp_path: Path
) -> None:
    model, batch = small.Small(seed=1), images()
    serve = tf.function(
        lambda images: {"logits": model(images)[0]},
        input_signature=[small.Small.inputs["images"]],
    )
    tf.saved_model.save(model, str(tmp_path), signatures=serve)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]

    np.testing.assert_allclose(loaded(batch)["logits"], model(batch)[0], rtol=1e-5)


DEVICES = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import small
with tf.device("/CPU:1"):
    model = small.Small()
print({variable.device[-5:] for variable in model.named_variables.values()})
with tf.distribute.MirroredStrategy(["/CPU:0", "/CPU:1"]).scope():
    model = small.Small()
print({type(variable).__name__ for variable in model.trainable_variables})
"""


@pytest.mark.slow
def test_variables_are_where_and_what_the_caller_says(file: Path) -> None:
    command = [sys.executable, "-c", DEVICES]
    run = subprocess.run(
        command, cwd=file.parent, capture_output=True, text=True, check=True
    )

    assert run.stdout.splitlines() == ["{'CPU:1'}", "{'MirroredVariable'}"]
