"""Names to declarations: where each name of a file, and of what it uses, is declared."""

from slimgen.resolve.resolver import resolve
from slimgen.resolve.symbols import Resolution, Role, Symbol, SymbolKind, Use

__all__ = ["Resolution", "Role", "Symbol", "SymbolKind", "Use", "resolve"]
