"""The tree's nodes from what the grammar's rules have found, one method a rule."""

from collections.abc import Sequence
from typing import Any

from slimgen.source import Span
from slimgen.syntax import numbers, tree
from slimgen.syntax.tokens import CONSTANTS, Token

Part = Any  # a token or a node; which ones, the grammar's rule says

# The name of a statement that was read only for the statements in its braces.
UNREADABLE = ""


def span_of(parts: Sequence[Part]) -> Span:
    """Return the place of all `parts`, of which the first and last have one."""
    first, last = parts[0].span, parts[-1].span
    return Span(first.source, first.start, last.end)


def name_of(token: Token) -> tree.Name:
    """Return a bare word."""
    return tree.Name(token.span, token.text)


def string_of(token: Token) -> tree.String:
    """Return a string without its quotes."""
    return tree.String(token.span, token.text[1:-1])


def literal_of(token: Token) -> tree.Expression:
    """Return a number, a size or a path."""
    text, span = token.text, token.span
    if text[0] in "0123456789.-?":
        value = numbers.value_of(text)
        if isinstance(value, tuple):
            return tree.Size(span, value)
        return tree.Number(span, value)
    return tree.Template(span, (text,))


def word_of(token: Token) -> tree.Expression:
    """Return a constant, also one that is written as in Python, or a fact."""
    constant = token.text.lower()
    if constant in CONSTANTS:
        return tree.Constant(token.span, CONSTANTS[constant])
    return name_of(token)


# Tokens that are nodes by themselves.
LEAVES = {
    "NAME": name_of,
    "WORD": word_of,
    "STRING": string_of,
    "LITERAL": literal_of,
}


def readable(nodes: Sequence[Part]) -> tuple[Part, ...]:
    """Return the statements or items among `nodes`, less the unreadable ones."""
    return tuple(
        node
        for node in nodes
        if not isinstance(node, Token) and not is_unreadable(node)
    )


def is_unreadable(node: Part) -> bool:
    """Whether a statement was read only for what stands in its braces."""
    match node:
        case tree.Line(word=tree.Name(text=text)) | tree.Network(
            name=tree.Name(text=text)
        ):
            return text == UNREADABLE
    return False


def nodes_of(children: Sequence[Part], kind: type[Part]) -> tuple[Part, ...]:
    """Return the children of one kind."""
    return tuple(child for child in children if isinstance(child, kind))


class TreeBuilder:
    """Callbacks of the grammar's rules; a rule's parts come as `children`, in order."""

    # Files.

    def file(self, children: list[Part]) -> tuple[tree.Item, ...]:
        return readable(children)

    def use(self, children: list[Part]) -> tree.Use:
        return tree.Use(span_of(children), children[1])

    def network(self, children: list[Part]) -> tree.Network:
        _, name, parameters, scope, body = children
        return tree.Network(span_of(children), name, parameters or (), scope, body)

    def block(self, children: list[Part]) -> tree.Block:
        _, name, parameters, scope, body = children
        return tree.Block(span_of(children), name, parameters or (), scope, body)

    def job(self, children: list[Part]) -> tree.Job:
        word, target, origin, name, body = children
        called = isinstance(target, tree.CallExpression)
        network = target.name if called else target
        settings = target.arguments if called else ()
        span = span_of(children)
        return tree.Job(span, word, network, settings, origin, name, body)

    def origin(self, children: list[Part]) -> tuple[tree.Argument, ...]:
        return tuple(children[1:])

    def parameters(self, children: list[Part]) -> tuple[tree.Parameter, ...] | None:
        """Return None where no parentheses stand."""
        return nodes_of(children, tree.Parameter) if children else None

    def parameter(self, children: list[Part]) -> tree.Parameter:
        default = children[2] if len(children) > 1 else None
        return tree.Parameter(span_of(children), children[0], default)

    # Statements.

    def body(self, children: list[Part]) -> tree.Body:
        return tree.Body(span_of(children), readable(children))

    def line(self, children: list[Part]) -> tree.Line:
        word, groups, name, *bodies = children
        body = bodies[0] if bodies else None
        arguments = groups[-1] if groups else ()
        last = body or name or (arguments[-1] if arguments else word)
        return tree.Line(span_of([word, last]), word, groups, name, body)

    def groups(self, children: list[Part]) -> tuple[tuple[tree.Argument, ...], ...]:
        return nodes_of(children, tuple)

    def group(self, children: list[Part]) -> tuple[tree.Argument, ...]:
        return tuple(children)

    def argument(self, children: list[Part]) -> tree.Argument:
        if len(children) == 1:
            return tree.Argument(children[0].span, None, children[0])
        key, _, value = children
        if isinstance(key, tree.Constant):
            key = tree.Name(key.span, key.span.text)
        return tree.Argument(span_of(children), key, value)

    def repeat(self, children: list[Part]) -> tree.Repeat:
        return tree.Repeat(span_of(children), children[1], children[2])

    def stack(self, children: list[Part]) -> tree.Stack:
        return tree.Stack(span_of(children), children[1])

    def scope(self, children: list[Part]) -> tree.Scope:
        words = nodes_of(children, tree.Name)
        settings = nodes_of(children, tree.Argument)
        body = children[-1] if isinstance(children[-1], tree.Body) else None
        return tree.Scope(span_of(children), words, settings, body)

    def let(self, children: list[Part]) -> tree.Let | tree.LetFunction:
        _, name, parameters, _, value = children
        span = span_of(children)
        if parameters is None:
            return tree.Let(span, (name,), value)
        return tree.LetFunction(span, name, parameters, value)

    def let_unpack(self, children: list[Part]) -> tree.Let:
        return tree.Let(span_of(children), children[1], children[3], unpack=True)

    def unpack(self, children: list[Part]) -> tuple[tree.Name, ...]:
        return nodes_of(children, tree.Name)

    def if_else(self, children: list[Part]) -> tree.If:
        parts = [child for child in children if not isinstance(child, Token)]
        otherwise = parts.pop() if len(parts) % 2 else None
        cases = tuple(zip(parts[::2], parts[1::2], strict=True))
        return tree.If(span_of(children), cases, otherwise)

    def for_in(self, children: list[Part]) -> tree.For:
        _, target, _, items, body = children
        unpack = isinstance(target, tuple)
        names = target if unpack else (target,)
        return tree.For(span_of(children), names, items, body, unpack)

    def branch(self, children: list[Part]) -> tree.Branch:
        name = children[1] if len(children) > 2 else None
        return tree.Branch(span_of(children), name, children[-1])

    def in_scope(self, children: list[Part]) -> tree.In:
        _, name, *settings, body = children
        return tree.In(span_of(children), name, tuple(settings), body)

    def tap(self, children: list[Part]) -> tree.Tap:
        return tree.Tap(span_of(children), children[1])

    def go_on(self, children: list[Part]) -> tree.From:
        return tree.From(span_of(children), children[1])

    def output(self, children: list[Part]) -> tree.Output:
        return tree.Output(span_of(children), children[1])

    def require(self, children: list[Part]) -> tree.Require:
        return tree.Require(span_of(children), children[2], children[4])

    def input(self, children: list[Part]) -> tree.Input:
        _, name, size, *settings = children
        return tree.Input(span_of(children), name, size, tuple(settings))

    def variable(self, children: list[Part]) -> tree.Variable:
        word, name, *arguments = children
        local = word.text == "local_variable"
        return tree.Variable(span_of(children), name, tuple(arguments), local)

    # Names.

    def as_name(self, children: list[Part]) -> tree.ScopeName | None:
        return children[1] if children else None

    def scope_name(self, children: list[Part]) -> tree.ScopeName:
        name = children[0]
        if isinstance(name, tree.Template):
            return tree.ScopeName(name.span, name)
        template = tree.Template(name.span, (name.text,))
        return tree.ScopeName(name.span, None if name.text == "none" else template)

    def label(self, children: list[Part]) -> tree.Name | tree.Template:
        name = children[0]
        if isinstance(name, tree.Template):
            return name
        if name.text.isidentifier():
            return name_of(name)
        return tree.Template(name.span, (name.text,))

    def template(self, children: list[Part]) -> tree.Template:
        parts = [
            child.text if isinstance(child, Token) else child
            for child in children
            if not isinstance(child, Token) or child.type == "TEXT"
        ]
        return tree.Template(span_of(children), tuple(parts))

    # Expressions.

    def setting(self, children: list[Part]) -> tree.Expression:
        """Return the value without the end of its line."""
        value: tree.Expression = children[0]
        return value

    def conditional(self, children: list[Part]) -> tree.Conditional:
        value, _, condition, _, otherwise = children
        return tree.Conditional(span_of(children), condition, value, otherwise)

    def binary(self, children: list[Part]) -> tree.Binary:
        left, *words, right = children
        operator = " ".join(word.text for word in words)
        return tree.Binary(span_of(children), operator, left, right)

    def unary(self, children: list[Part]) -> tree.Unary:
        operator, operand = children
        return tree.Unary(span_of(children), operator.text, operand)

    def range(self, children: list[Part]) -> tree.Range:
        return tree.Range(span_of(children), children[0], children[2])

    def call(self, children: list[Part]) -> tree.CallExpression:
        arguments = nodes_of(children, tree.Argument)
        return tree.CallExpression(span_of(children), children[0], arguments)

    def index(self, children: list[Part]) -> tree.Index:
        return tree.Index(span_of(children), children[0], children[2])

    def list(self, children: Sequence[Part]) -> tree.List:
        return tree.List(span_of(children), readable(children[1]))

    def parenthesised(self, children: Sequence[Part]) -> tree.Expression:
        items = children[1]
        if len(items) == 1:
            inner: tree.Expression = items[0]
            return inner
        return tree.Tuple(span_of(children), readable(items))

    def items(self, children: Sequence[Part]) -> Sequence[Part]:
        """Return the items with their commas, which tell `(a,)` from `(a)`."""
        return children
