"""Docstrings, comments and constants of the emitted file."""

import ast
import builtins
import keyword

from output import assert_is_tidy_python

from slimgen.compiler import Request, compile_source
from slimgen.source import Source

DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
TWO = """\
# Two networks.

# The first, in
# two lines.
network one {
  input images 8x8x3
  conv 4 3x3
}

network two {
  input images 8x8x3
  conv 4 3x3
}
"""


def emitted(text: str) -> ast.Module:
    found = compile_source(Source("n.slim", text), Request(), lambda *_: None)
    assert found.code is not None
    return ast.parse(found.code)


def docstrings(module: ast.Module) -> dict[str, str]:
    nodes = [node for node in module.body if isinstance(node, DEFINITIONS)]
    return {node.name: ast.get_docstring(node) or "" for node in nodes}


def test_long_lists_of_numbers_fill_their_lines() -> None:
    rows = [[(i * 7 + j * 3) % 169 for j in range(49)] for i in range(49)]
    values, pairs = [i / 10 - 3 for i in range(60)], [[i, i + 1] for i in range(40)]
    text = f"""network n {{
      input images 8x8x3
      constant {rows} int32; tap rows
      constant {values}; tap values
      constant {pairs} int32; tap pairs
      constant [1, 2, 3]; tap few
      from images; conv 4 3x3
    }}"""
    code = compile_source(Source("n.slim", text), Request(), lambda *_: None).code

    assert code is not None
    assert_is_tidy_python(code)
    network = code[code.index("def n(") : code.index("# Layers: ")]
    assert len(network.splitlines()) < 240
    assert max(map(len, network.splitlines())) <= 88
    constants = [
        ast.literal_eval(call.args[0])
        for call in ast.walk(ast.parse(network))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "tf.constant"
    ]
    assert sorted(constants, key=len) == [[1, 2, 3], pairs, rows, values]


def test_the_comment_above_a_network_documents_its_class() -> None:
    found = docstrings(emitted(TWO))
    size = "images [batch, 8, 8, 3] -> [batch, 8, 8, 4]; 112 parameters."

    assert found["One"] == f"The first, in two lines.\n\n{size}"
    assert found["Two"] == size


def test_the_comment_at_the_top_documents_the_file_alone() -> None:
    module = emitted(TWO.removeprefix("# Two networks.\n\n"))

    assert (ast.get_docstring(module) or "").startswith("The first, in\ntwo lines.\n")
    assert docstrings(module)["One"].startswith("images [batch, 8, 8, 3]")


def test_the_comment_at_the_top_is_not_that_of_a_block_too() -> None:
    text = """\
# Fire modules,
# in a network.
block fire(depth) { conv depth 1x1; conv depth 1x1 }

# Twice.
block twice(depth) { fire depth; fire depth }

network n() {
  input images 8x8x3
  twice 4 as first
  twice 4 as second
}
"""
    module = emitted(text)

    said = {
        node.name: ast.get_docstring(node)
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.name in ("fire", "twice")
    }
    assert (ast.get_docstring(module) or "").startswith("Fire modules,\nin a network.")
    shapes = "[8, 8, c] -> [8, 8, 4]."
    assert said == {"fire": shapes, "twice": f"Twice: {shapes}"}


def test_a_whole_number_is_not_trained() -> None:
    module = emitted(
        "network n {\n  input images 8x8x4\n  variable seen [] dtype=int64"
        " initializer=zeros\n  conv 4 3x3\n}"
    )

    made = "scope.variable('seen', [], 0.0, trainable=False, dtype='int64')"
    assert made in ast.unparse(module)


def test_a_variable_of_its_own_is_made_by_name() -> None:
    lines = (
        'variable gamma [4] regularizer=l2(0.1) device="cpu:0"\n multiply [net, gamma]'
    )
    module = emitted(f"network n {{\n  input images 8x8x4\n  in s {{\n {lines}\n}}\n}}")

    (body,) = [
        f for f in module.body if isinstance(f, ast.FunctionDef) and f.name == "n"
    ]

    assert ast.unparse(body.body[0]) == (
        "gamma = scope.variable('s/gamma', [4], xavier, 0.1, device='cpu:0')"
    )


def test_a_loop_whose_turns_do_nothing_is_not_written() -> None:
    lines = "conv 4 3x3 as a\n for i in 1..3 { squeeze }\n tap t\n conv 4 3x3 as b"
    module = emitted(f"network n {{\n  input images 8x8x4\n {lines}\n}}")

    (body,) = [
        f for f in module.body if isinstance(f, ast.FunctionDef) and f.name == "n"
    ]

    assert [type(line).__name__ for line in body.body] == ["Assign", "Expr", "Return"]


def test_no_shape_stands_beside_a_variable_which_says_its_own() -> None:
    lines = "variable g [2, 4]\n variable h [4]\n add [images, h]"
    module = Source("m.slim", f"network n {{\n  input images 8x8x4\n {lines}\n}}")
    code = compile_source(module, Request(), lambda path, user: None).code

    assert code is not None
    created = [line for line in code.splitlines() if 'scope.variable("' in line]
    assert [line for line in created if "xavier" in line and "  #" in line] == []
    assert '    scope.variable("g", [2, 4], xavier)' in created


def test_docstrings_of_layers_say_only_what_this_network_does() -> None:
    found = docstrings(
        emitted(
            "network n {\n  input images 32x32x3\n"
            "  conv 8 3x3 normalizer=batch_norm(is_training=false)\n  pool 2x2 MAX\n"
            "  fc 4 biases=none activation=none\n  fc 3 activation=none\n}\n"
        )
    )

    assert found["conv2d"] == "Convolve with `weights`, normalize, then activate."
    assert found["batch_norm"] == "Normalize channels by moving averages."
    assert found["pool"].startswith("Take the largest value of each window,")
    assert found["fully_connected"] == "Multiply by `weights`, add any `biases`."


def words_of_a_file() -> set[str]:
    """Names that a built file defines, reads or has as attributes, as a source may have them."""
    module = emitted(NAMED.format(name="n"))
    names = {node.name for node in module.body if isinstance(node, DEFINITIONS)}
    for part in ast.walk(module):
        if isinstance(part, ast.ClassDef):
            names |= {n.name for n in part.body if isinstance(n, ast.FunctionDef)}
            names |= {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
    return {name for name in names if name[0].isalpha() and not keyword.iskeyword(name)}


NAMED = """network {name}() as S {{
  input images 8x8x3
  conv 4 3x3 normalizer=batch_norm
  dropout 0.5
}}
"""


def test_a_network_is_called_as_anything_in_the_file_or_is_refused() -> None:
    names = sorted(words_of_a_file())[::5]  # any of them; all take seconds
    names += ["outputs", "inputs", "scope", "layers", "len", "held_back"]
    built = 0
    for name in names:
        source = Source("model.slim", NAMED.format(name=name))
        result = compile_source(source, Request(), lambda path, user: None)
        if result.code is None:
            assert {d.code for d in result.diagnostics} <= {"E129", "E108", "E009"}
            continue
        built += 1
        module = ast.parse(result.code)
        defined = [n.name for n in module.body if isinstance(n, DEFINITIONS)]
        assert len(defined) == len(set(defined)), name
        assert not set(defined) & set(dir(builtins)), name
        for part in module.body:
            if isinstance(part, ast.ClassDef):
                check_members(part)

    assert built > len(names) / 2


def check_members(made: ast.ClassDef) -> None:
    """Fail where a class reads its network's function after an attribute of that name."""
    bound: set[str] = set()
    for statement in made.body:
        if isinstance(statement, ast.AnnAssign | ast.Assign) and statement.value:
            read = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
            assert not read & bound, made.name
            target = getattr(statement, "target", None) or statement.targets[0]
            bound.add(target.id)
