"""Warnings for layers whose result nothing reads, judged over the file as written.

Statements are read from the last to the first. `live` says whether what follows reads the
current tensor: a `from` replaces it, every layer but a merge of a list reads it.
"""

import re
from collections.abc import Iterator, Sequence

from slimgen.elaborate.rejection import Reporter
from slimgen.layers import LAYERS
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.messages import warnings
from slimgen.resolve import Resolution, Symbol
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import lines_of, nodes_of

ANY = ".+"  # what `{…}` in a name may stand for
COUNT = re.compile(r"_\d+$")  # how a second scope of one name ends


def report_unused_results(
    main: tree.File,
    files: Sequence[tree.File],
    resolution: Resolution,
    reporter: Reporter,
) -> None:
    """Warn of each layer and call of a block in a file whose result nothing reads."""
    flow = _Flow(_References(files), resolution)
    for node in nodes_of(main.items):
        if isinstance(node, tree.Network | tree.Block):
            outputs = any(isinstance(n, tree.Output) for n in nodes_of(node.body))
            is_network = isinstance(node, tree.Network)
            flow.live(node.body.statements, not (outputs and is_network))
    for line in flow.unread:
        span = Span(line.span.source, line.word.span.start, _end(line))
        reporter.report(warnings.unused_result(span, line.word.text))


def _end(line: tree.Line) -> int:
    """Return the end of a line's text in front of its braces."""
    return line.span.end if line.body is None else line.word.span.end


class _References:
    """The names by which any of the files reads a tensor; `{…}` stands for any text."""

    def __init__(self, files: Sequence[tree.File]) -> None:
        self.texts: set[str] = set()
        for file in files:
            for node in nodes_of(file.items):
                if isinstance(node, tree.From | tree.Argument | tree.Let):
                    self.texts.update(_names_in(node))
        self._patterns = [
            re.compile(_pattern(text)) for text in self.texts if "{" in text
        ]

    def reads(self, name: str) -> bool:
        """Whether one of the names may mean a layer's `as name`."""
        if name in self.texts or any(p.fullmatch(name) for p in self._patterns):
            return True
        if "{" not in name:
            return False
        own = re.compile(_pattern(name))
        return bool(self._patterns) or any(map(own.fullmatch, self.texts))


def _names_in(node: tree.SyntaxNode) -> Iterator[str]:
    for inside in nodes_of(node):
        if isinstance(inside, tree.Name | tree.Template):
            yield _last(inside.span.text)
        elif isinstance(inside, tree.String):
            yield _last(inside.value)


def _last(text: str) -> str:
    """Return the last part of a scope's name."""
    return re.split(r"/(?![^{]*})", text)[-1]


def _pattern(text: str) -> str:
    parts = re.split(r"\{[^{}]*\}", text)
    return ANY.join(map(re.escape, parts))


class _Flow:
    """Reads statements backwards; `unread` collects the lines whose result nothing reads."""

    def __init__(self, references: _References, resolution: Resolution) -> None:
        self.references = references
        self.resolution = resolution
        self.unread: list[tree.Line] = []

    def live(self, statements: Sequence[tree.Statement], live: bool) -> bool:
        """Return whether statements read the current tensor, or pass it to what does."""
        for statement in reversed(statements):
            live = self._before(statement, live)
        return live

    def _before(self, statement: tree.Statement, live: bool) -> bool:
        match statement:
            case tree.Line() | tree.Repeat() | tree.Stack():
                line = statement if isinstance(statement, tree.Line) else statement.line
                return self._line(line, live)
            case tree.From(name=name):
                return _reads_net(name)
            case tree.Branch(body=body):
                self.live(body.statements, True)
                return True
            case tree.If(cases=cases, otherwise=otherwise):
                ways = [body.statements for _, body in cases]
                ways.append(otherwise.statements if otherwise else ())
                read = [self.live(way, live) for way in ways]
                return any(read)
            case tree.For(body=body):
                known = len(self.unread)
                again = self.live(body.statements, True)
                del self.unread[known:]
                return self.live(body.statements, live or again) or live
            case tree.In(body=body):
                return self.live(body.statements, live)
            case tree.Scope(body=tree.Body(statements=inner)):
                return self.live(inner, live)
            case tree.Tap() | tree.Output():
                return True
            case tree.Block():  # read on its own
                return live
        return live or _reads_net(statement)

    def _line(self, line: tree.Line, live: bool) -> bool:
        word = line.word.text
        block = self._block(line)
        if block is None and word in NETWORK_LINES:
            return live
        if not live and not self._is_kept(line, block):
            self.unread.append(line)
        if line.body is not None:
            self.live(line.body.statements, True)
        layer = None if block else LAYERS.get(word)
        if layer is None:
            return True
        positional = any(argument.key is None for argument in line.arguments)
        starts = layer.inputs[0] == 0 or (layer.merges and positional)
        return not starts or _reads_net(line)

    def _block(self, line: tree.Line) -> Symbol | None:
        use = self.resolution.used_at(line.word.span)
        return use.symbols[0] if use is not None and use.symbols else None

    def _is_kept(self, line: tree.Line, block: Symbol | None) -> bool:
        """Whether a name leads to the result, or to a tensor inside of a block."""
        name = line.name.template if line.name is not None else None
        if name is not None and self.references.reads(_last(name.span.text)):
            return True
        if block is None:
            layer = LAYERS.get(line.word.text)
            scopes = (
                [layer.default_scope, *layer.scopes_by_rank.values()] if layer else []
            )
            read = {COUNT.sub("", text) for text in self.references.texts}
            return name is None and bool(read.intersection(filter(None, scopes)))
        waiting, seen = [block], {block}
        while waiting:
            node = waiting.pop().node
            if any(isinstance(n, tree.Tap | tree.Output) for n in nodes_of(node)):
                return True
            for inner in lines_of(node):
                name = inner.name.template if inner.name is not None else None
                if name is not None and self.references.reads(_last(name.span.text)):
                    return True
                called = self._block(inner)
                if called is not None and called not in seen:
                    seen.add(called)
                    waiting.append(called)
        return False


def _reads_net(node: tree.SyntaxNode) -> bool:
    return any(isinstance(n, tree.Name) and n.text == "net" for n in nodes_of(node))
