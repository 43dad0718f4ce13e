import dataclasses
import inspect
import re
import time
from pathlib import Path

import pytest
from lark import Lark

from slimgen.diagnostics import Diagnostic, Diagnostics
from slimgen.messages import characters
from slimgen.messages import syntax as messages
from slimgen.messages.pages import codes, read_page
from slimgen.source import Source
from slimgen.syntax import tree
from slimgen.syntax.grammar_tables import read_grammar, tables_of, text_of
from slimgen.syntax.parser import parse, parse_expression
from slimgen.syntax.tables import read_data
from slimgen.syntax.tokens import RESERVED

EXAMPLES = sorted((Path(__file__).parent / "syntax_data").glob("*.slim"))


def read(text: str) -> tuple[tree.File, list[Diagnostic]]:
    diagnostics = Diagnostics()
    file = parse(Source("test.slim", text), diagnostics)
    return file, list(diagnostics)


def items(text: str) -> tuple[tree.Item, ...]:
    file, found = read(text)

    assert found == []
    return file.items


def statements(text: str) -> tuple[tree.Statement, ...]:
    """Return the statements of a network's body."""
    (network,) = items(f"network n {{\n{text}\n}}\n")

    assert isinstance(network, tree.Network)
    return network.body.statements


def show(node: object) -> object:
    """Return a tree in short: numbers and names as they are, the rest as lists."""
    if isinstance(node, tree.Number | tree.String | tree.Constant):
        return node.value
    if isinstance(node, tree.Name):
        return node.text
    if isinstance(node, tuple):
        return [show(part) for part in node]
    if not dataclasses.is_dataclass(node):
        return node
    fields = [field.name for field in dataclasses.fields(node) if field.name != "span"]
    return [type(node).__name__, *(show(getattr(node, name)) for name in fields)]


def value(text: str) -> object:
    """Return, in short, the tree of an expression."""
    (let,) = items(f"let value = {text}\n")

    assert isinstance(let, tree.Let)
    return show(let.value)


def line(text: str) -> tree.Line:
    (statement,) = statements(text)

    assert isinstance(statement, tree.Line)
    return statement


# The grammar.


def test_the_grammar_has_no_conflict():
    assert isinstance(read_grammar(strict=True), Lark)


def test_the_tables_in_the_package_are_those_of_the_grammar(root, update):
    text = text_of(tables_of(read_grammar()))
    if update:
        (root / "grammar" / "slim.tables.json").write_text(text, encoding="utf-8")

    assert read_data("slim.tables.json") == text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_read(path):
    file, found = read(path.read_text(encoding="utf-8"))

    assert found == []
    assert len(file.items) > 0


def test_vgg_is_read_as_it_is_written():
    path = Path(__file__).parent / "syntax_data" / "vgg_16.slim"
    (network,) = items(path.read_text(encoding="utf-8"))

    assert isinstance(network, tree.Network)
    assert network.name.text == "vgg_16"
    assert show(network.parameters) == [
        ["Parameter", "classes", 1000],
        ["Parameter", "keep_prob", 0.5],
        ["Parameter", "weight_decay", 0.0005],
    ]
    first, scope, _, repeat, *_, fc8, squeeze = network.body.statements
    assert show(first) == ["Input", "images", ["Size", [224, 224, 3]], []]
    assert isinstance(scope, tree.Scope)
    assert show(scope.settings[1]) == [
        "Argument",
        "regularizer",
        ["CallExpression", "l2", [["Argument", None, "weight_decay"]]],
    ]
    assert isinstance(repeat, tree.Repeat)
    assert show(repeat.count) == 2
    assert show(repeat.line.arguments) == [
        ["Argument", None, 64],
        ["Argument", None, ["Size", [3, 3]]],
    ]
    assert show(repeat.line.name) == ["ScopeName", ["Template", ["conv1"]]]
    assert isinstance(fc8, tree.Line)
    assert show(fc8.arguments[2]) == ["Argument", "activation", None]
    assert show(squeeze) == [
        "Line",
        "squeeze",
        [[["Argument", None, ["List", [1, 2]]]]],
        None,
        None,
    ]


def test_a_job_has_its_network_its_settings_and_its_origin():
    text = 'tune vgg(classes = 20) from slim "a.ckpt" step=3 as pascal { steps 10 }\n'
    (job,) = items(text)

    assert show(job) == [
        "Job",
        "tune",
        "vgg",
        [["Argument", "classes", 20]],
        [
            ["Argument", None, "slim"],
            ["Argument", None, "a.ckpt"],
            ["Argument", "step", 3],
        ],
        ["ScopeName", ["Template", ["pascal"]]],
        ["Body", [["Line", "steps", [[["Argument", None, 10]]], None, None]]],
    ]


def test_a_file_may_hold_what_is_used_and_its_own():
    file = items('use "std/a.slim"; let a = 1\nlet (b, c) = (1, 2)\nblock d {}\n')

    assert [show(item) for item in file] == [
        ["Use", "std/a.slim"],
        ["Let", ["a"], 1, False],
        ["Let", ["b", "c"], ["Tuple", [1, 2]], True],
        ["Block", "d", [], None, ["Body", []]],
    ]


def test_comments_are_kept_with_their_place():
    file, found = read("# one\nlet a = [ # two\r\n1]#three\n")

    assert found == []
    assert [comment.text for comment in file.comments] == ["# one", "# two", "#three"]
    assert [comment.span.text for comment in file.comments] == [
        "# one",
        "# two",
        "#three",
    ]


# Expressions.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", ["Binary", "+", "a", ["Binary", "*", "b", "c"]]),
        ("a - b - c", ["Binary", "-", ["Binary", "-", "a", "b"], "c"]),
        ("a // b % c", ["Binary", "%", ["Binary", "//", "a", "b"], "c"]),
        ("-a ** b", ["Unary", "-", ["Binary", "**", "a", "b"]]),
        (
            "a ** -b ** c",
            ["Binary", "**", "a", ["Unary", "-", ["Binary", "**", "b", "c"]]],
        ),
        ("not a == b", ["Unary", "not", ["Binary", "==", "a", "b"]]),
        (
            "a or b and not c",
            ["Binary", "or", "a", ["Binary", "and", "b", ["Unary", "not", "c"]]],
        ),
        ("a not in b", ["Binary", "not in", "a", "b"]),
        ("a in b", ["Binary", "in", "a", "b"]),
        ("1..n + 1", ["Range", 1, ["Binary", "+", "n", 1]]),
        ("a in 1..3", ["Binary", "in", "a", ["Range", 1, 3]]),
        (
            "a if b else c if d else e",
            ["Conditional", "b", "a", ["Conditional", "d", "c", "e"]],
        ),
        (
            "f(a, k=b,)",
            ["CallExpression", "f", [["Argument", None, "a"], ["Argument", "k", "b"]]],
        ),
        ("f(channels=3)", ["CallExpression", "f", [["Argument", "channels", 3]]]),
        ("a[0][b]", ["Index", ["Index", "a", 0], "b"]),
        ("(a)", "a"),
        ("(a,)", ["Tuple", ["a"]]),
        ("()", ["Tuple", []]),
        ("[]", ["List", []]),
        ("[a,\n b, # c\n]", ["List", ["a", "b"]]),
        ("[true, none, channels]", ["List", [True, None, "channels"]]),
        ("level{n}", ["Template", ["level", "n"]]),
        ("a{b}_{c + 1}", ["Template", ["a", "b", "_", ["Binary", "+", "c", 1]]]),
        ("3x?x1", ["Size", [3, None, 1]]),
        ("[1, 0.5, .5, 1e-3, 1E2]", ["List", [1, 0.5, 0.5, 0.001, 100.0]]),
        ('"a # {b}"', "a # {b}"),
        ("a / b", ["Binary", "/", "a", "b"]),
        ("a/b", ["Binary", "/", "a", "b"]),
        ("a-1", ["Binary", "-", "a", 1]),
    ],
)
def test_expressions_have_the_precedence_of_python(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth (inner * 4)", ["depth", ["Binary", "*", "inner", 4]]),
        ("depth -1", ["depth", -1]),
        ("-.5 -1e3", [-0.5, -1000.0]),
        ("1..n 256..512", [["Range", 1, "n"], ["Range", 256, 512]]),
        ("image/class/label", [["Template", ["image/class/label"]]]),
        ("block{n}/unit_{m}/x", [["Template", ["block", "n", "/unit_", "m", "/x"]]]),
        ("a [0] a[0]", ["a", ["List", [0]], ["Index", "a", 0]]),
        ("3x3 [3, 3]", [["Size", [3, 3]], ["List", [3, 3]]]),
        ("l2(0.1) net", [["CallExpression", "l2", [["Argument", None, 0.1]]], "net"]),
        ("?", [["Size", [None]]]),
        ('"*/weights"', ["*/weights"]),
    ],
)
def test_blanks_separate_the_arguments_of_a_line(text, expected):
    assert [
        show(argument.value) for argument in line(f"w {text}").arguments
    ] == expected


def test_keys_may_have_blanks_and_be_reserved():
    arguments = line("w a = 1 channels=3 in = 4 b=-2 c=x/y").arguments

    assert [show(argument)[1:] for argument in arguments] == [
        ["a", 1],
        ["channels", 3],
        ["in", 4],
        ["b", -2],
        ["c", ["Template", ["x/y"]]],
    ]


def test_commas_split_groups_and_go_on_in_the_next_line():
    found = line("w a b=1,\n  # why\n\n  c, d\n")

    assert [[show(argument.value) for argument in group] for group in found.groups] == [
        ["a", 1],
        ["c"],
        ["d"],
    ]
    assert line("w").groups == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Conv2d_1a_3x3", ["Conv2d_1a_3x3"]),
        ("a/b-c.d", ["a/b-c.d"]),
        ("2nd", ["2nd"]),
        ("{name}", ["name"]),
        ("{a}/b{c}", ["a", "/b", "c"]),
        ("block", ["block"]),
        ("net", ["net"]),
    ],
)
def test_scope_names(text, parts):
    expected = ["ScopeName", ["Template", parts]]

    assert show(line(f"w as {text}").name) == expected
    (inside,) = statements(f"in {text} {{ }}")
    assert isinstance(inside, tree.In)
    assert show(inside.name) == expected


def test_none_as_a_scope_name_is_no_scope():
    assert show(line("w as none").name) == ["ScopeName", None]
    (network,) = items("network n as none {}")
    assert isinstance(network, tree.Network)
    assert show(network.scope) == ["ScopeName", None]


# Statements.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tap a", ["Tap", "a"]),
        ("from a/b", ["From", ["Template", ["a/b"]]]),
        ("output level{n}", ["Output", ["Template", ["level", "n"]]]),
        ('require (a) "b"', ["Require", "a", "b"]),
        ("input a 3x3 k=1", ["Input", "a", ["Size", [3, 3]], [["Argument", "k", 1]]]),
        ("input a ?x3", ["Input", "a", ["Size", [None, 3]], []]),
        ("variable g", ["Variable", "g", [], False]),
        ("local_variable g [3]", ["Variable", "g", [["Argument", None, ["List", [3]]]], True]),
        ("branch {}", ["Branch", None, ["Body", []]]),
        ("branch{}", ["Branch", None, ["Body", []]]),
        ("branch a {}", ["Branch", ["ScopeName", ["Template", ["a"]]], ["Body", []]]),
        ("for i in a {}", ["For", ["i"], "a", ["Body", []], False]),
        ("for (i, j) in a {}", ["For", ["i", "j"], "a", ["Body", []], True]),
        ("let f(x, y = 8) = x", ["LetFunction", "f", [["Parameter", "x", None], ["Parameter", "y", 8]], "x"]),
        ("scope a, b <\n c=1\n>", ["Scope", ["a", "b"], [["Argument", "c", 1]], None]),
        ("scope a < > {}", ["Scope", ["a"], [], ["Body", []]]),
        ("block b(a) as c {}", ["Block", "b", [["Parameter", "a", None]], ["ScopeName", ["Template", ["c"]]], ["Body", []]]),
        ("in a reuse=true {}", ["In", ["ScopeName", ["Template", ["a"]]], [["Argument", "reuse", True]], ["Body", []]]),
    ],
)  # fmt: skip
def test_statements(text, expected):
    (statement,) = statements(text)

    assert show(statement) == expected


def test_cases_of_an_if_stand_beside_each_other():
    (found,) = statements("if a { } else if b { tap c } else if d { } else { tap e }")

    assert isinstance(found, tree.If)
    assert [show(condition) for condition, _ in found.cases] == ["a", "b", "d"]
    assert show(found.cases[1][1]) == ["Body", [["Tap", "c"]]]
    assert show(found.otherwise) == ["Body", [["Tap", "e"]]]


def test_statements_end_with_their_line_or_a_semicolon():
    words = [show(statement)[1] for statement in statements(";a; b ;; c\r\n\n ; d;")]

    assert words == ["a", "b", "c", "d"]


def test_a_byte_order_mark_is_skipped():
    assert items("\ufefflet a = 1") == items("let a = 1\n")


def test_every_node_covers_its_parts():
    for path in EXAMPLES:
        file, _ = read(path.read_text(encoding="utf-8"))
        for item in file.items:
            assert_covers(item)


def assert_covers(node: tree.SyntaxNode) -> None:
    for part in parts_of(vars(node).values()):
        assert node.span.start <= part.span.start
        assert part.span.end <= node.span.end
        assert_covers(part)


def parts_of(values) -> list[tree.SyntaxNode]:
    found = []
    for part in values:
        if isinstance(part, tree.SyntaxNode):
            found.append(part)
        elif isinstance(part, tuple):
            found += parts_of(part)
    return found


# Values of options.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10", 10),
        ("-0.5", -0.5),
        ("300x400x3", ["Size", [300, 400, 3]]),
        ("none", None),
        ("true", True),
        ('"text"', "text"),
        ("relu", "relu"),
        ("[1, 2]", ["List", [1, 2]]),
        ("1..3", ["Range", 1, 3]),
        ("vgg_16/conv1", ["Template", ["vgg_16/conv1"]]),
        ("l2(0.1)", ["CallExpression", "l2", [["Argument", None, 0.1]]]),
    ],
)
def test_values_of_options(text, expected):
    assert show(parse_expression(text, "name", Diagnostics())) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a=1", "(", "{", "1;2", "a +", "1\n2", "'a'", "é", "let"]
)
def test_what_is_no_value_of_an_option(text):
    assert parse_expression(text, "name", Diagnostics()) is None


# Mistakes.

MISTAKES = [
    ("conv 64 3×3", "E001", "×"),
    ("conv 64 “SAME”", "E001", "“"),
    ("conv\u00a064", "E001", "\u00a0"),
    ("conv ６４", "E001", "６４"),
    ("conv \x00", "E001", "\x00"),
    ("conv café", "E001", "é"),
    ("conv 1 # \u202e", "E001", "\u202e"),
    ("conv a && b", "E001", "&&"),
    ('conv "SAME', "E002", '"SAME'),
    ("conv 'SAME'", "E003", "'SAME'"),
    ("conv 64 3x", "E004", "3x"),
    ("conv 64 3xk", "E004", "3xk"),
    ("conv 1_000", "E004", "1_000"),
    ("conv 3.", "E004", "3."),
    ("conv 1...3", "E004", "..."),
    ("conv 64 3 x 3", "E004", "x"),
    ("conv -3x3", "E004", "-3x3"),
    ("conv 1000000000000000000", "E005", "1000000000000000000"),
    ("conv 1e999", "E005", "1e999"),
    ("conv 1e-999", "E005", "1e-999"),
    ("conv (64 3x3", "E006", "("),
    ("conv [3, 3", "E006", "["),
    ("scope conv < stride=1", "E006", "<"),
    ("conv (64\nfc 10", "E006", "("),
    ("conv (64\nlet a = 1", "E006", "("),
    ("conv a{b", "E006", "{"),
    ("conv 64)", "E007", ")"),
    ("conv (64]", "E007", "]"),
    ("conv depth - 1 3x3", "E008", "-"),
    ("conv depth-1 3x3", "E008", "-"),
    ("conv depth*2", "E008", "*"),
    ("conv a < b", "E008", "<"),
    ("conv 64 if deep else 32", "E008", "if"),
    ("conv a and b", "E008", "and"),
    ("let net = 3", "E009", "net"),
    ("let input = 3", "E009", "input"),
    ("let f(height) = 3", "E009", "height"),
    ("for width in a { }", "E009", "width"),
    ("tap net", "E009", "net"),
    ("conv f(input)", "E009", "input"),
    ("let x 3", "E010", "3"),
    ("let x =", "E010", ""),
    ("conv a=", "E010", ""),
    ("conv (64 3x3)", "E010", "3x3"),
    ("let a = 3 x 3", "E019", "x"),
    ("require depth > 3 \"x\"", "E010", "depth"),
    ("for a, b in c { }", "E010", ","),
    ("scope conv stride=1", "E010", "stride"),
    ("conv 64 3x3 as", "E011", ""),
    ("tap", "E011", ""),
    ("in { conv 3 }", "E011", "{"),
    ("conv as a//b", "E011", "a//b"),
    ("repeat conv 64 3x3", "E012", "repeat"),
    ("repeat 3", "E012", "repeat"),
    ("if a { }\nelse { }", "E013", "else"),
    ("if a: conv 64", "E014", ":"),
    ("for i in 1..3", "E014", ""),
    ("for i in 1..3\n  conv i", "E014", ""),
    ("if a\n{\n  conv i\n}", "E014", ""),
    ("conv(64, 3x3)", "E015", "("),
    ("repeat 2 conv(64)", "E015", "("),
    ("if a < b < c { }", "E016", "<"),
    ("x = 3", "E017", "="),
    ("if a = 3 { }", "E017", "="),
    ("if a { } elif b { }", "E018", "elif"),
    ("def f(x) { }", "E018", "def"),
    ("conv 64 True", "E018", "True"),
    ("conv 64 // why", "E018", "//"),
    ("conv 64 /* why */ 3x3", "E018", "/*"),
    ("conv 64 as c1 padding=SAME", "E019", "padding"),
    ("let x = 3 conv 64", "E019", "conv"),
    ("branch { } conv 3", "E019", "conv"),
    ("branch a{ conv 3 }", "E020", "{"),
    ("branch a{\n conv 3\n}", "E020", "{"),
    ("branch a{}", "E020", "{"),
    ('conv l2(0.1)"a"', "E021", '"a"'),
    ("let y = min (a, b)", "E021", "("),
    ("network m { }", "E023", "network"),
    ('use "x"', "E023", "use"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "marked"), MISTAKES, ids=lambda part: repr(part)
)
def test_a_mistake_gives_one_diagnostic_at_its_place(text, code, marked):
    _, found = read(f"network n {{\n  {text}\nfc 10\n}}\n")
    first = found[0]

    # The second one of a pair of quotes.
    assert {diagnostic.code for diagnostic in found} == {code}
    assert first.span is not None
    assert first.span.text == marked
    assert len(found) == (2 if text == "conv 64 “SAME”" else 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("conv 64 3x3", "E023"),
        ("conv(64)", "E023"),
        ("scope conv < >", "E023"),
        ("x = 3", "E017"),
        ("}", "E007"),
        ("train vgg", "E014"),
        ("train vgg (a=3) { }", "E021"),
        ("network { }", "E011"),
        ("network a(b c) { }", "E010"),
        ('"a"', "E010"),
        ("network a {", "E006"),
        ("network a\n{\n  conv 3\n}", "E014"),
        ("network a {\n  add {\n    branch {\n  }\n}\n\nnetwork b { }", "E006"),
        ("network a {\n  conv 3\n}\n  fc 3\n  fc 4\n}\n", "E023"),
    ],
)
def test_a_mistake_outside_of_braces(text, code):
    _, found = read(text)

    assert [diagnostic.code for diagnostic in found] == [code]


def test_the_brace_that_is_not_closed_is_found_by_its_indentation():
    _, found = read("network a {\n  add {\n    branch {\n      fc 3\n  }\n}\n")

    assert [diagnostic.span.line for diagnostic in found if diagnostic.span] == [3]


def test_each_mistake_of_a_file_is_reported_and_the_rest_is_read():
    text = "network n {\n  conv (a b)\n  tap\n  if a = b { fc 1; fc }\n  fc x/\n  fc 2\n}\nlet = 3\nlet b = 4\n"
    file, found = read(text)

    assert [diagnostic.code for diagnostic in found] == [
        "E010",
        "E011",
        "E017",
        "E008",
        "E011",
    ]
    network, let = file.items
    assert isinstance(network, tree.Network)
    assert [show(statement) for statement in network.body.statements] == [
        ["Line", "fc", [[["Argument", None, 2]]], None, None]
    ]
    assert show(let) == ["Let", ["b"], 4, False]


def test_mistakes_in_a_body_are_found_when_its_head_cannot_be_read():
    _, found = read("network n(classes 10) {\n  for in {\n    tap\n  }\n}\n")

    assert [diagnostic.code for diagnostic in found] == ["E010", "E011", "E011"]


def test_x_may_be_a_name_between_numbers():
    assert len(line_of_block("block b(x) { conv 3 x 3 }").arguments) == 3


def line_of_block(text: str) -> tree.Line:
    (block,) = items(text)

    assert isinstance(block, tree.Block)
    (found,) = block.body.statements
    assert isinstance(found, tree.Line)
    return found


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_no_reserved_word_is_a_parameter(word):
    _, found = read(f"block b({word}) {{ }}")

    assert [diagnostic.code for diagnostic in found] == ["E009"]


@pytest.mark.parametrize(
    "word", ["train", "data", "loss", "batch", "average", "x", "every"]
)
def test_every_other_word_may_be_a_name(word):
    assert show(items(f"let {word} = {word}\n")) == [["Let", [word], word, False]]


# Limits.


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "[" * 100_000,
        "f(" * 100_000,
        "a{" * 100_000,
        "a" + "{b}" * 100_000,
        "a" + "[0]" * 100_000,
        "1 + " * 100_000 + "1",
        "not " * 100_000 + "a",
        "-" * 100_000 + "a",
        "a**" * 100_000 + "a",
        "a if b else " * 100_000 + "c",
        "a" * 100_001,
        '"' + "a" * 100_000 + '"',
    ],
    ids=lambda text: text[:8],
)
def test_what_is_too_deep_or_too_long_is_a_mistake(text):
    _, found = read(f"let a = {text}\nlet b = 1")

    assert [diagnostic.code for diagnostic in found] == ["E022"]


def test_bodies_in_bodies_have_a_limit():
    _, found = read("network n {" + "add {" * 100_000)

    assert [diagnostic.code for diagnostic in found] == ["E022"]


def test_a_file_has_a_limit():
    file, found = read("#" * (16 * 1024 * 1024 + 1))

    assert [diagnostic.code for diagnostic in found] == ["E022"]
    assert file.items == ()


def test_not_more_than_a_hundred_mistakes_are_reported():
    _, found = read("let\n" * 1000)

    assert [diagnostic.code for diagnostic in found] == ["E011"] * 100 + ["E022"]


def test_the_deepest_tree_can_be_compared_and_shown():
    text = (
        "network n {"
        + "if a {" * 60
        + "tap b"
        + "}" * 61
        + "\nlet a = "
        + "1 + " * 99
        + "1"
    )

    assert items(text) == items(text)
    assert "Tap(name=Name(text='b'))" in repr(items(text))


@pytest.mark.slow
def test_reading_takes_time_in_proportion_to_the_length():
    def seconds(lines: int) -> float:
        text = "network n {\n" + "  conv 64 3x3 padding=SAME as conv1\n" * lines + "}\n"
        started = time.process_time()
        items(text)
        return time.process_time() - started

    assert seconds(20_000) < 20 * seconds(4_000)


# Messages and pages.


def test_every_code_has_a_page_and_every_page_a_code():
    written = set(re.findall(r'"(E0\d\d)"', inspect.getsource(messages)))
    written |= set(re.findall(r"\"(E0\d\d)\"", inspect.getsource(characters)))

    assert written == {code for code in codes() if code.startswith("E0")}


@pytest.mark.parametrize("code", [code for code in codes() if code.startswith("E0")])
def test_a_page_shows_its_mistake_and_how_it_is_mended(code):
    page = read_page(code)

    assert [found.code for found in read(page.wrong.text)[1]] == [code]
    assert read(page.right.text)[1] == []


def test_every_code_is_among_the_mistakes_above():
    tested = {code for _, code, _ in MISTAKES} | {"E022"}

    assert tested == {code for code in codes() if code.startswith("E0")}


@pytest.mark.parametrize(
    ("text", "code", "marked"), MISTAKES, ids=lambda part: repr(part)
)
def test_messages_are_clauses_without_a_full_stop(text, code, marked):
    for found in read(f"network n {{\n  {text}\nfc 10\n}}\n")[1]:
        for words in (found.message, found.label):
            assert words
            assert not words.endswith(".") or words.endswith("...")
            assert not re.match(r"[A-Z][a-z]", words)
            assert "invalid" not in words
            assert "unexpected" not in words


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("conv 3xk", "a size from variables is a list: `[3, k]`"),
        ("conv ６４", "write `64`"),
        ("conv 1_000", "write `1000`"),
        ("conv 64 None", "write `none`"),
        ("if a { } elif b { }", "write `else if`"),
        ("x = 3", "write `let x = …`; `tap x` after a layer names its result"),
        ("conv 'SAME'", 'write `"SAME"`'),
        ("conv as c1 3x3", "the name comes last: arguments stand before `as`"),
        ("let a = [3 x 3]", "a size is written without blanks: `3x3`"),
    ],
)
def test_help_says_what_to_write(text, help_text):
    _, found = read(f"network n {{\n{text}\n}}\n")

    assert [diagnostic.help for diagnostic in found] == [help_text]


@pytest.mark.parametrize("end", ["", " ", "\t", " \n", "  # done"])
def test_blanks_behind_the_last_brace_open_no_body(end):
    _, found = read("network n {\n  if (a\n}" + end)

    assert [diagnostic.code for diagnostic in found] == ["E006"]
