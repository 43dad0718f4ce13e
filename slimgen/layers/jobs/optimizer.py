"""Lines of jobs about the rule by which gradients change the variables.

The rules carry TensorFlow 1's names, defaults and arithmetic (`tf.train.*Optimizer`);
younger rules have their source.
"""

from collections.abc import Mapping
from typing import ClassVar

from slimgen.layers.argument_types import Boolean, Choice, Real
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine

EPSILON = "added to the divisor"
BETA1 = "decay of the mean gradient"
BETA2 = "decay of the mean squared gradient"
WEIGHT_DECAY = "decay of the weights at rate 1"


class OptimizerRule(JobLine):
    """A rule by which gradients change the variables."""

    word = "optimizer"


class GradientDescent(OptimizerRule):
    """Plain gradient descent: w = w - rate gradient.

    Source: tf.train.GradientDescentOptimizer
    """

    form = "sgd"
    example = "optimizer sgd"


class Momentum(OptimizerRule):
    """Steps along a velocity: v = momentum v + gradient, w = w - rate v.

    The train script of TF-Slim has this, without Nesterov.

    Source: tf.train.MomentumOptimizer
    """

    form = "momentum"
    example = "optimizer momentum 0.9 nesterov=true"

    momentum: float = parameter(
        Real(at_least=0, at_most=1), "share of the velocity that a step keeps", 0.9
    )
    nesterov: bool = parameter(
        Boolean(),
        "step by gradient + momentum v: Nesterov's rule",
        False,
        positional=False,
    )


class RMSProp(OptimizerRule):
    """Steps by the gradient over the root of its mean square.

    s = decay s + (1 - decay) gradient², v = momentum v + rate gradient / √(s + epsilon),
    w = w - v; `s` starts at 1.

    The train script of TF-Slim has `decay=0.9 momentum=0.9 epsilon=1.0`.

    Source: tf.train.RMSPropOptimizer
    """

    form = "rmsprop"
    example = "optimizer rmsprop decay=0.9 momentum=0.9 epsilon=1.0"
    renamed: ClassVar = {"decay": "rms_decay"}

    decay: float = parameter(
        Real(at_least=0, at_most=1),
        "share of the mean square that a step keeps",
        0.9,
        positional=False,
    )
    momentum: float = parameter(
        Real(at_least=0, at_most=1),
        "share of the velocity that a step keeps",
        0.0,
        positional=False,
    )
    epsilon: float = parameter(
        Real(at_least=0), f"{EPSILON}, under the root", 1e-10, positional=False
    )


class Adam(OptimizerRule):
    """Steps by the mean gradient over the root of its mean square.

    m = beta1 m + (1 - beta1) gradient, v = beta2 v + (1 - beta2) gradient²,
    w = w - rate √(1 - beta2^t) / (1 - beta1^t) m / (√v + epsilon).

    The train script of TF-Slim has `epsilon=1.0`.

    Source: tf.train.AdamOptimizer
    """

    form = "adam"
    example = "optimizer adam epsilon=1.0"

    beta1: float = parameter(Real(at_least=0, at_most=1), BETA1, 0.9, positional=False)
    beta2: float = parameter(
        Real(at_least=0, at_most=1), BETA2, 0.999, positional=False
    )
    epsilon: float = parameter(
        Real(at_least=0), f"{EPSILON}, beside the root", 1e-8, positional=False
    )


class Adagrad(OptimizerRule):
    """Steps by the gradient over the root of its sum of squares.

    s = s + gradient², w = w - rate gradient / √s.

    Source: tf.train.AdagradOptimizer
    """

    form = "adagrad"
    example = "optimizer adagrad"

    initial_accumulator: float = parameter(
        Real(above=0),
        "the value with which `s` starts",
        0.1,
        slim="initial_accumulator_value",
        positional=False,
    )


class Adadelta(OptimizerRule):
    """Steps by the gradient, scaled from past gradients to past steps.

    s = rho s + (1 - rho) gradient², step = gradient √(d + epsilon) / √(s + epsilon),
    d = rho d + (1 - rho) step², w = w - rate step.

    The train script of TF-Slim has `epsilon=1.0`.

    Source: tf.train.AdadeltaOptimizer
    """

    form = "adadelta"
    example = "optimizer adadelta epsilon=1.0"

    rho: float = parameter(
        Real(at_least=0, at_most=1),
        "share of the means that a step keeps",
        0.95,
        positional=False,
    )
    epsilon: float = parameter(
        Real(at_least=0), f"{EPSILON}, under the roots", 1e-8, positional=False
    )


class Ftrl(OptimizerRule):
    """Follow the regularized leader, with weights that become zero.

    Source: tf.train.FtrlOptimizer; McMahan et al. 2013, "Ad click prediction"
    """

    form = "ftrl"
    example = "optimizer ftrl l1=0.001"

    learning_rate_power: float = parameter(
        Real(at_most=0),
        "power with which the rate falls; 0: not at all",
        -0.5,
        positional=False,
    )
    initial_accumulator: float = parameter(
        Real(at_least=0),
        "the value with which the sum of gradient² starts",
        0.1,
        slim="initial_accumulator_value",
        positional=False,
    )
    l1: float = parameter(
        Real(at_least=0),
        "strength of the rule's own l1 term",
        0.0,
        slim="l1_regularization_strength",
        positional=False,
    )
    l2: float = parameter(
        Real(at_least=0),
        "strength of the rule's own l2 term",
        0.0,
        slim="l2_regularization_strength",
        positional=False,
    )


class AdamW(OptimizerRule):
    """Adam's rule, and a decay of the weights beside it.

    m = beta1 m + (1 - beta1) gradient, v = beta2 v + (1 - beta2) gradient²,
    u = m / (1 - beta1^t) / (√(v / (1 - beta2^t)) + epsilon) + weight_decay w,
    w = w - rate u.

    Source: Loshchilov & Hutter, arXiv:1711.05101
    """

    form = "adamw"
    example = "optimizer adamw weight_decay=0.05"

    beta1: float = parameter(Real(at_least=0, at_most=1), BETA1, 0.9, positional=False)
    beta2: float = parameter(
        Real(at_least=0, at_most=1), BETA2, 0.999, positional=False
    )
    epsilon: float = parameter(
        Real(at_least=0), f"{EPSILON}, beside the root", 1e-8, positional=False
    )
    weight_decay: float = parameter(
        Real(at_least=0), WEIGHT_DECAY, 0.01, positional=False
    )


class Lamb(OptimizerRule):
    """AdamW's step, scaled to the length of each variable.

    With `u` of `adamw`, w = w - rate |w| / |u| u; where a length is zero it is rate u.

    Source: You et al., arXiv:1904.00962, algorithm 2
    """

    form = "lamb"
    example = "optimizer lamb weight_decay=0.01"

    beta1: float = parameter(Real(at_least=0, at_most=1), BETA1, 0.9, positional=False)
    beta2: float = parameter(
        Real(at_least=0, at_most=1), BETA2, 0.999, positional=False
    )
    epsilon: float = parameter(
        Real(at_least=0), f"{EPSILON}, beside the root", 1e-6, positional=False
    )
    weight_decay: float = parameter(
        Real(at_least=0), WEIGHT_DECAY, 0.01, positional=False
    )


class Lion(OptimizerRule):
    """Steps by the sign of a mean gradient.

    u = sign(beta1 m + (1 - beta1) gradient) + weight_decay w, w = w - rate u,
    m = beta2 m + (1 - beta2) gradient.

    Source: Chen et al., arXiv:2302.06675, algorithm 2
    """

    form = "lion"
    example = "optimizer lion weight_decay=0.1"

    beta1: float = parameter(
        Real(at_least=0, at_most=1),
        "share of the mean in the step's direction",
        0.9,
        positional=False,
    )
    beta2: float = parameter(Real(at_least=0, at_most=1), BETA1, 0.99, positional=False)
    weight_decay: float = parameter(
        Real(at_least=0), WEIGHT_DECAY, 0.0, positional=False
    )


RULES: Mapping[str, type[OptimizerRule]] = {
    rule.form: rule
    for rule in (
        *(GradientDescent, Momentum, RMSProp, Adam, Adagrad, Adadelta, Ftrl),
        *(AdamW, Lamb, Lion),
    )
}


USUAL_RULE = Momentum  # of a job without a line


class OptimizerLine(JobLine):
    """The rule by which gradients change the variables, with TensorFlow 1's arithmetic."""

    word = "optimizer"
    example = "optimizer momentum 0.9"
    forms = RULES

    kind: str = parameter(Choice(tuple(RULES)), "the rule, whose arguments follow")
