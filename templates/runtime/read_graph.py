"""… the constants of a frozen graph.

Sources: tensorflow/core/framework/graph.proto, node_def.proto and tensor.proto.
"""

import numpy as np

from slimgen.templates.runtime.read_index import proto_field, proto_fields, tensor_type
from slimgen.templates.runtime.weights import Weights


def open_graph(path):
    """Open the weights of a frozen graph: constants of floats that are no scalars."""
    tensors = {}
    with open(path, "rb") as file:
        graph = memoryview(file.read())
    for number, node in proto_fields(graph):
        if number != 1 or proto_field(node, 2, b"") != b"Const":
            continue
        tensor = b""
        for one, attribute in proto_fields(node):
            if one == 5:
                tensor = proto_field(proto_field(attribute, 2, b""), 8, tensor)
        shape, dtype, size = tensor_type(tensor, 2, 1)
        if shape and dtype in ("float16", "float32", "float64"):
            name = bytes(proto_field(node, 1, b"")).decode()
            # One value, in a field of its type, stands for all.
            values = proto_field(tensor, 4, b"") or proto_field(tensor, 5, b"")
            if len(values) not in (size, np.dtype(dtype).itemsize):
                raise ValueError(f"{name} has another length than its shape says")
            tensors[name] = shape, dtype, values

    def read(name):
        shape, dtype, values = tensors[name]
        values = np.frombuffer(values, dtype)
        if values.size == 1:
            return np.broadcast_to(values, shape)
        return values.reshape(shape)

    shapes = {name: shape for name, (shape, _, _) in tensors.items()}
    dtypes = {name: dtype for name, (_, dtype, _) in tensors.items()}
    return Weights("slim", shapes, dtypes, read, set())
