"""Lines of jobs about the loss: `slim.losses`, by TF-Slim's names."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from slimgen.layers.argument_types import Choice, Integer, Optional, Real, Text
from slimgen.layers.declaration import TensorType, parameter
from slimgen.layers.jobs.job_line import JobLine, Misfit

OUTPUT = "an output, or an end point such as `AuxLogits`; none: the only output"
LABEL = "an item of the data, or an input; none: the item of the output's name, else `label`"
WEIGHT = "factor of the term"
SMOOTHING = "share spread over all classes"

LabelForm = Literal["classes", "numbers", "identities", "stored"]
"""The labels of a loss: classes by number; numbers as the output has them, where a class
becomes a row of zeros and a one; whole numbers that say which rows of a batch are alike;
labels as the data has them."""


class LossKind(JobLine):
    """A term of the loss over an output, and the facts that hold for its kind."""

    word = "loss"
    takes_names = True
    labels: ClassVar[LabelForm] = "numbers"
    by_example: ClassVar[bool] = False  # an example has one loss, not each number of it
    summed: ClassVar[bool] = False  # the loss is a sum over the examples, not a mean
    takes_weights: ClassVar[bool] = False  # an item of the data may weigh its losses
    shared: ClassVar[tuple[str, ...]] = ()  # settings that serve all terms
    constants: ClassVar[tuple[str, ...]] = ()  # numbers that are no settings

    output: str | None = parameter(Optional(Text()), OUTPUT, None)
    weight: float = parameter(Real(at_least=0), WEIGHT, 1.0, positional=False)
    label: str | None = parameter(Optional(Text()), LABEL, None, positional=False)

    def subject(self) -> tuple[str | None, ...]:
        return (self.form, self.user_function(), self.output, self.label)

    def weights_item(self) -> str | None:
        """Return the item of the data that holds the weights of the losses, if any."""
        return None

    def other_output(self) -> str | None:
        """Return the output, or end point, with whose rows the rows are compared, if any."""
        return None

    def user_function(self) -> str:
        """Return the user's function, as `module:function`; "" for a loss of the language."""
        return ""

    def misfit(self, output: TensorType) -> Misfit | None:
        """Return the argument that does not fit the output, if there is one."""
        return None


class WeightedLoss(LossKind):
    """A loss that is a mean over what has a weight."""

    takes_weights = True

    weights: str | None = parameter(
        Optional(Text()),
        "an item of the data: weights of the examples, or of each of their losses; the"
        " sum of the weighted losses is divided by the number of weights other than 0",
        None,
        positional=False,
    )

    def weights_item(self) -> str | None:
        return self.weights


class SoftmaxCrossEntropy(WeightedLoss):
    """Mean over the examples of the cross-entropy of one class among all.

    Source: slim.losses.softmax_cross_entropy
    """

    form = "softmax_cross_entropy"
    example = "loss softmax_cross_entropy label_smoothing=0.1"
    labels = "classes"
    shared = ("label_smoothing",)

    label_smoothing: float = parameter(
        Real(at_least=0, at_most=1), SMOOTHING, 0.0, positional=False
    )


class SparseSoftmaxCrossEntropy(WeightedLoss):
    """Mean over the examples of the cross-entropy of one class among all, unsmoothed.

    Source: slim.losses.sparse_softmax_cross_entropy
    """

    form = "sparse_softmax_cross_entropy"
    example = "loss sparse_softmax_cross_entropy AuxLogits"
    labels = "classes"


class SigmoidCrossEntropy(WeightedLoss):
    """Mean over all numbers of the cross-entropy of yes and no.

    Source: slim.losses.sigmoid_cross_entropy
    """

    form = "sigmoid_cross_entropy"
    example = "loss sigmoid_cross_entropy"
    texts: ClassVar = {"label_smoothing": SMOOTHING}
    shared = ("label_smoothing",)

    label_smoothing: float = parameter(
        Real(at_least=0, at_most=1),
        "share of a label that becomes one half",
        0.0,
        positional=False,
    )


class LogLoss(WeightedLoss):
    """Mean of -y log(p + epsilon) - (1 - y) log(1 - p + epsilon).

    Source: slim.losses.log_loss
    """

    form = "log_loss"
    example = "loss log_loss AuxLogits"

    log_epsilon: float = parameter(
        Real(above=0),
        "a small number that keeps the logarithms from zero",
        1e-7,
        positional=False,
        slim="epsilon",
    )


class MeanSquaredError(WeightedLoss):
    """Mean of (p - y)².

    Source: slim.losses.mean_squared_error (`sum_of_squares` in TF-Slim's first texts)
    """

    form = "mean_squared_error"
    example = "loss mean_squared_error AuxLogits weight=0.5"


class AbsoluteDifference(WeightedLoss):
    """Mean of |p - y|.

    Source: slim.losses.absolute_difference
    """

    form = "absolute_difference"
    example = "loss absolute_difference"


class CosineDistance(WeightedLoss):
    """Mean of 1 - Σ p y along an axis; both have length 1 there.

    Source: slim.losses.cosine_distance
    """

    form = "cosine_distance"
    example = "loss cosine_distance axis=1"
    by_example = True
    constants = ("axis",)

    axis: int = parameter(Integer(), "the axis of the sum", -1, positional=False)

    def misfit(self, output: TensorType) -> Misfit | None:
        rank = output.rank
        if -rank <= self.axis < rank:
            return None
        expected = f"an axis of the output {output}, {-rank} to {rank - 1}"
        return Misfit("axis", expected)


class HingeLoss(WeightedLoss):
    """Mean of max(0, 1 - (2 y - 1) p).

    `slim.losses.hinge_loss` returns the numbers, and leaves the mean to its caller.

    Source: slim.losses.hinge_loss
    """

    form = "hinge_loss"
    example = "loss hinge_loss"


class MeanPairwiseSquaredError(LossKind):
    """Sum over the examples of 2 Σd²/n - 2 (Σd)²/n², where d = p - y has n numbers.

    TensorFlow's own function of this name divides by n - 1; this one is TF-Slim's.

    Source: slim.losses.mean_pairwise_squared_error
    """

    form = "mean_pairwise_squared_error"
    example = "loss mean_pairwise_squared_error weight=0.5"
    by_example = True
    summed = True
    takes_weights = True

    weights: str | None = parameter(
        Optional(Text()),
        "an item of the data: weights of the examples",
        None,
        positional=False,
    )

    def weights_item(self) -> str | None:
        return self.weights


class MetricLearning(LossKind):
    """A loss that compares the rows of a batch: the label is any whole number."""

    labels = "identities"
    texts: ClassVar = {"margin": "how much further apart others are to be"}


class TripletSemihard(MetricLearning):
    """The distance by which the nearest row of another class is too near.

    The mean over the pairs of a class; the other is the nearest that is further than the
    pair, else the farthest of all. A batch without pairs counts 0, where TF-Slim has nan.

    Source: slim.losses.metric_learning.triplet_semihard_loss; arXiv:1503.03832
    """

    form = "triplet_semihard_loss"
    example = "loss triplet_semihard_loss margin=0.5"

    margin: float = parameter(
        Real(at_least=0), "by how much it has to be further", 1.0, positional=False
    )


class LiftedStruct(MetricLearning):
    """The pairs of a class against all rows of other classes, in a smooth way.

    A batch without pairs counts 0, where TF-Slim has nan.

    Source: slim.losses.metric_learning.lifted_struct_loss; arXiv:1511.06452
    """

    form = "lifted_struct_loss"
    example = "loss lifted_struct_loss"

    margin: float = parameter(
        Real(at_least=0), "by how much they have to be further", 1.0, positional=False
    )


class OfTwo(MetricLearning):
    """A loss that compares the rows of one output with those of another."""

    positive: str = parameter(
        Text(), "the other output, or end point, of the same shape", positional=False
    )

    def other_output(self) -> str | None:
        return self.positive


class Contrastive(OfTwo):
    """Mean of d² for pairs alike, and of max(0, margin - d)² for others.

    A pair is a row of either output; its label is 1 or 0.

    Source: slim.losses.metric_learning.contrastive_loss; Hadsell et al., CVPR 2006
    """

    form = "contrastive_loss"
    example = "loss contrastive_loss AuxLogits positive=AuxLogits"

    margin: float = parameter(
        Real(at_least=0), "how far apart others are to be", 1.0, positional=False
    )


class Npairs(OfTwo):
    """Cross-entropy of which rows of the other output are of a row's class.

    Source: slim.losses.metric_learning.npairs_loss; Sohn, NIPS 2016
    """

    form = "npairs_loss"
    example = "loss npairs_loss AuxLogits positive=AuxLogits"
    texts: ClassVar = {
        "reg_lambda": "factor of the mean squared length of rows, halved"
    }

    reg_lambda: float = parameter(
        Real(at_least=0),
        "factor of the rows' mean squared length, halved",
        0.002,
        positional=False,
    )


class PythonLoss(LossKind):
    """A function of yours: `function(outputs, labels)`; the term is the mean of its value.

    The labels are as the data has them; classes count from 0.
    """

    form = "python"
    example = 'loss python "losses:focal" weight=0.5'
    labels = "stored"

    target: str = parameter(Text(), "the function, as `module:function`", first=True)

    def user_function(self) -> str:
        return self.target


class Regularization(JobLine):
    """The sum of the regularisers' terms. It is in the loss without this line too; 0 leaves it out.

    Source: slim.losses.get_total_loss
    """

    word = "loss"
    form = "regularization"
    example = "loss regularization weight=0"

    weight: float = parameter(Real(at_least=0), WEIGHT, positional=False)

    def subject(self) -> tuple[str | None, ...]:
        return (self.form,)


LOSSES: Mapping[str, type[LossKind]] = {
    loss.form: loss
    for loss in (
        *(SoftmaxCrossEntropy, SparseSoftmaxCrossEntropy, SigmoidCrossEntropy),
        *(LogLoss, MeanSquaredError, AbsoluteDifference, CosineDistance, HingeLoss),
        *(MeanPairwiseSquaredError, TripletSemihard, LiftedStruct, Contrastive),
        *(Npairs, PythonLoss),
    )
}
USUAL_LOSS = SoftmaxCrossEntropy  # of an only output without a line


class LossLine(JobLine):
    """A term of the loss: over an output or an end point, or the regularisers'.

    In the formulas p is the output and y its label. That is the item of the data that has
    the output's name, else `label`. Classes are for an output [batch, classes], or [batch,
    height, width, classes]; other labels have the output's shape. Without a line about the
    only output there is `loss softmax_cross_entropy`.
    """

    word = "loss"
    example = "loss softmax_cross_entropy"
    takes_names = True
    forms: ClassVar[Mapping[str, type[JobLine]]] = {
        **LOSSES,
        Regularization.form: Regularization,
    }

    kind: str = parameter(
        Choice((*LOSSES, Regularization.form)), "the loss, whose arguments follow"
    )
