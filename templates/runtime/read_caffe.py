"""Weights of Caffe, in a pickled dictionary."""

import io
import pickle
import pickletools

import numpy as np

from slimgen.templates.runtime.weights import Weights

MOST_STEPS = 500_000  # of a pickle; an array takes about 25
DEEPEST_PART = 20  # dictionaries and lists in each other


def open_caffe(path):
    """Open a .npy file with a dictionary of arrays, as converters from Caffe write it.

    A layer is a dictionary of arrays, or a list of weights and biases; a name is the path
    to an array, as conv1/weights.
    """
    with open(path, "rb") as file:
        if np.lib.format.read_magic(file) == (1, 0):
            _, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            _, _, dtype = np.lib.format.read_array_header_2_0(file)
        if not dtype.hasobject:
            raise ValueError("it holds one array without a name")
        pickled = io.BytesIO(file.read())
        for step, (opcode, value, _) in enumerate(pickletools.genops(pickled)):
            place = value if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") else 0
            if max(step, place) > MOST_STEPS:
                raise pickle.UnpicklingError(f"it has more than {MOST_STEPS} parts")
        pickled.seek(0)
        arrays = named_arrays(ArrayUnpickler(pickled, encoding="latin1").load())
    shapes = {name: array.shape for name, array in arrays.items()}
    dtypes = {name: array.dtype.name for name, array in arrays.items()}
    return Weights("caffe", shapes, dtypes, arrays.__getitem__, set())


class ArrayUnpickler(pickle.Unpickler):
    """A reader of arrays in plain containers alone, which runs no code of the file.

    NumPy's own types and arrays trust the sizes in a pickle; those below do not.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.encoded = {}

    def find_class(self, module, name):
        """Return the class or function that makes a part of an array, or refuse."""
        module = module.replace("numpy.core.", "numpy._core.")
        found = {
            "numpy._core.multiarray._reconstruct": PickledArray,
            "numpy.ndarray": None,  # an argument of the above, which needs none
            "numpy.dtype": PickledType,
            "_codecs.encode": self.latin_bytes,
            "collections.OrderedDict": dict,
        }
        if f"{module}.{name}" not in found:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return found[f"{module}.{name}"]

    def latin_bytes(self, text, _):
        """Return the bytes that an old pickle holds as text, once for each text."""
        if text not in self.encoded:
            self.encoded[text] = text.encode("latin1")
        return self.encoded[text]


class PickledType:
    """The type of an array's values: numbers, or objects of the pickle."""

    CODES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")

    def __init__(self, code, *_):
        if code not in (*self.CODES, "O", "O8"):
            raise pickle.UnpicklingError(f"values of type {code} are no numbers")
        self.code, self.order = code, "|"

    def __setstate__(self, state):
        if state[1] not in ("<", ">", "=", "|"):
            raise pickle.UnpicklingError(f"{state[1]} is no order of bytes")
        self.order = state[1]


class PickledArray:
    """An array; `values` is NumPy's once shape, type and bytes are read."""

    def __init__(self, *_):
        self.values = []

    def __setstate__(self, state):
        _, shape, kind, by_column, values = state
        if kind.code not in kind.CODES:
            self.values = list(values) if shape else values[0]
            return
        if isinstance(values, str):  # bytes of Python 2
            values = values.encode("latin1")
        dtype = np.dtype(kind.order + kind.code)
        self.values = np.ndarray(shape, dtype, values, order="F" if by_column else "C")


def named_arrays(root):
    """Return the arrays in dictionaries and lists by the names that lead to them."""
    arrays, seen = {}, set()
    parts = [("", root)]
    for name, value in parts:  # and what is added on the way
        if isinstance(value, PickledArray):
            value = value.values
        if isinstance(value, np.ndarray):
            if name in arrays:
                raise ValueError(f"it holds two arrays called {name}")
            arrays[name] = value
            continue
        if not isinstance(value, (dict, list, tuple)):
            found = f"{name or 'its content'} is {type(value).__name__}"
            raise TypeError(f"it is no dictionary of arrays: {found}")
        if name.count("/") > DEEPEST_PART or len(name) > 1000:
            raise ValueError(f"its parts lie too deep in each other: {name[:60]}")
        if id(value) in seen:
            raise ValueError(f"it holds a container in two places: {name}")
        seen.add(id(value))
        if not isinstance(value, dict):
            names = ("weights", "biases") if len(value) <= 2 else range(len(value))
            value = dict(zip(names, value))
        parts += [(f"{name}/{k}" if name else str(k), v) for k, v in value.items()]
    return arrays
