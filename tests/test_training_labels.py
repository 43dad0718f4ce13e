"""`label=` and `weights=` may name an input of the network; no TensorFlow runs here."""

import pytest
from runtime_fixture import build

from slimgen.compiler import Request, analyze
from slimgen.source import Source

AUTOENCODER = """
network copy() {
  input images 8x8x1
  preprocess lenet
  conv 4 3x3 as code
  conv 1 3x3 activation=none
}
"""
WORDS = """
network words(entries = 50) {
  input tokens [6] dtype=int32
  input known [6]
  from tokens
  one_hot entries
  fc 8 as code
  fc entries activation=none as logits
}
"""


def job(network: str, data: str, *lines: str) -> str:
    name = network.split("network ")[1].split("(")[0]
    body = "\n  ".join([f'data records "x" {{ {data} }}', *lines, "steps 1"])
    return f"{network}\ntrain {name} {{\n  {body}\n}}\n"


def errors_of(text: str) -> list[str]:
    found = analyze(Source("n.slim", text), Request(), lambda path, user: None)
    return [f"{one.code} {one.message} {one.help}" for one in found.diagnostics]


def test_the_target_of_an_autoencoder_is_the_image_as_the_network_takes_it() -> None:
    line = "loss mean_squared_error label=images"
    code = build(job(AUTOENCODER, "images image/encoded", line))

    assert 'return mean_squared_error(outputs, inputs["images"])' in code
    assert "labels = {}" in code  # the records need no other feature


def test_an_augmented_image_is_its_own_target() -> None:
    lines = "augment flip", "loss absolute_difference label=images"
    code = build(job(AUTOENCODER, "images image/encoded", *lines))

    assert 'absolute_difference(outputs, inputs["images"])' in code


def test_classes_among_the_inputs_are_read_as_a_label_too_so_that_they_are_checked() -> (
    None
):
    line = "loss softmax_cross_entropy label=tokens weights=known"
    code = build(job(WORDS, "tokens text/tokens; known text/known", line))

    assert 'LABEL_RANGES = {"tokens": range(50), "known": range(10**9)}' in code
    assert '"tokens": example["text/tokens"]' in code.split("labels = ")[1]
    assert code.count('"text/tokens": tf.io.FixedLenFeature') == 1


def test_an_image_may_weigh_losses() -> None:
    network = AUTOENCODER.replace("preprocess lenet", "input mask 8x8x1; from images")
    line = "loss mean_squared_error label=images weights=mask"
    code = build(job(network, "images image/encoded; mask image/mask", line))

    assert '(outputs, inputs["images"], weights=inputs["mask"])' in code


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'loss mean_squared_error code label=images; loss python "m:f" label=images',
            "found `images` [batch, 8, 8, 1]",
        ),
        ("loss softmax_cross_entropy label=images", "classes"),
        ("loss mean_squared_error label=image", "did you mean `images`?"),
        ("loss mean_squared_error", "`label=images` takes an input"),
        ("augment mixup 0.2; loss mean_squared_error label=images", "its class"),
    ],
)
def test_an_input_that_cannot_be_the_label_is_an_error(line: str, message: str) -> None:
    (found,) = errors_of(job(AUTOENCODER, "images image/encoded", line))

    assert message in found
