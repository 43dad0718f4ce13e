"""The pipeline in one function: source, tree, graph, passes, Python."""

from dataclasses import replace

from slimgen.diagnostics import Diagnostics
from slimgen.elaborate.loading import Reader
from slimgen.elaborate.networks import Request, elaborate
from slimgen.emit.taken_classes import taken_classes
from slimgen.frozen import Frozen
from slimgen.ir.graph import Graph
from slimgen.ir.verifier import require_sound
from slimgen.passes import PASS_NAMES, run_passes
from slimgen.source import Source

__all__ = [
    "PASS_NAMES",
    "Compilation",
    "Reader",
    "Request",
    "analyze",
    "compile_source",
]


class Compilation(Frozen):
    """The result of compiling a source.

    Attributes:
        sources: The source and everything that it uses, in order.
        graph: None when there are errors.
        code: The emitted file; None when there are errors or it was not asked for.
    """

    diagnostics: Diagnostics
    sources: tuple[Source, ...]
    graph: Graph | None
    code: str | None = None


def analyze(source: Source, request: Request, read: Reader) -> Compilation:
    """Compile up to the graph, before any pass."""
    diagnostics = Diagnostics()
    graph, sources = elaborate(source, request, read, diagnostics)
    for clash in taken_classes(graph) if graph else ():
        diagnostics.report(clash)
        graph = None
    if graph is not None:
        require_sound(graph, "elaboration", request.verify)
    return Compilation(diagnostics, sources, graph)


def compile_source(source: Source, request: Request, read: Reader) -> Compilation:
    """Compile a source to Python."""
    # Black is needed for emission alone, and slow to import.
    from slimgen.emit.file_head import source_digest
    from slimgen.emit.module import emit

    found = analyze(source, replace(request, building=True), read)
    if found.graph is None:
        return found
    graph = run_passes(found.graph, request.passes, request.verify)
    digest = source_digest(found.sources, request)
    code = emit(graph, source.name, digest, request.form)
    return Compilation(found.diagnostics, found.sources, graph, code)
