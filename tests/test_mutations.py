"""Texts at random and mutated models, through the whole compiler.

Whatever the text, there is either Python or a diagnostic that says where it is wrong:
never a traceback, never both, never neither, and never a wait.
"""

import random
import re
from pathlib import Path

import pytest
import replay
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from output import assert_is_tidy_python, assert_names_are_known
from strategies import write_model

from slimgen.cli.files import FileReader
from slimgen.compiler import Compilation, Request, analyze, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.ir.verifier import verify
from slimgen.layers import LAYERS
from slimgen.layers.declaration import Layer, parameters
from slimgen.layers.functions import ACTIVATIONS
from slimgen.source import Source

TESTS = Path(__file__).parent
TEXTS = [
    path.read_text(encoding="utf-8")
    for folder in (TESTS / "accepted", TESTS.parent / "examples", TESTS / "syntax_data")
    for path in sorted(folder.rglob("*.slim"))
]
SMALL = [text for text in TEXTS if len(text) < 1500]
EXAMPLES = [
    f"network n {{\n  input images 32x32x4\n  {layer.example}\n}}\n"
    for layer in LAYERS.values()
    if layer.example
]
VOCABULARY = """
network block let for in if else branch from tap output require variable local_variable
repeat stack scope use input as none net channels height width true false and or not a b c
0 1 -1 2 3 0.5 1e9 1e400 3x3 ?x? 0x0 2..3 3..1 "s" "" ( ) [ ] { } < > = == != + - * / // %
** , ; .. conv fc max_pool add concat relu batch_norm l2(0.1) activation= reuse=true
normalizer=batch_norm padding=VALID dropout flatten squeeze reshape pad split slice train
data labels preprocess vgg steps loss python "m:f" images 4294967296 99999999999999999999
9223372036854775807 0.0 -0.5 # ' \\ é
"""
WORDS = [*VOCABULARY.split(), "\x00", "\ufeff", "\n"]
TOKEN = re.compile(r"\s+|\"[^\"\n]*\"|[A-Za-z_0-9.?]+|.")

Defines = tuple[tuple[str, str], ...]

quick = settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# benchmarks/fuzz.py runs a hundred thousand.
thorough = settings(quick, max_examples=2000)
seeds = st.integers(0, 2**32)


def compiled(text: str, defines: Defines = ()) -> Compilation:
    reader = FileReader(Diagnostics())
    return compile_source(Source("m.slim", text), Request(defines), reader)


def assert_survives(text: str, defines: Defines = (), *, deep: bool = False) -> None:
    found = compiled(text, defines)

    assert found.diagnostics.has_errors == (found.code is None)
    for one in found.diagnostics:
        assert one.message
        if one.span is not None:
            assert one.span.end <= len(one.span.source.text)
    if found.code is not None:
        assert_is_tidy_python(found.code)
        if deep:
            graph = analyze(
                Source("m.slim", text), Request(), FileReader(Diagnostics())
            ).graph
            assert graph is not None
            assert [] == verify(graph)
            assert_names_are_known(found.code)
            assert [] == replay.differences(found.code, graph)


def mutated(seed: int) -> str:
    """A model in which tokens are deleted, doubled, swapped, replaced or inserted."""
    choices = random.Random(seed)
    texts = choices.choice([TEXTS, EXAMPLES, EXAMPLES, [write_model(seed)]])
    words = TOKEN.findall(choices.choice(texts))
    for _ in range(choices.choice([1, 1, 1, 2, 3, 6])):
        here = choices.randrange(len(words))
        other = choices.randrange(len(words))
        match choices.randrange(7):
            case 0:
                words[here] = ""
            case 1:
                words[here] *= 2
            case 2:
                words[here], words[other] = words[other], words[here]
            case 3:
                words[here] = choices.choice(WORDS)
            case 4:
                words[here] += f" {choices.choice(WORDS)} "
            case 5:
                words[here] = words[other]
            case 6:
                words[here : here + choices.randrange(1, 12)] = [""]
    return "".join(words)


@quick
@given(seeds)
def test_a_mutated_model(seed: int) -> None:
    assert_survives(mutated(seed))


@pytest.mark.slow
@thorough
@given(seeds)
def test_thousands_of_mutated_models(seed: int) -> None:
    assert_survives(mutated(seed))


def random_words(seed: int) -> str:
    choices = random.Random(seed)
    count = choices.randrange(60)
    return " ".join(choices.choice([*WORDS, *"\n" * 10]) for _ in range(count))


@quick
@given(seeds)
def test_words_at_random(seed: int) -> None:
    assert_survives(random_words(seed))
    assert_survives(f"network n {{ input images 8x8x3\n{random_words(seed)}\n}}")


@quick
@given(st.text(max_size=200))
def test_text_at_random(text: str) -> None:
    assert_survives(text)
    assert_survives(f"network n {{ input images 8x8x3\n{text}\n}}")


# Every layer with every kind of argument.

VALUES = [
    *("0", "1", "2", "3", "-1", "0.5", "1e-3", "-0.5", "1000000", "2147483648", "1e30"),
    *("4294967296", "9223372036854775807", "1e308", "none", "true", "false", "3x3"),
    *("1x1", "0x3", '"x"', '""', '"cpu:0"', '"float16"', "[1, 2]", "[]", "[1]", "?x3"),
    *("[-1, 4]", "[[1, 1], [2, 2]]", "[0, 0]", "[1, 2, 3]", "[0, 1, 2, 3]", "1..3"),
    *("[-1, 2, -1]", "net", "images", "t", "[net, t]", "[t, 0.5]", "v", "g", "relu"),
    *("softmax", "leaky_relu(0.1)", 'python("m:f")', "SAME", "VALID", "NHWC", "NCHW"),
    *("l2(0.1)", "l1_l2(0.1, 0.2)", "sum([l1(0.1), l2(0.1)])", "zeros", "xavier"),
    *("constant(0.5)", "constant([1, 2])", "variance_scaling(mode=FAN_IN)", "conv"),
    *(
        "orthogonal(2)",
        "truncated_normal(seed=1)",
        "random_uniform(2, 1)",
        "batch_norm",
    ),
    *("batch_norm(decay=2)", "batch_norm(scale=true, renorm=true)", "layer_norm"),
    *("group_norm(groups=2)", "float16", "int32", "bilinear", "channels", "(0 - 5)"),
]
INPUTS = [
    *(
        "8x8x4",
        "8x8x4",
        "8x8x4",
        "7x5x3",
        "?x?x4",
        "16",
        "10x6",
        "4x4x4x2",
        "1x1x1",
        "?",
    ),
    *("8x8x4 dtype=float16", "8x8x4 dtype=int32", "8x8x4 dtype=float64", "5x?x4"),
]


def line_of(layer: type[Layer], choices: random.Random) -> str:
    """A line of a layer whose arguments are mostly of the right kind."""
    text, _, name = layer.example.partition(" as ")
    known = parameters(layer)
    if "{" in text or not text or choices.randrange(4) == 0:
        text, name = layer.word, ""
        for one in known:
            if not one.positional or choices.randrange(2):
                break
            text += f" {choices.choice(VALUES)}"
    for one in known:
        if choices.randrange(2 + len(known)) < 2:
            words = one.kind.words if choices.randrange(2) else ()
            text += f" {one.name}={choices.choice(words or VALUES)}"
    return f"{text} as {name}" if name else text


def layer_model(seed: int) -> str:
    choices = random.Random(seed)
    layer = choices.choice(list(LAYERS.values()))
    line = line_of(layer, choices)
    if choices.randrange(8) == 0:
        line = f"{choices.choice(list(ACTIVATIONS))} {choices.choice(VALUES)}"
    if choices.randrange(4) == 0:
        line = f"repeat 3 {line}"
    before = choices.choice(
        ["", "", "tap t", "tap t\nvariable v [4]\nvariable g [2, 3] dtype=int32"]
    )
    after = choices.choice(
        ["", "", "flatten\nfc 3", "relu", "conv 3 3x3", "add [net, net]", line]
    )
    head = f"input images {choices.choice(INPUTS)}"
    return f"network n {{\n{head}\n{before}\n{line}\n{after}\n}}\n"


@quick
@given(seeds)
def test_a_layer_with_arguments_at_random(seed: int) -> None:
    assert_survives(layer_model(seed), deep=True)


@pytest.mark.slow
@thorough
@given(seeds)
def test_layers_with_thousands_of_arguments_at_random(seed: int) -> None:
    assert_survives(layer_model(seed), deep=True)


# Values of parameters, as `-D` gives them.

PARAMETER = re.compile(r"(?:network \w+\(|[,(] *)(\w+) *=")


def given_values(seed: int) -> tuple[str, Defines]:
    """An example, or a model with two parameters, and values for parameters of it."""
    choices = random.Random(seed)
    line = line_of(choices.choice(list(LAYERS.values())), choices)
    own = f"network n(a = 8, b = 3) {{\ninput images 8x8x4\n{line}\nconv a b\n}}\n"
    text = choices.choice([choices.choice(SMALL), own])
    names = PARAMETER.findall(text) or ["classes"]
    values = [*VALUES, *WORDS, "8", "3", "[8, [8]]", "9" * 400, "-D", "a b", "f(x)"]
    pairs = ((choices.choice(names), choices.choice(values)) for _ in range(2))
    return text, tuple(dict(pairs).items())


@quick
@given(seeds)
def test_values_of_parameters_at_random(seed: int) -> None:
    assert_survives(*given_values(seed))


def test_what_is_tried_is_built_as_well_as_rejected() -> None:
    built = sum(compiled(layer_model(seed)).code is not None for seed in range(60))
    kept = sum(compiled(mutated(seed)).code is not None for seed in range(60))

    assert 6 < built < 54
    assert 2 < kept < 54
