"""How a program of a comparison ends: with JSON for the process that started it."""

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable

from slimgen.verify.originals import networks
from slimgen.verify.request import ComparisonRequest, Failure
from slimgen.verify.untyped import Function


def run_program(work: Callable[[], object], at_fault: str) -> None:
    """Print what `work` returns as JSON, or why the comparison cannot be made.

    Messages that the libraries print go to standard error. `at_fault` is the kind of
    `Failure` that any other exception is: networks are code of their own.
    """
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        found = {"found": work()}
    except Failure as failure:
        found = {"failure": [failure.kind, failure.message, failure.help]}
    except Exception as error:
        found = {"failure": [at_fault, f"{type(error).__name__}: {first_line(error)}"]}
    json.dump(found, answer)
    answer.close()


def first_line(error: Exception) -> str:
    """Return the first line of a message that says something.

    TensorFlow puts it behind the node that failed, and before that a line or two of its own.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    nodes = [place for place, line in enumerate(lines) if line.startswith("Node: ")]
    said = lines[nodes[0] + 1 :] if nodes else lines
    return said[0] if said else "without a message"


def function_of(request: ComparisonRequest) -> Function:
    """Return the function that builds the original, the library's own or the user's."""
    against = request.against
    name = against.module or networks(against.library)[against.name]
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise Failure("original", f"`{name}` cannot be imported: {error}") from error
    found: Function | None = getattr(module, against.name, None)
    if not callable(found):
        raise Failure("original", f"`{name}` has no function `{against.name}`")
    return found


def parameters(function: Function) -> set[str]:
    """Return the names of a function's parameters, under whatever decorates it."""
    return set(inspect.signature(inspect.unwrap(function)).parameters)


def check_arguments(request: ComparisonRequest, known: Iterable[str]) -> None:
    """Refuse an argument that the original does not take."""
    for key in request.against.arguments:
        if key not in known:
            name = request.against.name
            raise Failure("original", f"`{name}` takes no argument `{key}`")
