"""Words and keys that nothing knows, where nothing is evaluated.

That is in blocks that no line calls, and in branches that are not taken.
"""

from collections.abc import Iterable, Iterator

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
from slimgen.resolve import Resolution, SymbolKind
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of

BLOCKS = (SymbolKind.BLOCK, SymbolKind.NETWORK)


def report_unknown(main: tree.File, resolution: Resolution, reporter: Reporter) -> None:
    """Report the words of a file that no block and no layer has, and unknown keys."""
    names = [symbol.name for symbol in resolution.symbols if symbol.kind in BLOCKS]
    blocks = list(dict.fromkeys(names))
    for node in nodes_of(
        [item for item in main.items if not isinstance(item, tree.Job)]
    ):
        found: Iterable[Diagnostic] = ()
        if isinstance(node, tree.Line):
            use = resolution.used_at(node.word.span)
            # A line in a map of weights, or about the network, has no word to look up.
            if use is not None and not use.symbols:
                found = _line(node, [*blocks, *LAYERS, *ACTIVATIONS])
        elif isinstance(node, tree.Scope):
            uses = [resolution.used_at(word.span) for word in node.words]
            if not any(use is not None and use.symbols for use in uses):
                found = _scope(node, [*blocks, *LAYERS])
        for diagnostic in found:
            reporter.report(diagnostic)


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
    elif word not in ACTIVATIONS:
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
