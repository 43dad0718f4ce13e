"""Symbols, their uses, and the scopes that they are found in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from slimgen.frozen import Frozen
from slimgen.source import Span
from slimgen.syntax import tree


class SymbolKind(Enum):
    """Kinds of declarations."""

    PARAMETER = "parameter"
    LET = "value"
    FUNCTION = "function"
    LOOP = "loop variable"
    INPUT = "input"
    VARIABLE = "variable"
    TENSOR = "tensor"  # of `tap` or `output`
    END_POINT = "end point"  # of `as`
    BLOCK = "block"
    NETWORK = "network"


class Role(Enum):
    """Places in which a name can be used."""

    VALUE = "value"  # in an expression
    WORD = "word"  # the first of a line, in `scope`, or the network of a job
    KEY = "key"  # of an argument
    TENSOR = "tensor"  # after `from`, in a job


@dataclass(eq=False)
class Symbol:
    """A name with its declarations: several where a value is assigned again.

    Attributes:
        declarations: Where its name stands, the first declaration first.
        node: The tree of a block, a network or a function.
        parameters: Its parameters by name.
    """

    name: str
    kind: SymbolKind
    declarations: list[Span]
    node: tree.SyntaxNode
    parameters: dict[str, "Symbol"] = field(default_factory=dict)


class NameUse(Frozen):
    """A name that is used, and its symbols.

    Attributes:
        symbols: One; none for a layer or another word of the language, and for a name that
            is declared nowhere; several for a name with `{…}` that fits several.
        exact: The name stands in the text as it is declared.
    """

    span: Span
    name: str
    role: Role
    symbols: tuple[Symbol, ...]
    exact: bool = True


@dataclass(eq=False)
class NameScope:
    """The names of a file, a network, a block or a function.

    Values and tensors are one set of names, blocks and networks another, as in elaboration.
    The braces inside a block are no scopes of their own.
    """

    parent: "NameScope | None" = None
    names: dict[str, Symbol] = field(default_factory=dict)
    words: dict[str, Symbol] = field(default_factory=dict)
    end_points: dict[str, Symbol] = field(default_factory=dict)
    own: set[Symbol] = field(default_factory=set)

    def outwards(self) -> Iterator["NameScope"]:
        """Yield this scope and those around it."""
        scope: NameScope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def find_name(self, name: str) -> Symbol | None:
        """Return the value or tensor of a name."""
        found = (scope.names.get(name) for scope in self.outwards())
        return next((symbol for symbol in found if symbol is not None), None)

    def find_word(self, word: str) -> Symbol | None:
        """Return the block or network of a word."""
        found = (scope.words.get(word) for scope in self.outwards())
        return next((symbol for symbol in found if symbol is not None), None)

    def find_end_point(self, name: str) -> Symbol | None:
        """Return the layer or block that has a scope's name."""
        found = (scope.end_points.get(name) for scope in self.outwards())
        return next((symbol for symbol in found if symbol is not None), None)

    def visible(self) -> dict[str, Symbol]:
        """Return all values and tensors in reach, the inner ones before the outer."""
        found: dict[str, Symbol] = {}
        for scope in self.outwards():
            for name, symbol in (scope.names | scope.end_points).items():
                found.setdefault(name, symbol)
        return found


class Resolution(Frozen):
    """The symbols and uses of a file and of the files that it uses.

    Attributes:
        given: The symbols that each `use` brings, by its place.
    """

    symbols: tuple[Symbol, ...]
    uses: tuple[NameUse, ...]
    given: Mapping[Span, frozenset[Symbol]]

    _declared: dict[Span, Symbol] = field(init=False, repr=False, default_factory=dict)
    _used: dict[Span, NameUse] = field(init=False, repr=False, default_factory=dict)
    _uses: dict[Symbol, list[NameUse]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for symbol in self.symbols:
            self._declared.update((span, symbol) for span in symbol.declarations)
        for use in self.uses:
            self._used[use.span] = use
            for symbol in use.symbols:
                self._uses.setdefault(symbol, []).append(use)

    def declared_at(self, span: Span) -> Symbol | None:
        """Return the symbol whose name stands at a place as its declaration."""
        return self._declared.get(span)

    def used_at(self, span: Span) -> NameUse | None:
        """Return the use at a place."""
        return self._used.get(span)

    def uses_of(self, symbol: Symbol) -> list[NameUse]:
        """Return the uses of a symbol, in order of the walk."""
        return self._uses.get(symbol, [])

    def at(self, source_name: str, offset: int) -> tuple[Symbol, ...]:
        """Return the symbols whose name stands around an offset of a source."""

        def around(span: Span) -> bool:
            inside = span.start <= offset <= span.end
            return inside and span.source.name == source_name

        declared = [symbol for span, symbol in self._declared.items() if around(span)]
        uses = [use for use in self.uses if around(use.span)]
        if declared or not uses:
            return tuple(declared[:1])
        return min(uses, key=lambda use: use.span.end - use.span.start).symbols
