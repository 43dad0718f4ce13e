"""The functions that can be named: activations, initializers, regularizers.

Formulas and defaults are TF-Slim's (tf_slim/layers/initializers.py, regularizers.py) and
TensorFlow 1's.
"""

import keyword
import math
import re
from collections.abc import Mapping

from slimgen.layers.argument_types import (
    ArgumentError,
    ArgumentType,
    BareWord,
    Boolean,
    Choice,
    Either,
    FunctionKind,
    FunctionSpec,
    Integer,
    ListOf,
    Optional,
    Real,
)
from slimgen.layers.literals import Literal, NamedFunction

NUMBER = Real()
POSITIVE = Real(above=0)
SCALE = Real(at_least=0)
SEED = ("seed", Optional(Integer(0)), None)

FunctionParameter = tuple[str, ArgumentType, object]


def _table(*specs: FunctionSpec) -> dict[str, FunctionSpec]:
    return {spec.word: spec for spec in specs}


# A user's own function.

MODULE_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def python_target(text: object) -> str:
    """Return the dotted name that `module:function` has once its module is imported.

    Raises:
        ArgumentError: It is not of that form, or a part of it is a word of Python.
    """
    if not isinstance(text, str) or not MODULE_FUNCTION.fullmatch(text):
        raise ArgumentError('`python("module:function")`')
    if any(keyword.iskeyword(part) for part in re.split("[.:]", text)):
        raise ArgumentError('`python("module:function")`')
    return text.replace(":", ".")


class PythonSpec(FunctionSpec):
    """A user's function: it is imported, and its keys are handed to it."""

    def bind(self, word: BareWord) -> NamedFunction:
        """Bind `python("module:function", key=value)`."""
        if len(word.positional) != 1:
            raise ArgumentError('`python("module:function")`')
        for key, value in word.keywords:
            if keyword.iskeyword(key) or not key.isidentifier():
                raise ArgumentError("a key that is a name of Python")
            if not isinstance(value, int | float | str | None):
                raise ArgumentError(
                    f"a number, a string or `none` as `{key}` of `python`"
                )
        path = python_target(word.positional[0])
        return NamedFunction(self.word, tuple(word.keywords), path)


PYTHON = PythonSpec("python", "a function of yours, imported by the emitted file")


def _activation(
    word: str, tensorflow: str, doc: str, *parameters: FunctionParameter
) -> FunctionSpec:
    return FunctionSpec(word, doc, parameters, tensorflow)


AXIS = ("axis", Integer(), -1)

ACTIVATIONS = _table(
    _activation("relu", "tf.nn.relu", "max(x, 0)"),
    _activation("relu6", "tf.nn.relu6", "min(max(x, 0), 6)"),
    _activation(
        "leaky_relu",
        "tf.nn.leaky_relu",
        "x, or alpha·x where x < 0",
        ("alpha", NUMBER, 0.2),
    ),
    _activation("elu", "tf.nn.elu", "x, or eˣ - 1 where x < 0"),
    _activation("selu", "tf.nn.selu", "1.0507·x, or 1.7581·(eˣ - 1) where x < 0"),
    _activation(
        "celu",
        "",
        "x, or alpha·(e^(x/alpha) - 1) where x < 0",
        ("alpha", POSITIVE, 1.0),
    ),
    _activation("softplus", "tf.nn.softplus", "log(1 + eˣ)"),
    _activation("softsign", "tf.nn.softsign", "x / (1 + |x|)"),
    _activation("sigmoid", "tf.math.sigmoid", "1 / (1 + e⁻ˣ)"),
    _activation("log_sigmoid", "tf.math.log_sigmoid", "log(1 / (1 + e⁻ˣ))"),
    _activation("tanh", "tf.math.tanh", "the hyperbolic tangent"),
    _activation("swish", "tf.nn.swish", "x·sigmoid(beta·x)", ("beta", NUMBER, 1.0)),
    _activation("silu", "tf.nn.silu", "x·sigmoid(x)"),
    _activation(
        "gelu",
        "tf.nn.gelu",
        "x·Φ(x), approximate: by tanh",
        ("approximate", Boolean(), False),
    ),
    _activation("mish", "", "x·tanh(log(1 + eˣ))"),
    _activation("hard_swish", "", "x·relu6(x + 3) / 6, as in MobileNet v3"),
    _activation("hard_sigmoid", "", "relu6(x + 3) / 6, as in MobileNet v3"),
    _activation("hard_tanh", "", "min(max(x, -1), 1)"),
    _activation(
        "hard_shrink",
        "",
        "x, or 0 where |x| ≤ threshold",
        ("threshold", SCALE, 0.5),
    ),
    _activation(
        "soft_shrink",
        "",
        "x moved towards 0 by threshold, at most to 0",
        ("threshold", SCALE, 0.5),
    ),
    _activation("tanh_shrink", "", "x - tanh(x)"),
    _activation(
        "threshold",
        "",
        "x, or value where x ≤ threshold",
        ("threshold", NUMBER, 0.0),
        ("value", NUMBER, 0.0),
    ),
    _activation("squareplus", "", "(x + sqrt(x² + b)) / 2", ("b", SCALE, 4.0)),
    _activation("softmax", "tf.nn.softmax", "eˣ / Σeˣ along an axis", AXIS),
    _activation("log_softmax", "tf.nn.log_softmax", "log(eˣ / Σeˣ)", AXIS),
    _activation("exp", "tf.math.exp", "eˣ"),
    _activation("log", "tf.math.log", "the natural logarithm"),
    _activation("abs", "tf.math.abs", "|x|"),
    _activation("square", "tf.math.square", "x²"),
    _activation("sqrt", "tf.math.sqrt", "the square root"),
    _activation("sin", "tf.math.sin", "the sine"),
    _activation("cos", "tf.math.cos", "the cosine"),
    PYTHON,
)


# Initializers.


def _check_range(values: Mapping[str, Literal]) -> None:
    low, high = values.get("minval", 0.0), values.get("maxval", 1.0)
    if isinstance(low, float) and isinstance(high, float) and low > high:
        raise ArgumentError("`minval` not above `maxval`")


def _initializer(
    word: str, doc: str, parameters: tuple[FunctionParameter, ...] = (), slim: str = ""
) -> FunctionSpec:
    slim = slim or f"{word}_initializer"
    check = _check_range if word == "random_uniform" else None
    return FunctionSpec(word, doc, parameters, slim, check)


class Initializer(FunctionKind):
    """An initializer; one with a seed draws from a generator of its own."""

    def coerce(self, value: object) -> NamedFunction:
        function = super().coerce(value)
        seed = dict(function.arguments).get("seed")
        if seed is None or function.word in ("seeded", "python"):
            return function
        rest = tuple(item for item in function.arguments if item[0] != "seed")
        plain = NamedFunction(function.word, rest)
        return NamedFunction("seeded", (("initializer", plain), ("seed", seed)))


INITIALIZERS: dict[str, FunctionSpec] = {}
_INITIALIZER = Initializer("an initializer", INITIALIZERS)

STDDEV = ("stddev", SCALE, 1.0)
MEAN = ("mean", NUMBER, 0.0)
GAIN = ("gain", NUMBER, 1.0)

INITIALIZERS |= _table(
    FunctionSpec("zeros", "0 everywhere", slim="zeros_initializer"),
    FunctionSpec("ones", "1 everywhere", slim="ones_initializer"),
    _initializer(
        "constant",
        "one value everywhere, or a list of all values",
        (("value", Either((NUMBER, ListOf(NUMBER))), 0.0),),
    ),
    _initializer(
        "truncated_normal",
        "normal values, those beyond two standard deviations drawn again",
        (MEAN, STDDEV, SEED),
    ),
    _initializer("random_normal", "normal values", (MEAN, STDDEV, SEED)),
    _initializer(
        "random_uniform",
        "even values from minval to maxval",
        (("minval", NUMBER, 0.0), ("maxval", NUMBER, 1.0), SEED),
    ),
    _initializer(
        "variance_scaling",
        "variance factor/n; normal: truncated, σ = sqrt(1.3·factor/n)",
        (
            ("factor", POSITIVE, 2.0),
            ("mode", Choice(("FAN_IN", "FAN_OUT", "FAN_AVG")), "FAN_IN"),
            ("uniform", Boolean(), False),
            SEED,
        ),
    ),
    _initializer(
        "xavier",
        "±sqrt(6 / (fan_in + fan_out)), Glorot & Bengio 2010",
        (("uniform", Boolean(), True), SEED),
    ),
    *(
        _initializer(
            f"{name}_{kind}",
            f"variance {variance}, {paper}; {how}",
            (SEED,),
            slim=f"initializers.{name}_{kind}",
        )
        for name, variance, paper in (
            ("glorot", "2 / (fan_in + fan_out)", "Glorot & Bengio 2010"),
            ("he", "2 / fan_in", "He et al. 2015"),
            ("lecun", "1 / fan_in", "LeCun et al. 1998"),
        )
        for kind, how in (("uniform", "even values"), ("normal", "truncated normal"))
    ),
    _initializer(
        "uniform_unit_scaling",
        "±factor·sqrt(3 / n), n: the product of all lengths but the last",
        (("factor", POSITIVE, 1.0), SEED),
    ),
    _initializer(
        "orthogonal",
        "gain times an orthogonal matrix, its rows all axes but the last",
        (GAIN, SEED),
    ),
    _initializer(
        "identity",
        "gain times the identity matrix, in the middle of a convolution's window",
        (GAIN,),
        slim="initializers.identity",
    ),
    FunctionSpec(
        "seeded",
        "an initializer that draws from a generator of its own",
        (("initializer", _INITIALIZER, ...), ("seed", Integer(0), ...)),
    ),
    PYTHON,
)


def initializer_problem(function: object, shape: tuple[int, ...]) -> str:
    """Say why an initializer cannot make a variable of `shape`; "" when it can."""
    if not isinstance(function, NamedFunction):
        return ""
    arguments = dict(function.arguments)
    if function.word == "seeded":
        return initializer_problem(arguments["initializer"], shape)
    value = arguments.get("value")
    if function.word == "constant" and isinstance(value, tuple):
        if len(value) != math.prod(shape):
            return f"`constant` has {len(value)} values, {math.prod(shape)} are needed"
    elif function.word in ("identity", "orthogonal") and len(shape) < 2:
        return f"`{function.word}` needs two axes, the variable has {len(shape)}"
    return ""


# Regularizers.


class Regularizer(FunctionKind):
    """A regularizer; None when its scale is 0, for which TF-Slim adds no term."""

    def coerce(  # type: ignore[override]  # `none` is a regularizer too
        self, value: object
    ) -> NamedFunction | None:
        return _simplified(super().coerce(value))


REGULARIZERS: dict[str, FunctionSpec] = {}
_REGULARIZER = Optional(Regularizer("a regularizer", REGULARIZERS))


def _regularizer(word: str, doc: str, *parameters: FunctionParameter) -> FunctionSpec:
    return FunctionSpec(word, doc, parameters, f"{word}_regularizer")


REGULARIZERS |= _table(
    _regularizer("l2", "scale · Σw² / 2", ("scale", SCALE, ...)),
    _regularizer("l1", "scale · Σ|w|", ("scale", SCALE, ...)),
    _regularizer(
        "l1_l2",
        "scale_l1 · Σ|w| + scale_l2 · Σw² / 2",
        ("scale_l1", SCALE, 1.0),
        ("scale_l2", SCALE, 1.0),
    ),
    _regularizer(
        "sum",
        "the sum of several",
        ("regularizers", ListOf(_REGULARIZER), ...),
    ),
    PYTHON,
)


def _simplified(function: NamedFunction) -> NamedFunction | None:
    arguments = dict(function.arguments)
    if function.word in ("l1", "l2"):
        return function if arguments["scale"] else None
    if function.word == "l1_l2":
        return _without_zero(function, arguments)
    if function.word == "sum":
        given = arguments["regularizers"]
        assert isinstance(given, tuple)
        terms = tuple(term for term in given if isinstance(term, NamedFunction))
        if len(terms) < 2:
            return terms[0] if terms else None
        return NamedFunction("sum", (("regularizers", terms),))
    return function


def _without_zero(
    function: NamedFunction, arguments: Mapping[str, Literal]
) -> NamedFunction | None:
    scales = {
        word: arguments.get(f"scale_{word}", 1.0)
        for word in ("l1", "l2")
        if arguments.get(f"scale_{word}", 1.0)
    }
    if len(scales) == 2:
        return function
    for word, scale in scales.items():
        return NamedFunction(word, (("scale", scale),))
    return None


ACTIVATION = Optional(FunctionKind("an activation", ACTIVATIONS))
INITIALIZER = _INITIALIZER
REGULARIZER = _REGULARIZER
