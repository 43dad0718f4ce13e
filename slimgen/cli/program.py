"""The frame of every command: exit codes, interrupts, and reports of internal errors."""

import errno
import os
import sys
import traceback
from collections import UserDict
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from slimgen.cli import exits
from slimgen.cli.streams import write_error

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(UserDict[str, Any]):
    """The commands by name, each imported from its module when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        command: click.Command = getattr(import_module(self.data[name]), name)
        return command


class CommandGroup(click.Group):
    """The group of all commands."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and exit; an internal error shows one line, not a traceback."""
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
        except OSError as error:
            if error.errno == errno.ENOSPC:  # click's own texts: `--help > /dev/full`
                write_error(f"Error: cannot write: {error.strerror}\n")
                code = exits.FINDINGS
            else:
                _report_bug(error, verbose="--traceback" in given)
                code = exits.BUG
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
    """Return the installed version."""
    # It brings the standard library's e-mail and zip modules: only this needs them.
    from importlib import metadata

    return metadata.version("slimgen")
