"""Weights of Keras, saved by Keras' own code in each of its formats, are loaded."""

import importlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from weights_harness import code_of, module_of, program

pytest.importorskip("tensorflow")
h5py = pytest.importorskip("h5py")

LEAVES = "{beta,moving_mean,moving_variance}"
RULES = (
    'rename "body{i}/weights" "conv2d_{nth}/kernel"; '
    f'rename "body{{i}}/BatchNorm/{LEAVES}" "batch_normalization_{{nth}}/{LEAVES}"; '
    'rename "pair/{depthwise_weights,pointwise_weights,biases}" '
    '"separable_conv2d_1/{depthwise_kernel,pointwise_kernel,bias}"; '
    'rename "each/{depthwise_weights,biases}" "each/{kernel,bias}"; '
    'rename "logits/weights" "top/kernel" reshape=[1, 1, 6, -1]; '
    'rename "logits/biases" "top/bias"; '
    'rename "{layer}/{weights,biases}" "{layer}/{kernel,bias}"'
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The built file of a network with a map to Keras."""
    folder = tmp_path_factory.mktemp("built")
    return module_of(folder, "small", code_of(program("keras", RULES)))


def keras_model(keras: Any, classes: int = 10, width: int = 4) -> Any:
    """The same network in Keras, with random values in every weight."""
    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    net = layers.Conv2D(width, 3, padding="same", activation="relu", name="stem")(
        inputs
    )
    for _ in range(2):
        net = layers.Conv2D(4, 3, padding="same", use_bias=False)(net)
        net = layers.BatchNormalization(scale=False, epsilon=0.001)(net)
    net = layers.SeparableConv2D(6, 3, padding="same")(net)
    net = layers.DepthwiseConv2D(3, padding="same", name="each")(net)
    net = layers.GlobalMaxPooling2D()(net)
    net = layers.Dense(classes, name="top")(net)
    model = keras.Model(inputs, net)
    random = np.random.default_rng(1)
    model.set_weights(
        [random.uniform(0.2, 0.8, one.shape) for one in model.get_weights()]
    )
    return model


def keras_3() -> Any:
    return importlib.import_module("keras")


def keras_2() -> Any:
    return importlib.import_module("tf_keras")


SAVED: dict[str, tuple[Callable[[], Any], Callable[[Any, str], None], str]] = {
    "weights of Keras 3": (keras_3, lambda m, p: m.save_weights(p), "x.weights.h5"),
    "model of Keras 3": (keras_3, lambda m, p: m.save(p), "x.keras"),
    "legacy model of Keras 3": (keras_3, lambda m, p: m.save(p), "x.h5"),
    "archive of Keras 2": (keras_2, lambda m, p: m.save(p), "x.keras"),
    "weights of Keras 2": (keras_2, lambda m, p: m.save_weights(p), "x.h5"),
    "model of Keras 2": (keras_2, lambda m, p: m.save(p, save_format="h5"), "y.h5"),
}


KERASES = (keras_2, keras_3)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, str]]:
    """A model saved in each way; the second of each Keras' models, for its names."""
    folder = tmp_path_factory.mktemp("saved")
    models = {keras: [keras_model(keras()) for _ in (1, 2)][1] for keras in KERASES}
    found = {}
    for how, (keras, save, name) in SAVED.items():
        path = folder / how.replace(" ", "_") / name
        path.parent.mkdir()
        save(models[keras], str(path))
        found[how] = models[keras], str(path)
    return found


# Keras' legacy formats and its own layers warn of themselves.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", SAVED)
def test_what_keras_has_saved_is_loaded_and_computes_the_same(
    small: ModuleType, saved: dict[str, tuple[Any, str]], how: str
) -> None:
    model, path = saved[how]
    images = np.random.default_rng(2).normal(size=(2, 16, 16, 3)).astype(np.float32)
    ours = small.Small(seed=1)

    report = small.restore(ours, path)
    wanted = np.asarray(model(images))

    assert report.unused == report.missing == report.mismatched == []
    assert len(report.loaded) == len(ours.named_variables)
    assert report.transformed == ["small/logits/weights"]
    # float32; six layers of sums over at most 54 terms
    assert np.abs(wanted - ours(images)[0]).max() <= 1e-5 * np.abs(wanted).max()


@pytest.fixture(scope="module")
def archive(saved: dict[str, tuple[Any, str]]) -> tuple[Any, str]:
    return saved["model of Keras 3"]


def test_names_of_keras_1_are_read(small: ModuleType) -> None:
    named = small.keras_h5_names(
        ["conv_1/conv_1_W_1:0", "conv_1/conv_1_b_1:0", "bn/bn_running_mean_2:0"]
    )

    assert list(named) == ["conv_1/kernel", "conv_1/bias", "bn/moving_mean"]


def test_layers_that_keras_has_named_are_counted_from_one(small: ModuleType) -> None:
    names = ["conv2d/kernel", "conv2d_12/kernel", "conv2d_7/bias", "stem/kernel"]

    assert list(small.counted({name: name for name in names})) == [
        "conv2d_1/kernel",
        "conv2d_3/kernel",
        "conv2d_2/bias",
        "stem/kernel",
    ]


def test_a_model_in_a_model_is_a_part_of_the_name(
    small: ModuleType, tmp_path: Path
) -> None:
    keras = keras_3()
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="in")
    model = keras.Sequential([keras.Input((4,)), inner])
    model.save_weights(tmp_path / "x.weights.h5")

    weights = small.open_weights(tmp_path / "x.weights.h5")

    assert weights.shapes == {"in/dense_1/kernel": (4, 2), "in/dense_1/bias": (2,)}


# A file that does not fit leaves every variable unchanged.


def values(model: Any) -> dict[str, np.ndarray]:
    return {name: v.numpy() for name, v in model.named_variables.items()}


def refused(small: ModuleType, path: Path, match: str) -> Any:
    """Restore what does not fit; return the report."""
    ours = small.Small(seed=1)
    before = values(ours)
    with pytest.raises(small.RestoreError, match=match) as caught:
        small.restore(ours, path)

    assert all(np.array_equal(v, before[name]) for name, v in values(ours).items())
    return caught.value.report


@pytest.mark.filterwarnings("ignore")
def test_weights_of_another_width_are_mismatched(
    small: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "wide.weights.h5"
    keras_model(keras_3(), width=5).save_weights(path)
    report = refused(small, path, "3 mismatched")

    assert report.mismatched == [
        "small/stem/weights: [3, 3, 3, 4] here, [3, 3, 3, 5] there",
        "small/stem/biases: [4] here, [5] there",
        "small/body1/weights: [3, 3, 4, 4] here, [3, 3, 5, 4] there",
    ]


@pytest.mark.filterwarnings("ignore")
def test_everything_but_the_head_loads_for_other_classes(tmp_path: Path) -> None:
    code = code_of(program("keras", RULES), ("classes", "5"))
    five = module_of(tmp_path, "five", code)
    path = tmp_path / "ten.weights.h5"
    keras_model(keras_3()).save_weights(path)
    refused(five, path, "2 mismatched")

    report = five.restore(five.Small(seed=1), path, head="auto")

    assert report.left_out == ["small/logits/weights", "small/logits/biases"]
    assert report.unused == []
    assert len(report.loaded) == 15


def test_missing_and_further_names_are_told(
    small: ModuleType, archive: tuple[Any, str], tmp_path: Path
) -> None:
    path = tmp_path / "x.h5"
    with zipfile.ZipFile(archive[1]) as source:
        path.write_bytes(source.read("model.weights.h5"))
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/1"]
        file["layers/dense_1/vars/0"] = np.zeros(3, np.float32)
        file["layers/dense_1/vars"].attrs["name"] = "more"
        file["optimizer/vars/0"] = np.int64(3)
    report = refused(small, path, "1 missing .small/logits/biases.; 1 unused .more/ke")

    assert report.training_state == ["optimizer/vars/0"]


@pytest.mark.parametrize("kept", [9, 2000, 20000])
@pytest.mark.parametrize("how", ["weights of Keras 3", "model of Keras 3"])
def test_a_file_that_is_cut_off_is_told(
    small: ModuleType,
    saved: dict[str, tuple[Any, str]],
    tmp_path: Path,
    how: str,
    kept: int,
) -> None:
    path = tmp_path / "short"
    path.write_bytes(Path(saved[how][1]).read_bytes()[:kept])

    assert refused(small, path, "short cannot be read: ") is None


def test_the_right_names_with_other_shapes_are_mismatched(
    small: ModuleType, archive: tuple[Any, str], tmp_path: Path
) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        for entry in small.Small(seed=1).CHECKPOINT_MAPS["keras"].values():
            layer, _, weight = str(entry).partition("/")
            file[f"{layer}/{layer}/{weight}:0"] = np.zeros([7], np.float32)
    report = refused(small, path, "17 mismatched")

    assert report.mismatched[0] == "small/stem/weights: [3, 3, 3, 4] here, [7] there"


def test_an_archive_of_something_else_is_told(
    small: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({}))

    assert refused(small, path, "it is no archive of Keras; save arrays") is None


def test_an_archive_that_unpacks_to_much_more_is_refused(
    small: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps({}))
        archive.writestr("model.weights.h5", bytes(10**6))

    assert refused(small, path, "are packed to less than 1/20") is None


def test_what_holds_no_array_is_missing(
    small: ModuleType, saved: dict[str, tuple[Any, str]], tmp_path: Path
) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(Path(saved["weights of Keras 3"][1]).read_bytes())
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/1"]
        file["layers/dense/vars/1"] = h5py.Empty("f4")

    assert refused(small, path, "1 missing .small/logits/biases") is not None


def test_a_weight_that_is_there_twice_is_refused(
    small: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        for key in ("stem/stem/bias:0", "model_weights/stem/stem/bias:0"):
            file[key] = np.zeros(4, np.float32)
        for number in range(2):  # state has such names in Keras 1
            file[f"optimizer_weights/param_{number}"] = np.zeros(4, np.float32)
    refused(small, path, "stem/stem/bias:0 and .*stem/stem/bias:0 are one weight")
    with h5py.File(path, "a") as file:
        del file["model_weights"]

    weights = small.open_weights(path)
    assert set(weights.shapes) - set(weights.training_state) == {"stem/bias"}
    assert len(weights.training_state) == 2


def test_names_that_a_map_ignores_are_no_misfit(tmp_path: Path) -> None:
    text = """network n() {
      input images 8x8x3
      weights keras "N" {
        ignore "normalization*/{mean,count}"
        rename "{layer}/{weights,biases}" "{layer}/{kernel,bias}"
      }
      conv 4 3x3 as c
    }
    """
    module = module_of(tmp_path, "n", code_of(text))
    model = module.N(seed=1)
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["c/c/kernel:0"] = np.ones([3, 3, 3, 4], "f4")
        file["c/c/bias:0"] = np.ones([4], "f4")
        file["normalization_1/normalization_1/count:0"] = np.ones([1], "f4")
    report = module.restore(model, path, strict=True)

    assert len(report.loaded) == 2
    assert report.unused == []
    with h5py.File(path, "a") as file:
        file["normalization_1/normalization_1/variance:0"] = np.ones([1], "f4")
    with pytest.raises(module.RestoreError, match=r"1 unused .*variance"):
        module.restore(model, path, strict=True)


def test_a_file_without_a_map_says_so(tmp_path: Path) -> None:
    text = "network n() { input images 8x8x3; conv 4 3x3 as c }\n"
    module = module_of(tmp_path, "n", code_of(text))
    path = tmp_path / "x.ckpt"
    h5py.File(path, "w").close()

    with pytest.raises(
        module.RestoreError, match="the source needs a `weights keras` map"
    ):
        module.restore(module.N(seed=1), path)


def test_h5py_is_asked_for_in_a_line(
    small: ModuleType, archive: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)

    with pytest.raises(small.RestoreError, match="need h5py: pip install h5py"):
        small.open_weights(archive[1])
