"""The bytes of a listpack: the compact form of small hashes, lists and sorted sets.

It is one piece of memory with one element after another. A number takes fewer bytes than its text.
"""

from collections.abc import Iterable
from functools import lru_cache

from cachesim.engines.redis.memory import AFTER_DIGITS, as_integer

EMPTY = 7  # bytes: the counts of bytes and elements, and the end (redis 7: listpack.c)

# redis 7: listpack.c, lpEncodeIntegerGetType: the range of each form, and its bytes.
INTEGERS = (
    (0, 127, 1),
    (-(1 << 12), (1 << 12) - 1, 2),
    (-(1 << 15), (1 << 15) - 1, 3),
    (-(1 << 23), (1 << 23) - 1, 4),
    (-(1 << 31), (1 << 31) - 1, 5),
)
LONGEST_INTEGER = 9
SHORT = 1 << 6
STRINGS = ((SHORT, 1), (1 << 12, 2))  # shorter than: bytes before the text
LONGEST_STRING = 5
MOST = (1 << 16) - 1  # the highest count of elements that the header can show
FIRST = {2: 0xF1, 3: 0xF2, 4: 0xF3, 8: 0xF4}  # bytes of a number -> the byte before it


def element_bytes(element: bytes) -> int:
    """Return the bytes of one element. Its length follows it, for walking backwards.

    >>> element_bytes(b"100"), element_bytes(b"1000"), element_bytes(b"hello")
    (2, 3, 7)
    """
    if element >= AFTER_DIGITS and len(element) < SHORT:
        return len(element) + 2  # a short text, as most are: a byte before it, and one behind
    return _measured(element)


@lru_cache(maxsize=1 << 12)
def _measured(element: bytes) -> int:
    size = encoded_bytes(element)
    return size + back_length(size)


def encoded_bytes(element: bytes) -> int:
    """Return the bytes of an element's header and content."""
    number = as_integer(element)
    if number is None:
        length = len(element)
        before = next((b for limit, b in STRINGS if length < limit), LONGEST_STRING)
        return before + length
    return next((b for low, high, b in INTEGERS if low <= number <= high), LONGEST_INTEGER)


def back_length(size: int) -> int:
    """Return the bytes of the length behind an element: each byte holds 7 bits of it."""
    return 1 if size <= 127 else 2 if size < 16383 else 3 if size < 2097151 else 4


def packed(elements: Iterable[bytes]) -> bytes:
    """Write a listpack of these elements, as it stands in memory and in files.

    >>> packed([b"1", b"ab"]).hex()
    '0d0000000200010182616203ff'
    """
    content, count = bytearray(), 0
    for element in elements:
        written = _written(element)
        content += written + _behind(len(written))
        count += 1
    size = EMPTY + len(content)
    return size.to_bytes(4, "little") + min(count, MOST).to_bytes(2, "little") + content + b"\xff"


def _written(element: bytes) -> bytes:
    """Write the header and the content of an element (redis 7: listpack.c, lpInsert)."""
    number, size = as_integer(element), len(element)
    if number is None:
        if size < 1 << 6:
            return bytes([0x80 | size]) + element
        if size < 1 << 12:
            return bytes([0xE0 | size >> 8, size & 255]) + element
        return b"\xf0" + size.to_bytes(4, "little") + element
    if 0 <= number <= 127:
        return bytes([number])
    if -(1 << 12) <= number < 1 << 12:
        return bytes([0xC0 | number >> 8 & 31, number & 255])
    width = encoded_bytes(element) - 1
    return bytes([FIRST[width]]) + number.to_bytes(width, "little", signed=True)


def _behind(size: int) -> bytes:
    """Write the length behind an element: seven bits in each byte, the highest first."""
    last = back_length(size) - 1
    return bytes(size >> 7 * n & 127 | 128 * (n < last) for n in range(last, -1, -1))
