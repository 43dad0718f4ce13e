"""CRC-32C, the checksum in files of TensorFlow."""

import functools
import sys
from array import array
from collections.abc import Sequence

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


def masked_crc(data: bytes) -> bytes:
    """Return the checksum of some bytes in the form in which TensorFlow stores it."""
    crc = crc32c(data)
    turned = crc >> 15 | crc << 17
    return (turned + 0xA282EAD8 & 0xFFFFFFFF).to_bytes(4, "little")
