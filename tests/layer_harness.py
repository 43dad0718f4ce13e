"""Emit layers that take inputs of different types, and run them one by one."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from norm_harness import Model, program_text

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
    layers = [layer.canonical((source,)) for layer, source in pairs]
    sources = [(source,) for _, source in pairs]
    return Emitted(program_text(list(zip(layers, sources, strict=True))), layers)
