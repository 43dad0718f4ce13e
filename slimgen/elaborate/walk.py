"""The walk over one network's statements: its state, and what each kind of statement is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from slimgen.elaborate.calls import LayerCalls, Naming
from slimgen.elaborate.env import BlockDeclaration, Env
from slimgen.elaborate.evaluated import UNKNOWN, Evaluated, Tensor
from slimgen.elaborate.evaluator import Evaluator, Silent
from slimgen.elaborate.graph_builder import NetworkTotals
from slimgen.elaborate.rejection import Rejected, Reporter, TooMuch
from slimgen.elaborate.scopes import join
from slimgen.elaborate.weight_maps import Rules
from slimgen.frozen import Frozen
from slimgen.ir.graph import Function, Value
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of

MOST_TURNS = 20_000
DEEPEST_CALLS = 60

StatementT = TypeVar("StatementT", bound=tree.SyntaxNode)


class StatementRow(Protocol):
    """A row of the table of statements, whichever kind of statement it is about."""

    @property
    def node(self) -> type[tree.SyntaxNode]:
        """The kind of statement."""

    @property
    def in_merge(self) -> bool:
        """Whether it may stand between the braces of a merging layer."""

    @property
    def changes_net(self) -> bool:
        """Whether the current tensor may be another one after it."""

    def check_place(self, statement: tree.Statement, walk: "Walk", env: Env) -> None:
        """Raise Rejected where the statement may not stand."""

    def run(self, statement: tree.Statement, walk: "Walk", env: Env) -> None:
        """Elaborate a statement of this kind."""


class StatementKind(Frozen, Generic[StatementT]):
    """A kind of statement: how it is elaborated, and where it may stand.

    Attributes:
        node: Its node in the tree.
        elaborate: Its handler.
        in_merge: It may stand between the braces of a merging layer.
        changes_net: The current tensor may be another one after it.
        own_braces: It stands in a network's own braces only: what messages call it, and
            the remedy where it stands in a block.
    """

    node: type[StatementT]
    elaborate: "Callable[[StatementT, Walk, Env], None]"
    in_merge: bool = False
    changes_net: bool = False
    own_braces: tuple[str, str] | None = None

    def check_place(self, statement: tree.Statement, walk: "Walk", env: Env) -> None:
        """Raise Rejected where the statement may not stand."""
        if env.merge is not None and not self.in_merge:
            head = _head(statement)
            raise Rejected(
                messages.misplaced(
                    head,
                    f"`{head.text.split()[0]}`",
                    "between the braces of a merging layer",
                    "put it into a `branch { … }`",
                )
            )
        if self.own_braces is not None and env.builder.parent is not None:
            called, remedy = self.own_braces
            place = "inside a block"
            if walk.active and walk.active[-1].is_network:
                place = "in a network that is a word in another"
                remedy = (
                    "such a network takes the current tensor and gives its last one"
                )
            raise Rejected(messages.misplaced(statement.span, called, place, remedy))

    def run(self, statement: tree.Statement, walk: "Walk", env: Env) -> None:
        """Elaborate a statement of this kind."""
        assert isinstance(statement, self.node)
        self.elaborate(statement, walk, env)


StatementTable = Mapping[type[tree.SyntaxNode], StatementRow]


def _head(statement: tree.Statement) -> Span:
    if isinstance(statement, tree.Line):
        return statement.word.span
    return statement.span


@dataclass
class Walk:
    """The state of one network's elaboration: what all of its statements share.

    Attributes:
        statements: The table of statements.
        root: The network's own variable scope.
        parameters: The build parameters.
        sizes: The sizes of inputs that `-D` sets, and where.
        lines: The lines about the network's weights by word, as `labels`.
        maps: Its maps of weights.
        active: The blocks whose calls are open, outermost first.
        failures: How many statements could not be elaborated.
        stopped: A limit is exceeded behind the end point that cuts the network.
    """

    statements: StatementTable
    reporter: Reporter
    evaluator: Evaluator
    naming: Naming
    root: str
    parameters: Mapping[str, Evaluated] = field(default_factory=dict)
    sizes: Mapping[str, tuple[Evaluated, Span | None]] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    inputs: list[tuple[str, Value]] = field(default_factory=list)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    lines: dict[str, tree.Line] = field(default_factory=dict)
    maps: list[Rules] = field(default_factory=list)
    totals: NetworkTotals = field(default_factory=NetworkTotals)
    active: list[BlockDeclaration] = field(default_factory=list)
    turns: int = 0
    failures: int = 0
    stopped: bool = False
    calls: LayerCalls = field(init=False)

    def __post_init__(self) -> None:
        self.calls = LayerCalls(self.reporter, self.naming, self.root)
        self.evaluator.hint = self._hint

    def body(self, body: tree.Body, env: Env) -> None:
        """Walk the statements between braces; a failed one is reported and passed over."""
        for statement in body.statements:
            if self.stopped:
                return
            self.evaluator.net = env.net
            row = self.statements[type(statement)]
            try:
                row.check_place(statement, self, env)
                row.run(statement, self, env)
            except TooMuch:
                if not self.naming.cut:
                    raise
                self.stopped = True
                self.totals.most += DEEPEST_CALLS  # the calls that are open still close
            except Rejected as rejected:
                if not isinstance(rejected, Silent):
                    self.reporter.report(rejected.diagnostic)
                if not self.naming.cut:
                    self._fail(row, statement, env)

    def _fail(self, row: StatementRow, statement: tree.Statement, env: Env) -> None:
        """Let a failed statement define what it would have, as unknown."""
        self.failures += 1
        unknown = Tensor(None, env.builder)
        if env.merge is None and row.changes_net:
            env.net = unknown
        for node in nodes_of(statement):
            match node:
                case tree.Let(names=names) | tree.For(names=names):
                    for name in names:
                        env.frame.names[name.text] = UNKNOWN
                case tree.Input() | tree.Tap() | tree.Output() | tree.Variable():
                    if isinstance(node.name, tree.Name):
                        env.frame.names.setdefault(node.name.text, unknown)
                case _:
                    pass

    def _hint(self, name: str) -> str:
        """A hint where a value has the name of an end point, which is no value."""
        known = self.totals.end_points
        found = name in known or join(self.root, name) in known
        return messages.end_point_hint(name) if found else ""

    def count_turns(self, count: int, span: Span) -> None:
        """Count turns of a loop, which are limited."""
        self.turns += count
        if self.turns > MOST_TURNS:
            raise TooMuch(messages.limit_exceeded(span, "turns of loops", MOST_TURNS))

    @contextmanager
    def scope_open(self, scope: str | None, again: bool = False) -> Iterator[None]:
        """Open a scope; with `again` the names in it count from their start."""
        if scope is not None and again:
            self.naming.name_scopes.close(scope)
        if scope is not None:
            self.naming.variable_scopes.open(scope)
        try:
            yield
        finally:
            if scope is not None:
                self.naming.variable_scopes.close(scope)


@contextmanager
def braces(env: Env) -> Iterator[None]:
    """Scopes of defaults end with the braces that they stand in."""
    defaults = env.defaults
    yield
    env.defaults = defaults
