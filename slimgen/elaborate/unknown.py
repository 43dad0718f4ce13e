"""Words, names and keys that nothing knows, where nothing is evaluated.

That is in blocks that no line calls, and in branches that are not taken.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice

from slimgen.diagnostics import Diagnostic
from slimgen.elaborate.operators import BUILTINS
from slimgen.elaborate.rejection import Reporter
from slimgen.elaborate.vocabulary import (
    FINAL_ENDPOINT,
    REUSE,
    known_keys,
    universal_words,
    unknown_key,
    unknown_scope_key,
    unknown_word,
)
from slimgen.layers import LAYERS
from slimgen.layers.functions import ACTIVATIONS
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.messages import names as messages
from slimgen.resolve import Resolution, Role, SymbolKind
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of

MOST_NAMES = 100  # that are reported; each is compared with all that are known
BLOCKS = (SymbolKind.BLOCK, SymbolKind.NETWORK)


def report_unknown(main: tree.File, resolution: Resolution, reporter: Reporter) -> None:
    """Report the words of a file that no block and no layer has, and unknown keys."""
    names = [symbol.name for symbol in resolution.symbols if symbol.kind in BLOCKS]
    blocks = list(dict.fromkeys(names))
    for diagnostic in list(islice(_names(main, resolution, reporter), MOST_NAMES)):
        reporter.report(diagnostic)
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


def _names(
    main: tree.File, resolution: Resolution, reporter: Reporter
) -> Iterator[Diagnostic]:
    """Yield the names in expressions that are neither declared nor words of an argument."""
    made = [  # names put together that a tensor has
        re.compile(re.sub(r"\\{.*?\\}", ".+", re.escape(node.name.span.text)))
        for node in nodes_of(main.items)
        if isinstance(node, tree.Tap | tree.Output | tree.Variable)
        and isinstance(node.name, tree.Template)
    ]
    words = {word.lower() for word in universal_words()}
    symbols = [symbol.name for symbol in resolution.symbols]
    known = list(dict.fromkeys([*symbols, *BUILTINS, *sorted(words)]))
    apart = _apart(main, reporter)
    for use in resolution.uses:
        name, start = use.name, use.span.start
        if use.role is not Role.VALUE or use.symbols or not use.exact:
            continue
        if use.span.source is not main.source or name.lower() in words:
            continue
        place = bisect_right(apart, start, key=lambda span: span[0]) - 1
        within = place >= 0 and start < apart[place][1]
        if within or name in BUILTINS or any(p.fullmatch(name) for p in made):
            continue
        yield messages.unknown_name(use.span, name, known)


def _apart(main: tree.File, reporter: Reporter) -> list[tuple[int, int]]:
    """Return where names are not looked up here, as places that do not overlap, in order.

    Jobs and the lines about a network have words of their own, and the end point of a used
    network is a name in there; a line with an error was evaluated.
    """
    mistakes = reporter.places(main.source)
    found = []
    for node in nodes_of(main.items):
        start, end = node.span.start, node.span.end
        if isinstance(node, tree.Line) and node.word.text not in NETWORK_LINES:
            end = node.body.span.start if node.body is not None else end
            if bisect_left(mistakes, end) > bisect_left(mistakes, start):
                found.append((start, end))
        elif isinstance(node, tree.Line | tree.Job) or _is_end_point(node):
            found.append((start, end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_end_point(node: tree.SyntaxNode) -> bool:
    if not isinstance(node, tree.Argument) or node.key is None:
        return False
    return node.key.text == FINAL_ENDPOINT


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
