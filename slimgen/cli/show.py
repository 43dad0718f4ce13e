"""`slimgen show`: a source as each stage of the compiler sees it."""

from collections.abc import Sequence

import click

from slimgen.cli.build_targets import Choices, targets_of_files
from slimgen.cli.compiling import (
    PATH,
    choice_options,
    load,
    passes_option,
    run_compiler,
    stdin_name_option,
    verify_option,
)
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Graph
from slimgen.source import Source

STAGES = ("tree", "graph", "resolved", "lowered", "source")


@click.command(epilog="""\b
Examples:
  slimgen show vgg16.slim --stage resolved
  slimgen show vgg16.slim --stage lowered --passes none
  slimgen show vgg16.slim --stage source --network vgg_16
""")
@click.argument("file", type=PATH)
@click.option(
    "--stage",
    type=click.Choice(STAGES),
    required=True,
    help="tree: the syntax; graph: networks and blocks with the arguments of the source; "
    "resolved: every argument of every layer and the line that set it; "
    "lowered: the graph after the passes, as it is emitted; "
    "source: a flat source of the same networks, without blocks and loops.",
)
@stdin_name_option
@choice_options
@passes_option
@verify_option
@reporting
def show(
    reporter: CommandReport,
    *,
    file: str,
    stage: str,
    stdin_filename: str | None,
    verify: bool,
    **chosen: tuple[tuple[str, str], ...],
) -> None:
    """Print the output of one stage of the compiler."""
    choices = Choices(**chosen)  # type: ignore[arg-type]
    (target,) = targets_of_files([file], None, stdin_filename, choices)
    source = load(target, reporter)
    if source is None:
        return
    if stage == "tree":
        _show_tree(source, reporter)
    else:
        compilation = run_compiler(source, choices, reporter, emit=False, verify=verify)
        if compilation is not None and compilation.graph is not None:
            write_output(_text_of(compilation.graph, stage, choices.passes, verify))


def _show_tree(source: Source, reporter: CommandReport) -> None:
    from slimgen.cli.tree_text import tree_text
    from slimgen.syntax.parser import parse

    found = Diagnostics()
    tree = parse(source, found)
    if reporter.add(found):
        write_output(tree_text(tree))


def _text_of(
    graph: Graph, stage: str, passes: Sequence[str] | None, verify: bool
) -> str:
    if stage == "resolved":
        from slimgen.ir.resolved import print_resolved

        return print_resolved(graph)
    if stage == "source":
        from slimgen.emit.slim.raising import raise_graph
        from slimgen.syntax.writer import write

        return write(raise_graph(graph))
    from slimgen.ir.text import print_graph
    from slimgen.passes import run_passes

    return print_graph(graph if stage == "graph" else run_passes(graph, passes, verify))
