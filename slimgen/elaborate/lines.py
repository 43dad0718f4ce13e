"""Lines: layers, activations, blocks and merging layers."""

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.blocks import BlockCall, call_block
from slimgen.elaborate.env import BranchEnd, Env
from slimgen.elaborate.evaluated import Argument, Tensor, describe
from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.line_evaluation import (
    LineName,
    evaluate_line,
    line_name,
    take_final_endpoint,
    take_reuse,
)
from slimgen.elaborate.network_lines import is_network_line, keep_network_line
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.scopes import join
from slimgen.elaborate.vocabulary import FINAL_ENDPOINT, unknown_word
from slimgen.elaborate.walk import Walk
from slimgen.layers import LAYERS
from slimgen.layers.activation import Activate
from slimgen.layers.argument_types import ArgumentError, BareWord
from slimgen.layers.declaration import Layer
from slimgen.layers.functions import ACTIVATIONS
from slimgen.messages import names as messages
from slimgen.syntax import tree


def elaborate_line(statement: tree.Line, walk: Walk, env: Env) -> None:
    """Apply the word of a line to the current tensor."""
    if is_network_line(statement, env):
        keep_network_line(statement, walk, env)
        return
    if len(statement.groups) > 1:
        group = statement.groups[1]
        raise Rejected(
            messages.misplaced(
                group[0].span if group else statement.span,
                "a comma",
                "between the arguments of a layer",
                "blanks separate arguments; a list is written in brackets",
            )
        )
    line = evaluate_line(statement.word, statement.arguments, walk, env)
    name = line_name(statement.name, walk, env)
    if statement.body is not None:
        env.net = _merge(statement, line, name, walk, env)
    else:
        env.net = apply_line(line, name, walk, env)


def apply_line(line: EvaluatedLine, name: LineName, walk: Walk, env: Env) -> Tensor:
    """Apply a layer, a block or a network to the current tensor."""
    block = env.words.find(line.word)
    reuse = take_reuse(line, walk, env)
    if block is not None:
        own = [parameter.name.text for parameter in block.node.parameters]
        ends = block.is_network and FINAL_ENDPOINT not in own
        end = take_final_endpoint(line, walk) if ends else None
        return call_block(BlockCall(block, line, name, reuse, end), walk, env)
    layer = _layer(line, walk, env)
    if layer.merges and not line.positional:
        raise Rejected(messages.missing_operands(line.span, line.word))
    return walk.calls.apply(layer, line, name, env.reusing(reuse))


def _layer(line: EvaluatedLine, walk: Walk, env: Env) -> type[Layer]:
    if line.word in ACTIVATIONS and line.word not in LAYERS:
        _bind_activation(line, walk)
        return Activate
    if line.word not in LAYERS:
        known = [*env.words.known(), *LAYERS, *ACTIVATIONS]
        walk.reporter.report(unknown_word(line.word, line.span, known))
        line.refuse_failed(walk.reporter)
        raise Silent(line.span)
    return LAYERS[line.word]


def _bind_activation(line: EvaluatedLine, walk: Walk) -> None:
    """Turn `leaky_relu 0.2` into the layer that applies that function."""
    line.refuse_failed(walk.reporter)
    word = BareWord(
        line.word,
        tuple(argument.value for argument in line.positional),
        tuple((key, argument.value) for key, argument in line.keywords.items()),
        True,
        line.span,
    )
    try:
        function = ACTIVATIONS[line.word].bind(word)
    except ArgumentError as error:
        arguments = [*line.positional, *line.keywords.values()]
        found = " and ".join(describe(a.value) for a in arguments) or "nothing"
        span = arguments[0].span if len(arguments) == 1 else line.span
        help = messages.suggestion(error.word, error.words) if error.word else ""
        raise Rejected(
            messages.wrong_value(span, f"`{line.word}`", error.expected, found, help)
        ) from None
    line.positional = [Argument(function, line.span)]
    line.keywords = {}


def _merge(
    statement: tree.Line, line: EvaluatedLine, name: LineName, walk: Walk, env: Env
) -> Tensor:
    assert statement.body is not None
    layer = LAYERS.get(line.word)
    if not (layer or line.word in ACTIVATIONS or env.words.find(line.word)):
        merging = [word for word, layer in LAYERS.items() if layer.merges]
        raise Rejected(unknown_word(line.word, line.span, merging))
    if layer is None or not layer.merges:
        raise Rejected(
            messages.misplaced(
                statement.word.span,
                "a body in braces",
                f"after `{line.word}`",
                "only merging layers, such as `add` and `concat`, have branches",
            )
        )
    if env.net is None:
        raise Rejected(messages.no_current_tensor(line.span, line.word))
    reuse = take_reuse(line, walk, env)
    scope = join(env.scope, name) if isinstance(name, str) else None
    parts: list[BranchEnd] = []
    inner = env.merging(scope or env.scope, parts, reuse, line.word == "add")
    failures = walk.failures
    with walk.scope_open(scope):
        walk.body(statement.body, inner)
    if not parts and walk.failures > failures:
        raise Silent(line.span)
    if not parts:
        raise Rejected(messages.missing_operands(line.span, line.word))
    return walk.calls.merge(layer, line, parts, scope, env)
