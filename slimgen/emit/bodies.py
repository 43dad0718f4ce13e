"""Functions of networks and blocks as text, and the sections that they stand in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slimgen.emit.statements import BodyWriter
from slimgen.emit.tensorflow.values import python
from slimgen.ir.graph import Network, Value


@dataclass(frozen=True)
class FunctionText:
    """A function of a block or of a network: its first line, docstring and body."""

    definition: str
    doc: tuple[str, ...]
    lines: tuple[str, ...]

    def text(self) -> str:
        """Write the function."""
        return "\n".join([self.definition, *self.doc, *self.lines])


def section(title: str, functions: Iterable[FunctionText]) -> str:
    """Write functions below a heading."""
    return "\n\n\n".join([f"# {title}.", *(f.text() for f in functions)])


def block_lines(body: BodyWriter, output: Value, scoped: bool) -> list[str]:
    """The body of a block; one that is always under a name of its own opens the scope."""
    name = body.names[output.index]
    if not scoped:
        return [*body.lines, f"    return {name}"]
    result = f"        return end_point(scope, {name})"
    return ["    with scope.open():", *body.lines, result]


def network_result(network: Network, names: Mapping[int, str]) -> str:
    """Write the value that a network returns: a tensor, or a dictionary of its outputs."""
    if len(network.outputs) == 1:
        return names[network.outputs[0][1].index]
    pairs = (f"{python(n)}: {names[v.index]}" for n, v in network.outputs)
    return f"{{{', '.join(pairs)}}}"
