"""Start the programs of a comparison and return what they found; no TensorFlow here."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from slimgen.verify.request import ComparisonRequest, Failure
from slimgen.verify.untyped import Json

# The package that each library's program imports, and its distribution.
NEEDED = {
    "tf_slim": {
        "tensorflow": "tensorflow",
        "tf_keras": "tf_keras",
        "tf_slim": "tf-slim",
    },
    "keras": {"tensorflow": "tensorflow", "keras": "keras"},
}
SIDES = {"tf_slim": "slim_side", "keras": "keras_side"}


def missing_packages(library: str) -> list[str]:
    """Return the distributions that a comparison with `library` needs and that are absent."""
    needed = {**NEEDED[library], "numpy": "numpy"}
    return [name for module, name in needed.items() if not _is_there(module)]


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


def compare(
    request: ComparisonRequest, folder: Path, timeout: float | None = None
) -> Json:
    """Run the original, then the built file; return the findings.

    Raises:
        Failure: The comparison cannot be made.
    """
    request.write(folder)
    start(SIDES[request.against.library], folder, timeout)
    return start("built_side", folder, timeout)


def start(program: str, folder: Path, timeout: float | None = None) -> Json:
    """Run one of the programs to its end and return what it found.

    Raises:
        Failure: It says that the comparison cannot be made, or it died.
    """
    finished = subprocess.run(
        [sys.executable, "-m", f"slimgen.verify.{program}", str(folder)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or [f"exit {finished.returncode}"]
        kind = "network" if program == "built_side" else "original"
        raise Failure(kind, f"{program} ended with: {lines[-1]}")
    answer = json.loads(finished.stdout)
    if "failure" in answer:
        raise Failure(*answer["failure"])
    return answer["found"]
