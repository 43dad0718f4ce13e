"""The files built from the examples change only with the number of the emission format.

`build --check` trusts the digest of the source, which covers the number: as long as it is
the same, the output must be. `make update` takes new outputs once the number is raised.
"""

import hashlib
import json
from pathlib import Path

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.emit.file_head import read_head
from slimgen.source import Source

ROOT = Path(__file__).resolve().parent.parent
HELD = ROOT / "tests" / "emission_format.json"
EXAMPLES = sorted((ROOT / "examples").glob("*.slim"))
ZOO = sorted((ROOT / "examples" / "zoo").rglob("*.slim"))

UPDATE = "run `make update` and commit tests/emission_format.json"

Digests = dict[str, dict[str, str]]


def built(examples: list[Path]) -> Digests:
    """The digests of each example: of all that decides about the output, and of that."""
    found = {}
    for path in examples:
        name = path.relative_to(ROOT).as_posix()
        source = Source(name, path.read_text(encoding="utf-8"))
        code = compile_source(source, Request(), FileReader(Diagnostics())).code
        assert code is not None, name
        head = read_head(code)
        assert head is not None, name
        output = hashlib.sha256(code.encode()).hexdigest()[:16]
        found[name] = {"source": head.source_digest, "output": output}
    return found


def changed_in_silence(held: Digests, now: Digests) -> list[str]:
    """The examples that give another output although their digest is the same."""
    return [
        name
        for name, digests in now.items()
        if name in held
        and held[name]["source"] == digests["source"]
        and held[name]["output"] != digests["output"]
    ]


@pytest.mark.parametrize(
    "examples",
    [EXAMPLES, pytest.param(ZOO, marks=pytest.mark.slow)],
    ids=["own", "zoo"],
)
def test_an_output_changes_only_with_the_number(
    examples: list[Path], update: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    held = json.loads(HELD.read_text()) if HELD.exists() else {}
    now = built(examples)

    assert [] == changed_in_silence(
        held, now
    ), "these outputs have changed: raise FORMAT in slimgen/emit/file_head.py by one"
    if update:
        existing = {name: held[name] for name in held if (ROOT / name).exists()}
        held = existing | now
        HELD.write_text(json.dumps(held, indent=2, sort_keys=True) + "\n")
    assert now.items() <= held.items(), UPDATE


def test_each_example_is_held() -> None:
    held = json.loads(HELD.read_text())

    assert sorted(held) == sorted(
        path.relative_to(ROOT).as_posix() for path in (*EXAMPLES, *ZOO)
    ), UPDATE


def test_a_change_in_silence_is_found() -> None:
    held = {"a": {"source": "1", "output": "1"}, "gone": {"source": "1", "output": "1"}}

    assert changed_in_silence(held, {"a": {"source": "1", "output": "2"}}) == ["a"]
    assert changed_in_silence(held, {"a": {"source": "2", "output": "2"}}) == []
    assert changed_in_silence(held, {"new": {"source": "1", "output": "2"}}) == []
