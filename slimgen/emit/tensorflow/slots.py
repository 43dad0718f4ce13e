"""Parameters of layers' functions, as the templates in templates/layers see them."""

from slimgen.emit.tensorflow.values import applied, python
from slimgen.frozen import Frozen
from slimgen.layers.argument_types import Boolean
from slimgen.layers.declaration import Parameter
from slimgen.layers.literals import NamedFunction

NormalizerCall = tuple[str, ...]
"""Scope, function and further arguments of a normalizer's call."""


class Slot(Frozen):
    """A parameter of a layer: an argument that calls vary, or a constant.

    Its text is the parameter's name or the constant.

    Attributes:
        name: The parameter's name in the signature.
        values: The literals that the calls pass.
        varied: It is in the signature.
        present: Some call passes a value that has an effect.
        optional: It is in the signature, and some call passes None or False.
        default: The default value; `...` when calls must give it.
        calls: The calls of normalizers that the parameter chooses from.
    """

    parameter: Parameter
    name: str
    values: tuple[object, ...]
    varied: bool
    present: bool
    optional: bool
    default: object
    calls: tuple[NormalizerCall, ...] = ()

    def __str__(self) -> str:
        return self.name if self.varied else python(self.constant)

    @property
    def constant(self) -> object:
        """The value of a parameter that is not in the signature."""
        return None if self.varied or not self.values else self.values[0]

    @property
    def inner(self) -> str:
        """The items of a list, to stand in another list: `3, 3` or `*kernel_size`."""
        text = str(self)
        return text[1:-1] if text.startswith("[") else f"*{text}"

    @property
    def test(self) -> str:
        """The test for a call that passes a value."""
        return self.name if len(self.calls) == 1 else f"{self.name} is not None"

    @property
    def test_absent(self) -> str:
        """The test for a call that passes no value."""
        return f"not {self.name}" if len(self.calls) == 1 else f"{self.name} is None"

    @property
    def is_literal(self) -> bool:
        """Whether it is a constant without a name."""
        return not self.varied and type(self.constant) in (int, float)

    @property
    def is_number(self) -> bool:
        """Whether every call passes one number, not a list of them."""
        return all(isinstance(value, int | float) for value in self.values)

    @property
    def is_list(self) -> bool:
        """Whether every call passes a list."""
        return all(isinstance(value, tuple) for value in self.values)

    def applied(self, argument: str) -> str:
        """Write a call of the function that the parameter is."""
        if len(self.calls) == 1:
            scope, function, *arguments = self.calls[0]
            return f"{function}({', '.join([scope, argument, *arguments])})"
        if self.calls:
            return f"{self.name}(scope, {argument})"
        if isinstance(self.constant, NamedFunction):
            return applied(self.constant, argument)
        return f"{self}({argument})"

    def item(self, name: str, usual: str) -> str:
        """Write the value called `name` of a dictionary; `usual` where it has none."""
        if not self.present:
            return usual
        if isinstance(self.constant, NamedFunction):
            values = dict(self.constant.arguments)
            return python(values[name]) if name in values else usual
        kind = self.parameter.name.removeprefix("param_")
        if usual:
            return f"{kind}[{python(name)}]"
        return f"{kind}.get({python(name)})"

    def replaced(self, call: NormalizerCall | None, value: object) -> object:
        """Return the argument that stands for a value: a flag for the one normalizer."""
        if not self.calls:
            return value
        if len(self.calls) == 1:
            return call is not None
        return None if call is None else normalizer_code(call)


class Slots(dict[str, Slot]):
    """The slots of a layer by name; one that it does not have is absent at every call."""

    def __missing__(self, name: str) -> Slot:
        parameter = Parameter(name, Boolean(), "", None, False, False, name, None, True)
        return Slot(parameter, name, (), False, False, False, None)


def is_neutral(value: object, neutral: object) -> bool:
    """Whether a value is the neutral one, which differs from equal ones of other types."""
    return type(value) is type(neutral) and bool(value == neutral)


def normalizer_code(call: NormalizerCall) -> NamedFunction:
    """Write a normalizer as a function of a scope and a tensor."""
    scope, function, *arguments = call
    given = ", ".join([scope, "inputs", *arguments])
    text = f"lambda scope, inputs: {function}({given})"
    return NamedFunction("normalizer", path=text)
