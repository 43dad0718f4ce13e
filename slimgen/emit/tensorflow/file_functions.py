"""The initializers and regularizers of one file, fitted to their use.

An initializer that the file uses with one set of arguments is a function of shape and
generator, its formula with these arguments written in. One whose arguments vary is made by
a function of them. Constants are numbers, and so are regularizers where all are `l2`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Literal

from slimgen.emit.templates import render
from slimgen.emit.tensorflow.functions import (
    SCALED,
    Scaled,
    named_functions,
)
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.layers.declaration import Layer, VariableSpec
from slimgen.layers.functions import INITIALIZERS
from slimgen.layers.literals import Hole, NamedFunction
from slimgen.layers.literals import Literal as Value

NUMBERS = {"zeros": 0.0, "ones": 1.0}
COMPOSED = {"seeded", "sqrt_of", "params", "python"}
"""Functions of other functions, and those that the file does not define."""


class FileFunctions(Frozen):
    """The named functions of one file, as it writes them.

    Attributes:
        terms: The parameter of `Scope.variable` for terms of the loss: `weight_decay`, a
            number, where all regularizers are `l2`; "" where there are none.
        variants: The different uses of each initializer, by its word.
        flat: The initializers of variables with fewer than two axes.
    """

    terms: Literal["", "weight_decay", "regularizer"]
    variants: dict[str, tuple[NamedFunction, ...]]
    flat: frozenset[NamedFunction]

    def value(self, value: Value) -> Value:
        """Return a value with its functions in the form that the file has."""
        match value:
            case NamedFunction():
                return self._function(value)
            case Hole(values=values):
                return replace(value, values=tuple(map(self.value, values)))
            case tuple():
                return tuple(map(self.value, value))
            case Layer():
                return self.layer(value)
        return value

    def layer(self, layer: Layer) -> Layer:
        """Return a layer with its functions in the form that the file has."""
        changed = {}
        for field in fields(layer):
            old = getattr(layer, field.name)
            if any(True for _ in named_functions(old)):
                changed[field.name] = self.value(old)
        return replace(layer, **changed) if changed else layer

    def _function(self, function: NamedFunction) -> Value:
        word, arguments = function.word, dict(function.arguments)
        if word in NUMBERS:
            return NUMBERS[word]
        if word == "constant" and not isinstance(arguments.get("value"), tuple):
            return arguments.get("value", 0.0)
        if word == "l2" and self.terms == "weight_decay":
            return arguments["scale"]
        if word not in self.variants:
            return self._inside(function)
        if len(self.variants[word]) == 1 or word in NAMED_FORMS:
            return NamedFunction("own", path=own_name(function))
        varied = self._varied(word)
        given = tuple((k, v) for k, v in function.arguments if k in varied)
        return replace(function, arguments=given)

    def _inside(self, function: NamedFunction) -> Value:
        inner = tuple((key, self.value(item)) for key, item in function.arguments)
        drawn = dict(inner).get("initializer")
        if function.word == "seeded" and isinstance(drawn, int | float):
            return drawn  # nothing is drawn
        return replace(function, arguments=inner)

    def _varied(self, word: str) -> tuple[str, ...]:
        every = [_arguments(variant) for variant in self.variants[word]]
        if word == "variance_scaling":
            return tuple(every[0])
        return tuple(k for k in every[0] if len({repr(one[k]) for one in every}) > 1)

    def texts(self) -> dict[str, str]:
        """Return the definitions of the initializers, by name."""
        found: dict[str, str] = {}
        for word, variants in self.variants.items():
            if word in SCALED and (len(variants) == 1 or word in NAMED_FORMS):
                for one in variants:
                    found[own_name(one)] = self._scaled(one)
            else:
                found[word] = self._drawn(word)
        return found

    def _drawn(self, word: str) -> str:
        varied = self._varied(word) if len(self.variants[word]) > 1 else ()
        texts = {k: python(v) for k, v in _arguments(self.variants[word][0]).items()}
        defaults = {name: default for name, _, default in INITIALIZERS[word].parameters}
        return render(
            f"functions/{word}.py.j2",
            a=texts | {name: name for name in varied},
            parameters=", ".join(f"{k}={python(defaults[k])}" for k in varied),
            name=word,
        )

    def _scaled(self, function: NamedFunction) -> str:
        form = scaled(function)
        return render(
            "functions/scaled.py.j2",
            name=own_name(function),
            form=form,
            flat=function in self.flat,
        )


NAMED_FORMS = {"xavier"}
"""Initializers whose variants have names of their own."""


def own_name(function: NamedFunction) -> str:
    """Return the name of an initializer with its arguments written in."""
    uniform = dict(function.arguments).get("uniform", True)
    return (
        "xavier_normal" if function.word == "xavier" and not uniform else function.word
    )


def scaled(function: NamedFunction) -> Scaled:
    """Return the form of an initializer whose scale depends on the variable's shape."""
    arguments = _arguments(function)
    if function.word == "variance_scaling":
        uniform, mode = bool(arguments["uniform"]), str(arguments["mode"])
        return Scaled(mode, uniform, python(arguments["factor"]))
    form = SCALED[function.word]
    return replace(form, uniform=bool(arguments.get("uniform", form.uniform)))


def _arguments(function: NamedFunction) -> dict[str, object]:
    """Return all arguments of an initializer but a seed, those left out too."""
    given = dict(function.arguments)
    return {
        name: given.get(name, default)
        for name, _, default in INITIALIZERS[function.word].parameters
        if name != "seed"
    }


def file_functions(
    values: Iterable[object], variables: Sequence[VariableSpec]
) -> FileFunctions:
    """Look at all values and variables of a file."""
    variants: dict[str, dict[NamedFunction, None]] = {}
    for value in values:
        for function in named_functions(value):
            if _is_defined(function):
                variants.setdefault(function.word, {})[function] = None
    terms = [one.regularizer for one in variables if one.regularizer is not None]
    flat = {
        function
        for one in variables
        if len(one.shape) < 2
        for function in named_functions(one.initializer)
    }
    decays = all(term.word == "l2" for term in terms)
    return FileFunctions(
        "" if not terms else "weight_decay" if decays else "regularizer",
        {word: tuple(found) for word, found in variants.items()},
        frozenset(flat),
    )


def _is_defined(function: NamedFunction) -> bool:
    """Whether the file defines an initializer: it is no number, and no other's."""
    if function.word == "constant":
        return isinstance(dict(function.arguments).get("value"), tuple)
    known = INITIALIZERS.keys() - NUMBERS.keys() - COMPOSED
    return function.word in known
