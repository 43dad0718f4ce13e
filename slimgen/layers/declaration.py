"""Declarations: layers, and lines of jobs and weights, with their arguments.

A declaration is one frozen dataclass. Its fields, made with `parameter`, are its arguments
in TF-Slim's order; checks, defaults, documentation, completion and the signature of the
emitted function derive from them. A layer's methods give its shapes, variables and work.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from slimgen.frozen import Frozen, dataclass_transform
from slimgen.layers.argument_types import ArgumentType
from slimgen.layers.literals import NamedFunction

Shape = tuple[int | None, ...]


class ShapeError(Exception):
    """Inputs that a layer cannot take; the message is for the user, without a full stop."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class TensorType(Frozen):
    """Shape with the batch first (None: free) and dtype of a tensor."""

    shape: Shape
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        """Number of axes, the batch among them."""
        return len(self.shape)

    @property
    def has_batch(self) -> bool:
        """Whether the first axis is the batch; a variable or a constant has none."""
        return self.shape[:1] == (None,)

    @property
    def example(self) -> Shape:
        """The lengths of one example; those of all axes where there is no batch."""
        return self.shape[1:] if self.has_batch else self.shape

    @property
    def channels(self) -> int:
        """Length of the last axis; an error when it is free."""
        if self.shape[-1] is None:
            raise ShapeError("the number of channels is not known here")
        return self.shape[-1]

    def __str__(self) -> str:
        sizes = [
            "batch" if i == 0 and n is None else "?" if n is None else str(n)
            for i, n in enumerate(self.shape)
        ]
        return f"[{', '.join(sizes)}]" + (
            "" if self.dtype == "float32" else f" {self.dtype}"
        )


class VariableSpec(Frozen):
    """A variable that a layer creates; `name` is relative to the layer's scope.

    `{scope}` in a name stands for the full scope before it, which TF-Slim repeats there.
    """

    name: str
    shape: tuple[int, ...]
    initializer: NamedFunction
    regularizer: NamedFunction | None = None
    trainable: bool = True
    dtype: str = "float32"
    device: str | None = None
    saved: bool = True

    def full_name(self, scope: str) -> str:
        """The name of the variable of a layer in `scope`, which may be empty."""
        name = f"{scope}/{self.name}" if scope and self.name else scope or self.name
        before, repeated, after = name.partition("/{scope}/")
        return f"{before}/{before}/{after}" if repeated else name


class Parameter(Frozen):
    """One argument of a declaration: a field of its dataclass."""

    name: str
    kind: ArgumentType
    doc: str
    default: object
    required: bool
    positional: bool
    slim: str
    neutral: object
    emitted: bool


REQUIRED = object()


def parameter(
    kind: ArgumentType,
    doc: str,
    default: object = REQUIRED,
    *,
    positional: bool = True,
    first: bool = False,
    slim: str | None = None,
    neutral: object = REQUIRED,
    emitted: bool = True,
) -> Any:
    """Declare an argument of a layer or a line.

    Args:
        kind: The type of its values.
        doc: One clause for the documentation, with units.
        default: Its value when neither the line nor a scope gives one.
        positional: Whether it may stand without its key; key-only arguments come last.
        first: Whether it stands before the arguments that its class inherits.
        slim: TF-Slim's name for it, when ours differs.
        neutral: The value with which the emitted function does not need this parameter
            (by default none: it is always in the signature).
        emitted: False when it only matters to the compiler.
    """
    metadata = {
        "parameter": (kind, doc, positional, slim, neutral, emitted),
        "first": first,
    }
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def parameters(declaration: "type[Declaration] | Declaration") -> tuple[Parameter, ...]:
    """Return the arguments of a declaration, in order."""
    declared = declaration if isinstance(declaration, type) else type(declaration)
    if declared not in _PARAMETERS:
        _PARAMETERS[declared] = _declared(declared)
    return _PARAMETERS[declared]


_PARAMETERS: "dict[type[Declaration], tuple[Parameter, ...]]" = {}


def _declared(declaration: "type[Declaration]") -> tuple[Parameter, ...]:
    found = []
    fields = dataclasses.fields(declaration)
    for field in sorted(fields, key=lambda field: not field.metadata["first"]):
        kind, doc, positional, slim, neutral, emitted = field.metadata["parameter"]
        required = field.default is dataclasses.MISSING
        default = None if required else field.default
        given = (kind, doc, default, required, positional)
        slim = slim or field.name
        found.append(Parameter(field.name, *given, slim, neutral, emitted))
    return tuple(found)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Declaration(Frozen):
    """A word of the language with all its arguments; its fields, made with `parameter`."""

    word: ClassVar[str]
    family: ClassVar[str] = ""  # heading in the documentation
    example: ClassVar[str] = ""  # a line that compiles after `input images 32x32x4`
    traps: ClassVar[dict[str, str]] = {}  # known keys that have no meaning here: why

    def __init_subclass__(cls) -> None:
        super().__init_subclass__(kw_only=True)


class Layer(Declaration):
    """A layer with all its arguments, its shapes and its variables.

    Tensor arguments are `Operand(i)`: the i-th of the node's inputs. After blocks are shared
    a field may hold a `Hole`, the name of the function's parameter.
    """

    slim: ClassVar[str] = ""  # TF-Slim's name of the function, "" when it has none
    tensorflow: ClassVar[str] = ""  # TensorFlow's name, for the documentation
    default_scope: ClassVar[str | None] = None  # None: without a name it has no scope
    scopes_by_rank: ClassVar[dict[int, str]] = {}  # where the input's rank decides
    opens_variable_scope: ClassVar[bool] = True  # pools and flatten: only a name scope
    normalizer_scope: ClassVar[str | None] = None  # set: usable as `normalizer=`
    inputs: ClassVar[tuple[int, int | None]] = (
        1,
        1,
    )  # least and most; None: any number
    merges: ClassVar[bool] = False  # takes branches or a list of tensors
    # Whether calls of one block may give it different arguments. Where they may not, the
    # numbers in the fields `sizes` still may.
    varies: ClassVar[bool] = True
    sizes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def scope_for(cls, rank: int | None) -> str | None:
        """Return the default scope for a first input of this rank, as TF-Slim's."""
        return (
            cls.default_scope
            if rank is None
            else cls.scopes_by_rank.get(rank, cls.default_scope)
        )

    def canonical(self, inputs: Sequence[TensorType]) -> "Layer":
        """The emitted form: sizes expanded to one per axis, ignored arguments removed.

        Its outputs and variables are those of the layer itself, and it is its own canonical form.
        """
        return self

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Infer the outputs; raises ShapeError in the user's words."""
        raise NotImplementedError

    def variables(self, inputs: Sequence[TensorType]) -> tuple[VariableSpec, ...]:
        """The variables that it creates, in TF-Slim's order of creation."""
        return ()

    def multiply_adds(
        self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
    ) -> int:
        """Multiplications with additions for one example; 0 where none are counted."""
        return 0
