"""`slimgen layers`: the words of the language, documented from their declarations."""

import click

from slimgen.cli.compiling import suggestion
from slimgen.cli.reporting import CommandReport, reporting
from slimgen.cli.streams import write_output


def _complete(
    _context: click.Context, _parameter: click.Parameter, start: str
) -> list[str]:
    return [word for word in _words() if word.startswith(start)]


def _words() -> list[str]:
    from slimgen.layers import LAYERS
    from slimgen.layers.describe import FUNCTIONS, LINES

    functions = (word for table in FUNCTIONS.values() for word in table)
    return list(dict.fromkeys((*LAYERS, *(word for word, _ in LINES), *functions)))


@click.command(epilog="""\b
Examples:
  slimgen layers             every word, in one line each
  slimgen layers conv        its arguments, defaults and example
""")
@click.argument("name", required=False, shell_complete=_complete)
@reporting
def layers(reporter: CommandReport, *, name: str | None) -> None:
    """Print all words of the language, or the page of one."""
    from slimgen.layers import describe as pages
    from slimgen.layers import word_of

    if name is None:
        write_output(pages.describe_all())
        return
    found, function = pages.find_layers(name), pages.find_function(name)
    if not found and function is None:
        ours = word_of(name)
        near = f" Did you mean '{ours}'?" if ours else suggestion(name, _words())
        raise click.BadParameter(
            f"there is no layer '{name}'.{near}", param_hint="'NAME'"
        )
    parts = [pages.describe(layer) for layer in found]
    parts += [pages.describe_function(function)] if function is not None else []
    write_output("\n".join(parts))
