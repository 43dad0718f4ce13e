"""`slimgen completion`: the script with which a shell completes slimgen's commands."""

import click
from click.shell_completion import get_completion_class

from slimgen.cli.streams import write_output

SHELLS = ("bash", "zsh", "fish")


@click.command(epilog="""\b
Examples:
  echo 'eval "$(slimgen completion bash)"' >> ~/.bashrc
  echo 'eval "$(slimgen completion zsh)"' >> ~/.zshrc
  slimgen completion fish > ~/.config/fish/completions/slimgen.fish
""")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    made = get_completion_class(shell)
    assert made is not None
    root = context.find_root()
    write_output(made(root.command, {}, "slimgen", "_SLIMGEN_COMPLETE").source())
