"""Values of the graph as expressions of the language."""

from collections.abc import Sequence

from slimgen.frozen import Frozen
from slimgen.ir.literal_text import in_line_order
from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import Layer, Parameter
from slimgen.layers.literals import (
    NamedFloat,
    NamedFunction,
    NamedInt,
    NamedStr,
    Operand,
)
from slimgen.source import Source, Span
from slimgen.syntax import tree

NOWHERE = Span(Source("", ""), 0, 0)
"""The place of nodes that no source has."""

NAMED = (NamedInt, NamedFloat, NamedStr)


class NamesInReach(Frozen):
    """The names that an expression may use.

    Attributes:
        parameters: Those of the network's parameters.
        operands: Those of the tensors that a layer takes.
    """

    parameters: frozenset[str] = frozenset()
    operands: tuple[str, ...] = ()


def name(text: str) -> tree.Name:
    """Return a bare word."""
    return tree.Name(NOWHERE, text)


def expression(value: object, names: NamesInReach) -> tree.Expression:
    """Return the expression that has a value; raises ValueError where there is none."""
    match value:
        case None | bool():
            return tree.Constant(NOWHERE, value)
        case NamedInt() | NamedFloat() | NamedStr() if value.name in names.parameters:
            return name(value.name)
        case int() | float():
            return _number(value)
        case str():
            return tree.String(NOWHERE, value)
        case tuple():
            return tree.List(NOWHERE, tuple(expression(one, names) for one in value))
        case Operand(index=index):
            return name(names.operands[index])
        case NamedFunction():
            return _function(value, names)
        case Layer():
            return _called(value.word, given_arguments(value, names))
        case BareWord():
            return _bare_word(value, names)
    raise ValueError(f"{value!r} cannot be written")


def _number(value: float) -> tree.Expression:
    plain = int(value) if isinstance(value, int) else float(value)
    if plain >= 0:
        return tree.Number(NOWHERE, plain)
    return tree.Unary(NOWHERE, "-", tree.Number(NOWHERE, -plain))


def _function(function: NamedFunction, names: NamesInReach) -> tree.Expression:
    arguments = [argument(key, expression(v, names)) for key, v in function.arguments]
    if function.path:
        return _called(
            function.word,
            [argument("", expression(function.reference, names)), *arguments],
        )
    return _called(function.word, arguments)


def _bare_word(word: BareWord, names: NamesInReach) -> tree.Expression:
    positional = [argument("", expression(value, names)) for value in word.positional]
    keywords = [argument(key, expression(value, names)) for key, value in word.keywords]
    return _called(word.text, [*positional, *keywords])


def _called(word: str, arguments: Sequence[tree.Argument]) -> tree.Expression:
    if not arguments:
        return name(word)
    return tree.CallExpression(NOWHERE, name(word), tuple(arguments))


def argument(key: str, value: tree.Expression) -> tree.Argument:
    """Return an argument; `key` is "" where its position tells which it is."""
    return tree.Argument(NOWHERE, name(key) if key else None, value)


def given_arguments(layer: Layer, names: NamesInReach) -> list[tree.Argument]:
    """Return the arguments of a layer that are not at their defaults, for parentheses."""
    return [
        argument(one.name, _argument_value(one, getattr(layer, one.name), names))
        for one in in_line_order(layer)
        if _is_given(one, getattr(layer, one.name))
    ]


def line_arguments(layer: Layer, names: NamesInReach) -> list[tree.Argument]:
    """Return the arguments of a layer that are not at their defaults, for a line.

    The first ones need no key, up to one that is left out.
    """
    found: list[tree.Argument] = []
    in_order = True
    for one in in_line_order(layer):
        value = getattr(layer, one.name)
        in_order = in_order and one.positional and _is_given(one, value)
        if _is_given(one, value):
            written = on_line(_argument_value(one, value, names))
            found.append(argument("" if in_order else one.name, written))
    return found


def _is_given(parameter: Parameter, value: object) -> bool:
    named = isinstance(value, NAMED)  # also where its number is the default
    return parameter.required or named or value != parameter.default


def _argument_value(
    parameter: Parameter, value: object, names: NamesInReach
) -> tree.Expression:
    """Write an argument; a word that the parameter takes stands without quotes."""
    words = parameter.kind.words
    if isinstance(value, str) and value in words and value not in names.parameters:
        return expression(value, names) if isinstance(value, NamedStr) else name(value)
    return expression(value, names)


def on_line(value: tree.Expression) -> tree.Expression:
    """Return a value as a line writes it: a size as `3x3`, a sign with its number."""
    match value:
        case tree.List(items=items) if len(items) > 1:
            sizes = [one.value for one in items if isinstance(one, tree.Number)]
            whole = [size for size in sizes if isinstance(size, int)]
            if len(whole) == len(items) and all(size > 0 for size in whole):
                return tree.Size(NOWHERE, tuple(whole))
        case tree.Unary(operator="-", operand=tree.Number(value=number)):
            return tree.Number(NOWHERE, -number)
    return value
