"""The bytes of TFRecord files and of tf.train.Example."""

from collections.abc import Mapping

from slimgen.checksum import masked_crc


def framed(record: bytes) -> bytes:
    """Return a record as it stands in a file: length, checksum, record, checksum.

    Source: tensorflow/core/lib/io/record_writer.cc
    """
    length = len(record).to_bytes(8, "little")
    return length + masked_crc(length) + record + masked_crc(record)


def example(features: Mapping[str, bytes | int]) -> bytes:
    """Return a tf.train.Example, its features in order of their names.

    Source: tensorflow/core/example/feature.proto; an Example is one message of Features,
    its field 1, which is a map by name.
    """
    entries = (
        _field(1, _field(1, name.encode()) + _field(2, _feature(value)))
        for name, value in sorted(features.items())
    )
    return _field(1, b"".join(entries))


def _feature(value: bytes | int) -> bytes:
    """A Feature: field 1 is a list of bytes, field 3 one of numbers."""
    if isinstance(value, bytes):
        return _field(1, _field(1, value))
    return _field(3, _field(1, _varint(value)))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; a set eighth bit says that more follow."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
