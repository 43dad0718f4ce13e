"""The maps of VGG and of the AlexNet of 2012, at full size and with Keras Applications."""

import gc
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import network_of
from weights_harness import module_of

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow

ZOO = Path(__file__).resolve().parents[1] / "examples" / "zoo"


def built(folder: Path, file: str, name: str, *defines: tuple[str, str]) -> ModuleType:
    """A network of the zoo, imported."""
    path = ZOO / f"{file}.slim"
    source = Source(str(path), path.read_text(encoding="utf-8"))
    found = compile_source(source, Request(defines, (name,)), FileReader(Diagnostics()))
    assert found.code is not None, list(found.diagnostics)
    return module_of(folder, name, found.code)


def randomize(weights: Any) -> None:
    """Give variables random values of the size that keeps activations in bounds."""
    random = np.random.default_rng(5)
    for one in weights:
        scale = np.sqrt(2 / max(1, np.prod(one.shape[:-1])))
        value = random.standard_normal(one.shape, np.float32)
        one.assign(value * np.float32(scale))


# Keras' legacy format warns of itself.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "layers"), [("vgg_16", 16), ("vgg_19", 19)])
def test_vgg_of_keras_applications_is_loaded_in_each_format(
    tmp_path: Path, name: str, layers: int
) -> None:
    import keras

    module = built(tmp_path, "vgg", name)
    ours = network_of(module)(seed=1)
    theirs = getattr(keras.applications, f"VGG{layers}")(
        weights=None, classifier_activation=None
    )
    randomize(theirs.weights)
    images = np.random.default_rng(6).normal(size=(1, 224, 224, 3)).astype(np.float32)
    wanted = theirs.predict_on_batch(images)

    files = ["x.h5", "x.keras", "x.weights.h5"] if layers == 16 else ["x.weights.h5"]
    for file in files:
        path = tmp_path / file
        (theirs.save_weights if "weights" in file else theirs.save)(path)
        report = module.restore(ours, path)
        path.unlink()
        found = ours(images[..., ::-1])[0].numpy()  # RGB here, BGR there

        assert len(report.loaded) == 2 * layers
        # float32, sums over up to 25088 terms
        assert np.abs(wanted - found).max() <= 1e-5 * np.abs(wanted).max()
        randomize(ours.named_variables.values())  # the next file has work to do
    gc.collect()


def test_the_dictionary_of_vgg_is_loaded(tmp_path: Path) -> None:
    module = built(tmp_path, "vgg", "vgg_16")
    ours = network_of(module)(seed=1)
    layers: Any = {}
    for name, value in ours.named_variables.items():
        _, *_, layer, leaf = name.split("/")
        array = value.numpy()
        if layer == "conv1_1" and leaf == "weights":
            array = array[:, :, ::-1]
        matrix = layer.startswith("fc") and leaf == "weights"
        part = array.reshape(-1, array.shape[-1]) if matrix else array
        layers.setdefault(layer, []).append(part)
    np.save(tmp_path / "vgg16.npy", layers)
    other = network_of(module)(seed=2)

    report = module.restore(other, tmp_path / "vgg16.npy")

    assert len(report.loaded) == 32
    for name, value in ours.named_variables.items():
        assert np.array_equal(value, other.named_variables[name]), name


def test_the_dictionary_of_the_alexnet_of_2012_is_loaded(tmp_path: Path) -> None:
    module = built(tmp_path, "alexnet", "alexnet")
    ours = network_of(module)(seed=1)
    shapes = {  # as bvlc_alexnet.npy has them: weights, then biases
        "conv1": (11, 11, 3, 96),
        "conv2": (5, 5, 48, 256),
        "conv3": (3, 3, 256, 384),
        "conv4": (3, 3, 192, 384),
        "conv5": (3, 3, 192, 256),
        "fc6": (9216, 4096),
        "fc7": (4096, 4096),
        "fc8": (4096, 1000),
    }
    random = np.random.default_rng(7)
    layers: Any = {
        name: [
            random.standard_normal(shape, np.float32),
            random.standard_normal(shape[-1], np.float32),
        ]
        for name, shape in shapes.items()
    }
    np.save(tmp_path / "bvlc_alexnet.npy", layers)

    report = module.restore(ours, tmp_path / "bvlc_alexnet.npy")

    assert len(report.loaded) == 16
    assert len(report.transformed) == 1
    layers["conv1"][0] = layers["conv1"][0][:, :, ::-1]  # BGR
    for name, (weights, biases) in layers.items():
        assert np.array_equal(weights, ours.named_variables[f"{name}/weights"])
        assert np.array_equal(biases, ours.named_variables[f"{name}/biases"])
