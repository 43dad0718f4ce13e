"""Files to networks: which are built, with which parameters, and their jobs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from slimgen.diagnostics import Diagnostics
from slimgen.elaborate.comments import leading_comment
from slimgen.elaborate.evaluated import Evaluated, Frame, Tensor
from slimgen.elaborate.evaluator import Evaluator, Silent
from slimgen.elaborate.jobs.images import check_alike
from slimgen.elaborate.loading import Loaded, Program, Reader
from slimgen.elaborate.network_builder import (
    Defines,
    NetworkBuilder,
    inputs_of,
)
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.unknown import report_unknown
from slimgen.elaborate.unused import report_unused
from slimgen.elaborate.unused_results import report_unused_results
from slimgen.elaborate.vocabulary import FINAL_ENDPOINT, universal_words
from slimgen.elaborate.weight_maps import Usage
from slimgen.frozen import Frozen
from slimgen.ir.graph import Function, Graph, Network
from slimgen.layers.literals import named
from slimgen.messages import names as messages
from slimgen.resolve import Resolution, Symbol, resolve
from slimgen.source import Source, Span
from slimgen.syntax import tree
from slimgen.syntax.parser import parse_expression
from slimgen.syntax.tree_nodes import lines_of


class Request(Frozen):
    """The request of a compilation, besides the source.

    Attributes:
        defines: `-D name=value`, as text, in order.
        networks: The networks to build; empty: all that are not mere parts of others.
        passes: Names of the passes to run; None: all.
        building: Something is to be built: a source without networks is an error.
        tolerated: Codes of mistakes that do not matter to what is asked.
        verify: Infer types and variables again after each stage.
        form: The form of the built file: `one file`, `split` or `ejected`.
    """

    defines: tuple[tuple[str, str], ...] = ()
    networks: tuple[str, ...] = ()
    passes: tuple[str, ...] | None = None
    building: bool = False
    tolerated: frozenset[str] = frozenset()
    verify: bool = False
    form: str = "one file"


def elaborate(
    source: Source, request: Request, reader: Reader, diagnostics: Diagnostics
) -> tuple[Graph | None, tuple[Source, ...]]:
    """Return the graph of a source, or None after errors, and all sources read."""
    reporter = Reporter(diagnostics, request.tolerated)
    program = Program(reader, reporter, Evaluator(universal_words()))
    main = program.load(source)
    files = {name: loaded.file for name, loaded in program.loaded.items()}
    resolution = resolve(main.file, files, program.targets)
    report_unused(main.file, list(files.values()), resolution, reporter)
    try:
        graph = _graph(program, main, request, resolution)
    except Rejected as rejected:
        if not isinstance(rejected, Silent):
            reporter.report(rejected.diagnostic)
        graph = None
    report_unknown(main.file, resolution, reporter)
    if (
        not diagnostics.has_errors
    ):  # a mistaken `from` would look as if nothing were read
        report_unused_results(main.file, list(files.values()), resolution, reporter)
    sources = tuple(program.sources)
    return (None if diagnostics.has_errors else graph), sources


def _graph(
    program: Program, main: Loaded, request: Request, resolution: Resolution
) -> Graph | None:
    reporter = program.reporter
    if _has_jobs(main):
        # The readers of jobs are a tenth of the compiler: only files with jobs load them.
        from slimgen.elaborate.jobs.job_list import check_jobs

        check_jobs(main, reporter)
    chosen = _chosen(main, request, resolution, reporter)
    defines = _defines(request, reporter)
    if not chosen:
        return None
    settings = [_parameters(program, main, node, defines) for node in chosen]
    _check_defines(defines, chosen, reporter)
    constants = _constants(settings)
    ends: dict[str, Mapping[str, Tensor]] = {}
    networks: list[Network] = []
    functions: list[Function] = []
    usage = Usage()
    for node, parameters in zip(chosen, settings, strict=True):
        builder = NetworkBuilder(program, main, node, defines, usage)
        built = builder.build(
            {n: _named(n, v, constants) for n, v in parameters.items()}
        )
        if built is None:
            continue
        ends[built.network.name] = built.end_points
        networks.append(built.network)
        functions.extend(built.functions)
    if not (defines or request.networks):  # else a rule may be for what is left out
        usage.report(reporter)
    check_alike(networks, reporter)
    comment = leading_comment(main.file, None)
    graph = Graph(tuple(networks), tuple(functions), (), comment)
    return _with_jobs(graph, program, main, ends, bool(defines))


def _has_jobs(main: Loaded) -> bool:
    return any(isinstance(item, tree.Job) for item in main.file.items)


def _with_jobs(
    graph: Graph,
    program: Program,
    main: Loaded,
    ends: Mapping[str, Mapping[str, Tensor]],
    changed: bool,
) -> Graph:
    """Return the graph with the jobs of its networks, some of them `changed` by `-D`."""
    if not _has_jobs(main):
        return graph
    from slimgen.elaborate.jobs.job_list import jobs_of
    from slimgen.elaborate.jobs.precision import check_precision

    jobs = jobs_of(program, main, graph.networks, ends, changed)
    graph = replace(graph, jobs=tuple(jobs))
    check_precision(graph, program.reporter)
    return graph


def _named(name: str, value: Evaluated, constants: frozenset[str]) -> Evaluated:
    if name not in constants:
        return value
    marked = named(value, name)
    return marked if isinstance(marked, int | float | str) else value


def _constants(settings: Sequence[Mapping[str, Evaluated]]) -> frozenset[str]:
    """The parameters that have one value in all networks: constants of the file."""
    found: dict[str, list[tuple[type, Evaluated]]] = {}
    for parameters in settings:
        for name, value in parameters.items():
            found.setdefault(name, []).append((type(value), value))
    return frozenset(
        name for name, values in found.items() if all(v == values[0] for v in values)
    )


def _chosen(
    main: Loaded, request: Request, resolution: Resolution, reporter: Reporter
) -> list[tree.Network]:
    nodes = {
        item.name.text: item
        for item in main.file.items
        if isinstance(item, tree.Network) and item.name.text in main.words.declared
    }
    for name in request.networks:
        if name not in nodes:
            reporter.report(messages.no_such_network(name, list(nodes)))
    jobs = {item.network.text for item in main.file.items if isinstance(item, tree.Job)}
    if request.networks:
        chosen = [node for name, node in nodes.items() if name in request.networks]
    else:
        names = _not_only_words(nodes, jobs, resolution)
        chosen = [nodes[name] for name in names]
    # A file of blocks can be checked, but gives nothing to build.
    wanted = request.building or not main.file.items
    if wanted and not chosen and not reporter.diagnostics.has_errors:
        reporter.report(messages.no_network(Span(main.file.source, 0, 0)))
    # The command line of the file trains its first network.
    return sorted(chosen, key=lambda node: node.name.text not in jobs)


def _not_only_words(
    nodes: Mapping[str, tree.Network], jobs: Collection[str], resolution: Resolution
) -> list[str]:
    """The networks that do not only serve as words in others, in order."""
    symbols = {name: _symbol(node, resolution) for name, node in nodes.items()}
    parts = {name: _reached(symbol, resolution) for name, symbol in symbols.items()}
    chosen = {
        name
        for name, symbol in symbols.items()
        if name in jobs
        or not any(symbol in parts[other] for other in nodes if other != name)
    }
    for name, symbol in symbols.items():  # those of a circle are all words in others
        if not any(symbol in {symbols[other], *parts[other]} for other in chosen):
            chosen.add(name)
    return [name for name in nodes if name in chosen]


def _symbol(node: tree.Network, resolution: Resolution) -> Symbol:
    symbol = resolution.declared_at(node.name.span)
    assert symbol is not None
    return symbol


def _reached(symbol: Symbol, resolution: Resolution) -> set[Symbol]:
    """The blocks and networks that a block or network calls, directly or not."""
    found: set[Symbol] = set()
    waiting = [symbol]
    while waiting:
        lines = lines_of(waiting.pop().node)
        uses = (resolution.used_at(line.word.span) for line in lines)
        new = {symbol for use in uses if use for symbol in use.symbols} - found
        found |= new
        waiting += new
    return found


def _defines(
    request: Request, reporter: Reporter
) -> dict[str, tuple[tree.Expression | None, str]]:
    defines: dict[str, tuple[tree.Expression | None, str]] = {}
    for name, text in request.defines:
        expression = None
        if name != FINAL_ENDPOINT:
            found = Diagnostics()
            expression = parse_expression(text, f"-D {name}", found)
            if expression is None:
                reason = next((d.help or d.message for d in found), "")
                reporter.report(messages.bad_define(name, text, reason))
                continue
        defines[name] = (expression, text)
    return defines


def _check_defines(
    defines: Defines, chosen: Sequence[tree.Network], reporter: Reporter
) -> None:
    known: list[str] = []
    for node in chosen:
        known += [parameter.name.text for parameter in node.parameters]
        known += [statement.name.text for statement in inputs_of(node)]
    for name in defines:
        if name not in known and name != FINAL_ENDPOINT:
            reporter.report(messages.unknown_parameter(None, name, known))


def _parameters(
    program: Program,
    main: Loaded,
    node: tree.Network,
    defines: Defines,
) -> dict[str, Evaluated]:
    """Evaluate a network's parameters: `-D`, else the default."""
    frame = Frame(main.frame)
    values: dict[str, Evaluated] = {}
    for parameter in node.parameters:
        name = parameter.name.text
        expression = defines.get(name, (parameter.default, ""))[0]
        if expression is None:
            raise Rejected(
                messages.missing_parameter(parameter.span, node.name.text, name)
            )
        if isinstance(parameter.default, tree.String):
            expression = _as_string(expression, frame)
        values[name] = frame.names[name] = program.evaluator.evaluate(expression, frame)
    return values


def _as_string(expression: tree.Expression, frame: Frame) -> tree.Expression:
    """A bare word given for a string, as a shell leaves it: `-D upsample=nearest`."""
    if isinstance(expression, tree.Name) and expression.text not in frame.known():
        return tree.String(expression.span, expression.text)
    return expression
