"""How activations, initializers and regularizers are written.

In the emitted file an activation is `f(x)`, an initializer `f(shape, generator)`, a
regularizer `f(weights)` with a scalar result. A name without a dot is the template
templates/functions/<name>.py.j2.
"""

from collections.abc import Iterator

from slimgen.frozen import Frozen
from slimgen.layers.declaration import Layer
from slimgen.layers.functions import INITIALIZERS
from slimgen.layers.literals import Hole, NamedFunction

ACTIVATIONS = {
    "relu": "tf.nn.relu",
    "relu6": "tf.nn.relu6",
    "leaky_relu": "tf.nn.leaky_relu",
    "elu": "tf.nn.elu",
    "selu": "tf.nn.selu",
    "celu": "celu",
    "softplus": "tf.nn.softplus",
    "softsign": "tf.nn.softsign",
    "sigmoid": "tf.math.sigmoid",
    "log_sigmoid": "tf.math.log_sigmoid",
    "tanh": "tf.math.tanh",
    "swish": "tf.nn.swish",
    "silu": "tf.nn.silu",
    "gelu": "tf.nn.gelu",
    "mish": "mish",
    "hard_swish": "hard_swish",
    "hard_sigmoid": "hard_sigmoid",
    "hard_tanh": "hard_tanh",
    "hard_shrink": "hard_shrink",
    "soft_shrink": "soft_shrink",
    "tanh_shrink": "tanh_shrink",
    "threshold": "threshold",
    "squareplus": "squareplus",
    "softmax": "tf.nn.softmax",
    "log_softmax": "tf.nn.log_softmax",
    "exp": "tf.math.exp",
    "log": "tf.math.log",
    "abs": "tf.math.abs",
    "square": "tf.math.square",
    "sqrt": "tf.math.sqrt",
    "sin": "tf.math.sin",
    "cos": "tf.math.cos",
}

# Functions of the emitted file that return the value, given its arguments.
FACTORIES = {
    "params": "dict",
    "constant": "constant",
    "truncated_normal": "truncated_normal",
    "random_normal": "random_normal",
    "random_uniform": "random_uniform",
    "variance_scaling": "variance_scaling",
    "xavier": "xavier",
    "glorot_uniform": "glorot_uniform",
    "glorot_normal": "glorot_normal",
    "he_uniform": "he_uniform",
    "he_normal": "he_normal",
    "lecun_uniform": "lecun_uniform",
    "lecun_normal": "lecun_normal",
    "uniform_unit_scaling": "uniform_unit_scaling",
    "orthogonal": "orthogonal",
    "identity": "identity",
    "seeded": "seeded",
    "sqrt_of": "sqrt_of",
    "l1": "l1",
    "l2": "l2",
    "l1_l2": "l1_l2",
    "sum": "sum_of",
}


PAPERS = {
    ("FAN_IN", "1"): "LeCun et al. 1998",
    ("FAN_IN", "2"): "He et al. 2015",
    ("FAN_AVG", "1"): "Glorot & Bengio 2010",
}


class Scaled(Frozen):
    """An initializer whose values have the variance factor / n.

    Attributes:
        mode: `n` is the number of inputs (FAN_IN), of outputs, or their mean (FAN_AVG).
        uniform: Values are uniform; else normal and truncated.
        factor: As Python.
        exact: The factor makes up for the truncation as TensorFlow does, not TF-Slim.
    """

    mode: str
    uniform: bool
    factor: str = "1"
    exact: bool = False

    @property
    def text(self) -> str:
        """The factor without a decimal point where it is a whole number."""
        return self.factor.removesuffix(".0")

    @property
    def paper(self) -> str:
        """Where this scale was proposed, if it was."""
        return PAPERS.get((self.mode, self.text), "")

    def times(self, number: int) -> str:
        """Write the factor times a number."""
        try:
            product = number * float(self.factor)
        except ValueError:  # the name of a build parameter
            return f"{number} * {self.factor}"
        return repr(product).removesuffix(".0")

    @property
    def corrected(self) -> float:
        """The factor of an exact form; TF-Slim's function multiplies by 1.3 again."""
        return 1.3 * (float(self.factor) / (1.3 * 0.87962566103423978**2))


SCALED = {
    "variance_scaling": Scaled("FAN_IN", False, "2"),
    "xavier": Scaled("FAN_AVG", True),
    "glorot_uniform": Scaled("FAN_AVG", True),
    "glorot_normal": Scaled("FAN_AVG", False, exact=True),
    "he_uniform": Scaled("FAN_IN", True, "2"),
    "he_normal": Scaled("FAN_IN", False, "2", exact=True),
    "lecun_uniform": Scaled("FAN_IN", True),
    "lecun_normal": Scaled("FAN_IN", False, exact=True),
}
"""The initializers whose scale depends on the variable's shape."""


def target(function: NamedFunction) -> tuple[str, bool]:
    """Return the name of a function in the file, and whether a call of it makes the value."""
    if function.path:
        return function.path, False
    if function.word in FACTORIES:
        return FACTORIES[function.word], True
    return ACTIVATIONS[function.word], False


def needed_functions(value: object) -> tuple[str, ...]:
    """Return the functions that a value needs besides initializers, in order.

    They are templates of templates/functions.
    """
    found: dict[str, None] = {}
    for function in named_functions(value):
        if function.word in INITIALIZERS and function.word != "seeded":
            continue
        name = target(function)[0]
        if "." not in name and name != "dict":
            found[name] = None
    return tuple(found)


COMPOUND = (NamedFunction, Hole, tuple, Layer)


def named_functions(value: object) -> Iterator[NamedFunction]:
    """Yield the named functions in a value, the inner ones first."""
    match value:
        case NamedFunction(arguments=arguments):
            for _, item in arguments:
                yield from named_functions(item)
            yield value
        case Hole(values=values):
            yield from named_functions(values)
        case tuple():
            for item in value:
                yield from named_functions(item)
        case Layer():
            for one in vars(value).values():
                # Most are numbers: a generator for each would take most of the time.
                if isinstance(one, COMPOUND):
                    yield from named_functions(one)
