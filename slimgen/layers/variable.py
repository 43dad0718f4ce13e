"""Variables that stand by themselves: TF-Slim's model_variable and local_variable."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    Optional,
    Text,
)
from slimgen.layers.declaration import Layer, TensorType, VariableSpec, parameter
from slimgen.layers.functions import INITIALIZER, REGULARIZER
from slimgen.layers.literals import NamedFunction
from slimgen.layers.parametrised import XAVIER


class FreeVariable(Layer):
    """A variable by itself; its name may stand wherever a tensor can.

    Source: TF-Slim's model_variable; `local_variable` is one that is not saved.
    """

    word = "variable"
    slim = "model_variable"
    tensorflow = "tf.Variable"
    family = "Variables"
    varies = False
    sizes = ("shape",)
    inputs = (0, 0)
    example = "variable gamma [channels] initializer=constant(0.1)"

    shape: tuple[int, ...] = parameter(ListOf(Integer(1)), "length of each axis")
    initializer: NamedFunction = parameter(
        INITIALIZER, "first values", XAVIER, positional=False
    )
    regularizer: NamedFunction | None = parameter(
        REGULARIZER, "term of the loss", None, positional=False, neutral=None
    )
    trainable: bool = parameter(
        Boolean(),
        "whether training changes it; it never does whole numbers",
        True,
        positional=False,
        neutral=True,
    )
    dtype: str = parameter(
        Choice(("float32", "float64", "float16", "int32", "int64")),
        "type of its values",
        "float32",
        positional=False,
        neutral="float32",
    )
    device: str | None = parameter(
        Optional(Text()),
        "where it lies, such as `cpu:0`",
        None,
        positional=False,
        neutral=None,
    )
    saved: bool = parameter(
        Boolean(),
        "whether it is a model variable",
        True,
        positional=False,
        neutral=True,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return replace(self, trainable=self._is_trained())

    def _is_trained(self) -> bool:
        return self.trainable and self.dtype.startswith("float")

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (TensorType(self.shape, self.dtype),)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        return (
            VariableSpec(
                "",
                self.shape,
                self.initializer,
                self.regularizer,
                self._is_trained(),
                self.dtype,
                self.device,
                self.saved,
            ),
        )
