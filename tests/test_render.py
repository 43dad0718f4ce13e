"""Diagnostics in every form: shape, places, characters that would spoil it."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimgen.diagnostics import Diagnostic, Note, Severity
from slimgen.render import (
    COLOR,
    render_github,
    render_json,
    render_sarif,
    render_text,
)
from slimgen.render.snippet import width
from slimgen.source import Source, Span

ROOT = Path(__file__).resolve().parent.parent


def mark(text: str, marked: str, name: str = "net.slim", **given: object) -> Diagnostic:
    """A diagnostic about the first occurrence of `marked` in `text`."""
    start = text.index(marked)
    span = Span(Source(name, text), start, start + len(marked))
    return Diagnostic("E203", "it is wrong", span, label="this", **given)  # type: ignore[arg-type]


def snippet_of(one: Diagnostic) -> str:
    """The text form without its title and its summary."""
    return "\n".join(render_text([one]).split("\n")[1:-3]) + "\n"


def test_the_shape_is_that_of_the_language_reference() -> None:
    text = "\n" * 13 + "  add activation=relu {\n"
    start = text.index("add")
    one = Diagnostic(
        "E203",
        "`add` needs branches of one shape",
        Span(Source("resnet.slim", text), start, start + 3),
        "28x28x512 from the first branch, 56x56x512 from the second",
        "the first branch subsamples by 2 (line 16), the second does not",
    )

    assert render_text([one]) == """\
error[E203]: `add` needs branches of one shape
 --> resnet.slim:14:3
   |
14 |   add activation=relu {
   |   ^^^ 28x28x512 from the first branch, 56x56x512 from the second
   |
   = help: the first branch subsamples by 2 (line 16), the second does not

1 error
"""


def test_nothing_found_is_no_text() -> None:
    assert render_text([]) == ""


def test_the_last_line_counts() -> None:
    error = Diagnostic("E901", "no file")
    warning = Diagnostic("W301", "unused", severity=Severity.WARNING)

    text = render_text([error, warning, Diagnostic("E902", "no text")])

    assert text.endswith("\n\n2 errors, 1 warning\n")


def test_a_finding_without_a_place_has_only_its_sentence_and_its_help() -> None:
    one = Diagnostic("E901", "`a` cannot be read", help="look elsewhere\nor here")

    assert render_text([one]) == """\
error[E901]: `a` cannot be read
  = help: look elsewhere
          or here

1 error
"""


def test_notes_stand_in_the_same_snippet() -> None:
    text = "conv 64 as a\nconv 64 as b\nconv 32\nconv 64 as a\n"
    source = Source("net.slim", text)
    last = text.rindex("a")
    note = Note(Span(source, 11, 12), "first here")
    one = Diagnostic(
        "E104", "twice", Span(source, last, last + 1), "again", notes=(note,)
    )

    assert snippet_of(one) == """\
 --> net.slim:4:12
  |
1 | conv 64 as a
  |            - first here
...
4 | conv 64 as a
  |            ^ again
"""


def test_notes_in_another_file_have_a_snippet_of_their_own() -> None:
    other = Source("std.slim", "block se {\n")
    one = mark("se 4\n", "4", notes=(Note(Span(other, 6, 8), "declared here"),))

    assert snippet_of(one) == """\
 --> net.slim:1:4
  |
1 | se 4
  |    ^ this
 ::: std.slim:1:7
  |
1 | block se {
  |       -- declared here
"""


def test_several_marks_on_a_line_each_have_a_row() -> None:
    text = "add a b\n"
    source = Source("net.slim", text)
    notes = (Note(Span(source, 4, 5), "28x28"), Note(Span(source, 6, 7), "14x14"))
    one = Diagnostic("E203", "no", Span(source, 0, 3), "here", notes=notes)

    assert snippet_of(one).splitlines()[2:] == [
        "1 | add a b",
        "  | ^^^ here",
        "  |     - 28x28",
        "  |       - 14x14",
    ]


def test_a_span_of_several_lines_shows_the_first_and_the_last() -> None:
    text = "  branch {\n    conv 1\n    conv 2\n  }\n"

    assert snippet_of(mark(text, text.strip())) == """\
 --> net.slim:1:3
  |
1 |   branch {
  |   ^^^^^^^^
...
4 |   }
  |   ^ this
"""


def test_a_span_at_the_end_of_the_file_stands_behind_the_last_text() -> None:
    source = Source("net.slim", "network a {\n  conv 1\n\n\n")
    one = Diagnostic("E001", "open", Span(source, len(source.text), len(source.text)))

    assert snippet_of(one) == """\
 --> net.slim:2:9
  |
2 |   conv 1
  |         ^
"""


def test_an_empty_file_has_a_place_too() -> None:
    one = Diagnostic("E001", "empty", Span(Source("net.slim", ""), 0, 0), "here")

    assert snippet_of(one) == " --> net.slim:1:1\n  |\n1 |\n  | ^ here\n"


def test_a_span_with_its_line_end_stays_on_its_line() -> None:
    assert snippet_of(mark("conv 1\nconv 2\n", "conv 1\n")).splitlines()[2:] == [
        "1 | conv 1",
        "  | ^^^^^^ this",
    ]


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("\tconv 64", "64"),
        ("a\tb\t64", "64"),
        ("conv 日本語 64", "64"),
        ("conv 日本語 64", "本"),
        ("conv e\u0301 64", "64"),
        ("conv \U0001f600 64", "64"),
        ("conv \x1b[31m 64", "64"),
    ],
)
def test_the_mark_stands_under_what_it_marks(line: str, marked: str) -> None:
    rows = snippet_of(mark(line, marked)).splitlines()
    shown, under = rows[2][len("1 | ") :], rows[3][len("  | ") :]
    before = shown[: shown.index(marked)]

    assert under == " " * width(before) + "^" * width(marked) + " this"


def test_what_steers_a_terminal_is_spelled_out() -> None:
    one = mark("conv \x1b[2J\u202e64\r", "64", help="\x07")

    text = render_text([one])

    assert "1 | conv <U+001B>[2J<U+202E>64" in text
    assert "= help: <U+0007>" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)


@pytest.mark.parametrize("before", [0, 50, 99, 100, 101, 5000, 1_000_000])
@pytest.mark.parametrize("after", [0, 60, 1_000_000])
def test_a_long_line_is_cut_around_the_mark(before: int, after: int) -> None:
    rows = snippet_of(mark("a" * before + "bad" + "c" * after, "bad")).splitlines()
    shown, under = rows[2][len("1 | ") :], rows[3][len("  | ") :]

    assert len(shown) <= 102
    assert under.index("^") == shown.index("bad")
    assert ("a" * before + "bad" + "c" * after == shown) == ("…" not in shown)


def test_a_mark_longer_than_the_window_ends_with_it() -> None:
    rows = snippet_of(mark("x" * 1_000_000, "x" * 1_000_000)).splitlines()

    assert rows[3].count("^") == 100


def test_a_sentence_with_a_million_characters_is_shortened() -> None:
    one = Diagnostic("E101", f"nothing is called `{'x' * 1_000_000}`")

    assert len(render_text([one])) < 1000


def test_colour_changes_nothing_but_colour() -> None:
    one = mark("conv 64\n", "64", help="try 32")

    colored = render_text([one], COLOR)

    assert "\033[1;31m" in colored
    assert re.sub(r"\033\[[0-9;]*m", "", colored) == render_text([one])


def schema() -> dict[str, object]:
    path = ROOT / "docs" / "schemas" / "diagnostics.json"
    loaded: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_json_has_places_and_counts() -> None:
    note = Note(Span(Source("b.slim", "x"), 0, 1), "there")
    document = json.loads(render_json([mark("conv\n64", "64", notes=(note,))]))

    jsonschema.validate(document, schema())
    assert document["errors"] == 1
    assert document["diagnostics"][0]["place"] == {
        "file": "net.slim",
        "start": {"line": 2, "column": 1},
        "end": {"line": 2, "column": 3},
    }
    assert document["diagnostics"][0]["notes"][0]["place"]["file"] == "b.slim"


def test_json_of_nothing_is_a_document_too() -> None:
    document = json.loads(render_json([]))

    jsonschema.validate(document, schema())
    assert document["diagnostics"] == []


def test_the_schema_refuses_another_shape() -> None:
    document = json.loads(render_json([Diagnostic("E203", "wrong")]))
    document["diagnostics"][0]["code"] = "203"

    with pytest.raises(jsonschema.ValidationError, match="203"):
        jsonschema.validate(document, schema())


def test_github_commands_cannot_be_broken_out_of() -> None:
    one = mark("conv\n", "conv", name="a,b:c%.slim", help="two\nlines, 100%: ok")

    assert render_github([one]) == (
        "::error file=a%2Cb%3Ac%25.slim,line=1,endLine=1,col=1,endColumn=4,title=E203"
        "::it is wrong: this%0Ahelp: two%0Alines, 100%25: ok\n"
    )


def test_github_takes_no_columns_over_several_lines() -> None:
    assert render_github([mark("a {\n}\n", "{\n}")]).startswith(
        "::error file=net.slim,line=1,endLine=2,title=E203::"
    )


def test_sarif_has_rules_results_and_regions() -> None:
    note = Note(Span(Source("b c.slim", "x"), 0, 1), "there")
    warning = mark("conv 64", "64", notes=(note,), severity=Severity.WARNING)
    log = json.loads(
        render_sarif([warning, Diagnostic("E901", "gone")], "0.1", {"E203": "Shapes"})
    )
    (run,) = log["runs"]
    first, second = run["results"]

    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"] == [
        {"id": "E203", "shortDescription": {"text": "Shapes"}},
        {"id": "E901"},
    ]
    assert [first["level"], second["level"]] == ["warning", "error"]
    assert [first["ruleIndex"], second["ruleIndex"]] == [0, 1]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "net.slim"},
        "region": {"startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 8},
    }
    related = first["relatedLocations"][0]["physicalLocation"]
    assert related["artifactLocation"]["uri"] == "b%20c.slim"
    assert "locations" not in second


@given(
    text=st.text(max_size=200),
    start=st.integers(0, 200),
    length=st.integers(0, 200),
    words=st.text(max_size=40),
)
def test_every_form_takes_every_text(
    text: str, start: int, length: int, words: str
) -> None:
    start = min(start, len(text))
    span = Span(Source("net.slim", text), start, min(start + length, len(text)))
    note = Note(Span(span.source, 0, len(text)), words)
    found = [Diagnostic("E203", words, span, words, words, (note,))]

    rendered = render_text(found)

    assert " --> net.slim:" in rendered
    assert rendered.replace("\n", "").replace("…", "").isprintable() or any(
        not c.isprintable() for c in text + words
    )
    assert json.loads(render_json(found))["errors"] == 1
    assert render_github(found).count("\n") == 1
    assert json.loads(render_sarif(found, "0", {}))["runs"]
