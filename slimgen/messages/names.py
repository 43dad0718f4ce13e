"""Diagnostics about names, arguments and values (E1xx)."""

import difflib
import re
from collections.abc import Iterable, Sequence

from slimgen.diagnostics import Diagnostic, Note
from slimgen.messages.foreign import key_advice, our_key, our_name
from slimgen.source import Span

KEY = re.compile(r"[A-Za-z_]\w*\s*=\s*(?!=)", re.ASCII)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return "did you mean `x`?" for the nearest known word, or nothing."""
    candidates = [name for name in dict.fromkeys(known) if name != word]
    exact = [known for known in candidates if known.lower() == word.lower()]
    near = exact or difflib.get_close_matches(word[:80], candidates, 1, 0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def listed(words: Sequence[str], most: int = 8) -> str:
    """Write words as `a`, `b` and `c`; a long list ends with how many more there are."""
    if not words:
        return "nothing"
    shown = [f"`{word}`" for word in words[:most]]
    if len(words) > most:
        return f"{', '.join(shown)} and {len(words) - most} more"
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(count: int, noun: str) -> str:
    """Write "1 value", "2 values"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def key_of(span: Span, key: str) -> Span:
    """Narrow the place of `key=value` to its key."""
    if not span.text.startswith(key):
        return span
    return Span(span.source, span.start, span.start + len(key))


def value_of(span: Span) -> Span:
    """Narrow the place of `key=value` to its value."""
    key = KEY.match(span.text)
    return Span(span.source, span.start + key.end(), span.end) if key else span


def unknown_word(
    span: Span,
    word: str,
    known: Iterable[str],
    hint: str = "",
    what: str = "layer, block or network",
) -> Diagnostic:
    """Report an unknown first word of a line; `what` names what the word should be."""
    return Diagnostic(
        "E101",
        f"no {what} is called `{word}`",
        span,
        "unknown word",
        hint or suggestion(word, known),
    )


def _meant(name: str) -> str:
    return f"did you mean `{name}`?" if name else ""


def unknown_name(
    span: Span, name: str, known: Sequence[str], hint: str = ""
) -> Diagnostic:
    """Report a name that is not defined here and that the argument does not take."""
    return Diagnostic(
        "E102",
        f"nothing is called `{name}` here",
        span,
        "unknown name",
        hint or _meant(our_name(name, known)) or suggestion(name, known),
    )


def key_without_value(span: Span, key: str) -> Diagnostic:
    """Report the key of an argument where a value is expected."""
    return unknown_name(span, key, [], f"write `{key}=…`")


def end_point_hint(name: str) -> str:
    """Say how a layer's result becomes a value."""
    return (
        f"it names a layer: write `tap NAME` after it, or continue with `from {name}`"
    )


def unknown_argument(
    span: Span, word: str, key: str, known: Sequence[str], renamed: str = ""
) -> Diagnostic:
    """Report a key that the word does not take."""
    help = _called(span, key, known, renamed) or suggestion(key, known)
    return Diagnostic(
        "E103",
        f"`{word}` has no argument `{key}`",
        key_of(span, key),
        "unknown argument",
        help or f"`{word}` takes {listed(known, 30)}",
    )


def _called(span: Span, key: str, known: Sequence[str], renamed: str) -> str:
    """Say what an argument of another library is called here, or nothing."""
    if key in ("scope", "name"):
        return "a name stands last: `… as NAME`"
    if advice := key_advice(key, value_of(span).text, known):
        return advice
    ours = renamed or our_key(key, known)
    return f"`{key}` is called `{ours}` here" if ours else ""


def missing_argument(span: Span, word: str, name: str, doc: str) -> Diagnostic:
    """Report a required argument that neither the line nor a scope gives."""
    detail = f" ({doc})" if doc else ""
    return Diagnostic(
        "E104", f"`{word}` needs `{name}`{detail}", span, "not given here"
    )


def missing_arguments(span: Span, word: str, names: Sequence[str]) -> Diagnostic:
    """Report several required arguments at once: they are missing at one place."""
    return Diagnostic("E104", f"`{word}` needs {listed(names)}", span, "not given here")


def missing_parameter(span: Span, network: str, name: str) -> Diagnostic:
    """Report a network's parameter that has no value."""
    return Diagnostic(
        "E104",
        f"the network `{network}` needs a value for `{name}`",
        span,
        "without a default",
        f"set it with `-D {name}=…`, or declare a default: `{name} = …`",
    )


def missing_operands(span: Span, word: str) -> Diagnostic:
    """Report a merging layer with nothing to merge."""
    return Diagnostic(
        "E104",
        f"`{word}` has nothing to merge",
        span,
        "neither branches nor a list",
        f"give it a `branch` between its braces, or a list: `{word} [net, other]`",
    )


def too_many_arguments(span: Span, word: str, most: int, found: int) -> Diagnostic:
    """Report positional arguments beyond those that the word takes."""
    taken = f"at most {counted(most, 'argument')}" if most else "no arguments"
    return Diagnostic(
        "E105",
        f"`{word}` takes {taken} without a key, found {found}",
        span,
        "one too many",
    )


def keyless(span: Span, word: str, key: str) -> Diagnostic:
    """Report a key in a call of one of the language's own functions."""
    return Diagnostic(
        "E103",
        f"`{word}` has no argument `{key}`",
        span,
        "unknown argument",
        f"the arguments of `{word}` have no keys",
    )


def repeated_argument(span: Span, word: str, key: str) -> Diagnostic:
    """Report an argument that is given twice."""
    return Diagnostic(
        "E106", f"`{word}` gets `{key}` twice", key_of(span, key), "given again here"
    )


def wrong_value(
    span: Span, where: str, expected: str, found: str, help: str = ""
) -> Diagnostic:
    """Report a value of another kind than the argument takes."""
    return Diagnostic(
        "E107",
        f"{where} takes {expected}, found {found}",
        value_of(span),
        "this value",
        help,
    )


def name_taken(span: Span, name: str, what: str, first: Span | None) -> Diagnostic:
    """Report a declaration of a name that is something else already."""
    notes = (Note(first, "first declared here"),) if first else ()
    return Diagnostic(
        "E108", f"`{name}` is already {what}", span, "declared again", notes=notes
    )


def unknown_scope_key(
    span: Span, key: str, words: Sequence[str], known: Sequence[str], renamed: str = ""
) -> Diagnostic:
    """Report a key that no word in a scope's list knows."""
    help = _called(span, key, known, renamed) or suggestion(key, known)
    return Diagnostic(
        "E109",
        f"{listed(words)} {'has' if len(words) == 1 else 'have'} no argument `{key}`",
        span,
        "unknown to every word of this scope",
        help,
    )


def unknown_parameter(span: Span | None, name: str, known: Sequence[str]) -> Diagnostic:
    """Report a `-D` that names no parameter or input of the networks built."""
    return Diagnostic(
        "E110",
        f"no network has a parameter `{name}`",
        span,
        help=suggestion(name, known) or f"the parameters are {listed(known, 30)}",
    )


def recursion(span: Span, what: str, name: str) -> Diagnostic:
    """Report a block, function or file that needs itself."""
    return Diagnostic("E111", f"{what} `{name}` uses itself", span, "used again here")


def cannot_compute(span: Span, reason: str, help: str = "") -> Diagnostic:
    """Report an expression without a value."""
    return Diagnostic(
        "E112", f"this has no value: {reason}", span, "computed here", help
    )


def not_a_condition(span: Span, found: str) -> Diagnostic:
    """Report a condition whose value is not a truth value."""
    return Diagnostic(
        "E113", f"a condition is `true` or `false`, found {found}", span, "this value"
    )


def cannot_unpack(span: Span, names: int, found: str) -> Diagnostic:
    """Report a value that does not have one item for each name."""
    return Diagnostic(
        "E114",
        f"{counted(names, 'name')} take a list of {names}, found {found}",
        span,
        "this value",
    )


def variable_exists(span: Span, name: str, first: Span | None) -> Diagnostic:
    """Report a second layer under the variable names of an earlier one."""
    again = first == span  # the same line, in a later turn of a loop
    notes = (Note(first, "first created here"),) if first and not again else ()
    help = "give the layer another name, or `reuse=true` to share the variable"
    if again:
        help = "let the name count, as in `conv{i}`, or share it by `reuse=true`"
    return Diagnostic(
        "E115",
        f"the variable `{name}` exists already",
        span,
        "created again in each turn" if again else "created again",
        help,
        notes,
    )


def nothing_to_reuse(span: Span, name: str, known: Sequence[str]) -> Diagnostic:
    """Report `reuse=true` where no earlier layer has that variable."""
    return Diagnostic(
        "E116",
        f"no variable `{name}` exists to reuse",
        span,
        "`reuse` here",
        suggestion(name, known) or "an earlier layer must create it",
    )


def bad_scope_name(span: Span, name: str) -> Diagnostic:
    """Report a scope name that TensorFlow would not take."""
    return Diagnostic(
        "E117",
        f"`{name[:80]}` cannot be a variable scope",
        span,
        "this name",
        "letters, digits, `_`, `.` and `-`, in parts separated by `/`; "
        "a whole name begins with a letter or a digit",
    )


def no_current_tensor(span: Span, word: str) -> Diagnostic:
    """Report a layer before any input."""
    return Diagnostic(
        "E118",
        f"`{word}` has no input tensor",
        span,
        "no input stands before this line",
        "a network begins with an input, such as `input images 224x224x3`",
    )


def misplaced(span: Span, what: str, where: str, help: str = "") -> Diagnostic:
    """Report a statement where it cannot stand."""
    return Diagnostic("E119", f"{what} cannot stand {where}", span, "here", help)


def not_a_tensor(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    """Report a `from` or an operand that names no tensor."""
    return Diagnostic(
        "E120",
        f"no tap, input, output or end point is called `{name}` here",
        span,
        "not a tensor",
        suggestion(name, known),
    )


def out_of_reach(span: Span, name: str) -> Diagnostic:
    """Report a `from` of a variable inside a block that has ended."""
    return Diagnostic(
        "E120",
        f"the variable `{name}` is inside a block that has ended",
        span,
        "out of reach",
        "use it inside of the block, or name a tensor computed of it: `from` takes layers and taps",
    )


def requirement_failed(span: Span, message: str) -> Diagnostic:
    """Report a `require` that does not hold; the words are the source's own."""
    return Diagnostic("E121", message, span, "this does not hold")


def limit_exceeded(span: Span | None, what: str, limit: int) -> Diagnostic:
    """Report a source beyond one of the stated limits."""
    return Diagnostic("E122", f"more than {limit:,} {what}", span, "the limit is here")


def no_such_network(name: str, known: Sequence[str]) -> Diagnostic:
    """Report a `--network` that the source does not have."""
    found = listed(known) if known else "no network"
    return Diagnostic(
        "E124",
        f"no network is called `{name}`",
        help=suggestion(name, known) or f"the source has {found}",
    )


def no_such_end_point(
    network: str, name: str, known: Sequence[str], span: Span | None = None
) -> Diagnostic:
    """Report a `final_endpoint` that no layer of the network has."""
    return Diagnostic(
        "E125",
        f"no end point of `{network}` is called `{name}`",
        value_of(span) if span else None,
        "not an end point" if span else "",
        help=suggestion(name, known),
    )


def without_meaning(span: Span, word: str, key: str, why: str) -> Diagnostic:
    """Report an argument of TF-Slim that has no effect in a built file."""
    return Diagnostic(
        "E126",
        f"`{key}` of `{word}` has no meaning here: {why}",
        key_of(span, key),
        "without effect",
        "leave it out",
    )


def no_network(span: Span | None) -> Diagnostic:
    """Report a source with nothing to build."""
    return Diagnostic(
        "E127",
        "the file has no network to build",
        span,
        help="a network is `network NAME { … }` with an input and layers",
    )


def nothing_in_network(span: Span, name: str) -> Diagnostic:
    """Report a network without an input or a layer."""
    return Diagnostic(
        "E127",
        f"`{name}` has nothing to build",
        span,
        "it has neither an input nor a layer",
        "a network begins with an input, such as `input images 224x224x3`",
    )


def unknown_fact(span: Span, fact: str, tensor: str, has_axis: bool) -> Diagnostic:
    """Report `channels`, `height` or `width` of a tensor where it is free or missing."""
    if not has_axis:
        return Diagnostic(
            "E128",
            f"the current tensor has no `{fact}`: it is {tensor}",
            span,
            "needed here",
        )
    return Diagnostic(
        "E128",
        f"`{fact}` of the current tensor is not known when the file is compiled",
        span,
        "needed here",
        f"give the input a fixed {fact}, or decide by a parameter",
    )


def emitted_name_taken(
    span: Span | None, name: str, emitted: str, other: str
) -> Diagnostic:
    """Report a network whose class name is already used in the built file."""
    return Diagnostic(
        "E129",
        f"`{name}` would be the class `{emitted}` in the built file, which is {other}",
        span,
        "this name",
        "choose another name",
    )


def bad_define(name: str, text: str, reason: str = "") -> Diagnostic:
    """Report a `-D` whose text is not a value; `reason` is the remedy, if known."""
    return Diagnostic(
        "E131",
        f"`{text[:60]}` is not a value for `-D {name}`",
        help=reason
        or "a value is a number, a size such as `300x400x3`, a word, a list or a "
        'string such as `"text"`; a shell needs quotes around some of them',
    )


def no_tensor_inside(span: Span, key: str, word: str) -> Diagnostic:
    """Report a tensor given to a layer that is itself an argument."""
    return Diagnostic(
        "E107",
        f"`{key}` of a `{word}` that is an argument takes no tensor",
        span,
        "this tensor",
        f"write `{word}` on a line of its own: "
        f"`conv … normalizer=none activation=none biases=none`, then `{word} {key}=…`",
    )
