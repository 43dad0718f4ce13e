"""Files: a source with all that it uses, and the names that they declare."""

from collections.abc import Callable
from dataclasses import dataclass, field

from slimgen.elaborate.blocks import declare
from slimgen.elaborate.env import BlockTable
from slimgen.elaborate.evaluated import UNKNOWN, Closure, Frame
from slimgen.elaborate.evaluator import Evaluator, Silent
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.messages import names as messages
from slimgen.messages import used_files
from slimgen.shipped import is_reserved, shipped_paths
from slimgen.source import Source, Span
from slimgen.syntax import tree
from slimgen.syntax.parser import parse

Reader = Callable[[str, Source], Source | None]
"""Resolves `use "path"` of a source; None when there is no such file."""


@dataclass
class Loaded:
    """A file with the names that it declares and uses.

    `uses` has what each `use` gives, its own and what it uses.
    """

    file: tree.File
    frame: Frame
    words: BlockTable
    uses: list[tuple[tree.Use, frozenset[str]]] = field(default_factory=list)


@dataclass
class Program:
    """A source with all the files that it uses.

    Attributes:
        targets: The name of the file behind each `use`, by its place.
    """

    reader: Reader
    reporter: Reporter
    evaluator: Evaluator
    sources: list[Source] = field(default_factory=list)
    loaded: dict[str, Loaded] = field(default_factory=dict)
    loading: list[str] = field(default_factory=list)
    targets: dict[Span, str] = field(default_factory=dict)

    def load(self, source: Source) -> Loaded:
        """Parse a file, load what it uses, and declare its names."""
        self.sources.append(source)
        self.loading.append(source.name)
        sound = not self.reporter.diagnostics.has_errors
        file = parse(source, self.reporter.diagnostics)
        if sound and self.reporter.diagnostics.has_errors:
            self.reporter.lost = True
        loaded = Loaded(file, Frame(), BlockTable())
        for item in file.items:
            try:
                self._declare(item, loaded)
            except Rejected as rejected:
                if not isinstance(rejected, Silent):
                    self.reporter.report(rejected.diagnostic)
                if isinstance(item, tree.Let):
                    loaded.frame.names |= {name.text: UNKNOWN for name in item.names}
        self.loading.pop()
        self.loaded[source.name] = loaded
        return loaded

    def _declare(self, item: tree.Item, loaded: Loaded) -> None:
        match item:
            case tree.Use():
                self._use(item, loaded)
            case tree.Let():
                value = self.evaluator.evaluate(item.value, loaded.frame)
                if item.unpack:
                    found = value if isinstance(value, tuple) else ()
                    if len(found) != len(item.names):
                        raise Rejected(
                            messages.cannot_unpack(
                                item.value.span, len(item.names), "something else"
                            )
                        )
                    for name, part in zip(item.names, found, strict=True):
                        loaded.frame.names[name.text] = part
                else:
                    loaded.frame.names[item.names[0].text] = value
            case tree.LetFunction():
                loaded.frame.names[item.name.text] = Closure(item, loaded.frame)
            case tree.Block() | tree.Network():
                declare(item, loaded.frame, loaded.words, self.reporter)
            case tree.Job():
                pass

    def _use(self, item: tree.Use, loaded: Loaded) -> None:
        lost, self.reporter.lost = self.reporter.lost, True  # names of the file
        source = self.reader(item.path.value, loaded.file.source)
        self._look_beside(item, source, loaded.file.source)
        self.reporter.lost = lost or source is None
        if source is None:
            raise Rejected(
                used_files.no_such_file(
                    item.path.span, item.path.value, shipped_paths()
                )
            )
        if source.name in self.loading:
            raise Rejected(
                messages.recursion(item.path.span, "the file", item.path.value)
            )
        used = self.loaded.get(source.name) or self.load(source)
        self.targets[item.span] = source.name
        given = frozenset((*used.frame.names, *used.words.declared))
        loaded.uses.append((item, given))
        for name, value in used.frame.names.items():
            loaded.frame.names[name] = value
        for name, block in used.words.declared.items():
            first = loaded.words.declared.get(name)
            if first is not None and first.node != block.node:
                raise Rejected(
                    messages.name_taken(
                        item.path.span, name, "declared", first.node.name.span
                    )
                )
            loaded.words.declared[name] = block

    def _look_beside(self, item: tree.Use, ours: Source | None, user: Source) -> None:
        """Refuse a path of slimgen's own that a file beside the source has too."""
        path = item.path.value
        if is_reserved(path):
            beside = self.reader(f"./{path}", user)
            if beside is not None and (ours is None or beside.name != ours.name):
                raise Rejected(used_files.path_is_reserved(item.path.span, path))
