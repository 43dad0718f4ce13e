"""Emit the functions of layers and run them: several inputs, training, XLA, end results."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from slimgen.emit.identifiers import Names
from slimgen.emit.layer_functions import LayerUse, with_normalizers
from slimgen.emit.layer_section import LayerSection, layer_section
from slimgen.emit.module import OPTIONS
from slimgen.emit.templates import render
from slimgen.emit.tensorflow.expressions import expression
from slimgen.emit.tensorflow.file_functions import file_functions
from slimgen.layers.declaration import Layer, TensorType

IMPORTS = """
import contextlib
import dataclasses
import functools
import math

import tensorflow as tf
"""


class Model:
    """The part of a network that a scope uses."""

    def __init__(self, seed: int = 1) -> None:
        import tensorflow as tf

        self.named_variables: dict[str, Any] = {}
        self.local_variables: dict[str, Any] = {}
        self.regularizers: dict[str, Any] = {}
        self.weight_decays: dict[str, float] = {}
        self.generator = tf.random.Generator.from_seed(seed)


@dataclasses.dataclass
class Program:
    """The functions of some layers: their text, and what they are once run."""

    text: str
    layers: list[Layer]
    names: dict[str, Any]

    def __call__(
        self, model: Model, *inputs: Any, index: int = 0, training: bool = False
    ) -> Any:
        """Run the layer at `index` in the scope `net/L`."""
        tf = self.names["tf"]
        inputs = tuple(map(tf.convert_to_tensor, inputs))
        scope = self.names["Scope"](model, "net", training, {})
        return self.names[f"call{index}"](*inputs, scope)


def emit(layers: Sequence[Layer], *types: TensorType, **names: Any) -> Program:
    """Write and run one file's part for `layers`, which all take inputs of `types`.

    Args:
        names: Other names of the file, as if it had imported them.
    """
    text, layers = write(layers, *types)
    space = dict(names)
    exec(compile(text, "emitted", "exec"), space)
    return Program(text, layers, space)


def write(layers: Sequence[Layer], *types: TensorType) -> tuple[str, list[Layer]]:
    """Return the file's part, and the layers in the form that is emitted."""
    for layer in layers:
        layer.outputs(types)
    layers = [layer.canonical(types) for layer in layers]
    return program_text([(layer, types) for layer in layers]), layers


def program_text(layers: Sequence[tuple[Layer, tuple[TensorType, ...]]]) -> str:
    """Write the functions of some layers, and `call0`, `call1`, … that call them."""
    variables = [v for layer, types in layers for v in layer.variables(types)]
    functions = file_functions([layer for layer, _ in layers], variables)
    uses = [
        LayerUse(functions.layer(layer), types, layer.outputs(types)[0])
        for layer, types in layers
    ]
    section = layer_section(
        list(with_normalizers(uses)), functions, Names(frozenset()).free
    )
    calls = [call_text(index, use, section) for index, use in enumerate(uses)]
    scope = render(
        "scope.py.j2", options=OPTIONS, foreign=False, held=False, mixed=False, opens=True,
        terms=functions.terms, unnamed=True,
    )  # fmt: skip
    layer = render("layer.py.j2", mixed=False, opens=True, unscoped=True, recalls=True)
    return "\n\n\n".join([IMPORTS, scope, layer, section.text(calls), *calls])


def call_text(index: int, use: LayerUse, section: LayerSection) -> str:
    """Write a function that calls one layer in the scope `L`."""
    inputs = [f"x{i}" for i in range(len(use.inputs))]
    if use.written is None:
        call = expression(use.layer, inputs)
    else:
        one = section.definitions[use.written.name]
        given = ['scope / "L"', "x0", *one.arguments(use, inputs)]
        call = f"{one.name}({', '.join(given)})"
    taken = ", ".join([*inputs, "scope"])
    return f"def call{index}({taken}):\n    return {call}"
