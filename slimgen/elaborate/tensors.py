"""Statements that name tensors: inputs, variables, taps and outputs; and `from`."""

from dataclasses import replace

from slimgen.elaborate.arguments import EvaluatedLine
from slimgen.elaborate.env import Env
from slimgen.elaborate.evaluated import Argument, Evaluated, Tensor, Unknown, describe
from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.line_evaluation import evaluate_line, take_reuse
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.scopes import is_scope_name, join
from slimgen.elaborate.walk import Walk
from slimgen.ir.graph import EndPoint
from slimgen.layers.argument_types import BareWord
from slimgen.layers.declaration import TensorType
from slimgen.layers.variable import FreeVariable
from slimgen.messages import names as messages
from slimgen.messages import shapes
from slimgen.source import Span
from slimgen.syntax import tree

DTYPES = (
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "uint8",
    "int32",
    "int64",
    "bool",
)
HIGHEST_RANK = 7  # of an input, without its batch


def elaborate_tap(statement: tree.Tap, walk: Walk, env: Env) -> None:
    """Name the current tensor and keep it as an end point."""
    _keep(statement, walk, env)


def _keep(statement: tree.Tap | tree.Output, walk: Walk, env: Env) -> None:
    name = walk.evaluator.text(statement.name, env.frame)
    tensor = _current(statement, env)
    if not is_scope_name(name, root=False):
        raise Rejected(messages.bad_scope_name(statement.name.span, name))
    env.frame.names[name] = tensor
    scope = join(env.scope, name)
    if tensor.value is not None:
        value = env.builder.take(tensor)
        path = env.builder.relative(scope)
        end = EndPoint(value, path, statement.name.span, env.steps)
        env.builder.add(end, statement.span)
        walk.calls.end_point(scope, tensor, statement.span, env)


def _current(statement: tree.Tap | tree.Output, env: Env) -> Tensor:
    if env.net is None:
        word = "tap" if isinstance(statement, tree.Tap) else "output"
        raise Rejected(messages.no_current_tensor(statement.span, word))
    return env.net


def elaborate_output(statement: tree.Output, walk: Walk, env: Env) -> None:
    """Name the current tensor and give it as an output of the network or the block."""
    name = walk.evaluator.text(statement.name, env.frame)
    tensor = _current(statement, env)
    is_block = env.builder.parent is not None
    outputs = env.builder.results if is_block else walk.outputs
    if name in outputs:
        raise Rejected(
            messages.name_taken(statement.name.span, name, "an output", None)
        )
    env.frame.names[name] = tensor
    outputs[name] = tensor
    if is_block:
        # The caller finds it by this scope, whichever braces it stands in.
        inner = replace(env, scope=env.builder.scope)
        _keep(statement, walk, inner)


def elaborate_from(statement: tree.From, walk: Walk, env: Env) -> None:
    """Make a named tensor, the end point of a scope or a value the current one."""
    if not isinstance(statement.name, tree.Name | tree.Template):
        env.net = _value(statement.name, walk, env)
        return
    name = walk.evaluator.text(statement.name, env.frame)
    try:
        tensor: Evaluated = env.frame.find(name)
    except KeyError:
        tensor = _end_point(statement, name, walk, env)
    if isinstance(tensor, Unknown):
        raise Silent(statement.name.span)
    if not isinstance(tensor, Tensor):
        known = _tensor_names(walk, env)
        raise Rejected(messages.not_a_tensor(statement.name.span, name, known))
    env.net = tensor


def _value(expression: tree.Expression, walk: Walk, env: Env) -> Tensor:
    """Return the tensor that an expression in parentheses gives."""
    found = walk.evaluator.evaluate(expression, env.frame)
    if not isinstance(found, Tensor):
        raise Rejected(
            messages.wrong_value(expression.span, "`from`", "a tensor", describe(found))
        )
    return found


def _tensor_names(walk: Walk, env: Env) -> list[str]:
    names = env.frame.known()
    found = [name for name in names if isinstance(env.frame.find(name), Tensor)]
    return found + [walk.calls.own_name(name) for name in walk.totals.end_points]


def _end_point(statement: tree.From, name: str, walk: Walk, env: Env) -> Tensor | None:
    """Return the tensor of an end point, one inside of a block that has ended too."""
    for scope in (join(env.scope, name), join(walk.root, name), name):
        found = walk.totals.end_points.get(scope)
        if found is None:
            continue
        tensor = found[0]
        if tensor.value is None or env.builder.holds(tensor):
            return tensor
        if scope in walk.totals.variables:  # which no layer keeps as an end point
            raise Rejected(messages.out_of_reach(statement.name.span, name))
        return env.builder.recall(scope, tensor, statement.span)
    return None


def elaborate_input(statement: tree.Input, walk: Walk, env: Env) -> None:
    """Declare an input of the network; the first is the current tensor."""
    name = statement.name.text
    if any(name == known for known, _ in walk.inputs):
        raise Rejected(messages.name_taken(statement.name.span, name, "an input", None))
    if name in walk.parameters:  # `-D` would set both
        raise Rejected(
            messages.name_taken(statement.name.span, name, "a parameter", None)
        )
    size, span = walk.sizes.get(name, (None, None))
    if size is None:
        size = walk.evaluator.evaluate(statement.size, env.frame)
    shape = _input_shape(name, size, span or statement.size.span)
    line = evaluate_line(statement.name, statement.settings, walk, env)
    value = env.builder.value(TensorType(shape, _dtype(line, walk)), name)
    tensor = Tensor(value, env.builder)
    walk.inputs.append((name, value))
    env.frame.names[name] = tensor
    if env.net is None:
        env.net = tensor


def _input_shape(name: str, size: Evaluated, span: Span) -> tuple[int | None, ...]:
    lengths: list[int | None] = []
    for length in size if isinstance(size, tuple) else (size,):
        whole = isinstance(length, int) and not isinstance(length, bool)
        if length is None and size is not None:
            lengths.append(None)
        elif whole and isinstance(length, int) and 0 < length < 2**31:
            lengths.append(length)
        else:
            raise _wrong_size(name, size, span)
    if len(lengths) > HIGHEST_RANK:
        raise _wrong_size(name, size, span)
    return (None, *lengths)


def _wrong_size(name: str, size: Evaluated, span: Span) -> Rejected:
    expected = "up to seven lengths from 1, `?` for a free one"
    return Rejected(shapes.wrong_input_size(span, name, expected, describe(size)))


def _dtype(line: EvaluatedLine, walk: Walk) -> str:
    dtype = "float32"
    for key, argument in line.keywords.items():
        if key != "dtype":
            raise Rejected(
                messages.unknown_argument(argument.span, "input", key, ["dtype"])
            )
        line.refuse_failed(walk.reporter)
        value = argument.value
        text = value.text if isinstance(value, BareWord) else value
        if text not in DTYPES:
            where, expected = "`dtype` of `input`", f"one of {messages.listed(DTYPES)}"
            raise Rejected(
                messages.wrong_value(argument.span, where, expected, describe(value))
            )
        dtype = str(text)
    return dtype


def elaborate_variable(statement: tree.Variable, walk: Walk, env: Env) -> None:
    """Create a variable that stands by itself."""
    name = walk.evaluator.text(statement.name, env.frame)
    word = "local_variable" if statement.local else "variable"
    line = evaluate_line(
        tree.Name(statement.span, word), statement.arguments, walk, env
    )
    if statement.local:
        line.keywords["saved"] = Argument(False, statement.span)
        line.keywords.setdefault("trainable", Argument(False, statement.span))
    inner = env.reusing(take_reuse(line, walk, env), name)
    env.frame.names[name] = walk.calls.apply(FreeVariable, line, name, inner)
