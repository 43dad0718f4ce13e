"""The head: the variables that another number of classes would change."""

import pytest

from slimgen.compiler import Compilation, Request, analyze
from slimgen.source import Source

BODY = "conv 4 3x3 as conv1; flatten; fc 7 as fc1; fc {} as fc2; softmax as p"


def compiled(text: str, *defines: tuple[str, str]) -> Compilation:
    return analyze(Source("n.slim", text), Request(defines), lambda path, user: None)


def head(text: str, *defines: tuple[str, str]) -> list[str]:
    found = compiled(text, *defines)
    assert [] == [d.message for d in found.diagnostics]
    assert found.graph is not None
    return list(found.graph.networks[0].head)


def network(parameters: str, body: str) -> str:
    return f"network n({parameters}) {{\n input x 8x8x3\n{body}\n}}"


@pytest.mark.parametrize("name", ["classes", "num_classes", "scenes"])
def test_the_number_of_classes_is_found_whatever_it_is_called(name: str) -> None:
    text = network(f"{name} = 10", BODY.format(name))

    assert head(text) == ["n/fc2/weights", "n/fc2/biases"]


def test_a_number_that_is_no_parameter_gives_no_head() -> None:
    assert head(network("", BODY.format(10))) == []


def test_a_parameter_that_has_the_value_by_chance_gives_no_head() -> None:
    text = network("depth = 10", BODY.format(10) + '\nrequire (depth > 1) "no"')

    assert head(text) == []


def test_a_parameter_that_every_variable_depends_on_is_a_width_and_no_head() -> None:
    text = network("depth = 6", "for i in 1..2 { conv depth 3x3 }")

    assert head(text) == []


def test_a_side_path_with_classes_of_its_own_is_part_of_the_head() -> None:
    body = "conv 4 3x3 as first; branch Aux { conv classes 3x3 as aux }; flatten; fc classes as last"
    text = network("classes = 10", body)

    assert [name for name in head(text) if name.endswith("weights")] == [
        "n/Aux/aux/weights",
        "n/last/weights",
    ]


def test_each_output_may_have_classes_of_its_own() -> None:
    body = (
        "flatten; tap flat; fc 3 as shared; fc scenes as scene; output scene\n"
        "from flat; fc people as person; output person"
    )
    text = network("scenes = 10, people = 20", body)

    assert [name for name in head(text) if name.endswith("weights")] == [
        "n/scene/weights",
        "n/person/weights",
    ]


def test_the_source_may_name_the_head() -> None:
    text = network("classes = 10", "head fc1 fc2\n" + BODY.format("classes"))

    assert [name for name in head(text) if name.endswith("weights")] == [
        "n/fc1/weights",
        "n/fc2/weights",
    ]


def test_the_source_may_name_scopes_inside_of_others() -> None:
    text = network("", "head Logits/Conv\nin Logits { conv 4 3x3 as Conv }; relu")

    assert head(text) == ["n/Logits/Conv/weights", "n/Logits/Conv/biases"]


def test_the_source_may_say_that_there_is_no_head() -> None:
    text = network("classes = 10", "head none\n" + BODY.format("classes"))

    assert head(text) == []


def test_a_name_that_no_variable_has_is_reported() -> None:
    text = network("", "head fc3\n" + BODY.format(10))

    (found,) = compiled(text).diagnostics

    assert found.message == "no scope or variable of `n` is called `fc3`"
    assert "fc" in found.help


def test_a_network_without_its_end_may_have_lost_its_head() -> None:
    text = network("", "head fc2\n" + BODY.format(10))

    assert head(text, ("final_endpoint", "fc1")) == []


def test_a_head_inside_a_block_is_refused() -> None:
    text = "block b() { head fc1; conv 4 3x3 }\nnetwork n { input x 8x8x3; b }"

    (found,) = compiled(text).diagnostics

    assert found.message == "`head` cannot stand inside a block"


def test_a_block_may_be_called_head() -> None:
    text = (
        "block head(classes) { fc classes as logits }\n"
        "network n(classes = 10) { input x 8x8x3; conv 4 3x3; flatten; head classes }"
    )

    assert head(text) == ["n/logits/weights", "n/logits/biases"]
