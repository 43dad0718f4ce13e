"""How a program of a comparison ends: with JSON for the process that started it."""

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from slimgen.verify.originals import networks
from slimgen.verify.request import Failure, Request


def run_program(work: Callable[[], Any]) -> None:
    """Print what `work` returns as JSON, or why the comparison cannot be made.

    What the libraries print meanwhile goes to standard error.
    """
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        found = {"found": work()}
    except Failure as failure:
        found = {"failure": [failure.kind, failure.message]}
    json.dump(found, answer)
    answer.close()


def function_of(request: Request) -> Callable[..., Any]:
    """Return the function that builds the original, the library's own or the user's."""
    against = request.against
    name = against.module or networks(against.library)[against.name]
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise Failure("original", f"`{name}` cannot be imported: {error}") from error
    found: Callable[..., Any] | None = getattr(module, against.name, None)
    if not callable(found):
        raise Failure("original", f"`{name}` has no function `{against.name}`")
    return found


def parameters(function: Callable[..., Any]) -> set[str]:
    """Return the names of a function's parameters, under whatever decorates it."""
    return set(inspect.signature(inspect.unwrap(function)).parameters)


def check_arguments(request: Request, known: Iterable[str]) -> None:
    """Refuse an argument that the original does not take."""
    for key in request.against.arguments:
        if key not in known:
            name = request.against.name
            raise Failure("original", f"`{name}` takes no argument `{key}`")
