"""Index files of checkpoints as no program of TensorFlow writes them, with right checksums."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from slimgen.checksum import masked_crc

TABLE_END = bytes.fromhex("57fb808b247547db")


def varint(number: int) -> bytes:
    """A number by 7 bits a byte."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def proto(*fields: tuple[int, int | bytes]) -> bytes:
    """A protocol buffer of numbers and bytes."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value % 2**64))
        else:
            parts.append(varint(number << 3 | 2) + varint(len(value)) + value)
    return b"".join(parts)


def entry(shape: Sequence[int], size: int, dtype: int = 1, **more: int) -> bytes:
    """A tensor's entry in an index."""
    sides = proto(*[(2, proto((1, length))) for length in shape])
    shard, offset = more.get("shard", 0), more.get("offset", 0)
    return proto((1, dtype), (2, sides), (3, shard), (4, offset), (5, size))


def block(pairs: Mapping[bytes, bytes], kind: int = 0) -> bytes:
    """A block of a table, with its checksum."""
    entries = b"".join(
        varint(0) + varint(len(key)) + varint(len(value)) + key + value
        for key, value in pairs.items()
    )
    content = entries + bytes(4) + (1).to_bytes(4, "little") + bytes([kind])
    return content + masked_crc(content)


def table(entries: bytes) -> bytes:
    """A table of one block."""
    handle = varint(0) + varint(len(entries) - 5)
    meta, index = block({}), block({b"\xff": handle})
    places = varint(len(entries)) + varint(len(meta) - 5)
    places += varint(len(entries + meta)) + varint(len(index) - 5)
    return entries + meta + index + places.ljust(40, b"\0") + TABLE_END


def write_index(prefix: Path, entries: Mapping[str, bytes], data: int = 64) -> Path:
    """Write PREFIX.index and bytes of zeros as PREFIX.data-00000-of-00001."""
    pairs = {b"": proto((1, 1))} | {n.encode(): one for n, one in entries.items()}
    Path(f"{prefix}.index").write_bytes(table(block(pairs)))
    Path(f"{prefix}.data-00000-of-00001").write_bytes(bytes(data))
    return prefix
