"""`slimgen verify` without its libraries: what it is asked for, and what it tells."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absent import hide_package
from cli_harness import run

from slimgen.cli.verify import resized
from slimgen.layers.declaration import Shape
from slimgen.verify.against import Against, parse_against
from slimgen.verify.built_side import nearest
from slimgen.verify.deviations import deviation
from slimgen.verify.originals import networks
from slimgen.verify.random_weights import variable_value
from slimgen.verify.request import ComparisonRequest, read_request
from slimgen.verify.session import missing_packages
from slimgen.verify.verdict import OUTPUT, Verdict, verdict_json, verdict_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tf_slim:vgg_16", Against("tf_slim", "vgg_16")),
        ("keras:VGG16()", Against("keras", "VGG16")),
        (
            "keras:MobileNet(alpha=0.5)",
            Against("keras", "MobileNet", None, {"alpha": 0.5}),
        ),
        ("tf_slim:a.b:c", Against("tf_slim", "c", "a.b")),
        (
            "tf_slim:nets:tower(name='a:b', sizes=[1, 2])",
            Against("tf_slim", "tower", "nets", {"name": "a:b", "sizes": [1, 2]}),
        ),
    ],
)
def test_an_original_is_named_by_its_library(text: str, expected: Against) -> None:
    assert expected == parse_against(text)
    assert expected == parse_against(str(expected))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vgg_16", "does not begin with 'tf_slim:' or 'keras:'"),
        ("torch:vgg16", "does not begin with 'tf_slim:' or 'keras:'"),
        ("keras:", "is not of the form NAME"),
        ("keras:VGG 16", "is not of the form NAME"),
        ("keras:VGG16(5)", "is not of the form (key=value, …)"),
        ("keras:VGG16(a=)", "is not of the form (key=value, …)"),
        ("keras:VGG16(a=1)(b=2)", "is not of the form (key=value, …)"),
        ("keras:VGG16(a=1, a=2)", "is not of the form (key=value, …)"),
        ("keras:VGG16(**{'a': 1})", "is not of the form (key=value, …)"),
        ("keras:VGG16(a=open('x'))", "'a' takes one of Python's literals: "),
        ("keras:VGG16(a={[]: 1})", "'a' takes one of Python's literals: "),
        ("keras:VGG16(a=[1e999])", "'a' takes one of Python's literals: "),
    ],
)
def test_another_form_is_a_wrong_usage(text: str, message: str) -> None:
    outcome = run("verify", "model.slim", "--against", text)

    assert outcome.exit_code == 2
    assert message in outcome.stderr


@pytest.mark.parametrize("size", ["64", "x64", "64x", "0x4", "axb", "64x64x3"])
def test_a_size_is_of_numbers(size: str) -> None:
    outcome = run("verify", "none.slim", "--against", "keras:VGG16", "--size", size)

    assert outcome.exit_code == (1 if size in ("64", "64x64x3") else 2)


def test_a_variance_is_above_0() -> None:
    request = ComparisonRequest(Against("keras", "Any"), "any.py", (2, 8, 8, 3))

    value = variable_value(request, "normalization/variance", [64])

    assert value.min() > 0.5


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((224, 224, 3), (64, 32), (64, 32, 3)),
        ((224, 224, 3), (64, 32, 3), (64, 32, 3)),
        ((224, 224, None), (64, 32, 1), (64, 32, 1)),
        ((224, 224, 3), (64, 32, 1), None),
        ((224, 224, 3), (16, 64, 32, 3), None),
        ((None, None, 3), (64, 32), (64, 32, 3)),
        ((64, 224, 224, 3), (48, 32), (64, 48, 32, 3)),
        ((64, 224, 224, 3), (16, 48, 32), (16, 48, 32, 3)),
        ((64, 224, 224, 3), (16, 48, 32, 1), None),
    ],
)
def test_a_size_is_that_of_height_and_width_unless_there_is_more(
    shape: Shape, size: tuple[int, ...], expected: Shape | None
) -> None:
    assert resized(shape, size) == expected


@pytest.mark.parametrize("text", ["nan", "inf", "0", "-1"])
def test_a_tolerance_is_a_positive_number(text: str) -> None:
    outcome = run(
        "verify", "none.slim", "--against", "keras:VGG16", "--tolerance", text
    )

    assert outcome.exit_code == 2
    assert "Invalid value for '--tolerance'" in outcome.stderr


def test_what_the_programs_are_told_is_what_was_asked(tmp_path: Path) -> None:
    arguments = {
        "a": (1, [2, {3: "x"}]),
        "b": b"x",
        "c": {1, 2},
        "d": "'é\"",
        "e": None,
    }
    request = ComparisonRequest(
        Against("tf_slim", "f", "m", arguments), "model.py", (2, 8, 8, 3)
    )
    request.write(tmp_path)

    assert read_request(tmp_path) == request


def test_a_package_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_packages("tf_slim") == []

    hide_package(monkeypatch, "tf_slim")

    assert missing_packages("tf_slim") == ["tf-slim"]
    assert missing_packages("keras") == []


def test_the_networks_of_the_libraries_are_known_by_name() -> None:
    slim, keras = networks("tf_slim"), networks("keras")

    assert slim["resnet_v1_200"] == "tf_slim.nets.resnet_v1"
    assert keras["VGG16"] == "keras.src.applications.vgg16"
    assert "vgg_arg_scope" not in slim
    assert "preprocess_input" not in keras


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("keras:vgg16", "did you mean `VGG16`?"),
        ("keras:mobilenet_v2", "did you mean `MobileNetV2`?"),
        ("tf_slim:VGG16", "did you mean `vgg_16`?"),
        ("tf_slim:resnet_v1_5", "did you mean `resnet_v1_50`?"),
        ("tf_slim:lenet", "a function of your own is `tf_slim:MODULE:lenet`"),
    ],
)
def test_an_original_of_nearly_this_name_is_suggested(name: str, help: str) -> None:
    outcome = run("verify", "model.slim", "--against", name)

    assert outcome.exit_code == 1
    assert help in outcome.stderr


def test_all_files_hold_the_same_weights() -> None:
    made = verdict({OUTPUT: 0.0})
    made.found["weights"] = {"model.keras": 0.0, "model.h5": 1e-9}

    assert made.diverges == "what is restored from model.h5"


def verdict(points: dict[str, Any], training: Any = None) -> Verdict:
    found = {
        "libraries": {"keras": "3.0"},
        "variables": [["a", [1], True, "a:0"]],
        "weights": {"model.h5": 0.0},
        "inference": {
            "logits": points.pop(OUTPUT),
            "end_points": points,
            "missing": ["gone"],
            "squeezed": [],
        },
    }
    return Verdict("m.slim", "m", "keras:M", (2, 8, 8, 3), 1e-5, found, training)


def test_the_first_end_point_that_is_too_far_off_is_named() -> None:
    made = verdict({"a": 0.0, "b": 2e-5, "c": None, OUTPUT: 1.0})

    assert made.diverges == "b"
    unlike = verdict({"a": None, OUTPUT: 0.0})
    assert unlike.diverges == "a"
    assert "\ndifferent: the first that cannot be compared is a\n" in verdict_text(
        unlike
    )
    assert verdict({"a": 1e-5, OUTPUT: 2e-5}).diverges == OUTPUT
    assert verdict({"a": 1e-5, OUTPUT: 0.0}).diverges is None


def test_a_step_of_training_has_a_hundred_times_the_tolerance() -> None:
    step = {"logits": 1e-4, "gradients": {"a": 1e-3, "b": 0.0}, "moving": {}}
    within = verdict({OUTPUT: 0.0}, step)
    beyond = verdict({OUTPUT: 0.0}, {**step, "gradients": {"a": 1.1e-3}})

    assert within.diverges is None
    assert beyond.diverges == "gradients"


def test_a_verdict_reads_as_a_table() -> None:
    text = verdict_text(verdict({"a/b": 2e-5, "c": None, OUTPUT: 0.0}, {"loss": 1e-6}))

    assert text == (
        "m.slim: m against keras:M\n"
        "keras 3.0; 2 images of 8x8x3; 1 variable from model.h5\n"
        "\n"
        "end point   difference\n"
        "a/b         2.0e-05\n"
        "c           not comparable\n"
        "the output  0\n"
        "gone        not here\n"
        "\n"
        "training    difference\n"
        "loss        1.0e-06\n"
        "\n"
        "different: the first difference above 1e-05 of the largest magnitude is that of "
        "a/b\n"
    )


def test_values_that_are_not_finite_are_never_equal() -> None:
    text = verdict_text(verdict({"a": 0.0, "b": math.inf, OUTPUT: math.inf}))

    assert "b           not finite\n" in text
    assert text.endswith(
        "\n\nnot comparable: the values of b are not finite, here or in the original\n"
    )
    step = {"gradients": {"a": math.inf, "b": 0.0}}
    made = verdict({"a": math.inf, OUTPUT: 0.0}, step)
    document = json.loads(verdict_json(made), parse_constant=pytest.fail)
    assert document["end_points"] == [{"name": "a", "difference": None}]
    assert document["training"] == {"gradients": None}
    assert document["diverges"] == "a"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_infinitely_far_away(value: float) -> None:
    assert deviation([1.0, value], [1.0, 2.0]) == math.inf
    assert deviation([1.0, 2.0], [1.0, value]) == math.inf
    assert deviation([1.0, value], [1.0, value]) == math.inf


def test_a_layer_of_keras_s_that_is_not_finite_is_not_the_nearest() -> None:
    bad, good = np.array([math.nan, 1.0]), np.array([0.0, 1.0])

    assert nearest({"a": good}, {"bad": bad, "good": good}) == {"a": 0.0}
    assert nearest({"a": good[:1]}, {"good": good}) == {"a": None}
    assert nearest({"a": good}, {"bad": bad}) == {"a": math.inf}
    assert nearest({"a": bad}, {"bad": bad, "good": good}) == {"a": math.inf}


def test_a_verdict_is_json_too() -> None:
    document = json.loads(verdict_json(verdict({"a": 0.0, "b": None, OUTPUT: 1e-6})))

    assert document["end_points"] == [
        {"name": "a", "difference": 0.0},
        {"name": "b", "difference": None},
    ]
    assert (document["output"], document["diverges"]) == (1e-6, "b")
    assert document["training"] is None
