"""The functions of the emitted file, one a kind of layer: signatures fitted to their use.

A function takes the arguments that its calls vary; a constant is written in. The most
frequent value of a parameter is its default.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from slimgen.emit.fitting import signature, tidy
from slimgen.emit.templates import render
from slimgen.emit.tensorflow.definitions import Definition, definition
from slimgen.emit.tensorflow.functions import target
from slimgen.emit.tensorflow.slots import (
    NormalizerCall,
    Slot,
    Slots,
    is_neutral,
    normalizer_code,
)
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.layers.declaration import Layer, Parameter, TensorType, parameters
from slimgen.layers.literals import Hole, NamedFunction, Operand, literals
from slimgen.layers.parametrised import Parametrised

SHORT = {"bfloat16", "float16"}


class LayerUse(Frozen):
    """One call of a layer: the layer and the types of its inputs and output."""

    layer: Layer
    inputs: tuple[TensorType, ...]
    output: TensorType

    @property
    def written(self) -> Definition | None:
        """The function that the layer is written as; None for an expression."""
        return definition(self.layer, self.inputs)

    @property
    def reads_biases(self) -> bool:
        """Whether the function adds biases, if it has some: a normalizer replaces them."""
        return self.normalizer() is None or bool(getattr(self.layer, "keep_biases", 0))

    def normalizer(self) -> "LayerUse | None":
        """The call of the layer's normalizer, which takes the layer's output."""
        for value in vars(self.layer).values():
            if isinstance(value, Layer):
                return LayerUse(value, (self.output,), self.output)
        return None


class FunctionDefinition(Frozen):
    """A function of the emitted file and how it is called.

    Attributes:
        constants: Names of defaults that are made by calls, by their text.
        normalizers: The functions of the file's normalizers, by name.
    """

    written: Definition
    slots: tuple[Slot, ...]
    ranks: tuple[int, ...]
    dtypes: tuple[str, ...]
    mixed: bool
    constants: Mapping[str, str]
    normalizers: "Mapping[str, FunctionDefinition]"

    @property
    def name(self) -> str:
        """The function's name, such as `conv2d`."""
        return self.written.name

    @property
    def parameters(self) -> list[str]:
        """The parameters as declared, `scope` first."""
        used = sorted((slot for slot in self.slots if slot.varied), key=_in_order)
        texts = ["scope", "inputs"]
        for slot in used:
            if (
                slot.default is ...
                and not slot.parameter.positional
                and "*" not in texts
            ):
                texts.append("*")
            texts.append(self._declared(slot))
        return texts

    def arguments(self, use: LayerUse, names: Sequence[str]) -> list[str]:
        """The arguments of one call after the input; `names` are its input tensors."""
        texts: list[str] = []
        in_order = True
        for slot in sorted((slot for slot in self.slots if slot.varied), key=_in_order):
            value = self._value(use, slot)
            if value is IGNORED or _is_default(value, slot.default):
                in_order = False
                continue
            text = names[value.index] if isinstance(value, Operand) else python(value)
            text = self.constants.get(text, text)
            if in_order and slot.parameter.positional:
                texts.append(text)
            else:
                texts.append(f"{slot.name}={text}")
        return texts

    def _value(self, use: LayerUse, slot: Slot) -> object:
        if slot.parameter.name in BIAS_FIELDS and not use.reads_biases:
            return IGNORED
        value = getattr(use.layer, slot.parameter.name)
        return slot.replaced(normalizer_call(use, self.normalizers), value)

    def _declared(self, slot: Slot) -> str:
        if slot.default is ...:
            return slot.name
        text = python(slot.default)
        if isinstance(slot.default, tuple):
            # A list as default would be one object for all calls.
            text = f"({text[1:-1]}{',' * (len(slot.default) == 1)})"
        return f"{slot.name}={self.constants.get(text, text)}"

    def text(self) -> str:
        """The function itself."""
        declared = ", ".join(self.parameters)
        text = render(
            f"layers/{self.written.template}.py.j2",
            name=self.name,
            signature=declared,
            p=Slots((slot.parameter.name, slot) for slot in self.slots),
            ranks=self.ranks,
            dtypes=self.dtypes,
            mixed=self.mixed,
        )
        definition = f"def {self.name}({declared}):"
        text = text.replace(definition, signature(self.name, self.parameters), 1)
        # Parts that were left out leave their lines empty.
        lines = [line for line in text.splitlines() if line.strip()]
        if lines[-1] == RESULT and lines[-2].startswith(ASSIGNED):
            lines[-2:] = [f"    return {lines[-2].removeprefix(ASSIGNED)}"]
        return tidy("\n".join(lines))


ASSIGNED = "    outputs = "
RESULT = "    return outputs"


IGNORED = object()
"""The argument that a call does not give because its function would not read it."""

BIAS_FIELDS = ("biases", "biases_regularizer")
"""The arguments that a normalizer makes superfluous, unless biases are kept."""


def _is_default(value: object, default: object) -> bool:
    """Whether a call may leave a value out; a name is written, whatever its value."""
    return value == default and python(value) == python(default)


def _in_order(slot: Slot) -> tuple[bool, bool]:
    return (not slot.parameter.positional, slot.default is not ...)


def with_normalizers(uses: Sequence[LayerUse]) -> Iterator[LayerUse]:
    """Yield the uses, each normalizer after the layer that calls it."""
    for use in uses:
        yield use
        normalizer = use.normalizer()
        if normalizer is not None:
            yield normalizer


def define_functions(
    uses: Sequence[LayerUse],
    free: Callable[[str], str],
    mixed: bool = False,
    terms: str = "",
    shared: "Shared | None" = None,
) -> dict[str, FunctionDefinition]:
    """Make one function for each kind of layer used, by name, in order of first use.

    The uses of normalizers stand among them. `free` hands out a name of the file, for the constants that signatures need. With
    `mixed`, functions that take 32 bits take 16 too, and keep their variables in 32. The
    parameter for regularizers is called `terms`. `shared` finds a function that another
    module defines.
    """
    groups: dict[str, list[LayerUse]] = {}
    for use in uses:
        written = use.written
        if written is not None:
            groups.setdefault(written.name, []).append(use)
    constants: dict[str, str] = {}
    made: dict[str, FunctionDefinition] = {}
    # A function's normalizers come first: its text calls them.
    for name in sorted(groups, key=lambda name: _takes_normalizer(groups[name])):
        if shared and (found := shared(name, groups[name])):
            made[name] = found
            continue
        slots = _slots(groups[name], made, terms)
        first = groups[name][0].written
        assert first is not None
        dtypes = {use.inputs[0].dtype for use in groups[name]}
        made[name] = FunctionDefinition(
            first,
            slots,
            tuple(sorted({use.inputs[0].rank for use in groups[name]})),
            tuple(sorted(dtypes | (SHORT if mixed else set()))),
            mixed,
            constants,
            made,
        )
        for slot in slots:
            if slot.varied and isinstance(slot.default, NamedFunction):
                _name_constant(slot, name, constants, free)
    return {name: made[name] for name in groups}


Shared = Callable[[str, Sequence[LayerUse]], FunctionDefinition | None]


def _takes_normalizer(uses: Sequence[LayerUse]) -> bool:
    return any(use.normalizer() is not None for use in uses)


def _name_constant(
    slot: Slot, function: str, constants: dict[str, str], free: Callable[[str], str]
) -> None:
    """Give a default that is made by a call a name: a signature calls nothing."""
    text = python(slot.default)
    if "(" not in text or text in constants:
        return
    assert isinstance(slot.default, NamedFunction)
    name = target(slot.default)[0].rpartition(".")[2]
    if name.upper() in constants.values():
        name = f"{function}_{slot.name}"
    constants[text] = free(name.upper())


def _slots(
    uses: Sequence[LayerUse],
    made: Mapping[str, FunctionDefinition],
    terms: str,
) -> tuple[Slot, ...]:
    reading = [use for use in uses if use.reads_biases]
    slots = []
    for parameter in parameters(uses[0].layer):
        if not parameter.emitted:
            continue
        group = reading if parameter.name in BIAS_FIELDS else uses
        values: list[object] = [getattr(use.layer, parameter.name) for use in group]
        kept = parameter.required and isinstance(uses[0].layer, Parametrised)
        if any(isinstance(value, Layer) for value in values):
            calls = [normalizer_call(use, made) for use in group]
            slot = _normalizer_slot(parameter, calls)
        else:
            slot = _slot(parameter, values, kept)
        if terms and "regularizer" in parameter.name:
            name = parameter.name.replace("regularizer", terms)
            slot = replace(slot, name=name)
        slots.append(slot)
    return tuple(slots)


def normalizer_call(
    use: LayerUse, made: Mapping[str, FunctionDefinition]
) -> NormalizerCall | None:
    """Return scope, function and arguments of the call of a layer's normalizer."""
    normalizer = use.normalizer()
    if normalizer is None:
        return None
    written = normalizer.written
    assert written is not None
    arguments = made[written.name].arguments(normalizer, ["inputs"])
    scope = type(normalizer.layer).normalizer_scope
    return (f"scope / {python(scope)}", written.name, *arguments)


def _normalizer_slot(
    parameter: Parameter, calls: Sequence[NormalizerCall | None]
) -> Slot:
    """Make the slot of a normalizer: none, always, a flag, or one of several functions."""
    different = tuple(dict.fromkeys(call for call in calls if call is not None))
    values: list[object] = [call is not None for call in calls]
    if len(different) == 1:
        slot = _slot(replace(parameter, neutral=False), values, False)
        return replace(slot, name="normalize", calls=different)
    values = [None if call is None else normalizer_code(call) for call in calls]
    return replace(_slot(parameter, values, False), calls=different)


def _slot(parameter: Parameter, values: Sequence[object], kept: bool) -> Slot:
    meant = tuple(literals(values))
    varied = kept or any(isinstance(value, Operand) for value in meant)
    varied = varied or any(not is_neutral(value, meant[0]) for value in meant)
    counted = Counter(v for v in values if not isinstance(v, Hole | Operand))
    default: object = ...
    if counted and not parameter.required:
        # The earliest of the most frequent: `Counter` keeps the order of insertion.
        default = counted.most_common(1)[0][0]
        if isinstance(default, NamedFunction) and " " in default.path:
            default = ...
    present = not all(is_neutral(value, parameter.neutral) for value in meant)
    optional = varied and any(value is None or value is False for value in meant)
    return Slot(parameter, parameter.name, meant, varied, present, optional, default)
