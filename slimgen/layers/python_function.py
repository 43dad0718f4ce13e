"""A layer that applies a function of the user's."""

from collections.abc import Sequence

from slimgen.frozen import Frozen
from slimgen.layers.argument_types import (
    ArgumentError,
    BareWord,
    Choice,
    Integer,
    ListOf,
    Optional,
    TensorKind,
)
from slimgen.layers.casting import DTYPES
from slimgen.layers.declaration import Layer, TensorType, parameter
from slimgen.layers.functions import PYTHON
from slimgen.layers.literals import NamedFunction, Operand


class ModuleFunction(Frozen):
    """`"module:function"`, of the user's own."""

    expected: str = 'a function of yours such as `"my_ops:swish"`'
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> NamedFunction:
        if not isinstance(value, str):
            raise ArgumentError(self.expected)
        try:
            return PYTHON.bind(BareWord("python", (value,), called=True))
        except ArgumentError:
            raise ArgumentError(self.expected) from None


class Python(Layer):
    """Apply a function of yours, imported by the emitted file, to the tensor.

    With `tensors=[skip, mask]` it is called with these behind the current tensor:
    `swish(net, skip, mask)`.

    Shape: [batch, …] -> [batch, shape]; the same without `shape`. Where no tensor has a
    batch, as variables and constants, `shape` is the whole shape.
    Source: https://www.tensorflow.org/guide/tensor
    """

    word = "python"
    tensorflow = "tf.Module"
    family = "Other layers"
    varies = False
    inputs = (1, None)
    example = 'python "my_ops:swish" shape=[32, 32, 4] as mine'

    op: NamedFunction = parameter(ModuleFunction(), "module and function")
    shape: tuple[int | None, ...] | None = parameter(
        Optional(ListOf(Optional(Integer(0)))),
        "size of the result, without the batch; `none`: that of the input",
        None,
    )
    dtype: str | None = parameter(
        Optional(Choice(DTYPES)),
        "type of the result; `none`: that of the input",
        None,
        positional=False,
    )
    tensors: tuple[Operand, ...] = parameter(
        ListOf(TensorKind()),
        "further tensors that the function takes",
        (),
        positional=False,
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        shape, dtype = inputs[0].shape, self.dtype or inputs[0].dtype
        if self.shape is not None:
            batched = any(tensor.has_batch for tensor in inputs)
            shape = (None, *self.shape) if batched else self.shape
        return (TensorType(shape, dtype),)
