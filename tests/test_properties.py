"""Properties of every model, tested on random models."""

import itertools
import json
import math
import os
import random
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
import replay
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from output import assert_is_tidy_python
from strategies import models, write_model

from slimgen.cli.files import FileReader
from slimgen.compiler import Compilation, Request, analyze, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.emit.file_head import HEAD
from slimgen.ir.graph import Graph
from slimgen.ir.summary import summarize
from slimgen.ir.text import print_graph
from slimgen.ir.unroll import unroll
from slimgen.ir.verifier import verify
from slimgen.layers.declaration import TensorType
from slimgen.passes import PASS_NAMES, PASSES
from slimgen.passes.lower import lower
from slimgen.source import Source
from slimgen.syntax.printer import format_source

CHOICES = [
    names
    for count in range(len(PASS_NAMES) + 1)
    for names in itertools.combinations(PASS_NAMES, count)
]
FEW_CHOICES = [PASS_NAMES, *((name,) for name in PASS_NAMES)]


def examples(count: int) -> settings:
    """Settings for `count` models, the same ones at every run."""
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def errors_of(compilation: Compilation) -> list[str]:
    return [d.message for d in compilation.diagnostics if d.severity.value == "error"]


def graph_of(text: str) -> Graph:
    found = analyze(Source("m.slim", text), Request(), FileReader(Diagnostics()))
    assert [] == errors_of(found)
    assert found.graph is not None
    return found.graph


def code_of(text: str, passes: tuple[str, ...] | None = None) -> str:
    request = Request(passes=passes)
    found = compile_source(Source("m.slim", text), request, FileReader(Diagnostics()))
    assert [] == errors_of(found)
    assert found.code is not None
    return found.code


def layers_of(graph: Graph) -> list[object]:
    """All that the networks do when they run, with every literal in its place."""
    found: list[object] = []
    for network in graph.networks:
        run = unroll(graph, network)
        for part in run.applied():
            literals = [getattr(part.layer, one.name) for one in fields(part.layer)]
            taken = [tensor.number for tensor in part.inputs]
            found.append((type(part.layer), literals, taken, part.scope))
            found.append((part.variable_names, part.output.type))
        found.append([(name, tensor.number) for name, tensor in run.outputs])
    return found


def assert_passes_keep_the_model(text: str, choices: list[tuple[str, ...]]) -> None:
    graph = graph_of(text)

    assert [] == verify(graph)
    for names in choices:
        changed = graph
        for rewrite in PASSES:
            if rewrite.__name__ in names:
                changed = rewrite(changed)
                assert [] == verify(changed), names
                assert rewrite(changed) == changed, f"{names}: not idempotent"
        assert layers_of(changed) == layers_of(graph), names


def assert_code_does_what_the_graph_says(text: str, *choices: tuple[str, ...]) -> None:
    graph = graph_of(text)
    for names in choices:
        code = code_of(text, names)
        assert_is_tidy_python(code)
        assert [] == replay.differences(code, graph), names


@examples(30)
@given(models())
def test_passes_keep_what_a_model_does(text: str) -> None:
    assert_passes_keep_the_model(text, FEW_CHOICES)


@examples(5)
@given(models())
def test_the_emitted_file_does_what_the_graph_says(text: str) -> None:
    assert_code_does_what_the_graph_says(text, (), PASS_NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("choices", [CHOICES[::2], CHOICES[1::2]], ids=["even", "odd"])
@examples(1000)
@given(text=models())
def test_passes_keep_what_a_thousand_models_do(
    choices: list[tuple[str, ...]], text: str
) -> None:
    assert_passes_keep_the_model(text, choices)


@pytest.mark.slow
@pytest.mark.parametrize(
    "choices", [[(), PASS_NAMES], FEW_CHOICES[1:]], ids=["none and all", "each"]
)
@examples(600)
@given(text=models())
def test_hundreds_of_emitted_files_do_what_the_graphs_say(
    choices: list[tuple[str, ...]], text: str
) -> None:
    assert_code_does_what_the_graph_says(text, *choices)


def test_a_replay_sees_what_is_wrong() -> None:
    text = """
    block unit(depth) { conv depth 3x3 as one; conv depth 1x1 activation=none as two }
    network n { input images 8x8x3; unit 4 as a; unit 5 as b
    tap half; relu; concat [net, half] as last }
    """
    graph = graph_of(text)
    code = code_of(text)
    changes = [
        ("[3, 3]", "[1, 3]"),
        ('scope / "two"', 'scope / "too"'),
        ("activation=None", "activation=tf.nn.elu"),
        ("net, 5)", "images, 5)"),
        ("net, 5)", "net, 4)"),
        ('scope / "half"', 'scope / "half_"'),
        ('scope / "last"', 'scope / "first"'),
        ("tf.nn.relu(half)", "tf.nn.relu(images)"),
    ]

    assert [] == replay.differences(code, graph)
    for old, new in changes:
        assert old in code
        assert replay.differences(code.replace(old, new), graph), (old, new)


# Two ways to write one thing.

SPELLINGS = {
    "positions and keys": (
        "conv 8 3x3 2 VALID as c",
        "conv kernel_size=[3, 3] stride=2 padding=VALID num_outputs=8 as c",
    ),
    "a line and a scope": (
        "conv 8 3x3 activation=elu biases=none as c",
        "scope conv < activation=elu biases=none > { conv 8 3x3 as c }",
    ),
    "scopes inside each other": (
        "conv 8 3x3 activation=elu biases=none as c",
        """scope conv, fc < activation=tanh > {
          scope conv < biases=none >
          scope conv < activation=elu >
          conv 8 3x3 as c
        }""",
    ),
    "a choice and what it chooses": (
        "conv 8 3x3 as c",
        "if channels == 3 and not (height > 8) { conv 8 3x3 as c } else { relu }",
    ),
    "a value and its name": (
        "conv 8 3x3 as c7",
        "let (a, b) = (2 ** 3, 3x3); let f(x, y = 3) = x + y\nconv a b as c{f(4)}",
    ),
    "one line and several": (
        "conv 8 3x3 as c; relu",
        "conv 8 3x3 as c\n\n\n   relu  # so",
    ),
    "a room and a path": ("conv 8 3x3 as a/b/c", "in a { in b { conv 8 3x3 as c } }"),
    "a size and its numbers": (
        "conv 8 3x3 as c; max_pool 2x2 2",
        "conv 8 3 as c; max_pool 2 [2, 2]",
    ),
    "spellings of numbers": (
        "dropout 0.5; conv 8 3x3 regularizer=l2(0.001)",
        "dropout 5e-1; conv 008 03x3 regularizer=l2(1e-3)",
    ),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_two_spellings_of_a_model_are_one_graph(name: str) -> None:
    one, two = (
        graph_of(f"network n {{\ninput images 8x8x3\n{body}\n}}\n")
        for body in SPELLINGS[name]
    )

    assert print_graph(lower(one)) == print_graph(lower(two))


# The form of the text.


def body_of(code: str) -> str:
    return code[HEAD.match(code).end() :]  # type: ignore[union-attr]


def untidy(text: str, choices: random.Random) -> str:
    """The same model with other blanks, line ends and comments."""
    rows = []
    for row in text.splitlines():
        if row.strip() and choices.randrange(3) == 0:
            row = "\t" * choices.randrange(3) + row.strip() + " " * choices.randrange(3)
        if row.strip() and choices.randrange(5) == 0:
            row += f" # {choices.choice(['why', 'é {[(', '...'])}"
        rows.append(row + choices.choice(["\n", "\n", "\r\n", "\n\n\n"]))
    return "".join(rows)


@examples(30)
@given(models(), st.integers(0, 2**32))
def test_fmt_changes_nothing_that_is_built(text: str, seed: int) -> None:
    text = untidy(text, random.Random(seed))
    diagnostics = Diagnostics()
    formed = format_source(Source("m.slim", text), diagnostics)

    assert formed is not None
    assert format_source(Source("m.slim", formed), diagnostics) == formed
    assert graph_of(formed) == graph_of(text)


@examples(5)
@given(models(), st.integers(0, 2**32))
def test_fmt_changes_no_byte_below_the_head(text: str, seed: int) -> None:
    text = untidy(text, random.Random(seed))
    formed = format_source(Source("m.slim", text), Diagnostics())

    assert formed is not None
    assert body_of(code_of(formed)) == body_of(code_of(text))


# With TensorFlow.

RUN = """
import json, sys
import numpy as np
import tensorflow as tf

def load(path):
    names = {"__name__": "emitted"}
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), names)
    kinds = [kind for kind in names.values() if isinstance(kind, type)]
    networks = [kind for kind in kinds if "layers" in vars(kind)]
    return {f"{number}": kind for number, kind in enumerate(networks)}

def shapes_of(outputs):
    values = outputs if isinstance(outputs, dict) else {"": outputs}
    return {name: list(value.shape) for name, value in values.items()}

def run(one, other):
    random = np.random.default_rng(7)
    for name, variable in one.named_variables.items():
        values = random.uniform(0.1, 0.9, variable.shape)
        variable.assign(values)
        other.named_variables[name].assign(values)
    inputs = {
        name: random.uniform(-1, 1, [2, *(n or 6 for n in spec.shape[1:])])
        for name, spec in one.inputs.items()
    }
    inputs = {name: tf.constant(value, tf.float32) for name, value in inputs.items()}
    (outputs, ends), (outputs_2, ends_2) = one(inputs), other(inputs)
    assert ends.keys() == ends_2.keys(), ends.keys() ^ ends_2.keys()
    for name, value in ends.items():
        np.testing.assert_allclose(value, ends_2[name], 1e-5, 1e-5, err_msg=name)
    same = tf.nest.map_structure(lambda a, b: np.allclose(a, b, 1e-5), outputs, outputs_2)
    assert all(tf.nest.flatten(same))
    terms = one.regularization_losses
    assert terms.keys() == other.regularization_losses.keys()
    return {
        "outputs": shapes_of(outputs),
        "variables": {n: list(v.shape) for n, v in one.named_variables.items()},
        "trainable": sorted(n for n, v in one.named_variables.items() if v.trainable),
        "regularized": sorted(terms),
    }

found = []
for plain, passed in json.loads(sys.argv[1]):
    pairs = zip(load(plain).values(), load(passed).values(), strict=True)
    found.append([run(one(seed=1), other(seed=1)) for one, other in pairs])
print(json.dumps(found))
"""


def expected_of(text: str) -> list[dict[str, object]]:
    """The facts of the graph to compare with TensorFlow, with 6x6 for free image sizes."""
    found: list[dict[str, object]] = []
    graph = graph_of(text)
    for network, summary in zip(graph.networks, summarize(graph).networks, strict=True):
        fixed = [
            replace(one, value=replace(one.value, type=measured(one.value.type)))
            for one in network.inputs
        ]
        run = unroll(graph, replace(network, inputs=tuple(fixed)))
        specs = {one.name: one.spec for one in network.variables if one.spec.saved}
        trainable = sorted(name for name, spec in specs.items() if spec.trainable)
        counts = {name: math.prod(spec.shape) for name, spec in specs.items()}
        assert summary.totals.parameters == sum(counts.values())
        assert summary.totals.trainable == sum(counts[name] for name in trainable)
        found.append(
            {
                "outputs": {name: list(t.type.shape) for name, t in run.outputs},
                "variables": {name: list(spec.shape) for name, spec in specs.items()},
                "trainable": trainable,
                "regularized": sorted(n for n, s in specs.items() if s.regularizer),
            }
        )
    return found


def measured(type_: TensorType) -> TensorType:
    return TensorType((2, *(n or 6 for n in type_.shape[1:])), type_.dtype)


@pytest.mark.slow
def test_tensorflow_finds_what_the_graph_says(tmp_path: Path) -> None:
    """Passes change no number; shapes, variables and their counts are as inferred."""
    files, expected = [], []
    for seed in range(40):
        text = write_model(seed)
        pair = []
        for name, passes in (("plain", ()), ("passed", PASS_NAMES)):
            path = tmp_path / f"{name}_{seed}.py"
            path.write_text(code_of(text, passes), encoding="utf-8")
            pair.append(str(path))
        files.append(pair)
        expected.append(expected_of(text))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(files)],
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    for seed, (found, said) in enumerate(
        zip(json.loads(done.stdout.splitlines()[-1]), expected, strict=True)
    ):
        assert found == said, f"model {seed}"
