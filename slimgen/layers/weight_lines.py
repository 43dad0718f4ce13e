"""The lines of a map to the weights of another source, declared as layers are."""

from slimgen.frozen import Frozen
from slimgen.layers.argument_types import (
    ArgumentError,
    Choice,
    Either,
    Integer,
    ListOf,
    Optional,
    Text,
)
from slimgen.layers.declaration import parameter
from slimgen.layers.literals import Literal
from slimgen.layers.setting_line import SettingLine

FORMATS = ("keras", "caffe", "safetensors")
AUTO = "auto"
BOUND = Optional(Integer())
PARTS = ListOf(Optional(Either((ListOf(BOUND, 2), ListOf(BOUND, 3)))))


class Slices(Frozen):
    """The part that is taken along each axis of a value."""

    expected: str = (
        "a list with `[first, end]`, `[first, end, step]` or `none` for each axis"
    )
    words: tuple[str, ...] = ()

    def coerce(self, value: object) -> Literal:
        try:
            return PARTS.coerce(value)
        except ArgumentError:
            raise ArgumentError(self.expected) from None


class WeightsLine(SettingLine):
    """The names of this network's variables in another source, as rules between braces.

    The names of `keras` are `layer/kernel`, whichever of Keras' formats a file has; `caffe` is
    a pickled dictionary of arrays (`.npy`); `safetensors` mostly has PyTorch's names; `slim`
    is a checkpoint of TensorFlow whose names are not those of TF-Slim.
    """

    word = "weights"
    family = "Weights"
    example = (
        'weights keras "Tiny" {\n'
        '  rename "conv{i}/{weights,biases}" "conv_{i}/{kernel,bias}"\n'
        "}\n"
        "conv 8 3x3 as conv1"
    )

    format: str = parameter(Choice((*FORMATS, "slim")), "the format of the source")
    source: str = parameter(Text(), "what the source is called, for the reader")


class RenameLine(SettingLine):
    """The source's names of some variables; the first rule that fits a variable decides.

    The value of the source is sliced, then reshaped, then transposed. The parts of the
    pattern are names in the whole rule: `reshape=[1, 1, -1, 2**i]`.
    """

    word = "rename"
    family = "Weights"
    example = (
        'weights keras "Tiny" {\n'
        '  rename "logits/weights" "predictions/kernel" reshape=[1, 1, 3, 10]\n'
        '  rename "logits/biases" "predictions/bias"\n'
        "}\n"
        "conv 10 1x1 as logits"
    )

    pattern: str = parameter(Text(), "names below the network's scope, as a pattern")
    source: str = parameter(Text(), "their names in the source")
    slice: tuple[tuple[int | None, ...] | None, ...] | None = parameter(
        Optional(Slices()),
        "what is taken along each axis, as in Python; `none`: all of it",
        None,
        positional=False,
    )
    reshape: str | tuple[int, ...] | None = parameter(
        Optional(Either((Choice((AUTO,)), ListOf(Integer(-1))))),
        "the shape that the source's value gets; one length may be -1; `auto`: the variable's",
        None,
        positional=False,
    )
    transpose: tuple[int, ...] | None = parameter(
        Optional(ListOf(Integer(0))),
        "which axis of the source becomes each axis, as in `tf.transpose`",
        None,
        positional=False,
    )


class NewLine(SettingLine):
    """Variables that the source does not have: they keep their initial values."""

    word = "new"
    family = "Weights"
    example = (
        'weights keras "Tiny" {\n'
        '  new "logits/*"\n'
        '  rename "{layer}/{weights,biases}" "{layer}/{kernel,bias}"\n'
        "}\n"
        "conv 8 3x3 as conv1\n"
        "conv 10 1x1 as logits"
    )

    pattern: str = parameter(Text(), "names below the network's scope, as a pattern")


class IgnoreLine(SettingLine):
    """Values of the source that this network does not want: they are not called unused."""

    word = "ignore"
    family = "Weights"
    example = (
        'weights keras "Tiny" {\n'
        '  ignore "normalization/count"\n'
        '  rename "{layer}/{weights,biases}" "{layer}/{kernel,bias}"\n'
        "}\n"
        "conv 8 3x3 as conv1"
    )

    pattern: str = parameter(Text(), "names in the source, as a pattern")


class HeadLine(SettingLine):
    """The head: the variables that `head="auto"` leaves out where another one is trained.

    Each name is a scope or a variable below the network's scope, or a glob over them.
    `none`: the network has no head. Without this line the head is what another number of
    classes would change: the variables that depend on a build parameter which is the last
    dimension of an output.
    """

    word = "head"
    family = "Weights"
    example = "head logits\nconv 10 1x1 as logits"
    takes_names = True
    gathers = True

    names: tuple[str | None, ...] = parameter(
        ListOf(Optional(Text())), "scopes or variables of the head, or `none`"
    )


MAP_LINES: dict[str, type[SettingLine]] = {
    line.word: line for line in (RenameLine, NewLine, IgnoreLine)
}
