"""The tree of a source as written: every node with its span, nothing resolved."""

from dataclasses import field

from slimgen.frozen import Frozen
from slimgen.source import Source, Span


class SyntaxNode(Frozen):
    """A piece of source; two nodes are equal when their content is, wherever they stand."""

    span: Span = field(compare=False, repr=False)


# Expressions.


class Number(SyntaxNode):
    """`3`, `0.5`, `1e-3`; a negative one when its sign touches it in an argument."""

    value: int | float


class String(SyntaxNode):
    """`"text"`, taken literally."""

    value: str


class Constant(SyntaxNode):
    """`true`, `false`, `none`."""

    value: bool | None


class Name(SyntaxNode):
    """A bare word; also the reserved `net channels height width`."""

    text: str


class Template(SyntaxNode):
    """A name put together: `unit_{n}`, `image/class/label`; adjacent text is joined."""

    parts: "tuple[str | Expression, ...]"


class Size(SyntaxNode):
    """`3x3`, `?x?x3`; None for `?`."""

    dimensions: tuple[int | None, ...]


class List(SyntaxNode):
    """`[a, b]`."""

    items: "tuple[Expression, ...]"


class Tuple(SyntaxNode):
    """`(a, b)`; one item in parentheses is the item itself."""

    items: "tuple[Expression, ...]"


class Range(SyntaxNode):
    """`first..last`, both included."""

    first: "Expression"
    last: "Expression"


class Unary(SyntaxNode):
    """`-x`, `+x`, `not x`."""

    operator: str
    operand: "Expression"


class Binary(SyntaxNode):
    """`+ - * / // % **`, comparisons, `in`, `not in`, `and`, `or`."""

    operator: str
    left: "Expression"
    right: "Expression"


class Conditional(SyntaxNode):
    """`value if condition else otherwise`."""

    condition: "Expression"
    value: "Expression"
    otherwise: "Expression"


class Argument(SyntaxNode):
    """`value` or `key=value`, on a line, in a call or in a scope of defaults."""

    key: Name | None
    value: "Expression"


class CallExpression(SyntaxNode):
    """`name(…)`, the parenthesis touching the name."""

    name: Name
    arguments: tuple[Argument, ...]


class Index(SyntaxNode):
    """`value[index]`, the bracket touching the value."""

    value: "Expression"
    index: "Expression"


Expression = (
    Number
    | String
    | Constant
    | Name
    | Template
    | Size
    | List
    | Tuple
    | Range
    | Unary
    | Binary
    | Conditional
    | CallExpression
    | Index
)

# Statements.


class Body(SyntaxNode):
    """`{ … }`."""

    statements: "tuple[Statement, ...]"


class ScopeName(SyntaxNode):
    """The name after `as`, `in` or `branch`: a template, or None for `none`."""

    template: Template | None


class Line(SyntaxNode):
    """`word arguments key=value as name { … }`; a comma starts a new group of arguments."""

    word: Name
    groups: tuple[tuple[Argument, ...], ...]
    name: ScopeName | None = None
    body: Body | None = None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The arguments of all groups."""
        return tuple(argument for group in self.groups for argument in group)


class Repeat(SyntaxNode):
    """`repeat count line`."""

    count: Expression
    line: Line


class Stack(SyntaxNode):
    """`stack line`: one layer for each group of the line."""

    line: Line


class Scope(SyntaxNode):
    """`scope words < settings >`, for the rest of the braces or for its own body."""

    words: tuple[Name, ...]
    settings: tuple[Argument, ...]
    body: Body | None


class Let(SyntaxNode):
    """`let name = value` or `let (a, b) = value` (then `names` has several)."""

    names: tuple[Name, ...]
    value: Expression
    unpack: bool = False


class Parameter(SyntaxNode):
    """`name` or `name = default` of a network, a block or a function."""

    name: Name
    default: Expression | None


class LetFunction(SyntaxNode):
    """`let name(parameters) = value`."""

    name: Name
    parameters: tuple[Parameter, ...]
    value: Expression


class If(SyntaxNode):
    """`if condition { … } else if … else { … }`."""

    cases: tuple[tuple[Expression, Body], ...]
    otherwise: Body | None


class For(SyntaxNode):
    """`for name in items { … }` or `for (a, b) in items { … }`."""

    names: tuple[Name, ...]
    items: Expression
    body: Body
    unpack: bool = False


class Branch(SyntaxNode):
    """`branch { … }` or `branch NAME { … }`."""

    name: ScopeName | None
    body: Body


class In(SyntaxNode):
    """`in NAME settings { … }`: a variable scope."""

    name: ScopeName
    settings: tuple[Argument, ...]
    body: Body


class Tap(SyntaxNode):
    """`tap name`."""

    name: Name | Template


class From(SyntaxNode):
    """`from name`, or `from (value)`."""

    name: "Name | Template | Expression"


class Output(SyntaxNode):
    """`output name`."""

    name: Name | Template


class Require(SyntaxNode):
    """`require (condition) "message"`."""

    condition: Expression
    message: String


class Input(SyntaxNode):
    """`input name size key=value`."""

    name: Name
    size: Expression
    settings: tuple[Argument, ...]


class Variable(SyntaxNode):
    """`variable name shape key=value`, or `local_variable …`."""

    name: Name | Template
    arguments: tuple[Argument, ...]
    local: bool = False


class Block(SyntaxNode):
    """`block name(parameters) as scope { … }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    scope: ScopeName | None
    body: Body


Statement = (
    Line
    | Repeat
    | Stack
    | Scope
    | Let
    | LetFunction
    | If
    | For
    | Branch
    | In
    | Tap
    | From
    | Output
    | Require
    | Input
    | Variable
    | Block
)

# Files.


class Use(SyntaxNode):
    """`use "path"`."""

    path: String


class Network(SyntaxNode):
    """`network name(parameters) as scope { … }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    scope: ScopeName | None
    body: Body


class Job(SyntaxNode):
    """`train network(parameter=value) from slim "path" as name { … }`."""

    word: Name
    network: Name
    settings: tuple[Argument, ...]
    origin: tuple[Argument, ...]
    name: ScopeName | None
    body: Body


Item = Use | Let | LetFunction | Block | Network | Job


class Comment(Frozen):
    """A `#` comment and where it stands; `text` begins with `#`."""

    span: Span
    text: str


class File(Frozen):
    """A whole source."""

    source: Source
    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(compare=False, default=())
