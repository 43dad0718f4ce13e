"""Layers that look up entries by their numbers."""

from collections.abc import Sequence
from dataclasses import replace

from slimgen.layers.argument_types import Boolean, Integer, Optional, TensorKind
from slimgen.layers.declaration import (
    Layer,
    ShapeError,
    TensorType,
    VariableSpec,
    parameter,
)
from slimgen.layers.functions import INITIALIZER, REGULARIZER
from slimgen.layers.literals import NamedFunction, Operand
from slimgen.layers.parametrised import COLLECTIONS, XAVIER, check_initializer
from slimgen.layers.shape_arithmetic import axis_within

NUMBERS = ("int32", "int64")
EMBEDDING_TRAPS = {**COLLECTIONS, "unique": "it changes no value"}


def require_numbers(layer: Layer, tensor: TensorType) -> None:
    """Raise ShapeError unless a tensor holds whole numbers that TensorFlow looks up."""
    if tensor.dtype not in NUMBERS:
        raise ShapeError(
            f"`{layer.word}` looks up numbers of type int32 or int64, these are {tensor.dtype}",
            "declare them so: `input words 20 dtype=int32`, or write `cast int32`",
        )


class Embedding(Layer):
    """Replace each number by the row of a learned matrix, as for the words of a text.

    On a CPU a number from `vocab_size` on is an error when the network runs; on a GPU its
    row is zeros.

    Shape: [batch, words] -> [batch, words, embed_dim].
    Source: TensorFlow 1, tensorflow/contrib/layers/python/layers/encoders.py, embed_sequence.
    """

    word = "embedding"
    slim = "embed_sequence"
    tensorflow = "tf.nn.embedding_lookup"
    family = "Lookups"
    default_scope = "EmbedSequence"
    example = "flatten; cast int32; embedding 1000 16 as words"
    traps = EMBEDDING_TRAPS

    vocab_size: int = parameter(Integer(1), "rows of the matrix: how many numbers")
    embed_dim: int = parameter(Integer(1), "length of a row")
    initializer: NamedFunction = parameter(
        INITIALIZER, "first values of the matrix", XAVIER, positional=False
    )
    regularizer: NamedFunction | None = parameter(
        REGULARIZER, "term of the loss for it", None, positional=False, neutral=None
    )
    trainable: bool = parameter(
        Boolean(),
        "whether training changes it",
        True,
        positional=False,
        neutral=True,
    )

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        require_numbers(self, inputs[0])
        return (TensorType((*inputs[0].shape, self.embed_dim)),)

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        shape = (self.vocab_size, self.embed_dim)
        check_initializer(self.initializer, shape)
        return (
            VariableSpec(
                "embeddings",
                shape,
                self.initializer,
                self.regularizer,
                self.trainable,
            ),
        )


class Gather(Layer):
    """Take entries along an axis, by their numbers in another tensor.

    Where both tensors have a batch, each example takes its own entries by its own numbers;
    a table without a batch is looked up along axis 0. On a CPU a number beyond the axis is
    an error when the network runs; on a GPU its entry is zeros.

    Shape: [batch, rows, channels] by [batch, n] -> [batch, n, channels] for axis 1.
    Source: https://www.tensorflow.org/api_docs/python/tf/gather
    """

    word = "gather"
    tensorflow = "tf.gather"
    family = "Lookups"
    varies = False
    inputs = (1, 2)
    example = "constant [0, 2] int32; let some = net; from images; gather some axis=3"

    indices: Operand = parameter(TensorKind(), "the numbers")
    axis: int | None = parameter(
        Optional(Integer()),
        "the axis that they count along; `none`: the first one that is not the batch",
        None,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        axis = self._axis(inputs[0])
        if inputs[0].has_batch and inputs[self.indices.index].has_batch:
            return BatchGather(indices=self.indices, axis=axis)
        return replace(self, axis=axis)

    def _axis(self, source: TensorType) -> int:
        first = 1 if source.has_batch else 0
        axis = first if self.axis is None else self.axis
        return axis_within(axis, source, self.word)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        source, indices = inputs[0], inputs[self.indices.index]
        require_numbers(self, indices)
        axis = self._axis(source)
        if axis and indices.has_batch and not source.has_batch:
            raise ShapeError(
                f"`gather` would put the batch of {indices} behind axis 0 of {source}",
                "`transpose` the table, so that it is looked up along axis 0",
            )
        taken = indices.example if source.has_batch else indices.shape
        shape = (*source.shape[:axis], *taken, *source.shape[axis + 1 :])
        return (TensorType(shape, source.dtype),)


class BatchGather(Gather):
    """`gather` of two tensors with a batch: the form that is emitted."""

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return self
