"""The common end of TF-Slim's layers with weights: biases or a normalizer, an activation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from slimgen.layers.argument_types import Boolean, LayerKind, Optional, Text
from slimgen.layers.declaration import (
    Layer,
    ShapeError,
    TensorType,
    VariableSpec,
    parameter,
)
from slimgen.layers.functions import (
    ACTIVATION,
    INITIALIZER,
    REGULARIZER,
    initializer_problem,
)
from slimgen.layers.literals import NamedFunction

RELU = NamedFunction("relu")
XAVIER = NamedFunction("xavier")
ZEROS = NamedFunction("zeros")
NORMALIZERS = ("batch_norm", "layer_norm", "instance_norm", "group_norm")

COLLECTIONS = {
    "variables_collections": "variables are found by name in `model.named_variables`",
    "outputs_collections": "every named layer is an end point already",
}


def check_initializer(function: object, shape: tuple[int, ...]) -> None:
    """Raise ShapeError when an initializer cannot make a variable of `shape`."""
    problem = initializer_problem(function, shape)
    if problem:
        raise ShapeError(problem)


class Parametrised(Layer):
    """The arguments that follow a layer's own, and what they create."""

    traps = COLLECTIONS

    activation: NamedFunction | None = parameter(
        ACTIVATION,
        "what is applied last",
        RELU,
        positional=False,
        slim="activation_fn",
        neutral=None,
    )
    normalizer: Layer | None = parameter(
        Optional(LayerKind("a normalizer", NORMALIZERS)),
        "normalisation in place of biases",
        None,
        positional=False,
        slim="normalizer_fn",
        neutral=None,
    )
    initializer: NamedFunction = parameter(
        INITIALIZER,
        "first values of the weights",
        XAVIER,
        positional=False,
        slim="weights_initializer",
    )
    regularizer: NamedFunction | None = parameter(
        REGULARIZER,
        "term of the loss for the weights",
        None,
        positional=False,
        slim="weights_regularizer",
        neutral=None,
    )
    biases: NamedFunction | None = parameter(
        Optional(INITIALIZER),
        "first values of the biases; `none`: no biases",
        ZEROS,
        positional=False,
        slim="biases_initializer",
        neutral=None,
    )
    biases_regularizer: NamedFunction | None = parameter(
        REGULARIZER,
        "term of the loss for the biases",
        None,
        positional=False,
        neutral=None,
    )
    keep_biases: bool = parameter(
        Boolean(),
        "add the biases before a normalizer too",
        False,
        positional=False,
        neutral=False,
    )
    trainable: bool = parameter(
        Boolean(),
        "whether training changes the variables",
        True,
        positional=False,
        neutral=True,
    )
    device: str | None = parameter(
        Optional(Text()),
        "device of the variables, such as `cpu:0`",
        None,
        positional=False,
        neutral=None,
    )

    def emitted_tail(self, inputs: Sequence[TensorType]) -> dict[str, Any]:
        """Return what changes in the tail when it is emitted, for `replace`.

        Biases give way to a normalizer, as in TF-Slim, and their regularizer with them,
        unless `keep_biases`.
        """
        found: dict[str, Any] = {"keep_biases": self._keeps_biases()}
        if self.normalizer is not None:
            found["normalizer"] = self.normalizer.canonical(self.outputs(inputs))
        if not self._has_biases():
            found |= {"biases": None, "biases_regularizer": None}
        return found

    def _keeps_biases(self) -> bool:
        return self.keep_biases and self._has_biases() and self.normalizer is not None

    def _has_biases(self) -> bool:
        return self.biases is not None and (self.normalizer is None or self.keep_biases)

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        """Leave out what has no effect."""
        return replace(self, **self.emitted_tail(inputs))

    def kernel_variables(
        self, inputs: Sequence[TensorType]
    ) -> tuple[VariableSpec, ...]:
        """Return the weights."""
        raise NotImplementedError

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        """Return the weights, then the biases or the normalizer's variables."""
        output = self.outputs(inputs)[0]
        return self.kernel_variables(inputs) + self.tail_variables(output)

    def tail_variables(self, output: TensorType) -> tuple[VariableSpec, ...]:
        """Return the biases, unless a normalizer replaces them, and its variables."""
        return self._bias_variables(output) + self._normalizer_variables(output)

    def _normalizer_variables(self, output: TensorType) -> tuple[VariableSpec, ...]:
        if self.normalizer is None:
            return ()
        scope = type(self.normalizer).normalizer_scope
        made = self.normalizer.variables((output,))
        return tuple(replace(one, name=f"{scope}/{one.name}") for one in made)

    def _bias_variables(self, output: TensorType) -> tuple[VariableSpec, ...]:
        if self.biases is None or not self._has_biases():
            return ()
        shape = (self.output_channels(output),)
        check_initializer(self.biases, shape)
        return (
            VariableSpec(
                "biases",
                shape,
                self.biases,
                self.biases_regularizer,
                self.trainable,
                output.dtype,
                self.device,
            ),
        )

    def output_channels(self, output: TensorType) -> int:
        """Return the length of the biases."""
        return output.channels

    def weights(self, name: str, shape: tuple[int, ...], dtype: str) -> VariableSpec:
        """Make a kernel with this layer's initializer and regularizer."""
        check_initializer(self.initializer, shape)
        return VariableSpec(
            name,
            shape,
            self.initializer,
            self.regularizer,
            self.trainable,
            dtype,
            self.device,
        )
