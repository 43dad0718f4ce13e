"""Built networks are TF-Slim's: the same variables, values, losses, gradients and updates.

As `slimgen verify` does it: TF-Slim runs in a process of its own, gives every variable a
random value and saves them with TF1's Saver; the built file loads that checkpoint by its own
`restore` and repeats what TF-Slim did, in another process. The smallest network of each family
runs at the smallest size that it takes; the mark `families` has the others.
"""

import contextlib
import fcntl
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from slimgen.verify.against import Against
from slimgen.verify.reference import Reference
from slimgen.verify.request import ComparisonRequest
from slimgen.verify.session import compare

pytestmark = pytest.mark.oracle

TESTS = Path(__file__).parent
EXAMPLES = TESTS.parent / "examples"

# TF-Slim needs a few minutes at most for a network on two busy cores.
TIME_LIMIT = 900


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

# Above 200 layers, one after the other: what each rounds is the input of the next.
DEEP = Tolerances(1e-4, 1e-5, 1e-5, 1e-4, 1e-4)

# With passes or XLA sums run in another order in every layer: measured are 2e-5 for values
# (ResNet-152) and 2e-4 for gradients (Inception). Relu and max pooling are replaced in both
# programs: with them half an ulp at ResNet-50's input moves gradients by tens of percent,
# so that a bound would test nothing.
REORDERED = Tolerances(1e-4, 1e-4, 1e-4, 1e-3, 1e-4)


@dataclass(frozen=True)
class Case:
    """A network of an example, as TF-Slim builds it and as we do.

    `original` is TF-Slim's name for it, if another; `arguments` are TF-Slim's, `defines` ours; `module` has TF-Slim's network, or is None for
    the package's own. `headless`: it tells no classes apart. `missing`: a pattern of end points
    that ours has under other names.
    """

    source: str
    network: str
    size: tuple[int, ...]
    channels: int = 3
    batch: int = 2
    arguments: Mapping[str, Any] = field(default_factory=dict)
    defines: Mapping[str, str] = field(default_factory=dict)
    module: str | None = "oracle.networks"
    gentle: bool = True
    exact: Tolerances = EXACT
    headless: bool = False
    missing: str = ""
    original: str = ""

    def request(
        self, model: Path, *, smooth: bool, jit: bool, training: bool
    ) -> ComparisonRequest:
        """Return the comparison of the built file `model`."""
        name = self.original or self.network
        return ComparisonRequest(
            Against("tf_slim", name, self.module, dict(self.arguments)),
            str(model),
            (self.batch, *self.size, self.channels),
            classes=0 if self.headless else None,
            training=training,
            smooth=smooth,
            jit=jit,
            gentle=self.gentle,
        )

    def build_options(self) -> list[str]:
        """Return the flags of `slimgen build`: this size, and no dropout."""
        size = "x".join(map(str, (*self.size, self.channels)))
        images = {"images": size} if self.size else {}
        defines = {**images, "keep_prob": "1.0", **self.defines}
        return [f"-D{name}={value}" for name, value in defines.items() if value]


FIVE = "classes=5"


def package(source: str, network: str, size: int, **changes: Any) -> Case:
    return Case(source, network, (size, size), module=None, **changes)


def lenet() -> Case:
    # Its weight decay is 0 by default, which would test no regulariser.
    decay = {"weight_decay": 5e-4}
    defines = {"weight_decay": "0.0005"}
    return Case("lenet.slim", "lenet", (28, 28), 1, 4, decay, defines)


def research(
    source: str, network: str, size: tuple[int, ...], defines: str = "", **changes: Any
) -> Case:
    """Return a network of research/slim itself; five classes, where it takes classes."""
    pairs = dict(pair.split("=") for pair in defines.split())
    arguments = changes.pop("arguments", {})
    if "classes" in pairs:
        arguments = {"num_classes": int(pairs["classes"]), **arguments}
    return Case(
        f"zoo/{source}.slim", network, size, arguments=arguments, defines=pairs,
        module="oracle.research", **changes,
    )  # fmt: skip


def mobilenet(source: str, network: str, **changes: Any) -> Case:
    """Return a MobileNet of blocks; ours names the parts of a layer by their scopes alone."""
    parts = r"layer_\d+/(expansion_|depthwise_)?output"
    return research(source, network, (64, 64), FIVE, batch=4, missing=parts, **changes)


def resnet(version: int, units: int, size: int, **changes: Any) -> Case:
    # Without dropout there is no keep_prob to set; v2 has 1001 classes by default. With
    # scales near one both programs round alike, to the last bit on most processors; only
    # then can gradients of so many relus be compared.
    changes = {"gentle": False, **changes}
    defines = {"keep_prob": "", "classes": "7", **changes.pop("defines", {})}
    arguments = {"num_classes": 7, **changes.pop("arguments", {})}
    source = "zoo/resnet_v2.slim" if version == 2 else "resnet_v1.slim"
    if (version, units) == (1, 200):
        source = "zoo/resnet_v1_200.slim"
    name = f"resnet_v{version}_{units}"
    return Case(
        source, name, (size, size), arguments=arguments, defines=defines, **changes
    )


def larger(*values: object) -> ParameterSet:
    """Return the case of another member of a family, or of a larger size: `make families`."""
    return pytest.param(*values, marks=pytest.mark.families)


# Fully connected layers as convolutions want a map of this size: fewer do not fit.
ALEXNET = package("alexnet_v2.slim", "alexnet_v2", 195)
VGG_A = package("zoo/vgg.slim", "vgg_a", 224)
VGG_16 = package("vgg16.slim", "vgg_16", 224)
# Its auxiliary head normalises one place an image: four images, not two, or all that batch
# norm leaves is a sign.
INCEPTION_V3 = Case("inception_v3.slim", "inception_v3", (107, 107), batch=4)


@pytest.mark.slow
def test_lenet_is_tf_slim_s(workshop):
    workshop.check(lenet())


@pytest.mark.slow
def test_lenet_with_passes_and_xla_is_tf_slim_s(workshop):
    workshop.check_reordered(lenet(), jit=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        ALEXNET,
        VGG_16,
        Case("vgg16_fc.slim", "vgg16", (32, 32)),
        resnet(1, 50, 65, batch=4),
        larger(resnet(1, 50, 224)),
        larger(resnet(1, 101, 224)),
        larger(resnet(1, 152, 224)),
        INCEPTION_V3,
        larger(Case("inception_v3.slim", "inception_v3", (299, 299), batch=4)),
        # One of each further family.
        package("zoo/overfeat.slim", "overfeat", 231),
        resnet(2, 50, 65, batch=4),
        Case("zoo/inception_v1.slim", "inception_v1", (193, 193)),
        Case("zoo/inception_v2.slim", "inception_v2", (65, 65), batch=4),
    ],
    ids=lambda case: case.network,
)
def test_a_network_trains_as_tf_slim_s_does(workshop, case):
    workshop.check(case)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        VGG_A,
        larger(package("zoo/vgg.slim", "vgg_16", 224)),
        larger(package("zoo/vgg.slim", "vgg_19", 224)),
        # Its last map is as wide as the windows of its pools.
        Case("zoo/inception_v2.slim", "inception_v2", (224, 224), batch=1),
        larger(resnet(1, 200, 65, batch=4, exact=DEEP)),
        larger(resnet(2, 101, 65, batch=4)),
        larger(resnet(2, 152, 65, batch=4)),
        larger(resnet(2, 200, 65, batch=4, exact=DEEP)),
    ],
    ids=lambda case: f"{case.source.rpartition('/')[2]}-{case.network}",
)
def test_a_network_has_tf_slim_s_values(workshop, case):
    workshop.check(case, training=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "jit"),
    [
        (ALEXNET, True),
        (Case("vgg16_fc.slim", "vgg16", (32, 32)), True),
        (resnet(1, 50, 65, batch=4), True),
        larger(resnet(1, 152, 65, batch=4), False),
        (INCEPTION_V3, True),
    ],
    ids=lambda value: value.network if isinstance(value, Case) else "",
)
def test_a_network_with_passes_is_tf_slim_s(workshop, case, jit):
    workshop.check_reordered(case, jit=jit)


# research/slim squeezes only what has one place.
DENSE = {"global_pool": False, "spatial_squeeze": False}
DENSE_DEFINES = {"global_pool": "false", "spatial_squeeze": "false"}


@pytest.mark.slow
@pytest.mark.parametrize("stride", [8, 16])
def test_resnet_keeps_an_output_stride_as_tf_slim_does(workshop, stride):
    case = resnet(
        1,
        50,
        97,
        arguments={**DENSE, "output_stride": stride},
        defines={**DENSE_DEFINES, "output_stride": str(stride)},
    )

    # tf_keras convolves with a rate by moving space to the batch and back, TensorFlow 2 by
    # a kernel that knows rates: sums in another order.
    workshop.check_reordered(case, jit=False)


@pytest.mark.slow
def test_resnet_without_a_head_is_tf_slim_s(workshop):
    headless = {"arguments": {"num_classes": 0}, "defines": {"classes": "none"}}

    workshop.check(resnet(1, 50, 65, headless=True, **headless))


@pytest.mark.slow
@pytest.mark.parametrize("images", ["300x400x3", "?x?x3"])
def test_alexnet_pools_over_any_map_as_research_slim_does(workshop, images):
    case = Case(
        "alexnet_v2.slim",
        "alexnet_v2",
        (300, 400),
        arguments={"num_classes": 50},
        defines={"images": images, "classes": "50", "global_pool": "true"},
    )

    workshop.check(case, training=images == "?x?x3")


@pytest.mark.slow
def test_vgg_pools_over_any_map_as_research_slim_does(workshop):
    case = Case("vgg16.slim", "vgg_16", (225, 256), defines={"global_pool": "true"})

    workshop.check(case, training=False)


@pytest.mark.slow
def test_resnet_is_a_word_in_another_network(workshop):
    defines = {"classes": "5", "keep_prob": ""}
    classes = {"arguments": {"num_classes": 5}, "defines": defines}
    case = Case(
        "resnet_backbone.slim", "resnet_backbone", (65, 65), gentle=False, **classes
    )

    workshop.check(case)


KEPT = "classes=5 drop_path_keep_prob=1.0"


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        research("cifarnet", "cifarnet", (32, 32), batch=4),
        research("inception_v4", "inception_v4", (139, 139), FIVE, batch=4),
        larger(research("mobilenet_v1", "mobilenet_v1", (64, 64), FIVE, batch=4)),
        research(
            "mobilenet_v1", "mobilenet_v1", (64, 64), f"depth_multiplier=0.25 {FIVE}",
            batch=4, arguments={"depth_multiplier": 0.25},
        ),
        mobilenet("mobilenet_v2", "mobilenet_v2_035"),
        larger(mobilenet("mobilenet_v3", "mobilenet_v3_large")),
        mobilenet("mobilenet_v3", "mobilenet_v3_small"),
        mobilenet("mobilenet_v3", "mobilenet_v3_small_minimalistic"),
        mobilenet("mobilenet_edgetpu", "mobilenet_edgetpu_075"),
        research("nasnet", "nasnet_mobile", (96, 96), KEPT, batch=4),
        research("i3d", "i3d", (16, 48, 48), f"frames=16 {FIVE}"),
        research("i3d", "s3dg", (16, 48, 48), f"frames=16 {FIVE}"),
        research(
            "dcgan", "discriminator", (32, 32), "depth=4 keep_prob=", batch=4,
            arguments={"depth": 4}, headless=True,
        ),
        research(
            "dcgan", "generator", (), "depth=4 noise=16 keep_prob=", channels=16, batch=4,
            arguments={"depth": 4}, headless=True,
        ),
        research(
            "cyclegan", "cyclegan_generator_resnet", (32, 32), "filters=4 keep_prob=",
            arguments={"num_filters": 4}, headless=True,
        ),
        research(
            "pix2pix", "pix2pix_generator", (128, 128),
            "keep_probs=[0,0,0,0,0,0,0] keep_prob=",
            arguments={"num_outputs": 3}, headless=True,
        ),
        research(
            "pix2pix", "pix2pix_discriminator", (32, 32), "keep_prob=",
            arguments={"num_filters": [64, 128, 256, 512]}, headless=True,
        ),
    ],
    ids=lambda case: case.network,
)  # fmt: skip
def test_a_network_trains_as_research_slim_s_does(workshop, case):
    workshop.check(case)


# Half an ulp turns units of relu on and off in these: their values are compared as they
# are, their gradients smooth.
ROUNDED = [
    research("inception_resnet_v2", "inception_resnet_v2", (139, 139), FIVE, batch=4),
    larger(research("nasnet", "nasnet_cifar", (32, 32), KEPT, batch=4)),
    research("pnasnet", "pnasnet_mobile", (96, 96), KEPT, batch=4),
]

# Wider, narrower or with fewer kinds of layers than one whose training is compared above.
VARIANTS = [
    larger(mobilenet("mobilenet_v2", "mobilenet_v2")),
    larger(mobilenet("mobilenet_v2", "mobilenet_v2_140")),
    mobilenet(
        "mobilenet_v2", "mobilenet_v2_050", original="mobilenet_v2",
        arguments={"depth_multiplier": 0.5, "finegrain_classification_mode": True},
    ),
    larger(mobilenet("mobilenet_v3", "mobilenet_v3_large_minimalistic")),
    larger(mobilenet("mobilenet_edgetpu", "mobilenet_edgetpu")),
    larger(research("nasnet", "nasnet_large", (96, 96), KEPT, exact=DEEP)),
    larger(research("pnasnet", "pnasnet_large", (96, 96), KEPT, exact=DEEP)),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", ROUNDED + VARIANTS, ids=lambda case: case.network)
def test_a_network_has_research_slim_s_values(workshop, case):
    workshop.check(case, training=False)


@pytest.mark.slow
@pytest.mark.parametrize("case", ROUNDED, ids=lambda case: case.network)
def test_a_network_trains_as_research_slim_s_does_when_smooth(workshop, case):
    workshop.check_reordered(case, jit=False)


@dataclass(frozen=True)
class Workshop:
    """A folder to build networks in, and the turn to fill the machine's memory."""

    folder: Path

    def check(self, case: Case, *, training: bool = True) -> None:
        """Hold `case`, built without passes, to TF-Slim in every number."""
        model = self.build(case, passes="none")
        found = self.compare(
            case.request(model, smooth=False, jit=False, training=training)
        )

        assert_close(found, case.exact, case.missing)

    def check_reordered(self, case: Case, *, jit: bool) -> None:
        """Hold `case`, built with all passes and made smooth, to TF-Slim made smooth."""
        model = self.build(case, passes="all")
        found = self.compare(case.request(model, smooth=True, jit=jit, training=True))

        assert_close(found, REORDERED, case.missing)

    def compare(self, request: ComparisonRequest) -> dict[str, Any]:
        """Compare, and hold names, shapes, trainability and order of creation to TF-Slim's."""
        found = compare(request, self.folder, TIME_LIMIT)
        expected = [
            [v.name, list(v.shape), v.trainable, f"{v.name}:0"]
            for v in Reference(self.folder).variables
        ]
        assert expected == found["variables"]
        return found

    def build(self, case: Case, *, passes: str) -> Path:
        """Return the file that `slimgen build` makes of `case`."""
        model = self.folder / f"{case.network}.py"
        source = str(EXAMPLES / case.source)
        command = [sys.executable, "-m", "slimgen", "build", source]
        command += ["--network", case.network, "--passes", passes, "-o", str(model)]
        finished = subprocess.run(
            [*command, *case.build_options()], capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return model


@pytest.fixture
def workshop(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Workshop]:
    """Give a folder that is emptied afterwards: a checkpoint of VGG and its gradients are a
    gigabyte, and pytest would keep three runs of them."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))  # where `oracle.networks` is
    with alone(tmp_path_factory):
        yield Workshop(tmp_path)
        shutil.rmtree(tmp_path, ignore_errors=True)


@contextlib.contextmanager
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let one network run at a time, also when tests run in several processes."""
    with (tmp_path_factory.getbasetemp().parent / "parity.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def assert_close(
    found: dict[str, Any], tolerances: Tolerances, unnamed: str = ""
) -> None:
    """Nothing deviates by more than its tolerance, or is on one side only."""
    inference = found["inference"]
    beyonds = {
        "logits": beyond(tolerances.values, {"logits": inference["logits"]}),
        "end points": beyond(tolerances.values, inference["end_points"]),
    }
    if "training" in found:
        training = found["training"]
        logits = {"logits": training["logits"]}
        beyonds |= {
            "training logits": beyond(tolerances.values, logits),
            "loss": beyond(tolerances.loss, {"loss": training["loss"]}),
            "terms": beyond(tolerances.regularization, training["regularization"]),
            "gradients": beyond(tolerances.gradients, training["gradients"]),
            "moving averages": beyond(tolerances.moving, training["moving"]),
        }

    missing = [n for n in inference["missing"] if not re.fullmatch(unnamed, n)]
    assert [] == missing + inference["squeezed"]
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
