"""Weights in pickled dictionaries and in safetensors files are loaded, and run no code."""

import io
import json
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from weights_harness import code_of, module_of

pytest.importorskip("tensorflow")

TEXT = """\
network small(classes = 10) {
  input images 8x8x3
  weights caffe "small.npy" {
    rename "body/weights" "fc6/weights" reshape=[8, 8, 4, 6]
    rename "body/biases" "fc6/biases"
    rename "{layer}/{leaf}" "{layer}/{leaf}"
  }
  weights safetensors "small" {
    rename "conv{i}/weights" "features.{i - 1}.weight" transpose=[2, 3, 1, 0]
    rename "body/weights" "body.weight" reshape=[6, 4, 8, 8] transpose=[2, 3, 1, 0]
    rename "logits/weights" "top.weight" slice=[[1, 11]] reshape=[10, 6, 1, 1] transpose=[2, 3, 1, 0]
    rename "logits/biases" "top.bias" slice=[[1, 11]]
    rename "conv{i}/biases" "features.{i - 1}.bias"
    rename "body/biases" "body.bias"
  }
  conv 4 3x3 as conv1
  conv 6 8x8 padding=VALID as body
  conv classes 1x1 activation=none as logits
  squeeze [1, 2]
}
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The built file of a network with both maps."""
    return module_of(tmp_path_factory.mktemp("built"), "arrays", code_of(TEXT))


@pytest.fixture(scope="module")
def wanted(small: ModuleType) -> dict[str, np.ndarray]:
    """A random value for each variable, below the network's scope."""
    random = np.random.default_rng(3)
    return {
        name.removeprefix("small/"): random.normal(size=v.shape).astype(np.float32)
        for name, v in small.Small(seed=1).named_variables.items()
    }


def values(model: Any) -> dict[str, np.ndarray]:
    return {
        name.removeprefix("small/"): v.numpy()
        for name, v in model.named_variables.items()
    }


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(left[name], right[name]) for name in left)


def by_layer(wanted: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """A file as a converter from Caffe writes it: fc6 has a matrix of weights."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, value in wanted.items():
        layer, _, leaf = name.partition("/")
        if name == "body/weights":
            value = value.reshape(-1, 6)
        found.setdefault(layer.replace("body", "fc6"), {})[leaf] = value
    return found


def refused(small: ModuleType, path: Path, match: str) -> Any:
    """Restore what does not fit; return the report."""
    ours = small.Small(seed=1)
    before = values(ours)
    with pytest.raises(small.RestoreError, match=match) as caught:
        small.restore(ours, path)

    assert same(before, values(ours))
    return caught.value.report


# Dictionaries.


def dictionaries(layers: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """The contents of the files of converters."""
    return {
        "dictionaries": layers,
        "ordered": OrderedDict(layers),
        "lists": {name: [*parts.values()] for name, parts in layers.items()},
        "object arrays": {n: _objects(parts.values()) for n, parts in layers.items()},
        "paths": {f"{n}/{key}": v for n, p in layers.items() for key, v in p.items()},
    }


def _objects(items: Any) -> np.ndarray:
    found = np.empty(2, object)
    found[:] = list(items)
    return found


def write_npy(path: Path, value: Any, protocol: int) -> Path:
    """Write as NumPy does, with another protocol of pickling if asked for."""
    array = np.empty((), object)
    array[()] = value
    with path.open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        pickle.dump(array, file, protocol)
    return path


@pytest.mark.parametrize("form", ["dictionaries", "ordered", "lists", "object arrays"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_dictionary_of_arrays_is_loaded(
    small: ModuleType,
    wanted: dict[str, np.ndarray],
    tmp_path: Path,
    form: str,
    protocol: int,
) -> None:
    ours = small.Small(seed=1)
    value = dictionaries(by_layer(wanted))[form]
    path = write_npy(tmp_path / "small.npy", value, protocol)

    report = small.restore(ours, path)

    assert same(wanted, values(ours))
    assert report.transformed == ["small/body/weights"]


def test_what_numpy_itself_has_saved_is_loaded(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    ours = small.Small(seed=1)
    value: Any = dictionaries(by_layer(wanted))["paths"]
    np.save(tmp_path / "small.npy", value)

    small.restore(ours, tmp_path / "small.npy")

    assert same(wanted, values(ours))


def test_a_dictionary_of_python_2_is_loaded(small: ModuleType, tmp_path: Path) -> None:
    # {"conv1": [array([1, 2], "<i2")]} as Python 2 and its NumPy write it
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n(I2\ntcnumpy\ndtype\n(S'i2'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
        b"I00\nS'\\x01\\x00\\x02\\x00'\ntb"
    )
    path = tmp_path / "old.npy"
    with path.open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(b"(dS'conv1'\n(l" + array + b"as.")

    weights = small.open_weights(path)

    assert weights.shapes == {"conv1/weights": (2,)}
    assert weights.read("conv1/weights").tolist() == [1, 2]


class Evil:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch was_here",)


EVIL = {
    "in the dictionary": {"conv1": Evil()},
    "alone": Evil(),
    "a class": {"conv1": io.StringIO},
    "a function of NumPy": {"conv1": np.fromfile},
}


@pytest.mark.parametrize("what", EVIL)
def test_a_pickle_that_runs_code_is_refused(
    small: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_npy(tmp_path / "evil.npy", EVIL[what], 4)

    assert refused(small, path, "evil.npy cannot be read") is None
    assert not (tmp_path / "was_here").exists()


class Pickled:
    """Pickled as a call of what it is given, with a state."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def pickled_array(
    code: str, state: tuple[Any, ...], data: Any, shape: tuple[int, ...] = (4,)
) -> Pickled:
    """An array as NumPy pickles it, with a type and values that NumPy would never write."""
    kind = Pickled(np.dtype, (code, False, True), (3, *state))
    reconstruct = np.zeros(0).__reduce__()[0]
    start = (np.ndarray, (0,), b"b")
    return Pickled(reconstruct, start, (1, shape, kind, False, data))


# NumPy's own types and arrays take bytes of these for addresses, and read beyond the values.
PLAIN = (None, None, None, -1, -1, 0)
LIES = {
    "an object at each value": pickled_array(
        "V8", ("|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0), b"A" * 32
    ),
    "a field far away": pickled_array(
        "V4", ("|", None, ("a",), {"a": (np.dtype("f4"), 1 << 30)}, 4, 1, 0), b"A" * 16
    ),
    "values that are counted": pickled_array(
        "V8", ("|", None, None, None, 8, 1, 0x1B), b"A" * 32
    ),
    "a larger shape": pickled_array("f4", ("<", *PLAIN), b"A" * 16, (1 << 40,)),
    "a negative shape": pickled_array("f4", ("<", *PLAIN), b"A" * 16, (-4,)),
    "text for values": pickled_array("f4", ("<", *PLAIN), ["text"] * 4),
    "an order of its own": pickled_array("f4", ("O", *PLAIN), b"A" * 16),
    "a type of its own": pickled_array("O,O", ("<", *PLAIN), b"A" * 16),
}


@pytest.mark.parametrize("what", LIES)
def test_a_pickle_that_lies_about_memory_is_refused(
    small: ModuleType, tmp_path: Path, what: str
) -> None:
    path = write_npy(tmp_path / "lie.npy", {"conv1": {"biases": LIES[what]}}, 2)

    assert refused(small, path, "lie.npy cannot be read") is None


def test_a_dictionary_whose_parts_are_shared_is_refused(
    small: ModuleType, tmp_path: Path
) -> None:
    shared: Any = [np.zeros(1)]
    for _ in range(64):  # would be 2**64 arrays
        shared = [shared, shared]
    within: dict[str, Any] = {}
    within["again"] = within

    for value in (shared, within):
        path = write_npy(tmp_path / "shared.npy", value, 4)
        assert (
            refused(
                small, path, "shared.npy cannot be read: it holds a container in two"
            )
            is None
        )


def test_two_arrays_of_one_name_are_refused(small: ModuleType, tmp_path: Path) -> None:
    value = {"conv1": {"biases": np.zeros(4)}, "conv1/biases": np.ones(4)}
    path = write_npy(tmp_path / "two.npy", value, 4)

    assert (
        refused(
            small,
            path,
            "two.npy cannot be read: it holds two arrays called conv1/biases",
        )
        is None
    )


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [">f4", "<f8", "=f2", ">f8"])
def test_arrays_of_any_order_and_width_are_read(
    small: ModuleType, tmp_path: Path, kind: str, order: Any
) -> None:
    array = np.asarray(np.arange(6).reshape(2, 3), kind, order=order)
    path = write_npy(tmp_path / "kinds.npy", {"conv1": {"weights": array}}, 4)

    read = small.open_weights(path).read("conv1/weights")

    assert read.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert small.open_weights(path).dtypes == {"conv1/weights": array.dtype.name}


@pytest.mark.parametrize("kept", [8, 100, 300, 5000])
def test_a_dictionary_that_is_cut_off_is_told(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path, kept: int
) -> None:
    path = write_npy(tmp_path / "short.npy", by_layer(wanted), 4)
    path.write_bytes(path.read_bytes()[:kept])

    assert refused(small, path, "short.npy cannot be read") is None


def test_an_array_or_a_number_is_no_dictionary_of_arrays(
    small: ModuleType, tmp_path: Path
) -> None:
    np.save(tmp_path / "one.npy", np.zeros(3))

    assert refused(small, tmp_path / "one.npy", "one array without a name") is None
    for value in (3, {"conv1": 3}, {"conv1": "text"}):
        path = write_npy(tmp_path / "number.npy", value, 4)
        assert (
            refused(small, path, "is no dictionary of arrays: .* is (int|str)") is None
        )


def test_other_names_and_shapes_in_a_dictionary_are_told(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    layers = by_layer(wanted)
    layers["fc6"]["weights"] = layers["fc6"]["weights"][1:]
    layers["more"] = layers.pop("logits")
    path = write_npy(tmp_path / "x.npy", layers, 4)
    report = refused(small, path, "2 missing .*; 1 mismatched .*; 2 unused")

    assert report.mismatched == [
        "small/body/weights: [8, 8, 4, 6] here, [255, 6] there",
    ]


# Safetensors.


def tensors(wanted: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values in PyTorch's layout: OIHW; the head has a class more before it."""
    oihw = {
        name: value.transpose(3, 2, 0, 1) if value.ndim == 4 else value
        for name, value in wanted.items()
    }
    top = np.zeros([11, 6], np.float32), np.zeros([11], np.float32)
    top[0][1:] = oihw["logits/weights"][..., 0, 0]
    top[1][1:] = oihw["logits/biases"]
    return {
        "features.0.weight": oihw["conv1/weights"],
        "features.0.bias": oihw["conv1/biases"],
        "body.weight": oihw["body/weights"].reshape(6, 256),
        "body.bias": oihw["body/biases"],
        "top.weight": top[0],
        "top.bias": top[1],
    }


def write_safetensors(path: Path, header: Any, data: bytes, length: int = -1) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = struct.pack("<Q", len(text) if length < 0 else length)
    path.write_bytes(size + text + data)
    return path


def laid_out(
    arrays: dict[str, np.ndarray], kind: str = "F32"
) -> tuple[dict[str, Any], bytes]:
    """The header and the bytes of a file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, array in arrays.items():
        raw = array.astype("<f4").tobytes()
        if kind == "BF16":
            raw = b"".join(raw[i + 2 : i + 4] for i in range(0, len(raw), 4))
        place = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": kind, "shape": [*array.shape], "data_offsets": place}
        data += raw
    return header, data


def test_a_safetensors_file_is_loaded(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    ours = small.Small(seed=1)
    arrays = tensors(wanted)
    arrays["norm.num_batches_tracked"] = np.zeros([], np.int64)  # PyTorch's batch norm
    path = write_safetensors(tmp_path / "x.st", *laid_out(arrays))

    report = small.restore(ours, path)

    assert same(wanted, values(ours))
    assert len(report.transformed) == 4


def test_half_of_a_float_is_widened(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    ours = small.Small(seed=1)
    path = write_safetensors(tmp_path / "x.st", *laid_out(tensors(wanted), "BF16"))

    small.restore(ours, path)
    dtypes = small.open_weights(path).dtypes

    assert set(dtypes.values()) == {"bfloat16"}
    for name, value in values(ours).items():
        # eight bits of a mantissa, the others cut off
        assert np.abs(value - wanted[name]).max() <= 2**-7 * np.abs(wanted[name]).max()


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
HOSTILE: dict[str, tuple[Any, bytes, int]] = {
    "a header longer than the file": ({"a": ENTRY}, b"", 2**31),
    "a header that is cut off": (b'{"a": {', b"", -1),
    "two headers": (b"{}{}", b"", -1),
    "nested without end": (b'{"a":' + b"[" * 50_000, b"", -1),
    "bytes behind the end": ({"a": {**ENTRY, "data_offsets": [8, 16]}}, bytes(8), -1),
    "bytes before the start": ({"a": {**ENTRY, "data_offsets": [-8, 0]}}, bytes(8), -1),
    "fewer bytes than numbers": ({"a": {**ENTRY, "shape": [3]}}, bytes(8), -1),
    "a size beyond memory": ({"a": {**ENTRY, "shape": [2**62, 2**62]}}, bytes(8), -1),
    "a fraction as a size": ({"a": {**ENTRY, "shape": [2.0]}}, bytes(8), -1),
    "truth as a size": ({"a": {**ENTRY, "shape": [True, 2]}}, bytes(8), -1),
    "no type": ({"a": {**ENTRY, "dtype": "not one"}}, bytes(8), -1),
    "a number for a type": ({"a": {**ENTRY, "dtype": 4}}, bytes(8), -1),
    "an unknown type behind the end": (
        {"a": {**ENTRY, "dtype": "F4", "data_offsets": [0, 9]}}, bytes(8), -1,
    ),
    "an end before the start": (
        {"a": {**ENTRY, "dtype": "F4", "data_offsets": [8, 0]}}, bytes(8), -1,
    ),
    "a name twice": (
        b'{"a": %s, "a": %s}' % (2 * (json.dumps(ENTRY).encode(),)), bytes(8), -1,
    ),
    "three places": ({"a": {**ENTRY, "data_offsets": [0, 8, 8]}}, bytes(8), -1),
    "no places": ({"a": {"dtype": "F32", "shape": [2]}}, bytes(8), -1),
    "a name for a tensor": ({"a": "b"}, bytes(8), -1),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_header_is_refused(
    small: ModuleType, tmp_path: Path, what: str
) -> None:
    header, data, length = HOSTILE[what]
    path = write_safetensors(tmp_path / "x.st", header, data, length)

    assert refused(small, path, "x.st cannot be read") is None


def test_another_width_in_a_safetensors_file_is_told(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    arrays = tensors(wanted)
    arrays["features.0.weight"] = np.zeros([4, 5, 3, 3], np.float32)
    path = write_safetensors(tmp_path / "x.st", *laid_out(arrays))
    report = refused(small, path, "1 mismatched")

    assert report.mismatched == [
        "small/conv1/weights: [3, 3, 3, 4] here, [3, 3, 5, 4] there",
    ]


def test_a_type_that_is_not_known_is_mismatched_where_it_is_wanted(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    header, data = laid_out(tensors(wanted))
    header["body.bias"] |= {"dtype": "F4"}
    path = write_safetensors(tmp_path / "x.st", header, data)
    report = refused(small, path, "1 mismatched")

    assert report.mismatched == ["small/body/biases: float32 here, F4 there"]
    found = small.restore(small.Small(seed=1), path, include="conv1")
    assert len(found.loaded) == 2


def test_too_little_memory_is_no_damage(
    small: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_safetensors(tmp_path / "x.st", {}, b"")

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(small.json, "loads", fail)
    assert refused(small, path, "x.st cannot be read: MemoryError") is None


def test_a_header_of_numpy_s_that_is_damaged_is_told(
    small: ModuleType, wanted: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = write_npy(tmp_path / "x.npy", by_layer(wanted), 4)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"}", b"(", 1))

    assert refused(small, path, "x.npy cannot be read: ") is None


# Neither.


def test_an_archive_of_numpy_s_is_told(small: ModuleType, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", conv1=np.zeros(3))

    assert refused(small, tmp_path / "x.npz", "it is a zip archive: ") is None


def test_a_text_file_is_no_checkpoint(small: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_text("not what it says")

    assert refused(small, path, "is cut off or not a checkpoint") is None
    assert refused(small, tmp_path / "none.ckpt", "does not exist") is None
    path.write_bytes(b"")
    assert refused(small, path, "it is empty: ") is None
