"""The lines of a network that make no tensor: `weights`, `preprocess`, `labels`, `head`."""

from slimgen.elaborate.env import Env
from slimgen.elaborate.jobs.job_lines import JobLines
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.elaborate.walk import Walk
from slimgen.elaborate.weight_maps import read_rules
from slimgen.layers.network_lines import NETWORK_LINES
from slimgen.layers.weight_lines import WeightsLine
from slimgen.messages import names as messages
from slimgen.syntax import tree


def network_lines(reporter: Reporter, env: Env) -> JobLines:
    """Return the binder of a network's lines."""
    return JobLines(reporter, env.frame, NETWORK_LINES.values())


def is_network_line(statement: tree.Line, env: Env) -> bool:
    """Whether a line is about the network and no layer; a block `head` is a block."""
    word = statement.word.text
    return word in NETWORK_LINES and env.words.find(word) is None


def keep_network_line(statement: tree.Line, walk: Walk, env: Env) -> None:
    """Keep a line that belongs to the network's weights; they are read at its end."""
    if walk.naming.cut:
        return  # it stands behind the end point that ends the network
    word = statement.word
    if word.text == WeightsLine.word:
        _keep_map(statement, walk, env)
        return
    if env.builder.parent is not None:
        raise Rejected(
            messages.misplaced(
                word.span,
                f"`{word.text}`",
                "inside a block",
                "it belongs to the network that has the weights",
            )
        )
    if word.text in walk.lines:
        first = walk.lines[word.text].word.span
        raise Rejected(messages.name_taken(word.span, word.text, "given", first))
    walk.lines[word.text] = statement


def _keep_map(statement: tree.Line, walk: Walk, env: Env) -> None:
    """Keep a map of weights; a block may give it for the network that calls it."""
    if any(block.is_network for block in walk.active):
        return  # the weights of a network that is a word in this one
    rules = read_rules(statement, network_lines(walk.reporter, env))
    for other in walk.maps:
        if other.format == rules.format:
            called, first = f"weights {rules.format}", other.statement.word.span
            raise Rejected(
                messages.name_taken(statement.word.span, called, "given", first)
            )
    walk.maps.append(rules)
