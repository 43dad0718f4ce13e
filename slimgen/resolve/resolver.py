"""One walk over a file and those that it uses: each name to its declaration.

Scopes are those of elaboration. A block sees the names around it, those declared after it
too: it is elaborated where it is called. Inside one body a name is declared before it is
used, or in an earlier turn of a loop.
"""

from collections.abc import Mapping

from slimgen.resolve.recorder import Recorder
from slimgen.resolve.statement_names import StatementNames, Surroundings, run_later
from slimgen.resolve.symbols import NameScope, Resolution, Symbol, SymbolKind
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of


def resolve(
    main: tree.File, files: Mapping[str, tree.File], targets: Mapping[Span, str]
) -> Resolution:
    """Return the symbols and uses of a file and of the files that it uses.

    `files` has the files that it uses, directly or not, by name; `targets` the name of the
    file behind each `use` that could be read, by the place of the `use`.
    """
    resolver = _Resolver(files, targets)
    resolver.file(main)
    recorder = resolver.recorder
    recorder.finish()
    given = resolver.given
    return Resolution(tuple(recorder.symbols), tuple(recorder.uses), given)


class _Resolver:
    """The walk over files, each once."""

    def __init__(
        self, files: Mapping[str, tree.File], targets: Mapping[Span, str]
    ) -> None:
        self.files = files
        self.targets = targets
        self.recorder = Recorder()
        self.statements = StatementNames(self.recorder)
        self.given: dict[Span, frozenset[Symbol]] = {}
        self._scopes: dict[str, NameScope] = {}

    def file(self, file: tree.File) -> NameScope:
        """Return the names of a file, those that it uses among them."""
        known = self._scopes.get(file.source.name)
        if known is not None:
            return known
        scope = self._scopes[file.source.name] = NameScope()
        around = Surroundings(scope)
        for item in file.items:
            match item:
                case tree.Use():
                    self._use(item, scope)
                case tree.Job():
                    pass
                case _:
                    self.statements.declaration(item, around)
        run_later(around)
        for item in file.items:
            if isinstance(item, tree.Job):
                self._job(item, scope)
        return scope

    def _use(self, item: tree.Use, scope: NameScope) -> None:
        target = self.files.get(self.targets.get(item.span, ""))
        if target is None:
            return
        used = self.file(target)
        self.given[item.span] = frozenset((*used.names.values(), *used.words.values()))
        scope.names.update(used.names)
        scope.words.update(used.words)

    def _job(self, job: tree.Job, scope: NameScope) -> None:
        """Record a job: its network, its values, and tensors of its network by name."""
        network = self.recorder.word(job.network, scope)
        self.recorder.keys(job.settings, () if network is None else (network,), scope)
        tensors = _tensors(network, self.recorder)
        for statement in job.body.statements:
            for node in nodes_of(statement):
                if isinstance(node, tree.Argument):
                    if isinstance(node.value, tree.Name) and (
                        node.value.text in tensors.names
                        or node.value.text in tensors.end_points
                    ):
                        self.recorder.tensor(node.value, tensors)
                    else:
                        self.recorder.expression(node.value, scope)


def _tensors(network: Symbol | None, recorder: Recorder) -> NameScope:
    """Return the tensors that a network declares, by name."""
    scope = NameScope()
    if network is None:
        return scope
    body = network.node.span
    kinds = (SymbolKind.TENSOR, SymbolKind.INPUT, SymbolKind.END_POINT)
    for symbol in recorder.symbols:
        place = symbol.declarations[0]
        inside = place.source is body.source and body.start <= place.start < body.end
        if inside and symbol.kind in kinds:
            table = scope.end_points if symbol.kind is kinds[-1] else scope.names
            table.setdefault(symbol.name, symbol)
    return scope
