"""`slimgen explain`: the page of a code."""

import click

from slimgen.cli.compiling import suggestion
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output
from slimgen.messages.pages import codes, read_page, titles


def _complete(
    _context: click.Context, _parameter: click.Parameter, start: str
) -> list[str]:
    return [code for code in codes() if code.startswith(start.upper())]


@click.command(epilog="""\b
Examples:
  slimgen explain E203
  slimgen explain            all codes
""")
@click.argument("code", required=False, shell_complete=_complete)
@reporting
def explain(reporter: CommandReport, *, code: str | None) -> None:
    """Print the page of a diagnostic.

    With an example that has the mistake, and one that has not. Without CODE, lists all
    codes.
    """
    if code is None:
        rows = [f"{known}  {title}\n" for known, title in titles().items()]
        write_output("".join(rows))
        return
    known = codes()
    if code.upper() not in known:
        near = suggestion(code.upper(), list(known))
        raise click.BadParameter(
            f"there is no code '{code}'.{near}", param_hint="'CODE'"
        )
    write_output(read_page(code.upper()).whole)
