"""The runtime's templates give clean Python for every combination of what a file needs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import black
import pytest
from output import MODE
from runtime_fixture import LENET, build, image_network, train_job

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DATA = 'data records "train-*.tfrecord"'
STEPS = "steps 100"


def training(*lines: str, network: str = LENET) -> str:
    """The source of LeNet, or of another network, with a job."""
    name = network.split("network ")[1].split("(")[0].split()[0]
    return network + train_job("\n  ".join(lines), name)


EXPONENTIAL = "learning_rate exponential 0.1 every"
HEADS = """
network heads(keep_prob = 0.5) {
  input images 32x32x3
  preprocess inception
  global_avg_pool keepdims=false
  dropout keep_prob
  branch { fc 5 activation=none as AuxLogits; tap AuxLogits }
  branch { fc 5 activation=none as Other; tap Other }
  fc 5 activation=none as logits
}
"""
MAPS = """
network maps() {
  input images 8x8x3
  weights FORMAT "x" { rename "{layer}/{leaf}" "{leaf}/{layer}" }
  weights keras "y" { new "*" }
  conv 4 3x3 as conv1
}
"""
PROGRAMS = {
    "no image": "network n { input x 7; fc 3 as a }",
    "no classes": "network n { input x 8x8x3; conv 3 1x1 as a }",
    "vgg": image_network("32x32x3", "preprocess vgg resize=300..400"),
    "vgg, free size": image_network("?x?x3", "preprocess vgg"),
    "inception": image_network("32x32x3", "preprocess inception"),
    "inception, slow": image_network("?x?x3", "preprocess inception fast=false"),
    "torchvision": image_network("32x32x3", "preprocess torchvision"),
    "torchvision, free size": image_network("?x?x3", "preprocess torchvision"),
    "cifarnet": image_network("32x32x3", "preprocess cifarnet"),
    "cifarnet, free size": image_network("?x?x3", "preprocess cifarnet"),
    "lenet, free size": image_network("?x?x3", "preprocess lenet"),
    "none": image_network("32x32x3", "preprocess none"),
    "none, free size": image_network("?x?x1", ""),
    "train": training(DATA, STEPS),
    "augment": training(
        DATA,
        STEPS,
        "augment random_resized_crop",
        "augment color_jitter hue=0.1",
        "augment random_erasing",
        "augment cutmix 1.0",
        network=HEADS,
    ),
    "augment a little": training(
        f"{DATA} corrupt=skip",
        STEPS,
        "augment random_crop padding=4",
        "augment color_jitter contrast=0.4",
        "augment mixup 0.2",
    ),
    "erase": training(DATA, STEPS, "augment random_erasing 0.1", "accumulate 2"),
    "ways to read": training(
        f"{DATA} readers=4 block_length=2 prefetch=3 boxes=image/object/bbox",
        STEPS,
        "augment random_erasing",
        network=HEADS,
    ),
    "sloppy": training(f"{DATA} order=sloppy", STEPS, "deterministic false"),
    "leave out": training(f"{DATA} corrupt=skip", STEPS, "average 0.9"),
    "train by steps": training(
        f'data folder "a folder/{"x" * 90}"', STEPS, f"{EXPONENTIAL} 10 steps"
    ),
    **{
        f"train with {rule}": training(
            DATA, STEPS, f"optimizer {rule}", f"learning_rate {rate}", *more
        )
        for rule, rate, *more in (
            ("sgd", "fixed 0.1", "warmup 2 epochs"),
            ("momentum nesterov=true", "exponential 0.1 staircase=false"),
            ("rmsprop epsilon=1.0", "polynomial 0.1 over 20 epochs"),
            ("adam", "polynomial 0.1 power=2.0"),
            ("adagrad", "cosine 0.1 over 7 steps end=0.001"),
            ("adadelta", "piecewise [0.1, 0.01] [10]"),
            ("ftrl l1=0.1", "piecewise [0.1, 0.01] [10] unit=steps", "warmup 5 steps"),
            ("adamw", "cosine 0.1"),
            ("lamb", "fixed 0.1"),
            ("lion weight_decay=0.5", "fixed 0.1"),
        )
    },
    "train a part": training(
        DATA,
        STEPS,
        "train fc3, fc4 batch_norm=held",
        'freeze "fc3/b*"',
        "multiply_gradients fc4 10",
        'multiply_gradients "*/biases" 2.0',
        "clip global_norm=5.0",
        "accumulate 4",
        "average 0.999",
    ),
    "freeze and clip": training(
        DATA, STEPS, "freeze conv1 batch_norm=held", "clip norm=5.0"
    ),
    "clip values": training(DATA, STEPS, "clip value=0.5", "average 0.9"),
    "losses": training(
        DATA,
        STEPS,
        "loss sigmoid_cross_entropy label_smoothing=0.1",
        "loss log_loss AuxLogits weight=0.5",
        "loss cosine_distance Other",
        "loss hinge_loss Other",
        "loss mean_pairwise_squared_error",
        "loss mean_squared_error",
        "loss absolute_difference",
        "loss sparse_softmax_cross_entropy",
        'loss python "own.losses:focal" Other weight=0.1',
        "loss regularization weight=0.5",
        network=HEADS,
    ),
    "no regularization": training(
        DATA, STEPS, 'loss python "losses:focal"', "loss regularization weight=0"
    ),
    "precision": training(
        DATA,
        STEPS,
        "precision auto growth_steps=100",
        "loss softmax_cross_entropy",
        "loss softmax_cross_entropy AuxLogits",
        network=HEADS,
    ),
    "precision and averages": training(
        DATA, STEPS, "precision float16", "average 0.9", "accumulate 2"
    ),
    "summaries": training(DATA, STEPS, "summaries every 10 steps", "accumulate 2"),
    "summaries of several losses": training(
        f"{DATA} corrupt=skip",
        STEPS,
        "summaries images=0",
        "loss softmax_cross_entropy",
        "loss softmax_cross_entropy AuxLogits",
        network=HEADS,
    ),
    "evaluate": training(DATA, STEPS) + "evaluate lenet {\n  data records x\n}\n",
    "evaluate in training": training(DATA, STEPS, "precision auto")
    + "evaluate lenet {\n  data records x\n  every checkpoint\n}\n",
    "evaluate several outputs": training(
        f"{DATA} corrupt=skip",
        STEPS,
        "loss softmax_cross_entropy",
        "loss softmax_cross_entropy AuxLogits",
        network=HEADS,
    )
    + "evaluate heads {\n  data records x\n  every checkpoint\n}\n",
    "multiply": training(DATA, STEPS, "multiply_gradients fc4 10", "train fc4"),
    "several networks": training(
        DATA,
        STEPS,
        f"{EXPONENTIAL} 2 epochs",
        "loss softmax_cross_entropy AuxLogits weight=0.4",
        "loss softmax_cross_entropy Other weight=0.25",
        network=HEADS,
    )
    + image_network("32x32x1", "preprocess lenet", "second"),
    "weights of Caffe and Keras": MAPS.replace("FORMAT", "caffe"),
    "weights of PyTorch and Keras": MAPS.replace("FORMAT", "safetensors"),
    "several networks without images": "network n { input x 7; fc 3 as a }\n"
    "network m { input x 7; fc 3 as a }",
}


# Most of the time is black's: the quick tests take every third.
QUICK = list(PROGRAMS)[::3]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow)
        for name in PROGRAMS
    ],
)
def test_every_combination_compiles_and_is_as_black_would_write_it(name: str) -> None:
    text = build(PROGRAMS[name])

    compile(text, "emitted.py", "exec")
    assert text == black.format_str(text, mode=MODE)
    parts = (ast.FunctionDef, ast.ClassDef)
    names = [n.name for n in ast.parse(text).body if isinstance(n, parts)]
    assert len(names) == len(set(names))  # one would take the place of the other


def test_a_network_without_images_takes_no_preprocessing_from_another() -> None:
    source = training(DATA, STEPS, "preprocess cifarnet", "augment flip")
    text = build(f"network other {{ input x 7; fc 3 as a }}\n{source}")

    assert "Small: preprocess_cifarnet" in text or "Lenet: preprocess_cifarnet" in text
    assert "augmented(image, self.settings, seed)" in text
    assert "def predict" not in text


def test_a_file_has_only_the_parts_that_it_needs() -> None:
    bare = build(PROGRAMS["no image"])
    without_job = build(PROGRAMS["vgg"])

    for word in ("preprocess", "predict", "train(", "Settings", "--network"):
        assert word not in bare
    for word in ("Settings", "TFRecord", "evaluate", "momentum", "--network"):
        assert word not in without_job
    assert "predict" in without_job


def test_values_come_out_as_literals_and_never_as_code() -> None:
    evil = "'''\\{{ x }}'; import os  # "
    source = training(f'data folder "{evil}"', STEPS, f'directory "{evil}"')
    tree = ast.parse(build(source))
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]

    assert strings.count(evil) == 2


@pytest.mark.slow
def test_ruff_and_mypy_find_nothing(tmp_path: Path) -> None:
    for number, program in enumerate(PROGRAMS.values()):
        (tmp_path / f"emitted_{number}.py").write_text(build(program))
    for path in EXAMPLES.glob("*.slim"):
        (tmp_path / f"{path.stem}.py").write_text(build(path.read_text(), str(path)))
    for module in ("losses", "own/__init__", "own/losses"):  # beside their users
        (tmp_path / module).parent.mkdir(exist_ok=True)
        (tmp_path / f"{module}.py").write_text(
            '"""Own."""\n\n\ndef focal(outputs, labels):\n    return outputs - labels\n'
        )
    environment = {**os.environ, "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    # A block opens its scope under the same name, on purpose: `… as scope`.
    rules = "D,PLR1704"
    ruff = ["ruff", "check", "--isolated", "--ignore", rules, str(tmp_path)]
    # Stubs of NumPy take most of the time, so that one process reads them once.
    mypy = ["mypy", "--ignore-missing-imports", "--config-file=", "."]
    results = [
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for command in (ruff, mypy)
    ]

    assert [result.returncode for result in results] == [0, 0], [
        result.stdout[:2000] for result in results
    ]
