"""The tree of a source as written: every node with its span, nothing resolved."""

from dataclasses import dataclass, field

from slimgen.source import Source, Span


@dataclass(frozen=True, eq=False, repr=False)
class SyntaxNode:
    """A piece of source; two nodes are equal when their content is, wherever they stand.

    Equality, hash and text are written once here: a dataclass would make them for each
    class, which takes most of the time to import this module.
    """

    span: Span

    def _content(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "span"}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SyntaxNode) or type(self) is not type(other):
            return False
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash((type(self), tuple(self._content().values())))

    def __repr__(self) -> str:
        fields = ", ".join(
            f"{name}={value!r}" for name, value in self._content().items()
        )
        return f"{type(self).__name__}({fields})"


# Expressions.


@dataclass(frozen=True, eq=False, repr=False)
class Number(SyntaxNode):
    """`3`, `0.5`, `1e-3`; a negative one when its sign touches it in an argument."""

    value: int | float


@dataclass(frozen=True, eq=False, repr=False)
class String(SyntaxNode):
    """`"text"`, taken literally."""

    value: str


@dataclass(frozen=True, eq=False, repr=False)
class Constant(SyntaxNode):
    """`true`, `false`, `none`."""

    value: bool | None


@dataclass(frozen=True, eq=False, repr=False)
class Name(SyntaxNode):
    """A bare word; also the reserved `net channels height width`."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class Template(SyntaxNode):
    """A name put together: `unit_{n}`, `image/class/label`; adjacent text is joined."""

    parts: "tuple[str | Expression, ...]"


@dataclass(frozen=True, eq=False, repr=False)
class Size(SyntaxNode):
    """`3x3`, `?x?x3`; None for `?`."""

    dimensions: tuple[int | None, ...]


@dataclass(frozen=True, eq=False, repr=False)
class List(SyntaxNode):
    """`[a, b]`."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, eq=False, repr=False)
class Tuple(SyntaxNode):
    """`(a, b)`; one item in parentheses is the item itself."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, eq=False, repr=False)
class Range(SyntaxNode):
    """`first..last`, both included."""

    first: "Expression"
    last: "Expression"


@dataclass(frozen=True, eq=False, repr=False)
class Unary(SyntaxNode):
    """`-x`, `+x`, `not x`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, eq=False, repr=False)
class Binary(SyntaxNode):
    """`+ - * / // % **`, comparisons, `in`, `not in`, `and`, `or`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, eq=False, repr=False)
class Conditional(SyntaxNode):
    """`value if condition else otherwise`."""

    condition: "Expression"
    value: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, eq=False, repr=False)
class Argument(SyntaxNode):
    """`value` or `key=value`, on a line, in a call or in a scope of defaults."""

    key: Name | None
    value: "Expression"


@dataclass(frozen=True, eq=False, repr=False)
class CallExpression(SyntaxNode):
    """`name(…)`, the parenthesis touching the name."""

    name: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, eq=False, repr=False)
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


@dataclass(frozen=True, eq=False, repr=False)
class Body(SyntaxNode):
    """`{ … }`."""

    statements: "tuple[Statement, ...]"


@dataclass(frozen=True, eq=False, repr=False)
class ScopeName(SyntaxNode):
    """The name after `as`, `in` or `branch`: a template, or None for `none`."""

    template: Template | None


@dataclass(frozen=True, eq=False, repr=False)
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


@dataclass(frozen=True, eq=False, repr=False)
class Repeat(SyntaxNode):
    """`repeat count line`."""

    count: Expression
    line: Line


@dataclass(frozen=True, eq=False, repr=False)
class Stack(SyntaxNode):
    """`stack line`: one layer for each group of the line."""

    line: Line


@dataclass(frozen=True, eq=False, repr=False)
class Scope(SyntaxNode):
    """`scope words < settings >`, for the rest of the braces or for its own body."""

    words: tuple[Name, ...]
    settings: tuple[Argument, ...]
    body: Body | None


@dataclass(frozen=True, eq=False, repr=False)
class Let(SyntaxNode):
    """`let name = value` or `let (a, b) = value` (then `names` has several)."""

    names: tuple[Name, ...]
    value: Expression
    unpack: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Parameter(SyntaxNode):
    """`name` or `name = default` of a network, a block or a function."""

    name: Name
    default: Expression | None


@dataclass(frozen=True, eq=False, repr=False)
class LetFunction(SyntaxNode):
    """`let name(parameters) = value`."""

    name: Name
    parameters: tuple[Parameter, ...]
    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class If(SyntaxNode):
    """`if condition { … } else if … else { … }`."""

    cases: tuple[tuple[Expression, Body], ...]
    otherwise: Body | None


@dataclass(frozen=True, eq=False, repr=False)
class For(SyntaxNode):
    """`for name in items { … }` or `for (a, b) in items { … }`."""

    names: tuple[Name, ...]
    items: Expression
    body: Body
    unpack: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Branch(SyntaxNode):
    """`branch { … }` or `branch NAME { … }`."""

    name: ScopeName | None
    body: Body


@dataclass(frozen=True, eq=False, repr=False)
class In(SyntaxNode):
    """`in NAME settings { … }`: a variable scope."""

    name: ScopeName
    settings: tuple[Argument, ...]
    body: Body


@dataclass(frozen=True, eq=False, repr=False)
class Tap(SyntaxNode):
    """`tap name`."""

    name: Name | Template


@dataclass(frozen=True, eq=False, repr=False)
class From(SyntaxNode):
    """`from name`."""

    name: Name | Template


@dataclass(frozen=True, eq=False, repr=False)
class Output(SyntaxNode):
    """`output name`."""

    name: Name | Template


@dataclass(frozen=True, eq=False, repr=False)
class Require(SyntaxNode):
    """`require (condition) "message"`."""

    condition: Expression
    message: String


@dataclass(frozen=True, eq=False, repr=False)
class Input(SyntaxNode):
    """`input name size key=value`."""

    name: Name
    size: Expression
    settings: tuple[Argument, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Variable(SyntaxNode):
    """`variable name shape key=value`, or `local_variable …`."""

    name: Name | Template
    arguments: tuple[Argument, ...]
    local: bool = False


@dataclass(frozen=True, eq=False, repr=False)
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


@dataclass(frozen=True, eq=False, repr=False)
class Use(SyntaxNode):
    """`use "path"`."""

    path: String


@dataclass(frozen=True, eq=False, repr=False)
class Network(SyntaxNode):
    """`network name(parameters) as scope { … }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    scope: ScopeName | None
    body: Body


@dataclass(frozen=True, eq=False, repr=False)
class Job(SyntaxNode):
    """`train network(parameter=value) from slim "path" as name { … }`."""

    word: Name
    network: Name
    settings: tuple[Argument, ...]
    origin: tuple[Argument, ...]
    name: ScopeName | None
    body: Body


Item = Use | Let | LetFunction | Block | Network | Job


@dataclass(frozen=True)
class Comment:
    """A `#` comment and where it stands; `text` begins with `#`."""

    span: Span
    text: str


@dataclass(frozen=True)
class File:
    """A whole source."""

    source: Source
    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(compare=False, default=())
