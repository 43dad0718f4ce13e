"""Names and texts chosen to break out come out as diagnostics or as inert literals."""

import ast
import builtins
import json
import keyword
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import replay
from output import OWN_IMPORTS, assert_is_tidy_python, assert_names_are_known, imported

from slimgen.compiler import Compilation, Request, analyze, compile_source
from slimgen.emit.file_head import read_head
from slimgen.emit.identifiers import class_name
from slimgen.emit.taken_classes import names_of_file
from slimgen.layers.jobs.optimizer import RULES, OptimizerRule
from slimgen.render import render_text
from slimgen.source import Source
from slimgen.syntax.tokens import RESERVED

pytestmark = pytest.mark.slow  # minutes on two busy cores

EXAMPLES = Path(__file__).parent.parent / "examples"

# Words of Python, of TensorFlow's users, and of the emitted file.
QUICK = ["tf", "l2", "i", "__import__"]
THOROUGH = [
    *("Scope", "conv2d", "labels", "XAVIER", "images", "range", "_"),
    *("np", "Network", "restore", "main", "layer", "self", "model", "train", "LABELS"),
    *("xavier", "zeros", "end_point", "inputs", "functools", "math", "re", "ClassVar"),
    *(
        "dataclasses",
        "int",
        "list",
        "print",
        "l1_l2",
        "constant",
        "normalize",
        "x",
        "t",
    ),
    *("generator", "training", "fully_connected", "class", "def", "None_", "import"),
    *("__name__", "eval", "exec", "match", "case", "type", "__", "a", "A", "net_"),
    *("logits", "N", "NETWORK", "NETWORKS", "IMAGE_SUFFIXES", "L2", "expand", "Entry"),
    *("Settings", "json", "os", "glob", "batch_norm", "dropout", "tensor", "y", "e"),
    *("UserError", "postprocess", "loss", "len", "zip", "Exception", "variable_scope"),
    *("normalize_2", "net_2", "conv2d_2", "scope_", "i_", "L2_2", "LABELS_2", "nw"),
]


def nobody(path: str, user: Source) -> Source | None:
    return None


def built(text: str, **options: object) -> Compilation:
    name = str(options.pop("name", "m.slim"))
    request = Request(**options)  # type: ignore[arg-type]
    return compile_source(Source(name, text), request, nobody)


def errors_of(compilation: Compilation) -> set[str]:
    found = compilation.diagnostics
    return {one.code for one in found if one.severity.value == "error"}


def models(name: str) -> dict[str, str]:
    """A model for each kind of name."""
    head = "input images 8x8x3"
    end = "flatten; fc 4 regularizer=l2(0.5)"
    decay = "regularizer=l2(0.1)"
    return {
        "network": f"network {name} {{ {head}; conv 2 3x3; {end} }}",
        "parameter": f"""
            network nw({name} = 4) {{ {head}; conv 2 3x3; flatten; fc {name} {decay} }}""",
        "block": f"""
            block {name}(d) {{ conv d 3x3 }}
            network nw {{ {head}; {name} 3; {name} 4; {end} }}""",
        "block parameter": f"""
            block b({name}) {{ conv {name} 3x3 {decay}; repeat 2 conv {name} 3x3 as r }}
            network nw {{ {head}; b 3; b 4 as q; {end} }}""",
        "input": f"network nw {{ input {name} 8x8x3; conv 2 3x3; {end} }}",
        "output": f"network nw {{ {head}; conv 2 3x3; output {name}; {end}; output o }}",
        "tap": f"network nw {{ {head}; conv 2 3x3; tap {name}; concat [{name}, net] }}",
        "branch": f"""
            network nw {{
              {head}
              concat {{
                branch {name} {{ conv 3 3x3 }}
                branch {{ conv 3 1x1 {decay} }}
              }}
              {end}
            }}""",
        "loop": f"""
            network nw {{
              {head}
              for {name} in 1..3 {{ conv 3 3x3 {decay} as c_{{{name}}} }}
              {end}
            }}""",
        "loop of a block": f"""
            block b(k) {{ for {name} in 1..3 {{ conv k 3x3 {decay} as c_{{{name}}} }} }}
            network nw {{ {head}; b 3; b 4 as w; {end} }}""",
        "loop and parameter": f"""
            block b({name}) {{
              let k = {name}
              for {name} in 1..3 {{ conv k 3x3 as c_{{{name}}} }}
            }}
            network nw {{ {head}; b 3; b 4 as w; {end} }}""",
        "let": f"network nw {{ {head}; let {name} = 3; conv {name} 3x3; {end} }}",
        "variable": f"""
            network nw {{
              {head}; conv 2 3x3; variable {name} [2] initializer=constant(0.1)
              multiply [net, {name}]; {end}
            }}""",
        "scope": f"""
            network nw as {name} {{
              {head}; conv 2 3x3 as {name}; in {name} {{ conv 2 3x3 }}; {end}
            }}""",
        "module": f"""
            network nw {{
              {head}; conv 2 3x3 activation=python("{name}:{name}"); flatten
              python "{name}.a:f"; fc 4 initializer=python("{name}:tf")
            }}""",
    }


KINDS = list(models("x"))
# Where a name has a meaning of its own, the source is rejected.
WORDS = {*RESERVED, "True", "False", "None"}
REJECTED = {"E009", "E018", "E102", "E107", "E108", "E112", "E117", "E129"}


def assert_inert(text: str, name: str) -> bool:
    """Check that a model is rejected, or does what it says; return whether it is built."""
    graph = analyze(Source("m.slim", text), Request(), nobody).graph
    for passes in (None, ()):
        found = built(text, passes=passes)
        if found.code is None:
            assert errors_of(found)
            assert name in WORDS or errors_of(found) <= REJECTED, text
            return False
        assert_is_tidy_python(found.code)
        assert_names_are_known(found.code)
        own = {module for module in imported(found.code) if module.startswith(name)}
        assert imported(found.code) - own <= OWN_IMPORTS
        assert graph is not None
        assert [] == replay.differences(found.code, graph)
    return True


@pytest.mark.parametrize("name", QUICK)
def test_a_name_changes_nothing_but_itself(name: str) -> None:
    for kind, text in models(name).items():
        assert_inert(text, name), kind


@pytest.mark.slow
@pytest.mark.parametrize("name", [*THOROUGH, *keyword.kwlist, *keyword.softkwlist])
def test_many_names_change_nothing_but_themselves(name: str) -> None:
    for kind, text in models(name).items():
        assert_inert(text, name), kind


def test_most_names_are_taken() -> None:
    refused = {
        (kind, name)
        for name in ("tf", "i", "lambda")
        for kind, text in models(name).items()
        if errors_of(built(text))
    }

    assert refused == {("module", "lambda")}


def with_job(name: str, rule: type[OptimizerRule]) -> tuple[str, str]:
    """A network, and the same one with a job that uses a rule."""
    text = f"network {name} {{ input images 8x8x3; flatten; fc 4 }}\n"
    job = (
        f'train {name} {{ data records "a"; {rule.example}; steps 1; directory "r" }}\n'
    )
    return text, text + job


def test_a_network_cannot_have_the_class_of_the_optimizer_of_its_job() -> None:
    for rule in RULES.values():
        alone, trained = with_job(rule.__name__, rule)
        assert errors_of(built(alone)) == set()
        assert errors_of(built(trained)) == {"E129"}


@pytest.mark.parametrize("name", ["inputs", "outputs", "layers", "HEAD"])
def test_the_class_of_a_network_finds_its_function(name: str) -> None:
    code = built(f"network {name} {{ input images 8x8x3; flatten; fc 4 }}").code

    assert code is not None
    assert_names_are_known(code)


@pytest.mark.parametrize(
    "name", ["labels", "outputs", "value", "weights", "num_outputs", "settings", "json"]
)
def test_no_local_name_hides_a_module_of_the_user(name: str) -> None:
    code = built(f"""
        network n {{
          input images 8x8x3
          conv 3 3x3 activation=python("{name}:f"); conv 4 1x1 activation=python("{name}:f")
          flatten; output features; fc 4; output logits
        }}
        train n {{ data records "a"; loss python "{name}:g" logits; steps 1; directory "r" }}
        """).code

    assert code is not None
    tree = ast.parse(code)
    called = {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in "fg"
        if isinstance(node.value, ast.Name)
    }
    assert len(called) == 1
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
            bound = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
            bound |= {
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            assert not bound & called & used


def test_every_class_of_a_file_is_taken() -> None:
    texts = [models("x")["network"]]
    texts += [with_job("x", rule)[1] for rule in RULES.values()]
    for example in ("lenet", "multi_task", "inception_v3"):
        texts.append((EXAMPLES / f"{example}.slim").read_text(encoding="utf-8"))
    for text in texts:
        found = built(text)
        assert found.code is not None, list(found.diagnostics)
        assert found.graph is not None
        own = {class_name(network.name) for network in found.graph.networks}
        body = ast.parse(found.code).body
        classes = {node.name for node in body if isinstance(node, ast.ClassDef)}
        assert classes - own <= names_of_file(bool(found.graph.jobs))


# Texts.

TEXTS = [
    "'",
    "''' + __import__('os').system('false') + '''",
    '""" + __import__("os").abort() + """',
    "\\",
    "\\'",
    "\\N{BULLET} {__import__('os')} %(prog)s %d {{ x }} {% raw %}",
    "# type: ignore",
    "é ä \u00a0 \u2028 \u3000 \ufeff end",
    "\u0430dmin \uff54\uff46",
    "a" * 1000,
    "trailing \\",
    "{#- imports: os -#}",
]


def literals(code: str) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def assert_no_code(code: str) -> None:
    assert_is_tidy_python(code)
    assert imported(code) <= OWN_IMPORTS
    names = {
        node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)
    }
    assert not names & {"__import__", "eval", "exec", "abort", "system", "admin"}


@pytest.mark.parametrize("text", TEXTS)
def test_a_comment_stays_a_comment(text: str) -> None:
    line = text.replace("\u2028", " ")
    found = built(
        f"# {line}\n# {line}\n\n# {line}\nblock b {{ conv 2 3x3; conv 2 3x3 }}\n"
        f"# {line}\nnetwork n {{ input images 8x8x3; b; b; flatten; fc 4 }}  # {line}\n"
    )

    assert found.code is not None
    assert_no_code(found.code)


def test_a_comment_of_a_million_characters() -> None:
    found = built(f"# {'x' * 10**6}\nnetwork n {{ input images 8x8x3; conv 2 3x3 }}\n")

    assert found.code is None
    assert errors_of(found) == {"E022"}


@pytest.mark.parametrize(
    "kind",
    [
        *("name", "string", "number", "line", "braces"),
        pytest.param("list", marks=pytest.mark.slow),
    ],
)
def test_a_million_characters_are_a_diagnostic_or_a_network(kind: str) -> None:
    many = 10**6
    long = {
        "name": f"conv {'a' * many} 3x3",
        "string": f'conv 3 3x3 device="{"a" * many}"',
        "number": f"conv {'1' * many} 3x3",
        "line": f"conv 3 {'3x' * (many // 2)}3",
        "list": f"reshape [{'1,' * (many // 2)}]",
        "braces": "{" * many,
    }[kind]
    found = built(f"network n {{\n  input images 8x8x3\n  {long}\n}}\n")

    assert found.code is None
    assert errors_of(found)
    for one in found.diagnostics:
        assert len(one.message) < 1000, one.code
    shown = render_text(found.diagnostics)
    assert len(shown) < 100_000


@pytest.mark.parametrize("text", TEXTS)
def test_a_label_is_a_literal(text: str) -> None:
    def reader(path: str, user: Source) -> Source | None:
        return Source(path, f"{text}\nsecond\nlast\n")

    source = Source(
        "m.slim",
        'network n { labels "names.txt"; input images 8x8x3; flatten; fc 3 }',
    )
    found = compile_source(source, Request(), reader)
    rows = [row.strip() for row in f"{text}\n".splitlines() if row.strip()]

    if found.code is None:
        # A text of several lines is several names, and may be one name twice.
        assert errors_of(found) <= {"E107", "E132"}
        assert len(rows) > 1
    else:
        assert_no_code(found.code)
        assert rows[0] in literals(found.code)


@pytest.mark.parametrize("text", [t for t in TEXTS if '"' not in t])
def test_a_string_is_a_literal(text: str) -> None:
    found = built(
        f'network n {{ input images 8x8x3; conv 2 3x3 device="{text}"; flatten; fc 3 }}\n'
        f'train n {{ data records "{text}" image="{text}" label="x"; steps 10\n'
        f'  directory "{text}" }}'
    )

    assert found.code is not None, list(found.diagnostics)
    assert_no_code(found.code)
    assert literals(found.code).count(text) >= 4


@pytest.mark.parametrize("text", TEXTS)
def test_a_value_from_the_command_line_is_a_value(text: str) -> None:
    source = """
    network n(classes = 3, where = none) {
      input images 8x8x3; conv 2 3x3 device=where; flatten; fc classes
    }"""
    for name in ("classes", "where", "images", "final_endpoint", text):
        for value in (text, f'"{text}"'):
            found = built(source, defines=((name, value),))
            if found.code is not None:
                assert_no_code(found.code)


@pytest.mark.parametrize(
    "name",
    [
        "a\nimport os\n.slim",
        "x. DO NOT EDIT.\r\n__import__('os')#",
        "\u202egnp.slim",
        "/etc/../m.slim",
        "a\\b.slim",
        '"""',
        "-",
        "",
    ],
)
def test_the_name_of_a_file_stays_in_its_line(name: str) -> None:
    code = built("network n { input images 8x8x3; conv 2 3x3 }", name=name).code

    assert code is not None
    assert_no_code(code)
    head = read_head(code)
    assert head is not None
    assert not head.edited
    assert all(row.isprintable() for row in code.splitlines()[:2])


@pytest.mark.parametrize(
    "text",
    [
        'python "os;import sys:x"',
        'python "os:system(1)"',
        'python "a b:c"',
        'python "m:f\\n"',
        'python "é:f"',
        'python ":f"',
        'python "m:"',
        'conv 2 3x3 activation=python("m:f", lambda=1)',
        'conv 2 3x3 activation=python("m:f", x="a\'b")',
        'conv 2 3x3 as "x"',
        "conv 2 3x3 as x'y",
        "conv 2 3x3 as x\\y",
        "conv 2 3x3 as х",  # a Cyrillic letter
        "conv 2 3x3 as ../x",
        "conv 2 3x3 as a//b",
        "conv 2 3x3 as /a",
        "tap {0}",
        "in {-1} { relu }",
    ],
)
def test_a_line_that_breaks_out_is_rejected_or_inert(text: str) -> None:
    found = built(f"network n {{ input images 8x8x3\n{text}\n}}\n")

    if found.code is None:
        assert errors_of(found)
    else:
        assert_is_tidy_python(found.code)
        assert imported(found.code) - {"m"} <= OWN_IMPORTS


def test_scopes_that_look_like_patterns_are_expanded_to_themselves() -> None:
    code = built("""
        network n as none {
          input images 8x8x3
          conv 3 1x1 as 1..3; conv 3 1x1 as a/1..3; variable a/5..6 [3]; add [net, a/5..6]
          in b { variable 1..2 [3]; variable weights [3] }
        }""").code
    if code is None:
        return  # no scope is called so
    names: dict[str, object] = {"re": re}
    tree = ast.parse(code)
    wanted = {"expand", "expand_choice"}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            exec(compile(ast.Module([node], []), "<emitted>", "exec"), names)
    patterns = [text for text in literals(code) if ".." in text and " " not in text]
    assert patterns
    expand = names["expand"]
    for pattern in patterns:
        if "{" not in pattern:
            assert expand(pattern) == [pattern]  # type: ignore[operator]


# A few of them, run.

RUN = """
import json, sys, warnings
import numpy as np
import tensorflow as tf

results = {}
for path in sys.argv[1:]:
    names = {"__name__": "emitted"}
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), names)
    network = next(one for one in names.values() if hasattr(one, "HEAD"))
    model = network(seed=1)
    values = {
        name: tf.ones([2, *spec.shape[1:]], spec.dtype) for name, spec in model.inputs.items()
    }
    outputs, end_points = model(values)
    first = next(iter(outputs.values())) if isinstance(outputs, dict) else outputs
    names["command_line"]().format_help()
    results[path] = [list(first.shape), sorted(model.named_variables)]
print(json.dumps(results))
"""


@pytest.mark.slow
def test_networks_with_names_of_the_file_run(tmp_path: Path) -> None:
    expected = {}
    for name in ("tf", "l2", "labels", "scope_", "XAVIER", "range", "class", "i"):
        for kind, text in models(name).items():
            code = built(f"# %(prog)s %d {{}} {name}\n{text}").code
            if kind == "module" or code is None:
                continue
            path = tmp_path / f"{name}_{kind.replace(' ', '_')}.py"
            path.write_text(code, encoding="utf-8")
            graph = analyze(Source("m.slim", text), Request(), nobody).graph
            assert graph is not None
            network = graph.networks[0]
            expected[str(path)] = [
                [2, *network.outputs[0][1].type.shape[1:]],
                sorted(variable.name for variable in network.variables),
            ]
    assert len(expected) > 80
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, *expected],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == expected


def test_no_name_of_a_builtin_is_bound() -> None:
    for name in ("print", "range", "list"):
        for text in models(name).values():
            code = built(text).code
            if code is not None:
                assert_names_are_known(code)
                assert name in dir(builtins)
