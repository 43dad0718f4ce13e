"""Activations, initializers and regularizers as values of the language."""

import pytest

from slimgen.emit.tensorflow.functions import needed_functions
from slimgen.emit.tensorflow.values import python
from slimgen.layers.argument_types import ArgumentError, BareWord
from slimgen.layers.functions import (
    ACTIVATION,
    ACTIVATIONS,
    INITIALIZER,
    INITIALIZERS,
    REGULARIZER,
    REGULARIZERS,
)

TABLES = (ACTIVATIONS, INITIALIZERS, REGULARIZERS)


def word(name, *positional, **keywords):
    return BareWord(name, positional, tuple(keywords.items()), called=True)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ACTIVATION, BareWord("relu"), "tf.nn.relu"),
        (ACTIVATION, None, "None"),
        (ACTIVATION, word("leaky_relu", 0.2), "tf.nn.leaky_relu"),
        (
            ACTIVATION,
            word("leaky_relu", 0.1),
            "functools.partial(tf.nn.leaky_relu, alpha=0.1)",
        ),
        (ACTIVATION, word("hard_swish"), "hard_swish"),
        (ACTIVATION, word("python", "my.ops:swish"), "my.ops.swish"),
        (
            ACTIVATION,
            word("python", "ops:swish", beta=2.0),
            "functools.partial(ops.swish, beta=2.0)",
        ),
        (INITIALIZER, BareWord("xavier"), "xavier()"),
        (INITIALIZER, word("truncated_normal", 0, 1), "truncated_normal()"),
        (INITIALIZER, word("variance_scaling", mode=BareWord("fan_out")), 'variance_scaling(mode="FAN_OUT")'),
        (
            INITIALIZER,
            word("random_normal", stddev=0.1, seed=3),
            "seeded(initializer=random_normal(stddev=0.1), seed=3)",
        ),
        (
            INITIALIZER,
            word("seeded", BareWord("xavier"), 3),
            "seeded(initializer=xavier(), seed=3)",
        ),
        (REGULARIZER, word("l2", 0.5), "l2(scale=0.5)"),
        (REGULARIZER, word("l2", 1), "l2(scale=1.0)"),
        (REGULARIZER, word("l2", 0.0), "None"),
        (REGULARIZER, word("l1", 0), "None"),
        (REGULARIZER, word("l1_l2"), "l1_l2()"),
        (REGULARIZER, word("l1_l2", 0.0, 0.5), "l2(scale=0.5)"),
        (REGULARIZER, word("l1_l2", 0.5, 0.0), "l1(scale=0.5)"),
        (REGULARIZER, word("l1_l2", 0.0), "l2(scale=1.0)"),
        (REGULARIZER, word("l1_l2", 0.0, 0.0), "None"),
        (REGULARIZER, word("sum", ()), "None"),
        (REGULARIZER, word("sum", (None, word("l2", 0.0))), "None"),
        (REGULARIZER, word("sum", (None, word("l2", 0.5))), "l2(scale=0.5)"),
        (
            REGULARIZER,
            word("sum", (word("l1", 0.1), word("l1_l2"))),
            "sum_of(regularizers=[l1(scale=0.1), l1_l2()])",
        ),
        (REGULARIZER, word("python", "ops:orthogonality"), "ops.orthogonality"),
    ],
)  # fmt: skip
def test_values_as_python(kind, value, expected):
    assert expected == python(kind.coerce(value))


@pytest.mark.parametrize(
    ("table", "value", "expected"),
    [
        (ACTIVATIONS, word("relu", 1), "`relu` without arguments"),
        (ACTIVATIONS, word("gelu", 1), "`true` or `false` as `approximate` of `gelu`"),
        (ACTIVATIONS, word("celu", 0), "a number above 0 as `alpha` of `celu`"),
        (ACTIVATIONS, word("python"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", 3), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "swish"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "a b:c"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "ops:class"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "ops:f\n"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "os;x:f"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "ｏｓ:f"), '`python("module:function")`'),
        (ACTIVATIONS, word("python", "o:f", **{"if": 1}), "a key that is a name of Python"),
        (ACTIVATIONS, word("python", "o:f", x=()), "a number, a string or `none` as `x`"),
        (INITIALIZERS, word("variance_scaling", factor=0), "a number above 0 as `factor`"),
        (
            INITIALIZERS,
            word("variance_scaling", mode="FAN"),
            "`FAN_IN` or `FAN_OUT` or `FAN_AVG` as `mode`",
        ),
        (INITIALIZERS, word("truncated_normal", stddev=-1), "from 0 as `stddev`"),
        (INITIALIZERS, word("xavier", seed=-1), "a whole number from 0"),
        (INITIALIZERS, word("random_uniform", 2.0), "`minval` not above `maxval`"),
        (INITIALIZERS, word("zeros", 1), "`zeros` without arguments"),
        (REGULARIZERS, word("l2"), "`l2(scale)`"),
        (REGULARIZERS, word("l2", -0.1), "a number from 0 as `scale` of `l2`"),
        (REGULARIZERS, word("l1_l2", scale_l1=-1), "a number from 0 as `scale_l1`"),
        (REGULARIZERS, word("sum", word("l2", 0.1)), "a list"),
    ],
)  # fmt: skip
def test_values_that_are_refused(table, value, expected):
    with pytest.raises(ArgumentError) as raised:
        table[value.text].bind(value)
    assert expected in raised.value.expected


def test_an_optional_function_says_what_is_wrong_with_its_arguments():
    for value, expected in (
        (word("l2", -0.1), "a number from 0 as `scale` of `l2`"),
        (word("l3", 0.1), "a regularizer such as `l2`, or `none`"),
        (7, "a regularizer such as `l2`, or `none`"),
    ):
        with pytest.raises(ArgumentError) as raised:
            REGULARIZER.coerce(value)
        assert expected == raised.value.expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (INITIALIZER.coerce(BareWord("xavier")), ()),
        (INITIALIZER.coerce(word("xavier", seed=1)), ("seeded",)),
        (
            REGULARIZER.coerce(word("sum", (word("l1", 0.1), word("l2", 0.1)))),
            ("l1", "l2", "sum_of"),
        ),
        (ACTIVATION.coerce(BareWord("relu")), ()),
        (ACTIVATION.coerce(word("python", "ops:f")), ()),
        (7, ()),
        (None, ()),
    ],
)
def test_functions_of_the_file_that_a_value_needs(value, expected):
    assert expected == needed_functions(value)
