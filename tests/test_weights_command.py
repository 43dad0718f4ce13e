"""`slimgen weights`: what a file holds, what a network would load, which rules would do."""

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absent import hide_package
from click.testing import CliRunner, Result

from slimgen.cli import main

h5py = pytest.importorskip("h5py")

Shapes = Mapping[str, Sequence[int]]


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["weights", *map(str, arguments)])


def write_safetensors(path: Path, shapes: Shapes) -> Path:
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * math.prod(shape)
        place = [start, end]
        header[name] = {"dtype": "F32", "shape": [*shape], "data_offsets": place}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(end))
    return path


def write_npy(path: Path, shapes: Shapes) -> Path:
    value: Any = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    with path.open("wb") as file:
        np.save(file, value)
    return path


def write_keras(path: Path, shapes: Shapes) -> Path:
    with h5py.File(path, "w") as file:
        for name, shape in shapes.items():
            layer = name.rpartition("/")[0]
            file[f"{layer}/{name}:0"] = np.zeros(shape, np.float32)
    return path


WRITE = {"safetensors": write_safetensors, "caffe": write_npy, "keras": write_keras}


@pytest.mark.parametrize("format", WRITE)
def test_a_file_is_listed_with_shapes_and_types(tmp_path: Path, format: str) -> None:
    shapes = {"conv10/kernel": [3, 3, 1, 2], "conv2/kernel": [1, 1, 2, 2]}
    path = WRITE[format](tmp_path / "weights.npy", shapes)
    text, document = run(path), json.loads(run(path, "--format", "json").stdout)

    assert text.exit_code == 0
    assert text.stdout.splitlines()[0].endswith(": 2 values, 22 numbers")
    assert [line.split()[0] for line in text.stdout.splitlines()[1:]] == [
        "conv2/kernel",
        "conv10/kernel",
    ]
    assert document == {
        "format": format,
        "values": [
            {
                "name": name,
                "shape": shapes[name],
                "dtype": "float32",
                "training_state": False,
            }
            for name in ("conv2/kernel", "conv10/kernel")
        ],
    }


def test_a_checkpoint_is_listed_with_its_state(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    tensors = {"net/conv1/weights": np.zeros([2, 3], np.float32), "global_step": 3}
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "x.ckpt"),
        tensor_names=list(tensors),
        shape_and_slices=["", ""],
        tensors=list(tensors.values()),
    )

    document = json.loads(run(tmp_path / "x.ckpt", "--format", "json").stdout)

    assert document["format"] == "slim"
    assert [(v["name"], v["training_state"]) for v in document["values"]] == [
        ("global_step", True),
        ("net/conv1/weights", False),
    ]


def test_a_checkpoint_is_compared_by_the_same_names(
    small_net: Path, tmp_path: Path
) -> None:
    tf = pytest.importorskip("tensorflow")
    tensors = {
        "Net/conv1/weights": np.zeros([3, 3, 3, 4], np.float32),
        "Net/conv1/biases": np.zeros([5], np.float32),
        "Net/conv1/biases/Momentum": np.zeros([5], np.float32),
    }
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "x.ckpt"),
        tensor_names=list(tensors),
        shape_and_slices=[""] * 3,
        tensors=list(tensors.values()),
    )

    found = run(tmp_path / "x.ckpt", "--for", small_net)

    assert found.exit_code == 1
    assert found.stdout.splitlines() == [
        "small from a checkpoint of TensorFlow, by the same names",
        "loaded: 1",
        "transformed: 0",
        "left out: 0",
        "missing: 0",
        "mismatched: 1",
        "  conv1/biases [4]  <- Net/conv1/biases [5]",
        "unused: 0",
        "training state: 1",
    ]


@pytest.mark.parametrize("scope", ["other/", "a/b/", ""])
def test_a_checkpoint_with_another_scope_is_told_how_to_load(
    small_net: Path, tmp_path: Path, scope: str
) -> None:
    tf = pytest.importorskip("tensorflow")
    tensors = {
        f"{scope}conv1/weights": np.zeros([3, 3, 3, 4], np.float32),
        f"{scope}conv1/biases": np.zeros([4], np.float32),
        "a/b/conv1/more": np.zeros([4], np.float32),
    }
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "x.ckpt"),
        tensor_names=list(tensors),
        shape_and_slices=[""] * 3,
        tensors=list(tensors.values()),
    )

    text = run(tmp_path / "x.ckpt", "--for", small_net)
    found = run(tmp_path / "x.ckpt", "--for", small_net, "--format", "json")

    assert text.stdout.splitlines()[-1] == (
        f"restore(…, rename=\"{scope}{{name}}\") or `--rename '{scope}{{name}}'` "
        "finds 2 of 2 variables"
    )
    assert json.loads(found.stdout)["rename"] == f"{scope}{{name}}"


@pytest.fixture
def small_net(tmp_path: Path) -> Path:
    path = tmp_path / "small.slim"
    path.write_text(
        "network small as Net { input images 8x8x3; conv 4 3x3 as conv1 }\n"
    )
    return path


NET = """\
network tiny(classes = 10) as Net {
  input images 8x8x3
  weights keras "Net" {
    new "aux/*"
    rename "logits/{weights,biases}" "top/{kernel,bias}"
    rename "fc/weights" "flat/kernel" reshape=[8, 8, 4, 6]
    rename "fc/biases" "flat/bias"
    rename "{layer}/{weights,biases}" "{layer}/{kernel,bias}"
  }
  conv 4 3x3 as conv1
  branch { conv 2 1x1 as aux }
  conv 6 8x8 padding=VALID as fc
  conv classes 1x1 activation=none as logits
}
"""
KERAS = {
    "conv1/kernel": [3, 3, 3, 4],
    "conv1/bias": [4],
    "flat/kernel": [256, 6],
    "flat/bias": [6],
    "top/kernel": [1, 1, 6, 10],
    "top/bias": [10],
}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.slim"
    path.write_text(NET)
    return path


def test_what_fits_is_told_with_its_transforms(net: Path, tmp_path: Path) -> None:
    path = write_keras(tmp_path / "x.h5", KERAS)
    found = run(path, "--for", net)
    document = json.loads(run(path, "--for", net, "--format", "json").stdout)

    assert found.exit_code == 0
    assert found.stdout.splitlines() == [
        'tiny from weights of Keras, by its map to "Net"',
        "loaded: 6",
        "transformed: 1",
        "  fc/weights [8, 8, 4, 6]  <- flat/kernel [256, 6]  reshape=[8, 8, 4, 6]",
        "left out: 2",
        "  aux/weights [1, 1, 4, 2]",
        "  aux/biases [2]",
        "missing: 0",
        "mismatched: 0",
        "unused: 0",
        "training state: 0",
    ]
    assert document["loaded"][2] == {
        "variable": "fc/weights",
        "shape": [8, 8, 4, 6],
        "source": "flat/kernel",
        "source_shape": [256, 6],
        "reshape": [8, 8, 4, 6],
    }
    assert document["map"] == "Net"
    assert document["rules"] == []


def test_what_does_not_fit_is_told_with_shapes_and_rules(
    net: Path, tmp_path: Path
) -> None:
    shapes = {**KERAS, "conv1/bias": [5], "more/kernel": [9]}
    shapes["predictions/kernel"] = shapes.pop("top/kernel")
    shapes["predictions/bias"] = shapes.pop("top/bias")
    path = write_keras(tmp_path / "x.h5", shapes)
    found = run(path, "--for", net)

    assert found.exit_code == 1
    assert found.stderr == ""
    assert "missing: 2\n  logits/weights [1, 1, 6, 10]  <- top/kernel" in found.stdout
    assert "<- top/bias not there\n" in found.stdout
    assert "mismatched: 1\n  conv1/biases [4]  <- conv1/bias [5]\n" in found.stdout
    assert "unused: 3\n  more/kernel [9]\n  predictions/bias [10]\n" in found.stdout
    assert found.stdout.endswith(
        'rules that may fit, to put first in `weights keras "Net"`:\n'
        'rename "logits/{weights,biases}" "predictions/{kernel,bias}"\n'
    )

    # The first rule that fits decides; one that is then left with nothing goes.
    rule = found.stdout.splitlines()[-1]
    old = 'rename "logits/{weights,biases}" "top/{kernel,bias}"\n'
    text = NET.replace(old, "").replace('new "aux', f'{rule}\n    new "aux')
    net.write_text(text)
    again = json.loads(run(path, "--for", net, "--format", "json").stdout)

    assert again["missing"] == []
    assert len(again["loaded"]) == len(KERAS) - 1


def test_the_head_of_other_classes_is_named(net: Path, tmp_path: Path) -> None:
    path = write_keras(tmp_path / "x.h5", KERAS)
    found = run(path, "--for", net, "-D", "classes=5")

    assert found.exit_code == 1
    assert "mismatched: 2\n  logits/weights [1, 1, 6, 5]" in found.stdout
    assert found.stdout.splitlines()[-1] == HEAD_HINT


HEAD_HINT = 'restore(…, head="auto") or `--head auto` leaves out what depends on classes: logits'


def test_a_file_without_a_head_is_told_how_to_load(net: Path, tmp_path: Path) -> None:
    shapes = {k: v for k, v in KERAS.items() if not k.startswith("top/")}
    found = run(write_keras(tmp_path / "x.h5", shapes), "--for", net)
    empty = run(write_keras(tmp_path / "y.h5", {"more/kernel": [9]}), "--for", net)

    assert found.exit_code == 1
    assert found.stdout.splitlines()[-1] == HEAD_HINT
    assert "restore" not in empty.stdout  # where nothing fits, the head is no matter


def test_another_width_is_told_and_gets_no_rules(tmp_path: Path) -> None:
    model = tmp_path / "wide.slim"
    model.write_text("""network wide(classes = 4, size = 8) {
  input images 8x8x3
  weights keras "Wide" { rename "{layer}/{weights,biases}" "{layer}/{kernel,bias}" }
  conv (size // 2) 3x3 as conv1
  conv size 3x3 as conv2
}""")
    shapes = {"conv1/kernel": [3, 3, 3, 8], "conv1/bias": [8]}
    shapes |= {"conv2/kernel": [3, 3, 8, 16], "conv2/bias": [16]}
    path = write_keras(tmp_path / "x.h5", shapes)
    found = run(path, "--for", model)

    assert "mismatched: 4" in found.stdout
    assert found.stdout.splitlines()[-1] == (
        "all names are there, but sizes differ: "
        "check the network's parameters, which `-D` sets (classes=4, size=8)"
    )
    assert run(path, "--for", model, "-D", "size=16").exit_code == 0


def test_another_layout_of_the_value_that_a_map_names_is_proposed(
    net: Path, tmp_path: Path
) -> None:
    shapes = {**KERAS, "top/kernel": [6, 10]}
    path = write_keras(tmp_path / "x.h5", shapes)
    rule = 'rename "logits/weights" "top/kernel" reshape=auto'
    found = run(path, "--for", net)
    net.write_text(NET.replace('new "aux/*"', f'{rule}\n    new "aux/*"'))

    assert found.stdout.splitlines()[-1] == rule
    assert run(path, "--for", net).exit_code == 0


def test_any_name_is_listed(tmp_path: Path) -> None:
    names = ["a1²", "٣/1", "9" * 5000, "02", "1"]
    path = write_safetensors(tmp_path / "x", {name: [2] for name in names})
    found = run(path)

    assert found.exit_code == 0
    assert [line.split()[0] for line in found.stdout.splitlines()[1:]] == [
        "a1²",
        "٣/1",
        "1",
        "02",
        "9" * 5000,
    ]


# Proposed rules.

RESNET = """\
network resnet(classes = 7) {
  input images 32x32x3
  weights FORMAT "x" { RULES }
  scope conv < normalizer=batch_norm(scale=true) >
  conv 8 7x7 2 as conv1
  for b in 1..2 {
    for u in 1..2 {
      in block{b}/unit_{u} {
        add {
          branch { if u == 1 { conv (16 * b) 1x1 as shortcut } }
          branch { conv (4 * b) 1x1 as conv1; conv (4 * b) 3x3 as conv2; conv (16 * b) 1x1 as conv3 }
        }
      }
    }
  }
  global_avg_pool
  conv classes 1x1 normalizer=none as logits
}
"""


def resnet_shapes() -> dict[str, list[int]]:
    """Layers of the network with their kernels, in Keras' layout."""
    found = {"conv1": [7, 7, 3, 8]}
    channels = 8
    for b in (1, 2):
        for u in (1, 2):
            name = f"block{b}/unit_{u}/"
            if u == 1:
                found[f"{name}shortcut"] = [1, 1, channels, 16 * b]
            found[f"{name}conv1"] = [1, 1, channels, 4 * b]
            found[f"{name}conv2"] = [3, 3, 4 * b, 4 * b]
            found[f"{name}conv3"] = [1, 1, 4 * b, 16 * b]
            channels = 16 * b
    return found


def in_keras() -> dict[str, list[int]]:
    """The values with Keras' names, as its ResNets have them."""
    found: dict[str, list[int]] = {}
    for name, shape in resnet_shapes().items():
        name = re.sub(r"block(\d)/unit_(\d)/(\w+)", r"conv\1_block\2_\3", name)
        name = re.sub(r"conv(\d)$", r"\1", name).replace("shortcut", "0")
        found[f"{name}_conv/kernel"] = shape
        for leaf in ("gamma", "beta", "moving_mean", "moving_variance"):
            found[f"{name}_bn/{leaf}"] = shape[-1:]
    return {**found, "predictions/kernel": [32, 7], "predictions/bias": [7]}


def in_pytorch() -> dict[str, list[int]]:
    """The values with torchvision's names and layouts."""
    found: dict[str, list[int]] = {}
    for name, (h, w, i, o) in resnet_shapes().items():
        name = re.sub(
            r"block(\d)/unit_(\d)/", lambda m: f"layer{m[1]}.{int(m[2]) - 1}.", name
        )
        norm = name.replace("conv", "bn").replace("shortcut", "downsample.1")
        found[f"{name.replace('shortcut', 'downsample.0')}.weight"] = [o, i, h, w]
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{leaf}"] = [o]
        found[f"{norm}.num_batches_tracked"] = []
    return {**found, "fc.weight": [7, 32], "fc.bias": [7]}


@pytest.mark.parametrize(
    ("format", "shapes", "counters"),
    [("keras", in_keras(), 0), ("safetensors", in_pytorch(), 15)],
)
def test_the_proposed_rules_are_a_map_that_fits(
    tmp_path: Path, format: str, shapes: dict[str, list[int]], counters: int
) -> None:
    model = tmp_path / "resnet.slim"
    path = WRITE[format](tmp_path / "x", shapes)
    model.write_text(RESNET.replace('  weights FORMAT "x" { RULES }\n', ""))
    rules = json.loads(run(path, "--for", model, "--format", "json").stdout)["rules"]
    text = RESNET.replace("FORMAT", format).replace("RULES", "; ".join(rules))
    model.write_text(text)
    found = json.loads(run(path, "--for", model, "--format", "json").stdout)
    sources = {part["variable"]: part["source"] for part in found["loaded"]}

    assert len(rules) <= 30
    assert found["missing"] == found["mismatched"] == found["unused"] == []
    assert len(found["training_state"]) == counters
    # Values of the same shape are distinguished by order and name.
    third, short = ("conv1_block1_3_conv/kernel", "conv1_block1_0_conv/kernel")
    if format == "safetensors":
        third, short = "layer1.0.conv3.weight", "layer1.0.downsample.0.weight"
    assert sources["block1/unit_1/conv3/weights"] == third
    assert sources["block1/unit_1/shortcut/weights"] == short
    norm = re.sub(r"conv(3?).(weight|kernel)$", r"bn\1", third)
    assert sources["block1/unit_1/conv3/BatchNorm/beta"].startswith(norm)


def proposed(path: Path, model: Path) -> tuple[dict[str, str], list[str]]:
    """The map that the proposed rules make, and those of them that are a guess."""
    found = json.loads(run(path, "--for", model, "--format", "json").stdout)
    body = model.read_text()
    rules = "; ".join(found["rules"])
    model.write_text(
        body.replace("\n", f'\nweights {found["format"]} "x" {{ {rules} }}\n', 1)
    )
    mapped = json.loads(run(path, "--for", model, "--format", "json").stdout)
    model.write_text(body)
    assert mapped["mismatched"] == []
    sources = {part["variable"]: part["source"] for part in mapped["loaded"]}
    return sources, found["guessed"]


PLAIN = """network n {
input images 8x8x3
conv 4 3x3 as conv1
conv 4 3x3 as conv2
conv 4 3x3 as conv3
}
"""


def layer(name: str, *kernel: int) -> dict[str, list[int]]:
    return {f"{name}/kernel": [*kernel], f"{name}/bias": [kernel[-1]]}


def test_a_layer_gets_kernel_and_bias_of_one_layer(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    model.write_text(PLAIN.replace("conv 4 3x3 as conv3\n", ""))
    # Sorted by name, "body" comes before "stem".
    shapes = layer("stem", 3, 3, 3, 4) | layer("body", 3, 3, 4, 4)
    path = write_keras(tmp_path / "x.h5", shapes)

    assert proposed(path, model) == (
        {
            "conv1/weights": "stem/kernel",
            "conv1/biases": "stem/bias",
            "conv2/weights": "body/kernel",
            "conv2/biases": "body/bias",
        },
        [],
    )


def test_what_the_order_alone_decides_is_called_a_guess(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    model.write_text(PLAIN)
    shapes = layer("stem", 3, 3, 3, 4)
    shapes |= layer("right", 3, 3, 4, 4) | layer("left", 3, 3, 4, 4)
    path = write_keras(tmp_path / "x.h5", shapes)
    rule = 'rename "conv{2..3}/{weights,biases}" "{left,right}/{kernel,bias}"'

    assert proposed(path, model)[1] == [rule]
    assert run(path, "--for", model).stdout.splitlines()[-5:] == [
        'weights keras "…" {',
        '  rename "conv1/{weights,biases}" "stem/{kernel,bias}"',
        "  # a guess, by order or likeness of names",
        f"  {rule}",
        "}",
    ]


def test_layers_are_counted_by_their_numbers(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    model.write_text(
        "network n {\ninput images 8x8x4\nfor i in 1..12 { conv 4 3x3 as conv{i} }\n}\n"
    )
    shapes: dict[str, list[int]] = {}
    for place in range(12):
        shapes[f"features.{3 * place}.weight"] = [4, 4, 3, 3]
        shapes[f"features.{3 * place}.bias"] = [4]
    path = write_safetensors(tmp_path / "x", shapes)
    sources, guessed = proposed(path, model)

    assert guessed == []
    assert sources == {
        f"conv{place + 1}/{ours}": f"features.{3 * place}.{theirs}"
        for place in range(12)
        for ours, theirs in (("weights", "weight"), ("biases", "bias"))
    }


@pytest.mark.parametrize(
    ("conv", "norm"),
    [
        ("b{}_conv", "b{}_bn"),
        ("conv2d_{}", "batch_normalization_{}"),
        ("c{}", "c{}/bn"),
    ],
)
def test_a_norm_follows_its_kernel(tmp_path: Path, conv: str, norm: str) -> None:
    model = tmp_path / "net.slim"
    model.write_text(PLAIN.replace("3x3 as", "3x3 normalizer=batch_norm as"))
    shapes: dict[str, list[int]] = {}
    # The first layer's kernel has a shape of its own, its norm has not.
    for place, inputs in ((3, 3), (1, 4), (2, 4)):
        shapes[f"{conv.format(place)}/kernel"] = [3, 3, inputs, 4]
        for leaf in ("beta", "moving_mean", "moving_variance"):
            shapes[f"{norm.format(place)}/{leaf}"] = [4]
    sources, guessed = proposed(write_keras(tmp_path / "x.h5", shapes), model)

    assert len(sources) == 12
    assert guessed == []
    for ours, theirs in ((1, 3), (2, 1), (3, 2)):
        assert sources[f"conv{ours}/weights"] == f"{conv.format(theirs)}/kernel"
        assert sources[f"conv{ours}/BatchNorm/beta"] == f"{norm.format(theirs)}/beta"


def test_a_norm_of_another_layer_is_not_taken(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    model.write_text("""network n {
input images 8x8x3
conv 4 3x3 normalizer=batch_norm as conv
}
""")
    norm = {
        f"wide_bn/{leaf}": [4] for leaf in ("beta", "moving_mean", "moving_variance")
    }
    shapes = {"wide_conv/kernel": [5, 5, 3, 4], **norm, "b/kernel": [3, 3, 3, 4]}
    path = write_keras(tmp_path / "x.h5", shapes)
    sources, guessed = proposed(path, model)
    free = {k: v for k, v in shapes.items() if k != "wide_conv/kernel"}
    whole, _ = proposed(write_keras(tmp_path / "y.h5", free), model)

    assert sources == {"conv/weights": "b/kernel"}
    assert guessed == ['rename "conv/weights" "b/kernel"']
    # By itself it may be: names do not say whose it is.
    assert whole["conv/BatchNorm/beta"] == "wide_bn/beta"


def test_a_likeness_of_names_is_called_a_guess(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    model.write_text(PLAIN)
    shapes = layer("conv1", 3, 3, 3, 4) | layer("a/conv2x", 3, 3, 4, 4)
    shapes |= layer("a/conv3x", 3, 3, 4, 4) | layer("a/fourth", 3, 3, 4, 4)
    path = write_keras(tmp_path / "x.h5", shapes)
    sources, guessed = proposed(path, model)

    assert sources["conv2/weights"] == "a/conv2x/kernel"
    assert sources["conv3/biases"] == "a/conv3x/bias"
    assert guessed == [
        'rename "conv{2..3}/{weights,biases}" "a/conv{2..3}x/{kernel,bias}"'
    ]


def test_a_layer_that_a_map_has_begun_gets_nothing_of_another(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    begun = 'weights keras "x" { rename "conv1/weights" "a/kernel" }\n'
    model.write_text(PLAIN.replace("conv 4", begun + "conv 4", 1))
    shapes = {"a/kernel": [3, 3, 3, 4], "b/bias": [4]}
    path = write_keras(tmp_path / "x.h5", shapes)
    alone = run(path, "--for", model)
    whole = run(
        write_keras(tmp_path / "y.h5", {**shapes, "a/bias": [4]}), "--for", model
    )

    assert "rename" not in alone.stdout
    assert 'rename "conv1/biases" "a/bias"\n' in whole.stdout


def test_a_map_that_is_not_whole_yet_gets_rules_for_the_rest(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    begun = """network n {
  input images 8x8x3
  weights safetensors "Tiny" {
    rename "conv1/weights" "a.weight" transpose=[2, 3, 1, 0]; new "conv3/biases"
    RULES
  }
  for i in 1..3 { conv 4 3x3 as conv{i} }
}"""
    model.write_text(begun.replace("RULES", ""))
    kernel = [4, 4, 3, 3]
    shapes = {"a.weight": [4, 3, 3, 3], "a.bias": [4], "b.weight": kernel}
    shapes |= {"b.bias": [4], "c.weight": kernel}
    path = write_safetensors(tmp_path / "x", shapes)
    found = json.loads(run(path, "--for", model, "--format", "json").stdout)
    model.write_text(begun.replace("RULES", "; ".join(found["rules"])))

    assert [part["variable"] for part in found["left_out"]] == ["conv3/biases"]
    assert len(found["missing"]) == 4
    assert run(path, "--for", model).exit_code == 0


def test_nothing_is_proposed_where_nothing_is_alike(tmp_path: Path) -> None:
    model = tmp_path / "net.slim"
    model.write_text("network n { input images 8x8x3; conv 4 3x3 as c }\n")
    path = write_keras(tmp_path / "x.h5", {"a/kernel": [9, 9]})
    found = run(path, "--for", model)

    assert found.exit_code == 1
    assert "rules" not in found.stdout


def test_types_that_do_not_fit_are_told_and_give_no_rule(
    net: Path, tmp_path: Path
) -> None:
    path = write_keras(tmp_path / "x.h5", KERAS)
    with h5py.File(path, "a") as file:
        del file["flat/flat/bias:0"]
        file["flat/flat/bias:0"] = np.zeros(6, np.int8)
    found = run(path, "--for", net)
    document = json.loads(run(path, "--for", net, "--format", "json").stdout)

    assert found.exit_code == 1
    assert (
        "mismatched: 1\n  fc/biases [6]  <- flat/bias [6]  float32 here, int8 there\n"
    ) in found.stdout
    assert document["mismatched"][0]["types"] == "float32 here, int8 there"
    assert document["rules"] == []


# Imports and refusals.


def test_tensorflow_is_imported_for_checkpoints_only(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom slimgen.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    for format, write in WRITE.items():
        path = write(tmp_path / format, KERAS)
        subprocess.run([sys.executable, "-c", code, "weights", path], check=True)


@pytest.mark.parametrize("place", ["x", "x.index"])
def test_what_is_read_without_an_end_is_refused(tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / place)
    found = run(tmp_path / "x")

    assert found.exit_code == 1
    assert f"`{tmp_path / 'x'}`: it is neither a file nor a folder" in found.stderr


def test_what_the_system_refuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_npy(tmp_path / "x", KERAS)
    (tmp_path / "loop").symlink_to("loop")

    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    monkeypatch.setattr(os, "listdir", refuse)
    loop, folder = run(tmp_path / "loop"), run(tmp_path)

    assert run(path).exit_code == 0  # who reads decides, not a question before
    assert (loop.exit_code, folder.exit_code) == (1, 1)
    assert f"`{tmp_path / 'loop'}`: too many levels" in loop.stderr
    assert f"`{tmp_path}`: permission denied" in folder.stderr


def test_what_is_missing_for_a_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_keras(tmp_path / "x.h5", KERAS)
    hide_package(monkeypatch, "h5py")

    assert "'slimgen[weights]'" in run(path).stderr


def test_options_about_a_network_need_one(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "x.h5", KERAS)

    assert run(path, "-D", "classes=5").exit_code == 2
    assert run(path, "--network", "net").exit_code == 2


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('{"', '{"'),
        ("a\nb", "a<U+000A>b"),
        ("\x1b[31m", "<U+001B>[31m"),
        ("a\x85b\x7f", "a<U+0085>b<U+007F>"),
        ("\u202eab", "<U+202E>ab"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_names_that_no_rule_can_hold_are_listed_and_not_proposed(
    tmp_path: Path, name: str, shown: str
) -> None:
    model = tmp_path / "net.slim"
    model.write_text(PLAIN.replace("conv 4 3x3 as conv3\n", ""))
    shapes = {"good.weight": [4, 3, 3, 3], "good.bias": [4]}
    shapes |= {f"{name}.weight": [4, 4, 3, 3], f"{name}.bias": [4]}
    path = write_safetensors(tmp_path / "x", shapes)
    found, listing = run(path, "--for", model), run(path)
    text = f"no rule can hold `{shown}.bias` and `{shown}.weight`"

    assert found.exit_code == 1
    assert text in found.stdout.splitlines()
    assert found.stdout.splitlines()[-3:-1] == [
        '  rename "conv1/weights" "good.weight" transpose=[2, 3, 1, 0]',
        '  rename "conv1/biases" "good.bias"',
    ]
    for output in (found.stdout, listing.stdout):
        assert all(line.isprintable() for line in output.split("\n"))
        assert f"  {shown}.bias" in output
    assert proposed(path, model)[0].keys() == {"conv1/weights", "conv1/biases"}
    document = json.loads(run(path, "--format", "json").stdout)
    assert f"{name}.bias" in [value["name"] for value in document["values"]]


@pytest.mark.parametrize(
    "names",
    [
        ("stem x", "body y"),
        ("a[0]", "a[1]"),
        ("a (1)", "a (2)"),
        ("a, b", "a, c"),
        (" a", " b"),
        ("b*", "c*"),
        ("1..2", "3..4"),
        ("é/ü#\\'", "é/ö#\\'"),
    ],
)
def test_any_other_name_gets_rules(tmp_path: Path, names: tuple[str, str]) -> None:
    model = tmp_path / "net.slim"
    model.write_text(PLAIN.replace("conv 4 3x3 as conv3\n", ""))
    one, two = names
    shapes = {f"{one}.weight": [4, 3, 3, 3], f"{one}.bias": [4]}
    shapes |= {f"{two}.weight": [4, 4, 3, 3], f"{two}.bias": [4]}
    path = write_safetensors(tmp_path / "x", shapes)

    assert proposed(path, model) == (
        {
            "conv1/weights": f"{one}.weight",
            "conv1/biases": f"{one}.bias",
            "conv2/weights": f"{two}.weight",
            "conv2/biases": f"{two}.bias",
        },
        [],
    )
