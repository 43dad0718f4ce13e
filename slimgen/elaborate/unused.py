"""Warnings for what is written and never used, judged over the file and not its runs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from slimgen.elaborate.rejection import Reporter
from slimgen.layers import LAYERS
from slimgen.layers.declaration import parameters
from slimgen.layers.weight_lines import WeightsLine
from slimgen.messages import warnings
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import lines_of, nodes_of, parts_of


def report_unused(
    main: tree.File, files: Mapping[str, tree.File], reporter: Reporter
) -> None:
    """Warn of what is unused in a file; `files` are all, with those that it uses."""
    every = [node for file in files.values() for node in nodes_of(file.items)]
    lines = _Lines(every)
    for node in nodes_of(main.items):
        match node:
            case tree.Block() | tree.Network():
                _parameters(node, reporter)
            case tree.Scope():
                _scope(node, lines, reporter)
    effects = _Effects(every)
    for body in _bodies(main.items):
        _branches(body, effects, reporter)


# Names.


def _names(node: Any) -> set[str]:
    return {found.text for found in nodes_of(node) if isinstance(found, tree.Name)}


# The fields of nodes whose names are not read: they stand for themselves.
NOT_READ = frozenset({"key", "word", "words", "names"})


def _read(node: Any) -> set[str]:
    """The names that are read in a tree, and those that only stand for themselves."""
    read: list[str] = []
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, tuple | list):
            waiting.extend(here)
        elif isinstance(here, tree.Name):
            read.append(here.text)
        elif isinstance(here, tree.SyntaxNode):
            names = parts_of(type(here))
            waiting.extend(
                getattr(here, name) for name in names if name not in NOT_READ
            )
    return set(read)


def _parameters(node: tree.Block | tree.Network, reporter: Reporter) -> None:
    used = _read((node.body, node.scope, [p.default for p in node.parameters]))
    used |= _read_by_rules(node.body)
    for parameter in node.parameters:
        name = parameter.name.text
        if name not in used:
            reporter.report(
                warnings.unused_parameter(parameter.span, name, node.name.text)
            )


def _read_by_rules(node: tree.SyntaxNode) -> set[str]:
    """The names between the braces of what maps of weights have in quotes."""
    maps = (line.body for line in lines_of(node) if line.word.text == WeightsLine.word)
    texts = [s.value for s in nodes_of(list(maps)) if isinstance(s, tree.String)]
    inside = [braces for text in texts for braces in re.findall(r"{([^{}]*)}", text)]
    return {name for braces in inside for name in re.findall(r"[A-Za-z_]\w*", braces)}


# Scopes of defaults.


class _Lines:
    """The lines of all files by word, the parameters of blocks, and words as values."""

    def __init__(self, nodes: Sequence[tree.SyntaxNode]) -> None:
        self.by_word: dict[str, list[tree.Line]] = {}
        self.keys: dict[str, list[str]] = {}
        self.values: set[str] = set()
        for node in nodes:
            match node:
                case tree.Line():
                    self.by_word.setdefault(node.word.text, []).append(node)
                case tree.Argument():
                    self.values |= _names(node.value)
                case tree.Block() | tree.Network():
                    names = [parameter.name.text for parameter in node.parameters]
                    self.keys.setdefault(node.name.text, names)

    def knows(self, word: str) -> bool:
        """Whether a word is a layer, a block or a network."""
        return word in LAYERS or word in self.keys

    def uses(self, word: str) -> bool:
        """Whether a line, or an argument such as `normalizer`, has the word."""
        return word in self.by_word or word in self.values

    def keys_of(self, word: str) -> list[str]:
        """The keys that a word knows, those first that have a place on its line."""
        if word in self.keys:
            return self.keys[word]
        known = sorted(parameters(LAYERS[word]), key=lambda p: not p.positional)
        return [parameter.name for parameter in known]

    def takes(self, word: str, key: str) -> bool:
        """Whether something with the word may take the default: it does not say its own."""
        if word in self.values:
            return True
        place = self.keys_of(word).index(key)
        return not all(_says(line, key, place) for line in self.by_word.get(word, ()))


def _says(line: tree.Line, key: str, place: int) -> bool:
    """Whether a line gives `key`, by name or at `place` of each of its groups."""
    if any(a.key is not None and a.key.text == key for a in line.arguments):
        return True
    counts = [sum(1 for a in group if a.key is None) for group in line.groups]
    return bool(counts) and min(counts) > place


def _scope(node: tree.Scope, lines: _Lines, reporter: Reporter) -> None:
    if not all(lines.knows(word.text) for word in node.words):
        return
    used = [word.text for word in node.words if lines.uses(word.text)]
    for word in node.words:
        if word.text not in used:
            reporter.report(warnings.unused_scope_word(word.span, word.text))
    if len(used) < len(node.words):
        return
    for setting in node.settings:
        key = setting.key.text if setting.key is not None else ""
        # A key that nothing knows is an error, and said as such.
        known = [word for word in used if key in lines.keys_of(word)]
        if known and not any(lines.takes(word, key) for word in known):
            reporter.report(warnings.unused_scope_key(setting.span, key))


# Side branches.


class _Effects:
    """The blocks that leave a name, in themselves or in what they call.

    A tap, an output and a layer with a name can be found from outside.
    """

    def __init__(self, nodes: Sequence[tree.SyntaxNode]) -> None:
        self.words: set[str] = set()
        blocks = [n for n in nodes if isinstance(n, tree.Block | tree.Network)]
        while True:
            more = {
                block.name.text
                for block in blocks
                if block.name.text not in self.words and self.within(block.body)
            }
            if not more:
                return
            self.words |= more

    def within(self, node: Any) -> bool:
        """Whether something in a tree is seen from outside of it."""
        return any(
            isinstance(found, tree.Tap | tree.Output)
            or (
                isinstance(found, tree.Line)
                and (found.name is not None or found.word.text in self.words)
            )
            for found in nodes_of(node)
        )


def _bodies(items: Any) -> Iterator[tree.Body]:
    """The bodies whose branches are side paths."""
    for node in nodes_of(items):
        if isinstance(node, tree.Block | tree.Network | tree.Branch):
            yield node.body


def _branches(body: tree.Body, effects: _Effects, reporter: Reporter) -> None:
    """Warn of branches of a body that leave nothing; those of a merge are its operands."""
    waiting: list[Any] = list(body.statements)
    while waiting:
        match waiting.pop():
            case tree.Branch() as branch:
                if not effects.within(branch.body):
                    place = Span(
                        branch.span.source, branch.span.start, branch.body.span.start
                    )
                    reporter.report(warnings.branch_without_effect(place))
            case tree.If(cases=cases, otherwise=otherwise):
                waiting += [s for _, inner in cases for s in inner.statements]
                waiting += otherwise.statements if otherwise else ()
            case tree.For(body=inner) | tree.In(body=inner):
                waiting += inner.statements
            case tree.Scope(body=inner):
                waiting += inner.statements if inner else ()


# Files.


def report_unused_files(
    main: tree.File,
    uses: Iterable[tuple[tree.Use, frozenset[str]]],
    reporter: Reporter,
) -> None:
    """Warn of each `use` from whose names the file takes none."""
    names = {name for item in main.items for name in _names(item)}
    for item, given in uses:
        if not given & names:
            reporter.report(warnings.unused_file(item.span, item.path.value))
