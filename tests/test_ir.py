"""The graph: its summary, its text, and the verifier that finds what is broken."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import (
    Call,
    EndPoint,
    Function,
    Graph,
    Loop,
    Node,
    Value,
)
from slimgen.ir.resolved import print_resolved
from slimgen.ir.summary import NetworkSummary, summarize
from slimgen.ir.summary_rows import SummaryRow
from slimgen.ir.summary_text import memory, summary_json, summary_text
from slimgen.ir.text import print_graph
from slimgen.ir.unroll import applied, unroll
from slimgen.ir.verifier import InternalError, require_sound, verify
from slimgen.layers.declaration import TensorType
from slimgen.layers.literals import Hole
from slimgen.passes import PASSES, run_passes
from slimgen.passes.literal_slots import MOST_PARAMETERS
from slimgen.passes.roll_loops import roll_loops
from slimgen.passes.share_blocks import share_blocks
from slimgen.source import Source

VGG = """\
network vgg_16(classes = 1000, keep_prob = 0.5, weight_decay = 0.0005) {
  input images 224x224x3
  scope conv < regularizer=l2(weight_decay) >
  repeat 2 conv 64 3x3 as conv1
  max_pool 2x2 as pool1
  repeat 2 conv 128 3x3 as conv2
  max_pool 2x2 as pool2
  repeat 3 conv 256 3x3 as conv3
  max_pool 2x2 as pool3
  repeat 3 conv 512 3x3 as conv4
  max_pool 2x2 as pool4
  repeat 3 conv 512 3x3 as conv5
  max_pool 2x2 as pool5
  conv 4096 7x7 padding=VALID as fc6
  dropout keep_prob as dropout6
  conv 4096 1x1 as fc7
  dropout keep_prob as dropout7
  conv classes 1x1 activation=none as fc8
  squeeze [1, 2]
}
"""

RESNET = """\
block bottleneck(depth, inner, stride = 1) as bottleneck_v1 {
  add activation=relu {
    branch {
      if depth == channels {
        if stride != 1 { max_pool 1x1 stride }
      } else {
        conv depth 1x1 stride activation=none as shortcut
      }
    }
    branch {
      conv inner 1x1 as conv1
      conv inner 3x3 stride as conv2
      conv depth 1x1 activation=none as conv3
    }
  }
}
network resnet_v1_50(classes = 1000, weight_decay = 0.0001) {
  input images 224x224x3
  scope conv < normalizer=batch_norm(scale=true) regularizer=l2(weight_decay) >
  conv 64 7x7 2 as conv1
  max_pool 3x3 2 padding=SAME as pool1
  for (name, inner, units, stride) in [("block1", 64, 3, 2), ("block2", 128, 4, 2),
                                       ("block3", 256, 6, 2), ("block4", 512, 3, 1)] {
    for unit in 1..units {
      in {name}/unit_{unit} {
        bottleneck (inner * 4) inner (stride if unit == units else 1)
      }
    }
  }
  reduce_mean [1, 2] keepdims=true as pool5
  conv classes 1x1 activation=none normalizer=none as logits
}
"""

MIXED = """\
block pair(n) as pair { conv n 3x3; batch_norm }
network backbone(size = 8) {
  input images 32x32x3
  conv size 3x3 as stem
  for i in 1..3 {
    conv size 3x3 as conv{i}
    in level_{i} { dropout 0.5 as drop }
  }
  for i in 1..2 { for j in 1..3 { pair 8 as pair{i}_{j} } }
}
network whole(classes = 10) as none {
  input images 16x16x3
  input others 16x16x3
  from images
  backbone size=16 as shared
  tap left
  from others
  backbone size=16 reuse=true as shared
  variable gain [channels] initializer=ones regularizer=l2(0.1)
  multiply [net, gain]
  concat { branch {}; branch { from left; conv 4 1x1 as four } }
  local_variable counter [1] initializer=zeros
  global_avg_pool
  flatten
  fc classes activation=none as logits
  output logits
  softmax as probabilities
  output probabilities
}
"""

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.slim"))
SOURCES = {"vgg": VGG, "resnet": RESNET, "mixed": MIXED}


def graph_of(text: str) -> Graph:
    compilation = analyze(Source("test.slim", text), Request(), lambda *_: None)
    assert [] == [str(found) for found in compilation.diagnostics]
    assert compilation.graph is not None
    return compilation.graph


@pytest.fixture(scope="module", params=SOURCES)
def graph(request: pytest.FixtureRequest) -> Graph:
    return graph_of(SOURCES[request.param])


def summary_of(text: str) -> NetworkSummary:
    (network,) = summarize(graph_of(text)).networks
    return network


def network_of(lines: str, size: str = "8x8x3") -> str:
    return f"network n {{\n  input images {size}\n{lines}\n}}\n"


def names_of(rows: tuple[SummaryRow, ...]) -> list[tuple[str, str, int]]:
    return [(row.name, row.word, row.count) for row in rows]


# The summary.


def test_a_summary_is_the_same_after_the_passes(graph: Graph) -> None:
    before, after = summarize(graph), summarize(run_passes(graph, None))

    assert before == after


@pytest.mark.parametrize(
    ("example", "network", "trainable", "model", "variables", "regularized"),
    [
        # As TF-Slim counts them, with its own classes, in training, auxiliary head included.
        ("alexnet_v2", "alexnet_v2", 50_303_912, 50_303_912, 16, 8),
        ("vgg16", "vgg_16", 138_357_544, 138_357_544, 32, 16),
        ("vgg16_fc", "vgg16", 138_357_544, 138_357_544, 32, 16),
        ("inception_v3", "inception_v3", 27_145_970, 27_182_194, 388, 98),
        ("resnet_v1", "resnet_v1_50", 25_557_032, 25_610_152, 267, 54),
        ("resnet_v1", "resnet_v1_101", 44_549_160, 44_654_504, 522, 105),
        ("resnet_v1", "resnet_v1_152", 60_192_808, 60_344_232, 777, 156),
        ("lenet", "lenet", 3_274_634, 3_274_634, 8, 4),
    ],
)
def test_the_examples_have_tf_slims_counts(
    root: Path,
    example: str,
    network: str,
    trainable: int,
    model: int,
    variables: int,
    regularized: int,
) -> None:
    name = f"{example}.slim"
    source = Source(name, (root / "examples" / name).read_text(encoding="utf-8"))
    request = Request((("weight_decay", "0.00004"),), (network,))
    graph = analyze(source, request, FileReader(Diagnostics())).graph
    assert graph is not None
    (found,) = summarize(graph).networks

    totals = found.totals
    assert (trainable, model) == (totals.trainable, totals.parameters)
    assert (variables, regularized) == (totals.variables, totals.regularized)
    assert 4 * model == totals.weight_bytes


def test_multiply_adds_of_vgg_16_are_those_that_are_published() -> None:
    assert 15_470_264_320 == summary_of(VGG).totals.multiply_adds


def test_repeats_are_one_row() -> None:
    rows = summary_of(VGG).rows

    assert ("conv3/conv3_{1..3}", "conv", 3) in names_of(rows)
    (conv1,) = (row for row in rows if row.name == "conv1/conv1_{1..2}")
    assert 3 * 9 * 64 + 64 + 64 * 9 * 64 + 64 == conv1.parameters
    assert 2 * 224 * 224 * 64 * 4 == conv1.activation_bytes


def test_blocks_that_differ_only_in_their_index_are_one_row() -> None:
    rows = summary_of(RESNET).rows

    assert [
        ("block3/unit_1/bottleneck_v1", "bottleneck", 1),
        ("block3/unit_{2..5}/bottleneck_v1", "bottleneck", 4),
        ("block3/unit_6/bottleneck_v1", "bottleneck", 1),
    ] == [row for row in names_of(rows) if row[0].startswith("block3")]


def test_a_large_block_is_shown_by_its_parts() -> None:
    lines = " ".join(f"conv 3 1x1 as c{i};" for i in range(20))
    text = (
        "block small(n) as small { conv n 1x1 as a; conv n 1x1 as b }\n"
        f"block large(n) as large {{ {lines} small n }}\n"
    )
    rows = summary_of(text + network_of("large 3")).rows

    assert 21 == len(rows)
    assert "large/c0" == rows[0].name
    assert ("large/small", "small", 2) == (
        rows[-1].name,
        rows[-1].word,
        len(rows[-1].rows),
    )


def test_a_folded_block_holds_its_layers() -> None:
    rows = summary_of(RESNET).rows
    (row,) = (row for row in rows if row.name == "block3/unit_{2..5}/bottleneck_v1")

    prefix = "block3/unit_{2..5}/bottleneck_v1/"
    names = [(inner.name, inner.count) for inner in row.rows[:2]]
    assert [(f"{prefix}conv1", 4), (f"{prefix}conv2", 4)] == names
    assert row.parameters == sum(inner.parameters for inner in row.rows)


def test_the_layers_of_a_turn_are_rows_of_the_loop() -> None:
    rows = summary_of(
        network_of("for i in 1..3 { conv 3 3x3 as c{i}; dropout 0.5 as d{i} }")
    ).rows

    (loop,) = rows
    assert (loop.is_loop, loop.name, loop.count) == (True, "i = 1..3", 3)
    assert [("c{1..3}", "conv", 3), ("d{1..3}", "dropout", 3)] == names_of(loop.rows)


def test_loops_inside_each_other_fold_inside_out() -> None:
    rows = summary_of(
        network_of("for i in 1..2 { for j in 1..4 { conv 3 3x3 as c{i}_{j} } }")
    ).rows

    assert [("c{1..2}_{1..4}", "conv", 8)] == names_of(rows)


def test_layers_that_differ_are_not_folded() -> None:
    rows = summary_of(
        network_of("for i in 1..3 { conv (i // 2 + 1) 1x1 as c{i} }")
    ).rows

    assert [("c1", "conv", 1), ("c{2..3}", "conv", 2)] == names_of(rows)


def test_a_number_that_does_not_count_is_not_folded() -> None:
    rows = summary_of(network_of("for i in 1..2 { conv 3 1x1 as c{i * i} }")).rows

    assert [("c1", "conv", 1), ("c4", "conv", 1)] == names_of(rows)


def test_figures_of_a_free_size_are_not_known() -> None:
    network = summary_of(network_of("conv 4 3x3 as c\nreduce_mean [1, 2]", "?x?x3"))
    conv, mean = network.rows

    assert (None, None) == (conv.multiply_adds, conv.activation_bytes)
    assert (0, 16) == (mean.multiply_adds, mean.activation_bytes)
    assert (None, None) == (network.totals.multiply_adds, network.totals.peak_bytes)
    assert 4 * 27 + 4 == network.totals.parameters
    assert "?" in summary_text(summarize(graph_of(network_of("conv 4 3x3", "?x?x3"))))


def test_shared_variables_count_once() -> None:
    network = summary_of(network_of("conv 3 1x1 as c\nconv 3 1x1 reuse=true as c"))

    assert [12, 0] == [row.parameters for row in network.rows]
    assert 12 == network.totals.parameters


def test_the_peak_is_what_is_needed_at_once() -> None:
    # The input stays for the sum, beside one of 8x8x6 and one of 8x8x3.
    text = network_of("add { branch {}; branch { conv 6 1x1; conv 3 1x1 } }")

    assert 8 * 8 * 4 * (3 + 6 + 3) == summary_of(text).totals.peak_bytes


def test_the_text_is_aligned_and_groups_thousands() -> None:
    text = summary_text(summarize(graph_of(VGG)))

    lines = text.splitlines()
    assert "vgg_16: images [batch, 224, 224, 3]" == lines[0]
    assert any(line.startswith("  conv3/conv3_{1..3}  conv ×3") for line in lines)
    table = lines[2 : lines.index("", 2)]
    assert {len(line) for line in table} == {len(table[0])}
    assert "parameters      138,357,544 in 32 variables" in text


def test_json_has_what_the_text_has() -> None:
    document = json.loads(summary_json(summarize(graph_of(MIXED))))

    (network,) = document["networks"]
    assert {"name": "others", "shape": [None, 16, 16, 3], "dtype": "float32"} == (
        network["inputs"][1]
    )
    assert ["logits", "probabilities"] == [one["name"] for one in network["outputs"]]
    assert 1 == network["totals"]["regularized"]
    assert "shared/pair{1..2}_{1..3}" in [row["scope"] for row in network["layers"]]


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, "?"), (0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"),
     (5 * 2**50, "5,120.0 TiB")],
)  # fmt: skip
def test_memory_is_written_in_the_unit_that_suits_it(
    amount: int | None, text: str
) -> None:
    assert text == memory(amount)


# The text.


def test_the_text_of_a_small_graph() -> None:
    text = """\
network n(classes = 10) {
  input images 28x28x1
  repeat 2 conv 32 5x5 as conv
  dropout 0.4 as drop
  tap features
  flatten
  fc classes activation=none biases=constant(0.1) as logits
  output logits
}
"""

    assert """\
network n(classes=10) as n {
  input images %0: [batch, 28, 28, 1]
  %2: [batch, 28, 28, 32] = for i in 1..2 (%6 = %0) {
    %1: [batch, 28, 28, 32] = conv(%6) {num_outputs=32, kernel_size=[5, 5]} as conv/conv_{i}
    next %1
  }
  %3: [batch, 28, 28, 32] = dropout(%2) {keep_prob=0.4} as drop
  end_point %3 as features
  %4: [batch, 25088] = flatten(%3) {size=25088} as Flatten
  %5: [batch, 10] = fc(%4) {num_outputs=10, activation=none, biases=constant(value=0.1)} as logits
  output logits %5
  head n/logits/weights, n/logits/biases
}
""" == print_graph(run_passes(graph_of(text), None))


def test_functions_stand_after_the_networks_with_their_parameters() -> None:
    text = print_graph(run_passes(graph_of(RESNET), None))

    assert "\nfunction bottleneck(%0: [batch, ?, ?, ?], depth, inner" in text
    assert text.index("network resnet_v1_50(") < text.index("\nfunction ")
    assert "num_outputs={depth}" in text
    assert "depth=256, inner=64, stride=1) as block1/unit_{unit}" in text
    assert "call bottleneck(%4, depth=256, inner=64, stride=2) as block1/" in text
    assert "    if %0.shape[-1] != {depth} {\n" in text
    assert "    if {stride} > 1 {\n" in text
    assert "    else {\n      give %0\n" in text


def test_operands_are_written_as_the_tensors_that_they_are() -> None:
    lines = "tap a\nconv 3 1x1\nmultiply [net, 0.17]\nadd [net, a]"
    text = print_graph(graph_of(network_of(lines)))

    assert "= multiply(%1) {operands=[%1, 0.17]}\n" in text
    assert "= add(%2, %0)\n" in text


def test_a_block_that_shares_its_variables_stays_one_function() -> None:
    blocks = "block tower() { conv 3 3x3 as a; conv 3 3x3 as b }\n"
    lines = "tower as t\noutput one\nfrom images\ntower reuse=true as t\noutput two"
    graph = graph_of(blocks + network_of(lines))

    after = run_passes(graph, None)

    require_sound(after, "share_blocks")
    assert ["tower"] == [function.name for function in after.functions]
    assert [168, 0] == [row.parameters for row in summarize(after).networks[0].rows]
    assert summarize(graph).networks[0].totals == summarize(after).networks[0].totals
    assert 2 == print_resolved(after).count(" shared, line")


def test_shared_layers_are_marked() -> None:
    text = print_graph(
        graph_of(network_of("conv 3 1x1 as c\nconv 3 1x1 reuse=true as c"))
    )

    assert text.count(" as c\n") == 1
    assert text.count(" as c shared\n") == 1


def test_resolved_says_where_each_argument_was_set() -> None:
    text = network_of(
        "  scope conv < stride=2 activation=relu6 >\n"
        "  conv 4 3x3 stride=1 normalizer=batch_norm as c\n"
        "  conv 4 3x3 as d"
    )

    found = print_resolved(graph_of(text)).splitlines()
    rows = [line.split() for line in found if line.startswith("  ")]
    assert "n/c: conv(%0) -> %1 [batch, 8, 8, 4], line 4:3" in found
    assert ["num_outputs", "4", "line", "4:8"] in rows
    assert ["stride", "1", "line", "4:14"] in rows
    assert ["activation", "relu6", "scope", "3:25"] in rows
    assert ["padding", "SAME", "default"] in rows
    assert ["kernel_size", "[3,", "3]", "line", "4:10"] in rows
    assert ["biases", "zeros", "default"] in rows


def test_resolved_says_where_each_argument_of_a_normalizer_was_set() -> None:
    text = network_of(
        "  scope batch_norm < decay=0.9 epsilon=0.1 >\n"
        "  scope conv < normalizer=batch_norm(epsilon=0.2) >\n"
        "  conv 4 3x3 as c\n"
        "  conv 4 3x3 normalizer=batch_norm(scale=true) as d"
    )

    found = print_resolved(graph_of(text))
    first, second = (part for part in found.split("\n\n") if part.startswith("n/"))
    assert ["normalizer", "batch_norm", "scope", "4:16"] in rows_of(first)
    assert ["normalizer.decay", "0.9", "scope", "3:22"] in rows_of(first)
    assert ["normalizer.epsilon", "0.2", "scope", "4:38"] in rows_of(first)
    assert ["normalizer.fused", "none", "default"] in rows_of(first)
    assert ["normalizer.epsilon", "0.1", "scope", "3:32"] in rows_of(second)
    assert ["normalizer.scale", "true", "line", "6:36"] in rows_of(second)


def rows_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_resolved_says_which_tensors_a_layer_takes() -> None:
    found = print_resolved(graph_of(network_of("tap t\nrelu\nmultiply [net, t, 2]")))

    assert "  input images -> %0 [batch, 8, 8, 3]" in found
    assert "-: multiply(%1, %0) -> %2 [batch, 8, 8, 3], line 5:1" in found
    assert "[%1, %0, 2]" in found


def test_resolved_enters_every_call() -> None:
    text = print_resolved(graph_of(RESNET))

    assert "resnet_v1_50/block3/unit_6/bottleneck_v1/conv3: conv(" in text
    assert 53 + 1 == text.count(": conv(")


# The verifier.


def test_every_pass_leaves_a_sound_graph(graph: Graph) -> None:
    require_sound(graph, "elaboration")
    for rewrite in PASSES:
        graph = rewrite(graph)
        require_sound(graph, rewrite.__name__)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_sound_after_every_pass(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)  # one example uses another
    source = Source(path.name, path.read_text(encoding="utf-8"))
    graph = analyze(source, Request(), FileReader(Diagnostics())).graph
    assert graph is not None
    before = summarize(graph)

    require_sound(graph, "elaboration")
    for rewrite in PASSES:
        graph = rewrite(graph)
        require_sound(graph, rewrite.__name__)
    assert before == summarize(graph)


def applications(graph: Graph) -> list[tuple[Any, ...]]:
    """The layers of all networks as they run, in the form that is emitted."""
    return [
        (
            part.layer.canonical([tensor.type for tensor in part.inputs]),
            part.scope,
            part.output.type,
            part.variable_names,
        )
        for network in graph.networks
        for part in unroll(graph, network).applied()
    ]


def test_passes_keep_the_types_and_variables_of_a_run(graph: Graph) -> None:
    assert applications(graph) == applications(run_passes(graph, None))


SMALL = """\
block pair(n) as pair { conv n 3x3 as a; conv n 3x3 as b }
network n {
  input images 8x8x3
  pair 4
  pair 5
  repeat 3 conv 6 3x3 as c
}
"""


def small() -> Graph:
    return run_passes(graph_of(SMALL), None)


def wide(count: int) -> str:
    """A block of `count` depths, called with three sets of them, two of which are equal."""
    names = ", ".join(f"n{i}" for i in range(count))
    layers = "; ".join(f"conv n{i} 1x1 as c{i}" for i in range(count))
    calls = [" ".join(str(first + i) for i in range(count)) for first in (1, 1, 40)]
    lines = "\n".join(f"  wide {numbers}" for numbers in calls)
    return f"block wide({names}) as wide {{ {layers} }}\n{network_of(lines)}"


@pytest.mark.parametrize(
    ("depths", "functions"), [(MOST_PARAMETERS, 1), (MOST_PARAMETERS + 1, 2)]
)
def test_a_function_of_too_many_parameters_is_written_out_instead(
    depths: int, functions: int
) -> None:
    graph = share_blocks(graph_of(wide(depths)))

    assert functions == len(graph.functions)
    assert {depths if functions == 1 else 0} == {
        len(function.parameters) for function in graph.functions
    }


def test_numbers_among_operands_are_parameters() -> None:
    block = "block scaled(by) as scaled { conv 3 1x1 as a; multiply [net, by] }"
    lines = "  scaled 0.5; scaled 0.25"

    graph = share_blocks(graph_of(f"{block}\n{network_of(lines)}"))

    (function,) = graph.functions
    assert ("by",) == function.parameters
    calls = [item for item in graph.networks[0].items if isinstance(item, Call)]
    assert [(("by", 0.5),), (("by", 0.25),)] == [call.arguments for call in calls]


@pytest.mark.parametrize(
    ("lines", "parameters"),
    [
        ("pad [[n, 0], [0, 0]]; conv 3 1x1 as a", ("n",)),
        ("conv n 1x1 as a; reshape [-1, 16, 4 * n]", ("n", "shape")),
        ("conv 3 1x1 as a; slice [0, 0, 0, n] [-1, -1, -1, 3 - n]", ("n", "size")),
        ("conv 3 1x1 as a; resize [n, 2 * n]", ("n", "size")),
    ],
)
def test_sizes_in_lists_are_parameters(lines: str, parameters: tuple[str, ...]) -> None:
    block = f"block sized(n) as sized {{ {lines} }}"
    sides = "branch { sized 1; tap one }\nbranch { sized 2; tap two }"
    graph = graph_of(f"{block}\n{network_of(sides)}")

    shared = share_blocks(graph)

    require_sound(shared, "share_blocks")
    (function,) = shared.functions
    assert parameters == function.parameters
    before, after = (
        [part.layer for part in applied(unroll(one, one.networks[0]).parts)]
        for one in (graph, shared)
    )
    assert before == after


def test_a_size_that_is_worked_out_is_no_parameter() -> None:
    block = "block flat(n) as flat { conv 4 1x1 as a; reshape [-1, n] }"
    free = "images ?x?x3"
    sides = "branch { flat 16; tap one }\nbranch { flat 32; tap two }"
    graph = graph_of(f"{block}\nnetwork n() {{ input {free}\n{sides}\n}}")
    sides = sides.replace("32", "-1")
    other = graph_of(f"{block}\nnetwork n() {{ input {free}\n{sides}\n}}")

    assert [1, 2] == [len(share_blocks(one).functions) for one in (graph, other)]


def test_items_of_lists_are_parameters_by_their_place() -> None:
    block = "block pair(n, m) as pair { conv n[0] 1x1 as a; conv n[1] 1x1 as b; conv m 1x1 as c }"
    lines = "  pair [1, 2] 3; pair [4, 5] 6"

    (function,) = share_blocks(graph_of(f"{block}\n{network_of(lines)}")).functions

    assert ("n_0", "n_1", "m") == function.parameters


def test_turns_that_end_with_a_tap_are_rolled() -> None:
    lines = "for i in 1..4 { conv 3 1x1 as c{i}; tap t{i} }"

    (network,) = roll_loops(graph_of(network_of(lines))).networks

    (loop,) = network.items
    assert isinstance(loop, Loop)
    assert (1, 4) == (loop.first, loop.last)
    assert isinstance(loop.items[-1], EndPoint)


def test_a_scope_around_a_block_is_no_scope_of_its_own() -> None:
    block = "block pair() { conv 3 1x1 as a; conv 3 1x1 as b }"
    lines = "in outer { pair }; pair as own"

    graph = run_passes(graph_of(f"{block}\n{network_of(lines)}"), None)

    calls = [item for item in graph.networks[0].items if isinstance(item, Call)]
    assert [(("outer",), False), (("own",), True)] == [
        (c.scope, c.opens) for c in calls
    ]


def with_items(graph: Graph, change: Callable[[list[Any]], object]) -> Graph:
    items = list(graph.networks[0].items)
    change(items)
    return replace(graph, networks=(replace(graph.networks[0], items=tuple(items)),))


def drop(index: int) -> Callable[[list[Any]], object]:
    return lambda items: items.pop(index)


def put(index: int, **changes: Any) -> Callable[[list[Any]], object]:
    def change(items: list[Any]) -> None:
        items[index] = replace(items[index], **changes)

    return change


def value(index: int, *shape: int | None) -> Value:
    return Value(index, TensorType((None, *shape)))


def test_the_small_graph_is_what_the_broken_ones_start_from() -> None:
    first, second, loop = small().networks[0].items

    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert isinstance(loop, Loop)
    assert isinstance(loop.items[0], Node)
    assert [] == verify(small())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (drop(0), "uses %1 before it is defined"),
        (lambda items: items.insert(0, items[0]), "%1 is defined twice"),
        (put(0, inputs=(value(0, 8, 8, 1),)), "uses %0 as [batch, 8, 8, 1], it is"),
        (put(0, function="other"), "there is no function other"),
        (put(0, inputs=()), "takes 1 tensors, not 0"),
        (put(0, arguments=()), "takes ('n',), not ()"),
        (put(0, arguments=(("n", Hole("x")),)), "passes {x}, which nothing gives"),
        (put(0, scope=("p", Hole("x"))), "a scope uses {x}, which nothing gives"),
        (put(0, scope=("pa ir",)), "`n/pa ir/a` of conv is no scope"),
        (put(1, scope=("pair",)), "`n/pair/a/weights` is created twice"),
        (put(1, scope=("other",)), "no layer creates `n/pair_1/a/weights`"),
        (put(1, scope=("other",)), "`n/other/a/weights` is not in the list"),
        (put(1, arguments=(("n", 7),)), "is [batch, 8, 8, 7], the graph says"),
        (put(2, last=0), "a loop from 1 to 0 has no turn"),
        (put(2, last=2), "no layer creates `n/c/c_3/weights`"),
        (put(2, result=value(99, 8, 8, 6)), "the next turn uses %99 before"),
        (put(2, variable="k"), "a scope uses {i}, which nothing gives"),
    ],
)  # fmt: skip
def test_a_broken_graph_is_found(
    change: Callable[[list[Any]], object], problem: str
) -> None:
    found = verify(with_items(small(), change))

    assert any(problem in one for one in found), found


def test_what_a_turn_defines_ends_with_it() -> None:
    graph = small()
    loop = graph.networks[0].items[2]
    assert isinstance(loop, Loop)
    inner = loop.items[0]
    assert isinstance(inner, Node)
    outputs = (("", inner.output),)
    broken = replace(graph, networks=(replace(graph.networks[0], outputs=outputs),))

    assert ["n: the output uses %3 before it is defined"] == verify(broken)


def test_functions_come_before_their_callers() -> None:
    graph = run_passes(graph_of(SMALL.replace("conv n 3x3 as b", "one n as b")
                                + "block one(n) { conv n 1x1 }\n"), None)  # fmt: skip
    broken = replace(graph, functions=tuple(reversed(graph.functions)))

    assert ["pair calls one, which does not come before"] == verify(broken)


def test_functions_have_names_of_their_own() -> None:
    graph = small()
    twice: tuple[Function, ...] = graph.functions * 2

    assert ["two functions are called pair"] == verify(replace(graph, functions=twice))[
        :1
    ]


def test_the_list_of_variables_is_in_order_of_creation() -> None:
    graph = small()
    network = graph.networks[0]
    turned = replace(network, variables=tuple(reversed(network.variables)))

    assert ["the variables of n are listed in another order"] == verify(
        replace(graph, networks=(turned,))
    )


def test_an_internal_error_shows_the_graph() -> None:
    broken = with_items(small(), drop(0))

    with pytest.raises(InternalError, match="after nothing is not sound: n: ") as found:
        require_sound(broken, "nothing")
    assert print_graph(broken) in str(found.value)


def test_a_pass_is_named_that_leaves_an_unsound_graph() -> None:
    graph = graph_of(SMALL)
    broken = with_items(graph, drop(0))

    with pytest.raises(InternalError, match="after lower is not sound: n: "):
        run_passes(broken, None)


def test_types_are_inferred_again_only_where_that_is_asked_for() -> None:
    graph = graph_of(SMALL)
    turned = replace(
        graph.networks[0], variables=tuple(reversed(graph.networks[0].variables))
    )
    broken = replace(graph, networks=(turned,))

    run_passes(broken, None)
    with pytest.raises(InternalError, match="listed in another order"):
        run_passes(broken, None, verify=True)


WHOLE = """\
network n(classes = 5) {
  input images 32x32x3
  preprocess vgg resize=256..300
  labels offset=1
  weights keras "Tiny" {
    rename "conv/weights" "c/kernel" transpose=[0, 1, 3, 2]
    new "conv/biases"
    new "fc/{weights,biases}"
  }
  conv 8 3 as conv
  python "my_ops:swish"
  flatten
  fc classes activation=none as fc
}

train n {
  data records "a-*" image=image/encoded label=image/class/label
  steps 10
}

evaluate n { data records "b-*" }
"""


def test_the_text_has_all_that_a_graph_holds() -> None:
    lines = [line.strip() for line in print_graph(graph_of(WHOLE)).splitlines()]

    assert '%2: [batch, 32, 32, 8] = python(%1) {op=python("my_ops:swish")}' in lines
    assert 'preprocess family="vgg" resize=[256, 300]' in lines
    assert "labels offset=1" in lines
    assert "head n/fc/weights, n/fc/biases" in lines
    assert 'n/conv/weights = "c/kernel" transpose=[0, 1, 3, 2]' in lines
    assert 'train network="n" {' in lines
    assert 'data path="a-*" {' in lines
    assert 'run directory="runs/n" steps=10' in lines
    assert 'evaluate network="n" path="b-*" during=false' in lines
