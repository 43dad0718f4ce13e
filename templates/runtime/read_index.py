"""… names, shapes and types in a checkpoint.

They are read without TensorFlow, which ends the program where they are impossible.
Sources: tensorflow/core/protobuf/tensor_bundle.proto, tensorflow/core/util/
saved_tensor_slice.proto; doc/table_format.md of LevelDB, whose tables these files are.
"""

import itertools
import math
import os
import re

from slimgen.templates.runtime.other_files import other_file

TABLE_END = bytes.fromhex("57fb808b247547db")  # of an index file and a V1 checkpoint
MOST_TENSORS, LONGEST_NAME = 100_000, 1_000
TENSOR_TYPES = re.findall(  # by their numbers in TensorFlow
    r"[\w-]+",
    "- float32 float64 int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 "
    "qint32 bfloat16 qint16 quint16 uint16 complex128 float16 resource variant uint32 "
    "uint64",
)


def read_index(prefix):
    """Return shape, type and place by name in PREFIX.index, for tensors in PREFIX.data-…

    Also the names of variables that are kept as objects, by their keys.
    """
    with open(f"{prefix}.index", "rb") as file:
        entries = dict(table_entries(file, table_blocks(file)[1:]))
    shards = proto_field(entries.pop(b"", b""), 1, 0)
    tensors, parts, whole, used = {}, {}, {}, {}  # the last three count bytes
    for key, entry in entries.items():
        name, stored = key.decode(errors="replace"), proto_field(entry, 5, 0)
        shard = proto_field(entry, 3, 0)
        shape, dtype, size = tensor_type(entry, 2, 1)
        if key.startswith(b"\0"):  # a part of a variable, which an entry names
            name = key[1:].partition(b"\0\1")[0].decode()
            parts[name] = parts.get(name, 0) + stored
        else:
            tensors[name] = shape, dtype, (shard, proto_field(entry, 4, 0), stored)
        if any(number == 7 for number, _ in proto_fields(entry)):
            whole[name] = size
        elif size not in (stored, None) or math.prod(shape) > max(stored, 1):
            raise ValueError(f"{name} has another length than its shape says")
        used[shard] = used.get(shard, 0) + stored
    for name, size in whole.items():
        if size != parts.get(name):
            raise ValueError(f"{name} has other parts than its shape says")
    for shard, stored in used.items():
        file = f"{prefix}.data-{shard:05}-of-{shards:05}"
        if not os.path.exists(file):
            raise FileNotFoundError(f"{file} is missing, which holds the values")
        if os.path.getsize(file) < stored:
            raise ValueError(f"{file} is cut off")
    return tensors, object_names(tensors, prefix, shards)


def object_names(tensors, prefix, shards):
    """Return the names of variables by the keys under which a checkpoint has objects."""
    if "_CHECKPOINTABLE_OBJECT_GRAPH" not in tensors:
        return {}
    *_, (shard, offset, stored) = tensors["_CHECKPOINTABLE_OBJECT_GRAPH"]
    with open(f"{prefix}.data-{shard:05}-of-{shards:05}", "rb") as file:
        file.seek(offset)
        graph = file.read(stored)
    graph = memoryview(graph)[varint(graph, 0)[1] + 4 :]  # behind length and checksum
    keys = {}
    for _, node in proto_fields(graph):
        for number, part in proto_fields(node):
            if number == 2:  # a value; those without a name of their own keep the key
                key = bytes(proto_field(part, 3, b"")).decode()
                keys.setdefault(bytes(proto_field(part, 2, b"")).decode() or key, key)
    return {key: name for name, key in keys.items()}


def read_old_index(files):
    """Return shapes and types by name in the files of a V1 checkpoint."""
    tensors, total = {}, 0
    for path in files:
        with open(path, "rb") as file:
            blocks = table_blocks(file)
            for block in blocks:
                check_plain(file, *block)
            _, first = next(table_entries(file, blocks[1:]))
        for number, entry in proto_fields(proto_field(first, 1, b"")):
            if number == 1:
                shape, dtype, size = tensor_type(entry, 2, 3)
                name = proto_field(entry, 1, b"").decode()
                total += size or 0
                tensors[name] = shape, dtype
    if total > 8 * sum(map(os.path.getsize, files)):  # integers may be packed
        raise ValueError("its tensors are longer than the file")
    return tensors


def table_blocks(file):
    """Return the places of the blocks of a table: of its index, then of its entries."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 48))
    footer = file.read()
    if not footer.endswith(TABLE_END):
        file.seek(0)
        raise ValueError(other_file(file.read(300)))
    _, place = varint(footer, 0)
    _, place = varint(footer, place)
    index, place = varint(footer, place)
    index = index, varint(footer, place)[0]
    blocks = [index]
    for _, handle in table_entries(file, [index]):
        offset, place = varint(handle, 0)
        blocks.append((offset, varint(handle, place)[0]))
    if sum(length for _, length in blocks) > size:
        raise ValueError("its blocks are longer than the file")
    return blocks


def check_plain(file, offset, length):
    """Refuse a block that is compressed."""
    file.seek(offset + length)
    if file.read(1) != b"\0":
        raise ValueError("it is damaged, or compressed as TensorFlow never does")


def table_entries(file, blocks):
    """Yield keys and values of some blocks; a key begins as the one before it."""
    count = 0
    for offset, length in blocks:
        check_plain(file, offset, length)
        file.seek(offset)
        block = file.read(length)
        end = length - 4 - 4 * int.from_bytes(block[-4:], "little")  # then: restarts
        key, place = b"", 0
        while place < end:
            shared, place = varint(block, place)
            fresh, place = varint(block, place)
            stored, place = varint(block, place)
            key = key[:shared] + block[place : place + fresh]
            place += fresh + stored
            count += 1
            if len(key) > LONGEST_NAME or count > MOST_TENSORS or place > end:
                raise ValueError("its index is damaged")
            yield key, block[place - stored : place]


def varint(data, place):
    """Return the number at a place, stored by 7 bits, and the place after it."""
    number = shift = 0
    for byte in data[place : place + 10]:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, place + shift // 7
    raise ValueError("its index is damaged")


def proto_fields(message):
    """Yield number and value of each field of a protocol buffer."""
    place = 0
    while place < len(message):
        tag, place = varint(message, place)
        size = {1: 8, 5: 4}.get(tag & 7, 0)
        if tag & 7 == 0:
            value, place = varint(message, place)
        else:
            if tag & 7 == 2:
                size, place = varint(message, place)
            value = message[place : place + size]
            place += size
        if tag & 7 not in (0, 1, 2, 5) or place > len(message):
            raise ValueError("a field is damaged")
        yield tag >> 3, value


def proto_field(message, number, default):
    """Return the value of a field that a message has once."""
    found = default
    for one, value in proto_fields(message):
        if one == number:
            if found is not default:
                raise ValueError("a field is there twice")
            found = value
    return found


def tensor_type(message, shape, dtype):
    """Return shape, type and bytes of a tensor by two fields; None for other bytes."""
    sides = (
        part for one, part in proto_fields(proto_field(message, shape, b"")) if one == 2
    )
    lengths = tuple(proto_field(part, 1, 0) for part in itertools.islice(sides, 33))
    number = proto_field(message, dtype, 0)
    if len(lengths) > 32 or not 0 < number < len(TENSOR_TYPES):
        raise ValueError("a tensor has no shape or type that is possible")
    name = TENSOR_TYPES[number]
    bits = 8 if name == "bool" else int(re.sub(r"\D", "", name) or 0)
    size = math.prod(lengths) * bits // 8 if bits else None
    if math.prod(lengths) >= 2**63 or (size or 0) >= 2**63:
        raise ValueError(f"a tensor has the shape {[*lengths]}")
    return lengths, name, size
