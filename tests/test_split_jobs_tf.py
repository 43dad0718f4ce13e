"""A network with a job trains the same beside the shared module as in a file of its own."""

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
from cli_harness import run
from runtime_fixture import LENET, train_job

tf = pytest.importorskip("tensorflow")

JOB = """directory "runs/lenet"
  data records "train.tfrecord" shuffle=5
  batch 4
  steps 4
  optimizer adamw weight_decay=0.05
  average 0.9
  checkpoint every 2 steps
  log every 2 steps"""


class Forms(NamedTuple):
    """The modules of both forms, and the folder that they stand in."""

    folder: Path
    whole: ModuleType
    split: ModuleType


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Forms:
    """Build a LeNet with a job in both forms, and write records for it."""
    folder = tmp_path_factory.mktemp("forms")
    (folder / "model.slim").write_text(LENET + train_job(JOB))
    source = str(folder / "model.slim")
    assert run("build", source, "-o", str(folder / "job_whole.py")).exit_code == 0
    short = str(folder / "job_split.py")
    assert run("build", "--split", source, "-o", short).exit_code == 0
    write_records(folder / "train.tfrecord")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        modules = map(importlib.import_module, ("job_whole", "job_split"))
        return Forms(folder, *modules)


def write_records(file: Path) -> None:
    """Write ten random images with labels."""
    generator = np.random.default_rng(0)
    feature = tf.train.Feature
    with tf.io.TFRecordWriter(str(file)) as writer:
        for label in range(10):
            pixels = generator.integers(0, 255, [28, 28, 1], np.uint8)
            image = tf.io.encode_png(pixels).numpy()
            features = {
                "image/encoded": feature(bytes_list=tf.train.BytesList(value=[image])),
                "image/class/label": feature(
                    int64_list=tf.train.Int64List(value=[label])
                ),
            }
            record = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(record.SerializeToString())


@pytest.fixture(scope="module")
def runs(forms: Forms) -> dict[str, Path]:
    """Train in both forms; return the folders of the runs."""
    return {
        name: trained(forms, module, forms.folder / name)
        for name, module in (("whole", forms.whole), ("split", forms.split))
    }


def trained(forms: Forms, module: ModuleType, folder: Path) -> Path:
    """Train by the command line; return the folder of the run."""
    data = str(forms.folder / "train.tfrecord")
    arguments = ["train", "--data", data, "--directory", str(folder)]
    assert module.main(arguments) == 0
    return folder


def tensors(checkpoint: Path) -> dict[str, bytes]:
    """Return the bytes of all values in a checkpoint by their keys.

    The graph of Python objects beside them names empty dicts of `Network`, too.
    """
    reader = tf.train.load_checkpoint(str(checkpoint))
    names = reader.get_variable_to_shape_map().keys() - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    return {name: np.asarray(reader.get_tensor(name)).tobytes() for name in names}


def log_of(folder: Path) -> list[dict[str, float]]:
    """Return the lines of a run's log without the speeds."""
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [{k: v for k, v in line.items() if "second" not in k} for line in lines]


def test_checkpoints_and_logs_are_the_same(runs: dict[str, Path]) -> None:
    for step in (2, 4):
        one, other = (tensors(folder / f"ckpt-{step}") for folder in runs.values())
        assert one == other
    one, other = (tensors(runs["split"] / f"ckpt-{step}") for step in (2, 4))
    assert one != other
    assert log_of(runs["whole"]) == log_of(runs["split"]) != []
    one, other = (
        json.loads((folder / "run.json").read_text()) | {"directory": ""}
        for folder in runs.values()
    )
    assert one == other


@pytest.mark.parametrize(("first", "then"), [("whole", "split"), ("split", "whole")])
def test_a_run_of_one_form_resumes_with_the_other(
    forms: Forms, runs: dict[str, Path], tmp_path: Path, first: str, then: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(runs[first], folder)
    for file in folder.glob("ckpt-4.*"):
        file.unlink()
    trained(forms, getattr(forms, then), folder)

    assert tensors(folder / "ckpt-4") == tensors(runs[first] / "ckpt-4")
    assert log_of(folder)[-1] == log_of(runs[first])[-1]


def test_command_lines_are_the_same(
    forms: Forms, runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder = str(forms.folder / "train.tfrecord"), str(runs["whole"])
    wrong = ["evaluate", "--data", "none", "--checkpoint", folder]
    right = ["evaluate", "--data", data, "--checkpoint", folder]

    def said(arguments: list[str], main: Callable[[list[str]], int]) -> tuple[int, str]:
        code = main(arguments)
        output = capsys.readouterr()
        return code, output.out + output.err

    for arguments in (
        ["--help"],
        ["train", "--help"],
        ["evaluate", "--help"],
        ["train", "--batch", "0"],
        wrong,
        right,
        [*right, "--average"],
    ):
        answer = said(arguments, forms.whole.main)
        assert said(arguments, forms.split.main) == answer
    assert answer[0] == 0
