"""Warnings for what is written and never used, judged over the file and not its runs."""

from collections.abc import Iterator, Sequence

from slimgen.elaborate.rejection import Reporter
from slimgen.layers import LAYERS
from slimgen.layers.declaration import parameters
from slimgen.messages import warnings
from slimgen.resolve import Resolution, Role, Symbol
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of


def report_unused(
    main: tree.File,
    files: Sequence[tree.File],
    resolution: Resolution,
    reporter: Reporter,
) -> None:
    """Warn of what is unused in a file; `files` are all, with those that it uses."""
    every = [node for file in files for node in nodes_of(file.items)]
    lines = _WordUses(every, resolution)
    for node in nodes_of(main.items):
        match node:
            case tree.Block() | tree.Network():
                _parameters(node, resolution, reporter)
            case tree.Scope():
                _scope(node, lines, reporter)
    effects = _Effects(every, resolution)
    for body in _bodies(main.items):
        _branches(body, effects, reporter)
    _files(main, resolution, reporter)


# Parameters.


def _parameters(
    node: tree.Block | tree.Network, resolution: Resolution, reporter: Reporter
) -> None:
    for parameter in node.parameters:
        symbol = resolution.declared_at(parameter.name.span)
        if symbol is None or not any(
            use.role is not Role.KEY for use in resolution.uses_of(symbol)
        ):
            name = parameter.name.text
            reporter.report(
                warnings.unused_parameter(parameter.span, name, node.name.text)
            )


# Scopes of defaults.


class _WordUses:
    """The lines of all files by their word, and the words that are values.

    A word is a block's or network's symbol, or the text of a layer's.
    """

    def __init__(
        self, nodes: Sequence[tree.SyntaxNode], resolution: Resolution
    ) -> None:
        self.resolution = resolution
        self.lines: dict[Symbol | str, list[tree.Line]] = {}
        for node in nodes:
            if isinstance(node, tree.Line):
                self.lines.setdefault(self.meaning(node.word), []).append(node)
        self.values = {
            use.name
            for use in resolution.uses
            if use.role is Role.VALUE and not use.symbols
        }

    def meaning(self, word: tree.Name) -> Symbol | str:
        """Return the block or network that a word means, else its text."""
        use = self.resolution.used_at(word.span)
        return use.symbols[0] if use is not None and use.symbols else word.text

    def uses(self, word: Symbol | str) -> bool:
        """Whether a line, or an argument such as `normalizer`, has the word."""
        return word in self.lines or word in self.values

    def takes(self, word: Symbol | str, key: str) -> bool:
        """Whether something with the word may take the default of a key."""
        if word in self.values:
            return True
        index = keys_of(word).index(key)
        return not all(_gives(line, key, index) for line in self.lines.get(word, ()))


def keys_of(word: Symbol | str) -> list[str]:
    """The keys that a word knows, those first that have a place on its line."""
    if isinstance(word, Symbol):
        return list(word.parameters)
    known = sorted(parameters(LAYERS[word]), key=lambda p: not p.positional)
    return [parameter.name for parameter in known]


def _gives(line: tree.Line, key: str, index: int) -> bool:
    """Whether a line gives `key`, by name or by its place in each of its groups."""
    if any(a.key is not None and a.key.text == key for a in line.arguments):
        return True
    counts = [sum(1 for a in group if a.key is None) for group in line.groups]
    return bool(counts) and min(counts) > index


def _scope(node: tree.Scope, lines: _WordUses, reporter: Reporter) -> None:
    words = [(word, lines.meaning(word)) for word in node.words]
    if not all(isinstance(word, Symbol) or word in LAYERS for _, word in words):
        return
    used = [word for _, word in words if lines.uses(word)]
    for name, word in words:
        if word not in used:
            reporter.report(warnings.unused_scope_word(name.span, name.text))
    if len(used) < len(words):
        return
    for setting in node.settings:
        key = setting.key.text if setting.key is not None else ""
        # A key that nothing knows is an error, and reported as such.
        known = [word for word in used if key in keys_of(word)]
        if known and not any(lines.takes(word, key) for word in known):
            reporter.report(warnings.unused_scope_key(setting.span, key))


# Side branches.


class _Effects:
    """The blocks that leave a name, in themselves or in what they call.

    A tap, an output and a layer with a name can be found from outside.
    """

    def __init__(
        self, nodes: Sequence[tree.SyntaxNode], resolution: Resolution
    ) -> None:
        self.resolution = resolution
        self.words: set[Symbol] = set()
        blocks = [
            (symbol, node.body)
            for node in nodes
            if isinstance(node, tree.Block | tree.Network)
            and (symbol := resolution.declared_at(node.name.span)) is not None
        ]
        while True:
            more = {
                symbol
                for symbol, body in blocks
                if symbol not in self.words and self.within(body)
            }
            if not more:
                return
            self.words |= more

    def within(self, body: tree.Body) -> bool:
        """Whether something between braces is seen from outside of them."""
        return any(
            isinstance(node, tree.Tap | tree.Output)
            or (isinstance(node, tree.Line) and self._leaves(node))
            for node in nodes_of(body)
        )

    def _leaves(self, line: tree.Line) -> bool:
        if line.name is not None:
            return True
        use = self.resolution.used_at(line.word.span)
        return use is not None and any(symbol in self.words for symbol in use.symbols)


def _bodies(items: Sequence[tree.Item]) -> Iterator[tree.Body]:
    """The bodies whose branches are side paths."""
    for node in nodes_of(items):
        if isinstance(node, tree.Block | tree.Network | tree.Branch):
            yield node.body


def _branches(body: tree.Body, effects: _Effects, reporter: Reporter) -> None:
    """Warn of branches of a body that leave nothing; those of a merge are its operands."""
    waiting: list[tree.Statement] = list(body.statements)
    while waiting:
        match waiting.pop():
            case tree.Branch() as branch:
                if not effects.within(branch.body):
                    head = Span(
                        branch.span.source, branch.span.start, branch.body.span.start
                    )
                    reporter.report(warnings.branch_without_effect(head))
            case tree.If(cases=cases, otherwise=otherwise):
                waiting += [s for _, inner in cases for s in inner.statements]
                waiting += otherwise.statements if otherwise else ()
            case tree.For(body=inner) | tree.In(body=inner):
                waiting += inner.statements
            case tree.Scope(body=scope_body):
                waiting += scope_body.statements if scope_body else ()
            case _:
                pass


# Files.


def _files(main: tree.File, resolution: Resolution, reporter: Reporter) -> None:
    """Warn of each `use` from whose names the file takes none."""
    used = {
        symbol
        for use in resolution.uses
        if use.span.source is main.source
        for symbol in use.symbols
    }
    for item in main.items:
        if not isinstance(item, tree.Use) or item.span not in resolution.given:
            continue
        if not resolution.given[item.span] & used:
            reporter.report(warnings.unused_file(item.span, item.path.value))
