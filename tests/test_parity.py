"""Built networks are TF-Slim's: the same variables, values, losses, gradients and updates.

TF-Slim itself runs in a process of its own (`oracle.run`), gives every variable a random
value and saves them with TF1's Saver; the built file loads that checkpoint by its own
`restore` and repeats what TF-Slim did, in another process (`oracle.compare`).
"""

import contextlib
import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from oracle.reference import Reference, compare, run_network

pytestmark = pytest.mark.oracle

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Tolerances:
    """How far a tensor may be from TF-Slim's, in parts of its largest magnitude."""

    values: float
    loss: float
    regularization: float
    gradients: float
    moving: float


# Without passes and XLA both programs call the same kernels in the same order: measured are
# values that are equal to the last bit, 1e-7 for the loss and the moving averages, which are
# summed in another order, and 2e-5 for the gradients of Inception, where those of four
# branches are. The bounds leave room for the kernels of another machine. Gradients of a
# network with relu keep to a bound only because the activations are the same.
EXACT = Tolerances(1e-5, 1e-5, 1e-5, 1e-4, 1e-4)

# With passes or XLA sums run in another order in every layer: measured are 2e-5 for values
# (ResNet-152) and 2e-4 for gradients (Inception). Relu and max pooling are replaced in both
# programs: with them half an ulp at ResNet-50's input moves gradients by tens of percent,
# so that a bound would test nothing.
REORDERED = Tolerances(1e-4, 1e-4, 1e-4, 1e-3, 1e-4)


@dataclass(frozen=True)
class Case:
    """A network of an example, as TF-Slim builds it and as we do."""

    source: str
    network: str
    height: int
    width: int
    channels: int = 3
    batch: int = 2
    options: Mapping[str, Any] = field(default_factory=dict)
    defines: Mapping[str, str] = field(default_factory=dict)

    def oracle_options(self, *, smooth: bool) -> dict[str, Any]:
        """Return the keywords of `oracle.networks.Options`."""
        own = ("height", "width", "channels", "batch")
        return {name: getattr(self, name) for name in own} | {
            **self.options,
            "smooth": smooth,
        }

    def build_options(self) -> list[str]:
        """Return the flags of `slimgen build`: this size, and no dropout."""
        size = f"{self.height}x{self.width}x{self.channels}"
        defines = {"images": size, "keep_prob": "1.0", **self.defines}
        return [f"-D{name}={value}" for name, value in defines.items() if value]


def lenet() -> Case:
    # Its weight decay is 0 by default, which would test no regulariser.
    return Case(
        "lenet.slim",
        "lenet",
        28,
        28,
        channels=1,
        batch=4,
        options={"weight_decay": 5e-4},
        defines={"weight_decay": "0.0005"},
    )


def resnet(units: int, size: int, **changes: Any) -> Case:
    # Without dropout there is no keep_prob to set.
    defines = {"keep_prob": "", **changes.pop("defines", {})}
    network = f"resnet_v1_{units}"
    return Case("resnet_v1.slim", network, size, size, defines=defines, **changes)


def resnet_v2(units: int, size: int, **changes: Any) -> Case:
    defines = {"keep_prob": "", **changes.pop("defines", {})}
    name = f"resnet_v2_{units}"
    return Case("zoo/resnet_v2.slim", name, size, size, defines=defines, **changes)


def test_lenet_is_tf_slim_s(workshop):
    workshop.check(lenet())


@pytest.mark.slow
def test_lenet_with_passes_and_xla_is_tf_slim_s(workshop):
    workshop.check_reordered(lenet(), jit=True)


@pytest.mark.slow
def test_a_small_resnet_v1_50_is_tf_slim_s(workshop):
    workshop.check(resnet(50, 64, batch=4))


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        Case("alexnet_v2.slim", "alexnet_v2", 224, 224),
        Case("vgg16.slim", "vgg_16", 224, 224),
        Case("vgg16_fc.slim", "vgg16", 224, 224),
        resnet(50, 224),
        resnet(101, 224),
        resnet(152, 224),
        # Its auxiliary head normalises one place an image: four images, not two, or all
        # that batch norm leaves is a sign.
        Case("inception_v3.slim", "inception_v3", 299, 299, batch=4),
    ],
    ids=lambda case: case.network,
)
def test_a_network_at_full_size_is_tf_slim_s(workshop, case):
    workshop.check(case)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        Case("zoo/overfeat.slim", "overfeat", 231, 231),
        Case("zoo/vgg.slim", "vgg_a", 224, 224),
        Case("zoo/vgg.slim", "vgg_16", 224, 224),
        Case("zoo/vgg.slim", "vgg_19", 224, 224),
        Case("zoo/inception_v1.slim", "inception_v1", 224, 224),
        Case("zoo/inception_v2.slim", "inception_v2", 224, 224),
        # Their last maps are smaller than the windows of their pools.
        Case("zoo/inception_v2.slim", "inception_v2", 128, 128, batch=4),
        resnet_v2(50, 65, batch=4),
        resnet_v2(101, 65, batch=4),
        resnet_v2(152, 65, batch=4),
        resnet_v2(200, 65, batch=4),
    ],
    ids=lambda case: f"{case.network}-{case.height}",
)
def test_a_network_of_the_zoo_is_tf_slim_s(workshop, case):
    if case.source == "zoo/resnet_v2.slim":
        case = replace(case, options={**case.options, "classes": 1001})
    workshop.check(case)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "jit"),
    [
        (Case("alexnet_v2.slim", "alexnet_v2", 224, 224), True),
        (Case("vgg16.slim", "vgg_16", 224, 224), False),
        (Case("vgg16_fc.slim", "vgg16", 224, 224), True),
        (resnet(50, 97, batch=4), True),
        (resnet(152, 97, batch=4), False),
        (Case("inception_v3.slim", "inception_v3", 299, 299, batch=4), True),
    ],
    ids=lambda value: value.network if isinstance(value, Case) else "",
)
def test_a_network_with_passes_is_tf_slim_s(workshop, case, jit):
    workshop.check_reordered(case, jit=jit)


# research/slim squeezes only what has one place.
DENSE = {"global_pool": False, "spatial_squeeze": False, "classes": 21}
DENSE_DEFINES = {"global_pool": "false", "spatial_squeeze": "false", "classes": "21"}


@pytest.mark.slow
@pytest.mark.parametrize("stride", [8, 16])
def test_resnet_keeps_an_output_stride_as_tf_slim_does(workshop, stride):
    case = resnet(
        50,
        97,
        options={**DENSE, "output_stride": stride},
        defines={**DENSE_DEFINES, "output_stride": str(stride)},
    )

    # tf_keras convolves with a rate by moving space to the batch and back, TensorFlow 2 by
    # a kernel that knows rates: sums in another order.
    workshop.check_reordered(case, jit=False)


@pytest.mark.slow
def test_resnet_without_a_head_is_tf_slim_s(workshop):
    workshop.check(resnet(50, 65, options={"classes": 0}, defines={"classes": "none"}))


@pytest.mark.slow
@pytest.mark.parametrize("images", ["300x400x3", "?x?x3"])
def test_alexnet_pools_over_any_map_as_research_slim_does(workshop, images):
    case = Case(
        "alexnet_v2.slim",
        "alexnet_v2",
        300,
        400,
        options={"classes": 50, "global_pool": True},
        defines={"images": images, "classes": "50", "global_pool": "true"},
    )

    workshop.check(case)


@pytest.mark.slow
def test_resnet_is_a_word_in_another_network(workshop):
    classes = {"options": {"classes": 5}, "defines": {"classes": "5", "keep_prob": ""}}
    case = Case("resnet_backbone.slim", "resnet_backbone", 65, 65, **classes)

    workshop.check(case)


@dataclass(frozen=True)
class Workshop:
    """A folder to build networks in, and the turn to fill the machine's memory."""

    folder: Path

    def check(self, case: Case) -> None:
        """Hold `case`, built without passes, to TF-Slim in every number."""
        model = self.build(case, passes="none")
        reference = self.reference(case, smooth=False)
        found = compare(model, case.network, self.folder / "reference")

        assert_same_variables(found, reference)
        assert_close(found, EXACT)

    def check_reordered(self, case: Case, *, jit: bool) -> None:
        """Hold `case`, built with all passes and made smooth, to TF-Slim made smooth."""
        model = self.build(case, passes="all")
        reference = self.reference(case, smooth=True)
        found = compare(
            model,
            case.network,
            self.folder / "reference",
            jit=jit,
            smooth=True,
        )

        assert_same_variables(found, reference)
        assert_close(found, REORDERED)

    def reference(self, case: Case, *, smooth: bool) -> Reference:
        """Return `case` as TF-Slim runs it."""
        options = case.oracle_options(smooth=smooth)
        return run_network(case.network, options, self.folder / "reference")

    def build(self, case: Case, *, passes: str) -> Path:
        """Return the file that `slimgen build` makes of `case`."""
        model = self.folder / f"{case.network}.py"
        command = [
            sys.executable,
            "-m",
            "slimgen",
            "build",
            str(EXAMPLES / case.source),
        ]
        command += ["--network", case.network, "--passes", passes, "-o", str(model)]
        finished = subprocess.run(
            [*command, *case.build_options()], capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return model


@pytest.fixture
def workshop(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """Give a folder that is emptied afterwards: a checkpoint of VGG and its gradients are a
    gigabyte, and pytest would keep three runs of them."""
    with alone(tmp_path_factory):
        yield Workshop(tmp_path)
        shutil.rmtree(tmp_path, ignore_errors=True)


@contextlib.contextmanager
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let one network run at a time, also when tests run in several processes."""
    with (tmp_path_factory.getbasetemp().parent / "parity.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def assert_same_variables(found: dict[str, Any], reference: Reference) -> None:
    """Names, shapes, trainability and order of creation are TF-Slim's."""
    expected = [
        [v.name, list(v.shape), v.trainable, f"{v.name}:0"] for v in reference.variables
    ]

    assert expected == found["variables"]


def assert_close(found: dict[str, Any], tolerances: Tolerances) -> None:
    """Nothing deviates by more than its tolerance, or is on one side only."""
    inference, training = found["inference"], found["training"]
    logits = {key: found[key]["logits"] for key in ("inference", "training")}
    beyonds = {
        "logits": beyond(tolerances.values, logits),
        "end points": beyond(tolerances.values, inference["end_points"]),
        "loss": beyond(tolerances.loss, {"loss": training["loss"]}),
        "terms": beyond(tolerances.regularization, training["regularization"]),
        "gradients": beyond(tolerances.gradients, training["gradients"]),
        "moving averages": beyond(tolerances.moving, training["moving"]),
    }

    assert [] == inference["missing"]
    assert {} == {what: names for what, names in beyonds.items() if names}


def beyond(
    tolerance: float, deviations: Mapping[str, float | None]
) -> dict[str, float | None]:
    """Return the deviations that are too large; None is one that cannot be measured."""
    return {
        name: deviation
        for name, deviation in deviations.items()
        if deviation is None or deviation > tolerance
    }
