"""Proposed rules, read and expanded as those of a source are."""

from slimgen.diagnostics import Diagnostics
from slimgen.elaborate.evaluated import Frame
from slimgen.elaborate.jobs.job_lines import JobLines
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.weight_maps import Usage, expand_rules, read_rules
from slimgen.ir.graph import Network
from slimgen.ir.weight_map import WeightMap
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.parser import parse
from slimgen.syntax.tree_nodes import lines_of


def map_of_rules(
    network: Network, format: str, rules: tuple[str, ...]
) -> WeightMap | None:
    """Return the map that rules make for a network, which may lack some; None if they fail."""
    body = "\n".join(rules)
    text = f'network proposed() {{\nweights {format} "proposed" {{\n{body}\n}}\n}}\n'
    diagnostics = Diagnostics()
    file = parse(Source("proposed.slim", text), diagnostics)
    statement = next((one for one in lines_of(file.items) if one.body), None)
    if len(diagnostics) > 0 or not isinstance(statement, tree.Line):
        return None
    reporter = Reporter(diagnostics, frozenset({"E142"}))
    try:
        read = read_rules(statement, JobLines(reporter, Frame(), ()))
        found = expand_rules(read, network.variables, network.scope, Usage(), reporter)
    except Rejected:
        return None
    return None if len(diagnostics) > 0 else found
