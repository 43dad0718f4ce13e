"""Names of variables on a line: scopes and variables of a network, and globs over them."""

import fnmatch
import re
from collections.abc import Sequence

from slimgen.elaborate.rejection import Rejected
from slimgen.ir.graph import Network
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree


def named_variables(network: Network, names: Sequence[str]) -> tuple[str, ...]:
    """Return the full names of the variables below scopes, in order of creation."""
    return tuple(
        full
        for full, own in _own_names(network).items()
        if any(_fits(own, name) for name in names)
    )


def check_names(network: Network, names: Sequence[str], statement: tree.Line) -> None:
    """Refuse a name or a glob that is above no variable."""
    variables = _own_names(network).values()
    for name in names:
        if not any(_fits(variable, name) for variable in variables):
            scopes = {
                "/".join(parts[:end])
                for parts in (variable.split("/") for variable in variables)
                for end in range(1, len(parts) + 1)
            }
            kind = f"scope or variable of `{network.name}`"
            span = _span_of(statement, name)
            raise Rejected(messages.unknown_word(span, name, sorted(scopes), what=kind))


def _own_names(network: Network) -> dict[str, str]:
    """Return the variables by full name, below the network's scope."""
    root = f"{network.scope}/" if network.scope else ""
    return {v.name: v.name.removeprefix(root) for v in network.variables}


def _span_of(statement: tree.Line, name: str) -> Span:
    """Return where a line has a name."""
    found = (a.span for a in statement.arguments if a.span.text.strip('"') == name)
    return next(found, statement.span)


def _fits(variable: str, name: str) -> bool:
    if re.search(r"[*?[]", name):
        return fnmatch.fnmatchcase(variable, name)
    return f"{variable}/".startswith(f"{name.rstrip('/')}/")
