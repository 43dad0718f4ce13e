"""Which words and keys there are, and what to say of those that there are not."""

import functools
from collections.abc import Collection, Iterable, Mapping

from slimgen.diagnostics import Diagnostic
from slimgen.layers import LAYERS, word_of
from slimgen.layers.declaration import Declaration, parameters
from slimgen.layers.functions import ACTIVATIONS, INITIALIZERS, REGULARIZERS
from slimgen.messages import names as messages
from slimgen.messages.foreign import word_advice
from slimgen.source import Span
from slimgen.syntax import tree

REUSE = "reuse"
FINAL_ENDPOINT = "final_endpoint"


@functools.cache
def universal_words() -> frozenset[str]:
    """Every bare word that some argument of some layer takes."""
    words = {*LAYERS, *ACTIVATIONS, *INITIALIZERS, *REGULARIZERS}
    for table in (ACTIVATIONS, INITIALIZERS, REGULARIZERS):
        for function in table.values():
            words.update(
                word for _, kind, _ in function.parameters for word in kind.words
            )
    for layer in LAYERS.values():
        for parameter in parameters(layer):
            words.update(parameter.kind.words)
    return frozenset(words)


def known_keys(layer: type[Declaration]) -> list[str]:
    """The keys that a layer's line or a scope on it may have."""
    return [parameter.name for parameter in parameters(layer)]


def unknown_word(word: str, span: Span, known: Iterable[str]) -> Diagnostic:
    """Reject a word that is not in `known`."""
    ours = word_of(word)
    hint = word_advice(word) or (f"did you mean `{ours}`?" if ours else "")
    return messages.unknown_word(span, word, known, hint)


def unknown_key(
    layer: type[Declaration], word: str, key: str, span: Span
) -> Diagnostic | None:
    """Say that a layer has no such argument, or none with a meaning; None if it has."""
    if key in layer.traps:
        return messages.without_meaning(span, word, key, layer.traps[key])
    known = known_keys(layer)
    if key in known:
        return None
    renamed = _renamed_key(layer, key)
    known += [REUSE] if layer.word in LAYERS else []
    return messages.unknown_argument(span, word, key, known, renamed)


def unknown_scope_key(
    keys: Mapping[str, Collection[str]], setting: tree.Argument
) -> Diagnostic | None:
    """Say that no word of a scope has such an argument; `keys` has those of each."""
    assert setting.key is not None
    key = setting.key.text
    if any(key in known for known in keys.values()):
        return None
    layers = [LAYERS[word] for word in keys if word in LAYERS]
    for layer in layers:
        if key in layer.traps:
            why = layer.traps[key]
            return messages.without_meaning(setting.span, layer.word, key, why)
    known = [name for names in keys.values() for name in names]
    renamed = next((r for layer in layers if (r := _renamed_key(layer, key))), "")
    return messages.unknown_scope_key(setting.key.span, key, list(keys), known, renamed)


def _renamed_key(layer: type[Declaration], key: str) -> str:
    """Our name of an argument that `key` names in TF-Slim, or nothing."""
    for parameter in parameters(layer):
        if parameter.slim == key:
            return parameter.name
    return ""
