"""Words of Keras, PyTorch and TF-Slim: every spelling that a message proposes can be built."""

import re

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, compile_source
from slimgen.diagnostics import Diagnostics
from slimgen.messages import foreign
from slimgen.source import Source

NETWORK = """network n {{
  input images 32x32x3
  conv 64 3x3 as c1
  {line}
}}
"""
HEAD = "  tap t\n  flatten\n  fc 10 as logits\n"
TRAIN = f"""network n {{{{
  input images 32x32x3
  conv 3 3x3 as c1
{HEAD}}}}}
train n {{start}}{{{{
  {{lines}}
}}}}
"""
LINES = {
    "data": 'data folder "images"',
    "batch": "batch 8",
    "loss": "loss softmax_cross_entropy",
    "optimizer": "optimizer adam",
    "learning_rate": "learning_rate fixed 0.01",
    "steps": "steps 10",
}
SHOWN = re.compile(r"`([^`]+)`")


def found(text: str) -> list[str]:
    """The errors of a source."""
    reader = FileReader(Diagnostics())
    result = compile_source(Source("model.slim", text), Request(building=True), reader)
    return [f"{d.code} {d.message}" for d in result.diagnostics if d.code[0] == "E"]


def in_job(line: str) -> str:
    """A `train` job with a line, in the place of its own of that word."""
    start = 'from slim "model.ckpt" ' if line.startswith("exclude") else ""
    lines = {**LINES, line.split()[0]: line}
    return TRAIN.format(start=start, lines="\n  ".join(lines.values()))


def in_network(line: str) -> str:
    return NETWORK.format(line=line)


@pytest.mark.parametrize("word", foreign.LINES)
def test_the_line_for_a_foreign_layer_builds(word: str) -> None:
    assert found(in_network(foreign.LINES[word])) == []


def places(spelling: str) -> list[str]:
    """The sources in which a spelling may have its place."""
    name = spelling.replace("NETWORK", "m").replace("NAME", "m").replace("…", '"c"')
    whole = {
        "train": TRAIN.format(start="", lines="\n  ".join(LINES.values())),
        "network": in_network("relu"),
    }
    if name.endswith(" {") or name.startswith("train m from"):
        assert name.split()[0] in ("train", "evaluate", "network")
        return [whole.get(name.split()[0], whole["train"])]
    return [
        in_network(name),
        in_network(f"conv 8 3x3 {name}"),
        in_network(f"batch_norm {name}"),
        in_network(f"dropout {name}"),
        in_network(f"add {{\n {name}\n branch {{ conv 64 3x3 }}\n }}"),
        in_job(name),
        f"{name}\n{in_network('relu')}",
    ]


NO_SOURCE = {
    *("evaluate", "train", "predict", "export"),  # words of jobs and commands
    *("from", "slimgen records --split 0.1", "train --from"),
}
TABLES = [foreign.ADVICE, foreign.KEY_ADVICE, foreign.JOB_LINES, foreign.JOBS]


@pytest.mark.parametrize(
    "spelling",
    sorted(
        {
            spelling
            for table in TABLES
            for text in table.values()
            for spelling in SHOWN.findall(text)
        }
        - NO_SOURCE
    ),
)
def test_a_spelling_in_advice_builds_in_its_place(spelling: str) -> None:
    results = [found(text) for text in places(spelling)]

    assert [] in results, results


@pytest.mark.parametrize("kind", sorted(set(foreign.KINDS.values())))
def test_a_kind_of_a_loss_an_optimizer_or_a_rate_builds(kind: str) -> None:
    lines = {
        "fixed": "learning_rate fixed 0.01",
        "piecewise": "learning_rate piecewise [0.1, 0.01] [30] unit=steps",
        "exponential": "learning_rate exponential 0.01 every 2 steps",
        "cosine": "learning_rate cosine 0.1",
        "polynomial": "learning_rate polynomial 0.1",
    }
    rules = {name: f"optimizer {name}" for name in ("sgd", "momentum")}
    line = {**lines, **rules}.get(kind, f"loss {kind}")

    assert found(in_job(line)) == []


@pytest.mark.parametrize(
    ("name", "value", "spelling"),
    [
        ("biases", "false", "biases=none"),
        ("biases", "true", "biases=zeros"),
        ("normalizer", "true", "normalizer=batch_norm"),
        ("activation", '"RELU"', "activation=relu"),
        ("regularizer", "1e-4", "regularizer=l2(1e-4)"),
        ("initializer", "0.01", "initializer=constant(0.01)"),
        ("padding", "0", "padding=VALID"),
    ],
)
def test_the_value_that_is_proposed_builds(
    name: str, value: str, spelling: str
) -> None:
    wrong = compile_source(
        Source("model.slim", in_network(f"conv 8 3x3 {name}={value}")),
        Request(),
        FileReader(Diagnostics()),
    )

    assert [f"`{spelling}`" in d.help for d in wrong.diagnostics] == [True]
    assert found(in_network(f"conv 8 3x3 {spelling}")) == []


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("relu()", "relu"),
        ("LeakyReLU(0.2)", "leaky_relu 0.2"),
        ("Conv2D(64, 3, padding='same')", "conv 64 3x3"),
        ("conv(8, 3x3, stride=2)", "conv 8 3x3 stride=2"),
        ("conv(net, 64, [3, 3])", "conv 64 3x3"),
        ("Dense(10)", "fc 10"),
        ("nn.Linear(20, 10)", "fc 10"),
        ("F.relu(x)", "relu"),
        ("keras.layers.MaxPooling2D()", "max_pool 2x2"),
    ],
)
def test_a_call_of_python_is_answered_with_a_line(call: str, line: str) -> None:
    diagnostics = compile_source(
        Source("model.slim", in_network(call)), Request(), FileReader(Diagnostics())
    ).diagnostics

    assert f"`{line}`" in next(iter(diagnostics)).help
    assert found(in_network(line)) == []
