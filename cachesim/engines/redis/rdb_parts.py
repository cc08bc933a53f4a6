"""The pieces of an RDB file: lengths, texts and the checksum (redis 7: rdb.c, crc64.c)."""

from functools import cache
from struct import pack

JONES = 0x95AC9329AC4BC9B5  # the polynomial of Jones, its bits reversed


def length(number: int) -> bytes:
    """Write a length in one, two, five or nine bytes.

    >>> [length(number).hex() for number in (63, 64, 16_384)]
    ['3f', '4040', '8000004000']
    """
    if number < 1 << 6:
        return bytes([number])
    if number < 1 << 14:
        return (1 << 14 | number).to_bytes(2, "big")
    if number < 1 << 32:
        return b"\x80" + number.to_bytes(4, "big")
    return b"\x81" + number.to_bytes(8, "big")


def text(content: bytes) -> bytes:
    r"""Write a text with its length. SIMPLIFIED: nothing is compressed, and no number is packed.

    >>> text(b"abc")
    b'\x03abc'
    """
    return length(len(content)) + content


def double(number: float) -> bytes:
    """Write a floating-point number in eight bytes."""
    return pack("<d", number)


def crc64(content: bytes) -> int:
    """Compute the checksum at the end of an RDB file; a megabyte takes about a tenth of a second.

    >>> f"{crc64(b'123456789'):016x}"
    'e9c6d914c4b8d9ca'
    """
    table, crc = _table(), 0
    for byte in content:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc


@cache
def _table() -> list[int]:
    return [_divided(byte) for byte in range(256)]


def _divided(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ JONES if byte & 1 else byte >> 1
    return byte
