"""Each use of a name with the place of its declaration."""

import pytest

from slimgen.diagnostics import Diagnostics
from slimgen.resolve import Resolution, Role, resolve
from slimgen.source import Source, Span
from slimgen.syntax import tree
from slimgen.syntax.parser import parse


def resolved(text: str, **used: str) -> Resolution:
    """Resolve a text that may use others by `use "NAME.slim"`."""
    files = {
        f"{name}.slim": parse(Source(f"{name}.slim", source), Diagnostics())
        for name, source in used.items()
    }
    main = parse(Source("main.slim", text), Diagnostics())
    targets: dict[Span, str] = {
        item.span: item.path.value
        for file in (main, *files.values())
        for item in file.items
        if isinstance(item, tree.Use)
    }
    return resolve(main, files, targets)


def links(text: str, **used: str) -> list[tuple[str, str]]:
    """Each use and its declarations as `name@line`, in the order of the main text."""
    found = []
    uses = resolved(text, **used).uses
    main = [use for use in uses if use.span.source.name == "main.slim"]
    for use in sorted(main, key=lambda use: use.span.start):
        for symbol in use.symbols:
            for place in symbol.declarations:
                file = "" if place.source.name == "main.slim" else place.source.name
                found.append((f"{use.name}@{use.span.line}", f"{file}{place.line}"))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let a = 1\nlet b = a", [("a@2", "1")]),
        ("let (a, b) = (1, 2)\nlet c = b", [("b@2", "1")]),
        ("let f(x) = x + 1\nlet c = f(2)", [("x@1", "1"), ("f@2", "1")]),
        ("let f(x) = x\nlet c = f(\nx=2)", [("x@1", "1"), ("f@2", "1"), ("x@3", "1")]),
        ("network n(a = 1) {\n conv a 3x3\n}", [("a@2", "1")]),
        ("network n(a = 1,\nb = a) { conv b 3x3 }", [("a@2", "1"), ("b@2", "2")]),
        ("block b(d) { fc d }\nnetwork n {\n b d=3 }", [("d@1", "1"), ("b@3", "1"), ("d@3", "1")]),
        ("network n {\n b\n}\nblock b() { relu }", [("b@2", "4")]),
        ("network n {\n for i in 1..3 {\n conv i 3x3 } }", [("i@3", "2")]),
        ("network n {\n conv 3 3x3\n tap t\n relu\n from t }", [("t@5", "3")]),
        ("network n {\n conv 3 3x3 as c\n relu\n from c }", [("c@4", "2")]),
        ("network n {\n in A {\n conv 3 3x3 as c }\n from A/c }", [("A/c@4", "3")]),
        ("network n {\n input x 3\n from x }", [("x@3", "2")]),
        ("network n {\n variable v 3\n add [net, v] }", [("v@3", "2")]),
        ("network n(a = 1) {\n conv 3 3x3 as c{a} }", [("a@2", "1")]),
        ("network n(a = 1) as net{a} { relu }", [("a@1", "1")]),
        ("network n(a = 1) {\n fc 3 if a > 1 else 4 }", []),
        ("network n(a = 1) {\n fc (3 if a > 1 else [a][0]) }", [("a@2", "1")] * 2),
        ("network n(a = 1) {\n require (a > 0)\n \"a\" }", []),
        ("network n(a = 1) {\n require (a > 0) \"a\" }", [("a@2", "1")]),
        ("block b(d) { fc d }\nscope b\n<\nd=3 >", [("d@1", "1")]),
        ("block b(d) { fc d }\nnetwork n {\n scope b < d=3 >; b }",
         [("d@1", "1"), ("b@3", "1"), ("d@3", "1"), ("b@3", "1")]),
        ("network n { relu }\ntrain n {\n steps 3 }", [("n@2", "1")]),
        ("network n {\n tap t\n }\ntrain n {\n loss softmax t }", [("n@4", "1"), ("t@5", "2")]),
    ],
)  # fmt: skip
def test_a_name_is_found_where_it_is_declared(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert links(text) == expected


def test_an_inner_name_hides_an_outer_one() -> None:
    text = "let a = 1\nblock b(a) {\n fc a }\nnetwork n {\n fc a; b 2 }"

    assert links(text)[:2] == [("a@3", "2"), ("a@5", "1")]


def test_a_value_that_is_given_anew_reads_the_name_outside_first() -> None:
    text = "let a = 1\nnetwork n {\n let a = a + 1\n fc a }"

    assert links(text) == [("a@3", "1"), ("a@4", "3")]


def test_a_name_with_several_declarations_is_one_symbol() -> None:
    text = "network n(a = 1) {\n let a = a + 1\n fc a }"

    assert links(text) == [("a@2", "1"), ("a@2", "2"), ("a@3", "1"), ("a@3", "2")]


def test_an_earlier_turn_of_a_loop_may_declare_a_name() -> None:
    text = "network n {\n for i in 1..2 {\n if i > 1 { from t }\n tap t } }"

    assert ("t@3", "4") in links(text)


def test_a_block_sees_what_is_declared_after_it() -> None:
    assert links("block b() {\n fc a }\nlet a = 3") == [("a@2", "3")]


def test_the_branches_of_a_block_share_its_names() -> None:
    text = "network n {\n branch {\n let a = 1 }\n fc a }"

    assert links(text) == [("a@4", "3")]


def test_names_of_used_files_are_found_there() -> None:
    text = 'use "u.slim"\nnetwork n {\n b depth=a }'
    used = "let a = 1\nblock b(depth) {\n fc depth }"

    assert links(text, u=used) == [
        ("b@3", "u.slim2"),
        ("depth@3", "u.slim2"),
        ("a@3", "u.slim1"),
    ]


def test_a_file_gives_what_it_uses_itself() -> None:
    text = 'use "u.slim"\nnetwork n {\n fc a }'

    assert links(text, u='use "v.slim"', v="let a = 1") == [("a@3", "v.slim1")]


def test_names_between_the_braces_of_a_rule_have_their_own_places() -> None:
    text = (
        'network n(first = 1) {\n weights keras "m" {\n'
        '  rename "c/{l}" "c{first + 1}/{l}" }\n conv 3 3x3 as c }'
    )

    (use,) = (use for use in resolved(text).uses if use.symbols)

    assert use.span.text == "first"
    assert use.span.line == 3


def test_a_name_with_values_in_it_may_mean_several() -> None:
    text = "network n {\n for i in 1..2 {\n tap a }\n tap ab\n from a{1} }"

    (use,) = (use for use in resolved(text).uses if use.role is Role.TENSOR)

    assert not use.exact
    assert [symbol.name for symbol in use.symbols] == ["ab"]


@pytest.mark.parametrize("text", ["network n { relu }", "network n { conv 3 3x3 }"])
def test_a_word_of_the_language_has_no_declaration(text: str) -> None:
    assert links(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "network n(a = 1) {\n conv a 3x3\n convv (\n fc a",
        'use "missing.slim"\nnetwork n(a = 1) { fc a }',
        "}}\nnetwork n(a = 1) { fc a }",
    ],
)
def test_a_broken_file_is_resolved_as_far_as_it_can_be_read(text: str) -> None:
    assert next(use for use, _ in links(text)).startswith("a@")


def test_the_symbol_around_a_place_is_found_at_its_uses_and_its_declaration() -> None:
    text = "let depth = 1\nnetwork n { fc depth }"
    found = resolved(text)

    (symbol,) = found.at("main.slim", text.rindex("depth") + 2)

    assert found.at("main.slim", 4) == (symbol,)
    assert [use.span.line for use in found.uses_of(symbol)] == [2]
    assert [place.line for place in symbol.declarations] == [1]


def test_two_blocks_of_one_name_are_two_symbols() -> None:
    text = "block b() { relu }\nblock b() { relu }\nnetwork n {\n b }"

    assert links(text) == [("b@4", "1")]
