"""Built files are short: no line is added without a reason in these tables."""

from pathlib import Path

import pytest
from cli_harness import run

EXAMPLES = Path(__file__).parent.parent / "examples"

# Each file by its name here: the source and the options of the build.
FILES = {
    "vgg16": ("vgg16.slim",),
    "resnet_v1_50": ("resnet_v1.slim", "--network", "resnet_v1_50"),
    "inception_v3": ("inception_v3.slim",),
    "lenet": ("lenet.slim",),
    "vgg16 --split": ("vgg16.slim", "--split"),
    "resnet_v1_50 --split": ("resnet_v1.slim", "--network", "resnet_v1_50", "--split"),
    "lenet --split": ("lenet.slim", "--split"),
}

# The most lines of each file, with all that files did when these bounds were set.
BASE = {
    "vgg16": 674,
    "resnet_v1_50": 742,
    "inception_v3": 923,
    "lenet": 1491,
    "vgg16 --split": 86,
    "resnet_v1_50 --split": 137,
    "lenet --split": 279,
}

# A capability of a later issue, the reason why files carry it, and the lines that it may
# add to each file. A bound is the file's number in BASE and the lines of all rows.
CAPABILITIES: list[tuple[str, str, dict[str, int]]] = [
    (
        "classes by name, files by their bytes",
        "a folder in another order gave wrong numbers, other endings were dropped",
        {"lenet": 70},
    ),
    (
        "a run stops at any moment, and its folder is locked",
        "no step is lost by SIGTERM or Ctrl-C; two processes would spoil the run",
        {"lenet": 54},
    ),
    (
        "training in several replicas is an error",
        "each replica moves averages of its own, which nothing brings together",
        {"vgg16": 2, "resnet_v1_50": 2, "inception_v3": 2, "lenet": 2},
    ),
    (
        "Ctrl-C ends every command with 130",
        "1 is for errors",
        {"vgg16": 3, "resnet_v1_50": 3, "inception_v3": 3},
    ),
    (
        "a run's folder after a power cut",
        "an empty `checkpoint` ended a run whose checkpoints were whole",
        {"lenet": 43},
    ),
    (
        "checkpoints are read in plain Python before TensorFlow is asked",
        "impossible shapes ended the process; parts, SavedModels and frozen graphs load",
        {"vgg16": 299, "resnet_v1_50": 299, "inception_v3": 299, "lenet": 298},
    ),
    (
        "`predict` takes folders",
        "images lie in folders, as those for training; bytes say which files are images",
        {"vgg16": 32, "resnet_v1_50": 32, "inception_v3": 32, "lenet": 12},
    ),
    (
        "compressed records, folders of records",
        "a compressed file was taken for a damaged one, an empty one for a whole one",
        {"lenet": 57},
    ),
    (
        "a run's facts are kept and compared",
        "other data, another rate or preprocessing went on in silence",
        {"lenet": 72, "lenet --split": 12},
    ),
    (
        "`none` turns an option off",
        "each option was turned off in a way of its own",
        {"lenet": 10},
    ),
    (
        "a run says how many variables it trains, and which are frozen",
        "a job that froze too much trained in silence",
        {"lenet": 5},
    ),
    (
        "images upright and in their colours",
        "EXIF data and palettes were not looked at; an exported model must contain this",
        {"vgg16": 50, "resnet_v1_50": 50, "inception_v3": 50, "lenet": 53},
    ),
    (
        "the options of `restore` in every command, averages, tried advice",
        "averages of a part gave wrong weights, and advice could not be followed",
        {"vgg16": 116, "resnet_v1_50": 116, "inception_v3": 116, "lenet": 110},
    ),
    (
        "`TF_CPP_MIN_LOG_LEVEL=3` silences the import of TensorFlow",
        "lines of absl and CUDA stood above every result, whatever the level",
        {"vgg16": 10, "resnet_v1_50": 10, "inception_v3": 14, "lenet": 10}
        | {"vgg16 --split": 3, "resnet_v1_50 --split": 3, "lenet --split": 3},
    ),
]


@pytest.mark.parametrize("file", FILES)
def test_a_built_file_is_as_short_as_its_bound(tmp_path: Path, file: str) -> None:
    added = sum(lines.get(file, 0) for _, _, lines in CAPABILITIES)
    assert length_of(tmp_path, *FILES[file]) <= BASE[file] + added


def test_each_capability_has_a_reason_and_names_files_that_are_measured() -> None:
    names = [name for name, _, _ in CAPABILITIES]
    assert len(names) == len(set(names))
    assert all(name and reason for name, reason, _ in CAPABILITIES)
    for _, _, lines in CAPABILITIES:
        assert lines.keys() <= FILES.keys()
        assert all(count > 0 for count in lines.values())


def length_of(folder: Path, source: str, *options: str) -> int:
    """Return the number of lines of the file that is built of an example."""
    output = folder / source.replace(".slim", ".py")
    outcome = run("build", str(EXAMPLES / source), "-o", str(output), *options)
    assert outcome.exit_code == 0, outcome.output
    return len(output.read_text(encoding="utf-8").splitlines())
