"""Maps to the weights of other sources, as data."""

from dataclasses import field

from slimgen.frozen import Frozen


class Transform(Frozen):
    """The changes of a source's value, in this order; None: no change."""

    slice: tuple[tuple[int | None, ...] | None, ...] | None = None
    reshape: tuple[int, ...] | None = None
    transpose: tuple[int, ...] | None = None


class MapEntry(Frozen):
    """A variable and where its value comes from."""

    variable: str
    source: str
    transform: Transform = field(default_factory=Transform)


class WeightMap(Frozen):
    """One source of weights for a network; variables without an entry are new.

    Attributes:
        format: `keras`, `caffe` or `safetensors`.
        source: The name of the source, for the reader.
        ignored: Patterns of the source's names that the network does not want.
        unsaid: Variables of which no rule says anything; of an unfinished map only.
    """

    format: str
    source: str
    entries: tuple[MapEntry, ...]
    ignored: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
