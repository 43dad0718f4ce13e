"""Names to declarations: where each name of a file, and of what it uses, is declared."""

from slimgen.resolve.resolver import resolve
from slimgen.resolve.symbols import NameUse, Resolution, Role, Symbol, SymbolKind

__all__ = ["NameUse", "Resolution", "Role", "Symbol", "SymbolKind", "resolve"]
