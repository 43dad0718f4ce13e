"""Functions of networks and blocks as text, and the sections that they stand in."""

from collections.abc import Iterable, Mapping, Sequence

from slimgen.emit.fitting import INDENT, WIDTH
from slimgen.emit.statements import BodyWriter
from slimgen.emit.tensorflow.values import python
from slimgen.frozen import Frozen
from slimgen.ir.graph import Network, Value


class FunctionText(Frozen):
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


def returning(lines: Sequence[str], result: str) -> list[str]:
    """Return the lines of a body with its result; one made in the last line needs no name."""
    *most, last = lines or [""]
    indent = " " * INDENT
    made = last.removeprefix(f"{indent}{result} = ")
    returned = f"{indent}return {made}"
    if made == last or len(returned) > WIDTH:
        return [*lines, f"{indent}return {result}"]
    return [*most, returned]


def block_lines(body: BodyWriter, output: Value, opened: str | None) -> list[str]:
    """Return the body of a block; `opened` is the name that it opens, "" for none below."""
    name = body.names[output.index]
    if opened is None:
        return returning(body.lines, name)
    head = f"scope.open({python(opened)}) as scope" if opened else "scope.open()"
    return [f"    with {head}:", *_kept_as_result(body.lines, name)]


def _kept_as_result(lines: Sequence[str], name: str) -> list[str]:
    """Return lines that end by keeping the result, in its own line where it has room."""
    *most, last = lines or [""]
    indent = " " * INDENT * 2
    made = last.removeprefix(f"{indent}{name} = ")
    code, mark, comment = made.partition("  # ")
    returned = f"{indent}return end_point(scope, {code}){mark}{comment}"
    nested = "end_point(" in code
    if made == last or nested or len(returned) > WIDTH:
        return [*lines, f"{indent}return end_point(scope, {name})"]
    return [*most, returned]


def network_result(network: Network, names: Mapping[int, str]) -> str:
    """Write the value that a network returns: a tensor, or a dictionary of its outputs."""
    if len(network.outputs) == 1:
        return names[network.outputs[0][1].index]
    pairs = (f"{python(n)}: {names[v.index]}" for n, v in network.outputs)
    return f"{{{', '.join(pairs)}}}"
