"""ViT of examples/zoo beside one of Keras's layers, by weights in the form of timm's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_weights_arrays import laid_out, write_safetensors
from test_weights_zoo import built
from test_zoo import ZOO
from train_harness import network_of

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.ir.summary import summarize
from slimgen.source import Source

PATH = ZOO / "vit.slim"
DEPTH, HEADS, UNITS = 192, 3, 12
EACH = DEPTH // HEADS
Arrays = dict[str, Any]


def timm_arrays(patches: int, classes: int) -> Arrays:
    """Random weights under timm's names, in PyTorch's layouts."""
    shapes: dict[str, list[int]] = {
        "cls_token": [1, 1, DEPTH],
        "pos_embed": [1, patches + 1, DEPTH],
        "patch_embed.proj.weight": [DEPTH, 3, 16, 16],
        "patch_embed.proj.bias": [DEPTH],
        "norm.weight": [DEPTH],
        "norm.bias": [DEPTH],
        "head.weight": [classes, DEPTH],
        "head.bias": [classes],
    }
    products = {
        "attn.qkv": (3, 1),
        "attn.proj": (1, 1),
        "mlp.fc1": (4, 1),
        "mlp.fc2": (1, 4),
    }
    for unit in range(UNITS):
        for name, (outputs, inputs) in products.items():
            shapes[f"blocks.{unit}.{name}.weight"] = [outputs * DEPTH, inputs * DEPTH]
            shapes[f"blocks.{unit}.{name}.bias"] = [outputs * DEPTH]
        for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"):
            shapes[f"blocks.{unit}.{name}"] = [DEPTH]
    random = np.random.default_rng(0)
    return {
        name: (random.normal(size=shape) * np.prod(shape[1:]) ** -0.5).astype(
            np.float32
        )
        for name, shape in shapes.items()
    }


def keras_vit(arrays: Arrays, images: Any) -> Any:
    """The logits, by Keras's MultiHeadAttention, LayerNormalization and gelu."""
    import keras

    def dense(x: Any, name: str) -> Any:
        return x @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        layer = keras.layers.LayerNormalization(epsilon=1e-6)
        layer.build(x.shape)
        layer.set_weights([arrays[f"{name}.weight"], arrays[f"{name}.bias"]])
        return layer(x)

    def attend(x: Any, name: str) -> Any:
        layer = keras.layers.MultiHeadAttention(HEADS, EACH)
        layer.build(x.shape, x.shape)
        kernels = np.split(arrays[f"{name}.qkv.weight"], 3)
        biases = np.split(arrays[f"{name}.qkv.bias"], 3)
        query, key, value = (
            [kernel.T.reshape(DEPTH, HEADS, EACH), bias.reshape(HEADS, EACH)]
            for kernel, bias in zip(kernels, biases, strict=True)
        )
        out = arrays[f"{name}.proj.weight"].T.reshape(HEADS, EACH, DEPTH)
        for part, given in (("query", query), ("key", key), ("value", value)):
            getattr(layer, f"{part}_dense").set_weights(given)
        layer.output_dense.set_weights([out, arrays[f"{name}.proj.bias"]])
        return layer(x, x)

    kernel = arrays["patch_embed.proj.weight"].transpose(2, 3, 1, 0)
    x = keras.ops.conv(images, kernel, 16, "valid") + arrays["patch_embed.proj.bias"]
    x = keras.ops.reshape(x, [len(images), -1, DEPTH])
    token = np.repeat(arrays["cls_token"], len(images), 0)
    x = keras.ops.concatenate([token, x], 1) + arrays["pos_embed"]
    for unit in range(UNITS):
        block = f"blocks.{unit}"
        x = x + attend(norm(x, f"{block}.norm1"), f"{block}.attn")
        inner = keras.activations.gelu(
            dense(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1")
        )
        x = x + dense(inner, f"{block}.mlp.fc2")
    return dense(norm(x, "norm")[:, 0], "head")


@pytest.mark.slow
def test_vit_loads_timm_s_weights_and_is_one_of_keras_s_layers(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    arrays = timm_arrays(patches=4, classes=7)
    images = np.random.default_rng(1).normal(size=[3, 32, 32, 3]).astype(np.float32)
    small = (("images", "32x32x3"), ("classes", "7"))
    module = built(tmp_path, "vit", "vit_ti_16", *small)
    ours = network_of(module)(seed=1)

    report = module.restore(
        ours, write_safetensors(tmp_path / "x.st", *laid_out(arrays))
    )
    found = ours(images)[0].numpy()
    expected = np.asarray(keras_vit(arrays, images))

    assert len(report.loaded) == len(ours.named_variables)
    # float32 through 12 units
    assert np.abs(expected - found).max() <= 1e-5 * np.abs(expected).max()


def test_vit_makes_hardly_more_numbers_than_its_products_need() -> None:
    rows, heads = 14 * 14 + 1, HEADS
    attention = (
        5 * rows * DEPTH + 2 * heads * rows**2
    )  # q, k, v, scores, shares, mixed, out
    mlp = (4 + 4 + 1) * rows * DEPTH  # fc1, gelu, fc2
    unit = attention + mlp + 4 * rows * DEPTH  # two norms, two sums
    ends = (
        (rows - 1) * DEPTH + 3 * rows * DEPTH + 1000
    )  # patches, token, positions, norm
    plain = UNITS * unit + ends

    source = Source(str(PATH), PATH.read_text(encoding="utf-8"))
    found = analyze(source, Request((), ("vit_ti_16",)), FileReader(Diagnostics()))
    assert found.graph is not None
    totals = summarize(found.graph).networks[0].totals

    assert totals.activation_bytes is not None
    assert totals.activation_bytes / 4 <= 1.3 * plain


def test_vit_of_the_smallest_size_is_short() -> None:
    text = PATH.read_text(encoding="utf-8").partition("network vit_s_16")[0]

    assert len(text.strip().splitlines()) <= 45
