"""A tree as source text: `parse(write(tree)) == tree`, wherever its nodes stand.

The text is in the form of `slimgen fmt`: a statement a line, and no parentheses but those that
the grammar needs. A tree that no source gives, such as one that an importer makes, is written
likewise, as long as its names and strings can be written. Comments are not written.
"""

from collections.abc import Iterable, Sequence

from slimgen.syntax import numbers, tree

INDENT = "  "

# How tightly an expression binds, the loosest first; they are the levels of the grammar.
CONDITIONAL, OR, AND, NOT, COMPARISON, RANGE, SUM, PRODUCT, SIGN, POWER, ATOM = range(
    11
)

# The level of a binary operator, and those of its two sides.
BINARY = {
    "or": (OR, OR, AND),
    "and": (AND, AND, NOT),
    **dict.fromkeys(("+", "-"), (SUM, SUM, PRODUCT)),
    **dict.fromkeys(("*", "/", "//", "%"), (PRODUCT, PRODUCT, SIGN)),
    "**": (POWER, ATOM, SIGN),
}
COMPARE = (COMPARISON, RANGE, RANGE)


def write(node: tree.File | tree.SyntaxNode) -> str:
    """Return the source text of a file, a statement, an expression or a part of them."""
    match node:
        case tree.File():
            return "\n".join(f"{_statement(item)}\n" for item in node.items)
        case tree.Argument():
            return _argument(node)
        case tree.Parameter():
            return _parameter(node)
        case tree.Body():
            return _body(node)
        case tree.ScopeName():
            return _scope_name(node)
    if isinstance(node, tree.Expression):
        return _expression(node, CONDITIONAL)
    return _statement(node)


# Expressions.


def _expression(node: tree.Expression, least: int) -> str:
    """Write an expression, in parentheses if it binds more loosely than `least`."""
    level, text = _bound(node)
    return f"({text})" if level < least else text


def _bound(node: tree.Expression) -> tuple[int, str]:
    """Return how tightly an expression binds, and its text."""
    match node:
        case tree.Conditional():
            value, condition = _expression(node.value, OR), _expression(
                node.condition, OR
            )
            otherwise = _expression(node.otherwise, CONDITIONAL)
            return CONDITIONAL, f"{value} if {condition} else {otherwise}"
        case tree.Binary():
            level, left, right = BINARY.get(node.operator, COMPARE)
            blank = "" if node.operator == "**" else " "
            sign = f"{blank}{node.operator}{blank}"
            return (
                level,
                f"{_expression(node.left, left)}{sign}{_expression(node.right, right)}",
            )
        case tree.Unary(operator="not"):
            return NOT, f"not {_expression(node.operand, NOT)}"
        case tree.Unary():
            return SIGN, f"{node.operator}{_expression(node.operand, SIGN)}"
        case tree.Range():
            return RANGE, _range(node, SUM)
    return ATOM, _atom(node)


def _range(node: tree.Range, least: int) -> str:
    first, last = _expression(node.first, least), _expression(node.last, least)
    # A dot that touches a name with slashes would be part of it.
    blank = " " if first[-1] not in ")]" and _ends_with_path(node.first) else ""
    return f"{first}{blank}..{last}"


def _ends_with_path(node: tree.Expression) -> bool:
    match node:
        case tree.Binary():
            return _ends_with_path(node.right)
        case tree.Unary():
            return _ends_with_path(node.operand)
        case tree.String():
            return "/" in node.value
    return isinstance(node, tree.Template)


def _atom(node: tree.Expression) -> str:
    match node:
        case tree.Number():
            return numbers.canonical(repr(node.value))
        case tree.String():
            return f'"{node.value}"'
        case tree.Constant():
            return "none" if node.value is None else str(node.value).lower()
        case tree.Name():
            return node.text
        case tree.Template():
            return "".join(map(_template_part, node.parts))
        case tree.Size():
            return "x".join("?" if n is None else str(n) for n in node.dimensions)
        case tree.List():
            return f"[{_listed(node.items)}]"
        case tree.Tuple():
            return f"({_listed(node.items)}{',' * (len(node.items) == 1)})"
        case tree.CallExpression():
            given = ", ".join(map(_call_argument, node.arguments))
            return f"{node.name.text}({given})"
        case tree.Index():
            return f"{_expression(node.value, ATOM)}[{_expression(node.index, CONDITIONAL)}]"
    return ""


def _template_part(part: "str | tree.Expression") -> str:
    return part if isinstance(part, str) else f"{{{_expression(part, CONDITIONAL)}}}"


def _listed(items: "Iterable[tree.Expression]") -> str:
    return ", ".join(_expression(item, CONDITIONAL) for item in items)


def _call_argument(argument: tree.Argument) -> str:
    key = "" if argument.key is None else f"{argument.key.text}="
    return f"{key}{_expression(argument.value, CONDITIONAL)}"


# Arguments of a line, where only blanks separate values.


def _value(node: tree.Expression) -> str:
    """Write a value of a line: operators stand in parentheses there, but for a range."""
    if isinstance(node, tree.Range):
        return _range(node, ATOM)
    return _expression(node, ATOM)


def _argument(argument: tree.Argument) -> str:
    key = "" if argument.key is None else f"{argument.key.text}="
    return f"{key}{_value(argument.value)}"


def _arguments(arguments: Iterable[tree.Argument]) -> str:
    return "".join(f" {_argument(argument)}" for argument in arguments)


# Statements.


def _statement(node: tree.SyntaxNode) -> str:
    match node:
        case tree.Line():
            return _line(node)
        case tree.Repeat():
            return f"repeat {_value(node.count)} {_line(node.line)}"
        case tree.Stack():
            return f"stack {_line(node.line)}"
        case tree.Scope():
            words = ", ".join(word.text for word in node.words)
            return f"scope {words} <{_arguments(node.settings)} >{_block_of(node.body)}"
        case tree.Let():
            return f"let {_targets(node.names, node.unpack)} = {write(node.value)}"
        case tree.LetFunction():
            given = ", ".join(map(_parameter, node.parameters))
            return f"let {node.name.text}({given}) = {write(node.value)}"
        case tree.Input():
            return (
                f"input {node.name.text} {_value(node.size)}{_arguments(node.settings)}"
            )
        case tree.Variable():
            word = "local_variable" if node.local else "variable"
            return f"{word} {_atom(node.name)}{_arguments(node.arguments)}"
    return _short(node)


def _short(node: tree.SyntaxNode) -> str:
    """Write a statement that is one word and what it names."""
    match node:
        case tree.Tap():
            return f"tap {_atom(node.name)}"
        case tree.From():
            if isinstance(node.name, tree.Name | tree.Template):
                return f"from {_atom(node.name)}"
            return f"from ({write(node.name)})"
        case tree.Output():
            return f"output {_atom(node.name)}"
        case tree.Require():
            return f"require ({write(node.condition)}) {_atom(node.message)}"
        case tree.Use():
            return f"use {_atom(node.path)}"
    return _with_body(node)


def _with_body(node: tree.SyntaxNode) -> str:
    """Write a statement that always has braces."""
    match node:
        case tree.If():
            cases = [f"if {write(test)} {_body(body)}" for test, body in node.cases]
            otherwise = [] if node.otherwise is None else [_body(node.otherwise)]
            return " else ".join([*cases, *otherwise])
        case tree.For():
            names = _targets(node.names, node.unpack)
            return f"for {names} in {write(node.items)} {_body(node.body)}"
        case tree.Branch():
            name = "" if node.name is None else f" {_scope_name(node.name)}"
            return f"branch{name} {_body(node.body)}"
        case tree.In():
            settings = _arguments(node.settings)
            return f"in {_scope_name(node.name)}{settings} {_body(node.body)}"
        case tree.Block():
            return f"block {_declared(node)}"
        case tree.Network():
            return f"network {_declared(node)}"
        case tree.Job():
            given = ", ".join(map(_setting, node.settings))
            network = f"{node.network.text}({given})" if given else node.network.text
            origin = f" from{_arguments(node.origin)}" if node.origin else ""
            return (
                f"{node.word.text} {network}{origin}{_as(node.name)} {_body(node.body)}"
            )
    raise TypeError(f"{type(node).__name__} is not a node of a tree")


def _line(line: tree.Line) -> str:
    groups = ",".join(map(_arguments, line.groups))
    return f"{line.word.text}{groups}{_as(line.name)}{_block_of(line.body)}"


def _declared(node: tree.Block | tree.Network) -> str:
    given = ", ".join(map(_parameter, node.parameters))
    parameters = f"({given})" if given else ""
    return f"{node.name.text}{parameters}{_as(node.scope)} {_body(node.body)}"


def _parameter(parameter: tree.Parameter) -> str:
    if parameter.default is None:
        return parameter.name.text
    return f"{parameter.name.text} = {write(parameter.default)}"


def _setting(argument: tree.Argument) -> str:
    key = "" if argument.key is None else f"{argument.key.text} = "
    return f"{key}{write(argument.value)}"


def _targets(names: Sequence[tree.Name], unpack: bool) -> str:
    listed = ", ".join(name.text for name in names)
    return f"({listed})" if unpack else listed


def _as(name: tree.ScopeName | None) -> str:
    return "" if name is None else f" as {_scope_name(name)}"


def _scope_name(name: tree.ScopeName) -> str:
    return "none" if name.template is None else _atom(name.template)


def _block_of(body: tree.Body | None) -> str:
    return "" if body is None else f" {_body(body)}"


def _body(body: tree.Body) -> str:
    if not body.statements:
        return "{}"
    lines = "\n".join(map(_statement, body.statements)).split("\n")
    return "\n".join(["{", *(f"{INDENT}{line}" for line in lines), "}"])
