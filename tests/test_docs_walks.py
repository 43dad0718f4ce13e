"""docs/training.md, docs/migrate.md and docs/cookbook.md are true from beginning to end.

The commands of the `console` fences run one after the other in one folder, beside the files
that the page shows: those of slimgen by its `main`, those of a built file by its own. The
options that a page names are those of built files, and every flag of TF-Slim's scripts has
its row.
"""

import importlib
import itertools
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from runtime_fixture import build
from test_docs import FLOWERS, ROOT, WALKS, fences_of, job, shows, write_files

from slimgen.cli import main
from slimgen.layers.jobs.kinds import JOB_LINES
from slimgen.layers.jobs.optimizer import RULES

tf = pytest.importorskip("tensorflow")

from test_runtime import example  # noqa: E402

FIELD = re.compile(r"^    (\w+): .*= option\(", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z\d-]*(?![\w-])")
SHELL = re.compile(r"^```sh\n.*?^```$", re.MULTILINE | re.DOTALL)  # TF-Slim's commands
ROW = re.compile(r"^\| `(\w+)` \|.*$", re.MULTILINE)
INLINE = re.compile(r"`([^`]+)`")
FLAGS = {"initial": "--from"}  # settings whose option is called otherwise
CLASSES = FLOWERS.split()
FIVE = ["daisy", "dandelion", "rose", "sunflower", "tulip"]
OLD_RUNS = {  # the weights of the networks that stand for old ones
    "docs/migrate.md": {
        "Small/Conv2d_1a_3x3": [3, 3, 3, 8],
        "Small/AuxLogits": [2048, 5],
        "Small/Conv2d_2a_3x3": [3, 3, 8, 16],
        "Small/Logits": [1024, 5],
    },
    "docs/cookbook.md": {
        "compact/conv1": [3, 3, 3, 8],
        "compact/conv2": [3, 3, 8, 16],
        "compact/fc4": [1, 1, 16, 100],
    },
}
HEADS = ("Logits", "fc4")  # the layers with biases, without batch norm

LINES = (
    "loss softmax_cross_entropy label_smoothing=0.1",
    "loss softmax_cross_entropy AuxLogits weight=0.4",
    "loss regularization weight=0.5",
    "warmup 5 epochs",
    "multiply_gradients conv1 0.1",
    "accumulate 4",
    "average 0.9999",
    "precision float16",
    "summaries every 100 steps",
)
DATA = 'data records "x" readers=4 block_length=2 prefetch=2'
EVALUATE = 'evaluate example { data records "y"; every checkpoint }\n'
RATES = (
    "learning_rate exponential 0.01",
    "learning_rate polynomial 0.01 over 9 epochs",
    "learning_rate cosine 0.01",
    "learning_rate piecewise [0.1, 0.01] [60]",
)
AUGMENTS = (
    "augment random_resized_crop; augment flip",
    "augment random_crop padding=4; augment color_jitter hue=0.1 brightness=0.4 contrast=0.4 saturation=0.4",
    "augment random_erasing; augment mixup 0.2; augment cutmix 1.0",
)
CLIPS = ("clip norm=5.0", "clip global_norm=5.0", "clip value=0.5")


def commands_of(path: Path) -> Iterator[tuple[str, str]]:
    """The commands of a page in order, each with what the page shows below it."""
    for fence in fences_of(path):
        if fence.kind == "console":
            for part in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield command, shown


def write_pictures(folder: Path, classes: Sequence[str]) -> None:
    """Write four pictures of each class to train with, and one held out.

    The same pictures stand in folders and in records with TF-Slim's names.
    """
    parts = {"flowers": ("train", 4), "held-out": ("validation", 1)}
    for part, (split, count) in parts.items():
        file = folder / f"flowers/flowers_{split}_00000-of-00001.tfrecord"
        file.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(file)) as records:
            for label, number in itertools.product(range(len(classes)), range(count)):
                image = picture(label, len(part) * number)
                path = folder / part / classes[label] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(image)
                records.write(example(image, label))
    (folder / "flowers.txt").write_text(FLOWERS)


def picture(label: int, seed: int) -> bytes:
    """Noise in the colour of a class, as PNG."""
    noise = tf.random.stateless_uniform([40, 48, 3], [label, seed], 0, 128)
    encoded = tf.io.encode_png(
        tf.cast(noise + 127 * tf.one_hot(label % 3, 3), tf.uint8)
    )
    return bytes(encoded.numpy())


def write_old_run(folder: Path, layers: dict[str, list[int]]) -> None:
    """Write a checkpoint with the names that TF-Slim's script gives."""
    norm = {"beta": [], "moving_mean": [], "moving_variance": []}
    shapes = {"global_step": []}
    for layer, weights in layers.items():
        others = {f"BatchNorm/{name}": weights[-1:] for name in norm}
        if layer.endswith(HEADS):
            others = {"biases": weights[-1:]}
        for name, shape in {"weights": weights, **others}.items():
            shapes[f"{layer}/{name}"] = shape
            shapes[f"{layer}/{name}/ExponentialMovingAverage"] = shape
            if "moving" not in name:
                shapes[f"{layer}/{name}/RMSProp"] = shape
    (folder / "old").mkdir()
    tf.raw_ops.SaveV2(
        prefix=str(folder / "old/model.ckpt-1000"),
        tensor_names=list(shapes),
        shape_and_slices=[""] * len(shapes),
        tensors=[tf.ones(shape) for shape in shapes.values()],
    )


def call(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command in the current folder; return its exit code and what it prints."""
    program, *words = shlex.split(command, comments=True)
    if program == "slimgen":
        outcome = CliRunner().invoke(main, words)
        return outcome.exit_code, outcome.output
    if program == "mkdir":
        Path(words[0]).mkdir()
        return 0, ""
    assert program == "python", command
    module = importlib.import_module(Path(words[0]).stem)
    code = module.main(words[1:]) if hasattr(module, "main") else 0
    printed = capsys.readouterr()
    return code, printed.err + printed.out


@pytest.mark.slow
@pytest.mark.parametrize("page", WALKS)
def test_the_commands_print_what_the_page_shows(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    write_files(ROOT / page, tmp_path)
    shutil.copy(ROOT / "examples/vgg16.slim", tmp_path)
    write_pictures(tmp_path, FIVE if page == "docs/cookbook.md" else CLASSES)
    if page in OLD_RUNS:
        write_old_run(tmp_path, OLD_RUNS[page])
    for command, shown in commands_of(ROOT / page):
        code, printed = call(command, capsys)

        assert shows(shown.splitlines(), printed.splitlines()), (command, printed)
        assert code == (1 if "error:" in shown else 0), command


def options_of(text: str) -> set[str]:
    """The options of a built file."""
    settings = {
        FLAGS.get(field, f"--{field.replace('_', '-')}")
        for field in FIELD.findall(text)
    }
    return settings | set(OPTION.findall(text)) | {"--no-deterministic"}


@pytest.fixture(scope="module")
def options_of_jobs() -> set[str]:
    """The options of built files that have among them every line a job can have."""
    others = zip(
        itertools.cycle(RATES), itertools.cycle(CLIPS), itertools.cycle(AUGMENTS)
    )
    optimizers = [f"optimizer {kind}" for kind in RULES]
    jobs = [[*LINES, one, *rest] for one, rest in zip(optimizers, others, strict=False)]
    texts = [*map(job, jobs), job([DATA]) + EVALUATE]
    return set().union(*(options_of(build(text)) for text in texts))


@pytest.mark.slow
@pytest.mark.parametrize("page", WALKS)
def test_the_options_of_a_page_exist(page: str, options_of_jobs: set[str]) -> None:
    commands = set(OPTION.findall((ROOT / "docs/commands.md").read_text()))
    text = SHELL.sub("", (ROOT / page).read_text(encoding="utf-8"))
    named = set(OPTION.findall(text))

    assert named
    assert set() == named - options_of_jobs - commands


# The flags of research/slim's scripts, in their order.
TRAIN_FLAGS = """
    master train_dir warmup_epochs num_clones clone_on_cpu worker_replicas num_ps_tasks
    num_readers num_preprocessing_threads log_every_n_steps save_summaries_secs
    save_interval_secs task weight_decay optimizer adadelta_rho
    adagrad_initial_accumulator_value adam_beta1 adam_beta2 opt_epsilon
    ftrl_learning_rate_power ftrl_initial_accumulator_value ftrl_l1 ftrl_l2 momentum
    rmsprop_momentum rmsprop_decay quantize_delay learning_rate_decay_type learning_rate
    end_learning_rate label_smoothing learning_rate_decay_factor num_epochs_per_decay
    sync_replicas replicas_to_aggregate moving_average_decay dataset_name
    dataset_split_name dataset_dir labels_offset model_name preprocessing_name batch_size
    train_image_size max_number_of_steps use_grayscale checkpoint_path
    checkpoint_exclude_scopes trainable_scopes ignore_missing_vars
"""
EVALUATE_FLAGS = """
    batch_size max_num_batches master checkpoint_path eval_dir num_preprocessing_threads
    dataset_name dataset_split_name dataset_dir labels_offset model_name
    preprocessing_name moving_average_decay eval_image_size quantize use_grayscale
"""
EXPORT_FLAGS = """
    model_name is_training image_size batch_size dataset_name labels_offset output_file
    dataset_dir quantize is_video_model num_frames write_text_graphdef use_grayscale
"""


def sections(page: str) -> dict[str, str]:
    """The text below each heading of a page, by what the heading says."""
    text = (ROOT / page).read_text(encoding="utf-8")
    parts = re.split(r"^## \d+\. (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(
    ("script", "flags"),
    [
        ("train_image_classifier.py", TRAIN_FLAGS),
        ("eval_image_classifier.py", EVALUATE_FLAGS),
        ("export_inference_graph.py", EXPORT_FLAGS),
    ],
)
def test_every_flag_of_a_script_has_its_row(script: str, flags: str) -> None:
    assert flags.split() == ROW.findall(sections("docs/migrate.md")[script])


@pytest.mark.slow
def test_the_line_of_a_row_gives_its_option() -> None:
    rows = ROW.finditer(sections("docs/migrate.md")["train_image_classifier.py"])
    columns = [[part.strip() for part in row[0].split("|")[1:-1]] for row in rows]
    built: dict[str, set[str]] = {}
    for _, _, here, option in columns:
        for line in filter(is_line, INLINE.findall(here)):
            if line not in built:
                built[line] = options_of(build(job([line])))

            assert set(OPTION.findall(option)) <= built[line], line
    assert len(built) > 15


def is_line(code: str) -> bool:
    """Whether code of a table is a whole line of a job."""
    word, _, arguments = code.partition(" ")
    words = {line.word for line in JOB_LINES}
    return word in words and bool(arguments) and "{" not in arguments
