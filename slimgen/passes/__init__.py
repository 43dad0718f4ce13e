"""Graph to graph: pure functions in one visible order."""

from collections.abc import Callable, Sequence

from slimgen.ir.graph import Graph
from slimgen.ir.verifier import require_sound
from slimgen.passes.inline_blocks import inline_small, inline_wrappers
from slimgen.passes.lower import lower
from slimgen.passes.roll_loops import roll_loops
from slimgen.passes.share_blocks import share_blocks

Pass = Callable[[Graph], Graph]

# Layers are lowered first: layers that are computed alike are then equal. Small blocks are
# inlined before others are shared, so that the blocks around them can be alike. Loops come
# last: their turns are alike once their blocks are one function.
PASSES: tuple[Pass, ...] = (
    lower,
    inline_small,
    share_blocks,
    inline_wrappers,
    roll_loops,
)

# `lower` is not a choice: the emitter knows no other form of a layer.
PASS_NAMES: tuple[str, ...] = tuple(one.__name__ for one in PASSES if one is not lower)


def run_passes(
    graph: Graph, names: Sequence[str] | None, verify: bool = False
) -> Graph:
    """Run `lower` and the passes called `names`, or all, in the order of PASSES.

    The graph is verified after each, its types too with `verify`.
    """
    for rewrite in PASSES:
        if rewrite is lower or names is None or rewrite.__name__ in names:
            graph = rewrite(graph)
            require_sound(graph, rewrite.__name__, verify)
    return graph
