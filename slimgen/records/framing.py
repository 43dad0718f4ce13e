"""The bytes of TFRecord files and of tf.train.Example."""

import functools
import sys
from array import array
from collections.abc import Mapping, Sequence

POLYNOMIAL = 0x82F63B78  # CRC-32C, RFC 3720, with its bits reversed


@functools.cache
def _tables() -> tuple[Sequence[int], Sequence[int]]:
    """Return the tables of the checksum for one byte and for two bytes."""
    one = array("I")
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = (rest >> 1) ^ (POLYNOMIAL if rest & 1 else 0)
        one.append(rest)
    pairs = (
        one[one[pair & 255] & 255 ^ pair >> 8] ^ one[pair & 255] >> 8
        for pair in range(65536)
    )
    return one, array("I", pairs)


def crc32c(data: bytes) -> int:
    """Return the checksum CRC-32C, worked out two bytes at a time."""
    one, two = _tables()
    even = len(data) & ~1
    pairs = array("H", data[:even])
    if sys.byteorder == "big":
        pairs.byteswap()
    rest = 0xFFFFFFFF
    for pair in pairs:
        rest = two[(rest ^ pair) & 0xFFFF] ^ rest >> 16
    for byte in data[even:]:
        rest = one[(rest ^ byte) & 255] ^ rest >> 8
    return rest ^ 0xFFFFFFFF


def framed(record: bytes) -> bytes:
    """Return a record as it stands in a file: length, checksum, record, checksum.

    Source: tensorflow/core/lib/io/record_writer.cc
    """
    length = len(record).to_bytes(8, "little")
    return length + masked_crc(length) + record + masked_crc(record)


def masked_crc(data: bytes) -> bytes:
    """Return the checksum of some bytes in the form in which TensorFlow stores it."""
    crc = crc32c(data)
    turned = crc >> 15 | crc << 17
    return (turned + 0xA282EAD8 & 0xFFFFFFFF).to_bytes(4, "little")


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
