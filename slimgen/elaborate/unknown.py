"""Words and keys that nothing knows, where nothing is evaluated.

That is in blocks that nobody calls, and in branches that are not taken.
"""

from collections.abc import Iterable, Iterator, Mapping

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.rejection import Reporter
from slimgen.elaborate.vocabulary import (
    REUSE,
    known_keys,
    unknown_key,
    unknown_scope_key,
    unknown_word,
)
from slimgen.layers import LAYERS
from slimgen.layers.functions import ACTIVATIONS
from slimgen.layers.jobs import NETWORK_LINES
from slimgen.layers.weight_lines import WeightsLine
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of


def report_unknown(
    main: tree.File, files: Mapping[str, tree.File], reporter: Reporter
) -> None:
    """Report what can be a word or a key nowhere; `files` are all, with those used."""
    blocks = dict.fromkeys(_blocks(files.values()))
    items = [item for item in main.items if not isinstance(item, tree.Job)]
    rules = _rules(items)
    for node in nodes_of(items):
        found: Iterable[Diagnostic] = ()
        if id(node) in rules:
            continue
        if isinstance(node, tree.Line) and node.word.text not in blocks:
            found = _line(node, [*blocks, *LAYERS, *ACTIVATIONS])
        # Blocks of one name may differ in their keys: a scope on one is not judged.
        elif isinstance(node, tree.Scope) and not any(
            word.text in blocks for word in node.words
        ):
            found = _scope(node, [*blocks, *LAYERS])
        for diagnostic in found:
            reporter.report(diagnostic)


def _blocks(files: Iterable[tree.File]) -> Iterator[str]:
    """The names of all blocks and networks, wherever they are declared."""
    for file in files:
        for node in nodes_of(file.items):
            if isinstance(node, tree.Block | tree.Network):
                yield node.name.text


def _rules(items: Iterable[tree.SyntaxNode]) -> set[int]:
    """The lines inside maps of weights: no words of a network."""
    return {
        id(rule)
        for node in nodes_of(list(items))
        if isinstance(node, tree.Line) and node.word.text == WeightsLine.word
        for rule in nodes_of(node.body)
    }


def _line(line: tree.Line, known: list[str]) -> Iterator[Diagnostic]:
    word = line.word.text
    layer = LAYERS.get(word)
    if layer is not None:
        for argument in line.arguments:
            key = argument.key
            if key is not None and key.text != REUSE:
                unknown = unknown_key(layer, word, key.text, argument.span)
                if unknown is not None:
                    yield unknown
    elif word not in ACTIVATIONS and word not in NETWORK_LINES:
        yield unknown_word(word, line.word.span, known)


def _scope(scope: tree.Scope, known: list[str]) -> Iterator[Diagnostic]:
    unknown_words = [word for word in scope.words if word.text not in LAYERS]
    for word in unknown_words:
        yield unknown_word(word.text, word.span, known)
    if unknown_words:
        return
    keys = {word.text: known_keys(LAYERS[word.text]) for word in scope.words}
    for setting in scope.settings:
        unknown = unknown_scope_key(keys, setting) if setting.key else None
        if unknown is not None:
            yield unknown
