"""Declarations and uses as the walk meets them; and the names in expressions."""

import re
from collections.abc import Iterable, Sequence

from slimgen.resolve.symbols import NameScope, NameUse, Role, Symbol, SymbolKind
from slimgen.source import Span
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import children_of

FACTS = frozenset({"net", "channels", "height", "width"})  # of the current tensor
BRACES = re.compile(r"{([^{}]*)}")
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Recorder:
    """Collects symbols and uses."""

    def __init__(self) -> None:
        self.symbols: list[Symbol] = []
        self.uses: list[NameUse] = []
        self._unresolved: list[tuple[NameUse, NameScope]] = []

    def declare(
        self, name: tree.Name, kind: SymbolKind, node: tree.SyntaxNode, scope: NameScope
    ) -> Symbol:
        """Declare a value or a tensor, or assign a name of this scope again."""
        symbol = scope.names.get(name.text)
        if symbol is not None and symbol in scope.own:
            symbol.declarations.append(name.span)
            return symbol
        symbol = self._new(name, kind, node, scope)
        scope.names[name.text] = symbol
        return symbol

    def declare_word(
        self, name: tree.Name, kind: SymbolKind, node: tree.SyntaxNode, scope: NameScope
    ) -> Symbol:
        """Declare a block or a network; a second one of a name is an error and no word."""
        symbol = self._new(name, kind, node, scope)
        scope.words.setdefault(name.text, symbol)
        return symbol

    def declare_end_point(
        self, name: tree.Name, node: tree.SyntaxNode, scope: NameScope
    ) -> None:
        """Declare the scope of a layer, as far as the text says it."""
        symbol = self._new(name, SymbolKind.END_POINT, node, scope)
        scope.end_points[name.text] = symbol

    def _new(
        self, name: tree.Name, kind: SymbolKind, node: tree.SyntaxNode, scope: NameScope
    ) -> Symbol:
        symbol = Symbol(name.text, kind, [name.span], node)
        scope.own.add(symbol)
        self.symbols.append(symbol)
        return symbol

    def value(self, name: tree.Name, scope: NameScope) -> Symbol | None:
        """Use a name in an expression."""
        symbol = scope.find_name(name.text)
        self._use(NameUse(name.span, name.text, Role.VALUE, _found(symbol)), scope)
        return symbol

    def word(self, name: tree.Name, scope: NameScope) -> Symbol | None:
        """Use the word of a line or of a scope of defaults."""
        symbol = scope.find_word(name.text)
        self._use(NameUse(name.span, name.text, Role.WORD, _found(symbol)), scope)
        return symbol

    def tensor(self, name: tree.Name | tree.Template, scope: NameScope) -> None:
        """Use a tensor by its name, or by the name of its layer's scope."""
        if isinstance(name, tree.Template) and plain_text(name) is None:
            self.template(name, scope, Role.TENSOR)
            return
        text = name.text if isinstance(name, tree.Name) else plain_text(name) or ""
        symbol = scope.find_name(text) or scope.find_end_point(text)
        self._use(NameUse(name.span, text, Role.TENSOR, _found(symbol)), scope)

    def keys(
        self,
        arguments: Iterable[tree.Argument],
        callables: Sequence[Symbol],
        scope: NameScope,
    ) -> None:
        """Use the keys and values of arguments of blocks or of a function."""
        for argument in arguments:
            key = argument.key
            if key is not None and callables:
                found = [s.parameters.get(key.text) for s in callables]
                symbols = tuple(symbol for symbol in found if symbol is not None)
                self.uses.append(NameUse(key.span, key.text, Role.KEY, symbols))
            self.expression(argument.value, scope)

    def expression(self, node: tree.Expression, scope: NameScope) -> None:
        """Use the names in an expression."""
        waiting: list[tree.SyntaxNode] = [node]
        while waiting:
            match waiting.pop():
                case tree.Name() as name:
                    if name.text not in FACTS:
                        self.value(name, scope)
                case tree.Template() as template:
                    self.template(template, scope, Role.VALUE)
                case tree.CallExpression() as call:
                    function = self.value(call.name, scope)
                    self.keys(call.arguments, _found(function), scope)
                case other:
                    waiting.extend(children_of(other))

    def template(
        self, template: tree.Template, scope: NameScope, role: Role | None = None
    ) -> None:
        """Use the names in a name put together; with a role, all names that may be meant."""
        for part in template.parts:
            if not isinstance(part, str):
                self.expression(part, scope)
        if role is None or plain_text(template) is not None:
            return
        pattern = "".join(
            re.escape(part) if isinstance(part, str) else ".+"
            for part in template.parts
        )
        fitting = re.compile(pattern)
        symbols = tuple(
            symbol
            for name, symbol in scope.visible().items()
            if fitting.fullmatch(name)
        )
        text = template.span.text
        self.uses.append(NameUse(template.span, text, role, symbols, exact=False))

    def braces(self, string: tree.String, scope: NameScope) -> None:
        """Use the names between the braces of a text, as the rules of a map have them."""
        source, start = string.span.source, string.span.start + 1
        for inside in BRACES.finditer(string.value):
            for found in NAME.finditer(inside[1]):
                first = start + inside.start(1) + found.start()
                if (symbol := scope.find_name(found[0])) is not None:
                    span = Span(source, first, first + len(found[0]))
                    self.uses.append(NameUse(span, found[0], Role.VALUE, (symbol,)))

    def _use(self, use: NameUse, scope: NameScope) -> None:
        if use.symbols:
            self.uses.append(use)
        else:
            self._unresolved.append((use, scope))

    def finish(self) -> None:
        """Look up again what a later turn of a loop may have declared."""
        for use, scope in self._unresolved:
            symbol = scope.find_name(use.name)
            if use.role is Role.WORD:
                symbol = scope.find_word(use.name)
            elif use.role is Role.TENSOR:
                symbol = symbol or scope.find_end_point(use.name)
            self.uses.append(NameUse(use.span, use.name, use.role, _found(symbol)))
        self._unresolved.clear()


def _found(symbol: Symbol | None) -> tuple[Symbol, ...]:
    return () if symbol is None else (symbol,)


def plain_text(template: tree.Template) -> str | None:
    """Return the text of a name without `{…}`; None where it has some."""
    if all(isinstance(part, str) for part in template.parts):
        return "".join(part for part in template.parts if isinstance(part, str))
    return None


def name_of(label: tree.Name | tree.Template) -> tree.Name | None:
    """Return a label as a name; None where its text depends on values."""
    if isinstance(label, tree.Name):
        return label
    text = plain_text(label)
    return None if text is None else tree.Name(label.span, text)
