"""An `evaluate` job: what a run is measured by at each checkpoint."""

import contextlib
import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from runtime_fixture import train_job
from test_runtime_run import example
from train_harness import module_of

tf = pytest.importorskip("tensorflow")

NETWORK = """
network judged(classes = 3) {
  input images 6x6x1
  preprocess none
  conv 4 3x3 normalizer=batch_norm as conv1
  flatten
  dropout 0.5
  fc classes activation=none as logits
}
"""
TRAIN = train_job(
    """data records "train-data"
  batch 8
  steps 4
  checkpoint every 2 steps
  precision float16""",
    "judged",
)
EVALUATE = 'evaluate judged {\n  data records "test-data"\n  every checkpoint\n}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with examples, in which a program runs."""
    generator = np.random.default_rng(0)
    for name, count in (("train-data", 8), ("test-data", 20)):
        with tf.io.TFRecordWriter(str(tmp_path / name)) as writer:
            for label in range(count):
                image = generator.integers(0, 255, [6, 6, 1], np.uint8)
                writer.write(example(tf.io.encode_png(image).numpy(), label % 3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(module: ModuleType, *arguments: str) -> str:
    """The output of a command that ends without an error."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert module.main(list(arguments)) == 0
    return out.getvalue()


def test_a_run_is_measured_at_each_checkpoint(folder: Path) -> None:
    module = module_of(folder, NETWORK + EVALUATE + TRAIN)
    told = said(module, "train", "--directory", "run", "--jit", "off")

    rows = map(json.loads, (folder / "run/log.jsonl").read_text().splitlines())
    measured = {row["step"]: row for row in rows if "evaluation" in row}
    assert list(measured) == [2, 4]
    for step, row in measured.items():
        accuracy = row["evaluation"]["accuracy"]
        line = f"evaluation at step {step}: accuracy {accuracy:.4f} over 20 examples\n"
        assert line in told
        assert row["examples"] == 20
    # The command has a model of 32 bits, without the run around it.
    alone = said(module, "evaluate", "--checkpoint", "run/ckpt-4")
    assert alone == f"accuracy {accuracy:.4f} over 20 examples\n"


@pytest.mark.slow
def test_a_run_that_is_measured_goes_on_as_one_that_is_not(folder: Path) -> None:
    found: list[dict[str, Any]] = []
    for name, text in (("run", EVALUATE), ("plain", "")):
        module = module_of(folder, NETWORK + text + TRAIN)
        said(module, "train", "--directory", name, "--jit", "off")
        reader = tf.train.load_checkpoint(name)
        keys = [k for k in reader.get_variable_to_shape_map() if "GRAPH" not in k]
        found.append({key: reader.get_tensor(key) for key in keys})

    assert found[0].keys() == found[1].keys()
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])


def test_data_that_is_not_there_is_said_before_the_run(folder: Path) -> None:
    module = module_of(folder, NETWORK + EVALUATE + TRAIN)
    (folder / "test-data").unlink()
    with contextlib.redirect_stderr(io.StringIO()) as err:
        assert module.main(["train", "--directory", "run"]) == 1

    assert err.getvalue() == "error: no record file is called test-data\n"
    assert not (folder / "run/log.jsonl").exists()


def test_without_every_the_job_says_what_the_command_reads(folder: Path) -> None:
    text = EVALUATE.replace("  every checkpoint\n", "")
    module = module_of(folder, NETWORK + text + TRAIN)

    assert not hasattr(module.Settings, "validation")
    model = module.Judged(seed=1)
    module.write_checkpoint(model, "weights")
    assert "over 20 examples" in said(module, "evaluate", "--checkpoint", "weights")
