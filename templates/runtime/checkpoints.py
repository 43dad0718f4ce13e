"""TensorFlow checkpoints."""

import os
import re

import tensorflow as tf

from slimgen.templates.runtime.weights import AVERAGE, Weights, explained

STEP = r"(.*/)?(global_step|beta[12]_power(_\d+)?|ExponentialMovingAverage|mean_rgb)"
OBJECT = r"_CHECKPOINTABLE_OBJECT_GRAPH|.*/\.(ATTRIBUTES|OPTIMIZER_SLOT)/.*"
TABLE_END = bytes.fromhex("57fb808b247547db")  # of an index file and a V1 checkpoint


def open_checkpoint(path):
    """Open a checkpoint of TF-Slim, of this file, or of a training run."""
    with explained(f"{path} cannot be read as a TensorFlow checkpoint"):
        prefix = find_checkpoint(os.fsdecode(path))
        reader = tf.compat.v1.train.NewCheckpointReader(prefix)
        shapes = reader.get_variable_to_shape_map()
        keys = {variable_name(key): key for key in sorted(shapes)}
        if all(re.fullmatch(OBJECT, name) for name in keys):
            raise ValueError("it holds the objects of another program")
    dtypes = reader.get_variable_to_dtype_map()
    return Weights(
        "slim",
        {name: tuple(shapes[key]) for name, key in keys.items()},
        {name: dtypes[key].name for name, key in keys.items()},
        lambda name: reader.get_tensor(keys[name]),
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
    """Return the prefix of the checkpoint that a prefix, file or folder means."""
    if os.path.basename(path) == "checkpoint":
        path = os.path.dirname(path) or "."
    if tf.io.gfile.isdir(path):
        files, state = tf.io.gfile.listdir(path), tf.train.get_checkpoint_state(path)
        names = [name[:-6] for name in files if name.endswith(".index")]
        if state is not None:
            last = state.model_checkpoint_path
            name = os.path.basename(last)
            # The folder may have been moved since `checkpoint` was written.
            path = os.path.join(path, name) if name in names else last
        elif len(names) == 1:
            path = os.path.join(path, names[0])
        else:
            raise FileNotFoundError(f"no `checkpoint` file; name one of {names}")
    prefix = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path)
    for file in filter(tf.io.gfile.exists, (f"{prefix}.index", prefix)):
        with tf.io.gfile.GFile(file, "rb") as stream:
            stream.seek(max(0, stream.size() - len(TABLE_END)))
            if stream.read() == TABLE_END:
                return prefix
        hint = "other formats need a `weights` map in the source"
        raise ValueError(f"{file} is cut off or not a checkpoint; {hint}")
    raise FileNotFoundError(f"{prefix} does not exist")


def write_checkpoint(model, prefix):
    """Write PREFIX.index and PREFIX.data-…, as TF-Slim's Saver does."""
    names, variables = [*model.named_variables], model.named_variables.values()
    with explained(f"{prefix} cannot be written"):
        slices, values = [""] * len(names), [one.read_value() for one in variables]
        tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=names, shape_and_slices=slices, tensors=values
        )
