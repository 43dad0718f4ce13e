"""The kinds of statements: a row for each, with its handler and where it may stand."""

from slimgen.elaborate.branches import (
    elaborate_branch,
    elaborate_if,
    elaborate_in,
    elaborate_scope,
)
from slimgen.elaborate.declarations import (
    elaborate_block,
    elaborate_let,
    elaborate_let_function,
    elaborate_require,
)
from slimgen.elaborate.lines import elaborate_line
from slimgen.elaborate.loops import elaborate_for, elaborate_repeat, elaborate_stack
from slimgen.elaborate.tensors import (
    elaborate_from,
    elaborate_input,
    elaborate_output,
    elaborate_tap,
    elaborate_variable,
)
from slimgen.elaborate.walk import StatementKind, StatementRow, StatementTable
from slimgen.syntax import tree

INPUT = ("an input", "the inputs stand in the network's own braces")

ROWS = (
    # Tensors.
    StatementKind(tree.Line, elaborate_line, changes_net=True),
    StatementKind(tree.Repeat, elaborate_repeat, changes_net=True),
    StatementKind(tree.Stack, elaborate_stack, changes_net=True),
    StatementKind(tree.From, elaborate_from, changes_net=True),
    StatementKind(tree.Tap, elaborate_tap),
    StatementKind(tree.Output, elaborate_output),
    StatementKind(tree.Input, elaborate_input, changes_net=True, own_braces=INPUT),
    StatementKind(tree.Variable, elaborate_variable),
    # Braces.
    StatementKind(tree.Branch, elaborate_branch, in_merge=True),
    StatementKind(tree.For, elaborate_for, in_merge=True, changes_net=True),
    StatementKind(tree.If, elaborate_if, in_merge=True, changes_net=True),
    StatementKind(tree.In, elaborate_in, in_merge=True, changes_net=True),
    StatementKind(tree.Scope, elaborate_scope, in_merge=True, changes_net=True),
    # Names and values.
    StatementKind(tree.Let, elaborate_let, in_merge=True),
    StatementKind(tree.LetFunction, elaborate_let_function, in_merge=True),
    StatementKind(tree.Block, elaborate_block),
    StatementKind(tree.Require, elaborate_require, in_merge=True),
)


def table(*rows: StatementRow) -> StatementTable:
    """Return rows by the node that they are about."""
    return {row.node: row for row in rows}


STATEMENTS = table(*ROWS)
