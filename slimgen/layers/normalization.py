"""Batch normalization, with every argument of TF-Slim's.

TF-Slim has two ways to compute it, which differ in the last digits and in what they store:
the fused kernel stores the unbiased variance of the batch, the other one the biased. Which
one is taken is TF-Slim's choice (layers.py, `batch_norm`), repeated in `BatchNorm.is_fused`.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from slimgen.frozen import Frozen
from slimgen.layers.argument_types import (
    ArgumentError,
    ArgumentType,
    BareWord,
    Boolean,
    Choice,
    FunctionKind,
    Optional,
    Real,
    TensorKind,
)
from slimgen.layers.declaration import (
    Layer,
    ShapeError,
    TensorType,
    VariableSpec,
    parameter,
)
from slimgen.layers.functions import ACTIVATION, INITIALIZER, PYTHON, REGULARIZER
from slimgen.layers.literals import NamedFunction, Operand
from slimgen.layers.parametrised import COLLECTIONS, ZEROS
from slimgen.layers.shape_arithmetic import require_float

ONES = NamedFunction("ones")
DATA_FORMAT = Choice(("NHWC", "NCHW", "NWC", "NCW", "NDHWC", "NCDHW"))


class NamedValues(Frozen):
    """`params(gamma=…, beta=…)`: values by name, TF-Slim's dict-valued arguments.

    The result is a call of Python's `dict`, so that it stays hashable.
    """

    keys: tuple[str, ...]
    item: ArgumentType

    @property
    def words(self) -> tuple[str, ...]:
        return ("params", *self.item.words)

    @property
    def expected(self) -> str:
        return f"`params({', '.join(f'{key}=…' for key in self.keys)})`"

    def coerce(self, value: object) -> NamedFunction:
        if (
            not isinstance(value, BareWord)
            or value.text != "params"
            or value.positional
        ):
            raise ArgumentError(self.expected)
        given = {}
        for key, item in value.keywords:
            if key not in self.keys:
                raise ArgumentError(self.expected, self.keys, key)
            try:
                given[key] = self.item.coerce(item)
            except ArgumentError as error:
                expected = f"{error.expected} as `{key}` of `params`"
                raise ArgumentError(expected, error.words, error.word) from None
        in_order = tuple((key, given[key]) for key in self.keys if key in given)
        return NamedFunction("params", in_order)


def values_by_name(values: NamedFunction | None) -> dict[str, Any]:
    """The arguments of `params(…)`, by name."""
    return {} if values is None else dict(values.arguments)


def without_empty(values: NamedFunction | None) -> NamedFunction | None:
    """None for `params()`."""
    return values if values is not None and values.arguments else None


def channels_first(data_format: str | None) -> str | None:
    """The form that is emitted: None for channels last, `NCHW` for channels first."""
    return "NCHW" if data_format and data_format.startswith("NC") else None


def parameter_dtype(dtype: str) -> str:
    """Type of a normaliser's variables: 16-bit inputs keep them in 32 bits."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


def channel_axis_length(tensor: TensorType, data_format: str | None) -> int:
    """Number of channels; an error when it is free or when there is no such axis."""
    if tensor.rank < 2:
        raise ShapeError(f"an input of rank 2 or more is needed, this one is {tensor}")
    size = tensor.shape[1] if channels_first(data_format) else tensor.shape[-1]
    if size is None:
        raise ShapeError("the number of channels is not known here")
    return size


MOVING = ("beta", "gamma", "moving_mean", "moving_variance")


class BatchNorm(Layer):
    """Normalize each channel over the batch in training, by moving averages otherwise.

    The moving averages are updated in the same call (not with
    `trainable=false`, as in TF-Slim, unless the input has rank 2).

    Shape: [batch, …, channels] -> the same.
    Source: Ioffe & Szegedy, arXiv:1502.03167; renorm: Ioffe, arXiv:1702.03275.
    """

    word = "batch_norm"
    slim = "batch_norm"
    tensorflow = "tf.raw_ops.FusedBatchNormV3"
    family = "Normalization"
    default_scope = "BatchNorm"
    normalizer_scope = "BatchNorm"
    example = "batch_norm decay=0.997 scale=true epsilon=1e-5 as norm1"
    traps = COLLECTIONS

    decay: float = parameter(
        Real(at_least=0, at_most=1),
        "how much of a moving average each step keeps",
        0.999,
    )
    center: bool = parameter(
        Boolean(), "add a learned offset `beta`", True, neutral=True
    )
    scale: bool = parameter(
        Boolean(), "multiply by a learned `gamma`", False, neutral=False
    )
    epsilon: float = parameter(
        Real(at_least=0),
        "added to the variance; the fused kernel takes 1.001e-5 at least",
        0.001,
    )
    activation: NamedFunction | None = parameter(
        ACTIVATION,
        "what is applied last",
        None,
        positional=False,
        slim="activation_fn",
        neutral=None,
    )
    param_initializers: NamedFunction | None = parameter(
        Optional(NamedValues(MOVING, INITIALIZER)),
        "first values of the variables",
        None,
        positional=False,
        neutral=None,
    )
    param_regularizers: NamedFunction | None = parameter(
        Optional(NamedValues(("beta", "gamma"), REGULARIZER)),
        "terms of the loss for the variables",
        None,
        positional=False,
        neutral=None,
    )
    updates_collections: str | None = parameter(
        Optional(Choice(("UPDATE_OPS",))),
        "with either, the moving averages are updated in the call",
        "UPDATE_OPS",
        positional=False,
        emitted=False,
    )
    is_training: bool | None = parameter(
        Optional(Boolean()),
        "overrides the call's `training`; `none` follows it",
        None,
        positional=False,
        neutral=None,
    )
    trainable: bool = parameter(
        Boolean(),
        "whether training changes the variables, moving averages included",
        True,
        positional=False,
        neutral=True,
    )
    batch_weights: Operand | None = parameter(
        Optional(TensorKind()),
        "weight of each example in the moments, [batch]",
        None,
        positional=False,
        neutral=None,
    )
    fused: bool | None = parameter(
        Optional(Boolean()),
        "take the fused kernel where it can be taken",
        None,
        positional=False,
        emitted=False,
    )
    data_format: str | None = parameter(
        DATA_FORMAT,
        "order of the axes; `NC…`: channels first",
        "NHWC",
        positional=False,
        neutral=None,
    )
    zero_debias_moving_mean: bool = parameter(
        Boolean(),
        "undo the pull of the moving mean towards its first value, 0",
        False,
        positional=False,
        neutral=False,
    )
    renorm: bool = parameter(
        Boolean(),
        "correct the batch's moments by moving ones, in training too",
        False,
        positional=False,
        emitted=False,
    )
    renorm_clipping: NamedFunction | None = parameter(
        Optional(NamedValues(("rmin", "rmax", "dmax"), Real(at_least=0))),
        "bounds of the correction",
        None,
        positional=False,
        neutral=None,
    )
    renorm_decay: float | None = parameter(
        Real(at_least=0, at_most=1),
        "like `decay`, for the moments that correct",
        0.99,
        positional=False,
        neutral=None,
    )
    adjustment: NamedFunction | None = parameter(
        Optional(FunctionKind("a function of yours", {"python": PYTHON})),
        "`python(…)` of the input's shape: a scale and an offset, in training",
        None,
        positional=False,
        neutral=None,
    )

    def is_fused(self, tensor: TensorType) -> bool:
        """Whether TF-Slim takes the fused kernel, which stores the unbiased variance."""
        if tensor.rank == 5 and not self._in_tf_layers(tensor.rank):
            return False
        fits = tensor.rank in (2, 4, 5) and tensor.dtype != "float64"
        return fits and self._may_be_fused()

    def _debiases(self) -> bool:
        return self.zero_debias_moving_mean and self.is_training is not False

    def _may_be_fused(self) -> bool:
        apart = self.batch_weights is not None or self.adjustment is not None
        return self.fused is not False and not self.renorm and not apart

    def _in_tf_layers(self, rank: int) -> bool:
        """Whether TF-Slim hands the work on to `tf.layers`."""
        if self.batch_weights is not None or self.zero_debias_moving_mean:
            return False
        if self.updates_collections is None:
            return False
        return rank != 2 or not self._may_be_fused()

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        rank = inputs[0].rank
        given = {field.name: getattr(self, field.name) for field in fields(BatchNorm)}
        clipping = without_empty(self.renorm_clipping)
        given |= {
            "fused": self.is_fused(inputs[0]),
            "zero_debias_moving_mean": self._debiases(),
            "data_format": channels_first(self.data_format),
            "param_initializers": without_empty(self.param_initializers),
            "param_regularizers": without_empty(self.param_regularizers),
            "renorm_clipping": clipping if self.renorm else None,
            "renorm_decay": self.renorm_decay if self.renorm else None,
        }
        # `tf.layers` alone leaves the averages of a frozen layer as they are.
        updated = self.trainable or not self._in_tf_layers(rank)
        return EmittedBatchNorm(**given, updated=updated)

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        self._check()
        require_float(inputs[0])
        channel_axis_length(inputs[0], self.data_format)
        if self.batch_weights is not None:
            weights = inputs[self.batch_weights.index]
            if weights.rank != 1 or not _agree(weights.shape[0], inputs[0].shape[0]):
                raise ShapeError(
                    f"`batch_weights` is one number an example, [batch]; found {weights}"
                )
        return (inputs[0],)

    def _check(self) -> None:
        if not self.renorm and self.renorm_clipping is not None:
            raise ShapeError("`renorm_clipping` needs `renorm=true`")
        for key in ("batch_weights", "zero_debias_moving_mean"):
            if self.renorm and getattr(self, key):
                raise ShapeError(f"`renorm` and `{key}` do not go together")
        clipping = values_by_name(self.renorm_clipping)
        if clipping.get("rmin", 0.0) > clipping.get("rmax", float("inf")):
            raise ShapeError("`rmin` of `renorm_clipping` is above its `rmax`")

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        """gamma, beta, the moving averages, then those of zero-debiasing or renorm.

        `{scope}` in a name is the full name of the layer's scope: TF-Slim doubles it.
        """
        shape = (channel_axis_length(inputs[0], self.data_format),)
        dtype = parameter_dtype(inputs[0].dtype)
        return self._learned(shape, dtype) + self._moving(shape, dtype)

    def _learned(self, shape: tuple[int, ...], dtype: str) -> tuple[VariableSpec, ...]:
        first = values_by_name(self.param_initializers)
        terms = values_by_name(self.param_regularizers)
        wanted = (("gamma", self.scale, ONES), ("beta", self.center, ZEROS))
        return tuple(
            VariableSpec(
                name,
                shape,
                first.get(name, initial),
                terms.get(name),
                self.trainable,
                dtype,
            )
            for name, present, initial in wanted
            if present
        )

    def _moving(self, shape: tuple[int, ...], dtype: str) -> tuple[VariableSpec, ...]:
        first = {"moving_mean": ZEROS, "moving_variance": ONES}
        first |= values_by_name(self.param_initializers)
        mean, variance = first["moving_mean"], first["moving_variance"]
        wanted = [("moving_mean", shape, mean), ("moving_variance", shape, variance)]
        if self._debiases():
            wanted.append(("{scope}/moving_mean/biased", shape, ZEROS))
            wanted.append(("{scope}/moving_mean/local_step", (), ZEROS))
        if self.renorm:
            root = NamedFunction("sqrt_of", (("initializer", variance),))
            wanted.append(("moving_stddev", shape, root))
            wanted.append(("renorm_mean", shape, mean))
            wanted.append(("renorm_stddev", shape, root))
        return tuple(
            VariableSpec(name, size, initial, trainable=False, dtype=dtype)
            for name, size, initial in wanted
        )


class EmittedBatchNorm(BatchNorm):
    """`batch_norm` for inputs of a known rank: the form that is emitted."""

    updated: bool = parameter(
        Boolean(),
        "the moving averages follow the batches",
        positional=False,
        neutral=True,
    )

    def canonical(self, inputs: Sequence[TensorType]) -> Layer:
        return self


def _agree(first: int | None, second: int | None) -> bool:
    return first is None or second is None or first == second
