"""Standard output and error: the only module that writes to them."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import click

from slimgen.render import COLOR, PLAIN, Style


def write_output(data: str) -> None:
    """Write data to standard output: UTF-8, whatever the locale and the system.

    A stream of characters alone (`contextlib.redirect_stdout(io.StringIO())`) takes them as
    they are.
    """
    stream: TextIO | None = (
        sys.stdout
    )  # None where the process began without it (`>&-`)
    if stream is None:
        raise click.ClickException("cannot write to standard output: it is closed")
    try:
        if hasattr(stream, "buffer"):
            stream.buffer.write(data.encode("utf-8", "surrogateescape"))
            stream.buffer.flush()
        else:
            stream.write(data)
    except BrokenPipeError:
        _silence(sys.stdout.fileno())
    except OSError as error:
        _silence(sys.stdout.fileno())
        reason = error.strerror or "unknown error"
        raise click.ClickException(
            f"cannot write to standard output: {reason}"
        ) from error


def write_error(text: str, color: bool = False) -> None:
    """Write text for the user to standard error."""
    try:
        click.echo(text, nl=False, err=True, color=color)
    except BrokenPipeError:
        _silence(sys.stderr.fileno())


@contextlib.contextmanager
def progress(count: int) -> Iterator[Callable[[], None]]:
    """Yield a function to call after each step; a terminal shows a bar of the progress."""
    if not is_terminal(sys.stderr):
        yield lambda: None
        return
    with click.progressbar(length=count, file=sys.stderr, show_pos=True) as bar:
        yield lambda: bar.update(1)


def _silence(descriptor: int) -> None:
    # The reader has left (`slimgen layers | head`); the command's own exit code stands.
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, descriptor)
    os.close(sink)


def read_input() -> bytes:
    """Read standard input to its end; a closed one raises OSError."""
    stream: TextIO | None = sys.stdin
    if stream is None:
        raise OSError("standard input is closed")
    if hasattr(stream, "buffer"):
        return stream.buffer.read()
    return stream.read().encode("utf-8", "surrogateescape")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads the stream."""
    return stream is not None and stream.isatty()


def wants_color(when: str, *, error: bool) -> bool:
    """Whether to colour a stream.

    Args:
        when: `--color`; `auto` asks NO_COLOR, FORCE_COLOR, TERM and the stream, in this
            order (https://no-color.org, https://force-color.org).
        error: Standard error, not output.
    """
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(sys.stderr if error else sys.stdout)


def style_of(color: bool) -> Style:
    """Return the colours, or a style without any."""
    return COLOR if color else PLAIN
