"""Emit the functions of layers and run them: several inputs, training, XLA, end results."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from slimgen.emit.identifiers import Names
from slimgen.emit.layer_functions import LayerUse, define_functions
from slimgen.emit.module import OPTIONS
from slimgen.emit.templates import render
from slimgen.emit.tensorflow.definitions import definition, helpers
from slimgen.emit.tensorflow.expressions import expression
from slimgen.emit.tensorflow.functions import needed_functions
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
    uses = [LayerUse(layer, types) for layer in layers]
    definitions = define_functions(uses, Names(frozenset()).free)
    parts = [
        IMPORTS,
        render("scope.py.j2", options=OPTIONS, foreign=False, held=False, mixed=False),
    ]
    parts += [render(f"functions/{name}.py.j2") for name in needed(uses)]
    for one in list(definitions.values())[:1]:
        parts += [f"{name} = {text}" for text, name in one.constants.items()]
    parts += [one.text() for one in definitions.values()]
    inputs = [f"x{i}" for i in range(len(types))]
    for index, layer in enumerate(layers):
        written = definition(layer, types)
        if written is None:
            call = expression(layer, inputs)
        else:
            one = definitions[written.name]
            given = ", ".join(["x0", *one.arguments(layer, inputs)])
            call = f'{one.name}({given}, scope=scope / "L")'
        taken = ", ".join([*inputs, "scope"])
        parts.append(f"def call{index}({taken}):\n    return {call}")
    return "\n\n\n".join(parts), layers


def needed(uses: Sequence[LayerUse]) -> list[str]:
    """Name the templates of templates/functions that the layers call."""
    found: dict[str, None] = {}
    for use in uses:
        found |= dict.fromkeys(helpers(use.layer, use.inputs))
        found |= dict.fromkeys(needed_functions(use.layer))
    return list(found)
