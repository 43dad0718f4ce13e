"""Weights of Keras."""

import io
import json
import math
import os
import re
import zipfile

from slimgen.templates.runtime.weights import Weights

KERAS_WEIGHTS = {  # of layers by the name of their class, in Keras' order
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "embedding": ("embeddings",),
    "group_normalization": ("gamma", "beta"),
    "layer_normalization": ("gamma", "beta"),
    "normalization": ("mean", "variance", "count"),
    "prelu": ("alpha",),
    "separable_conv1d": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "separable_conv2d": ("depthwise_kernel", "pointwise_kernel", "bias"),
}
KERAS_1_WEIGHTS = {  # as in conv1_W_1:0
    "W": "kernel",
    "b": "bias",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
}
MOST_PACKED = 20  # how often larger the unpacked values may be; Keras packs nothing
MOST_NAMES = 100_000  # and groups
DEEPEST = 50  # groups in groups
LONGEST_CONFIG = 10_000_000  # bytes
UNNAMED = re.compile(  # a layer that Keras itself has named
    r"((?:.*/)?(?:batch_normalization|(?:depthwise_|separable_)?conv[123]d(?:_transpose)?"
    r"|dense|embedding|(?:group_|layer_)?normalization|prelu))(?:_(\d+))?"
)


def open_keras(path):
    """Open weights of Keras: .h5 of any version, .weights.h5 or .keras.

    The names are those of layers and of their weights, as in block1_conv1/kernel. Layers
    without a name of their own are counted from 1 in Keras' order: conv2d_1, conv2d_2.
    """
    try:
        import h5py
    except ImportError as error:
        found = "weights of Keras need h5py: pip install h5py"
        raise ImportError(found, name="h5py") from error
    source, config = keras_source(path)
    with h5py.File(source, "r") as file:
        items = datasets(file)
        check_size(source, sum(item.nbytes for item in items.values()))
        if any("/vars/" in f"/{key}" for key in items):
            named = keras_3_names(file, items, config)
        else:
            named = keras_h5_names(items)
        shapes = {key: item.shape for key, item in items.items()}
        dtypes = {key: item.dtype.name for key, item in items.items()}
    keys = counted(named)

    def read(name):
        with h5py.File(source, "r") as file:
            return file[keys[name]][()]

    state = {name for name, key in keys.items() if is_keras_state(key)}
    return Weights(
        "keras",
        {name: shapes[key] for name, key in keys.items()},
        {name: dtypes[key] for name, key in keys.items()},
        read,
        state,
    )


def keras_source(path):
    """Return the HDF5 file at `path`, or the one in the archive there, with its settings."""
    if not zipfile.is_zipfile(path):
        return path, {}
    with zipfile.ZipFile(path) as archive:
        if "model.weights.h5" not in archive.namelist():
            hint = "save arrays of NumPy or PyTorch as safetensors"
            raise ValueError(f"it is no archive of Keras; {hint}")
        for name in ("config.json", "model.weights.h5"):
            info = archive.getinfo(name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} is packed in another way than Keras does")
        check_size(path, info.file_size)
        if archive.getinfo("config.json").file_size > LONGEST_CONFIG:
            raise ValueError(f"config.json has more than {LONGEST_CONFIG} bytes")
        weights = io.BytesIO(archive.read("model.weights.h5"))
        return weights, json.loads(archive.read("config.json"))


def check_size(source, size):
    """Refuse values that are far larger than the file that they are packed in."""
    packed = (
        os.path.getsize(source) if isinstance(source, str) else len(source.getbuffer())
    )
    if size > max(MOST_PACKED * packed, 100_000):
        raise ValueError(f"{size} bytes are packed to less than 1/{MOST_PACKED}")


def datasets(file):
    """Return the arrays in an HDF5 file by their path; refuse those of other files."""
    import h5py

    found, seen = {}, set()
    groups = [("", file)]
    for path, group in groups:  # and what is added on the way
        if path.count("/") > DEEPEST or len(groups) + len(found) > MOST_NAMES:
            raise ValueError("its groups are too many, or too deep in each other")
        for name in group:
            key, link = f"{path}{name}", group.get(name, getclass=True, getlink=True)
            if link is not h5py.HardLink:
                raise ValueError(f"{key} is a link to another place or file")
            item = group[name]
            if isinstance(item, h5py.Group):
                if item.id in seen:
                    raise ValueError(f"{key} is there twice")
                seen.add(item.id)
                groups.append((f"{key}/", item))
            elif isinstance(item, h5py.Dataset) and item.shape is not None:
                check_stored(key, item)
                found[key] = item
    return {key: found[key] for key in sorted(found)}


def check_stored(key, item):
    """Refuse an array whose values do not all lie in this file."""
    if item.external or item.is_virtual:
        raise ValueError(f"the values of {key} lie in another file")
    if item.chunks is None:
        stored = item.id.get_storage_size() >= item.nbytes
    else:
        sides = zip(item.shape, item.chunks)
        stored = item.id.get_num_chunks() >= math.prod(-(-a // b) for a, b in sides)
    if not stored:
        raise ValueError(f"the values of {key} were never written")


def is_keras_state(key):
    """Return whether a path is of an optimizer or of random numbers."""
    return bool(re.search(r"(^|/)(optimizer(_weights)?|seed_generator)(/|$)", key))


def keras_h5_names(keys):
    """Return the paths by name: LAYER/LAYER/kernel:0, and in Keras 1 LAYER/LAYER_W_1:0."""
    named, layers = {}, {}
    for key in keys:
        if is_keras_state(key):
            named[key] = key
            continue
        layer, _, weight = key.removeprefix("model_weights/").partition("/")
        *scopes, weight = weight.removesuffix(":0").split("/")
        if not scopes:
            weight = weight.removeprefix(f"{layer}_")
            weight = re.sub(r"_\d+$", "", weight)
            weight = KERAS_1_WEIGHTS.get(weight, weight)
        whole, half = [layer, *scopes], (len(scopes) + 1) // 2
        if half > 1 and whole == 2 * whole[:half]:  # a layer whose name has slashes
            layer, scopes = "/".join(whole[:half]), []
        layers.setdefault(layer, []).append((key, scopes, weight))
    for layer, weights in layers.items():
        start = own_scopes(layer, [scopes for _, scopes, _ in weights])
        for key, scopes, weight in weights:
            name = "/".join([layer, *scopes[start:], weight])
            if name in named:
                raise ValueError(f"{key} and {named[name]} are one weight")
            named[name] = key
    for name in list(named):  # a depthwise kernel alone is the layer's only one
        layer, _, weight = name.rpartition("/")
        if weight == "depthwise_kernel" and f"{layer}/pointwise_kernel" not in named:
            named[f"{layer}/kernel"] = named.pop(name)
    return numbered(named)


def numbered(named):
    """Return the same with unnamed weights counted as in .keras: variable_7 is 0."""
    layers = {}
    for name in named:
        layer, _, weight = name.rpartition("/")
        layers.setdefault(layer, []).append(weight)
    ranks = {}
    for layer, weights in layers.items():
        if all(re.fullmatch(r"[Vv]ariable(_\d+)?", weight) for weight in weights):
            weights.sort(key=lambda weight: int(weight.partition("_")[2] or 0))
            ranks |= {
                f"{layer}/{w}": f"{layer}/{rank}" for rank, w in enumerate(weights)
            }
    return {ranks.get(name, name): key for name, key in named.items()}


def own_scopes(layer, scopes):
    """Return how many scopes above its weights name the layer, and not a part of it.

    Scopes may stand before the layer's own name, as in NASNet's. Keras 2 counts the name
    once more when it loads a model: conv2d_1 holds conv2d_1_1/kernel:0.
    """
    shared = []
    for places in zip(*scopes):
        if len(set(places)) > 1:
            break
        shared.append(places[0])
    own = re.compile(rf"{re.escape(layer)}(_\d+)?")
    places = [n for n, scope in enumerate(shared, 1) if own.fullmatch(scope)]
    return places[-1] if places else len(shared)


def keras_3_names(file, keys, config):
    """Return the paths by name: layers/conv2d_3/vars/0 is by its place in the layer."""
    layers = keras_layers(config.get("config", {}), "")
    named = {}
    for key in keys:
        path, _, place = key.rpartition("/vars/")
        if not path.startswith("layers/"):
            named[key] = key
            continue
        parts, names = path.split("/"), []
        for end in range(1, len(parts) + 1):
            if parts[end - 1] == "layers":
                continue
            if parts[end - 2] != "layers":  # a part of a layer, as forward_layer/cell
                names.append(parts[end - 1])
                continue
            inner = "/".join(parts[:end])
            settings = layers.get(inner, {})
            said = file[inner].get("vars")
            said = said.attrs.get("name") if said is not None else None
            names.append(said or settings.get("name") or parts[end - 1])
        kind = re.sub(r"_\d+$", "", parts[-1])
        count = len(file[f"{path}/vars"])
        weights = keras_weights(kind, count, layers.get(path, {}))
        weight = weights[int(place)] if int(place) < len(weights) else place
        name = "/".join([*names, weight])
        if name in named:
            raise ValueError(f"{key} and {named[name]} are one weight")
        named[name] = key
    return named


def keras_layers(config, path):
    """Return the settings of a model's layers by their path in a file of Keras 3."""
    found, counts = {}, {}
    for layer in config.get("layers", ()):
        kind = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", layer["class_name"])
        kind = re.sub("([a-z])([A-Z])", r"\1_\2", kind).lower()
        count = counts[kind] = counts.get(kind, -1) + 1
        inner = f"{path}layers/{kind}_{count}" if count else f"{path}layers/{kind}"
        found[inner] = layer["config"]
        found |= keras_layers(layer["config"], f"{inner}/")
    return found


def keras_weights(kind, count, settings):
    """Return the names of a layer's weights, in order."""
    if re.fullmatch(r"(depthwise_)?conv[123]d(_transpose)?|dense", kind):
        return ("kernel", "bias")
    weights = KERAS_WEIGHTS.get(kind, ())
    fewer = len(weights) - count if "gamma" in weights else 0
    left_out = set()
    if not settings.get("scale", fewer == 0):
        left_out.add("gamma")
    if not settings.get("center", fewer < 2):
        left_out.add("beta")
    return [weight for weight in weights if weight not in left_out]


def counted(named):
    """Return the same with layers that Keras has named counted from 1."""
    numbers = {}
    for name in named:
        found = UNNAMED.fullmatch(name.rpartition("/")[0])
        if found is not None:
            numbers.setdefault(found[1], set()).add(int(found[2] or 0))
    ranks = {
        f"{kind}_{number}" if number else kind: f"{kind}_{rank}"
        for kind, found in numbers.items()
        for rank, number in enumerate(sorted(found), 1)
    }
    keys = {}
    for name, key in named.items():
        layer, _, weight = name.rpartition("/")
        keys[f"{ranks.get(layer, layer)}/{weight}"] = key
    return keys
