"""Warnings of results that nothing reads (W307): which lines have one, and which do not."""

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.source import Source

HEAD = "network n {\n  input images 32x32x3\n  conv 8 3x3 as first\n"
BLOCK = "block pair(depth) { conv depth 3x3 as a; conv depth 3x3 as b }\n"


def warned(lines: str, blocks: str = "") -> list[str]:
    text = f"{blocks}{HEAD}{lines}\n}}\n"
    source = Source("model.slim", text)
    found = compile_source(source, Request(), FileReader(Diagnostics()))
    assert not [d for d in found.diagnostics if d.code != "W307"]
    return [d.span.text for d in found.diagnostics if d.span is not None]


@pytest.mark.parametrize(
    ("lines", "unread"),
    [
        ("conv 8 3x3\nfrom first", "conv 8 3x3"),
        ("conv 4 1x1\nconv 8 3x3 as dead\nfrom first", "conv 8 3x3 as dead"),
        ("if true { conv 8 3x3 }\nfrom first", "conv 8 3x3"),
        ("in tower { conv 8 3x3 }\nfrom first", "conv 8 3x3"),
        ("repeat 2 conv 8 3x3\nfrom first", "conv 8 3x3"),
        ("tap t\nconv 4 3x3\nadd [t, 1]", "conv 4 3x3"),
        ("output o\nrelu", "relu"),
        ("pair 4 as dead\nfrom first", "pair 4 as dead"),
        ("for i in 1..2 { conv 8 3x3\n from first }\nrelu", "conv 8 3x3"),
        ("add { branch { }\n branch { conv 8 3x3\n from first } }", "conv 8 3x3"),
    ],
)
def test_a_result_that_nothing_reads_is_warned_of(lines: str, unread: str) -> None:
    assert warned(lines, BLOCK if "pair" in lines else "") == [unread]


@pytest.mark.parametrize(
    "lines",
    [
        "conv 8 3x3\ntap t\nfrom first",
        "conv 8 3x3\noutput o\nfrom first\noutput p",
        "conv 8 3x3 as c{1}\nfrom first\nfrom c1",
        "conv 8 3x3 as other\nfrom first\nlet x = net\nfrom other\nadd [net, x]",
        "conv 8 3x3 as other\nfrom first\nif false { from other }",
        "let maps = [net]\nfrom first\nadd [net, maps[0]]",
        "for i in 1..2 { relu\nconv 8 3x3 }",
        "pair 8 as inside\nfrom inside/a",
        "conv 8 3x3\nbranch { conv 4 3x3 as aux }",
    ],
)
def test_a_result_that_something_may_read_is_not(lines: str) -> None:
    assert warned(lines, BLOCK if "pair" in lines else "") == []
