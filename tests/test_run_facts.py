"""The facts that a run keeps in `run.json`, and what happens when they differ."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from runtime_fixture import build
from train_harness import module_of

tf = pytest.importorskip("tensorflow")

from test_runtime import example  # noqa: E402

SOURCE = """
network small(classes = 4, slope = 0.2) {
  input images 4x4x1
  preprocess none
  conv 2 3x3 normalizer=batch_norm activation=leaky_relu(slope) as conv1
  flatten
  fc classes activation=none as logits
}
train small {
  data records "none" shuffle=9
  batch 4
  steps 20
  learning_rate fixed 0.1
  optimizer momentum 0.9
  average 0.99
}
"""


def records(folder: Path, seed: int = 0, labels: int = 4, count: int = 12) -> str:
    """Write records of images of one size, and return their pattern."""
    folder.mkdir()
    generator = np.random.default_rng(seed)
    with tf.io.TFRecordWriter(str(folder / "train-0.tfrecord")) as writer:
        for number in range(count):
            pixels = np.full([4, 4, 1], generator.integers(0, 256), np.uint8)
            writer.write(example(tf.io.encode_png(pixels).numpy(), number % labels))
    return str(folder / "train-*")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted module of the source."""
    return module_of(tmp_path_factory.mktemp("small"), SOURCE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The records of a run."""
    return records(tmp_path_factory.mktemp("records") / "first")


def resumed(module: ModuleType, folder: Path, data: str, **changes: Any) -> Any:
    """Begin a run as far as its facts, or resume it, and return settings and facts."""
    settings = module.Settings(data=data, directory=str(folder), **changes)
    folder.mkdir(exist_ok=True)
    found = module.begin_or_resume(settings, module.open_data(data), "/CPU:0")
    (folder / "run.json").write_text(json.dumps(found[1]))
    (folder / "ckpt-1.index").touch()
    return found


def test_the_same_run_resumes_without_a_word(
    small: ModuleType, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = resumed(small, tmp_path / "run", data)
    again = resumed(small, tmp_path / "run", data)
    free = {"steps": 40, "save_minutes": 1.0, "log_steps": 3, "device": "cpu"}
    free |= {"keep": 9, "initial": "x", "exclude": ("conv1",), "head": "strict"}
    resumed(small, tmp_path / "run", data, **free)

    assert capsys.readouterr().out == ""
    assert first == again
    assert first[1]["learning_rate"] == 0.1
    assert first[1]["examples"] == 12


CHANGES = [
    (
        "slope = 0.2",
        "slope = 0.3",
        "parameters classes=4, slope=0.2, not classes=4, sl",
    ),
    ("conv 2 3x3", "conv 2 5x5", "layers 3, digest "),
    ("as conv1", "as conv2", "layers 3, digest "),
    ("flatten", "flatten; fc 5", "layers 3, digest .*, not 4, digest "),
    ("preprocess none", "preprocess lenet", "preprocess none, not lenet; "),
    ("momentum 0.9", "adam", "optimizer momentum, not adam; "),
    ("momentum 0.9", "momentum 0.9 nesterov=true", "optimizer momentum, not .* nest"),
    ("  average 0.99\n", "", "average_decay 0.99, not none; "),
    ("average 0.99", "average 0.9", "--average-decay 0.99, not 0.9; "),
    ("batch 4", "batch 6", "--batch 4, not 6; "),
    ("steps 20", "steps 20; seed 2", "--seed 0, not 2; "),
    ("shuffle=9", "shuffle=8", "--shuffle 9, not 8; "),
    ("shuffle=9", "shuffle=9 readers=2", "--readers none, not 2; "),
    ("shuffle=9", "label=other shuffle=9", "items images image/encoded, label im"),
    ("shuffle=9", "shuffle=9 corrupt=skip", "items .* corrupt=skip; "),
    ("steps 20", "steps 20; augment flip", "preprocess none, not none, flip; "),
    ("steps 20", "steps 20; freeze conv1", "trained none, not not conv1; "),
    ("steps 20", "steps 20; precision bfloat16", "--precision none, not bfloat16; "),
]


@pytest.mark.parametrize(("old", "new", "said"), CHANGES)
def test_a_run_of_another_kind_is_refused_by_name_with_both_values(
    small: ModuleType, data: str, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "run"
    resumed(small, folder, data)
    kept = (folder / "run.json").read_text()
    assert SOURCE.count(old) == 1
    other = module_of(tmp_path, SOURCE.replace(old, new))
    ways = f"--directory begins another, --from {folder} with its weights$"
    with pytest.raises(other.UserError, match=f"^{folder} holds a run with {said}"):
        resumed(other, folder, data)
    with pytest.raises(other.UserError, match=ways):
        resumed(other, folder, data)
    assert (folder / "run.json").read_text() == kept


def test_an_average_that_is_new_is_refused_by_its_name(
    small: ModuleType, data: str, tmp_path: Path
) -> None:
    without = module_of(tmp_path, SOURCE.replace("  average 0.99\n", ""))
    resumed(without, tmp_path / "run", data)
    with pytest.raises(small.UserError, match=r"--average-decay none, not 0\.99; --d"):
        resumed(small, tmp_path / "run", data)


def test_other_numbers_are_reported_once_and_kept(
    small: ModuleType, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resumed(small, tmp_path / "run", data)
    clipped = SOURCE.replace("batch 4", "batch 4; clip norm=2.0; loss hinge_loss")
    other = module_of(tmp_path, clipped)
    for _ in range(2):
        resumed(other, tmp_path / "run", data, learning_rate=0.2)
    resumed(small, tmp_path / "run", data)

    before, after = (
        "losses: softmax_cross_entropy label",
        "losses: hinge_loss label",
    )
    assert capsys.readouterr().out.splitlines() == [
        f"{after}; the run so far had softmax_cross_entropy label",
        "--learning-rate: 0.2; the run so far had 0.1",
        "--clip-norm: 2.0; the run so far had none",
        "label_smoothing: none; the run so far had 0.0",
        f"{before}; the run so far had hinge_loss label",
        "--label-smoothing: 0.0; the run so far had none",
        "--learning-rate: 0.1; the run so far had 0.2",
        "clip_norm: none; the run so far had 2.0",
    ]


@pytest.mark.parametrize("change", [{"seed": 1}, {"labels": 3}, {"count": 13}])
def test_other_data_are_refused_and_moved_data_are_not(
    small: ModuleType, data: str, tmp_path: Path, change: dict[str, int]
) -> None:
    resumed(small, tmp_path / "run", data)
    resumed(small, tmp_path / "run", records(tmp_path / "moved"))
    with pytest.raises(small.UserError, match=r"holds a run with (files|examples) 1"):
        resumed(small, tmp_path / "run", records(tmp_path / "other", **change))


def test_the_run_of_an_earlier_version_is_compared_by_what_it_kept(
    small: ModuleType, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    resumed(small, folder, data)
    old = {"network": "Small", "examples": 12, "batch": 4, "seed": 0, "shuffle": 9}
    (folder / "run.json").write_text(json.dumps(old))
    with pytest.raises(small.UserError, match="--batch 4, not 8"):
        resumed(small, folder, data, batch=8)
    resumed(small, folder, data, learning_rate=0.3)

    assert capsys.readouterr().out == ""
    assert json.loads((folder / "run.json").read_text())["learning_rate"] == 0.3


def test_a_setting_out_of_its_bounds_is_named_as_its_option(small: ModuleType) -> None:
    with pytest.raises(small.UserError, match=r"^--save-minutes is -1, and must be"):
        small.Settings(save_minutes=-1)


def test_a_run_says_what_it_trains_and_what_is_frozen(tmp_path: Path) -> None:
    text = SOURCE.replace("steps 20", "steps 20; freeze conv1")
    module = module_of(tmp_path, text)
    run = module.Run(module.Settings(directory=str(tmp_path)), 12)

    assert run.trained_text() == (
        "2 variables with 132 parameters are trained, 2 are frozen:"
        " small/conv1/weights, small/conv1/BatchNorm/beta"
    )


def test_averages_of_batch_norm_are_recomputed_from_the_data(
    small: ModuleType, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small.report_averages(0.999, 60)
    small.report_averages(0.9, 60)
    assert capsys.readouterr().out.splitlines() == [
        "60 steps of decay 0.999 have moved averages of batch norm 6% of the way from"
        " their first values, and evaluation uses them",
        "`recompute` takes them from the data instead",
    ]
    model = small.Small(seed=1)
    settings = small.Settings(data=data, batch=12, directory="none")
    assert small.recompute_averages(model, settings) == 1
    (inputs, _), *_ = small.batches(small.Examples(small.open_data(data), settings))
    weights = model.named_variables["small/conv1/weights"]
    convolved = tf.nn.conv2d(inputs["images"], weights, 1, "SAME")
    mean, variance = tf.nn.moments(convolved, [0, 1, 2])
    size = 12 * 16  # the fused kernel keeps the variance of a sample
    found = {n.rpartition("/")[2]: v for n, v in model.named_variables.items()}
    assert np.allclose(mean, found["moving_mean"], rtol=1e-4, atol=1e-6)
    expected = variance * size / (size - 1)
    assert np.allclose(expected, found["moving_variance"], rtol=1e-4, atol=1e-6)


def test_none_turns_options_off_that_have_an_off(tmp_path: Path) -> None:
    lines = "steps 20; clip norm=1.0; summaries every 5 steps"
    watched = SOURCE.replace("steps 20", lines)
    watched += 'evaluate small { data records "none"; every checkpoint }'
    module = module_of(tmp_path, watched)
    names = (
        "from",
        "validation",
        "profile",
        "summary-steps",
        "save-minutes",
        "clip-norm",
    )
    command = ["train", *(part for name in names for part in (f"--{name}", "none"))]
    found = module.settings_of(module.command_line().parse_args(command))

    assert (found.initial, found.validation, found.profile) == ("", "", "")
    assert (found.summary_steps, found.save_minutes, found.clip_norm) == (0, 0, 0)
    run = module.Run(found, 12)
    gradients = {"small/logits/biases": tf.fill([4], 9.0)}
    assert module.adjusted(run, gradients) is gradients
    code = module.main(["train", "--batch", "none"])
    assert code == 1


REPLICAS = """
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import small

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = small.Small(seed=1)
images = tf.ones([2, 4, 4, 1])
for training in (False, True):
    step = tf.function(lambda: strategy.run(lambda: model(images, training=training)[0]))
    try:
        print(len(strategy.experimental_local_results(step())), "replicas")
    except RuntimeError as error:
        print(error)
"""


@pytest.mark.slow
def test_training_in_two_replicas_is_an_error_and_prediction_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "small.py").write_text(build(SOURCE))
    command = [sys.executable, "-c", REPLICAS]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
    )

    assert done.stdout.splitlines() == [
        "2 replicas",
        "training runs on one replica: averages would differ",
    ], done.stderr[-2000:]


def test_a_folder_of_other_classes_is_refused_with_the_ways_out(
    small: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    for name in ("ant", "bee", "cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
    (tmp_path / "data/dog").rename(tmp_path / "data/fox")
    folder.mkdir()
    (folder / "ckpt-1.index").touch()
    (folder / "run.json").write_text('{"classes": ["ant", "bee", "cat", "dog"]}')
    settings = small.Settings(data=str(tmp_path / "data"), directory=str(folder))
    ways = f"fox is not one of the classes ant, .*; --directory .* --from {folder} with"
    with pytest.raises(small.UserError, match=ways):
        small.data_of_run(settings)
