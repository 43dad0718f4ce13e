"""Documentation derived from the declarations: for `slimgen layers` and for docs/."""

import inspect
from collections.abc import Iterable, Mapping, Sequence

from slimgen.layers import DECLARATIONS, LAYERS
from slimgen.layers.argument_types import ArgumentType, Choice, FunctionSpec, Optional
from slimgen.layers.declaration import Declaration, Layer, Parameter, parameters
from slimgen.layers.functions import ACTIVATIONS, INITIALIZERS, REGULARIZERS
from slimgen.layers.jobs.initial import FromLine
from slimgen.layers.jobs.kinds import DATA_LINES, JOB_LINES
from slimgen.layers.literals import NamedFunction
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.setting_line import SettingLine
from slimgen.layers.variable import FreeVariable
from slimgen.layers.weight_lines import MAP_LINES

FUNCTIONS: Mapping[str, Mapping[str, FunctionSpec]] = {
    "Activations as arguments": ACTIVATIONS,
    "Initializers": INITIALIZERS,
    "Regularizers": REGULARIZERS,
}


LINES: Sequence[tuple[str, type[Declaration]]] = (
    ("variable", FreeVariable),
    ("local_variable", FreeVariable),
    *NETWORK_LINES.items(),
    *MAP_LINES.items(),
    (FromLine.word, FromLine),
    *((line.word, line) for line in JOB_LINES),
    *DATA_LINES.items(),
)
"""Declarations besides layers: variables, and lines about weights and jobs.

A word may stand twice: `rename` is one thing in a map of weights, and another in a job.
"""


def families() -> dict[str, list[type[Layer]]]:
    """Return the layers by family, in the order of their declarations."""
    found: dict[str, list[type[Layer]]] = {}
    for layer in DECLARATIONS:
        found.setdefault(layer.family, []).append(layer)
    return found


def summary_of(layer: type[Declaration]) -> str:
    """Return the first sentence of a layer's documentation."""
    return _doc(layer).split("\n\n")[0].split(".\n")[0].replace("\n", " ").rstrip(".")


def _doc(layer: type[Declaration]) -> str:
    return inspect.cleandoc(layer.__doc__ or "")


def describe_all() -> str:
    """Return every word in one line, by family."""
    words = [layer.word for layer in DECLARATIONS]
    words += [word for word, _ in LINES]
    words += [*(word for table in FUNCTIONS.values() for word in table)]
    width = max(map(len, words))
    parts = [
        _section(family, [(one.word, summary_of(one)) for one in members], width)
        for family, members in families().items()
    ]
    lines = [(word, summary_of(line)) for word, line in LINES]
    parts.append(_section("Variables, weights and jobs", lines, width))
    parts += [
        _section(title, [(spec.word, spec.doc) for spec in table.values()], width)
        for title, table in FUNCTIONS.items()
    ]
    return "\n".join(parts)


def _section(title: str, rows: Iterable[tuple[str, str]], width: int) -> str:
    lines = [f"  {word:<{width}}  {text}" for word, text in rows]
    return "\n".join([title, *lines]) + "\n"


def describe(layer: type[Declaration]) -> str:
    """Return what is known about a layer, as Markdown."""
    forms: Iterable[type[SettingLine]] = ()
    heading = f"# {layer.word}"
    if issubclass(layer, SettingLine):
        forms = layer.forms.values()
        heading = f"{heading} {layer.form}".rstrip()
    facts = _facts(layer) if issubclass(layer, Layer) else ""
    parts = [heading, _doc(layer), facts]
    if layer.example:
        parts.append(f"```slimgen\n{layer.example}\n```")
    rows = _arguments(layer)
    if rows:
        parts.append(
            "Arguments; those with a number may stand without their key."
            if rows[0].startswith("1.")
            else "Arguments, all with their key."
        )
        parts.append("\n".join(rows))
    if layer.traps:
        rows = [f"- `{key}`: {why}" for key, why in layer.traps.items()]
        parts.append("Keys of TF-Slim that have no meaning here:\n\n" + "\n".join(rows))
    parts += [f"#{describe(form)}".strip() for form in forms]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(layer: type[Layer]) -> str:
    facts = []
    if layer.slim:
        facts.append(f"- TF-Slim: `{layer.slim}`")
    if layer.tensorflow:
        facts.append(f"- TensorFlow: `{layer.tensorflow}`")
    if layer.default_scope:
        facts.append(f"- scope without a name: `{layer.default_scope}`")
    if layer.normalizer_scope:
        facts.append(f"- as a value: `normalizer={layer.word}`")
    if layer.merges:
        facts.append("- takes branches in braces, or a list of tensors")
    return "\n".join(facts)


def _arguments(layer: type[Declaration]) -> list[str]:
    declared = parameters(layer)
    placed = [one for one in declared if one.positional]
    named = [one for one in declared if not one.positional]
    rows = [f"{number}. {_argument(one)}" for number, one in enumerate(placed, 1)]
    return rows + [f"- {_argument(one)}" for one in named]


def _argument(one: Parameter) -> str:
    slim = f"; in TF-Slim `{one.slim}`" if one.slim != one.name else ""
    default = (
        "required" if one.required else f"default `{write(one.default, one.kind)}`"
    )
    return f"`{one.name}`: {one.doc}. Takes {taken(one.kind)}; {default}{slim}."


def taken(kind: ArgumentType) -> str:
    """Return what a kind takes; many words as a list of them."""
    if isinstance(kind, Optional):
        return f"{taken(kind.item)}, or `none`"
    if isinstance(kind, Choice) and len(kind.words) > 2:
        *words, last = (f"`{word}`" for word in kind.words)
        return f"{', '.join(words)} or {last}"
    return kind.expected


def describe_function(spec: FunctionSpec) -> str:
    """Return what is known about an activation, an initializer or a regularizer."""
    parts = [f"# {spec.word}", f"{spec.doc}."]
    if spec.slim:
        parts.append(f"- TF-Slim or TensorFlow: `{spec.slim}`")
    rows = []
    for number, (name, kind, default) in enumerate(spec.parameters, 1):
        usual = "required" if default is ... else f"default `{write(default, kind)}`"
        rows.append(f"{number}. `{name}`: takes {kind.expected}; {usual}.")
    if rows:
        parts.append("Arguments:\n\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def find_layers(word: str) -> list[type[Declaration]]:
    """Return the layer, or else the lines declared as layers, of this name."""
    if word in LAYERS:
        return [LAYERS[word]]
    return [line for name, line in LINES if name == word]


def find_function(word: str) -> FunctionSpec | None:
    """Return the activation, initializer or regularizer of this name."""
    return next((table[word] for table in FUNCTIONS.values() if word in table), None)


def write(value: object, kind: ArgumentType | None = None) -> str:
    """Return a value as it is written in the language."""
    match value:
        case None | True | False:
            return str(value).lower()
        case int() | float():
            return repr(value)
        case str():
            bare = kind is not None and value in kind.words
            return value if bare else f'"{value}"'
        case tuple() | list():
            return f"[{', '.join(write(item, kind) for item in value)}]"
        case NamedFunction(word=word, arguments=arguments):
            given = ", ".join(f"{key}={write(item)}" for key, item in arguments)
            return f"{word}({given})" if given else word
        case Layer():
            return value.word
    raise TypeError(f"no notation for {value!r}")
