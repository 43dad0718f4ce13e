"""The names in statements: what each declares and uses."""

from collections.abc import Callable
from dataclasses import field, replace

from slimgen.frozen import Frozen
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.weight_lines import HeadLine, WeightsLine
from slimgen.resolve.recorder import Recorder, name_of, plain_text
from slimgen.resolve.symbols import NameScope, Symbol, SymbolKind
from slimgen.syntax import tree
from slimgen.syntax.tree_nodes import nodes_of

KINDS: dict[type[tree.SyntaxNode], SymbolKind] = {
    tree.Block: SymbolKind.BLOCK,
    tree.Network: SymbolKind.NETWORK,
    tree.Input: SymbolKind.INPUT,
    tree.Variable: SymbolKind.VARIABLE,
    tree.Tap: SymbolKind.TENSOR,
    tree.Output: SymbolKind.TENSOR,
}


class Surroundings(Frozen):
    """The names around a statement.

    Attributes:
        path: The scopes of `in` and `branch` around it, as far as the text says them.
        later: Bodies that are read when all names around them are declared.
    """

    scope: NameScope
    path: str = ""
    later: list[Callable[[], None]] = field(default_factory=list)


class StatementNames:
    """Records the names of statements."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def body(self, body: tree.Body, around: Surroundings) -> None:
        """Record the names of the statements between braces."""
        for statement in body.statements:
            self.statement(statement, around)

    def statement(self, statement: tree.Statement, around: Surroundings) -> None:
        """Record the names of a statement."""
        recorder, scope = self.recorder, around.scope
        match statement:
            case tree.Line():
                self._line(statement, around)
            case tree.Repeat(count=count, line=line):
                recorder.expression(count, scope)
                self._line(line, around)
            case tree.Stack(line=line):
                self._line(line, around)
            case tree.Let() | tree.LetFunction() | tree.Block():
                self.declaration(statement, around)
            case tree.For() | tree.If() | tree.Scope() | tree.Branch() | tree.In():
                self._braces(statement, around)
            case tree.From(name=label):
                if isinstance(label, tree.Name | tree.Template):
                    recorder.tensor(label, scope)
                else:
                    recorder.expression(label, scope)
            case tree.Require(condition=condition):
                recorder.expression(condition, scope)
            case _:
                self._labelled(statement, around)

    def _braces(
        self,
        statement: tree.For | tree.If | tree.Scope | tree.Branch | tree.In,
        around: Surroundings,
    ) -> None:
        """Record a statement with statements between braces."""
        recorder, scope = self.recorder, around.scope
        match statement:
            case tree.For(names=names, items=items, body=body):
                recorder.expression(items, scope)
                for name in names:
                    recorder.declare(name, SymbolKind.LOOP, statement, scope)
                self.body(body, around)
            case tree.If(cases=cases, otherwise=otherwise):
                for condition, body in cases:
                    recorder.expression(condition, scope)
                    self.body(body, around)
                if otherwise is not None:
                    self.body(otherwise, around)
            case tree.Scope():
                self._scope(statement, around)
            case tree.Branch(name=branch_name, body=body):
                self.body(body, self._inside(branch_name, around))
            case tree.In(name=in_name, settings=settings, body=body):
                recorder.keys(settings, (), scope)
                self.body(body, self._inside(in_name, around))

    def _labelled(
        self,
        statement: tree.Tap | tree.Output | tree.Input | tree.Variable,
        around: Surroundings,
    ) -> None:
        """Record a statement that names a tensor."""
        if isinstance(statement, tree.Input):
            self.recorder.expression(statement.size, around.scope)
            self.recorder.keys(statement.settings, (), around.scope)
        elif isinstance(statement, tree.Variable):
            self.recorder.keys(statement.arguments, (), around.scope)
        name = name_of(statement.name)
        if name is not None:
            kind = KINDS[type(statement)]
            self.recorder.declare(name, kind, statement, around.scope)
        elif isinstance(statement.name, tree.Template):
            self.recorder.template(statement.name, around.scope)

    def declaration(
        self,
        node: tree.Let | tree.LetFunction | tree.Block | tree.Network,
        around: Surroundings,
    ) -> Symbol | None:
        """Record a value, a function, a block or a network."""
        recorder, scope = self.recorder, around.scope
        match node:
            case tree.Let(names=names, value=value):
                recorder.expression(value, scope)
                for name in names:
                    recorder.declare(name, SymbolKind.LET, node, scope)
                return None
            case tree.LetFunction(name=name, value=value):
                symbol = recorder.declare(name, SymbolKind.FUNCTION, node, scope)
                inner = self._parameters(node, symbol, scope)
                around.later.append(lambda: recorder.expression(value, inner.scope))
            case tree.Block(name=name) | tree.Network(name=name):
                symbol = recorder.declare_word(name, KINDS[type(node)], node, scope)
                inner = self._parameters(node, symbol, scope)
                around.later.append(lambda: self._block_body(node, inner))
        return symbol

    def _parameters(
        self,
        node: tree.LetFunction | tree.Block | tree.Network,
        symbol: Symbol,
        scope: NameScope,
    ) -> Surroundings:
        """Declare parameters in a scope of their own; their defaults see those before."""
        inner = Surroundings(NameScope(scope))
        for parameter in node.parameters:
            if parameter.default is not None:
                self.recorder.expression(parameter.default, inner.scope)
            kind = SymbolKind.PARAMETER
            found = self.recorder.declare(parameter.name, kind, parameter, inner.scope)
            symbol.parameters[parameter.name.text] = found
        return inner

    def _block_body(self, node: tree.Block | tree.Network, inner: Surroundings) -> None:
        self._scope_name(node.scope, inner)
        self.body(node.body, inner)
        run_later(inner)

    def _line(self, line: tree.Line, around: Surroundings) -> None:
        recorder, scope = self.recorder, around.scope
        block = scope.find_word(line.word.text)
        if line.word.text in NETWORK_LINES and block is None:
            self._network_line(line, around)
            return
        recorder.word(line.word, scope)
        recorder.keys(line.arguments, () if block is None else (block,), scope)
        if block is not None:
            self._results(block, line, scope)
        self._scope_name(line.name, around)
        if line.name is not None and line.name.template is not None:
            name = name_of(line.name.template)
            if name is not None:
                path = _join(around.path, name.text)
                recorder.declare_end_point(tree.Name(name.span, path), line, scope)
        if line.body is not None:
            self.body(line.body, self._inside(line.name, around))

    def _results(self, block: Symbol, line: tree.Line, scope: NameScope) -> None:
        """Declare the results of a block, which its caller sees by their names."""
        if not isinstance(block.node, tree.Block | tree.Network):
            return
        for node in nodes_of(block.node.body):
            if isinstance(node, tree.Output) and (name := name_of(node.name)):
                self.recorder.declare(
                    tree.Name(line.word.span, name.text), SymbolKind.TENSOR, line, scope
                )

    def _network_line(self, line: tree.Line, around: Surroundings) -> None:
        """Record a line about weights: its values, the texts of its rules, its scopes."""
        if line.word.text == HeadLine.word:
            for argument in line.arguments:
                if isinstance(argument.value, tree.Name | tree.Template):
                    self.recorder.tensor(argument.value, around.scope)
            return
        self.recorder.keys(line.arguments, (), around.scope)
        if line.word.text == WeightsLine.word:
            for node in nodes_of(line.body):
                if isinstance(node, tree.String):
                    self.recorder.braces(node, around.scope)
                elif isinstance(node, tree.Argument):
                    self.recorder.expression(node.value, around.scope)

    def _scope(self, statement: tree.Scope, around: Surroundings) -> None:
        found = [self.recorder.word(word, around.scope) for word in statement.words]
        blocks = [symbol for symbol in found if symbol is not None]
        self.recorder.keys(statement.settings, blocks, around.scope)
        if statement.body is not None:
            self.body(statement.body, around)

    def _scope_name(self, name: tree.ScopeName | None, around: Surroundings) -> None:
        if name is not None and name.template is not None:
            self.recorder.template(name.template, around.scope)

    def _inside(
        self, name: tree.ScopeName | None, around: Surroundings
    ) -> Surroundings:
        """Return the surroundings between braces that have a scope of their own."""
        self._scope_name(name, around)
        if name is None or name.template is None:
            return around
        text = plain_text(name.template)
        return replace(around, path=_join(around.path, text or "{}"))


def run_later(around: Surroundings) -> None:
    """Read the bodies that waited for the names around them."""
    for body in around.later:
        body()


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name
