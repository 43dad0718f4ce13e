"""What stands around every command: exit codes, interrupts, and bugs of ours."""

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module, metadata
from typing import Any

import click

from slimgen.cli import exits
from slimgen.cli.streams import write_error

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Program(click.Group):
    """The group of all commands; `modules` has the module of each, by its name."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, whose module is imported now; None if there is none."""
        if cmd_name not in self.modules:
            return None
        found = getattr(import_module(self.modules[cmd_name]), cmd_name)
        assert isinstance(found, click.Command)
        return found

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and exit; nothing that goes wrong is shown as a traceback."""
        given = sys.argv[1:] if args is None else list(args)
        try:
            code = super().main(
                args,
                prog_name or "slimgen",
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except click.Abort:
            write_error("interrupted\n")
            code = exits.INTERRUPTED
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except Exception as error:
            _report_bug(error, verbose="--traceback" in given)
            code = exits.BUG
        sys.exit(code if isinstance(code, int) else exits.DONE)


def _report_bug(error: Exception, verbose: bool) -> None:
    if verbose or os.environ.get("SLIMGEN_TRACEBACK"):
        write_error("".join(traceback.format_exception(error)))
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    write_error(
        f"internal error: {what}\n"
        "This is a bug in slimgen, not a mistake of yours. Please report it, with the\n"
        "source and what the same command prints with --traceback.\n"
    )


def show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the version and leave."""
    if asked and not context.resilient_parsing:
        click.echo(f"slimgen {version()}")
        context.exit()


def version() -> str:
    """Return the version that is installed."""
    return metadata.version("slimgen")
