"""TensorFlow checkpoints."""

import glob
import os
import re

import tensorflow as tf

from slimgen.templates.runtime.read_graph import open_graph
from slimgen.templates.runtime.read_index import read_index, read_old_index
from slimgen.templates.runtime.weights import AVERAGE, Weights, explained

STEP = r"(.*/)?(global_step|beta[12]_power(_\d+)?|ExponentialMovingAverage|mean_rgb)"
OBJECT = r"_CHECKPOINTABLE_OBJECT_GRAPH|.*/\.(ATTRIBUTES|OPTIMIZER_SLOT)/.*"


def open_checkpoint(path):
    """Open a checkpoint of TF-Slim, of this file, or of a training run."""
    with explained(f"{path} cannot be read as a TensorFlow checkpoint"):
        prefix = find_checkpoint(os.fsdecode(path))
        if os.path.exists(f"{prefix}.index"):
            tensors, objects = read_index(prefix)
        elif is_graph(prefix):
            return open_graph(prefix)
        else:
            tensors, objects = read_old_index(files_of(prefix)), {}
        keys = {variable_name(key): key for key in sorted(tensors)}
        if all(re.fullmatch(OBJECT, name) for name in keys):  # of another program
            keys = {objects.get(key, key): key for key in keys.values()}

    def read(name):
        (value,) = tf.raw_ops.RestoreV2(
            prefix=prefix,
            tensor_names=[keys[name]],
            shape_and_slices=[""],
            dtypes=[tf.as_dtype(tensors[keys[name]][1])],
        )
        return value.numpy()

    return Weights(
        "slim",
        {name: tensors[key][0] for name, key in keys.items()},
        {name: tensors[key][1] for name, key in keys.items()},
        read,
        {name for name in keys if is_training_state(name, keys)},
    )


def variable_name(key):
    """Return the variable that a key of a run's checkpoint means, else the key."""
    names = r"(?:model/named_variables|averages/shadows)/([^/]+)/\.ATTRIBUTES/\w+"
    found = re.fullmatch(names, key)
    if found is None:
        return key
    name = re.sub(r"\.(.)", lambda pair: "/" if pair[1] == "S" else ".", found[1])
    return name + AVERAGE if key.startswith("averages/") else name


def is_training_state(name, names):
    """Return whether a name is a step, an average, or below a variable's: a slot."""
    parts = name.split("/")[:-1]
    slot = any("/".join(parts[start:]) in names for start in range(len(parts)))
    return slot or re.fullmatch(f"{STEP}|{OBJECT}", name) is not None


def find_checkpoint(path):
    """Return the prefix of the checkpoint that a prefix, file or folder means.

    The name in a folder's file `checkpoint` is looked for in that folder, which may have
    been moved, and nowhere else.
    """
    if os.path.basename(path) in ("checkpoint", "saved_model.pb"):
        path = os.path.dirname(path) or "."
    if os.path.exists(os.path.join(path, "saved_model.pb")):
        path = os.path.join(path, "variables")
    if os.path.isdir(path):
        path = os.path.join(path, newest_checkpoint(path))
    prefix = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path)
    if os.path.exists(f"{prefix}.index"):
        return prefix
    # Parts of a V1 checkpoint.
    prefix = re.sub(r"-(\d{5}|\?{5})-of-(\d{5})$", r"-?????-of-\2", prefix)
    if files_of(prefix):
        return prefix
    parts = files_of(f"{prefix}-?????-of-?????")
    if parts:
        return f"{prefix}-?????{parts[0][-9:]}"
    if glob.glob(f"{glob.escape(prefix)}.*"):
        raise FileNotFoundError(f"{prefix}.index is missing, which holds the names")
    raise FileNotFoundError(f"{prefix} does not exist")


def is_graph(path):
    """Return whether a file begins as a frozen graph: with a node, which has a name."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return bool(re.match(rb"\n[\x80-\xff]*[\0-\x7f]\n", file.read(12)))


def files_of(prefix):
    """Return the files of a V1 checkpoint, whose parts are numbered where ????? is."""
    pattern = glob.escape(prefix).replace("[?]", "[0-9]")
    return sorted(filter(os.path.isfile, glob.glob(pattern)))


def newest_checkpoint(folder):
    """Return the name of the checkpoint that a folder's file `checkpoint` says, or has."""
    files = sorted(os.listdir(folder))
    names = [name[:-6] for name in files if name.endswith(".index")]
    file = os.path.join(folder, "checkpoint")
    if os.path.isfile(file):
        with open(file, "rb") as stream:
            start = stream.read(9999)
        said = re.search(rb'(?m)^model_checkpoint_path: *"(.*)"', start)
        if said is not None:
            last = said[1].decode("unicode_escape").encode("latin1").decode()
            last = re.split(r"[/\\]", last)[-1]
            if last in names or last in files or "?" in last:
                return last
            raise FileNotFoundError(f"`checkpoint` names {last}, which is not there")
    if len(names) != 1:
        found = "several checkpoints, name one" if names else "no checkpoint"
        others = ", ".join(names or files) or "it is empty"
        raise FileNotFoundError(f"the folder has {found}: {others}"[:400])
    return names[0]


def write_checkpoint(model, prefix):
    """Write PREFIX.index and PREFIX.data-…, as TF-Slim's Saver does."""
    names, variables = [*model.named_variables], model.named_variables.values()
    with explained(f"{prefix} cannot be written"):
        slices, values = [""] * len(names), [one.read_value() for one in variables]
        tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=names, shape_and_slices=slices, tensors=values
        )
