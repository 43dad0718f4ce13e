"""Docstrings, comments and constants of the emitted file."""

import ast

from slimgen.compiler import Request, compile_source
from slimgen.source import Source

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
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    return {node.name: ast.get_docstring(node) or "" for node in classes}


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
