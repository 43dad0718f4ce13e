"""Reading sources and writing outputs; errors of the system become diagnostics."""

import contextlib
import os
import posixpath
import stat
import tempfile

from slimgen.cli.streams import read_input, write_output
from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.elaborate.rejection import Rejected
from slimgen.messages import commands
from slimgen.shipped import is_reserved, is_shipped, path_beside, read_shipped
from slimgen.source import Source, Span
from slimgen.syntax.parser import parse

STDIN = "-"
STDIN_NAME = "<stdin>"
PROJECT = ("pyproject.toml", ".git")  # one of them lies in the folder of a project


def read_source(path: str, name: str, diagnostics: Diagnostics) -> Source | None:
    """Return the source in a file (`-`: standard input); None after an error is reported."""
    try:
        data = read_input() if path == STDIN else _read_bytes(path)
    except OSError as error:
        diagnostics.report(commands.unreadable_file(name, reason_of(error)))
        return None
    return _decode(name, data, diagnostics)


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _decode(name: str, data: bytes, diagnostics: Diagnostics) -> Source | None:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return Source(name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        shown = Source(name, data.decode("utf-8", "replace"))
        start = len(data[: error.start].decode("utf-8"))
        place = Span(shown, start, start + 1)
        diagnostics.report(commands.not_utf8(place, data[error.start]))
        return None


def reason_of(error: OSError) -> str:
    """Return a clause with the reason of a system error."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "it is a folder"
        case PermissionError():
            return "permission denied"
        case _:
            return (error.strerror or str(error)).lower()


class FileReader:
    """Resolves `use "path"`, relative to its file; `std/…` and `zoo/…` are slimgen's.

    A file has one name, whatever links lead to it. Mistakes in a file outside of the first
    source's project are not shown: their lines might be of any file of the system.
    """

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        # By path without links; the first source's comes first.
        self._names: dict[str, str] = {}
        self._project = ""

    def __call__(self, path: str, user: Source) -> Source | None:
        """Return the source that `user` uses as `path`; None if it does not exist.

        Raises:
            Rejected: It cannot be read, or is not UTF-8.
        """
        if not path or posixpath.isabs(path) or "\0" in path:
            return None
        if is_reserved(path):
            return read_shipped(path)
        if is_shipped(user.name):
            return read_shipped(path_beside(path, user.name))
        name = posixpath.normpath(
            posixpath.join(posixpath.dirname(_slashes(user.name)), path)
        )
        if not os.path.isfile(name):
            return None
        if not self._names:
            self._names[os.path.realpath(user.name)] = user.name
            self._project = _project_of(user.name)
        name = self._names.setdefault(os.path.realpath(name), name)
        found = Diagnostics()
        source = read_source(name, name, found)
        if not os.path.realpath(name).startswith(self._project):
            if source is not None:
                parse(source, found)
            if found.has_errors:
                reason = "it is outside of the project, and no source without mistakes"
                found = Diagnostics()
                found.report(commands.unreadable_file(name, reason))
        for problem in found:
            self._diagnostics.report(problem)
            raise Rejected(problem)
        return source


def _project_of(name: str) -> str:
    """Return the folder of the project that a source belongs to, with a slash at its end."""
    folder = first = os.path.dirname(os.path.realpath(name))
    while not any(map(os.path.exists, (f"{folder}/{mark}" for mark in PROJECT))):
        if folder == (folder := os.path.dirname(folder)):
            folder = first
            break
    return os.path.join(folder, "")


def _slashes(name: str) -> str:
    return name.replace(os.sep, "/")


def read_built(path: str) -> str | None:
    """Return the text of an output as it is on the disk; None if it does not exist."""
    try:
        mode = os.stat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return None  # a device or a pipe holds no built file
        return _read_bytes(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def write_file(path: str, text: str) -> bool:
    """Put `text` into a file, whole or not at all; return whether the file changed.

    A file whose bytes are the same is not touched, so that its time stays. A link keeps
    pointing, a file keeps its mode. Errors of the system are raised as OSError.
    """
    if path == STDIN:
        write_output(text)
        return True
    data = text.encode("utf-8")
    try:
        before = os.stat(path)
    except FileNotFoundError:
        _replace(path, data, None)
        return True
    if not stat.S_ISREG(before.st_mode):
        with open(path, "wb") as device:  # /dev/null, a pipe: nothing to replace
            device.write(data)
        return True
    if before.st_size == len(data) and _read_bytes(path) == data:
        return False
    if not os.access(path, os.W_OK):
        raise PermissionError
    _replace(path, data, stat.S_IMODE(before.st_mode))
    return True


def _replace(path: str, data: bytes, mode: int | None) -> None:
    """Write beside `path`, then rename: no reader sees half a file."""
    path = os.path.realpath(path)  # a link stays, its file is replaced
    descriptor, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".slimgen-")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.chmod(beside, _usual_mode() if mode is None else mode)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _usual_mode() -> int:
    """Return the mode of a new file; reading the system's mask requires setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def refusal(name: str, error: OSError) -> Diagnostic:
    """Return the diagnostic of an output that cannot be written."""
    folder = os.path.dirname(name)
    if isinstance(error, FileNotFoundError) and folder and not os.path.isdir(folder):
        remedy = f"`mkdir -p {folder}` makes it"
        return commands.unwritable_file(name, f"there is no folder `{folder}`", remedy)
    return commands.unwritable_file(name, reason_of(error))
