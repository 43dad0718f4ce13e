"""Names of weights in files of Keras: the layer is the group, the weight the last part."""

from pathlib import Path

import numpy as np
import pytest

from slimgen.weights.reading import read_weights

h5py = pytest.importorskip("h5py")


def names_in(path: Path, keys: list[str]) -> list[str]:
    """Write a file with these arrays, and return their names."""
    with h5py.File(path, "w") as file:
        for key in keys:
            file[key] = np.zeros(2, np.float32)
    return [value.name for value in read_weights(str(path)).values]


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        # Keras 2 has loaded the first two layers, and saved them again.
        (
            [
                "conv2d_1/conv2d_1_1/kernel:0",
                "conv2d_2/conv2d_2_1/kernel:0",
                "conv2d_3/conv2d_3/kernel:0",
            ],
            ["conv2d_1/kernel", "conv2d_2/kernel", "conv2d_3/kernel"],
        ),
        # The same below a scope, and a layer whose name was changed.
        (["stem/model_1/stem_2/bias:0"], ["stem/bias"]),
        (
            ["head/dense_7/bias:0", "head/dense_7/kernel:0"],
            ["head/bias", "head/kernel"],
        ),
        # More than the last part tells the weights of these apart.
        (
            [
                "both/both_1/backward_lstm/lstm_cell/kernel:0",
                "both/both_1/forward_lstm/lstm_cell/kernel:0",
            ],
            [
                "both/backward_lstm/lstm_cell/kernel",
                "both/forward_lstm/lstm_cell/kernel",
            ],
        ),
        (
            ["inner/a_1/kernel:0", "inner/b_1/kernel:0"],
            ["inner/a_1/kernel", "inner/b_1/kernel"],
        ),
        # The name of a layer may have slashes.
        (
            ["c3/bn/c3/bn/beta:0", "c3/c3/kernel:0"],
            ["c3/bn/beta", "c3/kernel"],
        ),
        # Keras 3: parts of a layer, and weights without a name.
        (
            ["layers/mha/key_dense/vars/0", "layers/mha/query_dense/vars/0"],
            ["mha/key_dense/0", "mha/query_dense/0"],
        ),
        (
            ["scale/scale/variable_9:0", "scale/scale/variable_11:0"],
            ["scale/0", "scale/1"],
        ),
        (
            ["scale/scale/variable:0", "scale/scale/gamma:0"],
            ["scale/gamma", "scale/variable"],
        ),
    ],
)
def test_a_layer_is_called_as_its_group(
    tmp_path: Path, keys: list[str], names: list[str]
) -> None:
    assert names_in(tmp_path / "x.h5", keys) == names
