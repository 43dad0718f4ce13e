"""Where the elaborator stands: what changes with braces, branches and calls."""

from dataclasses import dataclass, field, replace

from slimgen.elaborate.evaluated import Frame, Tensor
from slimgen.elaborate.graph_builder import GraphBuilder
from slimgen.elaborate.scopes import Defaults
from slimgen.frozen import Frozen
from slimgen.ir.graph import Step
from slimgen.source import Span
from slimgen.syntax import tree


class BlockDeclaration(Frozen):
    """A block or network and the names that it sees."""

    node: tree.Block | tree.Network
    frame: "Frame" = field(compare=False, repr=False)
    words: "BlockTable" = field(compare=False, repr=False)

    @property
    def is_network(self) -> bool:
        """Whether it is a network used as a word."""
        return isinstance(self.node, tree.Network)


@dataclass
class BlockTable:
    """The blocks and networks in reach by name; `parent` is what these stand in."""

    parent: "BlockTable | None" = None
    declared: dict[str, BlockDeclaration] = field(default_factory=dict)

    def find(self, word: str) -> BlockDeclaration | None:
        """Return the block or network called `word`."""
        words: BlockTable | None = self
        while words is not None:
            if word in words.declared:
                return words.declared[word]
            words = words.parent
        return None

    def known(self) -> list[str]:
        """All their names."""
        outer = self.parent.known() if self.parent else []
        return [*self.declared, *outer]


class BranchEnd(Frozen):
    """A finished branch: its result and where it stands."""

    tensor: Tensor
    span: Span


@dataclass
class Env:
    """The state of one walk.

    Attributes:
        builder: The function that is being built.
        frame, words: Names and blocks in reach.
        net: The current tensor; None before the first input.
        scope: Full variable scope.
        defaults: The defaults of the enclosing scopes.
        hint: The name of the current tensor in the emitted file.
        merge: Set inside the braces of a merging layer: the finished branches.
        adds: The merging layer adds its branches.
        reuse: Variables are those of earlier layers.
    """

    builder: GraphBuilder
    frame: Frame
    words: BlockTable
    scope: str
    net: Tensor | None = None
    defaults: Defaults = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    hint: str = "net"
    merge: list[BranchEnd] | None = None
    adds: bool = False
    reuse: bool = False

    def branch(self, scope: str, hint: str) -> "Env":
        """Return the place of the statements between a branch's braces."""
        return replace(self, scope=scope, hint=hint, merge=None)

    def merging(
        self, scope: str, parts: list[BranchEnd], reuse: bool, adds: bool
    ) -> "Env":
        """Return the place between the braces of a merging layer."""
        return replace(self, scope=scope, merge=parts, reuse=reuse, adds=adds)

    def turn(self, scope: str, step: Step) -> "Env":
        """Return the place of one turn of a series."""
        return replace(self, scope=scope, steps=(*self.steps, step))

    def reusing(self, reuse: bool, hint: str | None = None) -> "Env":
        """Return the place of a layer that may have the variables of earlier ones."""
        return replace(self, reuse=reuse, hint=hint or self.hint)
