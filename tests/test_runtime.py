"""The emitted file at run time: weights, training that resumes, command line."""

import contextlib
import dataclasses
import errno
import importlib.util
import io
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from runtime_fixture import LENET, build, train_job

tf = pytest.importorskip("tensorflow")

JOB = """directory "runs/lenet"
  data records "train-*.tfrecord" shuffle=30
  batch 8
  steps 9
  checkpoint every 4 steps
  log every 2 steps"""
SOURCE = LENET + train_job(JOB)


@pytest.fixture(scope="session")
def lenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The emitted file of a LeNet."""
    file = tmp_path_factory.mktemp("emitted") / "lenet.py"
    file.write_text(build(SOURCE))
    return file


@pytest.fixture(scope="session")
def lenet(lenet_file: Path) -> ModuleType:
    """The emitted module."""
    return module_of(lenet_file)


# A variable of another type than the others, and regularizers of both.
HALVES = """
network halves {
  input images 4x4x1
  flatten
  fc 3 activation=none regularizer=l2(0.5) initializer=ones as logits
  add {
    branch {}
    branch {
      variable half [3] dtype=float16 regularizer=l2(2.0) initializer=ones
      cast float32
    }
  }
}
"""


@pytest.fixture(scope="session")
def halves(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted module of a network with variables of two types."""
    file = tmp_path_factory.mktemp("emitted") / "halves.py"
    file.write_text(build(HALVES + train_job(JOB, "halves")))
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


def values(model: Any) -> dict[str, np.ndarray]:
    """The value of each variable."""
    return {name: v.numpy() for name, v in model.named_variables.items()}


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Whether all values are equal to the last bit."""
    return all(np.array_equal(left[name], right[name]) for name in left)


def save(path: Path, named: dict[str, np.ndarray], version: int = 2) -> str:
    """Write a checkpoint with the given names as TensorFlow 1's Saver does."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        variables = [v1.get_variable(n, initializer=x) for n, x in named.items()]
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver(variables, write_version=version)
        return str(saver.save(session, str(path), write_meta_graph=False))


@pytest.fixture(scope="session")
def source(lenet: ModuleType) -> dict[str, np.ndarray]:
    """Values that a source of weights may have."""
    return values(lenet.Lenet(seed=7))


@pytest.fixture(scope="session")
def shared(lenet: ModuleType) -> tuple[Any, dict[str, np.ndarray]]:
    """A network and the values that it begins with."""
    model = lenet.Lenet(seed=1)
    return model, values(model)


@pytest.fixture
def model(shared: tuple[Any, dict[str, np.ndarray]]) -> Any:
    """A network with values of its own."""
    model, initial = shared
    for name, value in initial.items():
        model.named_variables[name].assign(value)
    return model


# Restoring.


@pytest.mark.parametrize("version", [1, 2])
def test_a_slim_checkpoint_is_loaded_and_training_state_is_named(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    version: int,
) -> None:
    weights = source["lenet/fc4/weights"]
    state = {
        "global_step": np.int64(3),
        "beta1_power": np.float32(0.9),
        "lenet/fc4/weights/Momentum": weights,
        "lenet/fc4/weights/RMSProp_1": weights,
        "lenet/fc4/weights/ExponentialMovingAverage": weights,
        "lenet/mean_rgb": np.zeros(3, np.float32),  # as published for VGG and ResNet
    }
    path = save(tmp_path / "model.ckpt", {**source, **state}, version)
    report = lenet.restore(model, path)

    assert same(source, values(model))
    assert report.loaded == [*model.named_variables]
    assert set(report.training_state) == set(state)
    assert report.unused == report.missing == report.mismatched == []
    assert "training state: 6" in str(report)
    assert same(source, values(model))


def test_a_directory_means_its_latest_checkpoint(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    save(tmp_path / "old.ckpt", {"other": np.float32(1)})
    save(tmp_path / "new.ckpt", source)
    lenet.restore(model, tmp_path)

    assert same(source, values(model))


def test_a_wrong_shape_leaves_every_variable_as_it_was(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    wrong = {**source, "lenet/fc4/biases": np.zeros([1, 10], np.float32)}
    before = values(model)
    with pytest.raises(lenet.RestoreError, match="1 mismatched") as caught:
        lenet.restore(model, save(tmp_path / "x", wrong))

    assert caught.value.report.mismatched == [
        "lenet/fc4/biases: [10] here, [1, 10] there",
    ]
    assert same(before, values(model))


def test_missing_and_unused_names_are_an_error_with_the_lists(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    other = dict(source)
    other["lenet/fc5/biases"] = other.pop("lenet/fc4/biases")
    path = save(tmp_path / "x", other)
    before = values(model)
    with pytest.raises(lenet.RestoreError) as caught:
        lenet.restore(model, path)

    assert caught.value.report.missing == ["lenet/fc4/biases"]
    assert caught.value.report.unused == ["lenet/fc5/biases"]
    assert "1 missing (lenet/fc4/biases); 1 unused (lenet/fc5/biases)" in str(
        caught.value
    )
    assert same(before, values(model))


def test_the_head_is_left_out_on_purpose_and_named(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    other = {n: v for n, v in source.items() if "fc4" not in n}
    other["lenet/fc4/weights"] = np.zeros([1024, 5], np.float32)
    other["lenet/extra"] = np.zeros([2], np.float32)
    path = save(tmp_path / "x", other)
    before = values(model)
    report = lenet.restore(model, path, head="auto")

    assert report.left_out == ["lenet/fc4/weights", "lenet/fc4/biases"]
    assert report.unused == ["lenet/extra"]
    assert np.array_equal(
        values(model)["lenet/fc4/weights"], before[report.left_out[0]]
    )
    assert np.array_equal(values(model)["lenet/fc3/biases"], other["lenet/fc3/biases"])
    with pytest.raises(lenet.RestoreError, match="strict"):
        lenet.restore(model, path, head="loose")


def test_include_and_exclude_take_whole_components_or_globs(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = save(tmp_path / "x", source)

    assert lenet.restore(model, path, include="fc3").loaded == [
        "lenet/fc3/weights",
        "lenet/fc3/biases",
    ]
    assert len(lenet.restore(model, path, include=["*/weights"]).loaded) == 4
    assert len(lenet.restore(model, path, include=["conv?/*"]).loaded) == 4
    assert lenet.restore(model, path, exclude=["conv1", "*/biases"]).loaded == [
        "lenet/conv2/weights",
        "lenet/fc3/weights",
        "lenet/fc4/weights",
    ]


@pytest.mark.parametrize(
    ("name", "close"),
    [("fc", "fc4"), ("lenet/fc5", "fc4"), ("conv", "conv2"), ("zzz*", "conv1")],
)
def test_a_name_that_fits_nothing_is_an_error_with_what_is_close(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    name: str,
    close: str,
) -> None:
    path = save(tmp_path / "x", source)
    for keyword in ("include", "exclude"):
        with pytest.raises(lenet.RestoreError, match=f"{close}") as caught:
            lenet.restore(model, path, **{keyword: [name]})

        assert str(caught.value).startswith(f"{name} is no variable of ")


def renamings() -> list[tuple[Any, Any]]:
    """How a source calls a variable, and the rules that say so."""
    return [
        (lambda n: n.replace("lenet/", "net/top/"), "net/top/{name}"),
        (lambda n: n.replace("weights", "kernel"), "weights=kernel"),
        (lambda n: n.upper(), lambda n: n.upper()),
        (
            lambda n: n.replace("lenet/fc3", "a/b").replace("lenet", "a"),
            ["lenet/fc3=lenet/b", "a/{name}"],
        ),
    ]


@pytest.mark.parametrize("case", range(4))
def test_rules_in_order_lead_to_the_names_of_the_source(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    case: int,
) -> None:
    called, rename = renamings()[case]
    path = save(tmp_path / "x", {called(n): v for n, v in source.items()})
    lenet.restore(model, path, rename=rename)

    assert same(source, values(model))


@pytest.mark.parametrize(
    "rename", ["fixed", "weight=w", ["fc4=a", "fc4=b"], "lenet/{name}"]
)
def test_a_rule_that_changes_nothing_is_an_error(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    rename: Any,
) -> None:
    path = save(tmp_path / "x", source)
    with pytest.raises(lenet.RestoreError, match="renames nothing: write OLD=NEW or"):
        lenet.restore(model, path, rename=rename)


def broken(source: dict[str, np.ndarray], folder: Path) -> Iterator[Path]:
    """Files that are no checkpoint, or no longer."""
    (folder / "text.ckpt").write_text("model: vgg\n" * 50)
    (folder / "random.ckpt").write_bytes(random.Random(0).randbytes(5000))
    (folder / "empty.ckpt").write_bytes(b"")
    (folder / "nothing").mkdir()
    (folder / "binary").mkdir()
    (folder / "binary" / "checkpoint").write_bytes(b"\xff\xfe\x00\x9c" * 9)
    for name, version in (("v1", 1), ("cut_v1", 1), ("index", 2), ("data", 2)):
        save(folder / name, source, version)
    yield from folder.glob("*.ckpt")
    yield from (folder / "nothing", folder / "binary", folder / "no such file")
    for name in ("cut_v1", "index.index", "data.data-00000-of-00001"):
        file = folder / name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        yield file
    content = bytearray((folder / "v1").read_bytes())
    content[900:940] = bytes(40)
    (folder / "v1").write_bytes(content)
    yield folder / "v1"
    save(folder / "shard", source)
    (folder / "shard.data-00000-of-00001").unlink()
    yield folder / "shard"


def test_what_is_no_checkpoint_is_refused_in_one_sentence(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    before = values(model)
    for path in broken(source, tmp_path):
        with pytest.raises(lenet.RestoreError) as caught:
            lenet.restore(model, str(path))

        message = str(caught.value)
        assert message.startswith(str(path).partition(".data-")[0]), message
        assert len(message) < 2 * len(str(path)) + 200, message
        assert "\n" not in message
        assert same(before, values(model))


def save_in_two(path: Path, named: dict[str, np.ndarray]) -> list[Path]:
    """Write a checkpoint with two data files; return these."""
    parts = [f"{path}_temp/part-{number:05}-of-00002" for number in range(2)]
    for number, part in enumerate(parts):
        names = sorted(named)[number::2]
        tensors = [named[name] for name in names]
        tf.raw_ops.SaveV2(
            prefix=part,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=tensors,
        )
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=parts, destination_prefix=str(path)
    )
    return sorted(path.parent.glob(f"{path.name}.data-*"))


@pytest.mark.parametrize("file", [0, 1])
@pytest.mark.parametrize("change", ["missing", "cut off"])
def test_a_checkpoint_is_loaded_only_with_all_its_data(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    file: int,
    change: str,
) -> None:
    path = tmp_path / "x+y.ckpt"
    files = save_in_two(path, source)
    content = files[file].read_bytes()
    (tmp_path / "x+y.ckpt.data-00000-of-00003").touch()  # of another checkpoint

    assert len(files) == 2
    assert len(lenet.open_weights(path).shapes) == len(source)
    if change == "missing":
        files[file].unlink()
    else:
        files[file].write_bytes(content[:-1])
    before = values(model)
    with pytest.raises(lenet.RestoreError, match=r"y.ckpt cannot be read"):
        lenet.restore(model, path)
    assert same(before, values(model))


def test_the_objects_of_a_run_are_loaded_only_with_all_their_data(
    lenet: ModuleType, model: Any, tmp_path: Path
) -> None:
    path = tf.train.Checkpoint(model=model).write(str(tmp_path / "x"))
    (data,) = tmp_path.glob("x.data-*")

    assert lenet.open_weights(path).shapes
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(lenet.RestoreError, match="x cannot be read"):
        lenet.restore(model, path)


def test_the_latest_checkpoint_of_a_folder_must_be_there(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    save(tmp_path / "new.ckpt", source)
    (tmp_path / "new.ckpt.index").unlink()
    with pytest.raises(lenet.RestoreError, match=r"new\.ckpt, which is not there"):
        lenet.restore(model, tmp_path)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int64", "complex64", "qint8"]
)
def test_a_value_of_another_kind_is_mismatched(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    dtype: str,
) -> None:
    name = "lenet/fc4/biases"
    value = np.ones([10], tf.as_dtype(dtype).as_numpy_dtype)
    before = values(model)
    with pytest.raises(lenet.RestoreError, match="1 mismatched") as caught:
        lenet.restore(model, save(tmp_path / "x", {**source, name: value}))

    assert caught.value.report.mismatched == [f"{name}: float32 here, {dtype} there"]
    assert same(before, values(model))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_floats_of_every_width_are_loaded(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    dtype: str,
) -> None:
    name = "lenet/fc4/biases"
    value = np.arange(10).astype(tf.as_dtype(dtype).as_numpy_dtype)
    lenet.restore(model, save(tmp_path / "x", {**source, name: value}))

    assert np.array_equal(values(model)[name], np.arange(10, dtype=np.float32))


def test_values_that_do_not_stay_finite_are_refused(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    large = {**source, "lenet/fc4/biases": np.full([10], 1e300)}
    before = values(model)
    with pytest.raises(lenet.RestoreError, match="fc4/biases holds values beyond flo"):
        lenet.restore(model, save(tmp_path / "x", large))

    assert same(before, values(model))


def test_values_that_are_not_finite_are_loaded_and_told(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    odd = {**source, "lenet/fc4/biases": np.array([np.inf] + [np.nan] * 9)}
    path = save(tmp_path / "x", odd)
    report = lenet.restore(model, path)

    assert report.not_finite == ["lenet/fc4/biases"]
    assert np.isnan(values(model)["lenet/fc4/biases"]).sum() == 9
    assert report.summary("not_finite") == "1 not finite (lenet/fc4/biases)"
    _, told, _ = run(lenet, "checkpoint", "compare", path)
    assert told.endswith("not finite: 1\n  lenet/fc4/biases\n")


def test_what_may_make_weights_fit_is_advised(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    head = {n: v for n, v in source.items() if "fc4" not in n}
    moved = {n.replace("lenet/", "net/top/"): v for n, v in source.items()}
    rule = "net/top/{name}"
    advised = {
        "`--head auto` loads 6 of 8 variables": head,
        f"`--rename '{rule}'` loads 8 of 8 variables": moved,
    }
    for advice, named in advised.items():
        path = save(tmp_path / "x", named)
        with pytest.raises(lenet.RestoreError) as caught:
            lenet.restore(model, path)
        code, _, told = run(lenet, "checkpoint", "compare", path)

        assert f"; {advice}" in str(caught.value)
        assert (code, told) == (1, f"error: {caught.value}\n")
    assert str(caught.value).endswith(f"; `checkpoint compare {path}` lists all")
    other = {n: v for n, v in moved.items() if "conv1/w" not in n}
    with pytest.raises(
        lenet.RestoreError, match="--exclude conv1/weights` loads 7 of 8 variables"
    ):
        lenet.restore(model, save(tmp_path / "x", other))


@pytest.mark.parametrize(
    "arguments",
    [
        {"include": []},
        {"include": "fc4", "exclude": "fc4"},
        {"exclude": "*"},
    ],
)
def test_arguments_that_leave_nothing_to_load_are_refused(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    arguments: dict[str, Any],
) -> None:
    path = save(tmp_path / "x", source)
    with pytest.raises(lenet.RestoreError, match="nothing to load"):
        lenet.restore(model, path, **arguments)


def test_a_file_that_may_not_be_read_says_so(
    lenet: ModuleType, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.ckpt"
    path.touch()

    def refuse(path: str, mode: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(lenet, "open", refuse, raising=False)
    with pytest.raises(lenet.RestoreError) as caught:
        lenet.restore(model, path)

    reason = "cannot be read as a TensorFlow checkpoint: Permission denied"
    assert str(caught.value) == f"{path} {reason}"


def test_objects_of_another_program_go_by_the_names_of_their_variables(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    variables = [tf.Variable(value, name=name) for name, value in source.items()]
    path = tf.train.Checkpoint(all=variables).save(str(tmp_path / "x"))
    lenet.restore(model, path)

    assert same(source, values(model))


def test_the_variables_of_a_saved_model_are_loaded(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    module = tf.Module()
    module.all = [tf.Variable(value, name=name) for name, value in source.items()]
    tf.saved_model.save(module, str(tmp_path))
    lenet.restore(model, tmp_path)
    lenet.restore(model, tmp_path / "saved_model.pb", strict=True)

    assert same(source, values(model))


def test_the_constants_of_a_frozen_graph_are_loaded(
    lenet: ModuleType, model: Any, source: dict[str, np.ndarray], tmp_path: Path
) -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session() as session:
        values_of = [v1.get_variable(n, initializer=x) for n, x in source.items()]
        sums = [tf.reduce_sum(value) for value in values_of]
        session.run(v1.global_variables_initializer())
        wanted = [one.op.name for one in sums]
        freeze = v1.graph_util.convert_variables_to_constants
        frozen = freeze(session, graph.as_graph_def(), wanted)
    (tmp_path / "frozen.pb").write_bytes(frozen.SerializeToString())
    lenet.restore(model, tmp_path / "frozen.pb")

    assert same(source, values(model))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("sharded", [False, True])
def test_variables_that_are_stored_in_parts_are_loaded(
    lenet: ModuleType,
    model: Any,
    source: dict[str, np.ndarray],
    tmp_path: Path,
    version: int,
    sharded: bool,
) -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in source.items():

            def part(
                shape: Any, dtype: Any, partition_info: Any, value: Any = value
            ) -> Any:
                first = partition_info.var_offset
                return value[
                    tuple(slice(a, a + b) for a, b in zip(first, shape, strict=True))
                ]

            split = v1.fixed_size_partitioner(2)
            v1.get_variable(name, value.shape, initializer=part, partitioner=split)
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver(write_version=version, sharded=sharded)
        saver.save(session, str(tmp_path / "x.ckpt"), write_meta_graph=False)
    lenet.restore(model, tmp_path / "x.ckpt")
    assert same(source, values(model))

    lenet.restore(model, tmp_path)
    assert same(source, values(model))


# Training.


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of records and a folder of images with a bright spot for each class."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    for shard in range(2):
        with tf.io.TFRecordWriter(str(folder / f"train-{shard}.tfrecord")) as writer:
            for number in range(20):
                label = (number + shard) % 10
                writer.write(example(picture(label, generator), label))
    for label in range(10):
        (folder / "images" / str(label)).mkdir(parents=True)
        for number in range(2):
            file = folder / "images" / str(label) / f"{number}.png"
            file.write_bytes(picture(label, generator))
    return folder


def picture(label: int, generator: np.random.Generator) -> bytes:
    """A PNG of 28 × 28 pixels."""
    pixels = generator.integers(0, 60, [28, 28], np.uint8)
    pixels[2 * label + 2 : 2 * label + 6, 4:24] = 250
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def example(image: bytes, label: int, image_key: str = "image/encoded") -> bytes:
    """A record with TF-Slim's keys."""
    feature, features = tf.train.Feature, {}
    features[image_key] = feature(bytes_list=tf.train.BytesList(value=[image]))
    features["image/class/label"] = feature(
        int64_list=tf.train.Int64List(value=[label])
    )
    record = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(record.SerializeToString())


@pytest.fixture
def settings(lenet: ModuleType, data: Path, tmp_path: Path) -> Any:
    """The job's settings with this test's data."""
    return lenet.Settings(
        data=str(data / "train-*.tfrecord"), directory=str(tmp_path / "run")
    )


class Killed(Exception):
    """Stands for a signal."""


@pytest.mark.parametrize(
    "kind", ["records", pytest.param("folder", marks=pytest.mark.slow)]
)
def test_a_run_that_is_stopped_and_resumed_equals_one_that_is_not(
    lenet: ModuleType,
    settings: Any,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    if kind == "folder":
        settings = dataclasses.replace(settings, data=str(data / "images"))
    whole = dataclasses.replace(settings, directory=settings.directory + "-whole")
    expected = lenet.train(whole)
    report = lenet.Progress.report

    def stop(progress: Any) -> None:
        report(progress)
        if progress.step == 6:
            raise Killed

    monkeypatch.setattr(lenet.Progress, "report", stop)
    with pytest.raises(Killed):
        lenet.train(settings)
    monkeypatch.setattr(lenet.Progress, "report", report)
    model = lenet.train(settings)

    assert same(values(expected), values(model))
    assert np.array_equal(
        expected.generator.state.numpy(), model.generator.state.numpy()
    )
    logs = [Path(s.directory, "log.jsonl").read_text() for s in (whole, settings)]
    losses = [
        {row["step"]: row["loss"] for row in map(json.loads, log.splitlines())}
        for log in logs
    ]
    assert losses[0][9] == losses[1][9]
    assert losses[0][1] != losses[0][9]
    assert [json.loads(line)["step"] for line in logs[1].splitlines()].count(5) == 1


def test_a_run_of_a_network_with_other_shapes_is_refused(
    lenet: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = dataclasses.replace(settings, steps=1)
    lenet.train(short)
    monkeypatch.setattr(lenet, "CLASSES", 5)
    with pytest.raises(lenet.UserError, match="ckpt-1 is of another network"):
        lenet.train(short)


def test_a_finished_run_does_not_take_another_step(
    lenet: ModuleType, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    short = dataclasses.replace(settings, steps=2)
    first = values(lenet.train(short))

    assert same(first, values(lenet.train(short)))
    assert "step 2 of 2" in capsys.readouterr().out


def test_the_folder_of_another_run_is_refused(lenet: ModuleType, settings: Any) -> None:
    short = dataclasses.replace(settings, steps=1)
    lenet.train(short)
    for change in ({"batch": 4}, {"seed": 1}, {"shuffle": 9}):
        with pytest.raises(lenet.UserError, match="holds a run with"):
            lenet.train(dataclasses.replace(short, **change))


def test_a_run_that_does_not_say_what_it_is_of_is_refused(
    lenet: ModuleType, settings: Any
) -> None:
    short = dataclasses.replace(settings, steps=1)
    lenet.train(short)
    file = Path(settings.directory, "run.json")
    for text in ("{", "[1]", ""):
        file.write_text(text)
        with pytest.raises(lenet.UserError, match=r"run\.json does not say"):
            lenet.train(short)
    file.unlink()
    with pytest.raises(lenet.UserError, match=r"run\.json does not say"):
        lenet.train(short)


def test_momentum_is_that_of_tensorflow_1(lenet: ModuleType) -> None:
    variable = tf.Variable([1.0, 2.0])
    settings = lenet.Settings(momentum=0.9)
    optimizer = lenet.Momentum({"v": variable, "w": variable}, settings)
    velocity, expected = np.zeros(2, np.float32), np.float32([1, 2])
    for rate in (0.1, 0.1, 0.01):
        gradient = np.float32([0.5, -1.0]) * rate
        optimizer.apply({"v": variable, "w": variable}, {"v": gradient}, rate)
        velocity = np.float32(0.9) * velocity + gradient
        expected = expected - np.float32(rate) * velocity

    assert np.allclose(expected, variable.numpy(), rtol=1e-6, atol=0)


def test_momentum_takes_variables_of_two_types(halves: ModuleType) -> None:
    variables = {
        "h": tf.Variable(1.0, dtype=tf.float16),
        "v": tf.Variable(1.0, dtype=tf.float32),
    }
    gradients = {"h": tf.constant(2.0, tf.float16), "v": tf.constant(2.0)}
    optimizer = halves.Momentum(variables, halves.Settings())
    optimizer.apply(variables, gradients, tf.constant(0.1))

    assert np.float16(1) - np.float16(0.1) * 2 == variables["h"].numpy()
    assert np.float32(1) - np.float32(0.1) * 2 == variables["v"].numpy()


def test_the_loss_is_smoothed_cross_entropy(
    lenet: ModuleType,
) -> None:
    logits = np.float32([[1, 2, 4], [0, 0, 3]])
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    targets = np.eye(3)[[2, 0]] * 0.9 + 0.1 / 3
    expected = -(targets * log_softmax).sum(1).mean()

    assert lenet.loss(tf.constant(logits), tf.constant([2, 0]), 0.1).numpy() == (
        pytest.approx(expected, rel=1e-6)
    )
    assert lenet.loss(tf.constant(logits, tf.float16), [2, 0]).dtype == tf.float32
    assert lenet.accuracy(tf.constant(logits), tf.constant([2, 0])).numpy() == 0.5


def test_the_loss_has_the_regularization_of_each_type(
    halves: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halves, "loss", lambda *_: tf.constant(2.0))
    total = halves.total_loss(
        halves.Halves(), tf.zeros([1, 4, 4, 1]), {"label": [0]}, halves.Settings()
    )

    # 48 weights of one at 0.5 / 2 each, three halves at 2 / 2.
    assert total.dtype == tf.float32
    assert float(total) == 2 + 12 + 3


def test_examples_come_once_an_epoch_and_shuffled(
    lenet: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        lenet,
        "preprocess",
        lambda image, *_: tf.reduce_sum(tf.cast(image, tf.int64)),
    )
    examples = lenet.Examples(lenet.open_data(settings.data), settings, training=True)

    def epochs(start: int) -> list[list[int]]:
        batches = lenet.batches(examples, start)
        ten = itertools.islice(batches, 10)
        return [inputs["images"].numpy().tolist() for inputs, _ in ten]

    ten = epochs(0)
    first, second = np.concatenate(ten[:5]), np.concatenate(ten[5:])
    assert sorted(first) == sorted(second)
    assert first.tolist() != second.tolist()
    assert epochs(24)[:7] == ten[3:]


# Command line.


def run(lenet: ModuleType, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = lenet.main(list(map(str, arguments)))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="session")
def converted(
    lenet: ModuleType,
    source: dict[str, np.ndarray],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A V1 checkpoint that the command line has written by name."""
    folder = tmp_path_factory.mktemp("converted")
    old = save(folder / "old", {**source, "global_step": np.int64(1)}, 1)
    code, out, err = run(lenet, "checkpoint", "convert", old, str(folder / "new"))
    assert (code, out) == (0, f"8 variables written to {folder / 'new'}\n")
    assert err == f"{old}: 8 variables loaded; 1 training state (global_step)\n"
    return folder / "new"


def test_a_converted_checkpoint_is_tensorflow_s_own(
    source: dict[str, np.ndarray], converted: Path
) -> None:
    reader = tf.train.load_checkpoint(str(converted))

    assert same(source, {name: reader.get_tensor(name) for name in source})
    assert len(reader.get_variable_to_shape_map()) == len(source)


def test_names_that_the_output_cannot_hold_are_escaped(
    lenet: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "x", {"plain": np.zeros(1)})
    weights = lenet.open_weights(path)
    weights = weights._replace(shapes={"é": (1,)}, dtypes={"é": "float32"})
    monkeypatch.setattr(lenet, "open_weights", lambda _: weights)
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))

    assert lenet.main(["checkpoint", "list", path]) == 0
    sys.stdout.flush()
    assert raw.getvalue() == b"\\xe9 [1] float32\n"


def test_what_is_converted_and_what_is_new_is_told(
    lenet: ModuleType, converted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, told, loaded = run(
        lenet, "checkpoint", "convert", converted, out, "--head", "auto"
    )

    assert code == 0
    assert told == f"8 variables written to {out}\n"
    assert loaded == (f"{converted}: 6 variables loaded; 2 left out (lenet/fc4)\n")


def test_checkpoint_lists_and_compares(lenet: ModuleType, converted: Path) -> None:
    code, listed, _ = run(lenet, "checkpoint", "list", converted)
    assert (code, listed.splitlines()[0]) == (0, "lenet/conv1/biases [32] float32")
    fits = run(lenet, "checkpoint", "compare", converted, "--exclude", "fc4")
    assert fits[0] == 0
    assert "left out: 2\n  lenet/fc4/weights\n" in fits[1]
    rule = ["--rename", "weights=kernel"]
    misfits = run(lenet, "checkpoint", "compare", converted, *rule)
    assert misfits[0] == 1
    assert "missing: 4\n" in misfits[1]
    assert "unused: 4\n" in misfits[1]


def test_predict_prints_text_and_json(
    lenet: ModuleType, converted: Path, data: Path
) -> None:
    image = str(data / "images" / "3" / "0.png")
    weights = ["--checkpoint", str(converted)]
    code, text, _ = run(lenet, "predict", image, image, *weights, "--top", "2")
    assert code == 0
    assert len(text.splitlines()) == 6
    code, text, _ = run(lenet, "predict", image, *weights, "--format", "json")
    (answer,) = json.loads(text)
    probabilities = [item["probability"] for item in answer["classes"]]

    assert answer["image"] == image
    assert len(probabilities) == 5
    assert probabilities == sorted(probabilities, reverse=True)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp", "webp"])
def test_an_image_of_any_format_becomes_grey(
    lenet: ModuleType, tmp_path: Path, kind: str, mode: str
) -> None:
    grey = Image.linear_gradient("L").resize((28, 28))
    grey.convert(mode).save(tmp_path / f"x.{kind}")
    decode = tf.function(lenet.decode_image, autograph=False)
    image = decode(tf.io.read_file(f"{tmp_path}/x.{kind}")).numpy()

    assert image.shape == (28, 28, 1)
    np.testing.assert_allclose(image[..., 0], np.array(grey), rtol=0, atol=4)


def test_evaluate_counts_every_example_once(
    lenet: ModuleType, model: Any, converted: Path, data: Path
) -> None:
    weights = ["--checkpoint", str(converted)]
    code, out, _ = run(
        lenet, "evaluate", "--data", data / "images", *weights, "--batch", "7"
    )
    lenet.restore(model, converted)
    hits = 0
    for file in sorted((data / "images").glob("*/*.png")):
        image = lenet.preprocess(np.array(Image.open(file))[..., np.newaxis])
        hits += int(np.argmax(model(image[tf.newaxis])[0])) == int(file.parent.name)

    assert (code, out) == (0, f"accuracy {hits / 20:.4f} over 20 examples\n")


def faults(data: Path, folder: Path, weights: Path) -> list[tuple[str, list[str]]]:
    """Command lines that cannot be done, with a part of the message."""
    image = str(next((data / "images").glob("*/*.png")))

    def records(name: str, *items: bytes) -> list[str]:
        with tf.io.TFRecordWriter(str(folder / name)) as writer:
            for item in items:
                writer.write(item)
        return ["train", "--data", str(folder / name), "--directory", f"{folder}/run"]

    png = Path(image).read_bytes()
    text = folder / "text"
    text.write_text("hello, this is no image " * 9)
    (folder / "one" / "a").mkdir(parents=True)
    train = ["train", "--directory", f"{folder}/run", "--data"]
    return [
        ("image/encoded", records("key", example(png, 1, "png"))),
        ("label 10 is not in 0 to 9", records("label", example(png, 10))),
        ("label -1 is not in 0 to 9", records("negative", example(png, -1))),
        ("Unknown image file format", records("image", example(b"?" * 99, 1))),
        ("Invalid PNG", records("cut", example(png[:60], 1))),
        ("could not be found", records("other", b"")),
        ("holds no records", records("empty")),
        ("is no TFRecord file, or is cut off", [*train, str(text)]),
        ("no record file is called", [*train, f"{folder}/none-*"]),
        ("has 1 folders for 10 classes", [*train, f"{folder}/one"]),
        ("batch is 0", [*train, str(data / "images"), "--batch", "0"]),
        ("rate is nan", [*train, str(data / "images"), "--learning-rate", "nan"]),
        (
            "auto or cpu here, not gpu:99",
            [*train, str(data / "images"), "--device", "gpu:99"],
        ),
        (
            "auto or cpu here, not tpu",
            [*train, str(data / "images"), "--device", "tpu"],
        ),
        ("No such file", ["predict", "none.png", "--checkpoint", str(weights)]),
        (
            "is no image that can be read",
            ["predict", str(text), "--checkpoint", str(weights)],
        ),
        ("does not exist", ["predict", image, "--checkpoint", "none.ckpt"]),
        ("does not exist", ["evaluate", "--data", str(data / "images")]),
        ("is cut off or not a checkpoint", ["checkpoint", "list", image]),
        (
            f"{weights} is the file that is read",
            ["checkpoint", "convert", *[str(weights)] * 2],
        ),
        (
            "none/y/x cannot be written: ",
            ["checkpoint", "convert", str(weights), f"{folder}/none/y/x"],
        ),
    ]


def test_a_mistake_is_one_line_on_stderr(
    lenet: ModuleType, data: Path, tmp_path: Path, converted: Path
) -> None:
    for message, arguments in faults(data, tmp_path, converted):
        code, _, err = run(lenet, *arguments)

        assert code == 1, (arguments, err)
        *_, last = err.splitlines()
        assert last.startswith("error: "), err
        assert message in last, err
        assert len(err.splitlines()) <= 2, err  # what was loaded, and the error


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["predict"],
        ["fly"],
        ["predict", "x", "--checkpoint", "y", "--top", "0"],
    ],
)
def test_a_wrong_usage_gives_2(lenet: ModuleType, arguments: list[str]) -> None:
    code, _, err = run(lenet, *arguments)

    assert code == 2
    assert "usage:" in err


def test_network_picks_one_of_several(converted: Path, tmp_path: Path) -> None:
    small = LENET.replace("network lenet(", "network small(").replace(
        ") {", ") as lenet {"
    )
    (tmp_path / "two.py").write_text(build(SOURCE + small))
    two = module_of(tmp_path / "two.py")
    restore = ["checkpoint", "compare", str(converted), "--network"]

    assert type(two.NETWORKS["small"]()).__name__ == "Small"
    assert run(two, *restore, "small")[0] == 0
    assert run(two, *restore, "large")[0] == 2


@pytest.mark.slow
def test_a_run_that_is_killed_resumes_exactly(
    lenet: ModuleType, lenet_file: Path, settings: Any, tmp_path: Path
) -> None:
    whole = dataclasses.replace(
        settings, steps=40, directory=str(tmp_path / "whole"), jit="off"
    )
    expected = values(lenet.train(whole))
    command = [sys.executable, str(lenet_file), "train", "--steps", "40"]
    command += ["--jit", "off", "--data", settings.data, "--directory"]
    command += [settings.directory]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 300
        while not list(Path(settings.directory).glob("ckpt-8.index")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    resumed = lenet.train(dataclasses.replace(settings, steps=40, jit="off"))

    assert same(expected, values(resumed))
