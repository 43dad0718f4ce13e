"""`slimgen zoo`: the networks that come with slimgen, and copies of their sources."""

import json
import os
import shlex
from importlib.resources import files
from typing import TypedDict

import click

from slimgen.cli.compiling import suggestion
from slimgen.cli.files import STDIN, read_built, refusal, write_file
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output
from slimgen.cli.uses import with_paths
from slimgen.messages import commands
from slimgen.shipped import is_reserved, path_beside, read_shipped
from slimgen.source import Source

HEAD = ("network", "source", "input", "parameters", "preprocess", "weights")
NUMBERS = frozenset({"parameters"})


class ZooNetwork(TypedDict):
    """A network of the zoo, as networks.json has it."""

    network: str
    source: str
    input: str
    parameters: int
    preprocess: str | None
    weights: list[str]


def _networks() -> list[ZooNetwork]:
    text = (files("slimgen.zoo") / "networks.json").read_text(encoding="utf-8")
    found: list[ZooNetwork] = json.loads(text)["networks"]
    return found


def _complete(
    _context: click.Context, _parameter: click.Parameter, start: str
) -> list[str]:
    return [name for name in _names(_networks()) if name.startswith(start)]


def _names(networks: list[ZooNetwork]) -> list[str]:
    """Return all names that the command takes: sources, then networks."""
    sources = [_stem(row["source"]) for row in networks]
    return list(dict.fromkeys([*sources, *(row["network"] for row in networks)]))


def _stem(source: str) -> str:
    return source.removeprefix("zoo/").removesuffix(".slim")


@click.command(epilog="""\b
Examples:
  slimgen zoo                        every network
  slimgen zoo resnet_v1              those of zoo/resnet_v1.slim
  slimgen zoo resnet_v1 -o .         writes resnet_v1.slim, to begin from
  slimgen zoo resnet_v1_50 -o net.slim
""")
@click.argument("name", required=False, shell_complete=_complete)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="Copy the source of NAME to a file or folder; '-' is standard output.",
)
@click.option(
    "--format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the list, on standard output.",
)
@click.option("--force", is_flag=True, help="With -o: replace a file that differs.")
@reporting
def zoo(
    reporter: CommandReport,
    *,
    name: str | None,
    output: str | None,
    format: str,
    force: bool,
) -> None:
    """List the networks that come with slimgen, or copy the source of one.

    NAME is a source (resnet_v1, keras/resnet) or a network (resnet_v1_50). Any source may use one
    of the zoo by `use "zoo/resnet_v1.slim"`. Of the sources of weights, `slim` are checkpoints of
    TF-Slim, which need no map. A copy uses the files of the zoo that its source uses.
    """
    if output is None and force:
        raise click.UsageError("'--force' goes with '-o'.")
    if output is not None and name is None:
        raise click.UsageError("'-o' needs the NAME of a source.")
    networks = _networks()
    chosen = networks if name is None else _chosen(name, networks)
    if output is not None:
        _copy(chosen[0]["source"], output, reporter, force=force)
    elif format == "json":
        write_output(json.dumps(chosen, indent=2, ensure_ascii=False) + "\n")
    else:
        write_output(_table(chosen))


def _chosen(name: str, networks: list[ZooNetwork]) -> list[ZooNetwork]:
    """Return the networks of the source that `name` is or that has a network so called."""
    stem = _stem(name)
    found = [row for row in networks if _stem(row["source"]) == stem]
    if found:
        return found
    sources = [row["source"] for row in networks if row["network"] == name]
    if len(sources) > 1:
        several = " and ".join(f"'{_stem(source)}'" for source in sources)
        raise click.BadParameter(
            f"the network '{name}' is in {several}: name one of them.",
            param_hint="'NAME'",
        )
    if not sources:
        near = suggestion(name, _names(networks))
        raise click.BadParameter(
            f"the zoo has no source or network '{name}'.{near}", param_hint="'NAME'"
        )
    return [row for row in networks if row["source"] == sources[0]]


def _table(networks: list[ZooNetwork]) -> str:
    rows = [HEAD, *(_cells(row) for row in networks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if title in NUMBERS else cell.ljust(width)
            for title, cell, width in zip(HEAD, row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)


def _cells(row: ZooNetwork) -> tuple[str, ...]:
    return (
        row["network"],
        row["source"],
        row["input"],
        f"{row['parameters']:,}",
        row["preprocess"] or "-",
        ", ".join(row["weights"]) or "-",
    )


def _copy(path: str, output: str, reporter: CommandReport, *, force: bool) -> None:
    """Write the source of a path beside others; what it uses stays in the zoo."""
    source = read_shipped(path)
    assert source is not None, path  # a test compares networks.json with the sources
    text = _standing_alone(source)
    place = output
    if output != STDIN and (output.endswith(("/", os.sep)) or os.path.isdir(output)):
        place = os.path.join(output, os.path.basename(path))
    command = shlex.join(["slimgen", "zoo", _stem(path), "-o", output])
    try:
        there = None if place == STDIN or force else read_built(place)
        if there is not None and there != text:
            reporter.report(commands.copy_replaces(place, command))
            return
        changed = write_file(place, text)
    except OSError as error:
        reporter.report(refusal(place, error))
        return
    if place != STDIN:
        reporter.say(f"{place}: {'written' if changed else 'unchanged'}")


def _standing_alone(source: Source) -> str:
    """Return the text of a source of the zoo that can lie anywhere."""

    def anywhere(path: str) -> str:
        return path if is_reserved(path) else path_beside(path, source.name)

    return with_paths(source, anywhere)
