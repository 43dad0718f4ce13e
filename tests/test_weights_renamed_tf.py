"""`weights slim`: checkpoints of TensorFlow with other names, beside those of TF-Slim."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from train_harness import module_of, network_of

from slimgen.cli import main

tf = pytest.importorskip("tensorflow")

from test_runtime import run  # noqa: E402

pytestmark = pytest.mark.slow

SOURCE = """
network tiny(classes = 10) {
  input images 8x8x3
  weights slim "an old program" {
    rename "conv{i}/{weights,biases}" "model/layer{i + 1}/{W,b}"
    rename "fc/weights" "model/out/W" transpose=[1, 0]
    rename "fc/biases" "model/out/b"
  }
  conv 4 3x3 as conv0
  conv 4 3x3 as conv1
  global_avg_pool keepdims=false
  fc classes activation=none as fc
}
"""
PLACES = {"conv0": "layer1", "conv1": "layer2", "fc": "out"}
AVERAGE = "/ExponentialMovingAverage"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return module_of(tmp_path_factory.mktemp("tiny"), SOURCE)


@pytest.fixture(scope="module")
def values(tiny: ModuleType) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    variables = network_of(tiny)().named_variables
    return {
        n: random.normal(size=v.shape).astype(np.float32) for n, v in variables.items()
    }


def save(path: Path, values: dict[str, np.ndarray]) -> str:
    tf.raw_ops.SaveV2(
        prefix=str(path),
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=list(values.values()),
    )
    return str(path)


def others(values: dict[str, np.ndarray], end: str = "") -> dict[str, np.ndarray]:
    """The values under the names of the old program."""
    found = {}
    for name, value in values.items():
        _, layer, kind = name.split("/")
        value = value.T if name == "tiny/fc/weights" else value
        letter = {"weights": "W", "biases": "b"}[kind]
        found[f"model/{PLACES[layer]}/{letter}{end}"] = value
    return found


def check(model: Any, values: dict[str, np.ndarray]) -> None:
    for name, variable in model.named_variables.items():
        np.testing.assert_array_equal(variable, values[name])


def test_one_file_restores_checkpoints_of_both_names(
    tiny: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    own = save(tmp_path / "own", {**values, "global_step": np.int64(3)})
    other = save(tmp_path / "other", {**others(values), "more": np.zeros(2)})
    first, second = network_of(tiny)(), network_of(tiny)()

    report = tiny.restore(first, own)
    assert (len(report.loaded), report.renamed) == (6, [])
    check(first, values)
    report = tiny.restore(second, other)
    assert report.renamed == report.loaded == list(values)
    assert report.unused == ["more"]
    check(second, values)


def test_the_own_names_win_where_a_checkpoint_has_both(
    tiny: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    zeros = {name: np.zeros_like(value) for name, value in values.items()}
    both = save(tmp_path / "both", {**values, **others(zeros)})
    model = network_of(tiny)()

    assert tiny.restore(model, both).renamed == []
    check(model, values)


def test_averages_and_commands_go_by_the_map(
    tiny: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    averages = others(values, AVERAGE)
    zeros = {name: np.zeros_like(value) for name, value in others(values).items()}
    path = save(tmp_path / "old", {**zeros, **averages})
    words = "checkpoint", "convert", path, str(tmp_path / "new"), "--average"
    code, _, err = run(tiny, *words)
    model = network_of(tiny)()

    assert code == 0
    assert "6 renamed (tiny/conv0/weights, tiny/conv0/biases, " in err
    assert tiny.restore(model, str(tmp_path / "new")).renamed == []
    check(model, values)


def test_a_checkpoint_that_lacks_a_name_of_the_map_is_refused(
    tiny: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    kept = {n: v for n, v in others(values).items() if n != "model/layer2/b"}

    with pytest.raises(tiny.RestoreError, match=r"1 missing \(tiny/conv1/biases\)"):
        tiny.restore(network_of(tiny)(), save(tmp_path / "other", kept))


def test_the_command_weights_compares_by_the_names_that_a_checkpoint_has(
    values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    source = tmp_path / "tiny.slim"
    source.write_text(SOURCE)
    files = save(tmp_path / "own", values), save(tmp_path / "other", others(values))
    own, other = (
        CliRunner().invoke(main, ["weights", file, "--for", str(source)]).output
        for file in files
    )

    assert "by the same names\nloaded: 6" in own
    assert 'by its map to "an old program"\nloaded: 6' in other
