"""`repeat`, `stack` and `for`: every turn decided when the file is compiled."""

from collections.abc import Sequence

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.env import Env
from slimgen.elaborate.evaluated import describe
from slimgen.elaborate.line_evaluation import (
    LineName,
    assign,
    evaluate_line,
    line_name,
)
from slimgen.elaborate.lines import apply_line
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.walk import Walk, braces
from slimgen.ir.graph import Step
from slimgen.layers import LAYERS
from slimgen.messages import names as messages
from slimgen.syntax import tree

LISTS = tree.Size | tree.Tuple | tree.List
REPEAT_STEMS = {"conv": "convolution{axes}d"}


def elaborate_repeat(statement: tree.Repeat, walk: Walk, env: Env) -> None:
    """Apply one line several times."""
    count = walk.evaluator.evaluate(statement.count, env.frame)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise Rejected(
            messages.wrong_value(
                statement.count.span,
                "`repeat`",
                "a whole number from 0",
                describe(count),
            )
        )
    # Before the list of turns, which may be too long for the memory.
    walk.count_turns(int(count), statement.span)
    line = evaluate_line(statement.line.word, statement.line.arguments, walk, env)
    _apply_series(line, [line] * int(count), statement, walk, env)


def elaborate_stack(statement: tree.Stack, walk: Walk, env: Env) -> None:
    """Apply one layer for each group of arguments."""
    line = statement.line
    whole = evaluate_line(line.word, line.arguments, walk, env)
    lines = []
    for group in line.groups:
        _refuse_list(group)
        values = [argument for argument in group if argument.key is None]
        part = evaluate_line(line.word, values, walk, env)
        part.keywords = dict(whole.keywords)
        lines.append(part)
    walk.count_turns(len(lines), statement.span)
    _apply_series(whole, lines, statement, walk, env)


def _apply_series(
    line: EvaluatedLine,
    lines: Sequence[EvaluatedLine],
    statement: tree.Repeat | tree.Stack,
    walk: Walk,
    env: Env,
) -> None:
    """Apply lines one after the other in scopes `name/name_1`, `name/name_2`, …."""
    name = line_name(statement.line.name, walk, env)
    stem = type(statement).__name__  # `Repeat` and `Stack` are TF-Slim's names too
    if statement.line.body is not None:
        span = statement.line.body.span
        raise Rejected(
            messages.misplaced(span, "a body in braces", f"in `{stem.lower()}`")
        )
    if env.net is None:
        raise Rejected(messages.no_current_tensor(line.span, line.word))
    inner_stem = _stem(name, line, env)
    scope = walk.calls.layer_scope(None, line.span, name, env, stem)
    assert scope is not None
    walk.totals.loops += 1
    loop = walk.totals.loops
    with walk.scope_open(scope if scope != env.scope else None):
        for index, part in enumerate(lines, 1):
            turn = env.turn(scope, Step(loop, "i", index))
            copy = EvaluatedLine(
                part.word, part.span, list(part.positional), dict(part.keywords)
            )
            env.net = apply_line(copy, f"{inner_stem}_{index}", walk, turn)


def _stem(name: LineName, line: EvaluatedLine, env: Env) -> str:
    """Return the part of the turns' names before their numbers."""
    if isinstance(name, str):
        return name
    if line.word not in REPEAT_STEMS or env.words.find(line.word):
        layer = LAYERS.get(line.word)
        return layer.slim or line.word if layer else line.word
    tensor = env.net
    axes = tensor.value.type.rank - 2 if tensor and tensor.value else 2
    return REPEAT_STEMS[line.word].format(axes=axes)


def elaborate_for(statement: tree.For, walk: Walk, env: Env) -> None:
    """Walk the braces once for each item."""
    items = walk.evaluator.evaluate(statement.items, env.frame)
    if not isinstance(items, tuple):
        raise Rejected(
            messages.wrong_value(
                statement.items.span, "`for`", "a list or a range", describe(items)
            )
        )
    walk.count_turns(len(items), statement.span)
    walk.totals.loops += 1
    loop = walk.totals.loops
    for item in items:
        assign(statement.names, statement.unpack, item, statement.items.span, env)
        name, count = "", 0
        if isinstance(item, int) and not isinstance(item, bool):
            name, count = statement.names[0].text, int(item)
        with braces(env):
            kept = env.steps
            env.steps = (*kept, Step(loop, name, count))
            walk.body(statement.body, env)
            env.steps = kept


def _refuse_list(group: Sequence[tree.Argument]) -> None:
    """Refuse `(32, 3x3)`: the arguments of one layer in a list, as TF-Slim's stack has."""
    if len(group) != 1 or not isinstance(group[0].value, tree.Tuple | tree.List):
        return
    lists = [isinstance(item, LISTS) for item in group[0].value.items]
    if any(lists[1:]) and not lists[0]:
        raise Rejected(
            messages.misplaced(
                group[0].span,
                "a list of arguments",
                "in `stack`",
                "write them as on a line: `stack conv 32 3x3, 64 1x1`",
            )
        )
