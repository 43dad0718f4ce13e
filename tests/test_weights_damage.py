"""Thousands of damaged and crafted files of weights give errors of one line, and take no memory."""

import json
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from crafted_weights import write_crafted
from weights_harness import code_of

pytest.importorskip("tensorflow")

SOURCE = """\
network small {
  input images 8x8x3
  weights keras "small" { rename "{layer}/weights" "{layer}/kernel"; rename "{layer}/biases" "{layer}/bias" }
  weights caffe "small" { rename "{layer}/{leaf}" "{layer}/{leaf}" }
  weights safetensors "small" { rename "{layer}/{leaf}" "{layer}.{leaf}" }
  conv 4 3x3 as conv1
  flatten
  fc 5 activation=none as logits
}
"""
SHAPES = {
    "conv1/weights": (3, 3, 3, 4),
    "conv1/biases": (4,),
    "logits/weights": (256, 5),
    "logits/biases": (5,),
}
WRITE = """
import sys, numpy as np, tensorflow as tf
v1, folder = tf.compat.v1, sys.argv[1]
values = dict(np.load(folder + "/values.npz"))
with tf.Graph().as_default() as graph, v1.Session() as session:
    variables = [v1.get_variable(n, initializer=x) for n, x in values.items()]
    ends = [tf.reduce_sum(one) for one in variables]
    session.run(v1.global_variables_initializer())
    v1.train.Saver().save(session, folder + "/sources/v2/x.ckpt", write_meta_graph=False)
    old = v1.train.Saver(write_version=1)
    old.save(session, folder + "/sources/v1/x.v1", write_meta_graph=False)
    freeze = v1.graph_util.convert_variables_to_constants
    frozen = freeze(session, graph.as_graph_def(), [one.op.name for one in ends])
    open(folder + "/sources/frozen/x.pb", "wb").write(frozen.SerializeToString())
module = tf.Module()
module.all = [tf.Variable(value, name=name) for name, value in values.items()]
tf.saved_model.save(module, folder + "/sources/saved")
"""


def write_arrays(folder: Path, values: dict[str, np.ndarray]) -> None:
    """Write the sources that need no TensorFlow."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "h5" / "x.h5", "w") as file:
        for name, value in values.items():
            leaf = name.replace("weights", "kernel").replace("biases", "bias")
            file[f"{leaf.partition('/')[0]}/{leaf}:0"] = value
    with zipfile.ZipFile(folder / "keras" / "x.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.write(folder / "h5" / "x.h5", "model.weights.h5")
    with (folder / "npy" / "x.npy").open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        array = np.empty((), object)
        array[()] = values
        pickle.dump(array, file, 4)
    header, data = {}, b""
    for name, value in values.items():
        place = [len(data), len(data) + value.nbytes]
        entry = {"dtype": "F32", "shape": value.shape, "data_offsets": place}
        header[name.replace("/", ".")] = entry
        data += value.tobytes()
    text = json.dumps(header).encode()
    path = folder / "safetensors" / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.mark.slow
def test_damaged_and_crafted_files_give_errors_of_one_line_and_take_no_memory(
    tmp_path: Path,
) -> None:
    sources = tmp_path / "sources"
    for name in ("h5", "keras", "npy", "safetensors", "v1", "v2", "frozen"):
        (sources / name).mkdir(parents=True)
    random = np.random.default_rng(3)
    values = {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in SHAPES.items()
    }
    write_arrays(sources, values)
    named = {f"small/{name}": value for name, value in values.items()}
    np.savez(tmp_path / "values.npz", **named)  # type: ignore[arg-type]
    run = [sys.executable, "-c", WRITE, str(tmp_path)]
    subprocess.run(run, check=True, capture_output=True)
    (tmp_path / "small.py").write_text(code_of(SOURCE))

    program = Path(__file__).with_name("damage.py")
    crafted = tmp_path / "crafted"
    assert write_crafted(crafted) >= 200
    run = [sys.executable, program, tmp_path / "small.py", sources, crafted, "2000"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == []
    assert found["megabytes"] < 200
