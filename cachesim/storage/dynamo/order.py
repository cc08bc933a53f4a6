"""Numbers as bytes that sort as the numbers do: DAX has them in keys."""

import struct
from decimal import Decimal

ZERO = b"\x80"
LIMIT = 62  # exponents from -62 to 61 are in the first byte


def ordered_bytes(value: Decimal) -> bytes:
    """Write a number so that bytes sort as numbers do: exponent, then three digits in ten bits each.

    >>> ordered_bytes(Decimal(2)) < ordered_bytes(Decimal(10)) < ordered_bytes(Decimal("10.5"))
    True
    """
    if not value:
        return ZERO
    sign, digits, exponent = value.normalize().as_tuple()
    size = len(digits) + int(exponent)
    text = "".join(map(str, digits)).ljust(-(-len(digits) // 3) * 3, "0")
    groups = [int(text[at : at + 3]) + 12 for at in range(0, len(text), 3)]
    groups.append((len(digits) - 1) % 3)  # how many digits of the last group count, less one
    if sign:
        groups = [1023 - each for each in groups]
    bits = "".join(f"{each:010b}" for each in groups)
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return _header(size, bool(sign)) + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _header(size: int, negative: bool) -> bytes:
    if -LIMIT <= size < LIMIT:
        return bytes([0x3F - size if negative else 0xC0 + size])
    if negative:
        return bytes([0x7E if size < 0 else 0x01]) + struct.pack(
            ">I", size & 0xFFFFFFFF ^ 0x7FFFFFFF
        )
    return bytes([0x81 if size < 0 else 0xFE]) + struct.pack(">I", size & 0xFFFFFFFF ^ 0x80000000)


def from_ordered(data: bytes) -> Decimal:
    """Read such a number.

    >>> from_ordered(ordered_bytes(Decimal("-1234.5")))
    Decimal('-1234.5')
    """
    if data[:1] in (ZERO, b"\x7f"):
        return Decimal(0)
    first, negative, rest = data[0], data[0] < 0x80, data[1:]
    size = 0x3F - first if negative else first - 0xC0
    if first in (0x01, 0x7E, 0x81, 0xFE):
        (raw,) = struct.unpack(">I", data[1:5])
        raw ^= 0x7FFFFFFF if negative else 0x80000000
        size, rest = raw - (1 << 32) if raw >> 31 else raw, data[5:]
    bits, text = "".join(f"{each:08b}" for each in rest), ""
    for at in range(0, len(bits), 10):
        group = int(bits[at : at + 10], 2)
        group = 1023 - group if negative else group
        if group < 12:
            text = text[: len(text) - 2 + group]
            break
        text += f"{group - 12:03d}"
    return Decimal((int(negative), tuple(map(int, text)), size - len(text)))
