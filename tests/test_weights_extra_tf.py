"""Checkpoints that hold more than the network, averages of a part, and tried advice."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from cli_harness import run as slimgen
from runtime_fixture import build
from test_runtime import module_of, run, save

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow

NETWORK = """
network small(scenes = 3) as Small {
  input images 16x16x3
  preprocess none
  scope conv < normalizer=batch_norm >
  conv 4 3x3 as conv1
  conv 4 3x3 as conv2
  flatten
  fc scenes activation=none as Logits
}
"""
WEIGHTS = "Small/conv1/weights"
# Names below a variable's own name are slots, whatever the optimizer.
SLOTS = [
    *(
        f"{WEIGHTS}/{slot}"
        for slot in (
            *("Adam", "Adam_1", "RMSProp_1", "Momentum", "Adagrad", "Ftrl_1"),
            *("Adadelta", "AdamWeightDecay", "LARSOptimizer", "adam_m", "MyOpt"),
            *("YellowFin", "ExponentialMovingAverage"),
        )
    ),
    f"MomentumOptimizer/{WEIGHTS}/Momentum",
    "Small/conv1/BatchNorm/moving_mean/local_step",
    "global_step",
    "Small/global_step",
    "beta1_power",
    "beta2_power_1",
    "Small/mean_rgb",
]
EXTRA = [
    *("OptimizeLoss/learning_rate", "Variable", "Variable_1", "centers", "epoch"),
    *("loss_scale", "total_loss/avg", "Small/AuxLogits/weights", "Small/conv3/weights"),
    *("discriminator/conv1/weights", "good_steps", "Small/Logits_1/biases"),
    *("save_counter", "lr", "queue/fraction_of_32_full", "Small/conv10/weights"),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The built file of a network with batch norm and a head."""
    file = tmp_path_factory.mktemp("extra") / "small.py"
    file.write_text(build(NETWORK, "small.slim"))
    return module_of(file)


@pytest.fixture(scope="module")
def values(small: ModuleType) -> dict[str, np.ndarray]:
    """A value for each variable of the network."""
    variables = small.Small(seed=3).named_variables
    return {name: variable.numpy() + 0.5 for name, variable in variables.items()}


def test_thirty_kinds_of_extra_names_are_loaded_reported_and_refused_if_strict(
    small: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    model = small.Small(seed=1)
    assert len(SLOTS) + len(EXTRA) >= 30
    for name in [*SLOTS, *EXTRA]:
        path = save(tmp_path / "x", {**values, name: np.float32([1])})
        report = small.restore(model, path)
        found = report.training_state if name in SLOTS else report.unused

        assert (name, found) == (name, [name])
        assert len(report.loaded) == len(values)
        if name in EXTRA:
            with pytest.raises(small.RestoreError, match="1 unused"):
                small.restore(model, path, strict=True)
        else:
            small.restore(model, path, strict=True)


def test_what_is_left_over_is_counted_by_scope_on_the_command_line(
    small: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    extra = ("Small/Aux/conv/weights", "Small/Aux/conv/biases", "epoch")
    more = dict.fromkeys((*extra, f"{WEIGHTS}/Adam", f"{WEIGHTS}/Adam_1"), np.zeros(1))
    path = save(tmp_path / "x", {**values, **more})
    code, _, told = run(small, "checkpoint", "compare", path)
    assert code == 0
    assert "3 unused (Small/Aux, epoch)" in told
    assert "2 training state (*/Adam, */Adam_1)" in told
    code, _, told = run(small, "checkpoint", "compare", path, "--strict")
    assert code == 1


def averages(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The averages that TensorFlow 1 keeps: of trainable variables alone."""
    trained = {n: v for n, v in values.items() if "moving" not in n}
    return {f"{n}/ExponentialMovingAverage": v + 1 for n, v in trained.items()}


@pytest.mark.parametrize(
    "options",
    [{"average": True}, {"rename": "Small/{name}/ExponentialMovingAverage"}],
)
def test_an_average_is_loaded_where_there_is_one_else_the_variable_itself(
    small: ModuleType,
    values: dict[str, np.ndarray],
    tmp_path: Path,
    options: dict[str, Any],
) -> None:
    model = small.Small(seed=1)
    path = save(tmp_path / "x", {**values, **averages(values)})
    report = small.restore(model, path, strict=True, **options)
    for name, value in values.items():
        added = 0 if "moving" in name else 1
        assert np.array_equal(model.named_variables[name].numpy(), value + added)
    assert report.not_averaged == [n for n in values if "moving" in n]
    assert report.averaged == [n for n in values if "moving" not in n]


def test_averages_alone_are_proposed_and_weights_without_any_are_refused(
    small: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    moving = {n: v for n, v in values.items() if "moving" in n}
    only = save(tmp_path / "only", {**moving, **averages(values)})
    with pytest.raises(small.RestoreError) as caught:
        small.restore(small.Small(), only)
    plain = save(tmp_path / "plain", values)
    code, _, told = run(small, "checkpoint", "compare", plain, "--average")
    assert "`--average` loads 10 of 10 variables" in str(caught.value)
    assert code == 1
    assert "the weights hold no averages" in told
    assert "--rename" not in told


def test_the_number_of_classes_is_named_if_it_is_all_that_differs(
    small: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    four = {n: v[..., :1] if "Logits" in n else v for n, v in values.items()}
    four = {n: np.repeat(v, 4, -1) if "Logits" in n else v for n, v in four.items()}
    grey = {**values, WEIGHTS: values[WEIGHTS][:, :, :1]}
    told = []
    for source in (four, grey):
        with pytest.raises(small.RestoreError) as caught:
            small.restore(small.Small(), save(tmp_path / "x", source))
        told.append(str(caught.value))

    assert "a build with `-D scenes=4` has these shapes" in told[0]
    assert "`--head auto` loads 8 of 10 variables" in told[0]
    assert "-D" not in told[1]
    assert "`--exclude conv1/weights` loads 9 of 10 variables" in told[1]


def test_nan_is_warned_of_and_convert_replaces_only_by_force(
    small: ModuleType, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = save(tmp_path / "x", {**values, WEIGHTS: values[WEIGHTS] * np.nan})
    command = ("checkpoint", "convert", path, str(tmp_path / "out"))
    code, _, told = run(small, *command)
    assert code == 0
    assert f"warning: {path} holds NaN or infinity: 1 not finite ({WEIGHTS})" in told
    code, _, told = run(small, *command)
    assert code == 1
    assert told.endswith("out.index exists; --force replaces it\n")
    assert run(small, *command, "--force")[0] == 0


def test_a_job_takes_several_rules_in_order(tmp_path: Path) -> None:
    rules = 'rename "weights" "W"; rename "biases" "b"; rename "old/{name}"'
    job = f'train small from slim "x" average=true {{ data folder "d"; steps 1; {rules} }}'
    source = tmp_path / "small.slim"
    source.write_text(NETWORK + job)
    assert slimgen("build", str(source)).exit_code == 0
    built = source.with_suffix(".py").read_text()
    assert '("weights=W", "biases=b", "old/{name}")' in " ".join(built.split())
