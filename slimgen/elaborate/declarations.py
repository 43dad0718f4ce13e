"""Statements about names and values: `let`, functions, blocks, and `require`."""

from slimgen.elaborate.blocks import declare
from slimgen.elaborate.env import Env
from slimgen.elaborate.evaluated import Closure, Tensor
from slimgen.elaborate.line_evaluation import assign
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.walk import Walk
from slimgen.messages import names as messages
from slimgen.syntax import tree


def elaborate_let(statement: tree.Let, walk: Walk, env: Env) -> None:
    """Evaluate a value and give it its names."""
    value = walk.evaluator.evaluate(statement.value, env.frame)
    assign(statement.names, statement.unpack, value, statement.value.span, env)
    for name in statement.names:
        tensor = env.frame.names[name.text]
        if isinstance(tensor, Tensor):
            env.builder.name(tensor, name.text)


def elaborate_let_function(statement: tree.LetFunction, walk: Walk, env: Env) -> None:
    """Declare a function of values."""
    env.frame.names[statement.name.text] = Closure(statement, env.frame)


def elaborate_block(statement: tree.Block, walk: Walk, env: Env) -> None:
    """Declare a block."""
    declare(statement, env.frame, env.words, walk.reporter)


def elaborate_require(statement: tree.Require, walk: Walk, env: Env) -> None:
    """Reject what the source does not allow."""
    if not walk.evaluator.condition(statement.condition, env.frame):
        raise Rejected(
            messages.requirement_failed(
                statement.condition.span, statement.message.value
            )
        )
