"""The command line: the only part that reads files, prints and exits."""

import click

from slimgen.cli.program import CONTEXT, CommandGroup, Commands, show_version

# The module of each command: it is imported when the command runs, for what the other
# commands need takes a fifth of the time of a short one.
COMMANDS = Commands(
    {
        "build": "slimgen.cli.build",
        "check": "slimgen.cli.check",
        "completion": "slimgen.cli.completion",
        "explain": "slimgen.cli.explain",
        "fmt": "slimgen.cli.formatting",
        "layers": "slimgen.cli.layers",
        "records": "slimgen.cli.records",
        "show": "slimgen.cli.show",
        "summary": "slimgen.cli.summary",
        "verify": "slimgen.cli.verify",
        "weights": "slimgen.cli.weights",
        "zoo": "slimgen.cli.zoo",
    }
)


@click.group(
    "slimgen",
    cls=CommandGroup,
    commands=COMMANDS,
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
