"""`slimgen weights`: list a file of weights, and compare it with a network."""

from typing import TYPE_CHECKING

import click

from slimgen.cli.build_targets import Choices, targets_of_files
from slimgen.cli.compiling import PATH, choice_options, load, run_compiler
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output
from slimgen.ir.graph import Network
from slimgen.messages import weights as messages

if TYPE_CHECKING:  # it brings the templates: only this command loads it
    from slimgen.weights.reading import WeightFile

# Variables without a rule: the command proposes rules for them.
UNFINISHED = frozenset({"E142"})


@click.command(epilog="""\b
Examples:
  slimgen weights vgg_16.ckpt
  slimgen weights resnet50.h5 --for resnet.slim --network resnet_50
  slimgen weights model.safetensors --for net.slim     proposes the rules of a map
""")
@click.argument("file", type=click.Path(readable=False))  # E950 says why
@click.option(
    "--for",
    "model",
    type=PATH,
    metavar="MODEL",
    help="Compare with the network of this source: loaded, missing and unused names.",
)
@click.option(
    "--format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the result, on standard output.",
)
@choice_options
@reporting
def weights(
    reporter: CommandReport,
    *,
    file: str,
    model: str | None,
    format: str,
    defines: tuple[tuple[str, str], ...],
    networks: tuple[str, ...],
) -> None:
    """List the values in a file of weights.

    FILE is a checkpoint of TensorFlow, a file of Keras (.h5, .keras), a dictionary of arrays
    (.npy) or a safetensors file; its bytes decide, not its name. With --for, the exit code is 1
    when it does not fit the network, and rules are proposed for names without one.
    """
    from slimgen.weights.network_fit import fit
    from slimgen.weights.proposing import propose
    from slimgen.weights.texts import fit_json, fit_text, listing_json, listing_text

    choices = Choices(defines, networks)
    if model is None and (defines or networks):
        raise click.UsageError("'-D' and '--network' are about the network of '--for'.")
    network = None
    if model is not None:
        network = _network(model, choices, reporter)
        if network is None:
            return
    found = _read(file, reporter)
    if found is None:
        return
    if network is None:
        write_output(listing_json(found) if format == "json" else listing_text(found))
        return
    result = fit(network, found)
    written = fit_json if format == "json" else fit_text
    write_output(written(result, propose(result, network, found)))
    if not result.is_whole:
        reporter.fail()


def _network(model: str, choices: Choices, reporter: CommandReport) -> Network | None:
    """Return the only network of a source; None after an error is reported."""
    (target,) = targets_of_files([model], None, None, choices)
    source = load(target, reporter)
    if source is None:
        return None
    compilation = run_compiler(
        source, choices, reporter, emit=False, tolerated=UNFINISHED
    )
    if compilation is None or compilation.graph is None:
        return None
    networks = compilation.graph.networks
    if len(networks) != 1:
        names = [network.name for network in networks]
        reporter.report(messages.one_network(source.name, names))
        return None
    return networks[0]


def _read(file: str, reporter: CommandReport) -> "WeightFile | None":
    from slimgen.weights.reading import Missing, UnreadableWeights, read_weights

    try:
        return read_weights(file)
    except UnreadableWeights as error:
        reporter.report(messages.unreadable_weights(file, str(error)))
    except Missing as missing:
        reporter.report(messages.reader_missing(file, missing.package))
    return None
