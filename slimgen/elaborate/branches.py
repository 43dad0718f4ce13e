"""Braces: branches, variable scopes, scopes of defaults, and the ways of an `if`."""

from collections.abc import Iterator

from slimgen.elaborate.env import BranchEnd, Env
from slimgen.elaborate.evaluated import Argument, Failed
from slimgen.elaborate.line_evaluation import (
    LineName,
    evaluate_argument,
    evaluate_line,
    line_name,
    take_reuse,
)
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.scopes import join, with_defaults
from slimgen.elaborate.vocabulary import (
    REUSE,
    known_keys,
    unknown_scope_key,
    unknown_word,
)
from slimgen.elaborate.walk import Walk, braces
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.syntax import tree

ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"),
    *("ninth", "tenth"),
)  # names of operands without one of their own


def elaborate_branch(statement: tree.Branch, walk: Walk, env: Env) -> None:
    """Walk a branch: an operand of the merge around it, or a side path."""
    if env.net is None:
        raise Rejected(messages.no_current_tensor(statement.span, "branch"))
    name = None
    if statement.name is not None:
        name = line_name(statement.name, walk, env)
    scope = join(env.scope, name) if isinstance(name, str) else env.scope
    hint = _side_hint(statement, name)
    if env.merge is not None:
        hint = _operand_hint(statement, env, name)
    inner = env.branch(scope, hint)
    with walk.scope_open(scope if scope != env.scope else None):
        walk.body(statement.body, inner)
    if env.merge is not None:
        assert inner.net is not None
        env.merge.append(BranchEnd(inner.net, statement.span))


def _operand_hint(statement: tree.Branch, env: Env, name: LineName) -> str:
    """Return the name of an operand's tensors: of its scope, or of its only named line."""
    if isinstance(name, str):
        return name.lower()
    assert env.merge is not None
    names = set(_line_names(statement.body))
    if len(names) == 1:
        return names.pop()
    if names and env.adds and env.hint == "net":
        return "residual"
    place = ORDINALS[len(env.merge)] if len(env.merge) < len(ORDINALS) else "branch"
    return place if env.hint == "net" else f"{env.hint}_{place}"


def _line_names(body: tree.Body) -> Iterator[str]:
    """Yield the plain names of a body's lines, those of all ways of an `if` too."""
    for statement in body.statements:
        match statement:
            case tree.Line(name=tree.ScopeName(template=tree.Template(parts=(text,)))):
                if isinstance(text, str):
                    yield text
            case tree.If(cases=cases, otherwise=otherwise):
                for _, way in cases:
                    yield from _line_names(way)
                if otherwise is not None:
                    yield from _line_names(otherwise)


def _side_hint(statement: tree.Branch, name: LineName) -> str:
    """Return the name of a side path's tensors: its scope, or the name of its tap."""
    if isinstance(name, str):
        return name.rpartition("/")[2]
    for inner in statement.body.statements:
        match inner:
            case tree.Tap(name=tree.Name(text=text)):
                return text
            case tree.Output(name=tree.Name(text=text)):
                return text
    return "side"


def elaborate_in(statement: tree.In, walk: Walk, env: Env) -> None:
    """Walk braces in a variable scope of their own."""
    word = tree.Name(statement.span, "in")
    line = evaluate_line(word, statement.settings, walk, env)
    reuse = take_reuse(line, walk, env)
    for key, argument in line.keywords.items():
        raise Rejected(messages.unknown_argument(argument.span, "in", key, [REUSE]))
    name = line_name(statement.name, walk, env)
    scope = join(env.scope, name) if isinstance(name, str) else env.scope
    kept = env.scope, env.reuse, env.hint
    opened = scope if scope != env.scope else None
    again = reuse and not env.reuse
    with walk.scope_open(opened, again), braces(env):
        env.scope, env.reuse = scope, reuse
        if isinstance(name, str) and env.hint in ORDINALS:
            env.hint = name.rpartition("/")[2].lower()
        try:
            walk.body(statement.body, env)
        finally:
            env.scope, env.reuse, env.hint = kept


def elaborate_scope(statement: tree.Scope, walk: Walk, env: Env) -> None:
    """Add defaults for the rest of the braces, or for braces of their own."""
    inner = with_defaults(env.defaults, _settings(statement, walk, env))
    if statement.body is None:
        env.defaults = inner
        return
    with braces(env):
        env.defaults = inner
        walk.body(statement.body, env)


def _settings(
    statement: tree.Scope, walk: Walk, env: Env
) -> dict[str, dict[str, Argument]]:
    """Return the defaults of a scope by word and key."""
    keys = {word.text: _keys_of(word, env) for word in statement.words}
    settings: dict[str, dict[str, Argument]] = {word: {} for word in keys}
    for setting in statement.settings:
        if setting.key is None:
            raise Rejected(
                messages.misplaced(
                    setting.span,
                    "a value without a key",
                    "in a scope",
                    "write `key=value`",
                )
            )
        unknown = unknown_scope_key(keys, setting)
        if unknown is not None:
            walk.reporter.report(unknown)
            continue
        key = setting.key.text
        value = evaluate_argument(setting.value, walk, env)
        if isinstance(value, Failed) and value.diagnostic is not None:
            walk.reporter.report(value.diagnostic)
        for word, known in keys.items():
            if key in known:
                settings[word][key] = Argument(value, setting.span, True)
    return settings


def _keys_of(word: tree.Name, env: Env) -> list[str]:
    block = env.words.find(word.text)
    if block is not None:
        return [parameter.name.text for parameter in block.node.parameters]
    if word.text not in LAYERS:
        raise Rejected(
            unknown_word(word.text, word.span, [*env.words.known(), *LAYERS])
        )
    return known_keys(LAYERS[word.text])


def elaborate_if(statement: tree.If, walk: Walk, env: Env) -> None:
    """Walk the braces of the first condition that holds, else those of `else`."""
    chosen = statement.otherwise
    for condition, body in statement.cases:
        if walk.evaluator.condition(condition, env.frame):
            chosen = body
            break
    if chosen is not None:
        with braces(env):
            walk.body(chosen, env)
