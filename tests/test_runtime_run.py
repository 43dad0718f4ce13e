"""A run of the emitted file: killed, stopped, moved, damaged, started from weights."""

import dataclasses
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from runtime_fixture import build, train_job

tf = pytest.importorskip("tensorflow")

from test_runtime import example, module_of, run, same, values  # noqa: E402

STEPS = 12
TINY = """
network tiny(classes = 10) {
  input images 8x8x1
  preprocess none
  conv 4 3x3 normalizer=batch_norm as conv1
  flatten
  dropout 0.5 as drop
  fc classes activation=none as logits
}
"""
SOURCE = TINY + train_job(
    f"""data records "none" shuffle=20
  batch 8
  steps {STEPS}
  checkpoint every 4 steps
  log every 2 steps""",
    "tiny",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted module of a small network that draws at random in its step."""
    file = tmp_path_factory.mktemp("emitted") / "tiny.py"
    file.write_text(build(SOURCE))
    return module_of(file)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of small images with a bright row for each class."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    for shard in range(2):
        with tf.io.TFRecordWriter(str(folder / f"{shard}.tfrecord")) as writer:
            for label in range(20):
                pixels = generator.integers(0, 60, [8, 8, 1], np.uint8)
                pixels[label % 8] = 120 if label % 10 > 7 else 250
                writer.write(example(tf.io.encode_png(pixels).numpy(), label % 10))
    return folder


@pytest.fixture
def settings(tiny: ModuleType, data: Path, tmp_path: Path) -> Any:
    """The job's settings with this test's data."""
    return tiny.Settings(
        data=str(data / "*.tfrecord"), directory=str(tmp_path / "run"), jit="off"
    )


@pytest.fixture(scope="module")
def whole(
    tiny: ModuleType, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, np.ndarray], Path]:
    """The weights of a run that nothing stopped, and its folder."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    records = str(data / "*.tfrecord")
    model = tiny.train(tiny.Settings(data=records, directory=str(folder), jit="off"))
    return values(model), folder


def flags(settings: Any) -> list[str]:
    """A command line that trains with the settings of a test."""
    return ["train", "--data", settings.data, "--directory", settings.directory]


Damage = Callable[[Path], object]


def cut_off(path: Path) -> None:
    """A file of which the last bytes are missing."""
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize("damage", [cut_off, Path.unlink])
@pytest.mark.parametrize("file", ["index", "data-00000-of-00001"])
def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(
    tiny: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    capsys: pytest.CaptureFixture[str],
    file: str,
    damage: Damage,
) -> None:
    expected, folder = whole
    shutil.copytree(folder, settings.directory)
    damage(Path(settings.directory, f"ckpt-12.{file}"))
    model = tiny.train(settings)
    told = capsys.readouterr().out

    assert "step 8 of 12" in told
    assert same(expected, values(model))
    if (file, damage) != ("index", Path.unlink):  # which is no checkpoint at all
        assert "ckpt-12" in told.splitlines()[0]
        assert "the one before it is taken" in told.splitlines()[0]


def test_a_run_without_a_readable_checkpoint_is_left_as_it_is(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    shutil.copytree(whole[1], settings.directory)
    for file in Path(settings.directory).glob("*.index"):
        cut_off(file)
    before = sorted(os.listdir(settings.directory))
    code, _, err = run(tiny, *flags(settings))

    assert code == 1
    assert err == f"error: no checkpoint in {settings.directory} can be read\n"
    assert before == sorted(os.listdir(settings.directory))


@pytest.mark.parametrize("text", [b"", b"model_check", bytes(range(256)), None])
def test_a_run_whose_checkpoint_file_is_damaged_resumes_and_says_so(
    tiny: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    capsys: pytest.CaptureFixture[str],
    text: bytes | None,
) -> None:
    expected, folder = whole
    shutil.copytree(folder, settings.directory)
    file = Path(settings.directory, "checkpoint")
    before = file.read_text()
    file.write_bytes(text) if text is not None else file.unlink()
    model = tiny.train(settings)

    assert "checkpoint was missing, damaged or old; it names ckpt-12 now" in (
        capsys.readouterr().out
    )
    assert same(expected, values(model))
    assert paths_of(before) == paths_of(file.read_text())


def paths_of(text: str) -> list[str]:
    """The checkpoints that a `checkpoint` file names."""
    return [line for line in text.splitlines() if "_path" in line]


def test_only_a_checkpoint_that_can_be_read_is_called_whole(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    shutil.copytree(whole[1], settings.directory)
    cut_off(Path(settings.directory, "ckpt-12.data-00000-of-00001"))
    state = types.SimpleNamespace(settings=settings)

    assert tiny.Run.last_checkpoint(state).endswith("ckpt-8 is whole")


def test_sigterm_saves_and_the_run_goes_on_exactly(
    tiny: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add = tiny.Progress.add

    def terminated(progress: Any, result: Any) -> None:
        add(progress, result)
        if int(progress.run.step) == 6:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(tiny.Progress, "add", terminated)
    before = signal.getsignal(signal.SIGTERM)
    code, _, err = run(tiny, *flags(settings))
    assert (code, err) == (75, f"stopped at step 6: {settings.directory}/ckpt-6\n")
    assert signal.getsignal(signal.SIGTERM) == before
    monkeypatch.setattr(tiny.Progress, "add", add)

    assert same(whole[0], values(tiny.train(settings)))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file grow beyond a size: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_and_loses_nothing(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    tiny.train(dataclasses.replace(settings, steps=4))
    before = sorted(os.listdir(settings.directory))
    with files_of_at_most(4000):
        code, out, err = run(tiny, *flags(settings))
    assert code == 1
    assert "step 8/12" in out
    assert f"{settings.directory} cannot be written: " in err
    assert f"(the last checkpoint: {settings.directory}/ckpt-4 is whole)\n" in err
    assert err.count("\n") == 1
    assert before == sorted(os.listdir(settings.directory))

    assert same(whole[0], values(tiny.train(settings)))
    with files_of_at_most(10):
        elsewhere = dataclasses.replace(settings, directory=settings.directory + "2")
        code, _, err = run(tiny, *flags(elsewhere))
    assert (code, "run.json cannot be written: " in err) == (1, True)


def test_a_run_may_be_moved(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    tiny.train(dataclasses.replace(settings, steps=8))
    elsewhere = settings.directory + " of today"
    shutil.move(settings.directory, elsewhere)
    moved = dataclasses.replace(settings, directory=elsewhere)

    assert same(whole[0], values(tiny.train(moved)))
    assert not Path(settings.directory).exists()
    report = tiny.restore(tiny.Tiny(), elsewhere)
    assert len(report.loaded) == len(whole[0])
    with pytest.raises(tiny.UserError, match=r"below \*, \? or \["):
        tiny.train(dataclasses.replace(settings, directory=elsewhere + " [1]"))


def test_the_log_has_each_step_once_whatever_happened(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    tiny.train(dataclasses.replace(settings, steps=4))
    log = Path(settings.directory, "log.jsonl")
    with log.open("a") as stream:
        stream.write('{"step": 6, "loss": 9.0}\n{"step": 8, "lo')
    tiny.train(settings)
    steps = [
        [json.loads(line)["step"] for line in file.read_text().splitlines()]
        for file in (log, whole[1] / "log.jsonl")
    ]

    assert steps[0] == sorted({*steps[1], 5})  # 5 is the first of the second part


def test_what_a_run_was_begun_with_is_kept(tiny: ModuleType, settings: Any) -> None:
    begin = [*flags(settings), "--jit", "off", "--no-deterministic", "--steps"]
    assert run(tiny, *begin, "2")[0] == 0
    code, out, _ = run(tiny, *flags(settings), "--steps", "3")
    assert code == 0
    assert "--deterministic is False, as the run was begun\n" in out
    code, _, err = run(tiny, *flags(settings), "--jit", "on")
    assert code == 1
    folder = settings.directory
    refused = f"error: {folder} holds a run with --jit off, not on; --directory begins"
    assert err == f"{refused} another, --from {folder} with its weights\n"


def test_a_folder_is_locked_while_a_process_trains_in_it(
    tiny: ModuleType, settings: Any
) -> None:
    with tiny.locked(settings.directory):
        code, _, err = run(tiny, *flags(settings))
    used = f"{settings.directory} is in use by process {os.getpid()}"
    assert (code, err) == (1, f"error: {used}; --directory begins another run\n")
    short = [*flags(settings), "--steps", "1"]
    assert run(tiny, *short)[0] == 0  # the lock ends with its process


# Each point of a run at which it may wait: an object of the file, and its function.
WAITS = [
    ("", "open_data"),
    ("", "find_device"),
    ("", "begin_or_resume"),
    ("Run", "__init__"),
    ("Run", "resume"),
    ("", "training_step"),
    ("Examples", "load"),
    ("", "check_labels"),
    ("", "total_loss"),
    ("Progress", "add"),
    ("Progress", "report"),
    ("Run", "check"),
    ("Run", "save"),
    ("Run", "time_to_save"),
    ("Momentum", "apply"),
]


@pytest.mark.parametrize(
    ("signal_sent", "expected"), [("SIGTERM", 75), ("SIGINT", 130)]
)
def test_a_signal_at_any_point_loses_no_step(
    tiny: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    monkeypatch: pytest.MonkeyPatch,
    signal_sent: str,
    expected: int,
) -> None:
    for place, (owner, name) in enumerate(WAITS):
        folder = f"{settings.directory}{place}"
        one = dataclasses.replace(settings, directory=folder)
        holder = getattr(tiny, owner) if owner else tiny
        original, sent = getattr(holder, name), []

        def signalled(*arguments: Any, call: Any = original, to: Any = sent) -> Any:
            if not to:
                to.append(os.kill(os.getpid(), getattr(signal, signal_sent)))
            return call(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(holder, name, signalled)
            code, _, err = run(tiny, *flags(one))
        (last,) = [int(found) for found in re.findall(r"stopped at step (\d+)", err)]
        assert (name, code, len(sent)) == (name, expected, 1)
        assert Path(folder, f"ckpt-{last}.index").exists()
        log = Path(folder, "log.jsonl").read_text().splitlines()
        assert json.loads(log[-1])["step"] == last
        if place in (6, 13):
            assert same(whole[0], values(tiny.train(one)))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The same network, evaluated at each checkpoint of its run."""
    file = tmp_path_factory.mktemp("emitted") / "watched.py"
    job = 'evaluate tiny {\n  data records "none"\n  every checkpoint\n}\n'
    file.write_text(build(SOURCE + job))
    return module_of(file)


# A moment of a run: the object whose function is called, the function, which call of it.
MOMENTS = [
    ("Progress", "add", 5),  # the last step of an epoch
    ("", "evaluate", 2),
    ("", "append_to_log", 4),  # between the two lines of a checkpoint
]


def test_a_stop_between_epochs_or_in_an_evaluation_changes_no_bit(
    watched: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for place, (owner, function, call) in enumerate(MOMENTS):
        folder = f"{settings.directory}{place}"
        holder = getattr(watched, owner) if owner else watched
        original, calls = getattr(holder, function), []

        def signalled(
            *arguments: Any,
            to: Any = calls,
            at: int = call,
            then: Any = original,
            **named: Any,
        ) -> Any:
            to.append(1)
            if len(to) == at:
                os.kill(os.getpid(), signal.SIGTERM)
            return then(*arguments, **named)

        command = ["train", "--data", settings.data, "--validation", settings.data]
        command += ["--directory", folder, "--jit", "off"]
        with monkeypatch.context() as patch:
            patch.setattr(holder, function, signalled)
            code, _, err = run(watched, *command)
        assert (function, code) == (function, 75)
        assert re.fullmatch(rf"stopped at step \d+: {folder}/ckpt-\d+\n", err)
        assert run(watched, *command)[0] == 0
        model = watched.Tiny()
        watched.restore(model, folder)
        assert same(whole[0], values(model))


def test_the_seed_of_the_caller_changes_nothing(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    tf.random.set_seed(0)
    source = tiny.open_data(settings.data)
    examples = tiny.Examples(source, settings, training=True)
    found = [int(number) for number, _ in examples.items(0).take(3)]
    assert found == [0, 1, 2]
    tf.random.set_seed(0)
    assert same(whole[0], values(tiny.train(settings)))


def test_the_run_of_another_optimizer_is_refused(
    tiny: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = dataclasses.replace(settings, steps=1)
    tiny.train(short)
    momentum = tiny.Momentum

    def other(variables: Any, *arguments: Any) -> Any:
        named = {f"other_{name}": variable for name, variable in variables.items()}
        return momentum(named, *arguments)

    monkeypatch.setattr(tiny, "Momentum", other)
    with pytest.raises(tiny.UserError, match="is of another network or optimizer"):
        tiny.train(short)


def spoilt_loss(module: ModuleType) -> Callable[..., Any]:
    """A loss that is finite, with a gradient that is not."""
    loss = module.loss
    # The derivative of the root is infinite at 0, and that of the square 0.
    return lambda outputs, *rest: loss(outputs, *rest) + tf.reduce_sum(
        tf.sqrt(tf.square(outputs * 0.0))
    )


def test_the_first_value_that_is_not_finite_is_named(
    tiny: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tiny.Run(settings, 40)
    images, labels = tf.ones([8, 8, 8, 1]), {"label": tf.range(8, dtype=tf.int64)}
    state = one.model.generator.state.numpy()
    initial = values(one.model)

    def first(images: Any, column: float) -> str:
        weights = one.model.named_variables["tiny/logits/weights"]
        weights[:, 3].assign(tf.fill([256], column))
        found = tiny.first_not_finite(one, {"images": images}, labels)
        weights.assign(initial["tiny/logits/weights"])
        return str(found)

    bad = tf.tensor_scatter_nd_update(images, [[3, 1, 1, 0]], [np.nan])
    assert first(bad, np.inf) == "the input images"
    assert first(images, -np.inf) == "the variable tiny/logits/weights"
    assert first(images, 3e38) == "the end point tiny/logits"
    assert first(images, 0.0) == "the loss or a gradient"  # as none is
    monkeypatch.setattr(tiny, "loss", spoilt_loss(tiny))
    assert first(images, 0.0) == "the gradient of tiny/logits/biases"
    monkeypatch.setattr(
        tiny, "loss", lambda outputs, *_: tf.reduce_sum(outputs) * np.inf
    )
    assert first(images, 0.0) == "the loss"
    assert same(initial, values(one.model))
    assert np.array_equal(state, one.model.generator.state)


def test_a_value_that_is_not_finite_ends_the_run_as_it_was(
    tiny: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(whole[1], settings.directory)
    files = sorted(os.listdir(settings.directory))
    runs, check = [], tiny.Run.check

    def checked(one: Any, examples: Any) -> None:
        runs.append(one)
        check(one, examples)

    monkeypatch.setattr(tiny.Run, "check", checked)
    monkeypatch.setattr(tiny, "loss", spoilt_loss(tiny))
    code, _, err = run(tiny, *flags(settings), "--jit", "off", "--steps", "16")

    assert (code, err) == (
        1,
        "error: the gradient of tiny/logits/biases is not finite at step 13"
        f" (learning rate 0.01); the last checkpoint: {settings.directory}/ckpt-12 is"
        " whole\n",
    )
    assert same(whole[0], values(runs[0].model))
    assert files == sorted(os.listdir(settings.directory))


@pytest.mark.slow
def test_after_a_step_that_is_not_finite_none_changes_anything(
    tiny: ModuleType, settings: Any
) -> None:
    one = tiny.Run(dataclasses.replace(settings, jit="on"), 40)
    step = tiny.training_step(one)
    images, labels = tf.ones([8, 8, 8, 1]), {"label": tf.range(8, dtype=tf.int64)}
    step(images, labels)
    state = [*one.model.variables, *one.optimizer.variables]
    state.append(one.model.generator.state)
    before = [variable.numpy() for variable in state]
    for bad in (images * np.nan, images):
        step(bad, labels)

        assert all(map(np.array_equal, before, [v.numpy() for v in state]))
    assert (int(one.step), bool(one.sound)) == (1, False)


def test_a_checkpoint_of_values_that_are_not_finite_is_not_written(
    tiny: ModuleType, settings: Any
) -> None:
    one = tiny.Run(settings, 40)
    one.resume()
    one.model.named_variables["tiny/logits/weights"][3, 3].assign(np.inf)
    found = "tiny/logits/weights is not finite after step 0; the last checkpoint: none"
    with pytest.raises(tiny.UserError, match=found):
        one.save()
    one.model.named_variables["tiny/logits/weights"][3, 3].assign(0.0)
    one.optimizer.velocities["tiny/logits/weights"][3, 3].assign(np.nan)
    with pytest.raises(tiny.UserError, match="tiny/logits/weights/Momentum is not fin"):
        one.save()

    assert not tiny.checkpoints(settings.directory)


def test_a_terminal_has_a_bar_and_other_outputs_have_lines(
    tiny: ModuleType, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    short = dataclasses.replace(settings, steps=6)
    plain, terminal = io.StringIO(), Terminal()
    for stream, folder in ((plain, "a"), (terminal, "b")):
        with redirect_stdout(stream):
            tiny.train(
                dataclasses.replace(short, directory=settings.directory + folder)
            )
    lines = [line for line in plain.getvalue().splitlines() if line[:5] == "step "]
    form = r"step (\d)/6  loss \d\.\d{4}  \d+\.\d images/s(  0:00:\d\d left)?"
    found = [re.fullmatch(form, line) for line in lines]
    assert [one and one[1] for one in found] == ["1", "2", "4", "6"]
    assert [bool(one and one[2]) for one in found] == [False, True, True, True]
    lines = [line for line in terminal.getvalue().split("\n") if "\r" in line]
    drawn = lines[-1].split("\r")  # over each other
    assert drawn[-2].startswith("[=============       ] step 4/6  loss ")
    assert drawn[-1].startswith("[====================] step 6/6  loss ")
    assert {len(line) for line in drawn[1:]} == {79}
    assert "/ckpt-6\n" in terminal.getvalue()


def test_steps_are_profiled_on_request(
    tiny: ModuleType,
    settings: Any,
    whole: tuple[dict[str, np.ndarray], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(whole[1], settings.directory)
    command = [*flags(settings), "--jit", "off", "--steps", "15", "--profile"]
    for wrong in ("12..13", "14..16", "14..13", "14"):
        assert tiny.main([*command, wrong]) == 1
        said = f"error: --profile is {wrong}, and must lie in 13..15\n"
        assert capsys.readouterr().err == said
    assert tiny.main([*command, "13..14"]) == 0

    (trace,) = Path(settings.directory, "profile").rglob("*.xplane.pb")
    assert b"Conv2D" in trace.read_bytes()
    assert Path(settings.directory, "ckpt-15.index").exists()


def test_old_checkpoints_go_and_one_every_so_many_hours_stays(
    tiny: ModuleType, settings: Any
) -> None:
    def kept(**changes: Any) -> list[int]:
        changed = dataclasses.replace(settings, save_steps=2, keep=2, **changes)
        tiny.train(changed)
        files = Path(changed.directory).glob("ckpt-*.index")
        return sorted(int(file.stem.removeprefix("ckpt-")) for file in files)

    assert kept() == [10, 12]
    assert kept(directory=settings.directory + "2", keep_hours=1e-9) == [
        2, 4, 6, 8, 10, 12,
    ]  # fmt: skip


def test_a_run_starts_from_weights_and_goes_on_from_its_own(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    given = ["--from", str(whole[1]), "--exclude", "conv1/BatchNorm"]
    code, _, told = run(tiny, *flags(settings), *given, "--steps", "1")
    assert code == 0
    first = f"{whole[1]}: 1 variables loaded; 5 left out (tiny/conv1/BatchNorm, "
    assert told.startswith(first)
    code, out, _ = run(tiny, *flags(settings), *given, "--steps", "2")
    assert code == 0
    told = f"{settings.directory} holds a run to resume: {whole[1]} is not read\n"
    assert told in out
    assert "step 1 of 2" in out


def test_a_job_names_the_weights_that_it_starts_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    job = train_job('exclude conv1\n  rename "weights" "kernel"\n  steps 1', "tiny")
    data, start = (
        'data records "none"',
        'train tiny from slim "old/model.ckpt" head=strict',
    )
    file = tmp_path / "started.py"
    file.write_text(
        build(
            TINY
            + job.replace("train tiny", start).replace("exclude", f"{data}\n  exclude")
        )
    )
    started = module_of(file)
    given = {
        "tiny/logits/kernel": np.full([256, 10], 2.0, np.float32),
        "tiny/logits/biases": np.full([10], 3.0, np.float32),
    }
    (tmp_path / "old").mkdir()
    tf.raw_ops.SaveV2(
        prefix="old/model.ckpt", tensor_names=list(given), shape_and_slices=["", ""],
        tensors=list(given.values()),
    )  # fmt: skip
    settings = started.Settings()
    found = values(started.Run(settings, 40).model)
    fresh = values(started.Tiny(seed=0))

    assert (settings.head, settings.exclude) == ("strict", ("conv1",))
    assert found["tiny/logits/weights"].min() == found["tiny/logits/weights"].max() == 2
    assert found["tiny/logits/biases"].tolist() == [3.0] * 10
    conv1 = [name for name in fresh if name.startswith("tiny/conv1/")]
    assert same({n: found[n] for n in conv1}, {n: fresh[n] for n in conv1})
    assert "old/model.ckpt: 2 variables loaded; 4 left out" in capsys.readouterr().err

    begun = started.Run(started.Settings(initial=""), 40)
    begun.resume()
    begun.save()
    started.Run(settings, 40)
    told = "runs/tiny holds a run to resume: old/model.ckpt is not read"
    assert told in capsys.readouterr().out


def test_initial_weights_are_what_the_first_step_begins_with(
    tiny: ModuleType, settings: Any, whole: tuple[dict[str, np.ndarray], Path]
) -> None:
    still = dataclasses.replace(settings, steps=1, learning_rate=0.0, head="strict")
    started = dataclasses.replace(still, initial=str(whole[1]))
    found = values(tiny.train(started))
    learned = [name for name in found if "moving" not in name]

    assert same({name: found[name] for name in learned}, whole[0])
    wrong = dataclasses.replace(
        started, exclude=["conv9"], directory=settings.directory + "2"
    )
    with pytest.raises(tiny.RestoreError, match="conv9 is no variable of Tiny"):
        tiny.train(wrong)


@pytest.mark.slow
def test_a_run_that_is_killed_at_twenty_random_moments_ends_the_same(
    tiny: ModuleType, settings: Any, tmp_path: Path
) -> None:
    """Each process is a copy of one that has TensorFlow, but has not used it yet."""
    program = f"""
import os, random, signal, sys, time
sys.path.insert(0, {str(Path(tiny.__file__).parent)!r})
import tiny
def run(directory):
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
        try:
            tiny.train(tiny.Settings(
                data={settings.data!r}, directory=directory, steps=2000, jit="off",
                save_steps=3, keep=2, save_minutes=0,
            ))
            code = 0
        finally:
            os._exit(code)
    return child
def wait(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
moments = random.Random(int(sys.argv[1]))
assert wait(run("whole")) == 0
kills = 0
while kills < 20:
    child = run("killed")
    first = time.monotonic()
    known = set(os.listdir("killed")) if os.path.isdir("killed") else set()
    while not os.path.isdir("killed") or set(os.listdir("killed")) == known:
        time.sleep(0.01)
        assert time.monotonic() - first < 60
    time.sleep(moments.uniform(0, 0.4))
    os.kill(child, signal.SIGKILL)
    assert wait(child) == -signal.SIGKILL
    kills += 1
    print(sorted(os.listdir("killed")), flush=True)
assert wait(run("killed")) == 0
"""
    seed = random.randrange(2**31)
    print("seed", seed)  # shown when the test fails
    done = subprocess.run(
        [sys.executable, "-c", program, str(seed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = []
    for name in ("whole", "killed"):
        reader = tf.train.load_checkpoint(str(tmp_path / name))
        keys = [k for k in reader.get_variable_to_shape_map() if "GRAPH" not in k]
        found.append({key: reader.get_tensor(key) for key in keys})

    assert int(found[0]["step/.ATTRIBUTES/VARIABLE_VALUE"]) == 2000
    assert found[0].keys() == found[1].keys()
    assert [
        k
        for k in found[0]
        if "save_counter" not in k and not np.array_equal(found[0][k], found[1][k])
    ] == []
