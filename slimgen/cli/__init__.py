"""The command line: reads files, prints and exits; everything else does not."""

import click

from slimgen.cli.build import build
from slimgen.cli.check import check
from slimgen.cli.completion import completion
from slimgen.cli.explain import explain
from slimgen.cli.formatting import fmt
from slimgen.cli.layers import layers
from slimgen.cli.program import CONTEXT, Program, show_version
from slimgen.cli.show import show
from slimgen.cli.summary import summary
from slimgen.cli.verify import verify
from slimgen.cli.weights import weights


@click.group(
    "slimgen",
    cls=Program,
    context_settings=CONTEXT,
    epilog="""\b
Examples:
  slimgen build vgg16.slim            writes vgg16.py
  slimgen check vgg16.slim
  slimgen explain E203

\b
Exit codes: 0 done, 1 findings (errors, stale files), 2 usage, 3 a bug in slimgen.
Data goes to standard output, everything else to standard error.
""",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Print the version and exit.",
)
def main() -> None:
    """Compile .slim networks to plain TensorFlow 2."""


COMMANDS = (
    build,
    check,
    fmt,
    summary,
    show,
    layers,
    verify,
    weights,
    explain,
    completion,
)
for command in COMMANDS:
    main.add_command(command)
