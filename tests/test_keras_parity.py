"""The networks of Keras Applications, beside Keras itself, by `slimgen verify`.

Keras gives every variable a random value, moving statistics too, and saves them in each of
its formats; the built file loads each by its own `restore`. The smallest network of each
family runs at a small size and takes a step of training, with dropout off; the mark
`families` has the others.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from slimgen.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.oracle]

ZOO = Path(__file__).parents[1] / "examples" / "zoo"

# The tolerance is the command's: 1e-5, and 1e-4 for more than 200 layers. Keras normalises in
# other steps than TensorFlow's fused operation, so every layer rounds otherwise, and what is
# behind it carries that on: 7e-6 is measured for ResNet50, 1.1e-5 for ResNet152. A step of
# training has a hundred times that: a gradient sums over all places, and Keras averages the
# variance of the batch as it is where TensorFlow's fused operation (TF-Slim, Keras 2) averages
# n / (n - 1) times of it.


@dataclass(frozen=True)
class Case:
    """A network of the zoo, its name in Keras, the size of the images, and options.

    `larger`: a smaller member of its family is compared too; `make families` runs this one.
    """

    file: str
    keras: str
    size: int
    options: str = ""
    larger: bool = False

    def __str__(self) -> str:
        return self.keras.partition("(")[0]


# Twice the tolerance where rounding alone may take it: Keras's own VGG19 in float32 is 7.4e-6
# from itself in float64 with these values, so that two programs that sum in another order
# (25,088 terms for a unit of fc6) may be 1.5e-5 apart, and are on a processor with AVX-512.
# One end point of InceptionV3 is 1.09e-5 away, its output 6.3e-6.
ROUNDED = "--tolerance=2e-5"

OWN_INPUT = "(include_preprocessing=False)"  # ours is `preprocess`, before the network
CASES = [
    Case("vgg", "VGG16", 224, f"--batch=1 {ROUNDED}"),
    Case("vgg", "VGG19", 224, f"--batch=1 {ROUNDED}", larger=True),
    Case("keras/inception_v3", "InceptionV3", 107, f"--training --batch=4 {ROUNDED}"),
    Case("keras/resnet", "ResNet50", 64, "--training --batch=4"),
    Case("keras/resnet", "ResNet101", 64, "--batch=4", larger=True),
    Case("keras/resnet", "ResNet152", 64, "--batch=4", larger=True),
    Case("keras/resnet_v2", "ResNet50V2", 64, "--training --batch=4"),
    Case("keras/resnet_v2", "ResNet101V2", 64, "--batch=4", larger=True),
    Case("keras/resnet_v2", "ResNet152V2", 64, "--batch=4", larger=True),
    Case("keras/inception_resnet_v2", "InceptionResNetV2", 107, "--training --batch=4"),
    Case("keras/xception", "Xception", 71, "--training --batch=4"),
    Case("keras/mobilenet_v1", "MobileNet", 96, "--training -Dkeep_prob=1.0"),
    Case("keras/mobilenet_v2", "MobileNetV2", 96, "--training"),
    Case(
        "keras/mobilenet_v3",
        f"MobileNetV3Small{OWN_INPUT}",
        96,
        "--training -Dkeep_prob=1.0",
    ),
    Case("keras/mobilenet_v3", f"MobileNetV3Large{OWN_INPUT}", 96, larger=True),
    Case("keras/nasnet", "NASNetMobile", 96, "--training"),
    Case("keras/nasnet", "NASNetLarge", 96, larger=True),
    Case("keras/densenet", "DenseNet121", 32, "--batch=1"),
    Case("keras/densenet", "DenseNet169", 64, "--training --batch=4", larger=True),
    Case("keras/densenet", "DenseNet201", 64, "--batch=4", larger=True),
    Case("keras/efficientnet", f"EfficientNetB0{OWN_INPUT}", 64),
    *(
        Case("keras/efficientnet", f"EfficientNetB{n}{OWN_INPUT}", 64, larger=True)
        for n in range(1, 8)
    ),
    Case("keras/efficientnet_v2", f"EfficientNetV2B0{OWN_INPUT}", 64),
    *(
        Case("keras/efficientnet_v2", f"EfficientNetV2B{n}{OWN_INPUT}", 64, larger=True)
        for n in range(1, 4)
    ),
    *(
        Case(
            "keras/efficientnet_v2",
            f"EfficientNetV2{size}{OWN_INPUT}",
            64,
            "-Drescaled=false",
            larger=True,
        )
        for size in "SML"
    ),
    Case("keras/convnext", f"ConvNeXtTiny{OWN_INPUT}", 32, "--training --batch=1"),
    *(
        Case("keras/convnext", f"ConvNeXt{size}{OWN_INPUT}", 32, larger=True)
        for size in ("Small", "Base", "Large", "XLarge")
    ),
]

# Other widths than those above, and a network without its top.
VARIANTS = [
    Case(
        "keras/mobilenet_v1",
        "MobileNet(alpha=0.25)",
        64,
        "-Ddepth_multiplier=0.25 -Dclasses=10",
    ),
    Case(
        "keras/mobilenet_v2",
        "MobileNetV2(alpha=1.4)",
        96,
        "-Ddepth_multiplier=1.4 -Dclasses=10",
    ),
    Case(
        "keras/mobilenet_v3",
        "MobileNetV3Small(include_preprocessing=False, alpha=0.75, minimalistic=True)",
        96,
        "-Ddepth_multiplier=0.75 -Dminimalistic=true -Dclasses=10",
    ),
    Case("keras/resnet", 'ResNet50(pooling="avg")', 97, "-Dclasses=none"),
]


def verify(case: Case, *options: str) -> dict[str, object]:
    command = [
        "verify",
        str(ZOO / f"{case.file}.slim"),
        f"--against=keras:{case.keras}",
    ]
    command += [f"--size={case.size}x{case.size}"]
    command += ["--format=json", *case.options.split(), *options]
    outcome = CliRunner().invoke(main, command)
    assert outcome.stderr == ""
    found: dict[str, object] = json.loads(outcome.stdout)
    assert outcome.exit_code == (0 if found["diverges"] is None else 1)
    return found


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.families] if case.larger else [])
        for case in CASES
    ],
    ids=str,
)
def test_a_network_is_keras_s(case: Case) -> None:
    found = verify(case, "-Dclasses=10")

    assert found["diverges"] is None, found
    assert found["weights"] == ["model.weights.h5", "model.keras", "model.h5"]
    assert (found["training"] is not None) == ("--training" in case.options)


@pytest.mark.parametrize("case", VARIANTS, ids=lambda case: case.keras)
def test_a_variant_is_keras_s(case: Case) -> None:
    found = verify(case)

    assert found["diverges"] is None, found
