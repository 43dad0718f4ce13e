"""Where the elaborator stands: what changes with braces, branches and calls."""

from dataclasses import dataclass, field, replace
from typing import Any

from slimgen.elaborate.builder import Builder
from slimgen.elaborate.scopes import Defaults
from slimgen.elaborate.values import Frame, Tensor
from slimgen.ir.graph import Step
from slimgen.source import Span
from slimgen.syntax import tree


@dataclass(frozen=True)
class BlockDeclaration:
    """A block or network and the names that it sees."""

    node: tree.Block | tree.Network
    frame: "Frame" = field(compare=False, repr=False)
    words: "Words" = field(compare=False, repr=False)

    @property
    def is_network(self) -> bool:
        """Whether it is a network used as a word."""
        return isinstance(self.node, tree.Network)


@dataclass
class Words:
    """The blocks and networks in reach by name; `parent` is what these stand in."""

    parent: "Words | None" = None
    declared: dict[str, BlockDeclaration] = field(default_factory=dict)

    def find(self, word: str) -> BlockDeclaration | None:
        """Return the block or network called `word`."""
        words: Words | None = self
        while words is not None:
            if word in words.declared:
                return words.declared[word]
            words = words.parent
        return None

    def known(self) -> list[str]:
        """All their names."""
        outer = self.parent.known() if self.parent else []
        return [*self.declared, *outer]


@dataclass(frozen=True)
class Part:
    """A finished branch: its result and where it stands."""

    tensor: Tensor
    span: Span


@dataclass
class Place:
    """The state of one walk.

    Attributes:
        builder: The function that is being built.
        frame, words: Names and blocks in reach.
        net: The current tensor; None before the first input.
        scope: Full variable scope.
        defaults: What the scopes in force give.
        hint: What the current tensor is called in the emitted file.
        merge: Set inside the braces of a merging layer: the finished branches.
        reuse: Variables are those of earlier layers.
    """

    builder: Builder
    frame: Frame
    words: Words
    scope: str
    net: Tensor | None = None
    defaults: Defaults = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    hint: str = "net"
    merge: list[Part] | None = None
    reuse: bool = False

    def inside(self, **changes: Any) -> "Place":
        """Return a place that starts as this one."""
        return replace(self, **changes)
