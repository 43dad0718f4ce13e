"""Emit layers that take inputs of different types, and run them one by one."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from norm_harness import IMPORTS, Model, needed

from slimgen.emit.identifiers import Names
from slimgen.emit.layer_functions import LayerUse, define_functions
from slimgen.emit.module import OPTIONS
from slimgen.emit.templates import render
from slimgen.layers.declaration import Layer, TensorType

__all__ = ["Emitted", "Model", "emit"]


@dataclass
class Emitted:
    """The functions of some layers, as text and as what they are."""

    text: str
    layers: list[Layer]

    @functools.cached_property
    def names(self) -> dict[str, Any]:
        """Everything that the text defines; running it imports TensorFlow."""
        names: dict[str, Any] = {}
        exec(compile(self.text, "emitted", "exec"), names)
        return names

    def call(self, index: int, inputs: Any, model: Model) -> Any:
        """Run the layer `index` in the scope `L`."""
        scope = self.names["Scope"](model, "", False, {})
        return self.names[f"call{index}"](inputs, scope)


def emit(pairs: Sequence[tuple[Layer, TensorType]]) -> Emitted:
    """Emit the functions of `pairs`, each a layer and the type of its input."""
    for layer, source in pairs:
        layer.outputs((source,))
    uses = [LayerUse(layer.canonical((source,)), (source,)) for layer, source in pairs]
    layers = [use.layer for use in uses]
    definitions = define_functions(uses, Names(frozenset()).free)
    parts = [
        IMPORTS,
        render("scope.py.j2", options=OPTIONS, foreign=False, held=False, mixed=False),
    ]
    parts += [render(f"functions/{name}.py.j2") for name in needed(uses)]
    for definition in list(definitions.values())[:1]:
        parts += [f"{name} = {text}" for text, name in definition.constants.items()]
    parts += [definition.text() for definition in definitions.values()]
    for index, use in enumerate(uses):
        definition = definitions[use.written.name]
        arguments = ", ".join(["inputs", *definition.arguments(use.layer, ["inputs"])])
        call = f'{definition.name}({arguments}, scope=scope / "L")'
        parts.append(f"def call{index}(inputs, scope):\n    return {call}")
    return Emitted("\n\n\n".join(parts), layers)
