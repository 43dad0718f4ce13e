from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from syntax_programs import programs

from slimgen.diagnostics import Diagnostics
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.parser import parse
from slimgen.syntax.printer import format_source

EXAMPLES = sorted((Path(__file__).parent / "syntax_data").glob("*.slim"))


def read(text: str) -> tree.File:
    diagnostics = Diagnostics()
    file = parse(Source("test.slim", text), diagnostics)

    assert [found.message for found in diagnostics] == []
    return file


def form(text: str) -> str:
    diagnostics = Diagnostics()
    formed = format_source(Source("test.slim", text), diagnostics)

    assert [found.message for found in diagnostics] == []
    assert formed is not None
    return formed


def assert_laws(text: str) -> None:
    formed = form(text)
    before, after = read(text), read(formed)

    assert after.items == before.items
    assert form(formed) == formed
    assert [c.text.rstrip() for c in before.comments] == [
        c.text for c in after.comments
    ]
    assert formed == "" or formed.endswith("\n")
    assert "\n\n\n" not in formed
    assert "\t" not in "".join(
        line.split('"')[0].split("#")[0] for line in formed.split("\n")
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_formatting_an_example_keeps_its_tree_and_its_comments(path):
    assert_laws(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["vgg_16", "resnet_v1_50", "inception_v3"])
def test_the_examples_of_the_language_are_in_canonical_form(name):
    path = Path(__file__).parent / "syntax_data" / f"{name}.slim"
    text = path.read_text(encoding="utf-8")

    assert form(text) == text


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_formatting_a_program_keeps_its_tree_and_its_comments(text):
    assert_laws(text)


def body(text: str) -> str:
    """Return the canonical form of statements, without the network around them."""
    lines = form(f"network n {{\n{text}\n}}\n").split("\n")[1:-2]
    return "\n".join(line.removeprefix("  ") for line in lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conv   64\t3x3  as  conv1", "conv 64 3x3 as conv1"),
        ("conv 64 rate = 2 padding= SAME", "conv 64 rate=2 padding=SAME"),
        ("conv depth -1", "conv depth -1"),
        ("conv (depth-1)", "conv (depth - 1)"),
        ("conv ( - 1 )", "conv (-1)"),
        ("conv (a*-b**-2)", "conv (a * -b**-2)"),
        ("conv [ 3,3, ]", "conv [3, 3,]"),
        ("conv a [ 0 ]", "conv a [0]"),
        ("conv a[ 0 ] [1]", "conv a[0] [1]"),
        ("conv (a ,)", "conv (a,)"),
        ("conv l2( 0.1,scale = true )", "conv l2(0.1, scale=true)"),
        ("conv 1 .. n", "conv 1..n"),
        ("conv a/b .. n", "conv a/b ..n"),
        ("conv level{ n+1 }_x", "conv level{n + 1}_x"),
        ("let x=a  if not b else[ c ]", "let x = a if not b else [c]"),
        ("let f(a,b=8)=a", "let f(a, b = 8) = a"),
        ("let f(a = g(b = 1)) = g(b = 1)", "let f(a = g(b=1)) = g(b=1)"),
        ("let (h,w)=(height,width)", "let (h, w) = (height, width)"),
        ("scope conv,fc <stride=1>", "scope conv, fc < stride=1 >"),
        ("scope conv <>", "scope conv < >"),
        ("stack fc 32,64 ,128 as fc", "stack fc 32, 64, 128 as fc"),
        ("if a { } else { }", "if a {} else {}"),
        ("branch{conv 3}", "branch { conv 3 }"),
        ("conv 3;conv 4;", "conv 3; conv 4"),
        ("conv 3 ; # why", "conv 3  # why"),
        ("branch { ; conv 3 ;; conv 4 ; }", "branch { conv 3; conv 4 }"),
        ('require(a) "b"', 'require (a) "b"'),
    ],
)
def test_blanks_between_tokens(before, after):
    assert body(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("007", "7"),
        (".5", "0.5"),
        ("00.50", "0.50"),
        ("1E+05", "1e5"),
        ("1e-03", "1e-3"),
        ("-.5", "-0.5"),
        ("03x?x1", "3x?x1"),
        ("0.0001", "0.0001"),
        ("0", "0"),
    ],
)
def test_numbers_keep_their_value(before, after):
    assert body(f"conv {before}") == f"conv {after}"


def test_lines_are_indented_by_their_brackets():
    text = """
network n(
classes = 10,   # of the data
) {


      scope conv <
   stride=1
 >

  concat as c {

branch { conv 3 }
# identity

# really
branch {}

  }


  conv [
  (1,
   2),
  ] as b {
  conv 3,
  4,
  # and
  5
  }
}
"""
    expected = """\
network n(
  classes = 10,  # of the data
) {
  scope conv <
    stride=1
  >

  concat as c {
    branch { conv 3 }
    # identity

    # really
    branch {}
  }

  conv [
    (1,
      2),
  ] as b {
    conv 3,
      4,
      # and
      5
  }
}
"""

    assert form(text) == expected


def test_two_brackets_of_a_line_indent_once():
    text = "let a = f([\n1,\n2,\n])\nlet b = 1\n"

    assert form(text) == "let a = f([\n  1,\n  2,\n])\nlet b = 1\n"


def test_comments_behind_neighbouring_lines_stand_below_each_other():
    text = "conv 3 # a\nconv 64 3x3 # b\nconv 4\nconv 5 # c\n\nconv 55 # d"
    expected = "conv 3       # a\nconv 64 3x3  # b\nconv 4\nconv 5  # c\n\nconv 55  # d"

    assert body(text) == expected


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", " \t\r\n"])
def test_an_empty_file_stays_empty(text):
    assert form(text) == ""


def test_a_comment_alone_stays():
    assert form("\ufeff\r\n  # only  ") == "# only\n"


def test_a_file_with_mistakes_is_not_formatted():
    diagnostics = Diagnostics()

    assert format_source(Source("test.slim", "network {"), diagnostics) is None
    assert diagnostics.has_errors
