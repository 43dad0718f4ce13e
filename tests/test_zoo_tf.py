"""The zoo's networks run: forward, and some backward with a gradient for every variable.

These are the networks that no library has, and a variant that test_parity.py leaves out, at
small sizes.
"""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from train_harness import network_of

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

pytestmark = pytest.mark.slow

ZOO = Path(__file__).resolve().parents[1] / "examples" / "zoo"


@dataclass(frozen=True)
class Case:
    """A network and the build parameters that make it small."""

    file: str
    network: str
    defines: str = ""


CASES = [
    Case("alexnet", "alexnet", "images=67x67x3 classes=5"),
    Case("mobilenet_v3", "mobilenet_v3_large_minimalistic", "images=64x64x3"),
]


def build(case: Case) -> str:
    path = ZOO / f"{case.file}.slim"
    pairs = tuple(
        (key, value)
        for key, _, value in (define.partition("=") for define in case.defines.split())
    )
    source = Source(str(path), path.read_text(encoding="utf-8"))
    made = compile_source(
        source, Request(pairs, (case.network,)), FileReader(Diagnostics())
    )
    assert made.code is not None, [str(found) for found in made.diagnostics]
    return made.code


@pytest.fixture
def module(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ModuleType]:
    """The built file of a case, imported."""
    case: Case = request.param
    name = f"zoo_{case.network}"
    path = tmp_path / f"{name}.py"
    path.write_text(build(case))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    yield found
    del sys.modules[name]


def loss_of(outputs: Any, points: dict[str, Any]) -> Any:
    """A loss to which every head adds, each value by another part."""
    import tensorflow as tf

    tensors = [outputs, *(points[key] for key in points if key.endswith("AuxLogits"))]
    return sum(
        tf.reduce_mean(tf.square(t - tf.random.stateless_normal(tf.shape(t), [1, 2])))
        for t in tensors
    )


@pytest.mark.parametrize(
    "module", CASES, ids=lambda case: case.network, indirect=["module"]
)
def test_every_variable_has_a_gradient(module: ModuleType) -> None:
    import tensorflow as tf

    model = network_of(module)(seed=1)
    spec = next(iter(model.inputs.values()))
    images = tf.random.stateless_normal([3, *spec.shape[1:]], [3, 4])
    trainable = {n: v for n, v in model.named_variables.items() if v.trainable}

    with tf.GradientTape() as tape:
        outputs, points = model(images, training=True)
        loss = loss_of(outputs, points)
    gradients = tape.gradient(loss, trainable)
    used, _ = model(images, training=False)

    assert tuple(outputs.shape) == tuple(used.shape)
    assert bool(tf.reduce_all(tf.math.is_finite(used)))
    assert [n for n, g in gradients.items() if g is None] == []
    assert [n for n, g in gradients.items() if not tf.reduce_any(g != 0)] == []


Shapes = dict[str, tuple[int, ...]]

FORWARD = [
    (Case("unet", "unet", "images=44x60x1 levels=2 depth=4"), {"": (4, 20, 2)}),
    (
        Case("ssd_300", "ssd_300", "images=260x260x3 classes=3"),
        {"localisation": (6766, 4), "classification": (6766, 3)},
    ),
    (
        Case("retinanet", "retinanet", "images=64x96x3 classes=2 depth=8"),
        {"regression": (1161, 4), "classification": (1161, 2)},
    ),
    (
        Case("yolo_v3", "yolo_v3", "images=32x64x3 classes=1"),
        {
            "feature_map_1": (1, 2, 18),
            "feature_map_2": (2, 4, 18),
            "feature_map_3": (4, 8, 18),
        },
    ),
    (
        Case(
            "deeplab_v3_plus",
            "deeplab_mobilenet_v2",
            "images=33x65x3 rates=[6,12] decoder=true",
        ),
        {"": (33, 65, 21)},
    ),
    (
        Case("facenet", "facenet", "images=75x75x3 classes=9"),
        {"embeddings": (512,), "logits": (9,)},
    ),
    (
        Case("deeplab_v3_plus", "deeplab_v3_plus", "images=33x33x3 classes=3"),
        {"": (33, 33, 3)},
    ),
]
LARGER = ("facenet", "deeplab_v3_plus")


@pytest.mark.parametrize(
    ("module", "shapes"),
    [
        pytest.param(
            case,
            shapes,
            id=case.network,
            marks=[pytest.mark.families] if case.network in LARGER else [],
        )
        for case, shapes in FORWARD
    ],
    indirect=["module"],
)
def test_the_outputs_have_their_shapes(module: ModuleType, shapes: Shapes) -> None:
    import tensorflow as tf

    model = network_of(module)(seed=1)
    (spec,) = model.inputs.values()

    outputs, _ = model(tf.random.stateless_normal([2, *spec.shape[1:]], [3, 4]))

    found = outputs if isinstance(outputs, dict) else {"": outputs}
    assert {name: tuple(tensor.shape[1:]) for name, tensor in found.items()} == shapes
    for tensor in found.values():
        assert bool(tf.reduce_all(tf.math.is_finite(tensor)))
