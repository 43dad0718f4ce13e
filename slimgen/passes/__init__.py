"""Graph to graph: pure functions in one visible order."""

from collections.abc import Callable, Sequence

from slimgen.ir.graph import Graph
from slimgen.passes.inline_blocks import inline_small, inline_wrappers
from slimgen.passes.roll_loops import roll_loops
from slimgen.passes.share_blocks import share_blocks

Pass = Callable[[Graph], Graph]

# Small blocks first, so that what holds them can be alike; loops last: their turns are
# alike once their blocks are one function. Only then is it known what is called once.
PASSES: tuple[Pass, ...] = (inline_small, share_blocks, inline_wrappers, roll_loops)

PASS_NAMES: tuple[str, ...] = tuple(rewrite.__name__ for rewrite in PASSES)


def run_passes(graph: Graph, names: Sequence[str] | None) -> Graph:
    """Run the passes called `names`, or all, in the order of PASSES."""
    for rewrite in PASSES:
        if names is None or rewrite.__name__ in names:
            graph = rewrite(graph)
    return graph
