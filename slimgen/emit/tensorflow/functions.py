"""How activations, initializers and regularizers are written.

In the emitted file an activation is `f(x)`, an initializer `f(shape, generator)`, a
regularizer `f(weights)` with a scalar result. A name without a dot is the template
templates/functions/<name>.py.j2.
"""

from collections.abc import Iterator

from slimgen.layers.declaration import Layer, parameters
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

# Functions of the emitted file that are the value themselves.
PLAIN = {"zeros": "zeros", "ones": "ones"}

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

# Functions of the emitted file that others call.
CALLED = dict.fromkeys(("xavier", *(f"{author}_{kind}" for author in ("glorot", "he", "lecun") for kind in ("uniform", "normal"))), ("variance_scaling",))  # fmt: skip


def target(function: NamedFunction) -> tuple[str, bool]:
    """Return the name of a function in the file, and whether a call of it makes the value."""
    if function.path:
        return function.path, False
    if function.word in FACTORIES:
        return FACTORIES[function.word], True
    return PLAIN.get(function.word) or ACTIVATIONS[function.word], False


def needed_functions(value: object) -> tuple[str, ...]:
    """Return the templates of templates/functions that a value needs, in order."""
    found: dict[str, None] = {}
    for function in named_functions(value):
        name = target(function)[0]
        if "." not in name and name != "dict" and not function.path:
            found |= dict.fromkeys((*CALLED.get(name, ()), name))
    return tuple(found)


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
            for one in parameters(value):
                yield from named_functions(getattr(value, one.name))
