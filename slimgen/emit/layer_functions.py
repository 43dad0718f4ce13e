"""The functions of the emitted file, one a kind of layer: signatures fitted to their use.

A parameter whose value is neutral at every call is left out; the most frequent value of
another becomes its default, so that a call says only what is special about it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slimgen.emit.fitting import signature, tidy
from slimgen.emit.templates import render
from slimgen.emit.tensorflow.definitions import Definition, definition
from slimgen.emit.tensorflow.functions import target
from slimgen.emit.tensorflow.values import python
from slimgen.layers.declaration import Layer, Parameter, TensorType, parameters
from slimgen.layers.literals import Hole, NamedFunction, Operand, literals

SHORT = {"bfloat16", "float16"}


@dataclass(frozen=True)
class LayerUse:
    """One call of a layer: the layer and the types of its inputs."""

    layer: Layer
    inputs: tuple[TensorType, ...]

    @property
    def written(self) -> Definition | None:
        """The function that the layer is written as; None for an expression."""
        return definition(self.layer, self.inputs)


@dataclass(frozen=True)
class Slot:
    """The facts of a parameter that templates read.

    Attributes:
        used: It is in the signature.
        optional: Some call passes None.
        always_none: Every call passes None.
        values: The values that the calls pass, literal by literal.
    """

    parameter: Parameter
    used: bool
    optional: bool
    always_none: bool
    default: Any  # `...` when calls must give it
    values: tuple[Any, ...]


@dataclass(frozen=True)
class FunctionDefinition:
    """A function of the emitted file and how it is called."""

    template: str
    name: str
    slots: tuple[Slot, ...]
    ranks: tuple[int, ...]
    dtypes: tuple[str, ...]
    mixed: bool
    constants: Mapping[str, str]

    @property
    def parameters(self) -> list[str]:
        """The parameters as declared, `scope` first."""
        used = [slot for slot in self.slots if slot.used]
        required = [s for s in used if s.default is ... and s.parameter.positional]
        others = [s for s in used if s not in required and s.parameter.positional]
        keys = [s for s in used if not s.parameter.positional]
        texts = ["scope", "inputs", *map(self._declared, [*required, *others])]
        return [*texts, *["*"] * bool(keys), *map(self._declared, keys)]

    def arguments(self, layer: Layer, names: Sequence[str]) -> list[str]:
        """The arguments of one call after the input; `names` are its input tensors."""
        texts: list[str] = []
        in_order = True
        for slot in sorted((slot for slot in self.slots if slot.used), key=_call_order):
            value = getattr(layer, slot.parameter.name)
            if slot.default is not ... and value == slot.default:
                in_order = False
                continue
            text = names[value.index] if isinstance(value, Operand) else python(value)
            text = self.constants.get(text, text)
            if in_order and slot.parameter.positional:
                texts.append(text)
            else:
                texts.append(f"{slot.parameter.name}={text}")
        return texts

    def _declared(self, slot: Slot) -> str:
        if slot.default is ...:
            return slot.parameter.name
        text = python(slot.default)
        if isinstance(slot.default, tuple):
            # A list as default would be one object for all calls.
            text = f"({text[1:-1]}{',' * (len(slot.default) == 1)})"
        return f"{slot.parameter.name}={self.constants.get(text, text)}"

    def text(self) -> str:
        """The function itself."""
        slots = {slot.parameter.name: slot for slot in self.slots}
        text = render(
            f"layers/{self.template}.py.j2",
            name=self.name,
            signature=", ".join(self.parameters),
            p=slots,
            ranks=self.ranks,
            dtypes=self.dtypes,
            mixed=self.mixed,
        )
        definition = f"def {self.name}({', '.join(self.parameters)}):"
        text = text.replace(definition, signature(self.name, self.parameters), 1)
        # Parts that were left out leave their lines empty.
        return tidy("\n".join(line for line in text.splitlines() if line.strip()))


def _call_order(slot: Slot) -> tuple[bool, bool]:
    return (not slot.parameter.positional, slot.default is not ...)


def define_functions(
    uses: Sequence[LayerUse], free: Callable[[str], str], mixed: bool = False
) -> dict[str, FunctionDefinition]:
    """Make one function for each kind of layer used, by name, in order of first use.

    `free` hands out a name of the file, for the constants that signatures need. With
    `mixed` what takes 32 bits takes 16 too, and keeps its variables in 32.
    """
    groups: dict[str, list[LayerUse]] = {}
    templates: dict[str, str] = {}
    for use in uses:
        written = use.written
        if written is not None:
            groups.setdefault(written.name, []).append(use)
            templates[written.name] = written.template
    constants: dict[str, str] = {}
    definitions = {}
    for name, group in groups.items():
        one = _define(templates[name], name, group, constants, mixed)
        definitions[name] = one
        for slot in one.slots:
            if slot.used and isinstance(slot.default, NamedFunction):
                _name_constant(slot.default, constants, free)
    return definitions


def _define(
    template: str,
    name: str,
    uses: list[LayerUse],
    constants: dict[str, str],
    mixed: bool,
) -> FunctionDefinition:
    slots = tuple(
        _slot(parameter, [getattr(use.layer, parameter.name) for use in uses])
        for parameter in parameters(uses[0].layer)
        if parameter.emitted
    )
    ranks = tuple(sorted({use.inputs[0].rank for use in uses}))
    found = {use.inputs[0].dtype for use in uses} | (SHORT if mixed else set())
    dtypes = tuple(sorted(found))
    return FunctionDefinition(template, name, slots, ranks, dtypes, mixed, constants)


def _name_constant(
    function: NamedFunction, constants: dict[str, str], free: Callable[[str], str]
) -> None:
    """Give a default that is made by a call a name: a signature calls nothing."""
    text = python(function)
    if "(" not in text or text in constants:
        return
    constants[text] = free(target(function)[0].rpartition(".")[2].upper())


def _slot(parameter: Parameter, values: list[Any]) -> Slot:
    literal = [v for v in values if not isinstance(v, Hole | Operand)]
    counted = Counter(literal)
    default: Any = ...
    if counted and not (parameter.required and len(values) > 1):
        # The earliest of the most frequent: `Counter` keeps the order of insertion.
        default = counted.most_common(1)[0][0]
    if parameter.required:
        default = ...
    neutral = all(_same(value, parameter.neutral) for value in values)
    meant = tuple(literals(values))
    none = [value is None for value in meant]
    return Slot(parameter, not neutral, any(none), all(none), default, meant)


def _same(value: Any, neutral: Any) -> bool:
    return type(value) is type(neutral) and bool(value == neutral)
