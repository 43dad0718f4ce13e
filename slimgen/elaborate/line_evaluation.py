"""Lines evaluated: their arguments, their name, whether they reuse variables."""

from collections.abc import Sequence

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.env import Env
from slimgen.elaborate.evaluated import Argument, Evaluated, Failed, describe
from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.rejection import Rejected, TooMuch
from slimgen.elaborate.scopes import is_scope_name
from slimgen.elaborate.vocabulary import FINAL_ENDPOINT, REUSE, known_keys
from slimgen.elaborate.walk import Walk
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree

LineName = str | bool | None
"""Name of a line's scope: text, None for `none`, True for the default."""


def evaluate_line(
    word: tree.Name, arguments: Sequence[tree.Argument], walk: Walk, env: Env
) -> EvaluatedLine:
    """Return the evaluated arguments of a line."""
    line = EvaluatedLine(word.text, word.span)
    for argument in arguments:
        value = evaluate_argument(argument.value, walk, env)
        if argument.key is not None and argument.key.text == FINAL_ENDPOINT:
            value = _end_point_name(argument.value, value, walk, env)
        if argument.key is None:
            line.positional.append(Argument(value, argument.span))
        elif argument.key.text in line.keywords:
            raise Rejected(
                messages.repeated_argument(argument.span, word.text, argument.key.text)
            )
        else:
            line.keywords[argument.key.text] = Argument(value, argument.span)
    _find_bare_keys(line)
    if walk.reporter.lost:  # the line itself may be mistaken: it is not judged
        line.refuse_failed(walk.reporter)
    return line


def _end_point_name(
    expression: tree.Expression, value: Evaluated, walk: Walk, env: Env
) -> Evaluated:
    """Return the name of an end point, which stands without quotes, as after `from`.

    A name in reach that has a string, or none, stands for that.
    """
    if isinstance(value, str | None) or not isinstance(
        expression, tree.Name | tree.Template
    ):
        return value
    return walk.evaluator.text(expression, env.frame)


def evaluate_argument(expression: tree.Expression, walk: Walk, env: Env) -> Evaluated:
    """Return the value of an argument, or what is wrong with it."""
    try:
        return walk.evaluator.evaluate(expression, env.frame)
    except TooMuch:
        raise
    except Silent:
        return Failed(None)
    except Rejected as rejected:
        return Failed(rejected.diagnostic)


def line_name(name: tree.ScopeName | None, walk: Walk, env: Env) -> LineName:
    """Return the name that a line or braces have after `as`, `in` or `branch`."""
    if name is None:
        return True
    if name.template is None:
        return None
    text = walk.evaluator.text(name.template, env.frame)
    if not is_scope_name(text, root=not env.scope):
        raise Rejected(messages.bad_scope_name(name.span, text))
    return text


def take_reuse(line: EvaluatedLine, walk: Walk, env: Env) -> bool:
    """Take `reuse` off a line; return whether its variables are those of earlier layers."""
    argument = line.keywords.pop(REUSE, None)
    if argument is None:
        return env.reuse
    line.refuse_failed(walk.reporter, [argument])
    if not isinstance(argument.value, bool):
        raise Rejected(
            messages.wrong_value(
                argument.span,
                f"`reuse` of `{line.word}`",
                "`true` or `false`",
                describe(argument.value),
            )
        )
    return argument.value or env.reuse


def take_final_endpoint(line: EvaluatedLine, walk: Walk) -> Argument | None:
    """Take `final_endpoint` off a line that calls a network; none leaves out nothing."""
    argument = line.keywords.pop(FINAL_ENDPOINT, None)
    if argument is None or argument.value is None:
        return None
    line.refuse_failed(walk.reporter, [argument])
    if not isinstance(argument.value, str):
        where = f"`{FINAL_ENDPOINT}` of `{line.word}`"
        raise Rejected(
            messages.wrong_value(
                argument.span,
                where,
                "the name of an end point",
                describe(argument.value),
            )
        )
    return argument


def assign(
    names: Sequence[tree.Name], unpack: bool, value: Evaluated, span: Span, env: Env
) -> None:
    """Give names their values, those of a list where it is unpacked."""
    if not unpack:
        env.frame.names[names[0].text] = value
        return
    if not isinstance(value, tuple) or len(value) != len(names):
        raise Rejected(messages.cannot_unpack(span, len(names), describe(value)))
    for name, item in zip(names, value, strict=True):
        env.frame.names[name.text] = item


def _find_bare_keys(line: EvaluatedLine) -> None:
    """Report a key among the values as a key, and nothing about the values after it."""
    layer = LAYERS.get(line.word)
    keys = [] if layer is None else known_keys(layer)
    for index, argument in enumerate(line.positional):
        failed, text = argument.value, argument.span.text
        if isinstance(failed, Failed) and failed.diagnostic and text in keys:
            failed = Failed(messages.key_without_value(argument.span, text))
            after = [
                Argument(Failed(None), other.span)
                for other in line.positional[index + 1 :]
            ]
            line.positional[index:] = [Argument(failed, argument.span), *after]
            return
